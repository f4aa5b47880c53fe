//! `replay`: derives every alert anew and says whether the bytes are the same.

use super::{Context, DAMAGED, OK, Out};
use crate::error::AppError;
use crate::replay::{Difference, Replayed, replay};

pub(super) fn run(context: &mut Context<'_, '_>) -> Result<u8, AppError> {
    let app = context.open()?;
    let replayed = replay(&app)?;
    let out = &mut *context.out;
    for one in &replayed {
        if out.json {
            out.object(one);
        } else {
            print(out, one);
        }
    }
    if replayed.is_empty() && !out.json {
        out.say("replay.nothing", &[]);
    }
    let differs = replayed.iter().any(|one| one.difference.is_some());
    Ok(if differs { DAMAGED } else { OK })
}

fn print(out: &mut Out<'_>, one: &Replayed) {
    let (id, events, same) =
        (one.deployment.to_string(), one.events.to_string(), one.same.to_string());
    let values = [
        ("deployment", id.as_str()),
        ("plugin", one.plugin.as_str()),
        ("events", events.as_str()),
        ("same", same.as_str()),
    ];
    let Some(difference) = &one.difference else { return out.say("replay.same", &values) };
    out.say("replay.differs", &values);
    let Difference { leaf, ledger, replay } = difference;
    let leaf = leaf.map_or_else(|| out.text("replay.end"), |leaf| leaf.to_string());
    let nothing = out.text("replay.none");
    let ledger = ledger.as_deref().unwrap_or(&nothing);
    let replay = replay.as_deref().unwrap_or(&nothing);
    out.say("replay.difference", &[("leaf", &leaf), ("ledger", ledger), ("replay", replay)]);
}
