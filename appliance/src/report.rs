//! What reports are made of: the log folded into cases, the ledger into cards, the tables in force.
//!
//! It only gathers and writes; every figure is computed in `plumbline-report`. Only leaves under a
//! signed checkpoint are looked at, and nothing behind the day as of which is computed.

mod csv;
mod xlsx;

pub use csv::csv;
pub use xlsx::workbook;

use crate::alert::as_alert;
use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_contract::desk::Desk;
use plumbline_contract::id::{EventSeq, region_contains};
use plumbline_contract::table::TableSet;
use plumbline_contract::time::{Day, Local};
use plumbline_ledger::sha256_hex;
use plumbline_report::cards::{Card, CardAct, CardBook};
use plumbline_report::cases::{Case, CaseBook, Figures};
use plumbline_report::catalogue::Catalogue;
use plumbline_report::score::{Human, SHIPPED, Scheme};
use plumbline_report::sheet::Text;
use plumbline_report::statistics::Directory;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Events and leaves read at once.
const AT_ONCE: usize = 4096;
/// The kind of leaves that are acts on cards.
const CARD_LEAF: &str = "card";

/// See the module.
#[derive(Debug)]
pub struct Gathered {
    pub cases: Vec<Case>,
    pub cards: Vec<Card>,
    /// Whether answers to cards are on record at all.
    pub answers_recorded: bool,
    pub directory: Directory,
    /// The last day that is looked at.
    pub as_of: Day,
    /// Events that were read, and what the fold made of them.
    pub events: u64,
    pub figures: Figures,
    tables: TableSet,
    region: String,
    desks: Mutex<BTreeMap<(String, String), Arc<Desk>>>,
}

impl Gathered {
    /// Reads the log and the ledger of a home, as of the end of a day: today by log time if none is
    /// given. `cases` is a catalogue of cases in place of the shipped one.
    ///
    /// # Errors
    /// If the store, the ledger, the catalogue or the calendar cannot be read.
    pub fn read(app: &App, as_of: Option<Day>, cases: Option<&Path>) -> Result<Self, AppError> {
        let as_of = as_of.unwrap_or_else(|| app.zone().local(app.log_time()).day());
        let end = Local(as_of.plus(1).start().0 - 1);
        let catalogue = catalogue(cases)?;
        let mut book = CaseBook::new(catalogue.clone(), app.zone().clone());
        let last = app.store().next_seq();
        let mut next = EventSeq(0);
        while next < last {
            let rows = app.store().read(next, AT_ONCE)?;
            let Some(newest) = rows.last() else { break };
            next = newest.seq.next();
            rows.iter().for_each(|row| book.take(row.seq, &row.event));
        }
        let tables = app.tables().view(app.store(), last)?;
        let wrong = |detail| AppError::new(Kind::Integrity, "report-tables", detail);
        let figures = book.figures();
        let cases = book.records(&tables, end).map_err(wrong)?;
        let cards = read_cards(app, end)?;
        Ok(Self {
            cases,
            cards: cards.cards(),
            answers_recorded: cards.answers_recorded(),
            directory: Directory::read(&tables, &catalogue, as_of),
            as_of,
            events: last.0,
            figures,
            tables,
            region: app.config().region.clone(),
            desks: Mutex::default(),
        })
    }

    /// Leaves out what is not of a region and what is inside, nor of a department; an empty one means
    /// all.
    pub fn keep(&mut self, region: &str, dept: &str) {
        let is_in = |of: &str, whose: &str| {
            region_contains(region, of) && (dept.is_empty() || dept == whose)
        };
        self.cases.retain(|case| is_in(&case.region, &case.dept));
        self.cards.retain(|card| is_in(&card.region, &card.dept));
    }

    /// The calendar and timetable of a region and department, opened once.
    ///
    /// # Panics
    /// Never: the same tables were opened for every case already.
    #[must_use]
    pub fn desk(&self, region: &str, dept: &str) -> Arc<Desk> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let open =
            || Arc::new(Desk::open(&self.tables, region, dept).expect("opened for the cases"));
        desks.entry((region.to_owned(), dept.to_owned())).or_insert_with(open).clone()
    }

    /// The calendar of the office itself.
    ///
    /// # Errors
    /// If a row of it makes no sense.
    pub fn office(&self) -> Result<Desk, AppError> {
        let wrong = |detail| AppError::new(Kind::Integrity, "report-tables", detail);
        Desk::open(&self.tables, &self.region, "").map_err(wrong)
    }

    /// On what the figures rest, for every sheet.
    #[must_use]
    pub fn note(&self) -> Text {
        let (as_of, events) = (self.as_of, self.events);
        Text::new(
            format!("截至 {as_of}；日志 {events} 条。"),
            format!("As of {as_of}; {events} events of the log."),
        )
    }
}

fn read_cards(app: &App, end: Local) -> Result<CardBook, AppError> {
    let mut cards = CardBook::new(app.zone().clone(), end);
    app.with_ledger(|ledger| {
        let size = ledger.checkpoint().size();
        for (index, leaf) in (0..size).zip(ledger.leaves(0..size)?) {
            let leaf = leaf?;
            if let Some(alert) = as_alert(index, &leaf)? {
                cards.take(index, &alert);
            } else if let Some(act) = as_card_act(index, &leaf)? {
                cards.handle(&act);
            }
        }
        Ok(cards)
    })
}

/// An act on a card; `None` for acts of other kinds, which are as many as administrators do.
fn as_card_act(index: u64, leaf: &[u8]) -> Result<Option<CardAct>, AppError> {
    let damaged =
        |error| AppError::new(Kind::Integrity, "ledger-damaged", format!("leaf {index}: {error}"));
    let act: serde_json::Value = serde_json::from_slice(leaf).map_err(damaged)?;
    if act["leaf"] != CARD_LEAF {
        return Ok(None);
    }
    serde_json::from_value(act).map(Some).map_err(damaged)
}

fn catalogue(path: Option<&Path>) -> Result<Arc<Catalogue>, AppError> {
    let Some(path) = path else { return Ok(Arc::new(Catalogue::shipped())) };
    let parsed = Catalogue::parse(&read(path)?);
    parsed.map(Arc::new).map_err(|error| AppError::new(Kind::Usage, "cases-file", error))
}

fn read(path: &Path) -> Result<String, AppError> {
    fs::read_to_string(path).map_err(|error| AppError::io(path, &error))
}

/// The scheme with a region's changes, and the hash of both together.
///
/// # Errors
/// If the file cannot be read or the scheme is wrong.
pub fn scheme(app: &App, path: Option<&Path>) -> Result<(Scheme, String), AppError> {
    let changes = path.map(read).transpose()?.unwrap_or_default();
    let manifests = app.manifests();
    let rules = manifests.iter().flat_map(|manifest| &manifest.rules);
    let scheme = Scheme::load(&changes, rules.map(|rule| rule.id.as_str()))
        .map_err(|error| AppError::new(Kind::Usage, "scheme", error))?;
    let sha256 = sha256_hex(format!("{SHIPPED}\0{changes}").as_bytes());
    Ok((scheme, sha256))
}

/// What people marked.
///
/// # Errors
/// If the file cannot be read or is malformed.
pub fn marks(path: Option<&Path>) -> Result<Human, AppError> {
    let Some(path) = path else { return Ok(Human::default()) };
    toml::from_str(&read(path)?).map_err(|error| AppError::new(Kind::Usage, "marks", error))
}
