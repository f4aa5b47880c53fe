//! One list of sealed, seized or frozen things, from taking to lifting. The rules over it stand in
//! `duration` and `scope`; whether a thing stands in two lists is compared in `item`.

use super::{duration, scope};
use crate::Params;
use plumbline_guest::json::{Value, Writer};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Local, Look, Rule, Stream, apply};
use std::collections::BTreeMap;

/// Events of one list that are kept: hundreds of partial liftings fit, and 256 KiB hold them.
const FACTS_MAX: usize = 400;
/// Numbered things of one list that are compared with other lists.
const ITEMS_MAX: usize = 200;
/// Longest number of a thing that is compared, and longest name that is cited, bytes and characters:
/// nothing real is longer.
const ITEM_BYTES_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 40;
/// Names that an alert cites of one defect.
const NAMES_MAX: usize = 16;
/// Lines of the taking itself that are kept: a list is made once, the rest are repeats.
const TAKINGS_MAX: usize = 8;

/// What one event says of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Act {
    Taken(Box<Taken>),
    Extended(Extension),
    Lifted {
        partial: bool,
        item_nos: Vec<String>,
    },
    Decided,
    TestingStarted {
        /// `None` if not reported.
        told: Option<bool>,
        est_days: Option<i32>,
    },
    TestingEnded,
}

/// What was taken. `None` is not reported.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Taken {
    pub(crate) has_items: bool,
    item_nos: Vec<String>,
    /// Names of things that have nothing to do with the case, and of daily necessities.
    pub(crate) unrelated: Vec<String>,
    pub(crate) necessities: Vec<String>,
    /// Fen.
    pub(crate) value: Option<i64>,
    pub(crate) expected_penalty: Option<i64>,
    pub(crate) indivisible: bool,
    /// Calendar days that another law allows.
    pub(crate) own_limit: Option<i32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Extension {
    pub(crate) days: Option<i32>,
    pub(crate) told: Option<bool>,
    /// Whether a name or a rank is given and found lacking.
    pub(crate) unapproved: bool,
    pub(crate) rank: Option<String>,
}

/// A thing of this list: since when, until when, and how often that has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Hold {
    from: Local,
    to: Option<Local>,
    turn: i64,
}

/// That a thing stands in another list too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Double {
    pub(crate) doubled: bool,
    pub(crate) other: String,
    turn: i64,
    pub(crate) seq: u64,
}

/// The list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Measure {
    pub(crate) acts: Facts<Act>,
    list_no: String,
    holds: BTreeMap<String, Hold>,
    pub(crate) doubles: BTreeMap<String, Double>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Measures;

impl Stream for Measures {
    const NAME: &'static str = "measure";
    type State = Measure;
    type Params = Params;

    fn take(measure: &mut Measure, event: &Event<'_>, _: &Params) {
        if event.kind == "fact.powers.doubled" {
            // A fact that lacks a field was not written by this plugin and says nothing.
            return measure.told(event).unwrap_or_default();
        }
        let Some(act) = read(event) else { return };
        let takings = measure.acts.iter().filter(|entry| matches!(entry.fact, Act::Taken(_)));
        let is_repeat = matches!(act, Act::Taken(_)) && takings.count() >= TAKINGS_MAX;
        if event.version == 1 && (is_repeat || measure.acts.len() >= FACTS_MAX) {
            return;
        }
        measure.list_no = event.text("list_no").unwrap_or_default();
        measure.acts.put(event, act);
        measure.hold();
    }

    fn check(measure: &Measure, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Measure, Params>] =
            &[("CMP-T01", duration::exceeded), ("CMP-P03", scope::exceeded)];
        apply(rules, &params.off, measure, params, look);
        for (item_no, hold) in &measure.holds {
            look.fact_of_turn(("held", item_no), (&measure.list_no, hold.turn), || {
                let data = Writer::default()
                    .text("item_no", item_no)
                    .text("list_no", &measure.list_no)
                    .int("from", hold.from.0)
                    .int("turn", hold.turn);
                hold.to.into_iter().fold(data, |data, to| data.int("to", to.0))
            });
        }
    }
}

impl Measure {
    /// The taking: a list is made once.
    pub(crate) fn taken(&self) -> Option<(&Entry<Act>, &Taken)> {
        self.acts.iter().find_map(|entry| match &entry.fact {
            Act::Taken(taken) => Some((entry, &**taken)),
            _ => None,
        })
    }

