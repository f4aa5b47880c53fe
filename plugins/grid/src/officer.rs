//! One officer's records of one year: GRID-R01 to GRID-R07 but for the way between them.
//!
//! It is fed by facts of the stream `object`, which reads each record once: fingerprints of texts
//! and photos, times and distances. Records of the year before come along, so that their photos
//! and last texts are known; cards are about records of the year itself.

mod batch;
mod contradiction;
mod dwell;
mod offsite;
mod photo;
mod text;

use crate::Params;
use crate::sketch::{self, Sketch};
use plumbline_guest::json::{Value, Writer};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Rule, Stream, apply};
use std::collections::BTreeMap;

/// Records that are kept of an officer and year, those of the year before among them: five on every
/// working day. Beyond it the oldest go, which are those of the year before.
const RECORDS_MAX: usize = 1_200;
/// Photos that are kept, so that a state has room for them: three of each record and some more.
const PHOTOS_MAX: usize = 4_000;
/// Cards of one rule and year about single records; a verdict may hold some more of all rules.
pub(crate) const CARDS_MAX: usize = 40;

/// One record. What was told without a figure has none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Record {
    insp_no: String,
    object: u64,
    rev: i64,
    seq: u64,
    started: Local,
    sketch: Option<Sketch>,
    photos: Vec<Shot>,
    /// The record whose text this one copies: when it began, and its position.
    copy_of: Option<(Local, u64)>,
    reuse: Option<photo::Reuse>,
    odd: Option<photo::Odd>,
    /// None for a record of the year before.
    made: Option<Made>,
}

/// What only a record of the year itself tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Made {
    dept: String,
    ended: Option<Local>,
    uploaded: Local,
    offline: bool,
    /// An inspection on the premises.
    site: bool,
    officers: i64,
    items: i64,
    all_pass: bool,
    acc_m: i64,
    mock: bool,
    located: bool,
    no_gps: bool,
    scan: Option<bool>,
    away_m: Option<i64>,
    radius_m: Option<i64>,
    min_dwell_s: Option<i64>,
}

/// The hashes of a photo.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Shot {
    sha: u64,
    phash: Option<u64>,
}

/// An officer's year.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Diary {
    officer: String,
    year: i32,
    /// In the order in which the inspections began.
    records: Vec<Record>,
    contradictions: BTreeMap<String, contradiction::Contradiction>,
    standout: Option<contradiction::Standout>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Officers;

impl Stream for Officers {
    const NAME: &'static str = "officer";
    type State = Diary;
    type Params = Params;

    fn take(diary: &mut Diary, event: &Event<'_>, params: &Params) {
        diary.officer = event.text("officer").unwrap_or_default();
        diary.year = event.int("year").and_then(|year| i32::try_from(year).ok()).unwrap_or(0);
        // A fact that lacks a field was not written by this plugin and says nothing.
        match event.kind {
            "fact.grid.contradicted" => diary.contradicted(event).unwrap_or_default(),
            "fact.grid.standout" => diary.stands_out(event).unwrap_or_default(),
            _ => diary.record(event, params).unwrap_or_default(),
        }
    }

    fn check(diary: &Diary, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Diary, Params>] = &[
            ("GRID-R01", text::copied),
            ("GRID-R02", photo::reused),
            ("GRID-R04", offsite::absent),
            ("GRID-R05", dwell::hasty),
            ("GRID-R06", batch::uploaded),
            ("GRID-R07", contradiction::refuted),
        ];
        apply(rules, &params.off, diary, params, look);
        diary.tell(look);
    }
}

