//! What commands say while the service holds the home, and who may call.

use crate::desk::Desk;
use plumbline::control::Call;
use serde_json::Value;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

fn examples(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/events")
        .join(name)
        .display()
        .to_string()
}

/// What a command says that looks at the home and changes nothing is the same from both sides.
#[test]
fn the_service_says_what_the_home_itself_would_say() {
    let Some(desk) = Desk::with_plugins() else { return };
    desk.run(["table", "import", &examples("tables")]).ok();
    desk.run(["import", &examples("county-week.ndjson")]).ok();
    let alerts = desk.run(["--json", "alerts", "list"]).ok().json();
    let id = alerts[0]["id"].as_str().unwrap().to_owned();
    let commands: [(&[&str], i32); 15] = [
        (&["alerts", "show", &id], 0),
        (&["alerts", "show", "no-such-alert"], 2),
        (&["--json", "alerts", "show", "no-such-alert"], 2),
        (&["--lang", "en", "rules", "list"], 0),
        (&["--json", "rules", "show", "APPR-T02"], 0),
        (&["table", "list"], 0),
        (&["table", "show", "calendar"], 0),
        (&["--json", "data", "catalogue"], 0),
        (&["plugin", "list"], 0),
        (&["ledger", "show", "0"], 0),
        (&["ledger", "verify"], 0),
        (&["check"], 0),
        (&["explain", "nobody"], 2),
        (&["import", "/no-such-file.ndjson"], 1),
        (&["plugin", "enable", "approval", "--region", "370000"], 0),
    ];
    // The last one changes something: it is run on both sides and not compared.
    let (last, commands) = commands.split_last().unwrap();
    // Whatever is overdue by the clock is raised, so that both sides find the same.
    desk.serve().stop();
    let alone: Vec<_> = commands.iter().map(|(words, _)| desk.run(*words)).collect();
    let serving = desk.serve();
    for ((words, code), alone) in commands.iter().zip(alone) {
        let said = desk.run(*words);
        assert_eq!(said.code, *code, "{words:?}: {said:?}");
        assert_eq!((said.code, said.out, said.err), (alone.code, alone.out, alone.err));
    }
    desk.run(last.0).ok();
    serving.stop();
    assert_eq!(desk.run(["--json", "replay"]).ok().json()[0]["difference"], Value::Null);
}

#[test]
fn a_home_is_filled_and_questioned_while_it_is_served() {
    let Some(desk) = Desk::with_plugins() else { return };
    let serving = desk.serve();
    // Paths are those of the caller, whose folder is not the service's.
    fs::create_dir(desk.dir.path().join("elsewhere")).unwrap();
    let run = |words: &[&str]| {
        let mut command = desk.command(words);
        command.current_dir(desk.dir.path().join("elsewhere"));
        crate::desk::Said::of(command.output().unwrap())
    };
    let week = fs::read_to_string(examples("county-week.ndjson")).unwrap();
    desk.write("week.ndjson", &format!("{week}\nnot json\n"));
    assert_eq!(run(&["import", "week.ndjson"]).code, 1, "it lies in another folder");
    run(&["table", "import", &examples("tables")]).ok();
    let imported = run(&["--json", "import", "../week.ndjson"]);
    let report = &imported.json()[0];
    assert_eq!((imported.code, &report["rejected"]), (1, &1.into()), "{imported:?}");
    assert!(Path::new(report["rejects_file"].as_str().unwrap()).is_file(), "it can be found");
    assert!(report["alerts_raised"].as_u64().unwrap() > 0);
    let alerts = run(&["--json", "alerts", "list", "--rule", "APPR-T02"]).ok().json();
    assert!(alerts.iter().any(|alert| alert["key"] == "C2026-0041"), "{alerts:?}");
    let why = run(&["explain", "C2026-0041"]).ok();
    assert!(why.out.contains("[触发] APPR-T02"), "{}", why.out);
    let mut english = desk.command(["explain", "C2026-0041"]);
    let english = english.env("PLUMBLINE_LANG", "en").output().unwrap();
    assert!(String::from_utf8(english.stdout).unwrap().contains("[fires] APPR-T02"));
    let parameters = desk.write("elsewhere/own.json", "{}");
    run(&["plugin", "enable", "approval", "--params", "own.json"]).ok();
    fs::remove_file(parameters).unwrap();
    run(&["ledger", "prove", "0", "--out", "proof"]).ok();
    assert!(desk.dir.path().join("elsewhere/proof").is_file());
    let taken = run(&["--json", "data", "export", "alerts", "--out", "a.parquet"]).ok().json();
    assert!(taken[0]["rows"].as_u64().unwrap() > 0, "{taken:?}");
    assert!(desk.dir.path().join("elsewhere/a.parquet").is_file());
    let replayed = run(&["--json", "replay"]).ok().json();
    assert!(replayed[0]["same"].as_u64().unwrap() > 0, "{replayed:?}");
    assert_eq!(run(&["doctor"]).err, "");
    // What is the service's business alone is refused as before.
    assert_eq!(run(&["--json", "serve"]).error(), "busy");
    assert_eq!(run(&["--json", "init"]).error(), "home-exists");
    serving.stop();
    run(&["ledger", "verify"]).ok();
}

