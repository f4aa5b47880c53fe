//! `reconcile`: what the service does every night, now.

use super::{Context, DAMAGED, FOUND, OK};
use crate::clock;
use crate::error::AppError;
use crate::reconcile::reconcile;
use crate::watch::Watch;
use plumbline_kernel::health::ClockLook;

pub(super) fn run(context: &mut Context<'_, '_>) -> Result<u8, AppError> {
    let app = context.open()?;
    let done = reconcile(&app, clock::now())?;
    // Raises the alert about a difference, or closes it.
    Watch::load(&app)?.look(&app, ClockLook { wall: clock::now(), steady_ms: None })?;
    let out = &mut *context.out;
    if out.json {
        out.object(&done);
    } else {
        for derived in &done.deployments {
            let key = if derived.differs { "health.unlike" } else { "health.reconciled" };
            let values = [
                ("deployment", derived.deployment.to_string()),
                ("plugin", derived.plugin.clone()),
                ("events", derived.events.to_string()),
                ("same", derived.same.to_string()),
            ];
            let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
            out.say(key, &values);
        }
        if let Some(detail) = &done.failed {
            out.say("health.unreconciled", &[("detail", detail)]);
        } else if done.deployments.is_empty() {
            out.say("replay.nothing", &[]);
        }
    }
    Ok(match (&done.failed, done.is_sound()) {
        (Some(_), _) => FOUND,
        (None, false) => DAMAGED,
        (None, true) => OK,
    })
}
