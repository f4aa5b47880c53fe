//! Replay: derives every alert anew from the log and compares it byte for byte with the ledger.

use crate::app::{App, Past};
use crate::base;
use crate::driver::{Places, Reader, Runner, Step};
use crate::error::{AppError, Kind};
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex};
use plumbline_kernel::{Deployment, Mode, StandingAlert};
use plumbline_store::{KeyId, MemoryStore, Store};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Leaves taken from the replay at once.
const LEAVES_AT_ONCE: usize = 4096;
/// Leaves read from the ledger at once: a few hundred KiB.
const SEALED_AT_ONCE: u64 = 512;

/// What a replay of one deployment found.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    pub deployment: u16,
    pub plugin: String,
    /// Where it began: 0, or the place up to which old payloads were dropped after a last replay.
    pub from: u64,
    pub events: u64,
    /// Alert leaves that came out the same, byte for byte.
    pub same: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// The first leaf that differs.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Position in the ledger; the end of the ledger if the replay gives more.
    pub leaf: Option<u64>,
    pub ledger: Option<String>,
    pub replay: Option<String>,
}

/// Replays all live deployments.
///
/// A deployment that an administrator has changed is replayed with the packages and the parameters
/// that were in force at each place of the log.
///
/// # Errors
/// If the log, the ledger or a package cannot be read.
pub fn replay(app: &App) -> Result<Vec<Replayed>, AppError> {
    let _history = app.keep_history();
    let (size, standing) = standing(app)?;
    let one = |(deployment, end): &(_, _)| Ok(derive(app, deployment, size, *end)?.replayed);
    standing.iter().map(one).collect()
}

/// What a replay derives.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) replayed: Replayed,
    /// States at the end.
    pub(crate) states: MemoryStore,
    /// The leaf after which each alert stands.
    pub(crate) alerts: BTreeMap<(KeyId, String), AlertLeaf>,
    /// Up to where in the ledger leaves were compared.
    pub(crate) leaf: u64,
}

/// Sealed leaves, and how far each live deployment has come with them: read while nobody drives,
/// because cursors and ledger belong together.
pub(crate) fn standing(app: &App) -> Result<(u64, Vec<(Deployment, EventSeq)>), AppError> {
    let _turn = app.take_turn();
    app.settle()?;
    app.with_runners(|_| standing_now(app))
}

/// As [`standing`], for who keeps everybody from driving.
pub(crate) fn standing_now(app: &App) -> Result<(u64, Vec<(Deployment, EventSeq)>), AppError> {
    app.seal()?;
    let size = app.with_ledger(|ledger| ledger.checkpoint().size());
    let live = app.deployments().into_iter().filter(|one| one.mode == Mode::Live);
    let end = |deployment: Deployment| {
        let cursor = app.store().cursor(deployment.id)?;
        Ok((deployment, cursor.seq))
    };
    Ok((size, live.map(end).collect::<Result<Vec<_>, AppError>>()?))
}

/// Replays one deployment up to `end`, against the first `size` leaves of the ledger: from the start
/// of the log, or from where its base was laid.
pub(crate) fn derive(
    app: &App,
    deployment: &Deployment,
    size: u64,
    end: EventSeq,
) -> Result<Derived, AppError> {
    let replayed = Replayed {
        deployment: deployment.id.0,
        plugin: deployment.plugin.clone(),
        from: 0,
        events: 0,
        same: 0,
        difference: None,
    };
    let (states, alerts) = (MemoryStore::new(), BTreeMap::new());
    let mut derived = Derived { replayed, states, alerts, leaf: 0 };
    let runner = beginning(app, deployment, &mut derived)?;
    std::thread::scope(|scope| {
        let reader = Reader::beside(scope, app.store());
        run(app, (runner, reader), &mut derived, (size, end))
    })?;
    Ok(derived)
}