    /// When the whole list was lifted or decided on.
    pub(crate) fn ended(&self) -> Option<&Entry<Act>> {
        self.acts
            .iter()
            .find(|entry| matches!(entry.fact, Act::Decided | Act::Lifted { partial: false, .. }))
    }

    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let double = Double {
            doubled: event.flag("doubled")?,
            other: event.text("other")?,
            turn: event.int("turn")?,
            seq: event.seq,
        };
        let item_no = event.text("item_no")?;
        if self.doubles.get(&item_no).is_none_or(|known| known.turn <= double.turn) {
            self.doubles.insert(item_no, double);
        }
        Some(())
    }

    /// Notes for each numbered thing from when to when it is held.
    fn hold(&mut self) {
        let mut now: BTreeMap<String, (Local, Option<Local>)> = BTreeMap::new();
        if let Some((entry, taken)) = self.taken() {
            let ended = self.ended().map(|ended| ended.time);
            for item_no in taken.item_nos.iter().take(ITEMS_MAX) {
                let given_back = self.acts.iter().find_map(|act| match &act.fact {
                    Act::Lifted { item_nos, .. } if item_nos.contains(item_no) => Some(act.time),
                    _ => None,
                });
                let to = [ended, given_back].into_iter().flatten().min();
                now.insert(item_no.clone(), (entry.time, to));
            }
        }
        // What a correction took off the list is held for no time at all.
        for (item_no, hold) in &self.holds {
            now.entry(item_no.clone()).or_insert((hold.from, Some(hold.from)));
        }
        for (item_no, (from, to)) in now {
            let hold = self.holds.entry(item_no).or_insert(Hold { from, to, turn: 0 });
            if (hold.from, hold.to) != (from, to) {
                *hold = Hold { from, to, turn: hold.turn + 1 };
            }
        }
    }
}

fn read(event: &Event<'_>) -> Option<Act> {
    let days = |name| event.int(name).and_then(|days| i32::try_from(days).ok());
    let told = || super::case::flag(event, "told");
    Some(match event.kind {
        "coercion.measure.taken" => Act::Taken(Box::new(taken(event))),
        "coercion.measure.extended" => Act::Extended(Extension {
            days: days("days"),
            told: told(),
            unapproved: event.text("approver").is_some_and(|name| name.trim().is_empty()),
            rank: event.text("approver_rank"),
        }),
        "coercion.measure.lifted" => Act::Lifted {
            partial: event.flag("partial").unwrap_or(false),
            item_nos: event.texts("item_nos").unwrap_or_default(),
        },
        "coercion.measure.decided" => Act::Decided,
        "coercion.testing.started" => {
            Act::TestingStarted { told: told(), est_days: days("est_days") }
        }
        "coercion.testing.ended" => Act::TestingEnded,
        _ => return None,
    })
}

fn taken(event: &Event<'_>) -> Taken {
    let items = event.get("items");
    let own_limit = event.int("limit_days").and_then(|days| i32::try_from(days).ok());
    let has_basis = event.text("limit_basis").is_some_and(|basis| !basis.trim().is_empty());
    let mut taken = Taken {
        has_items: items.is_some(),
        item_nos: Vec::new(),
        unrelated: Vec::new(),
        necessities: Vec::new(),
        value: event.int("value"),
        expected_penalty: event.int("expected_penalty"),
        indivisible: event.flag("indivisible").unwrap_or(false),
        own_limit: own_limit.filter(|days| *days > 0 && has_basis),
    };
    for item in items.into_iter().flat_map(Value::items).map(Value::object) {
        let text = |name| item.get(name).and_then(Value::text).unwrap_or_default().into_owned();
        let flag = |name| item.get(name).and_then(Value::bool);
        let name = || text("name").chars().take(NAME_CHARS_MAX).collect::<String>();
        let item_no = text("item_no");
        let has_number = (1..=ITEM_BYTES_MAX).contains(&item_no.len());
        if has_number && taken.item_nos.len() < ITEMS_MAX {
            taken.item_nos.push(item_no);
        }
        if flag("related") == Some(false) && taken.unrelated.len() < NAMES_MAX {
            taken.unrelated.push(name());
        }
        if flag("necessity") == Some(true) && taken.necessities.len() < NAMES_MAX {
            taken.necessities.push(name());
        }
    }
    taken
}
