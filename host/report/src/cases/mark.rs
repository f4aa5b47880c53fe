//! What is kept of one event of a case, and the names in it as numbers.

use crate::catalogue::{Act, Closing};
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Day, Local};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most officers that are kept of one act: two enforce, a third may sign.
pub(super) const OFFICERS_MAX: usize = 3;

/// See the module. A name with number 0 is absent.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Fingerprint of the fact: the same for all its versions.
    pub(super) fact: u64,
    pub(super) version: u32,
    pub(super) act: Act,
    pub(super) starts: bool,
    pub(super) at: Local,
    /// When a step began, where it says so.
    pub(super) begun: Option<Local>,
    /// Minutes from the act to its entry.
    pub(super) lag_min: i32,
    pub(super) officer: [u32; OFFICERS_MAX],
    pub(super) label: u32,
    pub(super) item: u32,
    pub(super) dept: u32,
    pub(super) region: u32,
    pub(super) number: Option<i32>,
    /// Carries the number of a written notice.
    pub(super) told: bool,
    pub(super) due: Option<Day>,
    pub(super) closing: Option<Closing>,
    /// Came in online; `None` where nothing is said.
    pub(super) online: Option<bool>,
    /// A natural person applied; `None` where nothing is said.
    pub(super) by_person: Option<bool>,
}

/// A case as it is known so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) no: Arc<str>,
    /// Position of its first event in the log.
    pub(super) first: EventSeq,
    pub(super) marks: Vec<Mark>,
}

/// Names as numbers: departments, regions, officers, items, steps.
#[derive(Debug)]
pub(super) struct Names {
    ids: BTreeMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl Default for Names {
    fn default() -> Self {
        let none: Arc<str> = "".into();
        Self { ids: BTreeMap::from([(none.clone(), 0)]), all: vec![none] }
    }
}

impl Names {
    pub(super) fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let (id, name): (u32, Arc<str>) = (self.all.len() as u32, name.into());
        self.all.push(name.clone());
        self.ids.insert(name, id);
        id
    }

    pub(super) fn get(&self, id: u32) -> Arc<str> {
        self.all[id as usize].clone()
    }

    pub(super) fn find(&self, id: u32) -> Option<Arc<str>> {
        (id != 0).then(|| self.get(id))
    }
}
