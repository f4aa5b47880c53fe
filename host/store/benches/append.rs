//! Durable append in groups: this store beside SQLite and a plain file, in interleaved rounds.
//!
//! `cargo bench -p plumbline-store` prints medians over the rounds. SQLite runs with WAL and
//! `synchronous=FULL` on plain tables with the same two indexes; the plain file is framed and
//! fdatasynced but has no index and finds no repeat, so it is the floor, not an equal.
//! `PLUMBLINE_BENCH_EVENTS` and `PLUMBLINE_BENCH_ROUNDS` set the size.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use plumbline_contract::event::Event;
use plumbline_contract::id::DeploymentId;
use plumbline_contract::time::{Local, Millis};
use plumbline_store::{Appended, Commit, Cursor, KeyId, KeyState, SledStore, Store};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

const GROUP: usize = 1024;
const STATES_PER_COMMIT: usize = 256;
const STATE_BYTES: usize = 600;

/// Appends all events durably, group by group, to a new store in the directory.
type Append = fn(&Path, &[Event]);

fn main() {
    let setting = |name, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let count: usize = setting("PLUMBLINE_BENCH_EVENTS", 100_352);
    let rounds: usize = setting("PLUMBLINE_BENCH_ROUNDS", 3);
    let events: Vec<Event> = (0..count as u64).map(event).collect();
    let size = events.iter().map(json_len).sum::<usize>() / count;
    println!("{count} events of {size} bytes as JSON, groups of {GROUP}, {rounds} rounds\n");
    let engines: [(&str, Append); 3] =
        [("plumbline", append_store), ("sqlite", append_sqlite), ("plain file", append_plain)];
    let mut results = vec![Vec::new(); engines.len()];
    for _ in 0..rounds {
        for ((_, append), results) in engines.iter().zip(&mut results) {
            let dir = tempfile::tempdir().unwrap();
            let measured = measure(|| append(dir.path(), &events));
            results.push(measured.per(count, disk_bytes(dir.path())));
        }
    }
    println!("{:<12}{:>14}{:>14}{:>14}", "append", "cpu us/event", "wall us/event", "bytes/event");
    let medians: Vec<Figures> = results.iter().map(|results| median(results)).collect();
    for ((name, _), figures) in engines.iter().zip(&medians) {
        println!("{name:<12}{:>14.2}{:>14.2}{:>14.0}", figures.cpu, figures.wall, figures.bytes);
    }
    for (name, other) in [("sqlite", medians[1]), ("plain file", medians[2])] {
        let (cpu, wall) = (other.cpu / medians[0].cpu, other.wall / medians[0].wall);
        println!("plumbline : {name}: {cpu:.2} x by cpu, {wall:.2} x by wall clock");
    }
    the_rest(&events);
}

/// What the appliance does besides: reading, repeats, states, opening.
fn the_rest(events: &[Event]) {
    let dir = tempfile::tempdir().unwrap();
    append_store(dir.path(), events);
    let mut store = None;
    let show = |what: &str, measured: Measured, count: usize| {
        let figures = measured.per(count, 0);
        println!("{what:<34}{:>10.2} us cpu{:>10.2} us wall", figures.cpu, figures.wall);
    };
    println!();
    show("open, per event", measure(|| store = SledStore::open(dir.path()).ok()), events.len());
    let store = store.unwrap();
    let read = measure(|| {
        let mut at = plumbline_contract::id::EventSeq(0);
        while let Some(last) = store.read(at, 256).unwrap().last() {
            at = last.seq.next();
        }
    });
    show("read in order, per event", read, events.len());
    let repeat = measure(|| {
        for group in events.chunks(GROUP) {
            assert!(store.append(group).unwrap().iter().all(|it| *it == Appended::Repeat));
        }
    });
    show("repeat, per event", repeat, events.len());
    let subjects: Vec<&str> = events.iter().step_by(97).map(|event| &*event.subject).collect();
    let query = measure(|| {
        subjects
            .iter()
            .for_each(|subject| assert!(!store.by_subject(subject, 50).unwrap().is_empty()));
    });
    show("by subject, per query", query, subjects.len());
    for lazy in [false, true] {
        let deployment = DeploymentId(u16::from(lazy));
        let commits = events.len() / STATES_PER_COMMIT;
        let update = measure(|| commit_states(&store, deployment, commits, lazy));
        let what = if lazy { "state, lazy commits of 256" } else { "state, commits of 256" };
        show(what, update, commits * STATES_PER_COMMIT);
    }
    drop(store);
    println!("{:<34}{:>10} bytes", "directory at the end", disk_bytes(dir.path()));
}

