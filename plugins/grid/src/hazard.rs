//! One hazard: GRID-T02 整改逾期 and GRID-T03 复查缺失.

use crate::Params;
use crate::period::{self, passed};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Why, apply,
};

/// What is said of a hazard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Found { major: bool, due: Option<Day> },
    Ordered { due: Option<Day> },
    Extended { due: Option<Day> },
    Rectified,
    Reviewed { pass: bool, mode: Option<String> },
    Closed,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Hazards;

impl Stream for Hazards {
    const NAME: &'static str = "hazard";
    type State = Facts<Said>;
    type Params = Params;

    fn take(facts: &mut Facts<Said>, event: &Event<'_>, _: &Params) {
        let said = match event.kind {
            "grid.hazard.found" => Said::Found {
                major: event.text("level").is_some_and(|level| level == "major"),
                due: event.day("due"),
            },
            "grid.hazard.rectify_ordered" => Said::Ordered { due: event.day("due") },
            "grid.hazard.extended" => Said::Extended { due: event.day("due") },
            "grid.hazard.rectified" => Said::Rectified,
            "grid.hazard.reviewed" => Said::Reviewed {
                pass: event.text("result").is_some_and(|result| result == "pass"),
                mode: event.text("mode"),
            },
            "grid.hazard.closed" => Said::Closed,
            _ => return,
        };
        facts.put(event, said);
    }

    fn check(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Said>, Params>] =
            &[("GRID-T02", rectification), ("GRID-T03", second_look)];
        apply(rules, &params.off, facts, params, look);
    }
}

fn find(facts: &Facts<Said>, wanted: fn(&Said) -> bool) -> Option<&Entry<Said>> {
    facts.iter().find(|entry| wanted(&entry.fact))
}

/// Whether the hazard is a major one, if it was reported at all.
fn is_major(facts: &Facts<Said>) -> Option<(&Entry<Said>, bool)> {
    facts.iter().find_map(|entry| match entry.fact {
        Said::Found { major, .. } => Some((entry, major)),
        _ => None,
    })
}

/// The last day to rectify: what the order sets, and what was extended before that day had passed.
fn deadline(facts: &Facts<Said>) -> Option<Day> {
    let mut due: Option<Day> = None;
    for entry in facts {
        let in_time = due.is_none_or(|due| entry.time.day() <= due);
        match entry.fact {
            Said::Found { due: Some(day), .. } if due.is_none() => due = Some(day),
            Said::Ordered { due: Some(day) } | Said::Extended { due: Some(day) } if in_time => {
                due = Some(day);
            }
            _ => {}
        }
    }
    due
}

/// GRID-T02: the last day went by without a rectification that a check has confirmed.
fn rectification(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
    let Some((found, major)) = is_major(facts) else { return look.unknown("grid.hazard.found") };
    let Some(due) = deadline(facts) else { return look.unknown("due") };
    let closed = find(facts, |said| matches!(said, Said::Closed));
    if let Some(closed) = closed.filter(|closed| closed.time.day() <= due) {
        return look.exempt(|| {
            let (zh, en) =
                ("隐患已因停业、搬迁等原因消除", "the hazard was gone for another reason");
            Why::new(zh, en).at("closed_at", closed.time).day("last_day", due)
        });
    }
    let confirmed = find(facts, |said| matches!(said, Said::Reviewed { pass: true, .. }));
    let end = [confirmed, closed].into_iter().flatten().min_by_key(|entry| entry.time);
    let done = end.map(|entry| entry.time);
    let from = found.time.day();
    if !passed(due, done, look) {
        let why = period::why(from, due, done, look);
        return look.quiet(|| why.flag("major", major));
    }
    let is_red = major || passed(due.plus(params.hazard_red_d), done, look);
    let level = if is_red { Level::Red } else { Level::Yellow };
    let fire = Fire::overdue(level, due)
        .evidence([Some(found.seq), end.map(|entry| entry.seq)].into_iter().flatten())
        .text("zh", if major { "重大隐患" } else { "一般隐患" })
        .text("en", if major { "major hazard" } else { "general hazard" })
        .day("due", due);
    let why = period::why(from, due, done, look).int("red_d", params.hazard_red_d);
    look.fire_because(fire, || why.flag("major", major));
}

/// GRID-T03: rectified and not looked at again in time, or a major hazard looked at from afar only.
fn second_look(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
    let Some((_, major)) = is_major(facts) else { return look.unknown("grid.hazard.found") };
    let mut count = 0;
    let mut answered: Option<Local> = None;
    for entry in facts.iter().filter(|entry| matches!(entry.fact, Said::Rectified)) {
        // Several reports of one rectification are answered by one check.
        if answered.is_some_and(|answered| entry.time <= answered) {
            continue;
        }
        count += 1;
        let after = |other: &&Entry<Said>| {
            other.time >= entry.time && matches!(other.fact, Said::Reviewed { .. } | Said::Closed)
        };
        let review = facts.iter().find(after);
        answered = review.map(|review| review.time).or(Some(Local(i64::MAX)));
        let done = review.map(|review| review.time);
        let from = entry.time.day();
        let Some(due) = period::working(from, params.review_wd, look) else { return };
        let why = period::why(from, due, done, look);
        if !passed(due, done, look) {
            look.quiet(|| why);
            continue;
        }
        let episode = if count == 1 { String::new() } else { format!("{count}") };
        let fire = Fire::overdue(Level::Yellow, due)
            .episode(episode)
            .evidence([Some(entry.seq), review.map(|review| review.seq)].into_iter().flatten())
            .text("zh", &format!("整改后 {} 个工作日内未复查", params.review_wd))
            .text("en", &format!("not checked within {} working days", params.review_wd));
        look.fire_because(fire, || why);
    }
    if count == 0 {
        look.quiet(|| {
            Why::new("尚未报告整改", "not reported as rectified yet").count("rectified", 0)
        });
    }
    if major {
        on_site(facts, look);
    }
}

/// A major hazard is checked on site.
fn on_site(facts: &Facts<Said>, look: &mut Look<'_>) {
    let reviews = facts.iter().filter_map(|entry| match &entry.fact {
        Said::Reviewed { mode, .. } => Some((entry, mode.as_deref())),
        _ => None,
    });
    let mut reviews = reviews.peekable();
    let Some((first, _)) = reviews.peek().copied() else { return };
    let modes: Vec<_> = reviews.collect();
    if modes.iter().any(|(_, mode)| *mode == Some("site")) {
        return look.quiet(|| {
            Why::new("重大隐患已现场复查", "a major hazard was checked on site")
                .flag("on_site", true)
        });
    }
    if modes.iter().any(|(_, mode)| mode.is_none()) {
        return look.unknown("mode");
    }
    let fire = Fire::new(Level::Yellow, first.time)
        .episode("visit")
        .evidence(modes.iter().map(|(entry, _)| entry.seq))
        .text("zh", "重大隐患仅凭照片或远程复查，未到现场")
        .text("en", "a major hazard was checked by photo or from afar only");
    look.fire_because(fire, || {
        let why = Why::new("没有现场复查记录", "no check on site");
        why.texts("modes", modes.iter().filter_map(|(_, mode)| *mode))
    });
}
