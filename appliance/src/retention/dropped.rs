//! What was dropped, by type: who would have to read it is refused, and never reads fragments of the
//! past as if they were all.

use crate::app::{App, Past};
use crate::base;
use crate::driver::Loader;
use crate::error::{AppError, Kind};
use plumbline_contract::id::EventSeq;
use plumbline_kernel::Deployment;
use std::collections::BTreeMap;

/// Name in the store, followed by a type: the highest position at which a payload was dropped.
const META: &str = "dropped/";

pub(super) fn note(app: &App, kinds: &BTreeMap<String, EventSeq>) -> Result<(), AppError> {
    let before = dropped(app)?;
    for (kind, last) in kinds {
        let last = before.get(kind).map_or(*last, |before| *last.max(before));
        app.store().put_meta(&format!("{META}{kind}"), last.to_string().as_bytes())?;
    }
    Ok(())
}

/// Types of which payloads were dropped, with the highest position.
fn dropped(app: &App) -> Result<BTreeMap<String, EventSeq>, AppError> {
    let one = |(name, value): (String, Vec<u8>)| {
        let last = std::str::from_utf8(&value).ok().and_then(|last| last.parse().ok());
        let last = last.ok_or_else(|| AppError::new(Kind::Integrity, "store-corrupt", &name))?;
        Ok((name[META.len()..].to_owned(), EventSeq(last)))
    };
    app.store().meta_scan(META)?.into_iter().map(one).collect()
}

/// Refuses to fold the log for a deployment from its start or its base on, if a payload is gone there
/// that one of its packages looks at.
///
/// # Errors
/// `history-dropped`, or if the store fails or a package cannot be used.
pub(crate) fn refuse_gone(app: &App, deployment: &Deployment) -> Result<(), AppError> {
    let base = base::record(app, deployment.id)?.map_or(EventSeq(0), |base| EventSeq(base.at));
    refuse_from(app, deployment, base.max(deployment.from))
}

/// As [`refuse_gone`], for the keys of a region: the base holds none of them where nothing looked at
/// the region when it was laid.
///
/// # Errors
/// As there.
pub(crate) fn refuse_gone_in(
    app: &App,
    deployment: &Deployment,
    region: &str,
) -> Result<(), AppError> {
    let Some(base) = base::record(app, deployment.id)? else {
        return refuse_from(app, deployment, deployment.from);
    };
    let settings = app.settings();
    let then = settings.at(deployment.id, EventSeq(base.at));
    let was_on = then.and_then(|(_, then)| then.effective(region)).is_some_and(|one| one.is_on());
    match was_on {
        true => refuse_gone(app, deployment),
        false => refuse_from(app, deployment, deployment.from),
    }
}

/// Refuses a deployment whose packages cannot read the states of its base: it could not be told what
/// the dropped payloads said.
///
/// # Errors
/// `base-unread`, or if the store fails or a package cannot be used.
pub(crate) fn refuse_unread(app: &App, deployment: &Deployment) -> Result<(), AppError> {
    let Some(base) = base::record(app, deployment.id)? else { return Ok(()) };
    let settings = app.settings();
    let now = app.prepare(deployment)?.plan;
    let at_base = settings.at(deployment.id, EventSeq(base.at));
    let last = settings.of(deployment.id).last();
    for (_, then) in at_base.into_iter().chain(last) {
        // What a package kept that is there no more, nobody can tell.
        let is_read = Past(app).prepare(then).is_ok_and(|then| now.reads_states_of(&then.plan));
        if !is_read {
            return Err(AppError::new(Kind::Refused, "base-unread", &deployment.plugin));
        }
    }
    Ok(())
}

fn refuse_from(app: &App, deployment: &Deployment, from: EventSeq) -> Result<(), AppError> {
    let gone = dropped(app)?;
    if gone.is_empty() {
        return Ok(());
    }
    let plan = app.prepare(deployment)?.plan;
    let is_missed = |(kind, last): &(&String, &EventSeq)| {
        **last >= from && plan.may_see(std::iter::once(kind.as_str()))
    };
    match gone.iter().find(is_missed) {
        None => Ok(()),
        Some((kind, last)) => {
            let detail = format!("{} {kind} {last}", deployment.plugin);
            Err(AppError::new(Kind::Refused, "history-dropped", detail))
        }
    }
}
