//! Reads the ledger for alerts whose rules ask for footage, asks the cameras, and puts on record what
//! came: the footage under its hash, or why there is none.
//!
//! How far it has read is kept, so that a restart neither forgets an alert nor asks twice. Of what was
//! under way when the service ended, what is not yet on record is asked for again; where that comes too
//! late to show the moment, it is on record as lacking.

use super::may::may;
use super::{Hall, now_us};
use crate::alert::as_alert;
use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::footage::leaf::as_footage;
use crate::footage::take::{self, AFTER_S, BEFORE_S, Wish};
use crate::footage::{FootageAct, Form};
use plumbline_camera::{Evidence, RING_US, State, VideoError, Wanted, Zone};
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::time::Millis;
use std::collections::BTreeMap;

/// Name in the store of how far the ledger was read.
const META: &str = "footage/leaves";
/// Leaves read under one hold of the ledger.
const LEAVES_AT_ONCE: u64 = 1024;
/// How long an answer of a camera is waited for beyond the end of the clip, in milliseconds.
const PATIENCE_MS: i64 = 30_000;
/// How long after an alert was raised the cameras are asked, in milliseconds: what their rings hold, and
/// what the host may need to come to it. Later, they would show another moment.
const LATE_MS: i64 = RING_US / 1000 + 5_000;

/// Alerts by the index of their leaf.
type Found = Vec<(u64, AlertLeaf)>;

/// See the module.
#[derive(Debug)]
pub(super) struct Clerk {
    next: u64,
    kept: u64,
    /// What was asked for, by the leaf that asks.
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    wish: Wish,
    /// The masks that held when it was asked for.
    masks: Vec<Zone>,
    /// By the clock that nobody can set.
    until: Millis,
}

impl Clerk {
    /// Goes on where it was; a home that never had cameras begins with what comes now.
    pub(super) fn load(app: &App) -> Result<Self, AppError> {
        let corrupt = || AppError::new(Kind::Integrity, "store-corrupt", META);
        let next = match app.store().meta(META)? {
            Some(bytes) => {
                let text = std::str::from_utf8(&bytes).map_err(|_| corrupt())?;
                text.parse().map_err(|_| corrupt())?
            }
            None => app.with_ledger(|ledger| ledger.checkpoint().size()),
        };
        Ok(Self { next, kept: u64::MAX, pending: BTreeMap::new() })
    }

    /// Asks for what new alerts want, and gives up on cameras that do not answer.
    pub(super) fn look(&mut self, app: &App, hall: &Hall) -> Result<(), AppError> {
        loop {
            let alerts = self.read(app)?;
            let Some(read_until) = alerts.1 else { break };
            for (index, leaf) in alerts.0 {
                if let Some(wish) = take::wish(app, &leaf, app.log_time())? {
                    self.ask(app, hall, index, wish)?;
                }
            }
            self.next = read_until;
        }
        let now = clock::running();
        let is_over = |_: &u64, pending: &mut Pending| pending.until < now;
        let over: Vec<_> = self.pending.extract_if(.., is_over).collect();
        for (_, pending) in over {
            lacking(app, &pending.wish, "no-answer")?;
        }
        self.keep(app)
    }

    /// What a camera has answered. It is kept if that is allowed now, whatever was allowed before.
    pub(super) fn take(
        &mut self,
        app: &App,
        hall: &Hall,
        evidence: Evidence,
    ) -> Result<(), AppError> {
        let Some(Pending { wish, masks, .. }) = self.pending.remove(&evidence.request) else {
            return Ok(());
        };
        // What was said in this very second counts as well.
        hall.reconcile(app, false)?;
        let may = may(app, hall, &wish.about.region, &wish.about.cam)?.since(&masks);
        let Evidence { still, clip, .. } = &evidence;
        let still = wish.allowed.stills.then(|| still.as_ref().map(|still| &still.jpeg[..]));
        let clip = clip.as_ref().filter(|_| wish.allowed.clips);
        let clip = clip.map(|clip| clip.as_ref().map(|clip| &clip.bytes[..]));
        for (form, answer) in [(Form::Still, still), (Form::Clip, clip)] {
            match (may.keep(form), answer) {
                (_, None) => {}
                (Err(why), Some(_)) => take::lacking(app, &wish, form, why)?,
                (Ok(()), Some(Ok(bytes))) => take::taken(app, &wish, form, bytes)?,
                (Ok(()), Some(Err(error))) => {
                    let why = reason(hall, &wish.about.cam, error);
                    take::lacking(app, &wish, form, &why)?;
                }
            }
        }
        self.keep(app)
    }

