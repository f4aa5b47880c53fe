//! FUND-B05 停发滞后: payments go on for longer than the grace after the reason to stop was known.

use super::{PayKind, Person};
use crate::Params;
use crate::day::{Month, yuan};
use crate::word::WordId;
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::{BTreeMap, BTreeSet};

/// Why payments had to stop, and the day on which that was known.
struct Reason {
    prog: WordId,
    name: String,
    known: Day,
}

/// One card for each programme and reason.
pub(crate) fn late(person: &Person, params: &Params, look: &mut Look<'_>) {
    let (reasons, is_unknown) = reasons(person, look);
    let mut found = BTreeMap::new();
    for reason in &reasons {
        let last = Month::of(reason.known).plus(params.exit_months);
        let later: Vec<_> = person
            .received()
            .filter(|line| line.item.prog == reason.prog && line.item.month > last)
            .filter(|line| line.item.kind != PayKind::AfterDeath)
            .filter(|line| !is_back(person, reason, line.item.month))
            .collect();
        let prog = person.words.get(reason.prog);
        if !later.is_empty() {
            // Of two reasons of one name the earlier one tells the whole delay.
            found.entry(format!("{prog}/{}", reason.name)).or_insert((reason, last, later));
        }
    }
    if found.is_empty() {
        if reasons.is_empty() && is_unknown {
            return look.unknown("programme");
        }
        let (count, months) = (reasons.len(), params.exit_months);
        return look.quiet(|| {
            Why::new(
                format!("{count} 项停发事由，均在 {months} 个月内停发"),
                format!("{count} reasons to stop, all followed within {months} months"),
            )
            .count("reasons", count)
            .int("exit_months", months)
        });
    }
    for (episode, (reason, last, later)) in found {
        let newest = later.iter().map(|line| line.item.month).max().unwrap_or(last);
        let amount: i64 = later.iter().map(|line| line.item.amount).sum();
        let fire = Fire::new(Level::Yellow, later[0].time)
            .episode(episode)
            .evidence(later.iter().map(|line| line.seq))
            .text("prog", person.words.get(reason.prog))
            .text("reason", &reason.name)
            .day("known", reason.known)
            .text("paid_period", &newest.to_string())
            .int("payments", later.len() as i64)
            .text("amount_yuan", &yuan(amount));
        look.fire_because(fire, || {
            let months = params.exit_months;
            Why::new(
                format!("最迟可发至 {last}（{months} 个月），仍发至 {newest}"),
                format!("payable to {last} ({months} months), paid up to {newest}"),
            )
            .text("last_period", &last.to_string())
        });
    }
}

/// Exits and ends of entitlements of every programme that paid, and statuses that exclude from it.
/// A death is not among them: that is FUND-B01. Also tells whether a programme's row was missing.
fn reasons(person: &Person, look: &Look<'_>) -> (Vec<Reason>, bool) {
    let progs: BTreeSet<_> = person.received().map(|line| line.item.prog).collect();
    let mut is_unknown = false;
    let mut reasons: Vec<Reason> = person
        .enrolments
        .iter()
        .filter_map(|line| {
            let known = line.item.to.filter(|_| progs.contains(&line.item.prog))?;
            Some(Reason { prog: line.item.prog, name: "exit".to_owned(), known })
        })
        .collect();
    let statuses = person.statuses.iter().map(|line| &line.item);
    for status in statuses.filter(|status| !status.mismatch && status.status != "dead") {
        for prog in &progs {
            match person.programme(look, *prog, Month::of(status.from)) {
                None => is_unknown = true,
                Some(row) if row.disqualifiers.contains(&status.status) => {
                    let (name, known) = (status.status.clone(), status.known_on);
                    reasons.push(Reason { prog: *prog, name, known });
                }
                Some(_) => {}
            }
        }
    }
    reasons.sort_by_key(|reason| reason.known);
    (reasons, is_unknown)
}

/// Whether the person was entitled anew, or the status was over, by the month.
fn is_back(person: &Person, reason: &Reason, month: Month) -> bool {
    let (known, last) = (reason.known, month.last());
    let enrolled = person.enrolments.iter().map(|line| &line.item).any(|enrolment| {
        let is_later = |from: Day| from > known && from <= last;
        enrolment.prog == reason.prog && enrolment.from.is_some_and(is_later)
    });
    let other =
        person.statuses.iter().map(|line| &line.item).any(|status| {
            status.from > known && status.from <= last && status.status != reason.name
        });
    enrolled || (other && reason.name != "exit")
}