fn append_store(dir: &Path, events: &[Event]) {
    let store = SledStore::open(dir).unwrap();
    for group in events.chunks(GROUP) {
        assert!(store.append(group).unwrap().iter().all(|it| matches!(it, Appended::New(_))));
    }
}

fn append_sqlite(dir: &Path, events: &[Event]) {
    let mut db = rusqlite::Connection::open(dir.join("events.db")).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE event (seq INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL,
             version INTEGER NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL);
         CREATE UNIQUE INDEX identity ON event (source, id, version);
         CREATE INDEX subject ON event (subject);",
    )
    .unwrap();
    let insert = "INSERT OR IGNORE INTO event (source, id, version, subject, body)
                  VALUES (?1, ?2, ?3, ?4, ?5)";
    for group in events.chunks(GROUP) {
        let write = db.transaction().unwrap();
        let mut statement = write.prepare_cached(insert).unwrap();
        for event in group {
            let body = postcard::to_allocvec(event).unwrap();
            let row = (&event.source, &event.id, event.dataversion, &event.subject, body);
            assert_eq!(statement.execute(row).unwrap(), 1);
        }
        drop(statement);
        write.commit().unwrap();
    }
}

fn append_plain(dir: &Path, events: &[Event]) {
    let mut file = File::create(dir.join("events.log")).unwrap();
    for group in events.chunks(GROUP) {
        let mut bytes = Vec::new();
        for event in group {
            let body = postcard::to_allocvec(event).unwrap();
            bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
            bytes.extend_from_slice(&body);
        }
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    }
}

/// Each commit touches 256 neighbouring keys; the keys come round again and again, as cases do.
fn commit_states(store: &SledStore, deployment: DeploymentId, commits: usize, lazy: bool) {
    let keys = commits * STATES_PER_COMMIT / 8;
    let mut cursor = Cursor::default();
    for commit in 0..commits {
        let states = (0..STATES_PER_COMMIT).map(|index| {
            let number = (commit * STATES_PER_COMMIT + index) % keys;
            let id = KeyId { stream: "case".into(), key: format!("2026{number:08}") };
            let state = text(number as u64 ^ commit as u64, STATE_BYTES).into_bytes();
            let wake = Some(Local((number % 90) as i64 * 86_400_000 + commit as i64 / 4));
            (id, Some(KeyState { state, wake, region: "331082".to_owned() }))
        });
        let mut to = cursor.clone();
        to.seq.0 += STATES_PER_COMMIT as u64;
        let states = states.collect();
        let from = std::mem::replace(&mut cursor, to.clone());
        store.commit(Commit { deployment, from, to, states, lazy, ..Commit::default() }).unwrap();
    }
    store.sync().unwrap();
}

