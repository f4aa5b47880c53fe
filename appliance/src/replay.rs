//! Replay: derives every alert anew from the log and compares it byte for byte with the ledger.

use crate::app::{App, Past};
use crate::driver::{Places, Step};
use crate::error::AppError;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex};
use plumbline_kernel::{Deployment, Mode};
use plumbline_store::{MemoryStore, Store};
use serde::Serialize;

/// Leaves taken from the replay at once.
const LEAVES_AT_ONCE: usize = 4096;

/// What a replay of one deployment found.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    pub deployment: u16,
    pub plugin: String,
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
    let (size, standing) = standing(app)?;
    let one = |(deployment, end): &(_, _)| replay_one(app, deployment, size, *end);
    standing.iter().map(one).collect()
}

/// Sealed leaves, and how far each live deployment has come with them: read while nobody drives,
/// because cursors and ledger belong together.
fn standing(app: &App) -> Result<(u64, Vec<(Deployment, EventSeq)>), AppError> {
    let _turn = app.take_turn();
    app.settle()?;
    app.with_runners(|_| {
        app.seal()?;
        let size = app.with_ledger(|ledger| ledger.checkpoint().size());
        let live = app.deployments().into_iter().filter(|one| one.mode == Mode::Live);
        let end = |deployment: Deployment| {
            let cursor = app.store().cursor(deployment.id)?;
            Ok((deployment, cursor.seq))
        };
        Ok((size, live.map(end).collect::<Result<Vec<_>, AppError>>()?))
    })
}

/// Replays one deployment up to `end`, against the first `size` leaves of the ledger.
fn replay_one(
    app: &App,
    deployment: &Deployment,
    size: u64,
    end: EventSeq,
) -> Result<Replayed, AppError> {
    let mut wanted = Sealed { deployment: deployment.id, at: 0, size, taken: 0 };
    let mut replayed = Replayed {
        deployment: deployment.id.0,
        plugin: deployment.plugin.clone(),
        events: 0,
        same: 0,
        difference: None,
    };
    let settings = app.settings();
    let first = settings.of(deployment.id).next().map_or(deployment, |(_, first)| first).clone();
    let states = MemoryStore::new();
    let past = Past(app);
    let (tables, mut runner) = (app.tables(), past.runner(first)?);
    runner.goes_back(settings.backdated(deployment.id));
    runner.replays();
    let (log, loader) = (app.store(), &past);
    let places = Places { log, states: &states, tables: &tables, loader, end, lazy: true };
    loop {
        let step = runner.step(&places)?;
        compare(app, &states, &mut wanted, &mut replayed)?;
        match step {
            _ if replayed.difference.is_some() => return Ok(replayed),
            Step::Idle => break,
            Step::Moved { events } => replayed.events += events as u64,
        }
    }
    if let Some((leaf, bytes)) = wanted.next(app)? {
        let ledger = Some(String::from_utf8_lossy(&bytes).into_owned());
        replayed.difference = Some(Difference { leaf: Some(leaf), ledger, replay: None });
    }
    Ok(replayed)
}

fn compare(
    app: &App,
    states: &MemoryStore,
    wanted: &mut Sealed,
    replayed: &mut Replayed,
) -> Result<(), AppError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    loop {
        let leaves = states.leaves(LeafIndex(wanted.taken), LEAVES_AT_ONCE)?;
        let Some((last, _)) = leaves.last() else { return Ok(()) };
        wanted.taken = last.0 + 1;
        for (_, derived) in &leaves {
            match wanted.next(app)? {
                Some((_, sealed)) if sealed == *derived => replayed.same += 1,
                other => {
                    let leaf = other.as_ref().map(|(leaf, _)| *leaf);
                    let ledger = other.as_ref().map(|(_, bytes)| text(bytes));
                    let replay = Some(text(derived));
                    replayed.difference = Some(Difference { leaf, ledger, replay });
                    return Ok(());
                }
            }
        }
        states.drop_leaves(LeafIndex(wanted.taken))?;
    }
}

/// The sealed alert leaves of one deployment, in order.
struct Sealed {
    deployment: DeploymentId,
    at: u64,
    size: u64,
    /// Leaves taken from the replay so far.
    taken: u64,
}

impl Sealed {
    fn next(&mut self, app: &App) -> Result<Option<(u64, Vec<u8>)>, AppError> {
        while self.at < self.size {
            let index = self.at;
            self.at += 1;
            let bytes = app.with_ledger(|ledger| ledger.leaf(index))?;
            let Some(alert) = crate::alert::as_alert(index, &bytes)? else { continue };
            if alert.deployment == self.deployment {
                return Ok(Some((index, bytes)));
            }
        }
        Ok(None)
    }
}
