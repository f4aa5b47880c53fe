//! What is kept of an answer, and what is asked, when permissions, masks, tables and time have moved on
//! between the alert and the pictures. The cameras are played by hand; no stream is opened.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::footage::allow::{Allowed, Said, say};
use crate::footage::keep;
use crate::footage::leaf::{About, FootageIndex, FootageLeaf};
use crate::hall::{CAMERA_TABLE, CameraView, RETRY_MS, lock};
use crate::{Config, Home, table};
use plumbline_camera::{Clip, Still};
use plumbline_ledger::Ledger;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::sync_channel;
use tempfile::TempDir;

const REGION: &str = "370203";
const MASK: &str =
    "cam,zone,kind,seat,polygon\nC-1,m1,mask,,\"[[0,0],[0.5,0],[0.5,1],[0,1],[0,0]]\"\n";

struct Office {
    _dir: TempDir,
    app: App,
    hall: Hall,
}

impl Office {
    /// One camera, of which everything may be kept.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            origin: "test.example/hall".to_owned(),
            region: REGION.to_owned(),
            zone: "Asia/Shanghai".to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            disk_reserve_mib: crate::disk::RESERVE_MIB,
            health: crate::watch::HealthConfig::default(),
        };
        let app = App::create(Home::new(dir.path().join("home")), &config).unwrap();
        // Nobody listens, so that a camera's thread ends with the first word.
        let hall = Hall::new(&app, sync_channel(1).0, 0);
        let office = Self { _dir: dir, app, hall };
        office.load(CAMERA_TABLE, "cam,hall,mode,status\nC-1,D-1,duty,active\n");
        office.clips(REGION, true);
        office.hall.reconcile(&office.app, true).unwrap();
        office
    }

    fn load(&self, name: &str, csv: &str) {
        let rows = table::parse_csv(name, csv.as_bytes()).unwrap();
        self.app.load_table(name, rows).unwrap();
    }

    fn clips(&self, region: &str, may: bool) {
        let said = Said { region: region.to_owned(), clips: Some(may), ..Said::default() };
        say(&self.app, &said, None).unwrap();
    }

    fn addresses(&self, text: &str) {
        let path = self.app.home().cameras_file();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    /// An alert that was raised so many milliseconds ago.
    fn wish(&self, ago_ms: i64) -> Wish {
        let about = About {
            alert: "alert".to_owned(),
            region: REGION.to_owned(),
            cam: "C-1".to_owned(),
            ..About::default()
        };
        let moment = Millis(self.app.log_time().0 - ago_ms);
        let allowed = Allowed { clips: true, stills: true, keep_days: 30 };
        Wish { about, moment, allowed, ground: None }
    }

    /// What is on record: the form and why there is none.
    fn told(&self) -> Vec<(Form, Option<String>)> {
        self.leaves().into_iter().map(|leaf| (leaf.kind, leaf.reason)).collect()
    }

    fn leaves(&self) -> Vec<FootageLeaf> {
        let read = |footage: &FootageIndex, ledger: &Ledger| {
            let leaves = footage.of_alert("alert").iter();
            leaves
                .map(|leaf| Ok(as_footage(*leaf, &ledger.leaf(*leaf)?)?.unwrap()))
                .collect::<Result<Vec<_>, AppError>>()
        };
        self.app.with_footage(read).unwrap()
    }
}

fn evidence() -> Evidence {
    let still = Still { jpeg: b"still".to_vec(), at_us: 0, width: 1, height: 1 };
    let clip =
        Clip { bytes: b"clip".to_vec(), from_us: 0, to_us: 0, width: 1, height: 1, frames: 1 };
    let camera = "C-1".to_owned();
    Evidence { camera, request: 7, around_us: 0, clip: Some(Ok(clip)), still: Ok(still) }
}

