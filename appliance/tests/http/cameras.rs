//! Cameras over a running service: minutes into the log, a card with its footage, who may look and who
//! did, and what is left when its time is over. One bad camera harms no other.

use crate::host::{Answer, Host};
use crate::plugin;
use crate::stage;
use plumbline::App;
use plumbline::cli::{Terminal, run};
use plumbline::deploy::{self, Enabling};
use plumbline::footage::{FootageAct, allow, keep, leaf::as_footage, viewer};
use plumbline::serve::ServeOptions;
use plumbline::{clock, package, table};
use plumbline_camera::Scene;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{MS_PER_MINUTE, Millis};
use serde_json::{Map, Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const LINES: &str = "application/x-ndjson";
/// A test that waits longer than this has failed.
const WAIT: Duration = Duration::from_secs(60);
/// A camera's minute ends so many milliseconds after the start of the service.
const MINUTE_ENDS_MS: i64 = 12_000;

fn load(app: &App, name: &str, csv: &str) {
    app.load_table(name, table::parse_csv(name, csv.as_bytes()).unwrap()).unwrap();
}

/// A hall with four cameras: a good one, one with a mask, one that nobody answers for, and one that is
/// not set up as a camera can be.
fn furnish(app: &App, cameras: &[(&str, &str)]) {
    load(
        app,
        "camera",
        "cam,hall,mode,status\nC-1,D-ZWDT,duty,active\nC-2,D-ZWDT,duty,active\n\
         C-3,D-ZWDT,duty,active\nC-4,D-ZWDT,duty,removed\n",
    );
    load(
        app,
        "zone",
        "cam,zone,kind,seat,polygon\n\
         C-1,store,forbidden,,\"[[0.5,0.5],[0.9,0.5],[0.9,0.9],[0.5,0.5]]\"\n\
         C-2,store,forbidden,,\"[[0.5,0.5],[0.9,0.5],[0.9,0.9],[0.5,0.5]]\"\n\
         C-2,m1,mask,,\"[[0,0],[0.5,0],[0.5,1],[0,1],[0,0]]\"\n",
    );
    write_addresses(app, cameras);
}

fn write_addresses(app: &App, cameras: &[(&str, &str)]) {
    let entry = |(cam, address): &(&str, &str)| {
        format!("[camera.\"{cam}\"]\naddress = \"{address}\"\npatience_s = 2\n")
    };
    let text: String = cameras.iter().map(entry).collect();
    let path = app.home().cameras_file();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
}

fn shift(options: &mut ServeOptions) {
    options.camera_ahead_ms =
        MS_PER_MINUTE - MINUTE_ENDS_MS - clock::now().0.rem_euclid(MS_PER_MINUTE);
}

fn video(app: &App, folder: &std::path::Path) {
    load(app, "calendar", plumbline_contract::CALENDAR_CSV);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "vkey") {
            package::trust(app, &fs::read_to_string(path).unwrap()).unwrap();
        }
    }
    let verified = package::verify_file(app, &folder.join("video.wasm")).unwrap();
    package::install(app, &verified).unwrap();
    let parameters = Map::new();
    deploy::enable(app, &Enabling::new(verified.hash(), "370203", &parameters)).unwrap();
}

/// Asks again and again until an answer is as wished; the service works meanwhile.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(WAIT, asked).await.unwrap_or_else(|_| panic!("{what} never came"))
}

async fn state(host: &Host, cam: &str) -> Value {
    let list = host.get("/v1/cameras").await.json();
    let all = list.as_array().unwrap().clone();
    all.into_iter().find(|view| view["cam"] == cam).unwrap_or_default()
}

async fn is_good(host: &Host, cam: &str) -> Option<()> {
    (state(host, cam).await["quality"] == "good").then_some(())
}

