//! Who reads payloads of which types, and how far they have come: what somebody still has to read is
//! not dropped.

use crate::app::{App, Past};
use crate::driver::{Loader, Prepared};
use crate::error::{AppError, Kind};
use plumbline_contract::event::{Event, REBUILD_TYPE, Rebuild, SETTING_TYPE};
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_kernel::{Deployment, Mode};
use std::collections::{BTreeMap, BTreeSet};

/// Events read at once.
const READ_AT_ONCE: usize = 4096;

/// A deployment that has not ended, live or shadow, at work or standing still.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) deployment: Deployment,
    /// The next event that it reads.
    at: EventSeq,
    /// With its packages now and before; `None` if one of them cannot be read any more.
    plans: Option<Vec<Prepared>>,
}

#[derive(Debug)]
pub(super) struct Readers {
    all: Vec<Reader>,
    /// By type: all who may see it have come so far.
    floors: BTreeMap<String, EventSeq>,
}

impl Reader {
    /// Whether a package of the deployment, now or before, looks at this type. Of one that cannot be
    /// asked everything is kept.
    pub(super) fn may_see(&self, kind: &str) -> bool {
        let sees = |one: &Prepared| one.plan.may_see(std::iter::once(kind));
        self.plans.as_ref().is_none_or(|plans| plans.iter().any(sees))
    }
}

impl Readers {
    pub(super) fn of(app: &App) -> Result<Self, AppError> {
        let settings = app.settings();
        let reader = |deployment: Deployment| {
            let at = app.store().cursor(deployment.id)?.seq.max(deployment.from);
            let plans = settings.of(deployment.id).map(|(_, one)| Past(app).prepare(one).ok());
            let plans = plans.collect();
            Ok(Reader { deployment, at, plans })
        };
        let all = settings.running().into_iter().map(reader);
        let all = all.collect::<Result<_, AppError>>()?;
        Ok(Self { all, floors: BTreeMap::new() })
    }

    /// Whether everybody who may see the type has come past the position.
    pub(super) fn have_read(&mut self, kind: &str, seq: EventSeq) -> bool {
        if let Some(floor) = self.floors.get(kind) {
            return seq < *floor;
        }
        let at = self.all.iter().filter(|reader| reader.may_see(kind)).map(|reader| reader.at);
        let floor = at.min().unwrap_or(EventSeq(u64::MAX));
        self.floors.insert(kind.to_owned(), floor);
        seq < floor
    }

    /// The live ones that may have seen one of these types.
    pub(super) fn live_of<'a>(
        &'a self,
        kinds: &'a BTreeMap<String, EventSeq>,
    ) -> impl Iterator<Item = &'a Deployment> {
        self.of_kinds(kinds)
            .map(|reader| &reader.deployment)
            .filter(|deployment| deployment.mode == Mode::Live)
    }

    fn of_kinds<'a>(
        &'a self,
        kinds: &'a BTreeMap<String, EventSeq>,
    ) -> impl Iterator<Item = &'a Reader> {
        self.all.iter().filter(|reader| kinds.keys().any(|kind| reader.may_see(kind)))
    }

    /// Refuses while one of those concerned has a change or a rebuild before it: what that asks for
    /// may need what is to be dropped.
    pub(super) fn refuse_undriven(
        &self,
        app: &App,
        kinds: &BTreeMap<String, EventSeq>,
    ) -> Result<(), AppError> {
        let ids: BTreeSet<_> = self.of_kinds(kinds).map(|reader| reader.deployment.id).collect();
        let Some(mut next) = self.of_kinds(kinds).map(|reader| reader.at).min() else {
            return Ok(());
        };
        loop {
            let rows = app.store().read(next, READ_AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            next = last.seq.next();
            for row in &rows {
                let Some(id) = asked(&row.event)?.filter(|id| ids.contains(id)) else { continue };
                let before = |reader: &&Reader| reader.deployment.id == id && reader.at <= row.seq;
                if let Some(reader) = self.all.iter().find(before) {
                    let detail = format!("{} {}", reader.deployment.plugin, row.seq);
                    return Err(AppError::new(Kind::Refused, "retention-undriven", detail));
                }
            }
        }
    }
}

/// The deployment that an event changes or asks to fold anew.
fn asked(event: &Event) -> Result<Option<DeploymentId>, AppError> {
    let damaged = |error| AppError::new(Kind::Integrity, "store-corrupt", error);
    Ok(match event.kind.as_str() {
        REBUILD_TYPE => {
            let rebuild: Rebuild = serde_json::from_str(&event.data).map_err(damaged)?;
            Some(rebuild.deployment)
        }
        SETTING_TYPE => {
            let changed: Deployment = serde_json::from_str(&event.data).map_err(damaged)?;
            Some(changed.id)
        }
        _ => None,
    })
}
