//! PEN-P01 and P02: who acted in the case, with which certificate, and how many they were.

use super::certificate::{Part, Standing};
use super::fact::{Fact, at};
use super::simple::SimpleRow;
use super::view::Case;
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Entry, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Kinds of evidence that need no officer beside the party: a machine made it, or it is paper.
const WITHOUT_OFFICERS: [&str; 2] = ["e_device", "doc"];

/// The certificates that the case names, by officer.
fn certs<'a>(case: &Case<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut certs = BTreeMap::new();
    for entry in case.facts {
        let Fact::Assigned(said) = &entry.fact else { continue };
        let (Some(officers), Some(numbers)) = (&said.officers, &said.certs) else { continue };
        for (nth, officer) in officers.iter().enumerate() {
            // A list that is there and names none for an officer says that there is none.
            let number = numbers.get(nth).map_or("", String::as_str);
            certs.entry(officer.as_str()).or_insert(number);
        }
    }
    certs
}

/// The officers that an act names, if it does, and its region; none of what is no officers' act.
fn named(fact: &Fact) -> Option<(Option<&[String]>, &str)> {
    let (officers, region) = match fact {
        Fact::Assigned(said) => (&said.officers, &said.region),
        Fact::Evidence(said) => (&said.officers, &said.region),
        Fact::Decided(said) => (&said.officers, &said.region),
        _ => return None,
    };
    Some((officers.as_deref(), region))
}

fn part<'a>(
    entry: &'a Entry<Fact>,
    officer: &'a str,
    region: &'a str,
    certs: &BTreeMap<&'a str, &'a str>,
) -> Part<'a> {
    let cert = certs.get(officer).copied();
    Part { officer, cert, at: at(entry), dept: &entry.dept, region }
}

/// PEN-P01 执法证无效: an officer of the case without a certificate that is valid for the day, the
/// department, the region and the domain. Each officer has an alert.
pub(crate) fn uncertified(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let certs = certs(case);
    let mut found: BTreeMap<&str, (Defects, &str)> = BTreeMap::new();
    let (mut parts, mut unknown) = (0_usize, None);
    for entry in case.facts {
        let Some((officers, region)) = named(&entry.fact) else { continue };
        let Some(officers) = officers else {
            unknown = Some("officers");
            continue;
        };
        for officer in officers {
            parts += 1;
            match case.judged.judge(entry.seq, part(entry, officer, region, &certs), look) {
                Standing::Valid => {}
                Standing::Unknown(field) => unknown = Some(field),
                Standing::Invalid(zh, en) => {
                    let day = at(entry).day();
                    let (defects, dept) = found.entry(officer).or_default();
                    let proof = (Level::Red, at(entry), entry.seq);
                    defects.add(proof, format!("{day} {zh}"), format!("{en} on {day}"));
                    *dept = &entry.dept;
                }
            }
        }
    }
    if found.is_empty() {
        return match unknown {
            Some(field) => look.unknown(field),
            None => look.quiet(|| {
                Why::new(
                    format!("{parts} 人次执法，执法证均有效"),
                    format!("{parts} parts of officers, each with a valid certificate"),
                )
                .count("parts", parts)
            }),
        };
    }
    for (officer, (defects, dept)) in found {
        let finish = |fire: Fire| {
            let fire = fire.episode(officer).subject(format!("{}/{officer}", case.case_no));
            fire.dept(dept).text("officer", officer)
        };
        defects.fire(look, finish, |_| Why::default());
    }
}

/// PEN-P02 少于两人: evidence that fewer than two officers with valid certificates took. Who
/// cannot be judged counts as valid.
pub(crate) fn too_few(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let mut taken = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Evidence(said) if !WITHOUT_OFFICERS.contains(&&*said.kind) => Some((entry, said)),
        _ => None,
    });
    let taken: Vec<_> = taken.by_ref().collect();
    let Some((_, first)) = taken.first() else {
        return look.quiet(|| {
            Why::new("没有须两人取证的证据", "no evidence that needs two officers")
                .flag("evidence", false)
        });
    };
    if may_be_one(case, look) {
        return look.exempt(|| {
            Why::new("当场处罚可以一人执法", "one officer is enough on the spot")
                .flag("one_officer", true)
        });
    }
    // Whether it was decided on the spot may still be on its way.
    if !look.reached(first.logged.plus_minutes(params.limits.step_grace_min)) {
        return look
            .quiet(|| Why::new("等待迟到记录", "waiting for late lines").flag("waiting", true));
    }
    let certs = certs(case);
    let (mut defects, mut unknown) = (Defects::default(), false);
    for (entry, said) in &taken {
        let Some(officers) = &said.officers else {
            unknown = true;
            continue;
        };
        let mut distinct: Vec<_> = officers.iter().filter(|officer| !officer.is_empty()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let is_valid = |officer: &&&String| {
            let part = part(entry, officer, &said.region, &certs);
            !matches!(case.judged.judge(entry.seq, part, look), Standing::Invalid(..))
        };
        let valid = distinct.iter().filter(is_valid).count();
        if valid < 2 {
            let number = &said.number;
            defects.add(
                (Level::Red, entry.time, entry.seq),
                format!("证据 {number}（{}）有效执法人员 {valid} 人", said.kind),
                format!("evidence {number} ({}) by {valid} valid officers", said.kind),
            );
        }
    }
    if defects.is_empty() && unknown {
        return look.unknown("officers");
    }
    let count = taken.len();
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        Why::new(
            format!("须两人取证的证据 {count} 件"),
            format!("{count} pieces of evidence that need two officers"),
        )
        .count("evidence", count)
        .int("officers_min", 2)
    });
}

fn may_be_one(case: &Case<'_>, look: &Look<'_>) -> bool {
    if case.is_simple() != Some(true) {
        return false;
    }
    let row = SimpleRow::find(case.dept(), case.party_kind(), case.law_day(), look);
    row.is_some_and(|row| row.one_officer)
}