    fn read(&self, app: &App) -> Result<(Found, Option<u64>), AppError> {
        app.with_ledger(|ledger| {
            let end = ledger.checkpoint().size().min(self.next.saturating_add(LEAVES_AT_ONCE));
            if self.next >= end {
                return Ok((Vec::new(), None));
            }
            let mut alerts = Vec::new();
            for (index, bytes) in (self.next..end).zip(ledger.leaves(self.next..end)?) {
                alerts.extend(as_alert(index, &bytes?)?.map(|leaf| (index, leaf)));
            }
            Ok((alerts, Some(end)))
        })
    }

    fn ask(&mut self, app: &App, hall: &Hall, index: u64, mut wish: Wish) -> Result<(), AppError> {
        for form in answered(app, index, &wish)? {
            *wanted(&mut wish, form) = false;
        }
        if !wish.allowed.clips && !wish.allowed.stills {
            return Ok(());
        }
        // Of now is what there would be, and the alert must not bear what is not of its moment.
        if app.log_time().0.saturating_sub(wish.moment.0) > LATE_MS {
            return lacking(app, &wish, "too-late");
        }
        wish.moment = clock::now();
        wish.about.moment = app.zone().rfc3339(wish.moment);
        let cam = wish.about.cam.clone();
        if cam.is_empty() {
            return lacking(app, &wish, "no-camera");
        }
        let may = may(app, hall, &wish.about.region, &cam)?;
        for form in [Form::Still, Form::Clip] {
            if let Err(why) = may.keep(form)
                && std::mem::take(wanted(&mut wish, form))
            {
                take::lacking(app, &wish, form, why)?;
            }
        }
        if !wish.allowed.clips && !wish.allowed.stills {
            return Ok(());
        }
        let clip_s = wish.allowed.clips.then_some((BEFORE_S, AFTER_S));
        let moment = Wanted { request: index, around_us: now_us(hall.ahead_ms), clip_s };
        if let Err(error) = hall.collect(&cam, moment) {
            let why = match error {
                VideoError::UnknownCamera(_) => "not-watched".to_owned(),
                _ => reason(hall, &cam, &error),
            };
            return lacking(app, &wish, &why);
        }
        let until = clock::running().0 + i64::from(AFTER_S) * 1000 + PATIENCE_MS;
        self.pending.insert(index, Pending { wish, masks: may.masks, until: Millis(until) });
        Ok(())
    }

    /// Keeps how far everything is on record.
    fn keep(&mut self, app: &App) -> Result<(), AppError> {
        let done = self.pending.keys().next().copied().unwrap_or(self.next);
        if done != self.kept {
            app.store().put_meta(META, done.to_string().as_bytes())?;
            self.kept = done;
        }
        Ok(())
    }
}

/// Which forms a leaf of footage behind the one that asks answers: they were asked before a restart.
fn answered(app: &App, index: u64, wish: &Wish) -> Result<Vec<Form>, AppError> {
    app.with_footage(|footage, ledger| {
        let mut forms = Vec::new();
        for leaf in footage.of_alert(&wish.about.alert).iter().filter(|leaf| **leaf > index) {
            let found = as_footage(*leaf, &ledger.leaf(*leaf)?)?;
            let is_answer = |act| matches!(act, FootageAct::Taken | FootageAct::Lacking);
            forms.extend(found.filter(|found| is_answer(found.act)).map(|found| found.kind));
        }
        Ok(forms)
    })
}

/// Whether a form is still to be had.
fn wanted(wish: &mut Wish, form: Form) -> &mut bool {
    match form {
        Form::Clip => &mut wish.allowed.clips,
        Form::Still | Form::Live => &mut wish.allowed.stills,
    }
}

/// Nothing of what is allowed could be had.
fn lacking(app: &App, wish: &Wish, why: &str) -> Result<(), AppError> {
    for (kind, is_wanted) in [(Form::Still, wish.allowed.stills), (Form::Clip, wish.allowed.clips)]
    {
        if is_wanted {
            take::lacking(app, wish, kind, why)?;
        }
    }
    Ok(())
}

/// Why a camera gave nothing: its state, if that explains it.
fn reason(hall: &Hall, cam: &str, error: &VideoError) -> String {
    let state = hall.status(cam).and_then(|status| status.state);
    match (error, state) {
        (VideoError::NothingRecorded, Some(state @ (State::Down | State::AuthFailed))) => {
            state.stream().to_owned()
        }
        (VideoError::NothingRecorded, _) => "nothing-held".to_owned(),
        (VideoError::UnknownCamera(_), _) => "not-watched".to_owned(),
        (error, _) => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
