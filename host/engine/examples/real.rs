use plumbline_contract::{id::PackageHash, manifest::Manifest, package::VerifiedPackage};
use plumbline_contract::table::*; use plumbline_contract::task::*; use plumbline_contract::time::*; use plumbline_engine::*;
use std::sync::Arc;
struct Instant(u64); impl Instant { fn now() -> Self { Self(cpu()) } fn elapsed(&self) -> f64 { (cpu() - self.0) as f64 } }
fn cpu() -> u64 { std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse().unwrap() }
fn main() {
    let bytes = std::fs::read("/tmp/approval.wasm").unwrap();
    let manifest = Manifest::from_toml(&std::fs::read_to_string("/tmp/w/plugins/approval/manifest.toml").unwrap()).unwrap();
    let granted = manifest.capabilities.iter().filter_map(|c| match &c.right { plumbline_contract::manifest::Right::Table { name } => Some(name.clone()), _ => None }).collect();
    let params = serde_json::to_string(&manifest.parameters(&Default::default()).unwrap()).unwrap();
    let package = VerifiedPackage::attest(PackageHash([std::env::args().nth(1).unwrap().parse().unwrap(); 32]), manifest, bytes, vec![]);
    let engine = Engine::new(Some("/tmp/cw".into())).unwrap();
    let t = std::time::Instant::now();
    let plugin = engine.load(&package).unwrap();
    println!("load {:?} cached {}", t.elapsed(), plugin.from_cache());
    let mut tables = TableSet::default();
    tables.put("item", 1, [TableRow { key: "A".into(), from: None, to: None, json: r#"{"item_code":"A","promised_wd":7,"statutory_wd":20}"#.into() }]);
    let cal = (2..28).map(|d| TableRow { key: format!("{d}"), from: None, to: None, json: format!(r#"{{"date":"2026-10-{d:02}","kind":"holiday","occasion":"x"}}"#) });
    tables.put("calendar", 1, cal);
    let world = World { tables: Arc::new(tables), calendars: Arc::new(Calendars::default()), zone: Arc::new(Zone::shanghai()), granted_tables: Arc::new(granted) };
    let at = |d: u32, h: i64| Local(Day::from_ymd(2026, 2, d).unwrap().start().0 + h * 3_600_000);
    let pad = "某市行政审批局".repeat(12);
    let keys: Vec<String> = (0..256).map(|i| format!("C{i}")).collect();
    let datas: Vec<Vec<String>> = keys.iter().map(|k| vec![format!(r#"{{"case_no":"{k}","officer":"o1","item_code":"A","pad":"{pad}"}}"#), format!(r#"{{"case_no":"{k}","result":"grant","signer":"o9","officer":"o2","pad":"{pad}"}}"#)]).collect();
    let batch = |n: usize| -> Vec<Task> { (0..n).map(|i| Task { stream: "case", key: &keys[i], state: b"", inputs: vec![
        Input::Event(EventView { seq: 2 * i as u64, identity: 2 * i as u64, version: 1, kind: "approval.case.accepted", time: at(3, 10), recorded: at(3, 10), corrected: None, logged: at(3, 10), region: "522601", dept: "11520000000000001X", actor: "o1", source: "hall", serial: None, data: &datas[i][0] }),
        Input::Event(EventView { seq: 2 * i as u64 + 1, identity: 2 * i as u64 + 1, version: 1, kind: "approval.case.decided", time: at(26, 10), recorded: at(26, 10), corrected: None, logged: at(26, 10), region: "522601", dept: "11520000000000001X", actor: "o1", source: "hall", serial: None, data: &datas[i][1] }),
    ] }).collect() };
    let mut i = plugin.instantiate(Limits::default(), &params).unwrap();
    let alone = i.supervise(&world, &batch(1), false).unwrap();
    println!("alone: fuel {} {:?}", alone.fuel, alone.verdicts[0]);
    for n in [1, 4, 32, 256] {
        let tasks = batch(n);
        let rounds = 4000 / n + 1;
        let t = Instant::now();
        let mut last = None;
        for _ in 0..rounds { last = Some(i.supervise(&world, &tasks, false).unwrap()); }
        let last = last.unwrap();
        let same = last.verdicts.iter().all(|v| v.state.len() == alone.verdicts[0].state.len() && v.findings.len() == alone.verdicts[0].findings.len());
        println!("{n}: {:.0} ns/event, fuel/event {}, like alone: {same}, {:?}", t.elapsed() / (rounds * n * 2) as f64, last.fuel / (2 * n as u64), last.messages);
    }
}
