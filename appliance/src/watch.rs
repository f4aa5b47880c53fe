//! The watch: supervision of the supervision. It follows the log and the ledger, remembers how each
//! source uses to report, and raises and closes the host's own alerts.
//!
//! It reads no clock: whoever looks says what time it is. What it remembers is kept in the store, and
//! built anew from the log where that is missing. The judgements themselves are pure functions of the
//! kernel; here they are fed and carried out.

mod config;
mod judge;
mod ledger;
mod observe;
mod report;
mod rules;

pub use config::{HealthConfig, SourceConfig};
pub use report::{Report, RuleLine, SourceLine};

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::host_alert::HostAlerts;
use crate::reconcile::Reconciled;
use ledger::{LEDGER_META, LedgerBook};
use plumbline_contract::desk::{CALENDAR_TABLE, Desk};
use plumbline_contract::event::{Event, FACT_TYPE_PREFIX};
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{MS_PER_DAY, MS_PER_MINUTE, Millis};
use plumbline_contract::worktime::{Calendar, CalendarRow};
use plumbline_kernel::health::{ClockFault, ClockLook, Downtime, SourceBook, judge_clock};
use plumbline_kernel::is_import;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Events read at once.
const EVENTS_AT_ONCE: usize = 4096;
/// Sources that are watched: a county has some 50 departments with a few systems each. A book takes
/// at most some 30 KiB.
pub const SOURCES_MAX: usize = 512;
/// Time between two looks from which on the host counts as having been off.
const OFF_MS: i64 = 5 * MS_PER_MINUTE;
/// Times of being off that are remembered.
const DOWNTIMES_MAX: usize = 64;
/// What was followed is kept so often; what follows a crash is read from the log again.
const KEEP_MS: i64 = 10 * MS_PER_MINUTE;
/// Keys are counted so often: that reads all states.
const RULES_MS: i64 = 60 * MS_PER_MINUTE;
/// A clock that has gone steadily for so long is trusted again.
const CLOCK_TRUST_MS: i64 = MS_PER_DAY;
/// Settings that keep the books, one for each source.
const SOURCE_META: &str = "watch/source/";
/// Setting that keeps what concerns the host.
const HOST_META: &str = "watch/host";

/// The books of the sources, by name.
type Books = BTreeMap<String, SourceBook>;

/// What is kept about the host itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct HostRow {
    /// Events before this position are in the books that are kept.
    next: u64,
    /// The first look ever.
    since: Option<Millis>,
    /// The latest look.
    looked: Option<Millis>,
    /// Receipt of the newest direct report.
    newest: Option<Millis>,
    downtimes: Vec<Downtime>,
    jump: Option<Jump>,
    /// Events of sources beyond the bound.
    unwatched: u64,
}

/// A time at which the clock was found wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Jump {
    code: String,
    by_ms: i64,
    at: Millis,
}

/// See the module.
#[derive(Debug)]
pub struct Watch {
    host: HostRow,
    books: Books,
    /// Books that have changed since they were kept.
    changed: BTreeSet<String>,
    /// The next event to follow.
    next: u64,
    /// Events of sources beyond the bound, so far.
    unwatched: u64,
    counts: LedgerBook,
    /// The calendar in force, with the number of table changes when it was read.
    calendar: Option<(usize, Calendar)>,
    alerts: HostAlerts,
    before: Option<ClockLook>,
    /// Calendars with the office hours of departments, as of the same changes.
    desks: BTreeMap<(String, String), Desk>,
    /// Observations that are not in the log yet.
    observed: Vec<Event>,
    rules: Vec<RuleLine>,
    rules_at: Option<Millis>,
    kept: Option<Millis>,
}

impl Watch {
    /// The watch as it was kept, or a new one that has the whole log before it.
    ///
    /// # Errors
    /// If the store fails.
    pub fn load(app: &App) -> Result<Self, AppError> {
        let (host, books) = read_rows(app)?.unwrap_or_default();
        let before = host.looked.map(|wall| ClockLook { wall, steady_ms: None });
        Ok(Self {
            next: host.next,
            unwatched: host.unwatched,
            counts: read_counts(app)?,
            calendar: None,
            host,
            books,
            changed: BTreeSet::new(),
            alerts: HostAlerts::load(app)?,
            before,
            desks: BTreeMap::new(),
            observed: Vec::new(),
            rules: Vec::new(),
            rules_at: None,
            kept: None,
        })
    }

