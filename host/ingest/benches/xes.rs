//! Events per CPU-second of the readers: XES parsed, XES parsed and mapped, CloudEvents by line.
//!
//! With `PLUMBLINE_DATA` set to a folder that holds `road-traffic-fines.xes.gz` or
//! `receipt.xes.gz` it measures those, else a log that it makes itself. Not a test: it prints.

use flate2::read::MultiGzDecoder;
use plumbline_contract::time::{Millis, Zone};
use plumbline_ingest::source::BATCH_MAX;
use plumbline_ingest::xes::{Found, Traces};
use plumbline_ingest::{Mapping, Mode, Options, Reading, Rights, Source, read_event};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAPPING: &str = r#"
format = "xes"
source = "bench"
zone = "Europe/Rome"
activity = "event.concept:name"
id = "{trace.concept:name}/{n}"
time = "event.time:timestamp"
recorded = "event.time:timestamp"
region = { const = "999001" }
dept = { const = "999001-POL" }
[[event]]
type = "penalty.case.filed"
activities = ["Create Fine"]
actor = "event.org:resource"
data = { case_no = "trace.concept:name", cause = "event.article", amount = { from = "event.amount", kind = "money" }, points = { from = "event.points", kind = "int" } }
[[event]]
type = "penalty.case.step"
activities = ["Send Fine", "Insert Fine Notification", "Add penalty", "Payment", "Send for Credit Collection", "Insert Date Appeal to Prefecture", "Send Appeal to Prefecture", "Receive Result Appeal from Prefecture", "Notify Result Appeal to Offender", "Appeal to Judge"]
data = { case_no = "trace.concept:name", step = "event.concept:name", paid = { from = "event.paymentAmount", kind = "money" } }
"#;

const EVENT: &str = r#"{"specversion":"1.0","id":"01JQ2M7H0Z5V3W8K9X4B6N1C2D","source":"hall-queue-01","type":"approval.case.step_done","time":"2026-02-10T09:30:00+08:00","recordedtime":"2026-02-10T09:31:12.345+08:00","region":"330106","dept":"11330106002493145X","serial":104233,"actor":"u-10233","dataversion":1,"data":{"case_no":"330106-2026-0001042","step":"审核","officer":"u-10233","role":"reviewer","decision":"pass","opinion":"材料齐全，符合法定形式，同意进入下一环节","started_at":"2026-02-10T09:02:41+08:00","materials":[{"code":"A01","provided":true},{"code":"A02","provided":true}]}}"#;

fn main() {
    let folder = std::env::var_os("PLUMBLINE_DATA").map(PathBuf::from);
    let real = |name: &str| folder.as_ref().map(|f| f.join(name)).filter(|path| path.exists());
    let mapping = Arc::new(Mapping::parse(MAPPING).expect("the mapping above is right"));
    match real("road-traffic-fines.xes.gz") {
        Some(path) => log("road-traffic-fines.xes.gz", &path, &mapping),
        None => {
            let made =
                std::env::temp_dir().join(format!("ingest-bench-{}.xes", std::process::id()));
            std::fs::write(&made, made_log()).expect("the temporary folder can be written");
            log("a made log, not compressed", &made, &mapping);
            std::fs::remove_file(&made).expect("it was just written");
        }
    }
    lines();
}

fn log(name: &str, path: &Path, mapping: &Arc<Mapping>) {
    let open = || -> Box<dyn Read + Send> {
        let bytes = std::fs::read(path).expect("the log can be read");
        if bytes.starts_with(&[0x1f, 0x8b]) {
            Box::new(MultiGzDecoder::new(Cursor::new(bytes)))
        } else {
            Box::new(Cursor::new(bytes))
        }
    };
    report(&format!("{name}: decompress only"), "bytes", || {
        std::io::copy(&mut open(), &mut std::io::sink()).expect("the log is whole")
    });
    report(&format!("{name}: parse"), "events", || {
        let mut traces = Traces::new(open());
        let mut events = 0;
        while let Some(found) = traces.next_found().expect("the log can be read") {
            if let Found::Trace(trace) = found {
                events += trace.n_events() as u64;
            }
        }
        events
    });
    report(&format!("{name}: parse and map"), "events", || {
        let options = Options {
            zone: Zone::shanghai(),
            received: Millis(1_790_000_000_000),
            mode: Mode::Import,
            rights: Rights::default(),
            mapping: Some(Arc::clone(mapping)),
            secret: None,
            batch_max: BATCH_MAX,
        };
        let source = Source::open(path, options).expect("the log can be opened");
        let (mut events, mut rejects) = (0, 0);
        for batch in source {
            let batch = batch.expect("the log can be read");
            events += batch.events.len() as u64;
            rejects += batch.rejects.len();
        }
        assert_eq!(rejects, 0, "the mapping names all activities");
        events
    });
}

fn lines() {
    const N: u64 = 500_000;
    let zone = Zone::shanghai();
    let reading = Reading {
        zone: &zone,
        received: Millis(1_790_000_000_000),
        mode: Mode::Live,
        rights: Rights::NONE,
    };
    report(&format!("CloudEvents of {} bytes", EVENT.len()), "events", || {
        let good = (0..N).filter(|_| read_event(EVENT.as_bytes(), &reading).is_ok()).count() as u64;
        assert_eq!(good, N);
        good
    });
}

/// Runs it three times and prints the best.
fn report(what: &str, unit: &str, run: impl Fn() -> u64) {
    let best = (0..3)
        .map(|_| {
            let before = cpu_ns();
            let n = run();
            (n, cpu_ns() - before)
        })
        .min_by_key(|(_, ns)| *ns)
        .expect("three runs were made");
    let per_second = best.0 as f64 * 1e9 / best.1 as f64;
    println!("{what}: {} {unit}, {per_second:.0} {unit} per CPU-second", best.0);
}

/// Time on the processor of this thread, so that the neighbours' load does not count.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat");
    let stat = stat.expect("Linux tells the time on the processor");
    let first = stat.split(' ').next().expect("it has three figures");
    first.parse().expect("the first figure is a number of nanoseconds")
}

fn made_log() -> String {
    let mut log = String::from("<?xml version=\"1.0\"?>\n<log xes.version=\"1.0\">\n");
    for case in 0..40_000 {
        log.push_str(&format!("<trace>\n\t<string key=\"concept:name\" value=\"A{case}\"/>\n"));
        for (day, activity) in ["Create Fine", "Send Fine", "Payment"].iter().enumerate() {
            log.push_str(&format!(
                "\t<event>\n\t\t<string key=\"org:resource\" value=\"561\"/>\n\t\t<date key=\"time:timestamp\" value=\"2006-07-{:02}T09:00:00.000+02:00\"/>\n\t\t<string key=\"lifecycle:transition\" value=\"complete\"/>\n\t\t<float key=\"amount\" value=\"35.0\"/>\n\t\t<string key=\"concept:name\" value=\"{activity}\"/>\n\t</event>\n",
                day + 1
            ));
        }
        log.push_str("</trace>\n");
    }
    log.push_str("</log>\n");
    log
}
