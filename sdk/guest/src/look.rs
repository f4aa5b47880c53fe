//! One look of the rules at one key at one moment of log time.

use crate::Why;
use crate::host::{CalendarId, FromRow, Host};
use crate::kept::Standing;
use crate::memory::Memory;
use plumbline_contract::alert::Level;
use plumbline_contract::json::Writer;
use plumbline_contract::task::{Check, Outcome, Record, WAKE_ON_CALENDAR};
use plumbline_contract::time::{Day, Local, MS_PER_MINUTE, parse_stamp};
use plumbline_contract::worktime::{Due, Moment, Span, Unit};
use std::cell::OnceCell;
use std::rc::Rc;

/// What a rule reports when it fires.
#[derive(Clone, Debug)]
pub struct Fire {
    pub(crate) level: Level,
    pub(crate) at: Local,
    pub(crate) episode: String,
    pub(crate) subject: Option<String>,
    pub(crate) dept: Option<String>,
    pub(crate) due: Option<Day>,
    pub(crate) evidence: Vec<u64>,
    pub(crate) values: Writer,
}

impl Fire {
    /// At which level, and when the fact came about (not when it was noticed).
    #[must_use]
    pub fn new(level: Level, at: Local) -> Self {
        Self {
            level,
            at,
            episode: String::new(),
            subject: None,
            dept: None,
            due: None,
            evidence: Vec::new(),
            values: Writer::default(),
        }
    }

    /// Passing the last lawful day: `at` is the midnight that ends it.
    #[must_use]
    pub fn overdue(level: Level, due: Day) -> Self {
        let mut fire = Self::new(level, due.plus(1).start());
        fire.due = Some(due);
        fire
    }

    /// Tells several alerts of one rule on one key apart.
    #[must_use]
    pub fn episode(mut self, episode: impl Into<String>) -> Self {
        self.episode = episode.into();
        self
    }

    /// The entity that the alert is about, where that is not the key of the stream.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The department that the alert is addressed to, where it is not that of the last event.
    #[must_use]
    pub fn dept(mut self, dept: impl Into<String>) -> Self {
        self.dept = Some(dept.into());
        self
    }

    #[must_use]
    pub fn due(mut self, due: Day) -> Self {
        self.due = Some(due);
        self
    }

    /// Positions of the events that prove it.
    #[must_use]
    pub fn evidence(mut self, seqs: impl IntoIterator<Item = u64>) -> Self {
        self.evidence.extend(seqs);
        self
    }

    /// A figure that the alert's text names.
    #[must_use]
    pub fn int(mut self, name: &str, value: i64) -> Self {
        self.values = self.values.int(name, value);
        self
    }

    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.values = self.values.text(name, value);
        self
    }

    #[must_use]
    pub fn day(self, name: &str, value: Day) -> Self {
        self.text(name, &value.to_string())
    }

    #[must_use]
    pub fn texts<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.values = self.values.list(name, values);
        self
    }
}

/// What fired in a look.
#[derive(Debug)]
pub(crate) struct Fired {
    pub(crate) rule: &'static str,
    pub(crate) fire: Fire,
    /// Which of the alerts that stood before the look it is.
    pub(crate) place: Option<usize>,
}

/// The eyes of a rule: log time, tables, clocks; and its mouth: fire, quiet, exempt, unknown.
///
/// A rule must be a function of the final facts and of [`Look::now`], and what it once fires on
/// given facts it must fire at every later moment too: write "was still open on that day", never
/// "is open". The SDK withdraws a finding that is no longer fired as `data_corrected`.
#[derive(Debug)]
pub struct Look<'a> {
    host: &'a dyn Host,
    memory: &'a Memory,
    now: Local,
    region: &'a str,
    tracing: bool,
    rule: &'static str,
    calendar: OnceCell<CalendarId>,
    pub(crate) wake: Option<Local>,
    /// Alerts that stood before this look.
    pub(crate) standing: &'a [Standing<'a>],
    pub(crate) fired: Vec<Fired>,
    pub(crate) trace: Vec<Check>,
    pub(crate) facts: Vec<Record>,
    pub(crate) measures: Vec<Record>,
    /// Marks of what was published before this look, and what it adds.
    pub(crate) published: &'a [u64],
    pub(crate) new: Vec<u64>,
}