    /// Looks at everything, raises and closes alerts, and keeps what it has learned.
    ///
    /// # Errors
    /// If the store or the ledger fails.
    pub fn look(&mut self, app: &App, now: ClockLook) -> Result<Report, AppError> {
        let report = self.examine(app, now)?;
        let judgements = judge::judgements(&report, app);
        let leaves = self.alerts.settle(app, &judgements, now.wall)?;
        let observed = self.observe(app, now.wall)?;
        self.host.since.get_or_insert(now.wall);
        self.host.looked = Some(now.wall);
        let is_time = |kept: Millis| (now.wall.0 - kept.0).abs() >= KEEP_MS;
        if leaves + observed > 0 || self.kept.is_none_or(is_time) {
            self.keep(app)?;
            self.kept = Some(now.wall);
        } else {
            self.keep_host(app)?;
        }
        Ok(Report { leaves, observed, open: report::open(&self.alerts), ..report })
    }

    /// Looks at everything and changes nothing in the home.
    ///
    /// # Errors
    /// If the store or the ledger fails.
    pub fn examine(&mut self, app: &App, now: ClockLook) -> Result<Report, AppError> {
        self.alerts.follow(app)?;
        let changes = app.tables().changes().len();
        if self.calendar.as_ref().is_none_or(|(known, _)| *known != changes) {
            self.calendar = Some((changes, read_calendar(app)?));
            self.desks.clear();
        }
        self.follow(app)?;
        self.look_at_clock(app, now);
        self.note_downtime(now.wall);
        let stale = |at: Millis| (now.wall.0 - at.0).abs() >= RULES_MS;
        if self.rules_at.is_none_or(stale) {
            self.rules = rules::gather(app, &self.alerts)?;
            self.rules_at = Some(now.wall);
        }
        self.report(app, now.wall)
    }

    /// When somebody looked for the first time.
    #[must_use]
    pub fn since(&self) -> Option<Millis> {
        self.host.since
    }

    /// Keeps everything that has been followed.
    ///
    /// # Errors
    /// If the store fails.
    pub fn keep(&mut self, app: &App) -> Result<(), AppError> {
        for name in std::mem::take(&mut self.changed) {
            let bytes = encode(&self.books[&name])?;
            app.store().put_meta(&format!("{SOURCE_META}{name}"), &bytes)?;
        }
        self.alerts.keep(app)?;
        app.store().put_meta(LEDGER_META, &encode(&self.counts)?)?;
        // Last: each book knows itself what it has taken in.
        (self.host.next, self.host.unwatched) = (self.next, self.unwatched);
        self.keep_host(app)
    }

    fn keep_host(&self, app: &App) -> Result<(), AppError> {
        Ok(app.store().put_meta(HOST_META, &encode(&self.host)?)?)
    }

