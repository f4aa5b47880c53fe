//! What one key tells others, or hears from them, with turns: a thing that was told and holds no
//! more is taken back, and of two tellings the later turn counts, whatever the order of arrival.

use plumbline_guest::serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing; `None` once it was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Turn<V> {
    value: Option<V>,
    turn: i64,
}

/// Things by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Told<V> {
    turns: BTreeMap<String, Turn<V>>,
}

impl<V> Default for Told<V> {
    fn default() -> Self {
        Self { turns: BTreeMap::new() }
    }
}

impl<V: PartialEq> Told<V> {
    /// Sets all things that hold now; every other one is taken back.
    pub(crate) fn set(&mut self, mut now: BTreeMap<String, V>) {
        for (name, turn) in &mut self.turns {
            let value = now.remove(name);
            if turn.value != value {
                turn.value = value;
                turn.turn += 1;
            }
        }
        let new = now.into_iter().map(|(name, value)| (name, Turn { value: Some(value), turn: 1 }));
        self.turns.extend(new);
    }

    /// Hears one thing. A name beyond `max` is not taken in: the list is long enough to tell.
    pub(crate) fn hear(&mut self, name: String, value: Option<V>, turn: i64, max: usize) {
        let is_full = self.turns.len() >= max;
        match self.turns.get_mut(&name) {
            Some(known) if known.turn >= turn => {}
            Some(known) => *known = Turn { value, turn },
            None if is_full => {}
            None => {
                self.turns.insert(name, Turn { value, turn });
            }
        }
    }

    /// Everything with its turn, what was taken back included.
    pub(crate) fn turns(&self) -> impl Iterator<Item = (&str, Option<&V>, i64)> {
        self.turns.iter().map(|(name, turn)| (name.as_str(), turn.value.as_ref(), turn.turn))
    }

    /// What holds.
    pub(crate) fn holding(&self) -> impl Iterator<Item = (&str, &V)> {
        self.turns.iter().filter_map(|(name, turn)| Some((name.as_str(), turn.value.as_ref()?)))
    }
}
