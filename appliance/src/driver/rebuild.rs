//! Folds keys anew from the log, with the plugins and parameters that hold now, as if nothing had
//! failed: states are replaced, gaps close, and the difference of alerts goes into the ledger.

use super::turn::damaged;
use super::{Closing, Only, Places, Runner, Stats, Step, fresh_instances};
use crate::error::{AppError, Kind};
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::event::{Event, Rebuild, RebuildKeys};
use plumbline_contract::id::{EventSeq, LeafIndex, region_contains};
use plumbline_kernel::{Effects, KeyEffect, LeafContext, Mode, Rebuilt, StandingAlert, reconcile};
use plumbline_store::{Cursor, KeyId, MemoryStore, Row, Rows, Standing, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows of a store that are read at once.
const ROWS_AT_ONCE: usize = 4096;

/// (stream, key).
type Keys = BTreeSet<(String, String)>;
/// (stream, key, alert): in this order the leaves of a rebuild are.
type AlertPlace = (usize, String, String);

impl Runner {
    pub(super) fn rebuild(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        let request: Rebuild = serde_json::from_str(&row.event.data).map_err(damaged)?;
        if request.deployment != self.id() || self.nested.is_some() {
            return self.pass(places, from, row);
        }
        let of_gaps = matches!(request.keys, RebuildKeys::Gaps);
        let only: Only = match request.keys {
            RebuildKeys::All => None,
            RebuildKeys::Region(region) => {
                Some(Arc::new(self.keys_of_region(places, &region, row.seq)?))
            }
            RebuildKeys::Gaps => {
                let gaps = places.states.gaps(self.id())?.into_iter();
                let keys = gaps.map(|gap| (gap.row.id.stream, gap.row.id.key));
                Some(Arc::new(keys.collect()))
            }
        };
        let is_vain = only.as_ref().is_some_and(|only| only.is_empty());
        if is_vain || self.plan().variants().is_empty() {
            return self.pass(places, from, row);
        }
        let states = MemoryStore::new();
        let (mut alerts, touched) = self.fold_anew(places, (only, of_gaps), &states, row.seq)?;
        self.add_standing(places, &touched, &mut alerts)?;
        self.look_at(places, row.seq.next())?;
        let mut effects = Effects::default();
        let context = LeafContext { plan: self.plan(), tables: self.versions(), regions: &[] };
        let variant_of = |region: &str| self.plan().judge_of(region).unwrap_or(0);
        let reason = ending(&request.reason);
        reconcile(&context, alerts, (row.event.logged, reason), variant_of, &mut effects);
        effects.facts = facts(&states, row)?;
        let closing = self.take_states(places, touched, &states, &mut effects)?;
        let to = Cursor { seq: row.seq.next(), tick_after: None };
        self.commit(places, (from, to), effects, closing)?;
        Ok(Step::Moved { events: 1 })
    }

    /// Folds the log up to `end` into `states`; returns the leaf after which each alert stands, and
    /// the keys that got an event. A key that got none, for instance of a region that is off, is not
    /// rebuilt, unless it has a gap and is in the base: it may have failed at a tick.
    fn fold_anew(
        &mut self,
        places: &Places<'_>,
        (only, of_gaps): (Only, bool),
        states: &MemoryStore,
        end: EventSeq,
    ) -> Result<(BTreeMap<AlertPlace, Rebuilt>, Keys), AppError> {
        let mut deployment = self.deployment.clone();
        deployment.mode = Mode::Live;
        let mut inner = Self {
            deployment,
            prepared: self.prepared.clone(),
            instances: fresh_instances(&self.prepared, self.instances.len()),
            calendars: self.calendars.clone(),
            zone: self.zone.clone(),
            view: None,
            look: self.look,
            batch: self.batch,
            ahead: Rows::default(),
            reader: None,
            sifts: true,
            drops_facts: false,
            nested: Some(only.clone()),
            backdated: Vec::new(),
            settings_from: EventSeq(0),
            waiting: None,
            touched: BTreeSet::new(),
            suspended: None,
            stats: Stats::default(),
        };
        let places = Places { states, end, lazy: true, ..*places };
        let mut alerts = self.lay_base(&places, states, &only)?;
        let mut of_base = Keys::new();
        if of_gaps {
            for (id, state) in states.states(self.id(), None, usize::MAX)? {
                if self.plan().judge_of(&state.region).is_some() {
                    of_base.insert((id.stream, id.key));
                }
            }
        }
        while inner.step(&places)? != Step::Idle {
            let mut taken = LeafIndex(0);
            for (index, bytes) in states.leaves(taken, usize::MAX)? {
                taken = LeafIndex(index.0 + 1);
                let leaf: AlertLeaf = serde_json::from_slice(&bytes).map_err(damaged)?;
                let Some(stream) = self.plan().stream_named(&leaf.stream) else { continue };
                let key = leaf.stream_key.clone();
                let place = (stream, key.clone(), leaf.id.clone());
                match StandingAlert::after(&leaf) {
                    None => drop(alerts.remove(&place)),
                    Some(_) => {
                        let after = Some(leaf);
                        alerts.insert(place, Rebuilt { stream, key, before: None, after });
                    }
                }
            }
            states.drop_leaves(taken)?;
        }
        // A key that got nothing since the base stays as it is.
        let mut touched = inner.touched;
        touched.extend(of_base);
        alerts.retain(|(stream, key, _), _| {
            touched.contains(&(self.plan().streams()[*stream].clone(), key.clone()))
        });
        Ok((alerts, touched))
    }

    /// Begins at the base, if there is one; returns the alerts that stand there.
    fn lay_base(
        &self,
        places: &Places<'_>,
        states: &MemoryStore,
        only: &Only,
    ) -> Result<BTreeMap<AlertPlace, Rebuilt>, AppError> {
        let Some(base) = places.loader.base(self.id())? else { return Ok(BTreeMap::new()) };
        let is_asked = |id: &KeyId| {
            let place = || (id.stream.clone(), id.key.clone());
            only.as_ref().is_none_or(|only| only.contains(&place()))
        };
        let scope = &self.deployment.scope;
        base.lay(states, self.id(), |id, state| {
            is_asked(id) && region_contains(scope, &state.region)
        })?;
        let mut alerts = BTreeMap::new();
        for leaf in base.alerts {
            let Some(stream) = self.plan().stream_named(&leaf.stream) else { continue };
            let place = (stream, leaf.stream_key.clone(), leaf.id.clone());
            let key = leaf.stream_key.clone();
            alerts.insert(place, Rebuilt { stream, key, before: None, after: Some(leaf) });
        }
        Ok(alerts)
    }

    /// Adds what stands now to what would stand.
    fn add_standing(
        &self,
        places: &Places<'_>,
        touched: &Keys,
        alerts: &mut BTreeMap<AlertPlace, Rebuilt>,
    ) -> Result<(), AppError> {
        for Standing { id, alert, row } in self.standing(places, touched)? {
            let Some(stream) = self.plan().stream_named(&id.stream) else { continue };
            let corrupt = || AppError::new(Kind::Integrity, "store-corrupt", &alert);
            let before = StandingAlert::read(&row).ok_or_else(corrupt)?;
            let rebuilt = alerts.entry((stream, id.key.clone(), alert)).or_default();
            (rebuilt.stream, rebuilt.key, rebuilt.before) = (stream, id.key, Some(before));
        }
        Ok(())
    }

    fn standing(&self, places: &Places<'_>, touched: &Keys) -> Result<Vec<Standing>, AppError> {
        let mut all = Vec::new();
        for id in key_ids(touched) {
            all.extend(places.states.standing_of(self.id(), &id)?);
        }
        Ok(all)
    }

    /// The keys to which an event of a region subtree goes.
    fn keys_of_region(
        &self,
        places: &Places<'_>,
        region: &str,
        end: EventSeq,
    ) -> Result<BTreeSet<(String, String)>, AppError> {
        let mut keys = BTreeSet::new();
        let mut sieve = self.plan().sieve();
        let mut next = self.deployment.from;
        while next < end {
            let rows = places.log.sift((next, end), ROWS_AT_ONCE, &mut sieve)?.part(next, end);
            if rows.end() <= next {
                break;
            }
            next = rows.end();
            let events = rows.iter().map(|(_, event)| event);
            let own = events.filter(|event| region_contains(region, event.region));
            for (_, pairs) in own.filter_map(|event| self.plan().keys(event)) {
                let named =
                    |(stream, key): (usize, String)| (self.plan().streams()[stream].clone(), key);
                keys.extend(pairs.into_iter().map(named));
            }
        }
        Ok(keys)
    }

    /// Replaces the states of the rebuilt keys and closes their gaps; what failed again is a gap
    /// again.
    fn take_states(
        &self,
        places: &Places<'_>,
        touched: Keys,
        states: &MemoryStore,
        effects: &mut Effects,
    ) -> Result<Closing, AppError> {
        let mut closing = Closing::default();
        for gap in places.states.gaps(self.id())? {
            let place = (gap.row.id.stream, gap.row.id.key);
            if touched.contains(&place) {
                closing.gaps_closed.push(gap.id);
            }
        }
        let again = states.gaps(self.id())?.into_iter().map(|gap| gap.row);
        closing.gaps.extend(again);
        let mut gone: BTreeSet<KeyId> = key_ids(&touched).collect();
        for (id, state) in states.states(self.id(), None, usize::MAX)? {
            let Some(stream) = self.plan().stream_named(&id.stream) else { continue };
            if !touched.contains(&(id.stream.clone(), id.key.clone())) {
                continue;
            }
            gone.remove(&id);
            let (key, region) = (id.key, state.region);
            let effect = KeyEffect { stream, key, state: state.state, wake: state.wake, region };
            effects.states.push(effect);
        }
        closing.gone.extend(gone);
        Ok(closing)
    }
}

fn key_ids(keys: &Keys) -> impl Iterator<Item = KeyId> {
    keys.iter().map(|(stream, key)| KeyId { stream: stream.clone(), key: key.clone() })
}

/// Why an alert ends that a rebuild does not find again.
fn ending(reason: &str) -> &'static str {
    match reason {
        "gap" | "history" => "data_completed",
        _ => "rules_changed",
    }
}

/// The facts of a rebuild; those that the log has already are dropped there.
fn facts(states: &MemoryStore, row: &Row) -> Result<Vec<Event>, AppError> {
    let rows = states.read(EventSeq(0), usize::MAX)?;
    let now = row.event.logged;
    let fact = |row: Row| Event { time: now, recorded: now, logged: now, ..(*row.event).clone() };
    Ok(rows.into_iter().map(fact).collect())
}
