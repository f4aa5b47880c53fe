//! Events of the host at which a deployment does not fold events: time passed, a reference table
//! changed, a setting changed.

use super::{Closing, Places, Runner, Step, fresh_instances};
use crate::error::{AppError, Kind};
use plumbline_contract::event::Tick;
use plumbline_contract::id::EventSeq;
use plumbline_contract::task::{Input, WAKE_ON_TABLE};
use plumbline_contract::time::Local;
use plumbline_kernel::{
    Deployment, Effects, GAP_RULE, GapEffect, InputMark, KeyEffect, KeyTask, LeafContext, Mode,
    StandingAlert, retired,
};
use plumbline_store::{Cursor, KeyId, KeyState, Row, Rows, Standing};
use std::sync::Arc;

use super::TIMERS_PER_STEP;

/// A wake that never comes, not even with a table: nothing looks at the region of the key.
const WAKE_OFF: Local = Local(i64::MAX);

impl Runner {
    /// Hands a tick to the keys that are due by then, some at a time.
    pub(super) fn tick(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        let tick: Tick = serde_json::from_str(&row.event.data).map_err(damaged)?;
        let until = self.zone.local(tick.time);
        let due = places.states.due(self.id(), until, from.tick_after.as_ref(), TIMERS_PER_STEP)?;
        let Some(last) = due.last() else { return self.pass(places, from, row) };
        let to = Cursor { seq: row.seq, tick_after: Some((last.wake, last.id.clone())) };
        let mark = InputMark { seq: row.seq, logged: tick.time, import: tick.import };
        let ids = due.into_iter().map(|due| due.id).collect();
        self.look_again_at(places, (from, to), ids, mark, until)
    }

    /// The plugins see another version of a table from here on.
    pub(super) fn tables_changed(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        self.all_look_again(places, from, row)
    }

    /// The deployment is another from here on, if the event is about it.
    pub(super) fn setting_changed(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        let changed: Deployment = serde_json::from_str(&row.event.data).map_err(damaged)?;
        let is_history = row.seq < self.settings_from;
        if changed.id != self.id() || self.nested.is_some() || is_history {
            return self.pass(places, from, row);
        }
        if changed == self.deployment {
            // Where it began, or in the middle of looking again.
            return match from.tick_after {
                None => {
                    self.retire(places, &from, row)?;
                    self.pass(places, from, row)
                }
                Some(_) => self.all_look_again(places, from, row),
            };
        }
        let (mut goes_on, former) = (true, self.prepared.clone());
        if changed.mode != Mode::Ended {
            let prepared = Arc::new(places.loader.prepare(&changed)?);
            // States that the new package cannot read are made anew by the rebuild that follows.
            goes_on = prepared.plan.reads_states_of(self.plan());
            self.instances = fresh_instances(&prepared, self.instances.len());
            self.prepared = prepared;
            (self.view, self.ahead) = (None, Rows::default());
        }
        self.deployment = changed;
        if self.deployment.mode == Mode::Ended {
            return self.pass(places, from, row);
        }
        if former.plan.streams().iter().any(|stream| self.may_lack(stream)) {
            self.retire(places, &from, row)?;
        }
        if !goes_on {
            return self.pass(places, from, row);
        }
        self.all_look_again(places, from, row)
    }

    /// Where a deployment stood still, it went on as it was changed later: turns to that at its
    /// place. Returns how far the log may be read until the next such place.
    pub(super) fn turn_back(
        &mut self,
        places: &Places<'_>,
        cursor: &Cursor,
    ) -> Result<EventSeq, AppError> {
        while let Some((at, next)) = self.backdated.first() {
            let since = next.since.unwrap_or(*at);
            if since > cursor.seq {
                return Ok(places.end.min(since));
            }
            let (at, next) = self.backdated.remove(0);
            let prepared = Arc::new(places.loader.prepare(&next)?);
            self.instances = fresh_instances(&prepared, self.instances.len());
            (self.prepared, self.view, self.deployment) = (prepared, None, next);
            self.ahead = Rows::default();
            self.settings_from = at;
        }
        Ok(places.end)
    }

