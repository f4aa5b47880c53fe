//! What the host counted of one source in one month, day by day: NET-D01 数据质量 and NET-D02
//! 时钟偏差.

use crate::Params;
use crate::silence::outages;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Fire, Level, Look, MS_PER_DAY, Rule, Stream, Why, apply,
};
use std::collections::BTreeMap;

const SECONDS_PER_HOUR: i64 = 3_600;
/// Distance from a whole hour at which a deviation looks like a wrong time zone, seconds.
const HOUR_SLACK_S: i64 = 120;
const PER_MILLE: i64 = 1_000;

/// One day of a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Counted {
    source: String,
    day: Day,
    events: Option<i64>,
    /// Missing, invalid, future, duplicates.
    faults: [Option<i64>; 4],
    faulty: Option<i64>,
    drift_s: Option<i64>,
}

impl Counted {
    /// Faulty records, and whether that is all of them.
    fn faulty(&self) -> Option<(i64, bool)> {
        if let Some(faulty) = self.faulty {
            return Some((faulty, true));
        }
        let known = self.faults.iter().flatten();
        let sum: i64 = known.clone().sum();
        (known.count() > 0).then_some((sum, self.faults.iter().all(Option::is_some)))
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Qualities;

impl Stream for Qualities {
    const NAME: &'static str = "quality";
    type State = Facts<Counted>;
    type Params = Params;

    fn take(days: &mut Facts<Counted>, event: &Event<'_>, _: &Params) {
        let faults = ["missing", "invalid", "future", "duplicates"].map(|name| event.int(name));
        let counted = Counted {
            source: event.text("source").unwrap_or_default(),
            day: event.day("day").unwrap_or(event.time.day()),
            events: event.int("events"),
            faults,
            faulty: event.int("faulty"),
            drift_s: event.int("drift_s"),
        };
        days.put(event, counted);
    }

    fn check(days: &Facts<Counted>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Counted>, Params>] = &[("NET-D01", faulty), ("NET-D02", drift)];
        apply(rules, &params.off, days, params, look);
    }
}

/// What was counted of each day; of two counts of one day the later holds.
fn by_day(days: &Facts<Counted>) -> BTreeMap<Day, &Entry<Counted>> {
    days.iter().map(|entry| (entry.fact.day, entry)).collect()
}

/// NET-D01: a card for each day with too many faulty records.
fn faulty(days: &Facts<Counted>, params: &Params, look: &mut Look<'_>) {
    for entry in by_day(days).into_values() {
        let counted = &entry.fact;
        let (Some(events), Some((faulty, is_all))) = (counted.events, counted.faulty()) else {
            look.unknown("events");
            continue;
        };
        let faulty = faulty.clamp(0, events.max(0));
        let permille = faulty.saturating_mul(PER_MILLE);
        let over = |limit: i64| permille > events.saturating_mul(limit);
        let (notice, yellow) = (params.fault_notice_permille, params.fault_yellow_permille);
        let why = || {
            Why::new(
                format!("{} 共 {events} 条，问题 {faulty} 条；超过 {notice}‰ 提示，超过 {yellow}‰ 黄牌", counted.day),
                format!("{faulty} of {events} records of {} are faulty, a notice above {notice} per mille, yellow above {yellow}", counted.day),
            )
            .int("notice_permille", notice)
            .int("yellow_permille", yellow)
        };
        if events < params.fault_min_n || !over(notice) {
            match is_all || events < params.fault_min_n {
                true => look.quiet(|| why().int("events", events).int("faulty", faulty)),
                // What is not reported may be the rest of it.
                false => look.unknown("missing, invalid, future or duplicates"),
            }
            continue;
        }
        if is_release_day(entry, look) {
            look.exempt(|| {
                let (zh, en) =
                    ("当日已登记停机或升级", "an outage or release is registered for the day");
                Why::new(zh, en).day("day", counted.day)
            });
            continue;
        }
        let level = if over(yellow) { Level::Yellow } else { Level::Notice };
        let [missing, invalid, future, duplicates] = counted.faults.map(Option::unwrap_or_default);
        let fire = Fire::new(level, entry.time)
            .subject(&counted.source)
            .episode(counted.day.to_string())
            .dept(&entry.dept)
            .evidence([entry.seq])
            .text("source", &counted.source)
            .day("day", counted.day)
            .int("events", events)
            .int("faulty", faulty)
            .int("missing", missing)
            .int("invalid", invalid)
            .int("future", future)
            .int("duplicates", duplicates);
        look.fire_because(fire, why);
    }
}

/// The day on which a registered outage or release of the source falls, at least in part.
fn is_release_day(entry: &Entry<Counted>, look: &Look<'_>) -> bool {
    let start = entry.fact.day.start();
    let of_day = |(begin, end): &(_, plumbline_guest::Local)| {
        *begin < plumbline_guest::Local(start.0 + MS_PER_DAY) && *end > start
    };
    outages(look, &entry.fact.source, entry.fact.day).iter().any(of_day)
}

/// NET-D02: one card for each spell of days on which the clock is off.
fn drift(days: &Facts<Counted>, params: &Params, look: &mut Look<'_>) {
    let mut spell: Vec<&Entry<Counted>> = Vec::new();
    let mut cards = 0;
    let days = by_day(days);
    let known = || days.values().copied().filter(|entry| entry.fact.drift_s.is_some());
    if known().next().is_none() {
        return look.unknown("drift_s");
    }
    for entry in known() {
        let off = entry.fact.drift_s.unwrap_or_default().saturating_abs();
        if off > params.drift_notice {
            spell.push(entry);
        } else {
            cards += usize::from(spell_card(&spell, params, look));
            spell.clear();
        }
    }
    cards += usize::from(spell_card(&spell, params, look));
    if cards == 0 {
        let most = known().filter_map(|entry| entry.fact.drift_s).max_by_key(|drift| drift.abs());
        let (most, limit) = (most.unwrap_or_default(), params.drift_notice);
        look.quiet(|| {
            Why::new(
                format!("本月最大偏差 {most} 秒，限 {limit} 秒"),
                format!("off by {most} seconds at most this month, {limit} allowed"),
            )
            .int("drift_s", most)
            .int("allowed_s", limit)
        });
    }
}

fn spell_card(spell: &[&Entry<Counted>], params: &Params, look: &mut Look<'_>) -> bool {
    let drift_of = |entry: &&Entry<Counted>| entry.fact.drift_s.unwrap_or_default();
    let worst = spell.iter().map(drift_of).max_by_key(|drift| drift.saturating_abs());
    let (Some(worst), Some(first)) = (worst, spell.first()) else { return false };
    let off = worst.saturating_abs();
    let level = if off > params.drift_yellow { Level::Yellow } else { Level::Notice };
    let rest = off % SECONDS_PER_HOUR;
    let is_whole =
        off >= SECONDS_PER_HOUR - HOUR_SLACK_S && rest.min(SECONDS_PER_HOUR - rest) <= HOUR_SLACK_S;
    let (zh, en) = match (is_whole, worst > 0) {
        (true, _) => {
            ("接近整小时，疑似时区或夏令时设置错误", "close to whole hours, perhaps the time zone")
        }
        (false, true) => ("偏快", "ahead"),
        (false, false) => ("偏慢或上报固定迟延", "behind, or a steady delay"),
    };
    let fire = Fire::new(level, first.time)
        .subject(&first.fact.source)
        .episode(first.fact.day.to_string())
        .dept(&first.dept)
        .evidence(spell.iter().map(|entry| entry.seq))
        .text("source", &first.fact.source)
        .int("seconds", worst)
        .day("since", first.fact.day)
        .text("zh", zh)
        .text("en", en);
    look.fire_because(fire, || {
        let (notice, yellow) = (params.drift_notice, params.drift_yellow);
        Why::new(
            format!("偏差 {worst} 秒；超过 {notice} 秒提示，超过 {yellow} 秒黄牌"),
            format!("off by {worst} seconds, a notice above {notice}, yellow above {yellow}"),
        )
        .count("days", spell.len())
        .int("notice_above_s", notice)
        .int("yellow_above_s", yellow)
    });
    true
}
