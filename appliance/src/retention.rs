//! Retention (留存): payloads of old events are dropped by rule, once an archive vouches for them and
//! a last replay has derived every alert that hangs on them, byte for byte.
//!
//! What stays of an event is its envelope: replays, rebuilds and repeats count on positions and
//! identities. What a plugin kept of it stays too, in its states and in the base (`base.rs`).

mod dropped;
mod readers;

pub(crate) use dropped::{refuse_gone, refuse_gone_in, refuse_unread};

use crate::app::App;
use crate::backup::archived_until;
use crate::base::{self, Base, Record};
use crate::error::{AppError, Kind};
use crate::replay::{Derived, derive, standing_now};
use crate::{act, clock};
use plumbline_contract::event::{FACT_TYPE_PREFIX, HOST_TYPE_PREFIX};
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::Day;
use plumbline_kernel::Deployment;
use plumbline_store::{Row, Store};
use readers::Readers;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Name of a rule in the store, followed by the first letters of the types.
const META: &str = "retention/";
/// Fewest days of a rule: footage of halls and what is read off it must be kept as long
/// (公共安全视频图像信息系统管理条例 17).
pub const KEEP_DAYS_MIN: u32 = 30;
/// Most days of a rule: a hundred years.
pub const KEEP_DAYS_MAX: u32 = 36_500;
/// Events read at once.
const READ_AT_ONCE: usize = 4096;
/// Events that lie together on the disk and are written anew together.
const BLOCK_EVENTS: usize = 32;
/// What an event takes on the disk beside its data, in bytes, generously.
const ENVELOPE_BYTES: usize = 1024;

/// How long payloads of some types are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// First letters of the types, for instance `video.obs.`.
    pub types: String,
    pub keep_days: u32,
}

/// What would be dropped now, or has been.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Payloads by the rule that ends their time; the nearer rule holds.
    pub payloads: BTreeMap<String, u64>,
    /// Payloads whose time is over, and which no archive holds yet.
    pub unarchived: u64,
    /// Payloads whose time is over, and which a deployment still has to read: it stands still.
    pub unread: u64,
    /// Deployments that had these events, with the alert leaves that the last replay derived.
    pub replayed: BTreeMap<String, u64>,
}

/// The rules in force, in the order of their types.
///
/// # Errors
/// If the store fails.
pub fn rules(app: &App) -> Result<Vec<Rule>, AppError> {
    let mut rules = Vec::new();
    for (name, value) in app.store().meta_scan(META)? {
        let keep_days = std::str::from_utf8(&value).ok().and_then(|days| days.parse().ok());
        let corrupt = || AppError::new(Kind::Integrity, "store-corrupt", &name);
        let keep_days = keep_days.ok_or_else(corrupt)?;
        rules.push(Rule { types: name[META.len()..].to_owned(), keep_days });
    }
    Ok(rules)
}

/// Sets or, without days, lifts a rule; an act in the ledger.
///
/// # Errors
/// If the rule makes no sense, or the store fails.
pub fn set(app: &App, types: &str, keep_days: Option<u32>) -> Result<(), AppError> {
    let is_host = |prefix: &str| types.starts_with(prefix) || prefix.starts_with(types);
    if is_host(HOST_TYPE_PREFIX) || is_host(FACT_TYPE_PREFIX) {
        return Err(AppError::new(Kind::Usage, "retention-types", types));
    }
    if keep_days.is_some_and(|days| !(KEEP_DAYS_MIN..=KEEP_DAYS_MAX).contains(&days)) {
        let detail = format!("{KEEP_DAYS_MIN}–{KEEP_DAYS_MAX}");
        return Err(AppError::new(Kind::Usage, "retention-days", detail));
    }
    let name = format!("{META}{types}");
    if keep_days.is_none() && app.store().meta(&name)?.is_none() {
        return Err(AppError::new(Kind::NotFound, "retention-rule", types));
    }
    let told = json!({ "types": types, "keep_days": keep_days });
    app.record(&[act::leaf("retention", clock::now(), app.zone(), told)])?;
    match keep_days {
        Some(days) => app.store().put_meta(&name, days.to_string().as_bytes())?,
        None => app.store().drop_meta(&name)?,
    }
    Ok(())
}

/// What the rules say of the log on a day, without changing anything.
///
/// # Errors
/// If the store fails.
pub fn plan(app: &App, today: Day) -> Result<Retained, AppError> {
    Ok(due(app, today)?.0)
}

/// Drops what the rules say of the log on a day. Nobody drives meanwhile, and nobody replays; what
/// comes in is taken in.
///
/// # Errors
/// If a deployment has gaps or something asked of it before it, a replay finds a difference, or
/// something cannot be read or written; then nothing was dropped.
pub fn apply(app: &App, today: Day) -> Result<Retained, AppError> {
    let _history = app.change_history();
    let _turn = app.take_turn();
    app.settle()?;
    app.with_runners(|_| {
        let done = drop_due(app, today);
        // The bases before, and those that did not come to count.
        base::sweep(app)?;
        done
    })
}

