//! Alarms of the sensors of one object: GRID-T05 告警未处置.
//!
//! A storm of alarms is one matter: they count by sensor (by kind, where no sensor is named) and
//! hour. What kind of limit a sensor watches is not judged here.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, MS_PER_MINUTE, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Hours with alarms that are kept of an object. Beyond it one without a card goes.
const HOURS_MAX: usize = 800;
/// Alarms of one hour that are kept, so that a correction of the first leaves the next.
const ALARMS_MAX: usize = 2;
/// Answers of an object from which those are forgotten that answer no alarm that is kept; there are
/// fewer of these than alarms.
const ANSWERS_MAX: usize = HOURS_MAX * ALARMS_MAX + 400;
/// Cards of one object: one that has as many has a broken sensor or no owner, which is known then.
const CARDS_MAX: usize = 200;

const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;

/// The alarms of one sensor and hour. A card tells of the first one that counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Alarm {
    at: Local,
    seq: u64,
    level: i64,
    identity: u64,
    version: u32,
    /// It is no test, and of a level that is supervised.
    counts: bool,
    dept: String,
}

/// An answer to all alarms of a sensor before it.
type Answer = (Local, u64);

/// The alarms of an object, and what was done about them, by sensor or kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Panel {
    /// By sensor and hour since 1970: those that could be the first of the hour.
    hours: BTreeMap<(String, i64), Vec<Alarm>>,
    /// In order.
    answers: BTreeMap<String, Vec<Answer>>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Alarms;

impl Stream for Alarms {
    const NAME: &'static str = "alarm";
    type State = Panel;
    type Params = Params;

    fn take(panel: &mut Panel, event: &Event<'_>, params: &Params) {
        let filled = |name| event.text(name).filter(|text: &String| !text.is_empty());
        let Some(name) = filled("sensor_no").or_else(|| filled("kind")) else { return };
        let at = event.stamp("at").unwrap_or(event.time);
        if event.kind == "grid.sensor.handled" {
            panel.answer(name, (at, event.seq));
        } else if let Some(level) = event.int("level") {
            let counts = event.flag("test") != Some(true) && level >= params.alarm_level;
            let (seq, identity, version) = (event.seq, event.identity, event.version);
            let dept = event.dept.to_owned();
            let alarm = Alarm { at, seq, level, identity, version, counts, dept };
            panel.alarm(name, alarm, params.alarm_yellow_min);
        }
    }

    fn check(panel: &Panel, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Panel, Params>] = &[("GRID-T05", ignored)];
        apply(rules, &params.off, panel, params, look);
    }
}

impl Panel {
    fn alarm(&mut self, sensor: String, alarm: Alarm, yellow_min: i64) {
        let same = |known: &&Alarm| known.identity == alarm.identity;
        if self.hours.values().flatten().find(same).is_some_and(|k| k.version >= alarm.version) {
            return;
        }
        if alarm.version > 1 {
            for alarms in self.hours.values_mut() {
                alarms.retain(|known| known.identity != alarm.identity);
            }
            self.hours.retain(|_, alarms| !alarms.is_empty());
        }
        let hour = (sensor, alarm.at.0.div_euclid(MS_PER_HOUR));
        let alarms = self.hours.entry(hour.clone()).or_default();
        alarms.push(alarm);
        alarms.sort_by_key(|alarm| (!alarm.counts, alarm.at, alarm.identity));
        alarms.truncate(ALARMS_MAX);
        if self.hours.len() > HOURS_MAX {
            // An hour without a card goes first; where all have one, no more are needed.
            let is_quiet = |sensor: &str, alarms: &[Alarm]| {
                let first = alarms.iter().find(|alarm| alarm.counts);
                first.is_none_or(|first| {
                    let limit = first.at.plus_minutes(yellow_min);
                    self.answer_to(sensor, first).is_some_and(|(at, _)| *at <= limit)
                })
            };
            let mut hours = self.hours.iter();
            let quiet = hours.find(|((sensor, _), alarms)| is_quiet(sensor, alarms));
            let gone = quiet.map_or(hour, |(hour, _)| hour.clone());
            self.hours.remove(&gone);
        }
    }

    /// The first answer after an alarm stands for it.
    fn answer_to(&self, sensor: &str, alarm: &Alarm) -> Option<&Answer> {
        let answers = self.answers.get(sensor)?;
        answers.get(answers.partition_point(|(at, _)| *at < alarm.at))
    }

    fn answer(&mut self, sensor: String, answer: Answer) {
        let answers = self.answers.entry(sensor).or_default();
        let place = answers.partition_point(|other| other <= &answer);
        answers.insert(place, answer);
        if self.answers.values().map(Vec::len).sum::<usize>() <= ANSWERS_MAX {
            return;
        }
        let mut needed: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
        for ((sensor, _), alarms) in &self.hours {
            let answers = alarms.iter().filter_map(|alarm| self.answer_to(sensor, alarm));
            needed.entry(sensor.clone()).or_default().extend(answers);
        }
        for answers in needed.values_mut() {
            answers.sort_unstable();
            answers.dedup();
        }
        self.answers = needed;
    }
}

/// GRID-T05: an alarm that nobody answered in time.
fn ignored(panel: &Panel, params: &Params, look: &mut Look<'_>) {
    let (mut cards, mut answered) = (0, 0);
    for ((name, hour), alarms) in &panel.hours {
        let Some(alarm) = alarms.iter().find(|alarm| alarm.counts) else { continue };
        let done = panel.answer_to(name, alarm);
        let is_later = |minutes: i64, look: &mut Look<'_>| {
            let limit = alarm.at.plus_minutes(minutes);
            match done {
                Some((at, _)) => *at > limit,
                // One minute more, so that an answer at the very limit is seen before.
                None => look.reached(limit.plus_minutes(1)),
            }
        };
        if !is_later(params.alarm_yellow_min, look) {
            answered += 1;
            continue;
        }
        cards += 1;
        if cards > CARDS_MAX {
            return;
        }
        let is_red = is_later(params.alarm_red_min, look);
        let level = if is_red { Level::Red } else { Level::Yellow };
        let fire = Fire::new(level, alarm.at.plus_minutes(params.alarm_yellow_min))
            .episode(format!("{name}/{}", Local(hour * MS_PER_HOUR)))
            .dept(&alarm.dept)
            .evidence([Some(alarm.seq), done.map(|(_, seq)| *seq)].into_iter().flatten())
            .text("sensor", name)
            .int("alarm_level", alarm.level)
            .text("raised_at", &alarm.at.to_string())
            .int("limit_min", params.alarm_yellow_min);
        look.fire_because(fire, || late(alarm, done, params));
    }
    if cards == 0 {
        look.quiet(|| {
            Why::new(
                format!("需处置的告警时段 {answered} 个，均未超过处置时限"),
                format!("{answered} hours with alarms that count, none beyond the limit"),
            )
            .int("hours", answered)
            .int("alarm_level", params.alarm_level)
        });
    }
}

fn late(alarm: &Alarm, done: Option<&(Local, u64)>, params: &Params) -> Why {
    let why = match done {
        Some((at, _)) => {
            let minutes = at.minutes_since(alarm.at);
            let (zh, en) =
                (format!("{minutes} 分钟后处置"), format!("handled after {minutes} minutes"));
            Why::new(zh, en).int("elapsed_min", minutes)
        }
        None => Why::new("没有处置记录", "nobody handled it"),
    };
    why.int("red_min", params.alarm_red_min)
}
