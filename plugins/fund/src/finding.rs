//! One finding of an audit: FUND-A01 审计整改逾期.

use crate::Params;
use crate::day::{moment, yuan};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Why, apply};

/// What is said of a finding.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Found { project: String, amount: i64, due: Option<Day> },
    Extended { until: Day },
    Rectified { at: Local, complete: bool },
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Findings;

impl Stream for Findings {
    const NAME: &'static str = "finding";
    type State = Facts<Said>;
    type Params = Params;

    fn take(said: &mut Facts<Said>, event: &Event<'_>, _: &Params) {
        let fact = match event.kind {
            "fund.audit.finding" => Said::Found {
                project: event.text("project").unwrap_or_default(),
                amount: event.int("amount").unwrap_or(0),
                due: event.day("due"),
            },
            "fund.audit.extended" => {
                let approver = event.text("approver").unwrap_or_default();
                // An extension that nobody approved extends nothing.
                let Some(until) = event.day("until").filter(|_| !approver.is_empty()) else {
                    return;
                };
                Said::Extended { until }
            }
            _ => Said::Rectified {
                at: moment(event, "at"),
                complete: event.flag("complete").unwrap_or(true),
            },
        };
        said.put(event, fact);
    }

    fn check(said: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Said>, Params>] = &[("FUND-A01", overdue)];
        apply(rules, &params.off, said, params, look);
    }
}

/// FUND-A01: not wholly put right by the last day. An extension counts if it was granted by then.
fn overdue(said: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
    let found = said.iter().find_map(|entry| match &entry.fact {
        Said::Found { project, amount, due } => Some((entry, project, *amount, *due)),
        _ => None,
    });
    let Some((entry, project, amount, due)) = found else {
        return look.unknown("fund.audit.finding");
    };
    let Some(mut due) = due else { return look.unknown("due") };
    for line in said {
        if let Said::Extended { until } = &line.fact
            && line.time.day() <= due
        {
            due = due.max(*until);
        }
    }
    let rectified = said.iter().filter_map(|entry| match &entry.fact {
        Said::Rectified { at, complete: true } => Some((*at, entry.seq)),
        _ => None,
    });
    let rectified = rectified.min();
    let missed = |day: Day| rectified.is_none_or(|(at, _)| at.day() > day);
    if !missed(due) || !look.reached(due.plus(1).start()) {
        return look.quiet(|| {
            let done = rectified.map_or_else(|| "-".to_owned(), |(at, _)| at.day().to_string());
            Why::new(
                format!("整改期限至 {due}，整改完成于 {done}"),
                format!("to be put right by {due}, done on {done}"),
            )
            .day("last_day", due)
            .text("rectified", &done)
        });
    }
    let red_day = due.plus(params.rectify_red_d);
    let is_red = missed(red_day) && look.reached(red_day.plus(1).start());
    let level = if is_red { Level::Red } else { Level::Yellow };
    let fire = Fire::overdue(level, due)
        .dept(&entry.dept)
        .evidence([Some(entry.seq), rectified.map(|(_, seq)| seq)].into_iter().flatten())
        .text("project", project)
        .text("amount_yuan", &yuan(amount))
        .day("due", due);
    look.fire_because(fire, || {
        let days = params.rectify_red_d;
        Why::new(
            format!("{due} 前未全部整改，逾期 {days} 日以上红牌"),
            format!("not wholly put right by {due}, red beyond {days} days"),
        )
        .int("rectify_red_d", days)
    });
}
