//! What an object tells other streams: each record to the officer who made it, findings that
//! contradict a record, and in which grid the object lies. It raises nothing.

use super::table::{Checklist, ObjectRow};
use super::visit::{Body, Visit};
use super::{Kind, Object, Said};
use crate::Params;
use crate::sketch::{Sketch, mix};
use plumbline_guest::json::Writer;
use plumbline_guest::{Day, Local, Look};
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// Grid under which objects without a grid are told of.
pub(crate) const NO_GRID: &str = "none";
/// Device under which positions without a device are told of.
const NO_DEVICE: &str = "-";
/// The month whose texts the next year's records are compared with.
const CARRY_MONTH: u32 = 12;

/// Tells each record, again where the record or the object's place was corrected.
pub(super) fn records(object: &Object, params: &Params, look: &mut Look<'_>) {
    for visit in &object.visits {
        for (officer, year) in &visit.former {
            let tag = format!("{officer}/{year}");
            look.fact_of_turn(("record", &visit.insp_no), (&tag, visit.mark() as i64), || {
                let writer = head(object, visit, officer, *year);
                writer.flag("gone", true).text("device_h", NO_DEVICE)
            });
        }
        if let Some(body) = visit.body.as_ref().filter(|body| !body.officer.is_empty()) {
            record(object, visit, body, params, look);
        }
    }
}

fn record(object: &Object, visit: &Visit, body: &Body, params: &Params, look: &mut Look<'_>) {
    let day = visit.started.day();
    let (year, month, _) = day.ymd();
    let site = object.site(day, look);
    let away = body.place.and_then(|place| site.metres_to(place)).map(|metres| metres as i64);
    // A border needs no radius; a centre has the object's own or the region's.
    let radius = if site.corners.len() >= 3 { Some(0) } else { site.radius_m };
    let figures = [away, radius].map(|figure| figure.map_or(0, |metres| metres as u64 + 1));
    let turn = figures.iter().fold(visit.mark(), |turn, figure| mix(turn ^ figure)) as i64;
    let checklist = look.row::<Checklist>(&body.checklist, day);
    let row = look.row::<ObjectRow>(&object.id, day);
    let taken: Vec<_> =
        body.photos.iter().map(|photo| look.stamp(photo.taken.as_deref()?)).collect();
    // Both facts have it, and most looks have neither.
    let sketch = LazyCell::new(|| {
        let templates = checklist.as_ref().map_or(&[][..], |row| &row.templates);
        let name = row.as_ref().map_or("", |row| &row.name);
        body.text.as_ref().map(|text| Sketch::of(text, templates, &[name, &object.id]))
    });
    look.fact_of_turn(("record", &visit.insp_no), ("made", turn), || {
        let writer = made(head(object, visit, &body.officer, year), visit, body);
        let writer = optional(writer, "away_m", away);
        let writer = optional(writer, "radius_m", radius);
        let dwell = checklist.as_ref().and_then(|row| row.min_dwell_s);
        let writer = optional(writer, "min_dwell_s", dwell);
        photos(sketched(writer, *sketch), body, &taken, params)
    });
    if month == CARRY_MONTH || !body.photos.is_empty() {
        look.fact_of_turn(("carry", &visit.insp_no), ("made", turn), || {
            let writer = head(object, visit, &body.officer, year + 1);
            photos(sketched(writer, *sketch), body, &taken, params)
        });
    }
}

fn head(object: &Object, visit: &Visit, officer: &str, year: i32) -> Writer {
    Writer::default()
        .text("officer", officer)
        .int("year", year.into())
        .text("insp_no", &visit.insp_no)
        .text("object", &object.id)
        .int("rev", object.revision)
        .int("seq", visit.seq as i64)
        .int("started", visit.started.0)
}

fn made(writer: Writer, visit: &Visit, body: &Body) -> Writer {
    let device = if body.device.is_empty() { NO_DEVICE } else { &body.device };
    let writer = writer
        .text("dept", &visit.dept)
        .text("device_h", device)
        .int("uploaded", body.uploaded.0)
        .flag("offline", body.offline)
        .flag("site", visit.kind == Kind::Inspection)
        .int("officers", visit.officers.len() as i64)
        .int("items", body.items as i64)
        .flag("all_pass", body.is_all_pass())
        .int("acc_m", body.acc_m)
        .flag("mock", body.mock);
    let writer = match body.place {
        Some(place) => writer.int("lat", place.lat.into()).int("lon", place.lon.into()),
        None => writer.flag("no_gps", body.no_gps),
    };
    let writer = optional(writer, "ended", body.ended.map(|ended| ended.0));
    match visit.scan {
        Some(scan) => writer.flag("scan", scan),
        None => writer,
    }
}

