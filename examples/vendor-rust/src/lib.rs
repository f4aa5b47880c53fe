//! 公车监察: a vendor's plugin in one file.
//!
//! One rule: an official car that is driven on a day off without an approval is a clue (线索) that
//! it may have been used privately.

use plumbline_guest::{
    Event, Facts, Fire, Level, Look, Parameters, Plugin, Rule, Stream, StreamEntry, Why, apply,
    stream,
};
use serde::{Deserialize, Serialize};

/// What the plugin keeps of a trip.
#[derive(Debug, Serialize, Deserialize)]
struct Trip {
    /// Absent: unknown. Empty: there is none.
    approval_no: Option<String>,
    km: i64,
}

/// What an administrator may set.
#[derive(Debug)]
pub struct Params {
    off: Vec<String>,
    km_min: i64,
}

/// Trips of one car.
struct Cars;

impl Stream for Cars {
    const NAME: &'static str = "car";
    type State = Facts<Trip>;
    type Params = Params;

    fn take(trips: &mut Facts<Trip>, event: &Event<'_>, _: &Params) {
        let approval_no = event.text("approval_no");
        let km = event.int("km").unwrap_or_default();
        trips.put(event, Trip { approval_no, km });
    }

    fn check(trips: &Facts<Trip>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Trip>, Params>] = &[("CAR-01", day_off)];
        apply(rules, &params.off, trips, params, look);
    }
}

/// CAR-01: driven on a day off without an approval.
fn day_off(trips: &Facts<Trip>, params: &Params, look: &mut Look<'_>) {
    for trip in trips {
        let day = trip.time.day();
        let Some(approval_no) = &trip.fact.approval_no else {
            look.unknown("approval_no");
            continue;
        };
        if look.is_working(day) || !approval_no.is_empty() || trip.fact.km < params.km_min {
            look.quiet(|| {
                let (zh, en) = (format!("{day} 用车合规"), format!("the trip of {day} is in order"));
                Why::new(zh, en).day("day", day).int("km", trip.fact.km)
            });
            continue;
        }
        look.fire(
            Fire::new(Level::Yellow, trip.time)
                .episode(trip.seq.to_string())
                .evidence([trip.seq])
                .day("day", day)
                .int("km", trip.fact.km),
        );
    }
}

/// The plugin.
#[derive(Debug)]
pub struct OfficialCar;

impl Plugin for OfficialCar {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[stream::<Cars>()];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Ok(Params { off: parameters.off(), km_min: parameters.int("km_min")? })
    }
}

plumbline_guest::supervisor!(OfficialCar);

#[cfg(test)]
mod tests {
    use super::OfficialCar;
    use plumbline_contract::manifest::Manifest;
    use plumbline_guest::{example::run_file, native::NativeExecutor};

    #[test]
    fn examples_turn_out_as_they_say() {
        let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
        let examples = include_str!("../examples/CAR-01.toml");
        let mut executor = NativeExecutor::<OfficialCar>::default();
        let (count, failures) = run_file(examples, &manifest, &mut executor).unwrap();
        assert!(failures.is_empty(), "{failures:?}");
        assert_eq!(count, 4);
    }
}
