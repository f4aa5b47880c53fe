//! Keys folded anew from the log: what their alerts are now against what stood before.

use crate::StandingAlert;
use crate::leaf::{LeafContext, Place, leaf_bytes};
use crate::settle::{Effects, StandingEffect};
use plumbline_contract::alert::{AlertAct, AlertLeaf};
use plumbline_contract::time::Millis;
use std::collections::BTreeMap;

/// One alert of a rebuilt key.
#[derive(Clone, Debug, Default)]
pub struct Rebuilt {
    pub stream: usize,
    pub key: String,
    /// What stood before.
    pub before: Option<StandingAlert>,
    /// The leaf after which it stands now.
    pub after: Option<AlertLeaf>,
}

/// Adds to `effects` the leaves that lead from what stood before to what stands now. `alerts` are in
/// the order of (stream, key, alert identity); `now` is the log time of the
/// rebuild, `reason` why alerts end that are not found again.
///
/// `variant_of` names the variant for the ending of an alert of a region.
pub fn reconcile(
    context: &LeafContext<'_>,
    alerts: BTreeMap<(usize, String, String), Rebuilt>,
    (now, reason): (Millis, &str),
    variant_of: impl Fn(&str) -> usize,
    effects: &mut Effects,
) {
    let zone = context.plan.zone();
    for ((stream, key, alert), rebuilt) in alerts {
        let (bytes, stands) = match (rebuilt.before, rebuilt.after) {
            (None, None) => continue,
            (Some(before), None) => {
                let place = Place {
                    variant: variant_of(&before.region),
                    stream: &context.plan.streams()[stream],
                    key: &key,
                    region: &before.region,
                    issued: now,
                };
                (context.ending(place, &before, reason).bytes(), None)
            }
            (before, Some(mut leaf)) => {
                let stands = StandingAlert::after(&leaf);
                if before == stands {
                    continue;
                }
                leaf.act = act(before.as_ref(), &leaf);
                let issued = zone.rfc3339(now);
                // Whoever should have seen it on an earlier day sees it now.
                leaf.late |= leaf.issued_at.get(..10) != issued.get(..10);
                leaf.issued_at = issued;
                (leaf_bytes(&leaf), stands)
            }
        };
        effects.leaves.push(bytes);
        effects.standing.push(StandingEffect { stream, key, alert, now: stands });
    }
}

/// The leaf that ends an alert of a stream that the package of its region no longer has. It is told by
/// the variant that judges there now, the name of the stream, and the key.
#[must_use]
pub fn retired(
    context: &LeafContext<'_>,
    (variant, stream, key): (usize, &str, &str),
    before: &StandingAlert,
    (now, reason): (Millis, &str),
) -> Vec<u8> {
    let place = Place { variant, stream, key, region: &before.region, issued: now };
    context.ending(place, before, reason).bytes()
}

fn act(before: Option<&StandingAlert>, leaf: &AlertLeaf) -> AlertAct {
    match before {
        None => AlertAct::Raised,
        Some(before) if before.level < leaf.level => AlertAct::Escalated,
        Some(before) if before.level > leaf.level => AlertAct::Lowered,
        Some(_) => AlertAct::Amended,
    }
}
