//! All complaints about one officer in one matter: CPL-R01 重复投诉. One person who complains in
//! several ways counts once. It tells an earlier complaint that the same came again (CPL-R02), even
//! where nobody linked the two.

use crate::Params;
use crate::complaint::{again_fact, flag};
use crate::shelf::{Item, Shelf};
use crate::told::Told;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most complaints about one officer and matter that are kept: a hundred cards and more.
const COMPLAINTS_MAX: usize = 400;

/// What tells two complaints apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Filed {
    complaint_no: String,
    /// Keyed hash; empty if anonymous, `None` if not reported.
    person: Option<String>,
    title: Option<u64>,
    new_facts: Option<bool>,
}

impl Filed {
    /// Whether anything is known by which it could be the same as another one.
    fn is_known(&self) -> bool {
        self.person.as_ref().is_some_and(|person| !person.is_empty() || self.title.is_some())
    }

    fn is_same(&self, other: &Self, bits: u32) -> bool {
        let alike = match (self.title, other.title) {
            (Some(one), Some(two)) => Some((one ^ two).count_ones() <= bits),
            _ => None,
        };
        if self.complaint_no == other.complaint_no {
            return true;
        }
        match (&self.person, &other.person) {
            // One person with the same title, or with none to tell.
            (Some(one), Some(two)) if !one.is_empty() && one == two => alike != Some(false),
            // Nobody signs: the same words are the same complaint.
            (Some(one), Some(two)) if one.is_empty() || two.is_empty() => alike == Some(true),
            _ => false,
        }
    }
}

/// The same complaint, come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Repeat {
    prior: String,
    by: String,
    at: Local,
    seq: u64,
    new_facts: Option<bool>,
}

/// The complaints.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Target {
    filed: Shelf<Filed>,
    repeats: Told<Repeat>,
}

impl Target {
    /// The complaint of each class that came first, and what repeats one before it.
    fn classes(&self, bits: u32) -> (Vec<&Item<Filed>>, BTreeMap<String, Repeat>) {
        let mut classes: Vec<(&Item<Filed>, &Item<Filed>)> = Vec::new();
        let mut repeats = BTreeMap::new();
        for item in self.filed.iter().filter(|item| item.fact.is_known()) {
            let same = classes.iter_mut().find(|(first, _)| first.fact.is_same(&item.fact, bits));
            let Some((_, last)) = same else {
                classes.push((item, item));
                continue;
            };
            let (prior, by) = (last.fact.complaint_no.clone(), item.fact.complaint_no.clone());
            *last = item;
            if prior != by {
                let name = format!("{prior}/{by}");
                let (at, seq, new_facts) = (item.time, item.seq, item.fact.new_facts);
                repeats.insert(name, Repeat { prior, by, at, seq, new_facts });
            }
        }
        (classes.into_iter().map(|(first, _)| first).collect(), repeats)
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Targets;

impl Stream for Targets {
    const NAME: &'static str = "target";
    type State = Target;
    type Params = Params;

    fn take(target: &mut Target, event: &Event<'_>, params: &Params) {
        let title = event.text("title_sim");
        let filed = Filed {
            complaint_no: event.text("complaint_no").unwrap_or_default(),
            person: event.text("person_h"),
            title: title.and_then(|title| u64::from_str_radix(title.trim(), 16).ok()),
            new_facts: event.flag("new_facts"),
        };
        if target.filed.put(event, filed, COMPLAINTS_MAX) {
            let (_, repeats) = target.classes(params.title_bits);
            target.repeats.set(repeats);
        }
    }

    fn check(target: &Target, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Target, Params>] = &[("CPL-R01", repeated)];
        apply(rules, &params.off, target, params, look);
        for (name, repeat, turn) in target.repeats.turns() {
            let numbers = name.split_once('/').unwrap_or((name, ""));
            let (prior, by) = match repeat {
                Some(repeat) => (repeat.prior.as_str(), repeat.by.as_str()),
                None => numbers,
            };
            look.fact_of_turn(("again", prior), (name, turn), || {
                again_fact(prior, by, "match", turn, repeat.map(|repeat| (repeat.at, repeat.seq)))
                    .append(flag(repeat.and_then(|repeat| repeat.new_facts)))
            });
        }
    }
}

/// CPL-R01: so many different complaints within the window; each counts in one card.
fn repeated(target: &Target, params: &Params, look: &mut Look<'_>) {
    let (first, _) = target.classes(params.title_bits);
    let (needed, days) = (params.repeat_n.max(1), params.repeat_days);
    let mut open: Vec<&Item<Filed>> = Vec::new();
    let mut cards = 0;
    for item in &first {
        open.retain(|earlier| item.time.day() <= earlier.time.day().plus(days));
        open.push(item);
        if open.len() < needed {
            continue;
        }
        cards += 1;
        let numbers: Vec<_> = open.iter().map(|item| item.fact.complaint_no.as_str()).collect();
        let fire = Fire::new(Level::Yellow, item.time)
            .episode(numbers[0])
            .dept(&item.dept)
            .evidence(open.iter().map(|item| item.seq))
            .int("count", open.len() as i64)
            .int("days", days.into())
            .texts("complaints", numbers.iter().copied());
        look.fire_because(fire, || {
            Why::new(
                format!("{days} 日内不同投诉 {} 件，第 {needed} 件起为黄牌", open.len()),
                format!(
                    "{} different complaints in {days} days, yellow from {needed} on",
                    open.len()
                ),
            )
            .count("needed", needed)
        });
        open.clear();
    }
    if cards > 0 {
        return;
    }
    let unknown = target.filed.iter().any(|item| !item.fact.is_known());
    if unknown && target.filed.len() >= needed {
        return look.unknown("person_h");
    }
    look.quiet(|| {
        let count = first.len();
        Why::new(
            format!("不同投诉 {count} 件，{days} 日内不足 {needed} 件"),
            format!("{count} different complaints, fewer than {needed} within {days} days"),
        )
        .count("different", count)
        .count("filed", target.filed.len())
        .count("needed", needed)
    });
}
