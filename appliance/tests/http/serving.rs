//! Who may use the service, its limits, and how it begins and ends.

use crate::accepted;
use crate::host::Host;
use crate::plugin;
use plumbline::cli::{Terminal, run};
use plumbline::serve::{ServeOptions, serve};
use plumbline_contract::event::TICK_TYPE;
use std::ffi::OsStr;
use std::fs::File;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LINES: &str = "application/x-ndjson";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_passes_without_the_token() {
    let host = Host::start().await;
    let token = host.token.clone();
    let wrong = [
        String::new(),
        "authorization: Bearer\r\n".to_owned(),
        "authorization: Bearer \r\n".to_owned(),
        format!("authorization: Basic {token}\r\n"),
        format!("authorization: Bearer {}\r\n", &token[1..]),
        format!("authorization: Bearer {token}0\r\n"),
        format!("authorization: {token}\r\n"),
        format!("x-authorization: Bearer {token}\r\n"),
    ];
    let targets = [
        ("POST", "/v1/events"),
        ("GET", "/v1/alerts"),
        ("GET", "/v1/alerts/stream"),
        ("GET", "/v1/cases/C1"),
        ("GET", "/v1/cases/C1/explain"),
        ("GET", "/v1/ledger/checkpoint"),
        ("GET", "/v1/rules"),
        ("GET", "/v1/rules/health"),
        ("GET", "/v1/sources"),
        ("GET", "/v1/deployments"),
        ("GET", "/v1/nothing"),
        ("DELETE", "/v1/events"),
    ];
    for (method, target) in targets {
        for header in &wrong {
            let answer = host.send_as(method, target, header, b"").await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{target}");
            assert!(answer.head.contains("www-authenticate: bearer"), "{answer:?}");
        }
    }
    let lower = format!("authorization: bearer {token}\r\n");
    assert_eq!(host.send_as("GET", "/v1/rules", &lower, b"").await.status, 200);
    for target in ["/healthz", "/metrics"] {
        let answer = host.send_as("GET", target, "", b"").await;
        assert_eq!(answer.status, 200, "{target} is open");
        assert!(answer.head.contains("cache-control: no-store"), "{answer:?}");
    }
    assert_eq!(host.app.store().next_seq().0, 0);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_limited_in_size_number_and_time() {
    let short = Duration::from_millis(50);
    let host = Host::start_with(|_| (), |options| options.head_timeout = short).await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    assert_eq!(host.raw(long.as_bytes()).await.status, 431);
    let many = format!("GET /healthz HTTP/1.1\r\nhost: test\r\n{}\r\n", "x: a\r\n".repeat(100));
    assert_eq!(host.raw(many.as_bytes()).await.status, 431);
    assert_eq!(host.raw(b"GARBAGE\r\n\r\n").await.status, 400);
    // Neither a half head nor silence holds a connection: reading ends because it is closed.
    for half in ["", "GET /healthz HTTP/1.1\r\nhost:"] {
        host.raw(half.as_bytes()).await;
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_given_up() {
    let short = Duration::from_millis(50);
    let host = Host::start_with(|_| (), |options| options.request_timeout = short).await;
    let token = &host.token;
    let half = format!(
        "POST /v1/events HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-type: {LINES}\r\ncontent-length: 9\r\n\r\nx"
    );
    let answer = host.raw(half.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "timeout"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_waits_for_its_turn() {
    let host = Host::start_with(|_| (), |options| options.connections_max = 1).await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    let mut first = TcpStream::connect(host.address).await.unwrap();
    first.write_all(request).await.unwrap();
    assert!(first.read(&mut [0; 64]).await.unwrap() > 0, "the first one is served");
    let mut second = TcpStream::connect(host.address).await.unwrap();
    second.write_all(request).await.unwrap();
    let mut buffer = [0; 64];
    let waiting = tokio::time::timeout(Duration::from_millis(50), second.read(&mut buffer)).await;
    assert!(waiting.is_err(), "the second one waits");
    drop(first);
    assert!(second.read(&mut buffer).await.unwrap() > 0, "and is served in its turn");
    drop(second);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_limited() {
    let host = Host::start().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(host.stream("/v1/alerts/stream", None).await);
    }
    let answer = host.get("/v1/alerts/stream").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "too-busy"));
    host.stop().await;
    for mut stream in streams {
        assert_eq!(stream.next().await, None, "a stream ends when the service stops");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_a_restart() {
    let host = Host::start().await;
    let receipt = host.post(LINES, accepted("1", "C1")).await.json();
    assert_eq!(receipt["accepted"], 1);
    let host = host.restart().await;
    let receipt = host.post(LINES, accepted("1", "C1")).await.json();
    assert_eq!(receipt["repeated"], 1);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_and_writing_at_the_same_time_do_not_block_each_other() {
    let host = Arc::new(Host::start().await);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let host = host.clone();
        tasks.spawn(async move {
            for n in 0..25 {
                let answer = if task % 2 == 0 {
                    host.post(LINES, accepted(&format!("{task}-{n}"), "C1")).await
                } else {
                    host.get(["/v1/alerts", "/v1/cases/C1/explain", "/metrics"][n % 3]).await
                };
                assert!([200, 404].contains(&answer.status), "{answer:?}");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(host.app.store().next_seq().0, 4 * 25);
    Arc::into_inner(host).unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_go_on_ends_the_service() {
    let host = Host::start().await;
    let mut stream = host.stream("/v1/alerts/stream", None).await;
    // A folder stands where the next checkpoint is to be written, and there is a leaf to seal.
    std::fs::create_dir(host.app.home().ledger_dir().join("checkpoint.new")).unwrap();
    host.app.store().push_leaves(&[b"{}".to_vec()]).unwrap();
    let receipt = host.post(LINES, accepted("1", "C1")).await;
    assert_eq!(receipt.status, 200, "it is durable, whatever comes after: {receipt:?}");
    assert_eq!(stream.next().await, None, "the stream ends");
    assert_eq!(host.fails().await.message, "ledger");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_an_error() {
    let host = Host::start().await;
    let (taken, app) = (host.address, host.app.clone());
    let never = std::future::pending::<()>();
    let ready = |_| panic!("it does not start");
    let error = serve(app, ServeOptions::new(taken), ready, never).await.unwrap_err();
    assert_eq!(error.message, "listen");
    assert!(host.address_file().exists(), "the first service is not disturbed");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_are_written_only_when_a_wake_is_due() {
    let idle = Host::start().await;
    idle.post(LINES, accepted("1", "C1")).await;
    let idle = idle.restart().await.restart().await;
    assert_eq!(idle.app.store().next_seq().0, 1, "an idle log does not grow");
    idle.stop().await;

    let Some(folder) = plugin::folder("ticks") else { return };
    // The case is imported as it was at its time, so that its deadline is still ahead in log time.
    let prepare = |app: &plumbline::App| {
        plugin::enable(app, &folder);
        let file = app.home().dir().join("old.ndjson");
        std::fs::write(&file, accepted("1", "C1")).unwrap();
        let request = plumbline::import::ImportRequest::new(&file);
        plumbline::import::import(app, &request, &mut |_, _| ()).unwrap();
        assert!(app.alerts().unwrap().is_empty(), "nothing is overdue at that time");
    };
    let host = Host::start_with(prepare, |_| ()).await;
    let mut stream = host.stream("/v1/alerts/stream?from=0", None).await;
    let (_, data) = stream.next().await.expect("the deadline has passed since");
    assert_eq!(data["leaf"]["key"], "C1");
    let ticks = host.app.store().by_subject(TICK_TYPE, 100).unwrap();
    assert!(ticks.len() >= 2, "the tick of the import and a live one");
    drop(stream);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_does_not_end_is_left_behind_and_its_caller_told() {
    let short = Duration::from_millis(50);
    let host = Host::start_with(|_| (), |options| options.command_farewell = short).await;
    // A pipe that nobody writes to holds the command.
    let pipe = host.dir.path().join("item.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (home, file) = (host.app.home().dir().to_path_buf(), pipe.clone());
    let caller = tokio::task::spawn_blocking(move || {
        let words = ["plumbline", "--json", "table", "import", "item"].map(OsStr::new);
        let more = ["--home".as_ref(), home.as_os_str(), file.as_os_str()];
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run([&words[..], &more].concat(), &mut out, &mut err, Terminal::default());
        (code, String::from_utf8(err).unwrap())
    });
    let writer = tokio::task::spawn_blocking(move || File::options().write(true).open(pipe));
    let writer = writer.await.unwrap().unwrap();
    let dir = host.leave().await;
    let (code, told) = caller.await.unwrap();
    assert!(code == 1 && told.contains("control-lost"), "{code}: {told}");
    assert!(!dir.path().join("home/control.sock").exists());
    drop(writer);
}