impl<'a> Look<'a> {
    pub(crate) fn new(
        host: &'a dyn Host,
        memory: &'a Memory,
        now: Local,
        region: &'a str,
        tracing: bool,
    ) -> Self {
        Self {
            host,
            memory,
            now,
            region,
            tracing,
            rule: "",
            calendar: OnceCell::new(),
            wake: None,
            standing: &[],
            fired: Vec::new(),
            trace: Vec::new(),
            facts: Vec::new(),
            measures: Vec::new(),
            published: &[],
            new: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self, rule: &'static str) {
        self.rule = rule;
    }

    /// The log time of this look. Not the time of day: a replay sees the same.
    #[must_use]
    pub fn now(&self) -> Local {
        self.now
    }

    /// Whether log time has come to `at`; if not, the key is looked at again then.
    pub fn reached(&mut self, at: Local) -> bool {
        if self.now >= at {
            return true;
        }
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
        false
    }

    /// Whether somebody asked for an explanation: what a sentence needs from tables and calendars is
    /// looked up only then.
    #[must_use]
    pub fn is_tracing(&self) -> bool {
        self.tracing
    }

    /// The rule fires.
    pub fn fire(&mut self, fire: Fire) {
        self.fire_because(fire, Why::default);
    }

    /// The rule fires; the reason is only made when somebody asks for it. Its figures stand beside
    /// those of the alert, so it names others.
    pub fn fire_because<W: Into<Why>>(&mut self, fire: Fire, why: impl FnOnce() -> W) {
        if self.tracing {
            let at = fire.at;
            let (zh, en) = match fire.level {
                Level::Notice => ("提示", "notice"),
                Level::Yellow => ("黄牌", "yellow card"),
                Level::Red => ("红牌", "red card"),
            };
            let head = Why::new(format!("{zh}，自 {at}"), format!("{en}, since {at}"))
                .text("level", fire.level.as_str())
                .at("at", at)
                .and(why().into());
            let values = fire.values.clone().append(head.values);
            self.note(Outcome::Fires, head.zh, head.en, values);
        }
        let place = self.place(&fire.episode);
        self.fired.push(Fired { rule: self.rule, fire, place });
    }

    /// As [`Look::fire_because`], for alerts that are many or take long to word: `fill` adds the
    /// figures, the evidence and whom it goes to. It is not called while the same alert stands
    /// unchanged, so level, time, due day and episode must be those of `fire` already.
    pub fn fire_filled<W: Into<Why>>(
        &mut self,
        fire: Fire,
        fill: impl FnOnce(Fire) -> Fire,
        why: impl FnOnce() -> W,
    ) {
        let place = self.place(&fire.episode);
        let stands = |place| {
            let Standing { level, at, due, .. } = self.standing[place];
            // What fires twice in one look is told by what the first time made of it.
            (level, at, due) == (fire.level, fire.at, fire.due)
                && !self.fired.iter().any(|fired| fired.place == Some(place))
        };
        if !self.tracing && place.is_some_and(stands) {
            self.fired.push(Fired { rule: self.rule, fire, place });
        } else {
            let told = (fire.level, fire.at, fire.due);
            let fire = fill(fire);
            debug_assert_eq!((fire.level, fire.at, fire.due), told, "figures only");
            self.fire_because(fire, why);
        }
    }

    /// Where the alert of this rule and episode stands. Rules fire in the same order at every look,
    /// so it is sought behind the one that fired last.
    fn place(&self, episode: &str) -> Option<usize> {
        let last = self.fired.last().and_then(|fired| fired.place);
        let (before, after) = self.standing.split_at(last.map_or(0, |last| last + 1));
        let is_it = |standing: &Standing<'_>| standing.is(self.rule, episode);
        let found = after.iter().position(is_it).map(|place| before.len() + place);
        found.or_else(|| before.iter().position(is_it))
    }

    /// The rule looked and found nothing: the condition that failed, with what was compared. The
    /// reason is only made when somebody asks for it.
    pub fn quiet<W: Into<Why>>(&mut self, why: impl FnOnce() -> W) {
        self.explain(Outcome::Quiet, why);
    }

    /// A lawful exception holds.
    pub fn exempt<W: Into<Why>>(&mut self, why: impl FnOnce() -> W) {
        self.explain(Outcome::Exempt, why);
    }

    /// A field or table row that the rule needs is missing: it does not fire.
    pub fn unknown(&mut self, field: &str) {
        self.explain(Outcome::Unknown, || {
            Why::new(format!("缺少 {field}，无法判断"), format!("{field} is missing, cannot judge"))
                .text("missing", field)
        });
    }

    /// A date that the rule needs lies outside the loaded calendar: it does not fire.
    pub fn provisional(&mut self) {
        self.wake.get_or_insert(WAKE_ON_CALENDAR);
        self.explain(Outcome::Unknown, || {
            let zh = "期限落在尚未发布的节假日历之外，暂不出牌";
            let en = "the period ends outside the loaded calendar, no card on it";
            Why::new(zh, en).text("missing", "calendar")
        });
    }

    /// A line of an explanation that is no outcome of the rule, for instance the state of the clock.
    /// It goes as a quiet line whose figures begin with `about`.
    pub fn remark<W: Into<Why>>(&mut self, about: &str, why: impl FnOnce() -> W) {
        if self.tracing {
            let why = why().into();
            let values = Writer::default().text("about", about).append(why.values);
            self.note(Outcome::Quiet, why.zh, why.en, values);
        }
    }

    fn explain<W: Into<Why>>(&mut self, outcome: Outcome, why: impl FnOnce() -> W) {
        if self.tracing {
            let why = why().into();
            self.note(outcome, why.zh, why.en, why.values);
        }
    }

    fn note(&mut self, outcome: Outcome, zh: String, en: String, values: Writer) {
        let (rule, values) = (self.rule.to_owned(), values.finish());
        self.trace.push(Check { rule, outcome, zh, en, values });
    }

    /// Publishes a fact for other plugins, once for each content.
    pub fn fact(&mut self, name: &str, key: &str, data: Writer) {
        let data = data.finish();
        if self.is_new(mark(&[name, key, &data])) {
            self.facts.push(record(name, key, data));
        }
    }

    /// Publishes a fact once for each `turn` of `tag`, for a stream that tells of many things and
    /// knows which of them have changed: the text is only made when it is new.
    pub fn fact_of_turn(
        &mut self,
        (name, key): (&str, &str),
        (tag, turn): (&str, i64),
        data: impl FnOnce() -> Writer,
    ) {
        let mark = eat_word(mark(&[name, key, tag]), turn as u64);
        if self.is_new(mark) {
            self.facts.push(record(name, key, data().finish()));
        }
    }

    /// Publishes a figure for statistics, once for each content.
    pub fn measure(&mut self, name: &str, data: Writer) {
        let data = data.finish();
        if self.is_new(mark(&[name, "", &data])) {
            self.measures.push(record(name, "", data));
        }
    }

    fn is_new(&mut self, mark: u64) -> bool {
        let is_new = !self.published.contains(&mark) && !self.new.contains(&mark);
        if is_new {
            self.new.push(mark);
        }
        is_new
    }

    /// The row of a reference table in force on a date.
    #[must_use]
    pub fn row<T: FromRow>(&self, key: &str, on: Day) -> Option<Rc<T>> {
        self.memory.row(self.host, key, on)
    }

    /// Rows in force whose key starts with `prefix`, as JSON texts, in key order.
    #[must_use]
    pub fn rows(&self, table: &str, prefix: &str, on: Day, max: u32) -> Rc<[(String, String)]> {
        self.memory.scan(self.host, table, prefix, (on, max))
    }

    /// What `read` makes of such rows. It is kept for each `T`, so that rows that every look needs are
    /// not parsed anew at each; it must depend on nothing but the rows, and be plain data as a
    /// [`FromRow`] is.
    #[must_use]
    pub fn rows_as<T: Send + Sync + 'static>(
        &self,
        (table, prefix): (&str, &str),
        on: Day,
        max: u32,
        read: fn(&[(String, String)]) -> T,
    ) -> Rc<T> {
        self.memory.scan_as(self.host, (table, prefix), (on, max), read)
    }

