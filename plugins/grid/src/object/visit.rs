//! One inspection as its record tells it.

use crate::place::Place;
use crate::sketch::{self, TEXT_CHARS_MAX};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local};

/// Photos of one record that are compared.
const PHOTOS_MAX: usize = 16;
/// Items of one checklist that are kept.
const ITEMS_MAX: usize = 200;

/// How the object was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Kind {
    Inspection,
    /// Does not enter the premises; a grid worker may do it.
    Patrol,
    Remote,
}

/// What is kept of an inspection as long as the object is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Visit {
    pub(crate) insp_no: String,
    pub(crate) seq: u64,
    pub(crate) identity: u64,
    version: u32,
    recorded: Local,
    pub(crate) started: Local,
    pub(crate) dept: String,
    pub(crate) region: String,
    pub(crate) officers: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) task: Option<String>,
    /// None if not reported, empty if there is none; so is `scan`.
    pub(crate) plan_no: Option<String>,
    pub(crate) scan: Option<bool>,
    pub(crate) basis: String,
    pub(crate) joint: bool,
    pub(crate) domain: Option<String>,
    pub(crate) cert_nos: Option<Vec<String>>,
    pub(crate) lab_pending: bool,
    /// Officers to whom an earlier version was told, with the year.
    pub(crate) former: Vec<(String, i32)>,
    pub(crate) body: Option<Body>,
}

/// The record itself, kept of the latest inspections.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Body {
    /// Who made the record.
    pub(crate) officer: String,
    pub(crate) ended: Option<Local>,
    /// When the record was made: by the device, else in the source system.
    pub(crate) uploaded: Local,
    pub(crate) offline: bool,
    pub(crate) place: Option<Place>,
    /// Latitude was reported, and empty.
    pub(crate) no_gps: bool,
    pub(crate) acc_m: i64,
    pub(crate) mock: bool,
    pub(crate) device: String,
    pub(crate) checklist: String,
    /// Items, and those that passed.
    pub(crate) items: usize,
    pub(crate) passed: Vec<u64>,
    pub(crate) failed: usize,
    pub(crate) text: Option<String>,
    pub(crate) photos: Vec<Photo>,
}

/// One photo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Photo {
    pub(crate) sha: u64,
    pub(crate) phash: Option<u64>,
    /// Time of the camera as written; it is read where the zone is known.
    pub(crate) taken: Option<String>,
    /// The time of the camera was reported, and empty.
    pub(crate) no_exif: bool,
    pub(crate) camera: u64,
    pub(crate) screen: bool,
    pub(crate) kind: String,
}

impl Visit {
    /// Reads the record; none without a number.
    pub(crate) fn read(event: &Event<'_>) -> Option<Self> {
        let insp_no = event.text("insp_no").filter(|number| !number.is_empty())?;
        let officers = event.texts("officers").unwrap_or_default();
        let started = event.stamp("started").unwrap_or(event.time);
        let kind = match event.text("kind").as_deref() {
            Some("patrol") => Kind::Patrol,
            Some("remote") => Kind::Remote,
            _ => Kind::Inspection,
        };
        let basis = event.text("basis").unwrap_or_default();
        Some(Self {
            insp_no,
            seq: event.seq,
            identity: event.identity,
            version: event.version,
            recorded: event.recorded,
            started,
            dept: event.dept.to_owned(),
            region: event.region.to_owned(),
            kind,
            task: event.text("task").filter(|task| !task.is_empty()),
            plan_no: event.text("plan_no"),
            scan: event.text("scan_code").map(|code| !code.is_empty()),
            joint: event.flag("joint") == Some(true) || basis == "joint",
            basis,
            domain: event.text("domain").filter(|domain| !domain.is_empty()),
            cert_nos: event.texts("cert_nos"),
            lab_pending: event.flag("lab_pending") == Some(true),
            former: Vec::new(),
            body: Some(Body::read(event, &officers)),
            officers,
        })
    }

    /// Whether it takes the place of another record of the same number: a higher version does, and
    /// of two uploads the first one stays.
    pub(crate) fn replaces(&self, known: &Self) -> bool {
        if self.identity == known.identity {
            return self.version > known.version;
        }
        (self.recorded, self.identity) < (known.recorded, known.identity)
    }