    fn follow(&mut self, app: &App) -> Result<(), AppError> {
        // The counts may have been kept at another place, or never.
        let mut next = self.next.min(self.counts.next);
        loop {
            let rows = app.store().read(EventSeq(next), EVENTS_AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            next = last.seq.0 + 1;
            for row in &rows {
                self.counts.take(row.seq, &row.event, app.zone());
                if row.seq.0 >= self.next {
                    self.take(app, row.seq, &row.event)?;
                }
            }
            self.next = self.next.max(next);
        }
    }

    fn take(&mut self, app: &App, seq: EventSeq, event: &Event) -> Result<(), AppError> {
        let is_own = event.is_host() || event.is_platform();
        if is_own || event.kind.starts_with(FACT_TYPE_PREFIX) {
            return Ok(());
        }
        if !is_import(event) {
            self.host.newest = self.host.newest.max(Some(event.logged));
        }
        if !self.books.contains_key(&event.source) && self.books.len() >= SOURCES_MAX {
            self.unwatched += 1;
            return Ok(());
        }
        self.observe_report(app, seq, event)?;
        let book = self.books.entry(event.source.clone()).or_default();
        book.take(seq, event, app.zone());
        if !self.changed.contains(&event.source) {
            self.changed.insert(event.source.clone());
        }
        Ok(())
    }

    fn look_at_clock(&mut self, app: &App, now: ClockLook) {
        let limits = app.config().health.clock_limits();
        let fault = judge_clock(self.before.replace(now), now, self.host.newest, &limits);
        match fault {
            Some(fault @ (ClockFault::Back { .. } | ClockFault::Forward { .. })) => {
                let (code, by_ms) = (fault.code().to_owned(), fault.by_ms());
                self.host.jump = Some(Jump { code, by_ms, at: now.wall });
            }
            Some(fault @ ClockFault::BehindLog { .. }) if self.host.jump.is_none() => {
                let (code, by_ms) = (fault.code().to_owned(), fault.by_ms());
                self.host.jump = Some(Jump { code, by_ms, at: now.wall });
            }
            Some(ClockFault::BehindLog { .. }) => {}
            None => {
                let over = |jump: &mut Jump| (now.wall.0 - jump.at.0).abs() >= CLOCK_TRUST_MS;
                self.host.jump.take_if(over);
            }
        }
    }

    /// A host that did not look was off, or so slow that it took nothing in either.
    fn note_downtime(&mut self, now: Millis) {
        let Some(from) = self.host.looked.max(self.host.newest) else { return };
        if now.0.saturating_sub(from.0) <= OFF_MS {
            return;
        }
        self.host.downtimes.push(Downtime { from, to: now });
        if self.host.downtimes.len() > DOWNTIMES_MAX {
            self.host.downtimes.remove(0);
        }
        // The same gap is not noted again by a second look without a keep.
        self.host.looked = Some(now);
    }

    fn report(&self, app: &App, now: Millis) -> Result<Report, AppError> {
        let weekends = Calendar::weekends_only();
        let calendar = self.calendar.as_ref().map_or(&weekends, |(_, calendar)| calendar);
        let config = &app.config().health;
        let lines = self.books.iter().map(|(name, book)| {
            let direct = if book.live { self.host.downtimes.as_slice() } else { &[] };
            report::source(name, book, config, (app.zone(), calendar, direct), now)
        });
        let absent = config
            .source
            .keys()
            .filter(|name| config.expects(name) && !self.books.contains_key(*name));
        Ok(Report {
            looked: now,
            leaves: 0,
            observed: 0,
            sources: lines.collect(),
            absent: absent.cloned().collect(),
            unwatched: self.unwatched,
            rules: self.rules.clone(),
            clock: self.host.jump.as_ref().map(|jump| (jump.code.clone(), jump.by_ms, jump.at)),
            since: self.host.since.unwrap_or(now),
            up_since: self.host.downtimes.last().map_or(Millis(i64::MIN), |down| down.to),
            reconciled: Reconciled::latest(app)?,
            events: app.store().next_seq().0,
            open: report::open(&self.alerts),
        })
    }
}

/// The counts as they were kept; none if they cannot be read, so that the log is counted anew.
fn read_counts(app: &App) -> Result<LedgerBook, AppError> {
    let kept = app.store().meta(LEDGER_META)?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// Books and host as they were kept; `None` if anything of it cannot be read, so that all is built
/// anew from the log.
fn read_rows(app: &App) -> Result<Option<(HostRow, Books)>, AppError> {
    let Some(host) = app.store().meta(HOST_META)? else { return Ok(None) };
    let Ok(host) = serde_json::from_slice(&host) else { return Ok(None) };
    let mut books = BTreeMap::new();
    for (name, bytes) in app.store().meta_scan(SOURCE_META)? {
        let Ok(book) = serde_json::from_slice(&bytes) else { return Ok(None) };
        books.insert(name[SOURCE_META.len()..].to_owned(), book);
    }
    Ok(Some((host, books)))
}

/// The calendar of the home's region; without one, weekends are all that is known.
fn read_calendar(app: &App) -> Result<Calendar, AppError> {
    let wrong = |error| AppError::new(Kind::Integrity, "store-corrupt", error);
    let tables = app.tables();
    let mine = tables.changes().iter().rev().find(|(_, table, _)| table == CALENDAR_TABLE);
    let Some((_, _, version)) = mine else { return Ok(Calendar::weekends_only()) };
    let rows = app.store().table(CALENDAR_TABLE, *version)?.unwrap_or_default();
    let rows: Result<Vec<_>, _> =
        rows.iter().map(|row| CalendarRow::from_json(&row.json)).collect();
    Calendar::from_rows(rows.map_err(wrong)?, &app.config().region).map_err(wrong)
}

fn encode(row: &impl Serialize) -> Result<Vec<u8>, AppError> {
    serde_json::to_vec(row).map_err(|error| AppError::new(Kind::Failed, "store", error))
}
