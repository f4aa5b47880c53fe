//! FUND-B06 标准不符: a regular payment differs from what was approved for the person, or exceeds
//! the programme's standard.

use super::{Enrolment, Pay, PayKind, Person};
use crate::Params;
use crate::book::Line;
use crate::day::{Month, yuan};
use plumbline_guest::{Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// A payment and what it should have been at most.
struct Wrong<'a> {
    line: &'a Line<Pay>,
    standard: i64,
}

/// One card for each programme and year of the periods.
pub(crate) fn wrong(person: &Person, params: &Params, look: &mut Look<'_>) {
    let mut found: BTreeMap<String, Vec<Wrong<'_>>> = BTreeMap::new();
    let (mut compared, mut is_unknown) = (0, false);
    for line in person.received().filter(|line| line.item.kind == PayKind::Regular) {
        let (prog, month) = (line.item.prog, line.item.month);
        let enrolment = person.enrolment(prog, month);
        let approved = enrolment.and_then(|enrolment| enrolment.std_amount);
        let persons = enrolment.map_or(1, |enrolment| enrolment.persons);
        let listed = person.programme(look, prog, month).and_then(|row| row.amount);
        let listed = listed.map(|amount| amount.saturating_mul(persons));
        let Some(most) = [approved, listed].into_iter().flatten().min() else {
            is_unknown = true;
            continue;
        };
        compared += 1;
        let net = line.item.amount - line.item.supplement;
        let is_over = net > most + params.amount_tolerance;
        let least = approved.unwrap_or(0).min(most) - params.amount_tolerance;
        if is_over || (net < least && !is_share(&line.item, enrolment, month)) {
            let episode = format!("{}/{}", person.words.get(prog), month.year());
            found.entry(episode).or_default().push(Wrong { line, standard: most });
        }
    }
    if found.is_empty() {
        if compared == 0 && is_unknown {
            return look.unknown("std_amount");
        }
        return look.quiet(|| {
            Why::new(
                format!("{compared} 笔常规发放与标准相符"),
                format!("{compared} regular payments agree with the standard"),
            )
            .int("compared", compared)
        });
    }
    for (episode, wrongs) in found {
        let Wrong { line: first, standard } = &wrongs[0];
        let fire = Fire::new(Level::Yellow, first.time)
            .episode(episode)
            .evidence(wrongs.iter().map(|wrong| wrong.line.seq))
            .text("prog", person.words.get(first.item.prog))
            .text("period", &first.item.month.to_string())
            .text("paid_yuan", &yuan(first.item.amount))
            .text("standard_yuan", &yuan(*standard))
            .int("payments", wrongs.len() as i64);
        look.fire_because(fire, || {
            let tolerance = params.amount_tolerance;
            Why::new(
                format!("首笔 {} 与标准 {} 相差超过 {tolerance} 分", first.item.amount, standard),
                format!(
                    "first {} against {} fen, tolerance {tolerance}",
                    first.item.amount, standard
                ),
            )
            .int("paid_fen", first.item.amount)
            .int("supplement_fen", first.item.supplement)
            .int("standard_fen", *standard)
        });
    }
}

/// Whether less than the standard is due: part of a month, at the beginning or the end.
fn is_share(pay: &Pay, enrolment: Option<&Enrolment>, month: Month) -> bool {
    let begins = enrolment.and_then(|enrolment| enrolment.from);
    let begins = begins.is_some_and(|from| from > month.first() && from <= month.last());
    let ends = enrolment.and_then(|enrolment| enrolment.to);
    let ends = ends.is_some_and(|to| to >= month.first() && to < month.last());
    pay.partial || begins || ends
}