impl Diary {
    fn record(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let (insp_no, rev) = (event.text("insp_no")?, event.int("rev")?);
        let mut sketch = sketch_of(event);
        let known = self.records.iter().position(|record| record.insp_no == insp_no);
        if let Some(index) = known {
            if self.records[index].rev >= rev {
                return None;
            }
            let gone = self.records.remove(index);
            sketch = sketch.or(gone.sketch);
            photo::forget(&mut self.records, gone.seq, params);
            text::forget(&mut self.records, gone.seq, params);
        }
        if event.flag("gone") == Some(true) {
            return None;
        }
        let photos = event.get("photos").into_iter().flat_map(Value::items);
        let photos: Vec<_> = photos.map(photo::Shown::read).collect();
        let started = Local(event.int("started")?);
        let carried = event.kind == "fact.grid.carry";
        let made = if carried { None } else { Made::read(event) };
        let mut record = Record {
            object: sketch::hash(&event.text("object")?),
            seq: event.int("seq")? as u64,
            odd: made.as_ref().and_then(|made| photo::oddity(started, made, &photos, params)),
            photos: photos.iter().filter_map(photo::Shown::shot).collect(),
            started,
            made,
            insp_no,
            rev,
            sketch,
            copy_of: None,
            reuse: None,
        };
        photo::compare(&mut self.records, &mut record, params);
        text::compare(&mut self.records, &mut record, params);
        let order = |record: &Record| (record.started, record.seq);
        let place = self.records.partition_point(|other| order(other) <= order(&record));
        self.records.insert(place, record);
        if self.records.len() > RECORDS_MAX {
            self.records.remove(0);
        }
        self.forget_photos();
        Some(())
    }

    /// What was found with the photos of the oldest records stays found.
    fn forget_photos(&mut self) {
        let mut count: usize = self.records.iter().map(|record| record.photos.len()).sum();
        for record in &mut self.records {
            if count <= PHOTOS_MAX {
                break;
            }
            count -= record.photos.len();
            record.photos.clear();
        }
    }

    /// Records of the year itself, with what they tell.
    fn own(&self) -> impl Iterator<Item = (&Record, &Made)> {
        self.records.iter().filter_map(|record| Some((record, record.made.as_ref()?)))
    }

    /// Tells at the end of each month how many checks there were and how many passed.
    fn tell(&self, look: &mut Look<'_>) {
        let mut months: BTreeMap<u32, (&str, i64, i64)> = BTreeMap::new();
        for (record, made) in self.own().filter(|(_, made)| made.site && made.items > 0) {
            let month = record.started.day().ymd().1;
            let (_, count, passed) = months.entry(month).or_insert((&made.dept, 0, 0));
            *count += 1;
            *passed += i64::from(made.all_pass);
        }
        for (month, (dept, count, passed)) in months {
            if !look.reached(crate::period::daily_timer(month_end(self.year, month).plus(1))) {
                continue;
            }
            let turn = count << 32 | passed;
            look.fact_of_turn(("tally", &self.officer), (&format!("{month}"), turn), || {
                Writer::default()
                    .text("officer", &self.officer)
                    .text("dept", dept)
                    .int("year", self.year.into())
                    .int("month", month.into())
                    .int("checks", count)
                    .int("passed", passed)
            });
        }
    }
}

/// The last day of a month.
pub(crate) fn month_end(year: i32, month: u32) -> Day {
    let (year, month) = if month >= 12 { (year + 1, 1) } else { (year, month + 1) };
    Day::from_ymd(year, month, 1).map_or(Day::MAX, |first| first.plus(-1))
}

/// `2026-03`, the month of a moment.
pub(crate) fn month_name(at: Local) -> String {
    let (year, month, _) = at.day().ymd();
    format!("{year:04}-{month:02}")
}

fn sketch_of(event: &Event<'_>) -> Option<Sketch> {
    let chars = u32::try_from(event.int("chars")?).ok()?;
    let (simhash, minwise) = (event.int("simhash")? as u64, event.int("minwise")? as u64);
    Some(Sketch { simhash, minwise, chars })
}

impl Made {
    fn read(event: &Event<'_>) -> Option<Self> {
        Some(Self {
            dept: event.text("dept")?,
            ended: event.int("ended").map(Local),
            uploaded: Local(event.int("uploaded")?),
            offline: event.flag("offline")?,
            site: event.flag("site")?,
            officers: event.int("officers")?,
            items: event.int("items")?,
            all_pass: event.flag("all_pass")?,
            acc_m: event.int("acc_m")?,
            mock: event.flag("mock")?,
            located: event.get("lat").is_some(),
            no_gps: event.flag("no_gps") == Some(true),
            scan: event.flag("scan"),
            away_m: event.int("away_m"),
            radius_m: event.int("radius_m"),
            min_dwell_s: event.int("min_dwell_s"),
        })
    }

    /// Seconds on site.
    fn dwell_s(&self, record: &Record) -> Option<i64> {
        Some((self.ended?.0 - record.started.0).max(0) / 1_000)
    }
}
