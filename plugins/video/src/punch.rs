//! Attendance punches of one officer and day, passed on to the officer's month. It judges nothing.

use crate::Params;
use crate::hours::minute_in;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Look, Stream};

/// Punches of a day that are kept.
const PUNCHES_MAX: usize = 50;

/// One punch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Punch {
    officer: String,
    at: plumbline_guest::Local,
    is_in: bool,
    version: u32,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Punches;

impl Stream for Punches {
    const NAME: &'static str = "punch";
    type State = Facts<Punch>;
    type Params = Params;

    fn take(state: &mut Facts<Punch>, event: &Event<'_>, _: &Params) {
        if state.len() >= PUNCHES_MAX {
            return;
        }
        let officer = event.text("officer").unwrap_or_default();
        let at = event.stamp("at").unwrap_or(event.time);
        let is_in = event.text("dir").as_deref() == Some("in");
        state.put(event, Punch { officer, at, is_in, version: event.version });
    }

    fn check(state: &Facts<Punch>, params: &Params, look: &mut Look<'_>) {
        if !params.is_discipline() {
            return;
        }
        let first = state.iter().filter(|entry| entry.fact.is_in).min_by_key(|entry| entry.fact.at);
        let Some(Punch { officer, at, version, .. }) = first.map(|entry| &entry.fact) else {
            return;
        };
        let day = at.day().to_string();
        let data = Writer::default()
            .text("officer", officer)
            .text("month", &day[..7])
            .text("date", &day)
            .int("rev", (*version).into())
            .int("in_min", minute_in(*at, at.day()).into());
        look.fact("punched", officer, data);
    }
}