fn drop_due(app: &App, today: Day) -> Result<Retained, AppError> {
    let (mut retained, due, readers) = due(app, today)?;
    if due.seqs.is_empty() {
        return Ok(retained);
    }
    readers.refuse_undriven(app, &due.kinds)?;
    app.disk().admit(due.bytes, clock::now())?;
    let (size, standing) = standing_now(app)?;
    let mut bases = Vec::new();
    for deployment in readers.live_of(&due.kinds) {
        let end = standing.iter().find(|(one, _)| one.id == deployment.id);
        let end = end.map_or(EventSeq(0), |(_, end)| *end);
        let derived = last_replay(app, deployment, size, end)?;
        retained.replayed.insert(deployment.plugin.clone(), derived.replayed.same);
        bases.push((deployment.id, lay(app, deployment, end, derived)?));
    }
    let told = json!({
        "payloads": retained.payloads,
        "bases": bases.iter().map(|(id, base)| (id.to_string(), base)).collect::<BTreeMap<_, _>>(),
    });
    app.record(&[act::leaf("retained", clock::now(), app.zone(), told)])?;
    // First what is gone and the bases, then the payloads: a crash in between leaves what a replay
    // can start from.
    dropped::note(app, &due.kinds)?;
    for (id, record) in &bases {
        base::take(app, *id, record)?;
    }
    app.store().blank(&due.seqs)?;
    Ok(retained)
}

/// Derives everything once more, as long as that can be done.
fn last_replay(
    app: &App,
    deployment: &Deployment,
    size: u64,
    end: EventSeq,
) -> Result<Derived, AppError> {
    if !app.store().gaps(deployment.id)?.is_empty() {
        return Err(AppError::new(Kind::Refused, "retention-gaps", &deployment.plugin));
    }
    let derived = derive(app, deployment, size, end)?;
    match derived.replayed.difference {
        None => Ok(derived),
        Some(_) => Err(AppError::new(Kind::Integrity, "retention-differs", &deployment.plugin)),
    }
}

fn lay(
    app: &App,
    deployment: &Deployment,
    at: EventSeq,
    derived: Derived,
) -> Result<Record, AppError> {
    let states = derived.states.states(deployment.id, None, usize::MAX)?;
    let alerts = derived.alerts.into_values().collect();
    base::save(app, &Base { at, leaf: derived.leaf, states, alerts })
}

/// Payloads whose time is over.
#[derive(Debug, Default)]
struct DuePayloads {
    seqs: Vec<EventSeq>,
    /// Their types, with the highest position.
    kinds: BTreeMap<String, EventSeq>,
    /// What is written anew, at most.
    bytes: u64,
}

fn due(app: &App, today: Day) -> Result<(Retained, DuePayloads, Readers), AppError> {
    let (rules, archived) = (rules(app)?, archived_until(app)?);
    let sealed = app.store().sealed_until();
    let mut readers = Readers::of(app)?;
    let (mut retained, mut due) = (Retained::default(), DuePayloads::default());
    let mut next = EventSeq(0);
    while !rules.is_empty() && next < sealed {
        let room = (sealed.0 - next.0) as usize;
        let rows = app.store().read(next, READ_AT_ONCE.min(room))?;
        let Some(last) = rows.last() else { break };
        next = last.seq.next();
        for block in rows.chunks(BLOCK_EVENTS) {
            let before = due.seqs.len();
            for row in block {
                let Some(rule) = over(app, &rules, row, today) else { continue };
                if row.seq >= archived {
                    retained.unarchived += 1;
                } else if !readers.have_read(&row.event.kind, row.seq) {
                    retained.unread += 1;
                } else {
                    *retained.payloads.entry(rule.types.clone()).or_default() += 1;
                    due.take(row);
                }
            }
            if due.seqs.len() > before {
                let bytes = |row: &Row| (row.event.data.len() + ENVELOPE_BYTES) as u64;
                due.bytes += block.iter().map(bytes).sum::<u64>();
            }
        }
    }
    Ok((retained, due, readers))
}

/// The rule that ends the time of an event's payload, if it is over.
fn over<'a>(app: &App, rules: &'a [Rule], row: &Row, today: Day) -> Option<&'a Rule> {
    let holds = |rule: &&Rule| row.event.kind.starts_with(&rule.types);
    let rule = rules.iter().filter(holds).max_by_key(|rule| rule.types.len())?;
    let logged = app.zone().local(row.event.logged).day();
    let is_over = !row.event.is_blank() && logged.plus(rule.keep_days as i32) < today;
    is_over.then_some(rule)
}

impl DuePayloads {
    fn take(&mut self, row: &Row) {
        self.seqs.push(row.seq);
        match self.kinds.get_mut(&row.event.kind) {
            Some(last) => *last = row.seq,
            None => drop(self.kinds.insert(row.event.kind.clone(), row.seq)),
        }
    }
}
