//! One alert and what became of it: NET-A01 再监察 and NET-A02 消号.

use crate::Params;
use crate::term::Term;
use crate::told::Told;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Fire, FromRow, Level, Local, Look, Rule, Stream, Unit, Why, apply,
};

/// Most reasons of one alert that were used elsewhere: it is answered and closed a few times.
const REUSED_MAX: usize = 20;

/// Who signed something, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Signed {
    by: String,
    by_dept: Option<String>,
    /// Closed by the host because the condition is over.
    auto: bool,
}

/// What is said of an alert.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Raised {
        rule: String,
        level: Option<Level>,
        dept: String,
        officer: String,
        region: String,
    },
    Changed {
        level: Option<Level>,
    },
    /// Answered; an answer without a reason is none.
    Answered {
        has_reason: bool,
    },
    Closed(Signed),
    Withdrawn,
}

/// A reason that this alert shares with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Reuse {
    at: Local,
    seq: u64,
    nth: i64,
}

/// The alert.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Alert {
    words: Facts<Word>,
    /// By `department/reason`.
    reused: Told<Reuse>,
}

impl Alert {
    fn hear(&mut self, event: &Event<'_>) -> Option<()> {
        let at = event.int("at").map(Local);
        let seq = event.int("seq").and_then(|seq| u64::try_from(seq).ok());
        let nth = event.int("nth");
        let reuse = at.zip(seq).zip(nth).map(|((at, seq), nth)| Reuse { at, seq, nth });
        self.reused.hear(event.text("reason")?, reuse, event.int("turn")?, REUSED_MAX);
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Alerts;

impl Stream for Alerts {
    const NAME: &'static str = "alert";
    type State = Alert;
    type Params = Params;

    fn take(alert: &mut Alert, event: &Event<'_>, _: &Params) {
        let text = |name: &str| event.text(name).unwrap_or_default();
        let level = || match event.text("level").as_deref() {
            Some("notice") => Some(Level::Notice),
            Some("yellow") => Some(Level::Yellow),
            Some("red") => Some(Level::Red),
            _ => None,
        };
        let word = match event.kind {
            "platform.alert.raised" => Word::Raised {
                rule: text("rule"),
                level: level(),
                dept: event.text("dept").unwrap_or_else(|| event.dept.to_owned()),
                officer: text("officer"),
                region: event.region.to_owned(),
            },
            "platform.alert.changed" => Word::Changed { level: level() },
            "platform.alert.answered" => Word::Answered {
                has_reason: event.text("reason_hash").is_none_or(|reason| !reason.is_empty()),
            },
            "platform.alert.closed" => Word::Closed(Signed {
                by: text("by"),
                by_dept: event.text("by_dept").filter(|dept| !dept.is_empty()),
                auto: event.flag("auto") == Some(true),
            }),
            "platform.alert.withdrawn" => Word::Withdrawn,
            "fact.conduct.reused" => return alert.hear(event).unwrap_or_default(),
            _ => return,
        };
        alert.words.put(event, word);
    }

    fn check(alert: &Alert, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Alert, Params>] = &[("NET-A01", ignored), ("NET-A02", hushed)];
        apply(rules, &params.off, alert, params, look);
    }
}

/// The alert as it was raised.
struct Raised<'a> {
    entry: &'a Entry<Word>,
    rule: &'a str,
    level: Option<Level>,
    dept: &'a str,
    officer: &'a str,
    region: &'a str,
}

fn raised(alert: &Alert) -> Option<Raised<'_>> {
    alert.words.iter().find_map(|entry| match &entry.fact {
        Word::Raised { rule, level, dept, officer, region } => {
            Some(Raised { entry, rule, level: *level, dept, officer, region })
        }
        _ => None,
    })
}

/// How long a card may stay without an answer, where a region has its own policy.
struct Policy(i32);

impl FromRow for Policy {
    const TABLE: &'static str = "alert_policy";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let days = row.get("ack_wd").and_then(Value::int)?;
        i32::try_from(days).ok().map(Self)
    }
}

/// The superior of a department.
struct Superior(String);

