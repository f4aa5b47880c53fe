//! The reports of one accident: GRID-T06 事故迟报.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Why, apply};

/// One report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Notice {
    at: Local,
    occurred: Option<Local>,
    discovered: Option<Local>,
    /// 0 the unit to the county, 1 the county to the city, 2 the city to the province.
    stage: u8,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Accidents;

impl Stream for Accidents {
    const NAME: &'static str = "accident";
    type State = Facts<Notice>;
    type Params = Params;

    fn take(facts: &mut Facts<Notice>, event: &Event<'_>, _: &Params) {
        let stage = match event.text("stage").as_deref() {
            Some("county") => 1,
            Some("city") => 2,
            Some("province") => 3,
            _ => 0,
        };
        let at = event.stamp("at").unwrap_or(event.time);
        let (occurred, discovered) = (event.stamp("occurred"), event.stamp("discovered"));
        facts.put(event, Notice { at, occurred, discovered, stage });
    }

    fn check(facts: &Facts<Notice>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Notice>, Params>] = &[("GRID-T06", late)];
        apply(rules, &params.off, facts, params, look);
    }
}

/// The first report of a stage.
fn first(facts: &Facts<Notice>, stage: u8) -> Option<&Entry<Notice>> {
    facts.iter().filter(|entry| entry.fact.stage == stage).min_by_key(|entry| entry.fact.at)
}

/// GRID-T06: reported later than the law allows after it became known, or passed on too late.
fn late(facts: &Facts<Notice>, params: &Params, look: &mut Look<'_>) {
    for stage in 0..=3 {
        let Some(notice) = first(facts, stage) else { continue };
        let (from, limit) = if stage == 0 {
            let Some(occurred) = notice.fact.occurred else {
                look.unknown("occurred");
                continue;
            };
            // A discovery before the accident is a mistake of the source.
            let known = notice.fact.discovered.unwrap_or(occurred).max(occurred);
            (known, params.accident_min)
        } else {
            let Some(before) = first(facts, stage - 1) else {
                look.unknown("stage");
                continue;
            };
            (before.fact.at, params.accident_onward_min)
        };
        let minutes = notice.fact.at.minutes_since(from);
        let why = || {
            Why::new(
                format!("{from} 起算，{minutes} 分钟后报告，限 {limit} 分钟"),
                format!("reported {minutes} minutes after {from}, {limit} allowed"),
            )
            .at("from", from)
            .int("stage", i64::from(stage))
        };
        if notice.fact.at <= from.plus_minutes(limit) {
            look.quiet(|| why().int("elapsed_min", minutes).int("allowed_min", limit));
            continue;
        }
        let episode = ["unit", "county", "city", "province"][usize::from(stage)];
        let fire = Fire::new(Level::Red, from.plus_minutes(limit))
            .episode(episode)
            .evidence([notice.seq])
            .int("elapsed_min", minutes)
            .int("limit_min", limit);
        look.fire_because(fire, why);
    }
}