#[test]
fn what_came_is_kept_only_if_it_is_allowed_when_it_comes() {
    type Change = fn(&Office);
    let cases: [(&str, Change, [Option<&str>; 2]); 6] = [
        ("nothing changed", |_| (), [None, None]),
        ("no clips any more", |office| office.clips(REGION, false), [None, Some("not-allowed")]),
        (
            "no clips where the camera is",
            |office| {
                office.clips("370202", false);
                let address = "[camera.C-1]\naddress = \"/nowhere.h264\"\nregion = \"370202\"\n";
                office.addresses(address);
            },
            [None, Some("not-allowed")],
        ),
        ("a new mask", |office| office.load("zone", MASK), [Some("mask-changed"), Some("masked")]),
        (
            "the camera is gone",
            |office| office.load(CAMERA_TABLE, "cam,hall,mode,status\nC-1,D-1,duty,removed\n"),
            [Some("not-watched"), Some("not-watched")],
        ),
        (
            "nothing at all",
            |office| {
                let said = Said { clips: Some(false), stills: Some(false), ..Said::default() };
                say(&office.app, &Said { region: REGION.to_owned(), ..said }, None).unwrap();
            },
            [Some("not-allowed"), Some("not-allowed")],
        ),
    ];
    for (what, change, [still, clip]) in cases {
        let office = Office::new();
        let mut clerk = Clerk::load(&office.app).unwrap();
        let pending = Pending { wish: office.wish(0), masks: Vec::new(), until: Millis(i64::MAX) };
        clerk.pending.insert(7, pending);
        change(&office);
        clerk.take(&office.app, &office.hall, evidence()).unwrap();
        let expected =
            [(Form::Still, still.map(str::to_owned)), (Form::Clip, clip.map(str::to_owned))];
        assert_eq!(office.told(), expected, "{what}");
        let kept = office.leaves().iter().filter(|leaf| leaf.sha256.is_some()).count();
        let files = keep::list(&office.app).unwrap().len();
        assert_eq!(kept, files, "{what}");
        office.hall.stop();
    }
}

#[test]
fn only_what_is_not_on_record_is_asked_again_and_not_too_late() {
    for (ago_ms, why) in [(0, "not-watched"), (LATE_MS + 1_000, "too-late")] {
        let office = Office::new();
        let mut clerk = Clerk::load(&office.app).unwrap();
        take::taken(&office.app, &office.wish(0), Form::Still, b"still").unwrap();
        clerk.ask(&office.app, &office.hall, 0, office.wish(ago_ms)).unwrap();
        // No stream is open, so there is none; the still is not asked for twice.
        let expected = [(Form::Still, None), (Form::Clip, Some(why.to_owned()))];
        assert_eq!(office.told(), expected);
        clerk.ask(&office.app, &office.hall, 0, office.wish(ago_ms)).unwrap();
        assert_eq!(office.told(), expected, "both are answered");
    }
}

#[test]
fn a_camera_that_was_removed_still_has_its_department() {
    let office = Office::new();
    assert_eq!(office.hall.dept("C-1"), "D-1");
    office.load(CAMERA_TABLE, "cam,hall,mode,status\nC-2,D-2,duty,active\n");
    office.hall.reconcile(&office.app, false).unwrap();
    assert_eq!((office.hall.dept("C-1"), office.hall.dept("C-2")), ("D-1".into(), "D-2".into()));
    let views = office.hall.views();
    assert_eq!(views.iter().map(|view| &*view.cam).collect::<Vec<_>>(), ["C-2"]);
}

#[test]
fn a_camera_that_could_not_be_taken_is_not_well_and_is_tried_again() {
    let office = Office::new();
    let fault = || vec![("C-1".to_owned(), VideoError::Limit("too much is under way"))];
    let is_settled = |ms: i64| {
        let current = lock(&office.hall.current);
        let made_of = current.made_of.clone().unwrap();
        current.holds(&made_of, Millis(ms))
    };
    assert!(is_settled(i64::MAX), "nothing is wrong");
    lock(&office.hall.current).faulty(fault(), Millis(0));
    assert!(is_settled(0) && !is_settled(RETRY_MS));
    let view = office.hall.views().remove(0);
    assert!(view.fault.as_deref().unwrap().contains("too much"), "{view:?}");
    let seen = CameraView { quality: Some("good".to_owned()), ..view };
    assert!(!seen.is_well());
    assert!(CameraView { fault: None, ..seen }.is_well());
    // It is taken the next time.
    office.hall.reconcile(&office.app, true).unwrap();
    assert!(is_settled(i64::MAX));
    assert_eq!(office.hall.views()[0].fault, None);
}