#[test]
fn the_socket_is_the_owners_and_goes_with_the_service() {
    let desk = Desk::bare();
    let socket = desk.home().join("control.sock");
    // Left by a service that was killed.
    drop(UnixListener::bind(&socket).unwrap());
    desk.run(["alerts", "list"]).ok();
    let serving = desk.serve();
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    desk.run(["alerts", "list"]).ok();
    serving.stop();
    assert!(!socket.exists());
    desk.run(["alerts", "list"]).ok();
}

#[test]
fn a_home_may_lie_deeper_than_the_path_of_a_socket() {
    let desk = Desk::bare();
    let deep = desk.dir.path().join("d".repeat(100));
    fs::create_dir(&deep).unwrap();
    let inner = deep.join("home");
    fs::rename(desk.home(), &inner).unwrap();
    let home = ["--home", inner.to_str().unwrap()];
    let words = ["--json", "serve", "--listen", "127.0.0.1:0"];
    let serving = crate::desk::Serving::start(desk.command([&home[..], &words].concat()), &inner);
    desk.run([&home[..], &["alerts", "list"]].concat()).ok();
    serving.stop();
}

/// Sends bytes to the socket and reads what comes back, as (sort of frame, body).
fn converse(home: &Path, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut stream = UnixStream::connect(home.join("control.sock")).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    // Whoever is not read to the end is cut off.
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    let mut frames = Vec::new();
    let mut rest = answer.as_slice();
    while let Some(([sort, length @ ..], after)) = rest.split_first_chunk::<5>() {
        let (body, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        frames.push((*sort, body.to_vec()));
        rest = after;
    }
    frames
}

fn call(version: &str, words: &[&str]) -> Vec<u8> {
    let arguments = [&["plumbline", "--json"], words].concat();
    let call = Call {
        version: version.to_owned(),
        arguments: arguments.into_iter().map(Into::into).collect(),
        folder: "/".into(),
        english: false,
        colour: false,
    };
    let body = serde_json::to_vec(&call).unwrap();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&[1], &length[..], &body].concat()
}

#[test]
fn what_cannot_run_inside_is_refused_with_its_reason() {
    let desk = Desk::bare();
    let serving = desk.serve();
    let own = env!("CARGO_PKG_VERSION");
    let cases: [(&str, &[&str], &str); 6] = [
        (own, &["serve"], "not-inside"),
        (own, &["init"], "not-inside"),
        (own, &["demo"], "not-inside"),
        (own, &["completions", "bash"], "not-inside"),
        (own, &["no-such-command"], "usage"),
        ("0.0.0-other", &["alerts", "list"], "control-version"),
    ];
    for (version, words, error) in cases {
        let frames = converse(&desk.home(), &call(version, words));
        let [(3, told), (4, code)] = frames.as_slice() else { panic!("{words:?}: {frames:?}") };
        let told: Value = serde_json::from_slice(told).unwrap();
        assert_eq!((told["error"].as_str(), code.as_slice()), (Some(error), &[2][..]));
    }
    // What is no call is not answered, and harms nobody.
    let wrong: [&[u8]; 5] = [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        &[1, 255, 255, 255, 255],
        &[1, 2, 0, 0, 0, b'{', b'}'],
        &[2, 0, 0, 0, 0],
    ];
    for bytes in wrong {
        assert_eq!(converse(&desk.home(), bytes), []);
    }
    let whole = call(own, &["alerts", "list"]);
    assert_eq!(converse(&desk.home(), &whole[..whole.len() - 1]), []);
    assert_eq!(converse(&desk.home(), &whole), [(4, vec![0])]);
    serving.stop();
}