/// An observation of a minute in which somebody was in the store room of a camera.
fn intruder(host: &Host, cam: &str) -> String {
    let app = &host.app;
    let minute =
        Millis(clock::now().0.div_euclid(MS_PER_MINUTE) * MS_PER_MINUTE - 3 * MS_PER_MINUTE);
    let event = |place: i64| {
        let at = app.zone().rfc3339(Millis(minute.0 + place * MS_PER_MINUTE));
        let zone =
            json!({ "zone": "store", "kind": "forbidden", "occ_ratio": 0.5, "person_max": 1 });
        let data = json!({
            "cam": cam, "at": at, "frames": 30, "fps": 10.0, "luma_mean": 100.0, "luma_std": 40.0,
            "sharp": 500.0, "motion": 0.1, "frame_hash_runs": 1, "zones": [zone],
        });
        json!({
            "specversion": "1.0", "id": format!("{cam}/{at}"), "source": "/test/observer",
            "type": "video.obs.minute", "subject": cam, "time": at, "recordedtime": at,
            "region": "370203", "dept": "D-ZWDT", "data": data,
        })
    };
    (0..3).map(|place| format!("{}\n", event(place))).collect()
}

/// The footage of the card about a camera, once it is complete.
async fn footage(host: &Host, cam: &str, pieces: usize) -> (String, Vec<Value>) {
    until(&format!("the footage of {cam}"), async || {
        let page = host.get("/v1/alerts?rule=VID-S01").await.json();
        let alerts = page["alerts"].as_array().unwrap().clone();
        let of_cam = |alert: &&Value| {
            let footage = alert["footage"].as_array().cloned().unwrap_or_default();
            footage.len() == pieces && footage.iter().all(|piece| piece["cam"] == cam)
        };
        let alert = alerts.iter().find(of_cam)?;
        let id = alert["id"].as_str().unwrap().to_owned();
        Some((id, alert["footage"].as_array().unwrap().clone()))
    })
    .await
}

async fn get_as(host: &Host, token: &str, target: &str) -> Answer {
    let headers = format!("authorization: Bearer {token}\r\n");
    host.send_as("GET", target, &headers, b"").await
}

