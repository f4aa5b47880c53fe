//! VID-C06 录像缺失: what was found on one date about the recordings of a camera.

use crate::Params;
use crate::hours::{self, Camera};
use crate::minutes::{common, length, spans_of};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};

/// What a check of the recorder found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Checked {
    cam: String,
    day: Option<Day>,
    oldest: Option<Day>,
    /// None: not told. Stretches without motion are no gaps where only motion is recorded.
    gaps: Option<Vec<String>>,
    motion_only: bool,
    since: Option<Day>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Recordings;

impl Stream for Recordings {
    const NAME: &'static str = "recording";
    type State = Facts<Checked>;
    type Params = Params;

    fn take(state: &mut Facts<Checked>, event: &Event<'_>, _: &Params) {
        let checked = Checked {
            cam: event.text("cam").unwrap_or_default(),
            day: event.day("date"),
            oldest: event.day("oldest"),
            gaps: event.texts("gaps"),
            motion_only: event.flag("motion_only") == Some(true),
            since: event.day("since"),
        };
        state.put(event, checked);
    }

    fn check(state: &Facts<Checked>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Checked>, Params>] = &[("VID-C06", missing)];
        apply(rules, &params.off, state, params, look);
    }
}

/// VID-C06: the latest check of the date decides.
fn missing(state: &Facts<Checked>, params: &Params, look: &mut Look<'_>) {
    let Some(entry) = state.iter().next_back() else { return look.unknown("date") };
    let checked = &entry.fact;
    let Some(day) = checked.day else { return look.unknown("date") };
    let Some(oldest) = checked.oldest else { return look.unknown("oldest") };
    let kept = day.0 - oldest.0;
    // A camera that is younger than that cannot have older recordings.
    let age = checked.since.map(|since| day.0 - since.0);
    let short = kept < params.keep_d && age.is_none_or(|age| kept < age);
    let row = look.row::<Camera>(&checked.cam, day);
    let hall = row.as_ref().map_or("", |row| &row.hall);
    let mut gap = 0;
    if let Some(gaps) =
        checked.gaps.as_ref().filter(|gaps| !checked.motion_only && !gaps.is_empty())
    {
        let Some(open) = hours::open(look, hall, day) else { return look.provisional() };
        let out = hours::outages(look, &checked.cam, hall, day);
        let lost = common(&spans_of(gaps), &open);
        gap = length(&lost) - length(&common(&lost, &out));
    }
    let why = || {
        Why::new(
            format!(
                "最早录像距 {day} {kept} 日，应存 {} 日；开放时间内缺 {gap} 分钟，限 {} 分钟",
                params.keep_d, params.gap_min
            ),
            format!(
                "{kept} days back from {day} of {}; {gap} open minutes lack, {} allowed",
                params.keep_d, params.gap_min
            ),
        )
        .int("kept_days", kept)
        .int("lacking_min", gap)
        .int("gap_limit_min", params.gap_min)
    };
    if !short && gap <= params.gap_min {
        return look.quiet(why);
    }
    let fire = Fire::new(Level::Yellow, day.start())
        .subject(&checked.cam)
        .evidence([entry.seq])
        .text("cam", &checked.cam)
        .day("oldest", oldest)
        .int("keep_d", params.keep_d.into())
        .int("gap", gap);
    look.fire_because(fire, why);
}
