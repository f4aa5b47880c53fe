//! Stories: violations and decoys as small scripts, told on days that are spread over the year.

use crate::clock::{Clock, day as date};
use crate::label::{Kind, Label};
use crate::line::name_of;
use crate::rng::Rng;
use crate::town::Town;
use plumbline_contract::alert::Level;
use plumbline_contract::time::{Day, Local};

/// Stories begin so many days after New Year, when everybody is at work.
const START_DAYS: i32 = 5;

/// A script of one domain `D`.
pub(crate) struct Story<D: 'static> {
    pub(crate) rule: &'static str,
    pub(crate) kind: Kind,
    pub(crate) level: Option<Level>,
    /// Calendar days from the beginning to the alert, so that it comes within the year.
    pub(crate) span: i32,
    /// First and last date on which it may begin, where it does not suit the whole year.
    pub(crate) dates: Option<((u32, u32), (u32, u32))>,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    pub(crate) tell: fn(&mut D, &mut Town, Day) -> Told,
}

impl<D> Story<D> {
    fn dates(&self, clock: &Clock) -> (Day, Day) {
        match self.dates {
            Some((first, last)) => (date(first.0, first.1), date(last.0, last.1)),
            None => (clock.first().plus(START_DAYS), clock.last().plus(-self.span)),
        }
    }
}

/// What a story came to.
#[derive(Debug)]
pub(crate) struct Told {
    key: String,
    dept: String,
    when: Local,
    also: Vec<(&'static str, Level, String, Local)>,
}

impl Told {
    pub(crate) fn new(key: impl Into<String>, dept: impl Into<String>, when: Local) -> Self {
        Self { key: key.into(), dept: dept.into(), when, also: Vec::new() }
    }

    /// The same, about another subject.
    pub(crate) fn on(self, key: impl Into<String>) -> Self {
        Self { key: key.into(), ..self }
    }

    /// Another rule ought to raise something on the same key.
    pub(crate) fn also(self, rule: &'static str, level: Level, when: Local) -> Self {
        let key = self.key.clone();
        self.also_on(rule, level, key, when)
    }

    pub(crate) fn also_on(
        mut self,
        rule: &'static str,
        level: Level,
        key: impl Into<String>,
        when: Local,
    ) -> Self {
        self.also.push((rule, level, key.into(), when));
        self
    }
}

/// A story that breaks its rule.
pub(crate) const fn bad<D>(
    rule: &'static str,
    level: Level,
    span: i32,
    words: (&'static str, &'static str),
    tell: fn(&mut D, &mut Town, Day) -> Told,
) -> Story<D> {
    let (kind, level) = (Kind::Violation, Some(level));
    Story { rule, kind, level, span, dates: None, zh: words.0, en: words.1, tell }
}

/// A story that only looks as if it did.
pub(crate) const fn fair<D>(
    rule: &'static str,
    span: i32,
    words: (&'static str, &'static str),
    tell: fn(&mut D, &mut Town, Day) -> Told,
) -> Story<D> {
    let (kind, level) = (Kind::Decoy, None);
    Story { rule, kind, level, span, dates: None, zh: words.0, en: words.1, tell }
}

/// The same story, told between two dates only.
pub(crate) fn between<D>(dates: ((u32, u32), (u32, u32)), story: Story<D>) -> Story<D> {
    Story { dates: Some(dates), ..story }
}

/// When each story of a list is told.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Latest first.
    days: Vec<(Day, usize)>,
}

impl Plan {
    /// Each story so many times: the year is cut into as many parts, with one telling in each.
    pub(crate) fn new<D>(stories: &[Story<D>], times: usize, clock: &Clock, rng: &mut Rng) -> Self {
        let mut days = Vec::new();
        for (index, story) in stories.iter().enumerate() {
            let (first, last) = story.dates(clock);
            let room = last.0 - first.0;
            for nth in 0..times {
                let part = (room / times as i32).max(1);
                let day = first.plus(part * nth as i32 + rng.below(part as usize) as i32);
                days.push((clock.open(day.min(last)), index));
            }
        }
        days.sort_unstable_by(|one, other| other.cmp(one));
        Self { days }
    }

    /// The next story that is due by a day.
    pub(crate) fn due(&mut self, day: Day) -> Option<usize> {
        self.days.pop_if(|(due, _)| *due <= day).map(|(_, index)| index)
    }
}

/// Tells a story and notes its labels.
pub(crate) fn tell<D>(story: &Story<D>, domain: &mut D, town: &mut Town, day: Day) {
    let before = town.book.mark();
    let told = (story.tell)(domain, town, day);
    let events = (name_of(before), name_of(town.book.mark() - 1));
    let label = |rule: &str, kind, level, key, when| Label {
        rule: rule.to_owned(),
        kind,
        key,
        region: crate::people::REGION.to_owned(),
        dept: told.dept.clone(),
        zh: story.zh.to_owned(),
        en: story.en.to_owned(),
        level,
        when,
        events: events.clone(),
    };
    town.labels.push(label(story.rule, story.kind, story.level, told.key.clone(), told.when));
    for (rule, level, key, when) in &told.also {
        let label = label(rule, Kind::Violation, Some(*level), key.clone(), *when);
        town.labels.push(label);
    }
}
