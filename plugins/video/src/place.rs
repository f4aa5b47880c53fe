//! VID-P01 隐私: cameras and zones where there may be none, and observations that would tell who
//! somebody is.

use crate::Params;
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};

/// Reports of one camera that are kept: it is registered and changed now and then.
const REPORTS_MAX: usize = 400;

/// What a registration, or an observation, says of the place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Report {
    cam: String,
    /// Class of the place and kinds of the zones, masked zones left out.
    places: Vec<String>,
    /// Fields that are exported.
    fields: Vec<String>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Places;

impl Stream for Places {
    const NAME: &'static str = "place";
    type State = Facts<Report>;
    type Params = Params;

    fn take(state: &mut Facts<Report>, event: &Event<'_>, _: &Params) {
        if state.len() >= REPORTS_MAX {
            return;
        }
        let mut places: Vec<_> = event.text("place_class").into_iter().collect();
        let mut fields = event.texts("exports").unwrap_or_default();
        fields.extend(event.text("field"));
        for zone in event.get("zones").into_iter().flat_map(Value::items) {
            let zone = zone.object();
            let is_masked = zone.get("masked").and_then(Value::bool) == Some(true);
            let kind = zone.get("kind").and_then(Value::text).unwrap_or_default();
            if !is_masked && !kind.is_empty() {
                places.push(kind.into_owned());
            }
        }
        let cam = event.text("cam").unwrap_or_default();
        state.put(event, Report { cam, places, fields });
    }

    fn check(state: &Facts<Report>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Report>, Params>] = &[("VID-P01", private)];
        apply(rules, &params.off, state, params, look);
    }
}

/// VID-P01: one card for each place or field.
fn private(state: &Facts<Report>, params: &Params, look: &mut Look<'_>) {
    let mut told: Vec<&str> = Vec::new();
    for entry in state {
        let Report { cam, places, fields } = &entry.fact;
        let place = places.iter().filter(|place| params.private_places.contains(place));
        let field = fields.iter().filter(|field| params.identity_fields.contains(field));
        for found in place.chain(field) {
            if told.contains(&found.as_str()) {
                continue;
            }
            told.push(found);
            let fire = Fire::new(Level::Red, entry.time)
                .subject(cam)
                .episode(found)
                .evidence([entry.seq])
                .text("cam", cam)
                .text("found", found);
            look.fire_because(fire, || {
                Why::new("属禁止安装或禁止导出的类别", "a class that is forbidden")
                    .text("class", found)
            });
        }
    }
    if told.is_empty() {
        look.quiet(|| {
            Why::new("未见禁止的场所或字段", "no forbidden place or field")
                .count("reports", state.len())
        });
    }
}
