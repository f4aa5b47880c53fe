//! GRID-R02 照片复用: photos that were used before, and what cameras say of time.

use super::{CARDS_MAX, Diary, Made, Record, Shot, month_name};
use crate::Params;
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Fire, Level, Local, Look, Why};
use std::collections::{BTreeMap, BTreeSet};

/// The closest earlier use of one of a record's photos. The order of the fields is that of
/// closeness: fewest bits, then the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Reuse {
    /// None for the very same file.
    bits: Option<u32>,
    at: Local,
    seq: u64,
}

/// Compares the photos of a record with those of all others: each record knows the closest earlier
/// use, whatever the order of arrival.
pub(super) fn compare(others: &mut [Record], record: &mut Record, params: &Params) {
    for other in others {
        if is_same_visit(other, record) {
            continue;
        }
        let Some(bits) = closest(&other.photos, &record.photos, params) else { continue };
        let is_later = (record.started, record.seq) > (other.started, other.seq);
        let (later, earlier) =
            if is_later { (&mut *record, &*other) } else { (&mut *other, &*record) };
        let reuse = Reuse { bits, at: earlier.started, seq: earlier.seq };
        if later.reuse.is_none_or(|known| reuse < known) {
            later.reuse = Some(reuse);
        }
    }
}

/// Looks anew for those that pointed at a record that is gone.
pub(super) fn forget(records: &mut [Record], seq: u64, params: &Params) {
    let pointed = |record: &Record| record.reuse.is_some_and(|reuse| reuse.seq == seq);
    for index in 0..records.len() {
        if !pointed(&records[index]) {
            continue;
        }
        let found = {
            let record = &records[index];
            let earlier = records[..index].iter().filter(|other| !is_same_visit(other, record));
            let reuses = earlier.filter_map(|other| {
                let bits = closest(&other.photos, &record.photos, params)?;
                Some(Reuse { bits, at: other.started, seq: other.seq })
            });
            reuses.min()
        };
        records[index].reuse = found;
    }
}

/// Several records of one object and day may share photos.
fn is_same_visit(a: &Record, b: &Record) -> bool {
    a.object == b.object && a.started.day() == b.started.day()
}

fn closest(a: &[Shot], b: &[Shot], params: &Params) -> Option<Option<u32>> {
    let mut least: Option<Option<u32>> = None;
    for one in a {
        for other in b {
            let bits = match (one.sha, other.sha, one.phash, other.phash) {
                (one, other, ..) if one == other => None,
                (_, _, Some(one), Some(other)) => Some((one ^ other).count_ones()),
                _ => continue,
            };
            let is_near = bits.is_none_or(|bits| bits <= params.photo_bits);
            if is_near && least.is_none_or(|known| bits < known) {
                least = Some(bits);
            }
        }
    }
    least
}

/// GRID-R02: red for the same file, yellow for the same picture, notice for what the camera says.
pub(super) fn reused(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    let reusing = diary.own().filter_map(|(record, made)| Some((record, made, record.reuse?)));
    let mut cards = 0;
    for (record, made, reuse) in reusing.take(CARDS_MAX) {
        cards += 1;
        let (level, zh, en) = match reuse.bits {
            None => (Level::Red, "同一文件", "the same file"),
            Some(_) => (Level::Yellow, "同一画面", "the same picture"),
        };
        let fire = Fire::new(level, record.started)
            .episode(&record.insp_no)
            .subject(&diary.officer)
            .dept(&made.dept)
            .evidence([reuse.seq, record.seq])
            .text(
                "zh",
                &format!("检查 {} 的照片与 {} 的检查为{zh}", record.insp_no, reuse.at.day()),
            )
            .text(
                "en",
                &format!("a photo of {} is {en} as one of {}", record.insp_no, reuse.at.day()),
            );
        look.fire_because(fire, || {
            let why = Why::new(zh, en).at("used_at", reuse.at).text("insp_no", &record.insp_no);
            match reuse.bits {
                Some(bits) => why.int("bits", bits).int("bits_max", params.photo_bits),
                None => why,
            }
        });
    }
    cards += cameras(diary, params, look);
    if cards == 0 {
        look.quiet(|| {
            let photos: usize = diary.records.iter().map(|record| record.photos.len()).sum();
            Why::new(
                format!("比对照片 {photos} 张，未见复用"),
                format!("{photos} photos compared, none used before"),
            )
            .count("photos", photos)
        });
    }
}