    /// The calendar of the region without any organ's timetable.
    #[must_use]
    pub fn calendar(&self) -> CalendarId {
        *self.calendar.get_or_init(|| self.memory.calendar(self.host, self.region, ""))
    }

    /// The calendar of the region with an organ's timetable.
    #[must_use]
    pub fn calendar_of(&self, organ: &str) -> CalendarId {
        self.memory.calendar(self.host, self.region, organ)
    }

    #[must_use]
    pub fn is_working(&self, day: Day) -> bool {
        self.host.is_working(self.calendar(), day)
    }

    /// The last day of a period; see the contract's `calendar.add`.
    #[must_use]
    pub fn add(&self, from: Day, amount: i32, unit: Unit, roll: bool) -> Due {
        self.memory.add(self.host, self.calendar(), (from, amount, unit, roll))
    }

    /// Days of the unit in (from, to], less the union of the pauses.
    #[must_use]
    pub fn count(&self, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32 {
        if pauses.is_empty() {
            return self.memory.count(self.host, self.calendar(), (from, to, unit));
        }
        self.host.count(self.calendar(), from, to, unit, pauses)
    }

    #[must_use]
    pub fn add_worktime(&self, organ: &str, from: Local, seconds: i64) -> Moment {
        self.host.add_worktime(self.calendar_of(organ), from, seconds)
    }

    #[must_use]
    pub fn worktime(&self, organ: &str, from: Local, to: Local, pauses: &[Span]) -> i64 {
        self.host.worktime(self.calendar_of(organ), from, to, pauses)
    }

    /// A timestamp, for instance of a table row, as the region's wall clock shows it.
    #[must_use]
    pub fn stamp(&self, text: &str) -> Option<Local> {
        let stamp = parse_stamp(text)?;
        Some(match stamp.offset_minutes {
            None => stamp.local,
            Some(minutes) => self.host.to_local(stamp.local.0 - i64::from(minutes) * MS_PER_MINUTE),
        })
    }

    /// A message for the vendor; no part of any result.
    pub fn message(&self, text: &str) {
        self.host.message(text);
    }
}

fn record(name: &str, key: &str, data: String) -> Record {
    Record {
        name: name.to_owned(),
        key: key.to_owned(),
        seen: Local(0),
        input: 0,
        region: String::new(),
        dept: String::new(),
        data,
    }
}

/// A fingerprint of texts. It is taken of every fact at every look, so it eats eight bytes at a
/// time; each step can be undone, so two records with one mark differ in many places.
fn mark(parts: &[&str]) -> u64 {
    parts.iter().fold(0, |mark, part| eat_bytes(eat_word(mark, part.len() as u64), part.as_bytes()))
}

pub(crate) fn eat_word(mark: u64, word: u64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mark = (mark.rotate_left(29) ^ word).wrapping_mul(FACTOR);
    mark ^ (mark >> 32)
}

pub(crate) fn eat_bytes(mark: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mark = words.iter().fold(mark, |mark, word| eat_word(mark, u64::from_le_bytes(*word)));
    eat_word(mark, last_word(bytes, rest))
}

/// The word that `rest`, the bytes behind the last whole word of `bytes`, and zeros make. Copying so
/// few into place would be a call out of the sandbox.
fn last_word(bytes: &[u8], rest: &[u8]) -> u64 {
    match bytes.last_chunk() {
        _ if rest.is_empty() => 0,
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::last_word;

    #[test]
    fn the_last_word_is_padded_with_zeros() {
        let bytes: Vec<u8> = (0xf0..=0xff).collect();
        for len in 0..=bytes.len() {
            let (_, rest) = bytes[..len].as_chunks::<8>();
            let mut padded = [0; 8];
            padded[..rest.len()].copy_from_slice(rest);
            assert_eq!(last_word(&bytes[..len], rest), u64::from_le_bytes(padded), "{len}");
        }
    }
}