fn leaves(app: &App) -> Vec<plumbline::footage::FootageLeaf> {
    let read = |index: u64| {
        let bytes = app.with_ledger(|ledger| ledger.leaf(index)).unwrap();
        as_footage(index, &bytes).unwrap()
    };
    (0..app.with_ledger(|ledger| ledger.checkpoint().size())).filter_map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_camera_to_the_card_and_what_is_left_of_it() {
    let Some(folder) = plugin::folder("cameras") else { return };
    let (good, masked) = (stage::play(Scene::Empty), stage::play(Scene::Staffed));
    let cameras = [("C-1", &*good), ("C-2", &*masked), ("C-3", "rtsp://u:geheim@127.0.0.1:1/x")];
    let prepare = |app: &App| {
        furnish(app, &cameras);
        video(app, &folder);
        let clips =
            allow::Said { region: "370203".to_owned(), clips: Some(true), ..Default::default() };
        allow::say(app, &clips, Some("张三")).unwrap();
    };
    let host = Host::start_with(prepare, shift).await;
    until("C-1", async || is_good(&host, "C-1").await).await;
    until("C-2", async || is_good(&host, "C-2").await).await;
    until("C-3", async || (state(&host, "C-3").await["state"] == "down").then_some(())).await;
    let list = host.get("/v1/cameras").await;
    assert_eq!(list.json().as_array().unwrap().len(), 3, "one that was removed is not watched");
    assert!(!list.body.contains("geheim"));
    let hall = host.app.hall().unwrap();
    hall.burst("C-1", 2).unwrap();
    assert_eq!(hall.burst("C-4", 2).unwrap_err().kind, plumbline::Kind::NotFound);

    // Somebody in the store room, seen by another observer: the card asks for footage of now.
    for cam in ["C-1", "C-2", "C-3"] {
        let answer = host.post(LINES, intruder(&host, cam)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let (_, lacking) = footage(&host, "C-3", 2).await;
    assert!(lacking.iter().all(|piece| piece["lacking"] == "down"), "{lacking:?}");
    let (_, of_masked) = footage(&host, "C-2", 2).await;
    let clip = of_masked.iter().find(|piece| piece["kind"] == "clip").unwrap();
    assert_eq!(clip["lacking"], "masked");
    let (alert, pieces) = footage(&host, "C-1", 2).await;
    let of = |kind: &str| pieces.iter().find(|piece| piece["kind"] == kind).unwrap().clone();
    let hash = |kind: &str| of(kind)["sha256"].as_str().unwrap().to_owned();
    let (clip, still) = (hash("clip"), hash("still"));

    // Who may look, and what is on record of it.
    let token = viewer::add(&host.app, "李四", None).unwrap();
    let target = |hash: &str| format!("/v1/footage/{hash}?reason=%E6%A0%B8%E5%AE%9E");
    assert_eq!(host.get(&target(&clip)).await.code(), "not-permitted");
    assert_eq!(get_as(&host, &token[1..], &target(&clip)).await.status, 401);
    assert_eq!(get_as(&host, &token, "/v1/alerts").await.code(), "not-permitted");
    assert_eq!(get_as(&host, &token, "/v1/cases/footage").await.code(), "not-permitted");
    let none = get_as(&host, &token, &format!("/v1/footage/{clip}")).await;
    assert_eq!(none.code(), "footage-reason");
    let seen = |app: &App| {
        leaves(app).into_iter().filter(|leaf| leaf.act == FootageAct::Seen).collect::<Vec<_>>()
    };
    assert!(seen(&host.app).is_empty());
    let answer = get_as(&host, &token, &target(&still)).await;
    assert_eq!(answer.status, 200, "{}", answer.head);
    for header in ["content-type: image/jpeg", "cache-control: no-store", "same-origin"] {
        assert!(answer.head.to_ascii_lowercase().contains(header), "{header}: {}", answer.head);
    }
    let looked = seen(&host.app);
    assert_eq!(looked.len(), 1);
    assert_eq!(
        (looked[0].by.as_deref(), looked[0].reason.as_deref()),
        (Some("李四"), Some("核实"))
    );
    assert_eq!(looked[0].sha256.as_deref(), Some(&*still));
    let of_alert = get_as(&host, &token, &format!("/v1/alerts/{alert}/footage")).await;
    assert_eq!(of_alert.json().as_array().unwrap().len(), 2);

    // A live still is logged as well, and a damaged file is told from a missing one.
    let live = "/v1/cameras/C-1/still?reason=x";
    assert_eq!(host.get(live).await.code(), "not-permitted");
    assert_eq!(get_as(&host, &token, live).await.status, 200);
    assert_eq!(seen(&host.app).len(), 2);
    let file = plumbline::footage::vault::path(host.app.home(), &clip);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(plumbline_ledger::sha256_hex(&bytes), clip);
    assert_eq!(&bytes[4..8], b"ftyp");
    fs::write(&file, b"other").unwrap();
    assert_eq!(get_as(&host, &token, &target(&clip)).await.code(), "footage-altered");
    fs::remove_file(&file).unwrap();
    assert_eq!(get_as(&host, &token, &target(&clip)).await.code(), "footage-missing");
    assert_eq!(keep::verify(&host.app).unwrap(), (vec![clip.clone()], vec![]));
    fs::write(&file, &bytes).unwrap();

    // The camera's own minutes are in the log, under the hall's name.
    let minute = until("a minute", async || {
        let app = &host.app;
        let seqs = app.store().by_subject("C-1", 100).unwrap();
        let events = seqs.into_iter().filter_map(|seq: EventSeq| app.store().get(seq).unwrap());
        events
            .into_iter()
            .find(|event| event.kind == "video.obs.minute" && event.source == "video/D-ZWDT")
    })
    .await;
    assert_eq!((&*minute.region, &*minute.dept), ("370203", "D-ZWDT"));
    assert_eq!(host.app.hall().unwrap().summary().counts.refused, 0);

    // Its time is over: the files go, the hashes stay.
    let today = host.app.zone().local(clock::now()).day();
    assert!(keep::expire(&host.app, today.plus(30), false).unwrap().is_empty(), "the last day");
    let over = keep::expire(&host.app, today.plus(31), false).unwrap();
    assert_eq!(over.len(), 3);
    assert!(!file.exists());
    assert_eq!(get_as(&host, &token, &target(&clip)).await.code(), "footage-deleted");
    let shown = host.get(&format!("/v1/alerts/{alert}")).await.json();
    assert!(shown["footage"].as_array().unwrap().iter().all(|piece| piece["deleted"] == true));
    assert!(shown["footage"].to_string().contains(&clip));

    // A restart asks for nothing twice.
    let before = leaves(&host.app).len();
    let host = host.restart().await;
    until("C-1 again", async || is_good(&host, "C-1").await).await;
    assert_eq!(leaves(&host.app).len(), before);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cameras_follow_the_tables_and_the_file_without_a_restart() {
    let address = stage::play(Scene::Empty);
    let host = Host::start_with(|app| furnish(app, &[]), |_| ()).await;
    assert_eq!(state(&host, "C-1").await["state"], "no_address");
    write_addresses(&host.app, &[("C-1", &address), ("X-9", &address)]);
    until("C-1", async || is_good(&host, "C-1").await).await;

    // A file that others may read is not read, and what is watched goes on.
    let path = host.app.home().cameras_file();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let told = until("the error", async || {
        let (_, out) = status(&host);
        out.contains("0644").then_some(out)
    })
    .await;
    assert!(told.contains("C-1") && told.contains("正常"), "{told}");
    assert_eq!(state(&host, "C-1").await["quality"], "good");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    until("the unknown camera", async || status(&host).1.contains("X-9").then_some(())).await;

    // Zones over HTTP go through the checks of the table.
    let zones = "/v1/cameras/C-1/zones";
    let put = |body: &str| {
        let (host, body) = (&host, body.to_owned());
        async move {
            host.send("PUT", zones, "content-type: application/json\r\n", body.as_bytes()).await
        }
    };
    for (body, code) in [
        ("{}", "zones-body"),
        (r#"[{"zone":"s1","kind":"sofa"}]"#, "table"),
        (r#"[{"zone":"s1","kind":"seat","polygon":[[0,0],[2,0],[1,1],[0,0]]}]"#, "table"),
    ] {
        assert_eq!(put(body).await.code(), code, "{body}");
    }
    let seat =
        r#"[{"zone":"s1","kind":"seat","seat":"W1","polygon":[[0,0],[0.5,0],[0.5,0.5],[0,0]]}]"#;
    let answer = put(seat).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let all = host.get("/v1/tables/zone").await.json();
    assert_eq!(all["rows"].as_array().unwrap().len(), 3, "those of the other camera are kept");
    until("the new zone", async || {
        let hall = host.app.hall().unwrap();
        hall.zones("C-1").iter().any(|zone| zone.place.zone == "s1").then_some(())
    })
    .await;

    // The page: for a browser, with a viewer's own name and token; and what others wrote stays text.
    let token = viewer::add(&host.app, "li", None).unwrap();
    let basic = |name: &str, token: &str| {
        use base64::Engine;
        let pair = format!("{name}:{token}");
        format!("authorization: Basic {}\r\n", base64::prelude::BASE64_STANDARD.encode(pair))
    };
    let page = |who: String, target: &'static str| {
        let host = &host;
        async move { host.send_as("GET", target, &who, b"").await }
    };
    let refused = page(basic("wang", &token), "/cameras").await;
    assert_eq!(refused.status, 401);
    assert!(refused.head.to_ascii_lowercase().contains("www-authenticate: basic"));
    let list = page(basic("li", &token), "/cameras").await;
    assert_eq!(list.status, 200);
    assert!(list.head.contains("default-src 'none'"), "{}", list.head);
    assert!(list.body.contains("/cameras/C-1") && list.body.contains("正常"), "{}", list.body);
    let one = page(basic("li", &token), "/cameras/C-1?reason=%22%3E%3Cscript%3E").await;
    assert!(one.body.contains("<polygon class=\"seat\" points=\"0.00,0.00 50.00,0.00"));
    assert!(one.body.contains("/cameras/C-1/still?reason=%22%3E%3Cscript%3E"));
    assert!(!one.body.contains("<script>"), "{}", one.body);
    let still = page(basic("li", &token), "/cameras/C-1/still?reason=x").await;
    assert_eq!(still.status, 200);
    assert_eq!(page(basic("li", &token), "/v1/alerts").await.status, 401, "pages only");
    viewer::remove(&host.app, "li", None).unwrap();
    assert_eq!(page(basic("li", &token), "/cameras").await.status, 401);

    load(&host.app, "camera", "cam,hall,status\nC-2,D-ZWDT,active\n");
    until("C-1 to go", async || state(&host, "C-1").await.is_null().then_some(())).await;
    host.stop().await;
}

/// A detector that cannot be used is told, and no camera stops for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_detector_that_cannot_be_used_stops_no_camera() {
    let address = stage::play(Scene::Empty);
    let host = Host::start_with(|app| furnish(app, &[("C-1", &address)]), |_| ()).await;
    until("C-1", async || is_good(&host, "C-1").await).await;
    assert!(status(&host).1.contains("没有配置人数检测"), "{}", status(&host).1);
    let since = state(&host, "C-1").await["since"].clone();
    fs::write(host.app.home().dir().join("m.onnx"), "no model").unwrap();
    let missing_feature = "feature detector";
    let (hash, other) = (plumbline_ledger::sha256_hex(b"no model"), "0".repeat(64));
    for (model, sha256, every_s, with_feature, without) in [
        ("m.onnx", &*other, 10, &*hash, missing_feature),
        ("m.onnx", &*hash, 600, "no model of persons", missing_feature),
        ("n.onnx", &*hash, 10, "n.onnx", missing_feature),
        ("m.onnx", &*hash, 4, "every_s: 5–600", "every_s: 5–600"),
        ("m.onnx", "00", 10, "sha256: 64", "sha256: 64"),
    ] {
        let table = format!(
            "[camera.C-1]\naddress = \"{address}\"\npatience_s = 2\n\
             [detector]\nmodel = \"{model}\"\nsha256 = \"{sha256}\"\nevery_s = {every_s}\n"
        );
        fs::write(host.app.home().cameras_file(), table).unwrap();
        let why = if cfg!(feature = "detector") { with_feature } else { without };
        let told = until(why, async || {
            let (code, out) = status(&host);
            (out.contains("照常监看而不数人") && out.contains(why)).then_some((code, out))
        })
        .await;
        assert_eq!(told.0, 1, "{}", told.1);
        let now = state(&host, "C-1").await;
        assert_eq!((&now["quality"], &now["since"]), (&json!("good"), &since), "{why}");
    }
    write_addresses(&host.app, &[("C-1", &address)]);
    let gone = async || status(&host).1.contains("没有配置人数检测").then_some(());
    until("no detector", gone).await;
    host.stop().await;
}

/// `plumbline video status` through the control socket of the service.
fn status(host: &Host) -> (u8, String) {
    let home = host.app.home().dir().display().to_string();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = ["plumbline", "--home", &home, "video", "status"];
    let code = run(words, &mut out, &mut err, Terminal::default());
    (code, String::from_utf8(out).unwrap())
}

/// The hall of `plumbline demo`, by the server where GStreamer is installed and from files elsewhere.
#[test]
fn the_demonstration_brings_cards_with_footage_that_a_replay_derives_again() {
    let Some(folder) = plugin::folder("demonstration") else { return };
    let dir = tempfile::tempdir().unwrap();
    let config = plumbline::Config {
        origin: "test.example/demo".to_owned(),
        region: "370200".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        listen: "127.0.0.1:0".to_owned(),
        disk_reserve_mib: plumbline::disk::RESERVE_MIB,
        health: plumbline::watch::HealthConfig::default(),
    };
    let app = App::create(plumbline::Home::new(dir.path().join("home")), &config).unwrap();
    assert_eq!(plumbline::demo::hall::play(&app).unwrap(), None, "no plugin has eyes");
    video(&app, &folder);
    let report = plumbline::demo::hall::play(&app).unwrap().unwrap();
    assert_eq!(report.minutes, 63);
    let alerts: Vec<_> = report.alerts.iter().map(|id| app.alert(id).unwrap().unwrap()).collect();
    let rules: Vec<_> = alerts.iter().map(|alert| &*alert.rule).collect();
    assert_eq!(rules, ["VID-D01", "VID-C02"]);
    for alert in alerts {
        let taken = alert.footage.iter().filter(|piece| piece.sha256.is_some());
        assert_eq!(taken.count(), 2, "{:?}", alert.footage);
    }
    assert_eq!(keep::verify(&app).unwrap(), (vec![], vec![]));
    let replayed = plumbline::replay::replay(&app).unwrap();
    assert!(replayed.iter().all(|one| one.difference.is_none()), "{replayed:?}");
}
