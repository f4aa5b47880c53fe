//! FUND-B02 不符合条件: a benefit is paid for a month in which a register, the age or a status that
//! was known before the entitlement excludes the person.
//!
//! A status that comes later is a late exit (FUND-B05).

use super::{Enrolment, PayKind, Person};
use crate::Params;
use crate::book::Line;
use crate::day::{Month, yuan};
use crate::person::Pay;
use crate::row::{Programme, text};
use plumbline_guest::json::Object;
use plumbline_guest::{Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Most entries of one register that are read for one person.
const ENTRIES_MAX: u32 = 16;
/// The registers of the table `person_register`; other disqualifiers are statuses.
const REGISTERS: [&str; 6] =
    ["payroll", "company_owner", "vehicle", "real_estate", "prison", "social_insurance"];

/// What was found against the payments of a programme.
type Found<'a> = BTreeMap<(String, String), Vec<&'a Line<Pay>>>;

/// One card for each programme and each ground.
pub(crate) fn ineligible(person: &Person, params: &Params, look: &mut Look<'_>) {
    let (mut found, mut months, mut exempt) = (Found::new(), 0, 0);
    let mut is_unknown = false;
    for line in person.received().filter(|line| line.item.kind != PayKind::AfterDeath) {
        let (prog, month) = (line.item.prog, line.item.month);
        let Some(programme) = person.programme(look, prog, month) else {
            is_unknown = true;
            continue;
        };
        let enrolment = person.enrolment(prog, month);
        if enrolment.is_some_and(|enrolment| enrolment.approved) {
            exempt += 1;
            continue;
        }
        months += 1;
        for ground in grounds(person, &programme, enrolment, month, params, look) {
            found.entry((person.words.get(prog).to_owned(), ground)).or_default().push(line);
        }
    }
    if found.is_empty() {
        return match (months, exempt, is_unknown) {
            (0, 0, true) => look.unknown("programme"),
            (0, 1.., _) => look.exempt(|| {
                Why::new("经特批享受", "approved as an exception").int("approved", exempt)
            }),
            _ => look.quiet(|| {
                Why::new(
                    format!("{months} 笔发放，比对未见排除条件"),
                    format!("{months} payments compared, nothing excludes the person"),
                )
                .int("compared", months)
            }),
        };
    }
    for ((prog, ground), lines) in found {
        let level = if ground == "payroll" { Level::Red } else { Level::Yellow };
        let (amount, first) =
            (lines.iter().map(|line| line.item.amount).sum(), lines[0].item.month);
        let fire = Fire::new(level, lines[0].time)
            .episode(format!("{prog}/{ground}"))
            .evidence(lines.iter().map(|line| line.seq))
            .text("prog", &prog)
            .text("ground", &ground)
            .text("since", &first.to_string())
            .int("payments", lines.len() as i64)
            .text("amount_yuan", &yuan(amount));
        look.fire_because(fire, || {
            Why::new(
                format!("{prog} 自 {first} 起与 {ground} 比对相符"),
                format!("{prog} from {first} on matches {ground}"),
            )
        });
    }
}

/// What excludes the person in a month, by the names that the programme gives.
fn grounds(
    person: &Person,
    programme: &Programme,
    enrolment: Option<&Enrolment>,
    month: Month,
    params: &Params,
    look: &Look<'_>,
) -> Vec<String> {
    let excludes = |name: &&String| {
        let (name, least) = match name.split_once(':') {
            Some((name, least)) => (name, least.parse().unwrap_or(1)),
            None => (name.as_str(), 1),
        };
        if REGISTERS.contains(&name) {
            entries(person, name, month, params, look) >= least
        } else {
            is_from_the_start(person, enrolment, name)
        }
    };
    let names = programme.disqualifiers.iter().filter(excludes);
    let mut grounds: Vec<_> =
        names.map(|name| name.split(':').next().unwrap_or_default().to_owned()).collect();
    if is_out_of_age(programme, enrolment, month) {
        grounds.push("age".to_owned());
    }
    grounds
}

/// Entries of a register that were in force when the month began.
fn entries(person: &Person, name: &str, month: Month, params: &Params, look: &Look<'_>) -> usize {
    let prefix = format!("{name}/{}/", person.pid);
    let rows = look.rows("person_register", &prefix, month.first(), ENTRIES_MAX);
    let counts = |row: &&(String, String)| {
        let flag = text(&Object::parse(&row.1), "flag");
        !params.harmless_flags.contains(&flag)
    };
    rows.iter().filter(counts).count()
}

/// Whether the status held already when the entitlement began, and nothing else had come since.
fn is_from_the_start(person: &Person, enrolment: Option<&Enrolment>, name: &str) -> bool {
    let Some(from) = enrolment.and_then(|enrolment| enrolment.from) else { return false };
    let before = person.statuses.iter().map(|line| &line.item);
    let before = before.filter(|status| !status.mismatch && status.from < from);
    before.max_by_key(|status| status.from).is_some_and(|status| status.status == name)
}

fn is_out_of_age(programme: &Programme, enrolment: Option<&Enrolment>, month: Month) -> bool {
    let Some(born) = enrolment.and_then(|enrolment| enrolment.born) else { return false };
    let age = (month.0 - born.0).div_euclid(12);
    let (from, to) = programme.age;
    from.is_some_and(|from| age < from) || to.is_some_and(|to| age > to)
}