/// What is odd about the cameras of a record, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Odd {
    Clock,
    Screen,
    Cameras,
    NoTime,
}

/// A photo as it is told.
#[derive(Debug)]
pub(super) struct Shown {
    sha: Option<u64>,
    phash: Option<u64>,
    taken: Option<Local>,
    no_exif: bool,
    camera: u64,
    screen: bool,
}

impl Shown {
    pub(super) fn read(photo: Value<'_>) -> Self {
        let photo = photo.object();
        let int = |name| photo.get(name).and_then(Value::int);
        let flag = |name| photo.get(name).and_then(Value::bool) == Some(true);
        Self {
            sha: int("sha").map(|sha| sha as u64),
            phash: int("phash").map(|hash| hash as u64),
            taken: int("taken").map(Local),
            no_exif: flag("no_exif"),
            camera: int("camera").unwrap_or(0) as u64,
            screen: flag("screen"),
        }
    }

    /// What is compared; nothing of a picture that may recur.
    pub(super) fn shot(&self) -> Option<Shot> {
        Some(Shot { sha: self.sha?, phash: self.phash })
    }
}

/// A clock outside the visit, a picture of a screen, more cameras than officers, no time at all.
pub(super) fn oddity(
    started: Local,
    made: &Made,
    photos: &[Shown],
    params: &Params,
) -> Option<Odd> {
    let first = started.plus_minutes(-params.exif_min);
    let last = made.ended.map(|ended| ended.plus_minutes(params.exif_min));
    let outside = |photo: &Shown| {
        let taken = photo.taken.zip(last);
        taken.is_some_and(|(taken, last)| taken < first || taken > last)
    };
    let cameras = photos.iter().map(|photo| photo.camera).filter(|camera| *camera != 0);
    let cameras = cameras.collect::<BTreeSet<_>>().len() as i64;
    let odd = [
        photos.iter().any(outside).then_some(Odd::Clock),
        photos.iter().any(|photo| photo.screen).then_some(Odd::Screen),
        (cameras > made.officers.max(1)).then_some(Odd::Cameras),
        photos.iter().any(|photo| photo.no_exif).then_some(Odd::NoTime),
    ];
    odd.into_iter().flatten().min()
}

impl Odd {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Clock => ("拍摄时间不在检查时段内", "taken outside the time of the visit"),
            Self::Screen => ("翻拍屏幕", "a picture of a screen"),
            Self::Cameras => ("拍摄设备多于检查人员", "more cameras than officers"),
            Self::NoTime => ("照片没有拍摄时间", "photos without the time of the camera"),
        }
    }
}

/// One notice a month: messengers strip what cameras write, so it is a hint and no more.
fn cameras(diary: &Diary, params: &Params, look: &mut Look<'_>) -> usize {
    let mut months: BTreeMap<String, Vec<(&Record, &Made, Odd)>> = BTreeMap::new();
    for (record, made) in diary.own() {
        let Some(odd) = record.odd else { continue };
        months.entry(month_name(record.started)).or_default().push((record, made, odd));
    }
    let cards = months.len();
    for (month, odd) in months {
        let Some((first, made, what)) = odd.first() else { continue };
        let (zh, en) = what.words();
        let fire = Fire::new(Level::Notice, first.started)
            .episode(format!("exif/{month}"))
            .subject(&diary.officer)
            .dept(&made.dept)
            .evidence(odd.iter().map(|(record, ..)| record.seq))
            .text(
                "zh",
                &format!("{} 条记录的照片信息异常，首条 {}：{zh}", odd.len(), first.insp_no),
            )
            .text(
                "en",
                &format!("odd photos in {} records, first {}: {en}", odd.len(), first.insp_no),
            );
        look.fire_because(fire, || {
            Why::new(zh, en).count("records", odd.len()).int("exif_min", params.exif_min)
        });
    }
    cards
}
