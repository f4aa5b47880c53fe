//! FUND-B04 一人多领: one person is paid twice for a programme and month, or in programmes that
//! exclude each other.

use super::{Pay, PayKind, Person};
use crate::Params;
use crate::book::Line;
use crate::day::{Month, yuan};
use crate::word::WordId;
use plumbline_guest::{Fire, Level, Look, Why};
use std::collections::{BTreeMap, BTreeSet};

type ByMonth<'a> = BTreeMap<Month, Vec<&'a Line<Pay>>>;

/// One card for each programme, and for each pair of programmes.
pub(crate) fn twice(person: &Person, params: &Params, look: &mut Look<'_>) {
    let mut by_prog: BTreeMap<WordId, ByMonth<'_>> = BTreeMap::new();
    for line in person.received().filter(|line| line.item.kind == PayKind::Regular) {
        let months = by_prog.entry(line.item.prog).or_default();
        months.entry(line.item.month).or_default().push(line);
    }
    let mut found = false;
    for (prog, months) in &by_prog {
        let doubled: ByMonth<'_> = months
            .iter()
            .filter(|(_, lines)| is_doubled(lines))
            .map(|(month, lines)| (*month, lines.clone()))
            .collect();
        if !doubled.is_empty() {
            found = true;
            report(person, person.words.get(*prog), &doubled, params, look);
        }
    }
    for ((one, other), months) in exclusive(person, &by_prog, look) {
        found = true;
        let names = BTreeSet::from([person.words.get(one), person.words.get(other)]);
        let name = names.into_iter().collect::<Vec<_>>().join("+");
        report(person, &name, &months, params, look);
    }
    if !found {
        let (progs, months) = (by_prog.len(), by_prog.values().map(BTreeMap::len).sum());
        look.quiet(|| {
            Why::new(
                format!("{progs} 个项目 {months} 个所属期，未见重复"),
                format!("{progs} programmes and {months} periods, none paid twice"),
            )
            .count("programmes", progs)
            .count("periods", months)
        });
    }
}

/// Shares of a month, for instance from two villages after a move, are no double payment.
fn is_doubled(lines: &[&Line<Pay>]) -> bool {
    lines.len() > 1 && lines.iter().any(|line| !line.item.partial)
}

/// Months in which both of two programmes paid that exclude each other.
fn exclusive<'a>(
    person: &Person,
    by_prog: &BTreeMap<WordId, ByMonth<'a>>,
    look: &Look<'_>,
) -> Vec<((WordId, WordId), ByMonth<'a>)> {
    let mut pairs = Vec::new();
    for (one, months) in by_prog {
        for (other, others) in by_prog.range(one + 1..) {
            let excludes = |a: WordId, b: WordId, month| {
                let row = person.programme(look, a, month);
                row.is_some_and(|row| row.exclusive_with.iter().any(|x| x == person.words.get(b)))
            };
            let both = months.iter().filter_map(|(month, lines)| {
                let others = others.get(month)?;
                let clash = excludes(*one, *other, *month) || excludes(*other, *one, *month);
                let all = || lines.iter().chain(others).copied().collect::<Vec<_>>();
                // Moving from one programme to the other in the middle of a month is lawful.
                let is_move = lines.iter().chain(others).all(|line| line.item.partial);
                (clash && !is_move).then(|| (*month, all()))
            });
            let both: ByMonth<'_> = both.collect();
            if !both.is_empty() {
                pairs.push(((*one, *other), both));
            }
        }
    }
    pairs
}

/// Of each month the largest payment is taken for the rightful one.
fn report(person: &Person, name: &str, months: &ByMonth<'_>, params: &Params, look: &mut Look<'_>) {
    let red = params.double_red_months;
    let level = if months.len() >= red { Level::Red } else { Level::Yellow };
    let mut lines: Vec<_> = months.values().flatten().copied().collect();
    lines.sort_by_key(|line| (line.time, line.identity()));
    let villages: BTreeSet<_> =
        lines.iter().map(|line| person.words.get(line.item.village)).collect();
    let excess: i64 = months
        .values()
        .map(|lines| {
            let sum: i64 = lines.iter().map(|line| line.item.amount).sum();
            let largest = lines.iter().map(|line| line.item.amount).max().unwrap_or(0);
            sum - largest
        })
        .sum();
    let second = months.values().filter_map(|lines| lines.iter().map(|line| line.time).nth(1));
    let at = second.min().unwrap_or(lines[0].time);
    let fire = Fire::new(level, at)
        .episode(name)
        .evidence(lines.iter().map(|line| line.seq))
        .text("prog", name)
        .int("months", months.len() as i64)
        .text("amount_yuan", &yuan(excess));
    let villages = villages.into_iter().filter(|village| !village.is_empty()).count();
    look.fire_because(fire, || {
        let months = months.len();
        Why::new(
            format!(
                "{name}：{months} 个所属期重复（{red} 个起红牌），涉及 {villages} 个村（社区）"
            ),
            format!("{name}: {months} periods twice (red from {red} on), {villages} villages"),
        )
        .count("double_red_months", red)
        .count("villages", villages)
    });
}
