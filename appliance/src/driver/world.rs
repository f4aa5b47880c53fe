//! What the plugins of a deployment may see at its place of the log.

use super::{Places, Runner};
use crate::error::AppError;
use crate::table::versions_of;
use plumbline_contract::id::EventSeq;
use plumbline_engine::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tables as they stand before a position, for each variant.
#[derive(Debug)]
pub(super) struct View {
    /// Behind the newest change of a table that counts.
    since: EventSeq,
    worlds: Vec<World>,
    versions: Vec<BTreeMap<String, u32>>,
}

impl Runner {
    /// Turns to the tables that hold for an event at `seq`.
    pub(super) fn look_at(&mut self, places: &Places<'_>, seq: EventSeq) -> Result<(), AppError> {
        let before = places.tables.changes().iter().filter(|(at, _, _)| *at < seq);
        let since = before.map(|(at, _, _)| at.next()).max().unwrap_or_default();
        if self.view.as_ref().is_some_and(|view| view.since == since) {
            return Ok(());
        }
        let tables = Arc::new(places.tables.view(places.log, seq)?);
        let mut view = View { since, worlds: Vec::new(), versions: Vec::new() };
        for variant in self.plan().variants() {
            let granted = Arc::new(variant.grants.tables());
            view.versions.push(versions_of(&*tables, &granted));
            view.worlds.push(World {
                tables: tables.clone(),
                calendars: self.calendars.clone(),
                zone: self.zone.clone(),
                granted_tables: granted,
            });
        }
        self.view = Some(view);
        Ok(())
    }

    fn view(&self) -> &View {
        self.view.as_ref().expect("each step looks at its tables first")
    }

    /// What a variant may see at the present position.
    pub(super) fn world(&self, variant: usize) -> &World {
        &self.view().worlds[variant]
    }

    /// For each variant the versions of the tables that it may read.
    pub(super) fn versions(&self) -> &[BTreeMap<String, u32>] {
        &self.view().versions
    }
}