impl FromRow for Superior {
    const TABLE: &'static str = "dept";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let parent = row.get("parent").and_then(Value::text)?;
        (!parent.is_empty()).then(|| Self(parent.into_owned()))
    }
}

/// The department of an officer.
struct Officer(String);

impl FromRow for Officer {
    const TABLE: &'static str = "officer";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let dept = row.get("dept").and_then(Value::text)?;
        (!dept.is_empty()).then(|| Self(dept.into_owned()))
    }
}

/// The superior of a department on a day; empty if the table does not say.
pub(crate) fn upper(dept: &str, on: Day, look: &Look<'_>) -> String {
    look.row::<Superior>(dept, on).map(|row| row.0.clone()).unwrap_or_default()
}

/// Working days to answer a card of a level: the policy of the region, its city, its province or
/// of all, else the parameter.
fn allowed(raised: &Raised<'_>, level: Level, on: Day, params: &Params, look: &Look<'_>) -> i32 {
    let region = raised.region;
    let wider =
        |digits: usize, zeros: &str| region.get(..digits).map(|code| format!("{code}{zeros}"));
    let regions = [
        Some(region.to_owned()),
        wider(6, ""),
        wider(4, "00"),
        wider(2, "0000"),
        Some(String::new()),
    ];
    let policy = regions
        .into_iter()
        .flatten()
        .find_map(|region| look.row::<Policy>(&format!("{}/{region}", raised.rule), on));
    match (policy, level) {
        (Some(policy), _) => policy.0,
        (None, Level::Red) => params.ack_red_wd,
        (None, _) => params.ack_yellow_wd,
    }
}

/// NET-A01: a card that nobody answered in time. The alert keeps its level; this one goes to the
/// upper level.
fn ignored(alert: &Alert, params: &Params, look: &mut Look<'_>) {
    let Some(raised) = raised(alert) else { return look.unknown("platform.alert.raised") };
    let needs_none =
        |prefix: &String| !prefix.is_empty() && raised.rule.starts_with(prefix.as_str());
    if params.not_escalated.iter().any(needs_none) {
        let (zh, en) = ("该规则的预警不再上报", "alerts of this rule are not passed on");
        return look.exempt(|| Why::new(zh, en).text("rule", raised.rule));
    }
    if alert.words.iter().any(|entry| matches!(entry.fact, Word::Withdrawn)) {
        let why = Why::new("预警已撤回", "the alert was withdrawn").flag("withdrawn", true);
        return look.exempt(|| why);
    }
    let Some(level) = raised.level else { return look.unknown("level") };
    let answer = alert
        .words
        .iter()
        .find(|entry| matches!(entry.fact, Word::Answered { has_reason: true } | Word::Closed(_)));
    let answered = answer.map(|entry| entry.time);
    let mut worst: Option<(Level, Term)> = None;
    let mut open: Option<Term> = None;
    for (at, level, lowered) in spells(alert, raised.entry.time, level) {
        let days = allowed(&raised, level, at.day(), params, look);
        let Some(term) = Term::new(look, at.day(), days, Unit::WorkingDay) else {
            return look.provisional();
        };
        open = open.or(Some(term));
        let is_over = lowered.is_some_and(|lowered| lowered.day() <= term.due);
        if !is_over && term.passed(answered, look) {
            worst = match worst {
                Some((known, first)) => Some((known.max(level), first)),
                None => Some((level, term)),
            };
        }
    }
    let what = ("答复预警", "to answer the alert");
    let Some((level, term)) = worst else {
        return match open {
            Some(term) => {
                let why = term.why(what, answered, look);
                look.quiet(|| why);
            }
            None => look.quiet(|| {
                Why::new("提示无须答复", "a notice needs no answer").text("of_level", "notice")
            }),
        };
    };
    let upper = upper(raised.dept, term.due, look);
    let why = term.why(what, answered, look);
    let fire = term
        .overdue(level)
        .dept(raised.dept)
        .evidence([Some(raised.entry.seq), answer.map(|entry| entry.seq)].into_iter().flatten())
        .text("rule", raised.rule)
        .text("dept", raised.dept)
        .text("upper", &upper);
    look.fire_because(fire, || why);
}

