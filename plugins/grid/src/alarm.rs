//! Alarms of the sensors of one object: GRID-T05 告警未处置.
//!
//! A storm of alarms is one matter: they count by sensor (by kind, where no sensor is named) and
//! hour. What kind of limit a sensor watches is not judged here.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, MS_PER_MINUTE, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Hours with alarms that are kept of one sensor: three weeks of a storm without end.
const HOURS_MAX: usize = 500;
/// Alarms of one hour that are kept, so that a correction of the first leaves the next.
const ALARMS_MAX: usize = 4;
/// Answers of one sensor from which those are forgotten that answer no alarm that is kept; there
/// are fewer of these than alarms.
const ANSWERS_MAX: usize = HOURS_MAX * ALARMS_MAX + 100;
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

/// What is kept of one sensor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Sensor {
    /// By hour since 1970: each alarm that could be the first one of the hour.
    hours: BTreeMap<i64, Vec<Alarm>>,
    /// When alarms were handled, in order.
    handled: Vec<(Local, u64)>,
}

/// All sensors of an object, by number or kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Panel {
    sensors: BTreeMap<String, Sensor>,
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
        let sensor = panel.sensors.entry(name).or_default();
        let at = event.stamp("at").unwrap_or(event.time);
        if event.kind == "grid.sensor.handled" {
            sensor.answer(at, event.seq);
        } else if let Some(level) = event.int("level") {
            let counts = event.flag("test") != Some(true) && level >= params.alarm_level;
            let (seq, identity, version) = (event.seq, event.identity, event.version);
            let dept = event.dept.to_owned();
            let alarm = Alarm { at, seq, level, identity, version, counts, dept };
            sensor.alarm(alarm, params.alarm_yellow_min);
        }
    }

    fn check(panel: &Panel, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Panel, Params>] = &[("GRID-T05", ignored)];
        apply(rules, &params.off, panel, params, look);
    }
}

impl Sensor {
    fn alarm(&mut self, alarm: Alarm, yellow_min: i64) {
        let same = |known: &&Alarm| known.identity == alarm.identity;
        if self.hours.values().flatten().find(same).is_some_and(|k| k.version >= alarm.version) {
            return;
        }
        for alarms in self.hours.values_mut() {
            alarms.retain(|known| known.identity != alarm.identity);
        }
        let hour = alarm.at.0.div_euclid(MS_PER_HOUR);
        let alarms = self.hours.entry(hour).or_default();
        alarms.push(alarm);
        alarms.sort_by_key(|alarm| (!alarm.counts, alarm.at, alarm.identity));
        alarms.truncate(ALARMS_MAX);
        self.hours.retain(|_, alarms| !alarms.is_empty());
        if self.hours.len() > HOURS_MAX {
            // An hour without a card goes first; where all have one, no more are needed.
            let is_quiet = |alarms: &Vec<Alarm>| {
                let first = alarms.iter().find(|alarm| alarm.counts);
                first.is_none_or(|first| {
                    let limit = first.at.plus_minutes(yellow_min);
                    self.answer_to(first).is_some_and(|(at, _)| *at <= limit)
                })
            };
            let quiet =
                self.hours.iter().find(|(_, alarms)| is_quiet(alarms)).map(|(hour, _)| *hour);
            self.hours.remove(&quiet.unwrap_or(hour));
        }
    }

    /// The first answer after an alarm stands for it.
    fn answer_to(&self, alarm: &Alarm) -> Option<&(Local, u64)> {
        self.handled.get(self.handled.partition_point(|(at, _)| *at < alarm.at))
    }

    fn answer(&mut self, at: Local, seq: u64) {
        let place = self.handled.partition_point(|(other, _)| *other <= at);
        self.handled.insert(place, (at, seq));
        if self.handled.len() > ANSWERS_MAX {
            let alarms = self.hours.values().flatten();
            let needed: Vec<_> = alarms.filter_map(|a| self.answer_to(a).copied()).collect();
            self.handled.retain(|answer| needed.contains(answer));
        }
    }
}

/// GRID-T05: an alarm that nobody answered in time.
fn ignored(panel: &Panel, params: &Params, look: &mut Look<'_>) {
    let (mut cards, mut answered) = (0, 0);
    for (name, sensor) in &panel.sensors {
        for (hour, alarms) in &sensor.hours {
            let Some(alarm) = alarms.iter().find(|alarm| alarm.counts) else { continue };
            let done = sensor.answer_to(alarm);
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