/// Runs to the end of what was sealed, or to the first difference.
fn run(
    app: &App,
    (mut runner, reader): (Runner, Reader),
    derived: &mut Derived,
    (size, end): (u64, EventSeq),
) -> Result<(), AppError> {
    runner.replays();
    runner.reads_beside(reader);
    let mut wanted = Sealed {
        deployment: runner.deployment().id,
        at: derived.leaf,
        size,
        taken: 0,
        next: VecDeque::new(),
    };
    let (tables, past) = (app.tables(), Past(app));
    loop {
        let (log, states, loader) = (app.store(), &derived.states, &past);
        let places = Places { log, states, tables: &tables, loader, end, lazy: true };
        let step = runner.step(&places)?;
        compare(app, derived, &mut wanted)?;
        match step {
            _ if derived.replayed.difference.is_some() => return Ok(()),
            Step::Idle => break,
            Step::Moved { events } => derived.replayed.events += events as u64,
        }
    }
    if let Some(sealed) = wanted.next(app)? {
        let ledger = Some(String::from_utf8_lossy(&sealed.bytes).into_owned());
        let leaf = Some(sealed.index);
        derived.replayed.difference = Some(Difference { leaf, ledger, replay: None });
    }
    derived.leaf = wanted.at;
    Ok(())
}

/// The runner of a replay, with what the base holds taken over.
fn beginning(
    app: &App,
    deployment: &Deployment,
    derived: &mut Derived,
) -> Result<Runner, AppError> {
    let settings = app.settings();
    let mut backdated = settings.backdated(deployment.id);
    let Some(base) = base::load(app, deployment.id)? else {
        let first = settings.of(deployment.id).next();
        let first = first.map_or(deployment, |(_, first)| first).clone();
        let mut runner = Past(app).runner(first)?;
        runner.goes_back(backdated);
        return Ok(runner);
    };
    let (said, then) = settings.at(deployment.id, base.at).cloned().ok_or_else(|| {
        AppError::new(Kind::Integrity, "store-corrupt", format!("deployment {}", deployment.id))
    })?;
    backdated.retain(|(at, one)| one.since.unwrap_or(*at) > base.at);
    let mut runner = Past(app).runner(then)?.said_at(said);
    runner.goes_back(backdated);
    base.lay(&derived.states, deployment.id, |_, _| true)?;
    (derived.leaf, derived.replayed.from) = (base.leaf, base.at.0);
    derived.alerts = base.alerts.into_iter().map(base::placed).collect();
    Ok(runner)
}

fn compare(app: &App, derived: &mut Derived, wanted: &mut Sealed) -> Result<(), AppError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    loop {
        let leaves = derived.states.leaves(LeafIndex(wanted.taken), LEAVES_AT_ONCE)?;
        let Some((last, _)) = leaves.last() else { return Ok(()) };
        wanted.taken = last.0 + 1;
        for (_, leaf) in &leaves {
            match wanted.next(app)? {
                Some(sealed) if sealed.bytes == *leaf => {
                    derived.replayed.same += 1;
                    note(sealed.alert, &mut derived.alerts);
                }
                other => {
                    let index = other.as_ref().map(|sealed| sealed.index);
                    let ledger = other.as_ref().map(|sealed| text(&sealed.bytes));
                    let replay = Some(text(leaf));
                    derived.replayed.difference = Some(Difference { leaf: index, ledger, replay });
                    return Ok(());
                }
            }
        }
        derived.states.drop_leaves(LeafIndex(wanted.taken))?;
    }
}

fn note(leaf: AlertLeaf, alerts: &mut BTreeMap<(KeyId, String), AlertLeaf>) {
    let (place, leaf) = base::placed(leaf);
    match StandingAlert::after(&leaf) {
        Some(_) => drop(alerts.insert(place, leaf)),
        None => drop(alerts.remove(&place)),
    }
}

/// A sealed leaf of an alert.
struct SealedAlert {
    index: u64,
    bytes: Vec<u8>,
    alert: AlertLeaf,
}

/// The sealed alert leaves of one deployment, in order.
struct Sealed {
    deployment: DeploymentId,
    at: u64,
    size: u64,
    /// Leaves taken from the replay so far.
    taken: u64,
    /// Read ahead.
    next: VecDeque<SealedAlert>,
}

impl Sealed {
    fn next(&mut self, app: &App) -> Result<Option<SealedAlert>, AppError> {
        while self.next.is_empty() && self.at < self.size {
            let until = self.size.min(self.at + SEALED_AT_ONCE);
            app.with_ledger(|ledger| {
                for (index, bytes) in (self.at..until).zip(ledger.leaves(self.at..until)?) {
                    let bytes = bytes?;
                    let alert = crate::alert::as_alert(index, &bytes)?;
                    if let Some(alert) = alert.filter(|it| it.deployment == self.deployment) {
                        self.next.push_back(SealedAlert { index, bytes, alert });
                    }
                }
                Ok::<_, AppError>(())
            })?;
            self.at = until;
        }
        Ok(self.next.pop_front())
    }
}