fn sketched(writer: Writer, sketch: Option<Sketch>) -> Writer {
    match sketch {
        Some(Sketch { simhash, minwise, chars }) => writer
            .int("simhash", simhash as i64)
            .int("minwise", minwise as i64)
            .int("chars", chars.into()),
        None => writer,
    }
}

fn photos(writer: Writer, body: &Body, taken: &[Option<Local>], params: &Params) -> Writer {
    let one = |(photo, taken): (&super::visit::Photo, &Option<Local>)| {
        // Pictures of a logo or a certificate may recur: only the camera's clock is looked at.
        let may_recur = params.photo_kinds.contains(&photo.kind);
        let writer = Writer::default().int("camera", photo.camera as i64);
        let writer = optional(writer, "taken", taken.map(|taken| taken.0));
        let writer = writer.flag("no_exif", photo.no_exif).flag("screen", photo.screen);
        if may_recur {
            return writer;
        }
        let writer = writer.int("sha", photo.sha as i64);
        optional(writer, "phash", photo.phash.map(|hash| hash as i64))
    };
    writer.objects("photos", body.photos.iter().zip(taken).map(one))
}

fn optional(writer: Writer, name: &str, value: Option<i64>) -> Writer {
    match value {
        Some(value) => writer.int(name, value),
        None => writer,
    }
}

/// Tells the officer of a record that a finding contradicts: the latest one before it that passed
/// the same items.
pub(super) fn findings(object: &Object, params: &Params, look: &mut Look<'_>) {
    for entry in &object.facts {
        let Said::Finding(finding) = &entry.fact else { continue };
        let Some(items) = finding.items.as_ref().filter(|_| finding.major) else { continue };
        let first = entry.time.day().plus(-params.contradict_d).start();
        let before = |visit: &&Visit| visit.started >= first && visit.started < entry.time;
        let contradicts = |visit: &&Visit| {
            let body = visit.body.as_ref();
            body.is_some_and(|body| body.passed.iter().any(|item| items.contains(item)))
        };
        let visit = object.visits.iter().rev().filter(before).find(contradicts);
        let Some((visit, body)) = visit.and_then(|v| Some((v, v.body.as_ref()?))) else { continue };
        let turn = mix(visit.mark() ^ mix(finding.new_equipment.into())) as i64;
        look.fact_of_turn(("contradicted", &finding.no), ("found", turn), || {
            head(object, visit, &body.officer, visit.started.day().ymd().0)
                .text("finding_no", &finding.no)
                .text("dept", &visit.dept)
                .text("source", &finding.source)
                .flag("new_equipment", finding.new_equipment)
                .int("found", entry.time.0)
                .int("found_seq", entry.seq as i64)
        });
    }
}

/// Tells each grid since when and until when the object lies in it.
pub(super) fn places(object: &Object, look: &mut Look<'_>) {
    let mut grids: BTreeMap<&str, (Option<Day>, Option<Day>)> = BTreeMap::new();
    let cards = object.facts.iter().filter_map(|entry| match &entry.fact {
        Said::Object(card) => Some((entry.time.day(), card)),
        _ => None,
    });
    for (day, card) in cards {
        let Some(grid) = card.grid.as_deref() else { continue };
        let grid = if grid.is_empty() { NO_GRID } else { grid };
        for (known, (since, until)) in &mut grids {
            let stays = *known == grid && card.active;
            if !stays && since.is_some() && until.is_none() {
                *until = Some(day);
            }
        }
        let (since, until) = grids.entry(grid).or_default();
        if card.active && (since.is_none() || until.is_some()) {
            (*since, *until) = (Some(day), None);
        }
    }
    for (grid, (since, until)) in grids {
        let Some(since) = since else { continue };
        let turn = mix(since.0 as u64) ^ until.map_or(0, |until| until.0 as u64 + 1);
        look.fact_of_turn(("placed", &object.id), (grid, turn as i64), || {
            let writer = Writer::default()
                .text("grid_id", grid)
                .text("object", &object.id)
                .int("rev", object.revision)
                .int("since", since.0.into());
            optional(writer, "until", until.map(|day| day.0.into()))
        });
    }
}
