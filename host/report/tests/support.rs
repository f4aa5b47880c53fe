//! What the tests are made of: cases and cards with what matters given and the rest ordinary, a desk
//! with the shipped calendar, tables, and events.

use plumbline_contract::CALENDAR_CSV;
use plumbline_contract::alert::Level;
use plumbline_contract::desk::Desk;
use plumbline_contract::event::Event;
use plumbline_contract::table::{TableRow, TableSet};
use plumbline_contract::time::{Day, Local, Millis, Zone, parse_stamp};
use plumbline_report::cards::{Card, CardState};
use plumbline_report::cases::{Case, Limit};
use plumbline_report::catalogue::{Business, Closing, LimitUnit, Power};

pub(crate) const REGION: &str = "370203";
pub(crate) const DEPT: &str = "D1";
pub(crate) const ITEM: &str = "I1";

/// A local reading, `2026-03-02 09:00`.
pub(crate) fn at(text: &str) -> Local {
    parse_stamp(text).unwrap().local
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A concluded case of an approval: accepted some days before it was decided, limits 20 and 10.
pub(crate) fn case(no: &str, decided: &str) -> Case {
    let decided = at(decided);
    Case {
        kind: "approval".into(),
        power: Some(Power::Licence),
        business: Business::Case,
        service: true,
        no: no.into(),
        first_event: 0,
        dept: DEPT.into(),
        region: REGION.into(),
        item: Some(ITEM.into()),
        item_name: None,
        online: None,
        by_person: None,
        received: Some(Local(decided.0 - 86_400_000)),
        accepted: Some(Local(decided.0 - 86_400_000)),
        decided: Some(decided),
        delivered: None,
        published: None,
        ended: None,
        closing: Some(Closing::Granted),
        steps: Vec::new(),
        tasks: Vec::new(),
        limit: Limit {
            unit: LimitUnit::Working,
            statutory: Some(20),
            promised: Some(20),
            extension: 0,
        },
        extended: false,
        due: Some(decided.day()),
        provisional: false,
        used: Some(20),
        stops: Vec::new(),
        lag_min: 0,
        rating: None,
        incomplete: false,
    }
}

/// So many cases decided on the tenth of a month.
pub(crate) fn cases(count: usize, month: &str) -> Vec<Case> {
    (0..count).map(|n| case(&format!("{month}-{n}"), &format!("{month}-10 10:00"))).collect()
}

/// A card that was upheld a week after it was raised.
pub(crate) fn card(id: &str, rule: &str, level: Level, raised: &str) -> Card {
    let raised = at(raised);
    Card {
        id: id.to_owned(),
        rule: rule.to_owned(),
        key: format!("key-{id}"),
        level,
        worst: level,
        region: REGION.to_owned(),
        dept: DEPT.to_owned(),
        officer: None,
        item: Some(ITEM.to_owned()),
        step: None,
        parties: Vec::new(),
        at: raised,
        issued: raised,
        late: false,
        state: CardState::Upheld,
        explained: None,
        appealed: None,
        upheld: Some(Local(raised.0 + 7 * 86_400_000)),
        withdrawn: None,
        reason: None,
        leaf: 0,
    }
}

/// The shipped calendar, item `I1` with a promise of 10 and a limit of 20 working days, and an
/// expert review of 5 that stops its clock.
pub(crate) fn tables() -> TableSet {
    let mut tables = TableSet::default();
    let rows = CALENDAR_CSV.lines().skip(1).map(|line| {
        let mut fields = line.split(',');
        let (date, kind, occasion) =
            (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let json = format!(r#"{{"date":"{date}","kind":"{kind}","occasion":"{occasion}"}}"#);
        TableRow { key: date.to_owned(), from: None, to: None, json }
    });
    tables.put("calendar", 1, rows);
    let item = |key: &str, from: &str, to: Option<&str>, promised: i32| TableRow {
        key: key.to_owned(),
        from: Day::parse(from),
        to: to.and_then(Day::parse),
        json: format!(
            r#"{{"item_code":"{key}","name":"食品经营许可","item_type":"XK","promised_wd":{promised},"statutory_wd":20}}"#
        ),
    };
    let old = item(ITEM, "2020-01-01", Some("2026-02-28"), 15);
    tables.put("item", 1, [old, item(ITEM, "2026-03-01", None, 10)]);
    let stop = TableRow {
        key: format!("{ITEM}/expert_review"),
        from: None,
        to: None,
        json: r#"{"item_code":"I1","kind":"expert_review","max_wd":5}"#.to_owned(),
    };
    tables.put("item_special_link", 1, [stop]);
    tables
}

pub(crate) fn desk() -> Desk {
    Desk::open(&tables(), REGION, DEPT).unwrap()
}

/// An event of a case, recorded when it happened.
pub(crate) fn event(id: &str, kind: &str, time: &str, data: &str) -> Event {
    let time = Zone::shanghai().instant(at(time));
    Event {
        id: id.to_owned(),
        source: "test".to_owned(),
        kind: kind.to_owned(),
        subject: String::new(),
        time,
        recorded: time,
        corrected: None,
        logged: Millis(time.0),
        region: REGION.to_owned(),
        dept: DEPT.to_owned(),
        serial: None,
        actor: None,
        dataversion: 1,
        data: data.to_owned(),
    }
}