    /// Takes over what an earlier version was told under.
    pub(crate) fn follow(&mut self, earlier: Self) {
        self.former = earlier.former;
        if let Some(body) = &earlier.body {
            let told = (body.officer.clone(), earlier.started.day().ymd().0);
            let own = self.body.as_ref().map(|body| &body.officer);
            let is_same = own == Some(&told.0) && self.started.day().ymd().0 == told.1;
            if !is_same && !self.former.contains(&told) {
                self.former.push(told);
            }
        }
    }

    /// A version number for what is told, with the upload that it came from.
    pub(crate) fn mark(&self) -> u64 {
        sketch::mix(self.identity ^ u64::from(self.version))
    }

    /// Whether the text names something: `None` if not reported.
    pub(crate) fn has_plan(&self) -> Option<bool> {
        self.plan_no.as_ref().map(|number| !number.is_empty())
    }
}

impl Body {
    fn read(event: &Event<'_>, officers: &[String]) -> Self {
        let filled = |name| event.text(name).filter(|text: &String| !text.is_empty());
        let actor = officers.iter().find(|officer| *officer == event.actor);
        let officer = filled("officer").or_else(|| actor.or(officers.first()).cloned());
        let (mut passed, mut items, mut failed) = (Vec::new(), 0, 0);
        for item in event.get("checklist").into_iter().flat_map(Value::items) {
            let item = item.object();
            items += 1;
            match text(&item, "result").as_deref() {
                Some("pass") if passed.len() < ITEMS_MAX => {
                    passed.push(sketch::hash(&text(&item, "item").unwrap_or_default()));
                }
                Some("fail") => failed += 1,
                _ => {}
            }
        }
        let checklist = format!(
            "{}/{}",
            event.text("checklist_code").unwrap_or_default(),
            event.text("checklist_ver").unwrap_or_default()
        );
        let photos = event.get("photos").into_iter().flat_map(Value::items);
        let text = event.text("text");
        Self {
            officer: officer.unwrap_or_default(),
            ended: event.stamp("ended"),
            uploaded: event.stamp("created_at").unwrap_or(event.recorded),
            offline: event.flag("offline") == Some(true),
            place: super::place(event, "lat", "lon"),
            no_gps: event.get("lat").is_some_and(Value::is_empty),
            acc_m: event.get("acc_m").and_then(Value::float).map_or(0, |acc| acc as i64).max(0),
            mock: event.flag("mock_location") == Some(true),
            device: filled("device_h").unwrap_or_default(),
            checklist,
            items,
            passed,
            failed,
            text: text.map(|text| text.chars().take(TEXT_CHARS_MAX).collect()),
            photos: photos.take(PHOTOS_MAX).filter_map(Photo::read).collect(),
        }
    }

    /// Every item passed, and there are items.
    pub(crate) fn is_all_pass(&self) -> bool {
        self.items > 0 && self.passed.len() == self.items.min(ITEMS_MAX)
    }
}

impl Photo {
    fn read(photo: Value<'_>) -> Option<Self> {
        let photo = photo.object();
        let sha = text(&photo, "sha256").filter(|sha| !sha.is_empty())?;
        let phash = text(&photo, "phash").and_then(|hex| u64::from_str_radix(&hex, 16).ok());
        let taken = photo.get("exif_at");
        let stamp = text(&photo, "exif_at").filter(|stamp| !stamp.is_empty());
        Some(Self {
            sha: sketch::hash(&sha),
            phash: phash.filter(|hash| *hash != 0),
            taken: stamp,
            no_exif: taken.is_some_and(Value::is_empty),
            camera: text(&photo, "camera_h").map_or(0, |camera| sketch::hash(&camera)),
            screen: photo.get("screen").and_then(Value::bool) == Some(true),
            kind: text(&photo, "kind").unwrap_or_default(),
        })
    }
}

fn text(row: &Object<'_>, name: &str) -> Option<String> {
    row.get(name)?.text().map(std::borrow::Cow::into_owned)
}
