//! One numbered thing and the lists that hold it. It raises nothing; it answers the stream
//! `measure` of the later list (CMP-P03).

use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Stream};
use std::collections::BTreeMap;

/// Lists of one thing that are compared: more than any thing is seized in its life.
const LISTS_MAX: usize = 100;

/// What a list says of the thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Held {
    from: Local,
    to: Option<Local>,
    turn: i64,
    /// The earlier list that held it at the same time, as it was told; how often that changed.
    told: Option<String>,
    told_turn: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Thing {
    item_no: String,
    /// By number of the list.
    lists: BTreeMap<String, Held>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Items;

impl Stream for Items {
    const NAME: &'static str = "item";
    type State = Thing;
    type Params = Params;

    fn take(thing: &mut Thing, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        if thing.put(event).is_some() {
            thing.compare();
        }
    }

    fn check(thing: &Thing, _: &Params, look: &mut Look<'_>) {
        for (list_no, held) in thing.lists.iter().filter(|(_, held)| held.told_turn > 0) {
            let turn = (thing.item_no.as_str(), held.told_turn);
            look.fact_of_turn(("doubled", list_no), turn, || {
                Writer::default()
                    .text("list_no", list_no)
                    .text("item_no", &thing.item_no)
                    .text("other", held.told.as_deref().unwrap_or(""))
                    .flag("doubled", held.told.is_some())
                    .int("turn", held.told_turn)
            });
        }
    }
}

impl Thing {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let list_no = event.text("list_no")?;
        let (from, turn) = (Local(event.int("from")?), event.int("turn")?);
        let to = event.int("to").map(Local);
        self.item_no = event.text("item_no")?;
        let is_full = self.lists.len() >= LISTS_MAX && !self.lists.contains_key(&list_no);
        if is_full {
            return None;
        }
        let new = Held { from, to, turn, told: None, told_turn: 0 };
        let held = self.lists.entry(list_no).or_insert(new);
        if held.turn <= turn {
            (held.from, held.to, held.turn) = (from, to, turn);
        }
        Some(())
    }

    /// A list doubles an earlier one that had not let go of the thing when it was taken again.
    fn compare(&mut self) {
        let lists: Vec<_> = self
            .lists
            .iter()
            .filter(|(_, held)| held.to.is_none_or(|to| to > held.from))
            .map(|(list_no, held)| (held.from, list_no.clone(), held.to))
            .collect();
        for (list_no, held) in &mut self.lists {
            let is_empty = held.to.is_some_and(|to| to <= held.from);
            let earlier = lists.iter().filter(|(from, other, to)| {
                (*from, other) < (held.from, list_no) && to.is_none_or(|to| to > held.from)
            });
            let found = earlier.min().filter(|_| !is_empty).map(|(_, other, _)| other.clone());
            if held.told != found {
                held.told = found;
                held.told_turn += 1;
            }
        }
    }
}
