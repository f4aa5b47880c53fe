//! From the POST of an event to its sealed alert on the stream, at a steady 500 events a second.
//!
//! The service runs in this process on a free port of the loopback. Eight connections send one event
//! each request, on a fixed schedule; every tenth event is a fee above its tariff, which is a red
//! card at once, the others are a county's ordinary events. Latency counts from the moment at which
//! the event was due to be sent, so a stall is not hidden, until its alert was read from
//! `/v1/alerts/stream`, stored, folded, sealed and signed.
//! `PLUMBLINE_TEST_PLUGINS` names the folder of the signed plugin; `PLUMBLINE_BENCH_SECONDS` sets the
//! length.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use plumbline::serve::{ServeOptions, serve};
use plumbline_contract::event::Event;
use plumbline_contract::time::{Millis, Zone};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use support::{folder, process_cpu, setting};

const EVENTS_PER_SECOND: u32 = 500;
const CONNECTIONS: usize = 8;
/// One event in so many is an alert.
const ALERT_EVERY: usize = 10;
/// No alert is waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

fn main() {
    let Some(packages) = folder("PLUMBLINE_TEST_PLUGINS") else { return };
    let seconds = setting("PLUMBLINE_BENCH_SECONDS", 20);
    let dir = tempfile::tempdir().unwrap();
    let app = support::home(dir.path(), Some(&packages), support::ZONE, support::tables());
    let app = Arc::new(app);
    let token = app.home().token().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (tell, ready) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let options = ServeOptions::new("127.0.0.1:0".parse().unwrap());
    let ready_to = move |address| tell.send(address).unwrap();
    let served = runtime.spawn(serve(app, options, ready_to, stopped));
    let address = ready.recv().unwrap();

    let bodies = bodies(EVENTS_PER_SECOND as usize * seconds);
    let alerts = bodies.len() / ALERT_EVERY;
    let stream = open_stream(address, &token);
    let start = Instant::now() + PAUSE;
    let (cpu, due) = (process_cpu(), move |index: usize| start + PERIOD * index as u32);
    let reader = std::thread::spawn(move || read_alerts(stream, alerts, due));
    std::thread::scope(|scope| {
        for first in 0..CONNECTIONS {
            let (bodies, token) = (&bodies, &token);
            scope.spawn(move || send(address, token, bodies, first, due));
        }
    });
    let mut latencies = reader.join().unwrap();
    let cpu = (process_cpu() - cpu).as_secs_f64();
    latencies.sort();
    let at = |share: f64| latencies[(latencies.len() as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{} events in {seconds} s, {} alerts read; from POST to sealed alert: \
         p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {:.0}% of one processor",
        bodies.len(),
        latencies.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        latencies[latencies.len() - 1].as_secs_f64() * 1e3,
        100.0 * cpu / seconds as f64,
    );
    stop.send(()).unwrap();
    runtime.block_on(served).unwrap().unwrap();
}

const PERIOD: Duration = Duration::from_micros(1_000_000 / EVENTS_PER_SECOND as u64);

/// One request body for each event.
fn bodies(count: usize) -> Vec<String> {
    let zone = Zone::shanghai();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = Millis(now.as_millis() as i64);
    let ordinary = support::county::log(count / 5 + 1, zone.local(now).day(), &zone);
    let body = |(index, event): (usize, Event)| {
        let event = Event { time: now, recorded: now, logged: now, ..event };
        let event = if index % ALERT_EVERY == 0 { overcharge(index, event) } else { event };
        support::county::line(&event, &zone)
    };
    ordinary.into_iter().take(count).enumerate().map(body).collect()
}

fn overcharge(index: usize, event: Event) -> Event {
    let data = serde_json::json!({ "case_no": format!("L{index}"), "fee_code": "FEE-00", "qty": 1000,
        "amount": 9_999_900, "receipt_no": format!("L-{index}"), "payee_acct": "h:czzh-0001" });
    let (id, kind) = (format!("over-{index}"), "approval.case.fee_charged".to_owned());
    Event { id, kind, data: data.to_string(), ..event }
}

/// Sends every eighth event when it is due and waits for each answer.
fn send(
    address: SocketAddr,
    token: &str,
    bodies: &[String],
    first: usize,
    due: impl Fn(usize) -> Instant,
) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for (index, body) in bodies.iter().enumerate().skip(first).step_by(CONNECTIONS) {
        std::thread::sleep(due(index).saturating_duration_since(Instant::now()));
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
             content-type: application/cloudevents+json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        read_answer(&mut reader);
    }
}

/// Reads one answer to its end and checks that the event was taken.
fn read_answer(reader: &mut BufReader<TcpStream>) {
    let head = read_head(reader);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    assert!(head.starts_with("http/1.1 2"), "{head}{}", String::from_utf8_lossy(&body));
}

fn read_head(reader: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the head ends: {head}");
    }
    head.to_ascii_lowercase()
}

fn open_stream(address: SocketAddr, token: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET /v1/alerts/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let head = read_head(&mut reader);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    reader
}

/// Reads until all alerts about overcharged fees have come; how long each took.
fn read_alerts(
    mut stream: BufReader<TcpStream>,
    count: usize,
    due: impl Fn(usize) -> Instant,
) -> Vec<Duration> {
    let mut latencies = Vec::with_capacity(count);
    let mut line = String::new();
    while latencies.len() < count {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream goes on");
        let Some(data) = line.strip_prefix("data:") else { continue };
        let alert: serde_json::Value = serde_json::from_str(data).unwrap();
        let (key, rule) = (&alert["leaf"]["key"], &alert["leaf"]["rule"]);
        let index = key.as_str().and_then(|key| key.strip_prefix('L')?.parse().ok());
        if let (Some(index), Some("APPR-F01")) = (index, rule.as_str()) {
            latencies.push(due(index).elapsed());
        }
    }
    latencies
}
