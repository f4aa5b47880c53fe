//! One stillness of one source: NET-S01 断报. The host says since when a source is still and how
//! often it usually reports; here is judged from when on that is silence.

use crate::Params;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Fire, Level, Local, Look, MS_PER_MINUTE, Rule, Stream, Why, apply,
};

/// Most outages of one source that are looked at: a year of one every second working day.
const OUTAGES_MAX: u32 = 128;
/// Days ahead in which a working day is looked for: no holiday lasts so long.
const AHEAD_DAYS: i32 = 30;
const SECONDS_PER_MINUTE: i64 = 60;

/// What the host says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Silent { source: String, since: Option<Local>, usual_s: Option<i64> },
    Back,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Silences;

impl Stream for Silences {
    const NAME: &'static str = "silence";
    type State = Facts<Word>;
    type Params = Params;

    fn take(words: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        let word = match event.kind {
            "platform.source.silent" => Word::Silent {
                source: event.text("source").unwrap_or_default(),
                since: event.stamp("since"),
                usual_s: event.int("usual_s"),
            },
            "platform.source.back" => Word::Back,
            _ => return,
        };
        words.put(event, word);
    }

    fn check(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("NET-S01", silent)];
        apply(rules, &params.off, words, params, look);
    }
}

/// Moments after which the stillness is a notice, yellow, red.
struct Steps {
    levels: [(Level, Local); 3],
    /// Of working hours.
    allowed_s: i64,
}

/// NET-S01: longer than a multiple of what is usual, counted in working hours.
fn silent(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
    let told = words.iter().find_map(|entry| match &entry.fact {
        Word::Silent { source, since, usual_s } => Some((entry, source, *since, *usual_s)),
        Word::Back => None,
    });
    let Some((entry, source, since, usual_s)) = told else {
        return look.unknown("platform.source.silent");
    };
    let Some(since) = since else { return look.unknown("since") };
    let Some(usual_s) = usual_s else { return look.unknown("usual_s") };
    let back = words.iter().find(|entry| matches!(entry.fact, Word::Back));
    let back_at = back.map(|back| back.time);
    let Some((start, steps)) = after_outages(entry, (source, since, usual_s), params, look) else {
        return look.provisional();
    };
    let mut level = None;
    for (of, after) in steps.levels {
        let is_passed = match back_at {
            Some(back) => back > after,
            None => look.reached(Local(after.0 + 1)),
        };
        if !is_passed {
            break;
        }
        level = Some(of);
    }
    let organ = &entry.dept;
    let until = back_at.unwrap_or_else(|| look.now());
    // Only an explanation says how long it was.
    let used_s = if look.is_tracing() { look.worktime(organ, start, until, &[]) } else { 0 };
    let used_min = used_s / SECONDS_PER_MINUTE;
    let allowed_min = steps.allowed_s / SECONDS_PER_MINUTE;
    let why = || {
        Why::new(
            format!("自 {start} 起办公时间内 {used_min} 分钟无数据，允许 {allowed_min} 分钟"),
            format!("{used_min} minutes of working hours without data since {start}, {allowed_min} allowed"),
        )
        .at("counted_from", start)
        .int("used_min", used_min)
        .int("usual_s", usual_s)
        .flag("back", back_at.is_some())
    };
    let Some(level) = level else { return look.quiet(|| why().int("allowed_min", allowed_min)) };
    let fire = Fire::new(level, steps.levels[0].1)
        .subject(source)
        .dept(organ)
        .evidence([Some(entry.seq), back.map(|back| back.seq)].into_iter().flatten())
        .text("source", source)
        .text("since", &since.to_string())
        .int("allowed_min", allowed_min);
    look.fire_because(fire, why);
}

/// The steps of a stillness, counted from the end of registered outages that it ran into.
fn after_outages(
    entry: &Entry<Word>,
    (source, since, usual_s): (&str, Local, i64),
    params: &Params,
    look: &Look<'_>,
) -> Option<(Local, Steps)> {
    let mut start = since;
    let mut steps = steps(&entry.dept, start, usual_s, params, look)?;
    for (begin, end) in outages(look, source, entry.time.day()) {
        if begin <= steps.levels[0].1 && end > start {
            start = end;
            steps = self::steps(&entry.dept, start, usual_s, params, look)?;
        }
    }
    Some((start, steps))
}

fn steps(
    organ: &str,
    start: Local,
    usual_s: i64,
    params: &Params,
    look: &Look<'_>,
) -> Option<Steps> {
    let usual = usual_s.max(0).saturating_mul(params.silent_factor);
    let allowed_s = usual.max(params.silent_min * SECONDS_PER_MINUTE);
    let yellow_s = allowed_s.max(params.silent_yellow_min * SECONDS_PER_MINUTE);
    let notice = look.add_worktime(organ, start, allowed_s);
    let yellow = look.add_worktime(organ, start, yellow_s);
    // A source that seldom reports is not red after one day: its silence has to be twice as long
    // as what is allowed.
    let double = look.add_worktime(organ, start, allowed_s.saturating_mul(2));
    if notice.provisional || yellow.provisional || double.provisional {
        return None;
    }
    let day = whole_working_day(start.day(), look)?;
    let day_end = Local(day.plus(1).start().0 - 1);
    let red = day_end.max(double.at).max(yellow.at);
    let levels = [(Level::Notice, notice.at), (Level::Yellow, yellow.at), (Level::Red, red)];
    Some(Steps { levels, allowed_s })
}

/// The first working day that lies behind `day` as a whole.
fn whole_working_day(day: Day, look: &Look<'_>) -> Option<Day> {
    (1..=AHEAD_DAYS).map(|ahead| day.plus(ahead)).find(|day| look.is_working(*day))
}

/// Registered outages of a source, those of all sources included, by begin.
pub(crate) fn outages(look: &Look<'_>, source: &str, on: Day) -> Vec<(Local, Local)> {
    let of_all = look.rows("outage", "/", on, OUTAGES_MAX);
    let own = look.rows("outage", &format!("{source}/"), on, OUTAGES_MAX);
    let rows = of_all.iter().chain(own.iter());
    let mut spans: Vec<_> = rows.filter_map(|(_, row)| outage(row, source, look)).collect();
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// The key alone does not tell whose outage it is: a source may begin with a slash.
fn outage(row: &str, source: &str, look: &Look<'_>) -> Option<(Local, Local)> {
    let row = Object::parse(row);
    let text = |name| row.get(name).and_then(Value::text);
    let of = text("source").unwrap_or_default();
    let has_ticket = text("ticket").is_some_and(|ticket| !ticket.is_empty());
    let span = (look.stamp(&text("from_time")?)?, look.stamp(&text("to_time")?)?);
    let is_right = has_ticket && (of.is_empty() || of == source);
    (is_right && span.1.0 - span.0.0 >= MS_PER_MINUTE).then_some(span)
}