/// Since when the alert was yellow or red, and when it was lowered from there.
fn spells(alert: &Alert, since: Local, level: Level) -> Vec<(Local, Level, Option<Local>)> {
    let mut levels = vec![(since, level)];
    let changes = alert.words.iter().filter(|entry| entry.time >= since);
    levels.extend(changes.filter_map(|entry| match entry.fact {
        Word::Changed { level } => Some((entry.time, level?)),
        _ => None,
    }));
    let card = |(index, (at, level)): (usize, &(Local, Level))| {
        let lowered = levels[index + 1..].iter().find(|(_, later)| later < level);
        (*level > Level::Notice).then_some((*at, *level, lowered.map(|(at, _)| *at)))
    };
    levels.iter().enumerate().filter_map(card).collect()
}

/// NET-A02: closed by those whom it is about, or with a reason that was used before.
fn hushed(alert: &Alert, params: &Params, look: &mut Look<'_>) {
    let Some(raised) = raised(alert) else { return look.unknown("platform.alert.raised") };
    let (own, unknown) = closed_by_own(alert, &raised, look);
    if let Some((entry, signed)) = own {
        let fire = Fire::new(Level::Red, entry.time)
            .episode("self")
            .dept(raised.dept)
            .evidence([raised.entry.seq, entry.seq])
            .text("rule", raised.rule)
            .text("zh", "由被监督单位或人员自行关闭")
            .text("en", "closed by those whom it is about");
        look.fire_because(fire, || {
            Why::new(
                format!("由 {} 关闭，预警对象为 {}", signed.by, raised.dept),
                format!("closed by {}, about {}", signed.by, raised.dept),
            )
            .text("by", &signed.by)
        });
    }
    // One card, whatever the number of reasons; the earliest tells since when.
    let reuse = alert.reused.holding().min_by_key(|(_, reuse)| (reuse.at, reuse.seq));
    if let Some((_, reuse)) = reuse {
        let fire = Fire::new(Level::Red, reuse.at)
            .episode("reason")
            .dept(raised.dept)
            .evidence([raised.entry.seq, reuse.seq])
            .text("rule", raised.rule)
            .text("zh", &format!("同一理由第 {} 次使用", reuse.nth))
            .text("en", &format!("the same reason for the {}. time", reuse.nth));
        look.fire_because(fire, || {
            let n = params.reason_n;
            Why::new(
                format!("同一理由用于 {} 个预警，第 {n} 个起为红牌", reuse.nth),
                format!("one reason for {} alerts, red from {n} on", reuse.nth),
            )
            .int("nth", reuse.nth)
        });
    }
    if own.is_some() || reuse.is_some() {
        return;
    }
    if unknown {
        return look.unknown("by_dept");
    }
    let closed = alert.words.iter().any(|entry| matches!(entry.fact, Word::Closed(_)));
    look.quiet(|| {
        let (zh, en) = match closed {
            true => ("由监督方或系统关闭", "closed by the supervisor or the system"),
            false => ("尚未关闭", "not closed yet"),
        };
        Why::new(zh, en).flag("closed", closed)
    });
}

/// The closing by the supervised unit or officer, and whether of one it is not known who it was.
fn closed_by_own<'a>(
    alert: &'a Alert,
    raised: &Raised<'_>,
    look: &Look<'_>,
) -> (Option<(&'a Entry<Word>, &'a Signed)>, bool) {
    let mut unknown = false;
    for entry in &alert.words {
        let Word::Closed(signed) = &entry.fact else { continue };
        if signed.auto {
            continue;
        }
        if !signed.by.is_empty() && signed.by == raised.officer {
            return (Some((entry, signed)), false);
        }
        let dept = signed
            .by_dept
            .clone()
            .or_else(|| look.row::<Officer>(&signed.by, entry.time.day()).map(|row| row.0.clone()));
        match dept {
            Some(dept) if dept == raised.dept => return (Some((entry, signed)), false),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (None, unknown)
}
