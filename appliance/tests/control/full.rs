//! A disk that fills up, with real limits: of the configuration, and of the system.

use crate::desk::{Desk, Serving, late_cases};
use plumbline::{App, Home};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn below_the_reserve_commands_refuse_what_is_new_and_do_the_rest() {
    let desk = Desk::bare();
    let file = desk.home().join("config.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("disk_reserve_mib = 256"), "{text}");
    fs::write(&file, text.replace("= 256", "= 1000000000000")).unwrap();
    desk.write("cases.ndjson", &late_cases(0..3));
    desk.write("item.csv", "item_code,name\nA1,甲\n");
    for words in [&["import", "cases.ndjson"][..], &["table", "import", "item", "item.csv"]] {
        let said = desk.run([&["--json"], words].concat());
        assert_eq!((said.code, said.error().as_str()), (1, "disk-full"), "{words:?}");
        assert!(desk.run(words).err.starts_with("磁盘已满"));
        let english = desk.run([&["--lang", "en"], words].concat());
        assert!(english.err.starts_with("The disk is full"), "{english:?}");
    }
    desk.run(["alerts", "list"]).ok();
    desk.run(["ledger", "verify"]).ok();
    desk.run(["check"]).ok();
    // Without the line the usual reserve holds; there is room and nothing was lost on the way.
    let kept: Vec<_> = text.lines().filter(|line| !line.contains("disk_reserve")).collect();
    fs::write(&file, kept.join("\n")).unwrap();
    desk.run(["table", "import", "item", "item.csv"]).ok();
    assert_eq!(desk.run(["--json", "import", "cases.ndjson"]).ok().json()[0]["new"], 3);
}

/// Where the store runs into the end of the disk after all, it takes nothing more until it is
/// opened again: the service says so and stops, and nothing that it acknowledged is lost.
#[test]
fn a_store_without_room_ends_the_service_in_order() {
    let desk = Desk::bare();
    let before = App::open(Home::new(desk.home())).unwrap().store().next_seq().0;
    // A limit on the size of files in place of a small disk; the signal would kill.
    let limited = r#"trap "" XFSZ; ulimit -f 8000; exec "$0" "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_plumbline")]);
    command.args(["--json", "serve", "--listen", "127.0.0.1:0"]);
    command.env("PLUMBLINE_HOME", desk.home()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let serving = Serving::start(command, &desk.home());
    let mut acknowledged = 0;
    let refused = (0..2000).find_map(|number| {
        let (status, answer) = serving.post(&noisy(number));
        acknowledged += u64::from(status == 200);
        (status != 200).then_some((status, answer))
    });
    let (status, problem) = refused.expect("the limit is reached");
    assert_eq!((status, &problem["type"]), (507, &"urn:plumbline:error:disk-full".into()));
    assert!(acknowledged > 0);
    let (code, log) = serving.end();
    assert_eq!(code, 1, "{log}");
    assert!(log.contains(r#""error":"disk-full""#), "{log}");
    assert!(!desk.home().join("control.sock").exists(), "in order");
    let app = App::open(Home::new(desk.home())).unwrap();
    assert!(app.store().next_seq().0 >= before + acknowledged, "{acknowledged}");
    drop(app);
    desk.run(["check"]).ok();
}

/// One event of some 30 KB that no compression makes smaller.
fn noisy(number: usize) -> String {
    let mut state = number as u64 + 1;
    let mut noise = String::new();
    while noise.len() < 30_000 {
        // A linear congruential generator (Knuth, MMIX).
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise += &format!("{:x}", state >> 32);
    }
    late_cases(number..number + 1).replace(r#""officer":"o-1""#, &format!(r#""officer":"{noise}""#))
}