    /// Keys with a wake look again, at the log time of the change. They are paged by key, so that
    /// each comes once, whatever wake it then asks for.
    fn all_look_again(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        let now = self.zone.local(row.event.logged);
        let after = from.tick_after.as_ref().map(|(_, id)| id);
        let ids = self.waiting(places, row.seq, after)?;
        let Some(last) = ids.last() else {
            self.waiting = None;
            return self.pass(places, from, row);
        };
        let to = Cursor { seq: row.seq, tick_after: Some((now, last.clone())) };
        let mark = InputMark { seq: row.seq, logged: row.event.logged, import: false };
        self.look_again_at(places, (from, to), ids, mark, now)
    }

    /// Keys with a wake that were laid from a base look once at its place: what is new of this
    /// deployment may have been due before.
    ///
    /// # Errors
    /// If the store fails.
    pub fn begin_at_base(&mut self, places: &Places<'_>) -> Result<(), AppError> {
        let at = places.states.cursor(self.id())?;
        let Some(last) = at.seq.0.checked_sub(1).map(EventSeq) else { return Ok(()) };
        let Some(event) = places.log.get(last)? else { return Ok(()) };
        let now = self.zone.local(event.logged);
        let mark = InputMark { seq: last, logged: event.logged, import: false };
        let mut after: Option<KeyId> = None;
        loop {
            let ids = self.waiting(places, last, after.as_ref())?;
            after = ids.last().cloned();
            if ids.is_empty() {
                self.waiting = None;
                return Ok(());
            }
            self.look_again_at(places, (at.clone(), at.clone()), ids, mark, now)?;
        }
    }

    /// Some keys that want to be woken, behind `after`. They are listed once for a change at `at`:
    /// what a look changes is the wake of its own key.
    fn waiting(
        &mut self,
        places: &Places<'_>,
        at: EventSeq,
        after: Option<&KeyId>,
    ) -> Result<Vec<KeyId>, AppError> {
        if self.waiting.as_ref().is_none_or(|(listed, _)| *listed != at) {
            let due = places.states.due(self.id(), WAKE_ON_TABLE, None, usize::MAX)?;
            let mut ids: Vec<_> = due.into_iter().map(|due| due.id).collect();
            ids.sort();
            self.waiting = Some((at, ids));
        }
        let ids = self.waiting.as_ref().map_or(&[][..], |(_, ids)| ids);
        let from = after.map_or(0, |after| ids.partition_point(|id| id <= after));
        Ok(ids[from..].iter().take(TIMERS_PER_STEP).cloned().collect())
    }

    /// Goes on behind an event of the host.
    pub(super) fn pass(
        &self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        let to = Cursor { seq: row.seq.next(), tick_after: None };
        self.commit(places, (from, to), Effects::default(), Closing::default())?;
        Ok(Step::Moved { events: 1 })
    }

    /// Hands a tick at `now` to some keys.
    fn look_again_at(
        &mut self,
        places: &Places<'_>,
        ends: (Cursor, Cursor),
        ids: Vec<KeyId>,
        mark: InputMark,
        now: Local,
    ) -> Result<Step, AppError> {
        let states = places.states.load_states(self.id(), &ids)?;
        let waiting = ids.into_iter().zip(states);
        let waiting = waiting.filter_map(|(id, state)| Some((id, state?)));
        // What changed here holds for what the change itself sets off.
        self.look_at(places, mark.seq.next())?;
        let (mut tasks, mut states, mut asleep) = (Vec::new(), Vec::new(), Vec::new());
        for (id, state) in waiting {
            match (self.plan().judge_of(&state.region), self.plan().stream_named(&id.stream)) {
                (Some(variant), Some(stream)) if self.has_stream(variant, &id.stream) => {
                    let region = state.region.clone();
                    let (key, inputs) = (id.key, vec![0]);
                    tasks.push(KeyTask { variant, stream, key, region, part: 0, inputs });
                    states.push(Some(state));
                }
                // Nothing looks at it any more. Once something does, it is folded anew.
                _ => asleep.push((id, KeyState { wake: Some(WAKE_OFF), ..state })),
            }
        }
        let inputs = |_: &KeyTask| vec![Input::Tick(now)];
        let before: Vec<_> = states.clone();
        let mut effects = self.fold(&tasks, states, (&[mark], &[]), &inputs);
        let_rest(&tasks, before, now, &mut effects);
        let closing = Closing { asleep, ..Closing::default() };
        self.commit(places, ends, effects, closing)?;
        Ok(Step::Moved { events: 0 })
    }

