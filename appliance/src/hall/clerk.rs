//! Reads the ledger for alerts whose rules ask for footage, asks the cameras, and puts on record what
//! came: the footage under its hash, or why there is none.
//!
//! How far it has read is kept, so that a restart neither forgets an alert nor asks twice. What was
//! under way when the service ended is asked for again, and found lacking.

use super::{Hall, lock, now_us};
use crate::alert::as_alert;
use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::footage::leaf::as_footage;
use crate::footage::take::{self, AFTER_S, BEFORE_S, Wish};
use crate::footage::{FootageAct, Form};
use plumbline_camera::{Evidence, State, VideoError, Wanted};
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::time::Millis;
use std::collections::BTreeMap;

/// Name in the store of how far the ledger was read.
const META: &str = "footage/leaves";
/// Leaves read under one hold of the ledger.
const LEAVES_AT_ONCE: u64 = 1024;
/// How long an answer of a camera is waited for beyond the end of the clip, in milliseconds.
const PATIENCE_MS: i64 = 30_000;

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

    /// What a camera has answered.
    pub(super) fn take(
        &mut self,
        app: &App,
        hall: &Hall,
        evidence: Evidence,
    ) -> Result<(), AppError> {
        let Some(Pending { wish, .. }) = self.pending.remove(&evidence.request) else {
            return Ok(());
        };
        let why = |error: &VideoError| reason(hall, &wish.about.cam, error);
        if wish.allowed.stills {
            match &evidence.still {
                Ok(still) => take::taken(app, &wish, Form::Still, &still.jpeg)?,
                Err(error) => take::lacking(app, &wish, Form::Still, &why(error))?,
            }
        }
        match &evidence.clip {
            Some(Ok(clip)) => take::taken(app, &wish, Form::Clip, &clip.bytes)?,
            Some(Err(error)) => take::lacking(app, &wish, Form::Clip, &why(error))?,
            None => {}
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
        if is_answered(app, index, &wish)? {
            return Ok(());
        }
        wish.moment = clock::now();
        wish.about.moment = app.zone().rfc3339(wish.moment);
        let cam = wish.about.cam.clone();
        if cam.is_empty() {
            return lacking(app, &wish, "no-camera");
        }
        let is_masked =
            lock(&hall.current).planned.iter().any(|one| one.cam == cam && one.is_masked());
        if wish.allowed.clips && is_masked {
            // A clip is as the camera coded it: what is masked would be seen in it.
            take::lacking(app, &wish, Form::Clip, "masked")?;
            wish.allowed.clips = false;
        }
        if !wish.allowed.clips && !wish.allowed.stills {
            return Ok(());
        }
        let clip_s = wish.allowed.clips.then_some((BEFORE_S, AFTER_S));
        let wanted = Wanted { request: index, around_us: now_us(hall.ahead_ms), clip_s };
        if let Err(error) = hall.collect(&cam, wanted) {
            let why = match error {
                VideoError::UnknownCamera(_) => "not-watched".to_owned(),
                _ => reason(hall, &cam, &error),
            };
            return lacking(app, &wish, &why);
        }
        let until = clock::running().0 + i64::from(AFTER_S) * 1000 + PATIENCE_MS;
        self.pending.insert(index, Pending { wish, until: Millis(until) });
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

/// Whether a leaf of footage behind the one that asks answers it: it was asked before a restart.
fn is_answered(app: &App, index: u64, wish: &Wish) -> Result<bool, AppError> {
    app.with_footage(|footage, ledger| {
        for leaf in footage.of_alert(&wish.about.alert).iter().filter(|leaf| **leaf > index) {
            if let Some(found) = as_footage(*leaf, &ledger.leaf(*leaf)?)?
                && matches!(found.act, FootageAct::Taken | FootageAct::Lacking)
            {
                return Ok(true);
            }
        }
        Ok(false)
    })
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
