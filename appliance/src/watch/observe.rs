//! What the watch observes of sources for the plugins: that one has fallen still and is back, and the
//! quality of each day. Nothing of it is followed or written while no plugin takes it.

use super::Watch;
use super::ledger::LedgerBook;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::platform::source::{self, BACK, DAY, SILENT};
use plumbline_contract::desk::Desk;
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Day, MS_PER_MINUTE, Millis};
use plumbline_kernel::health::SourceBook;
use plumbline_kernel::is_import;

/// Reports closer together than this are one: a batch that comes record by record. Milliseconds.
const ONE_REPORT_MS: i64 = MS_PER_MINUTE;
/// Shortest stillness that is told, in seconds of working time: below it are pauses of the network.
const STILL_S_MIN: u32 = 15 * 60;
/// Minute of the day from which on the day before counts as complete: what was under way at midnight
/// has arrived.
const DAY_OVER_MINUTE: i64 = 5;
/// Days that are told at most when the host was off.
const DAYS_BACK: i32 = 4;

impl Watch {
    /// Takes note of the quality and the rhythm of a report, before the book takes it in.
    pub(super) fn observe_report(
        &mut self,
        app: &App,
        seq: EventSeq,
        event: &Event,
    ) -> Result<(), AppError> {
        let takers = app.takers();
        let name = &event.source;
        let seen = self.books.get(name).is_some_and(|book| seq.0 < book.next);
        if seen || is_import(event) || !takers.takes(DAY) && !takers.takes(SILENT) {
            return Ok(());
        }
        let last = self.books.get(name).filter(|book| book.live).and_then(|book| book.last.clone());
        let mut pause = None;
        if let Some(last) = last.filter(|last| event.logged.0 - last.logged.0 >= ONE_REPORT_MS) {
            let was_on = |down: &plumbline_kernel::health::Downtime| {
                event.logged <= down.from || down.to <= last.logged
            };
            if self.host.downtimes.iter().all(was_on) {
                let desk = self.desk(app, &last.region, &last.dept)?;
                pause = Some(worktime(app, desk, last.logged, event.logged));
            }
        }
        let book = self.books.entry(name.clone()).or_default();
        if let Some(pause) = pause.filter(|pause| *pause > 0) {
            book.note_pause(pause);
        }
        let day = app.zone().local(event.logged).day();
        book.quality_of(day).count(&source::flaws(event));
        if let Some(since) = book.silent_since.take() {
            let place = (event.logged, event.region.as_str(), event.dept.as_str());
            self.observed.push(source::back(app, name, place, since));
        }
        Ok(())
    }

    /// Writes what is to be told of the sources at this moment; returns how much that is.
    pub(super) fn observe(&mut self, app: &App, now: Millis) -> Result<usize, AppError> {
        let takers = app.takers();
        let mut events = std::mem::take(&mut self.observed);
        for ((name, day), counted) in app.take_intake() {
            if let Some(book) = self.books.get_mut(&name) {
                book.quality_of(day).add(counted);
                self.changed.insert(name);
            }
        }
        match takers.takes(DAY) {
            true => self.tell_days(app, now, &mut events),
            false => self.forget_days(),
        }
        if takers.takes(SILENT) {
            self.tell_silence(app, now, &mut events)?;
        }
        if LedgerBook::is_wanted(app) {
            events.extend(self.counts.tell(app, now));
        }
        events.retain(|event| event.kind != BACK || takers.takes(BACK));
        if !events.is_empty() {
            app.store().append(&events)?;
        }
        Ok(events.len())
    }

    fn tell_days(&mut self, app: &App, now: Millis, events: &mut Vec<Event>) {
        let local = app.zone().local(now);
        if local.minute_of_day() < DAY_OVER_MINUTE {
            return;
        }
        let (newest, config) = (local.day().plus(-1), &app.config().health);
        for (name, book) in &mut self.books {
            let Some(last) = book.last.clone().filter(|_| book.live && config.watches(name)) else {
                continue;
            };
            // Of the days before somebody took it, nothing was counted.
            let Some(begun) = book.quality.keys().next().copied() else { continue };
            let begun = begun.max(newest.plus(-DAYS_BACK));
            let first = book.told.map_or(begun, |told| begun.max(told.plus(1)));
            for day in (first.0..=newest.0).map(Day) {
                events.push(source::day(app, name, (book, &last), day, now));
                book.told = Some(day);
                self.changed.insert(name.clone());
            }
        }
    }

    /// Once nobody takes them, days are not counted on.
    fn forget_days(&mut self) {
        for (name, book) in self.books.iter_mut().filter(|(_, book)| !book.quality.is_empty()) {
            book.quality.clear();
            book.told = None;
            self.changed.insert(name.clone());
        }
    }

    fn tell_silence(
        &mut self,
        app: &App,
        now: Millis,
        events: &mut Vec<Event>,
    ) -> Result<(), AppError> {
        let up_since = self.host.downtimes.last().copied();
        let names: Vec<String> = self.books.keys().cloned().collect();
        for name in names {
            let book = &self.books[&name];
            let Some(last) = book.last.clone() else { continue };
            if !book.live || !app.config().health.watches(&name) {
                continue;
            }
            // Of the time in which the host was off itself nobody can tell.
            if let (Some(down), Some(since)) = (up_since, book.silent_since)
                && since < down.from
            {
                let place = (down.from, last.region.as_str(), last.dept.as_str());
                events.push(source::back(app, &name, place, since));
                self.forget_silence(&name, None);
                continue;
            }
            let since = up_since.map_or(last.logged, |down| down.to.max(last.logged));
            let Some(usual_s) = still_for_long(book, since, now) else { continue };
            let desk = self.desk(app, &last.region, &last.dept)?;
            if worktime(app, desk, since, now) > usual_s.max(STILL_S_MIN) {
                events.push(source::silent(app, &name, &last, (since, usual_s, now)));
                self.forget_silence(&name, Some(since));
            }
        }
        Ok(())
    }

    fn forget_silence(&mut self, name: &str, since: Option<Millis>) {
        if let Some(book) = self.books.get_mut(name) {
            book.silent_since = since;
            self.changed.insert(name.to_owned());
        }
    }

    /// The working time of a department, as the tables have it now.
    fn desk(&mut self, app: &App, region: &str, dept: &str) -> Result<&Desk, AppError> {
        let key = (region.to_owned(), dept.to_owned());
        if !self.desks.contains_key(&key) {
            let tables = app.tables().view(app.store(), app.store().next_seq())?;
            let wrong = |error| AppError::new(Kind::Integrity, "store-corrupt", error);
            self.desks.insert(key.clone(), Desk::open(&tables, region, dept).map_err(wrong)?);
        }
        Ok(&self.desks[&key])
    }
}

/// The usual pause of a source, if it may have been still for longer: by the clock on the wall, which
/// is quicker to ask than the office hours.
fn still_for_long(book: &SourceBook, since: Millis, now: Millis) -> Option<u32> {
    let usual_s = book.usual_pause().filter(|_| book.silent_since.is_none())?;
    let gone_s = now.0.saturating_sub(since.0) / 1000;
    (gone_s > i64::from(usual_s.max(STILL_S_MIN))).then_some(usual_s)
}

fn worktime(app: &App, desk: &Desk, from: Millis, to: Millis) -> u32 {
    let seconds = desk.worktime(app.zone().local(from), app.zone().local(to), &[]);
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}