    /// Ends the alerts of streams that the package of their region no longer has: nothing looks at
    /// them any more. Their keys are forgotten: what the plugin kept of them says that the alerts
    /// stand, so a later package with that stream would raise none of them again. Gaps stay, since
    /// what they tell of was never made good.
    fn retire(&mut self, places: &Places<'_>, from: &Cursor, row: &Row) -> Result<(), AppError> {
        self.look_at(places, row.seq.next())?;
        let now = row.event.logged;
        let mut last: Option<(KeyId, String)> = None;
        loop {
            let after = last.as_ref().map(|(id, alert)| (id, alert.as_str()));
            let page = places.states.standing(self.id(), after, TIMERS_PER_STEP)?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some((end.id.clone(), end.alert.clone()));
            let context = LeafContext { plan: self.plan(), tables: self.versions(), regions: &[] };
            let (mut effects, mut closing) = (Effects::default(), Closing::default());
            for Standing { id, alert, row } in page {
                if !self.may_lack(&id.stream) {
                    continue;
                }
                let corrupt = || AppError::new(Kind::Integrity, "store-corrupt", &alert);
                let before = StandingAlert::read(&row).ok_or_else(corrupt)?;
                let Some(variant) = self.plan().judge_of(&before.region) else { continue };
                if before.rule == GAP_RULE || self.has_stream(variant, &id.stream) {
                    continue;
                }
                let place = (variant, id.stream.as_str(), id.key.as_str());
                effects.leaves.push(retired(&context, place, &before, (now, "rules_changed")));
                closing.gone.push(id.clone());
                closing.ended.push((id, alert));
            }
            // A key may have several alerts.
            closing.gone.dedup();
            if !closing.ended.is_empty() {
                self.commit(places, (from.clone(), from.clone()), effects, closing)?;
            }
        }
    }

    /// Whether one of the packages at work has no stream of that name.
    fn may_lack(&self, stream: &str) -> bool {
        (0..self.plan().variants().len()).any(|variant| !self.has_stream(variant, stream))
    }

    fn has_stream(&self, variant: usize, name: &str) -> bool {
        let manifest = &self.plan().variants()[variant].manifest;
        manifest.streams.iter().any(|stream| stream.name == name)
    }
}

/// A key whose wake has come and whose plugin failed on it sleeps until its next event: it would
/// fail at every tick again, and its gap is on record.
fn let_rest(tasks: &[KeyTask], before: Vec<Option<KeyState>>, until: Local, effects: &mut Effects) {
    let failed = |task: &KeyTask, gap: &GapEffect| gap.stream == task.stream && gap.key == task.key;
    for (task, state) in tasks.iter().zip(before) {
        let Some(KeyState { state, wake: Some(wake), region }) = state else { continue };
        if wake <= until && effects.gaps.iter().any(|gap| failed(task, gap)) {
            let (stream, key) = (task.stream, task.key.clone());
            effects.states.push(KeyEffect { stream, key, state, wake: None, region });
        }
    }
}

pub(super) fn damaged(error: serde_json::Error) -> AppError {
    AppError::new(Kind::Integrity, "store-corrupt", error)
}