/// An approval event as offices report them: about eight events per case, some 10,000 cases open.
fn event(number: u64) -> Event {
    let random = mix(number);
    let case = number / 80_000 * 10_000 + mix(number ^ 0xabcd) % 10_000;
    let kinds = ["received", "accepted", "reviewed", "consulted", "decided", "delivered", "closed"];
    let kind = kinds[(random % 7) as usize];
    let time = Millis(1_767_225_600_000 + number as i64 * 31_000 + (random % 9_000) as i64);
    let data = format!(
        concat!(
            r#"{{"case":"33078126{case:07}","item":"{item:010}-2","applicant":"{applicant:016x}","#,
            r#""step":"{kind}","result":"{result}","window":"A{window:02}","promised_days":{days},"#,
            r#""fee":{fee},"phone":"138{phone:08}","material":["{m1:08x}","{m2:08x}"],"remark":"{remark}"}}"#
        ),
        case = case,
        item = random % 400 * 7919,
        applicant = mix(case),
        kind = kind,
        result = ["准予", "补正", "不予", "办理中"][(random >> 8 & 3) as usize],
        window = random >> 12 & 31,
        days = random >> 20 & 15,
        fee = (random >> 24) % 20_000,
        phone = mix(case) % 100_000_000,
        m1 = random >> 32,
        m2 = mix(random) >> 32,
        remark = ["材料齐全，符合法定形式", "申请人现场补交", "", "部门会签中"]
            [(random >> 40 & 3) as usize],
    );
    Event {
        id: format!("{:08x}-{:04x}-{:012x}", random >> 32, random & 0xffff, number),
        source: format!("urn:office:{:02}", random % 50),
        kind: format!("approval.case.{kind}"),
        subject: format!("33078126{case:07}"),
        time,
        recorded: Millis(time.0 + 40_000),
        corrected: None,
        logged: Millis(time.0 + 60_000),
        region: format!("330781{:03}", random % 12),
        dept: format!("11330781MB{:08X}", mix(random % 50) >> 32),
        serial: Some(number / 50),
        actor: Some(format!("A{:05}", random >> 16 & 511)),
        dataversion: 1,
        data,
    }
}

/// Size of the event as a CloudEvents document.
fn json_len(event: &Event) -> usize {
    let names =
        "specversion1.0idsourcetypesubjecttimerecordedtimeregiondeptserialactordataversiondata";
    let texts = [&event.id, &event.source, &event.kind, &event.subject, &event.region, &event.dept];
    let texts = texts.iter().map(|text| text.len()).sum::<usize>();
    let times = 2 * "2026-02-10T09:30:00+08:00".len();
    names.len() + 13 * r#""":"","#.len() + texts + times + event.data.len() + 14
}

fn text(seed: u64, len: usize) -> String {
    let mut text = String::new();
    let mut number = seed;
    while text.len() < len {
        number = mix(number);
        text.push_str(&format!(r#"{{"at":{},"step":"{:x}"}}"#, number % 100_000, number >> 56));
    }
    text.truncate(len);
    text
}

/// SplitMix64: the same numbers in every run.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

struct Measured {
    cpu_us: f64,
    wall_us: f64,
}

#[derive(Clone, Copy, Debug)]
struct Figures {
    cpu: f64,
    wall: f64,
    bytes: f64,
}

impl Measured {
    fn per(&self, count: usize, bytes: u64) -> Figures {
        let count = count as f64;
        Figures {
            cpu: self.cpu_us / count,
            wall: self.wall_us / count,
            bytes: bytes as f64 / count,
        }
    }
}

fn measure(work: impl FnOnce()) -> Measured {
    let (cpu, wall) = (cpu_us(), Instant::now());
    work();
    Measured { cpu_us: cpu_us() - cpu, wall_us: wall.elapsed().as_secs_f64() * 1e6 }
}

/// User and system time of all threads of this process, ended ones included.
fn cpu_us() -> f64 {
    const US_PER_TICK: f64 = 10_000.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks: Vec<f64> =
        fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse().unwrap()).collect();
    (ticks[0] + ticks[1]) * US_PER_TICK
}

fn disk_bytes(dir: &Path) -> u64 {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => disk_bytes(&entry.path()),
            false => entry.metadata().unwrap().blocks() * 512,
        })
        .sum()
}

fn median(figures: &[Figures]) -> Figures {
    let pick = |of: fn(&Figures) -> f64| {
        let mut sorted: Vec<f64> = figures.iter().map(of).collect();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    Figures { cpu: pick(|it| it.cpu), wall: pick(|it| it.wall), bytes: pick(|it| it.bytes) }
}
