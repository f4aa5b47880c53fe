//! Red flags over the contracting processes of the log: the newest version of each goes into the
//! survey. It raises nothing; the indicators themselves are in `host/ocds`. A report goes on record
//! only when somebody asks for it (`record.rs`).

pub mod record;
mod sheet;

pub use sheet::{csv, workbook};

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use plumbline_contract::id::EventSeq;
use plumbline_ocds::{
    Figure, Figures, Findings, Group, Indicator, PROCESS_TYPE, Process, Settings, Survey, Warning,
};
use std::collections::BTreeMap;
use std::path::Path;

/// Events read from the store at once.
const READ_AT_ONCE: usize = 4096;

/// What a survey came to.
#[derive(Clone, Debug)]
pub struct Surveyed {
    pub findings: Findings,
    /// The place of the log up to which it looked, that event not included.
    pub until: EventSeq,
}

/// Reads a settings file, with its text; the defaults without one.
///
/// # Errors
/// If it cannot be read, or says what is not known.
pub fn settings(file: Option<&Path>) -> Result<(Settings, Option<String>), AppError> {
    let Some(path) = file else { return Ok((Settings::default(), None)) };
    let text = std::fs::read_to_string(path).map_err(|error| AppError::io(path, &error))?;
    let settings = Settings::parse(&text).map_err(|error| {
        AppError::new(Kind::Usage, "ocds-settings", format!("{}: {error}", path.display()))
    })?;
    Ok((settings, Some(text)))
}

/// The newest version of a process that the log knows.
///
/// # Errors
/// If there is none, or the log cannot be read.
pub fn process(app: &App, ocid: &str) -> Result<Process, AppError> {
    let mut newest: Option<((u32, EventSeq), Process)> = None;
    each(app, None, app.store().next_seq(), |seq, event| {
        let version = (event.dataversion, seq);
        let is_newer = newest.as_ref().is_none_or(|(known, _)| *known < version);
        if event.subject == ocid && is_newer {
            newest =
                Process::read(&event.data).ok().map(|process| (version, process)).or(newest.take());
        }
    })?;
    let found = newest.map(|(_, process)| process);
    found.ok_or_else(|| AppError::new(Kind::NotFound, "ocds-process", ocid))
}

/// Looks at all processes of the log, or at those of one source.
///
/// # Errors
/// If the log cannot be read.
pub fn survey(app: &App, settings: Settings, source: Option<&str>) -> Result<Surveyed, AppError> {
    let until = app.store().next_seq();
    let mut newest: BTreeMap<String, (u32, EventSeq)> = BTreeMap::new();
    let mut survey = Survey::new(settings.clone());
    let mut again = false;
    each(app, source, until, |seq, event| {
        let version = (event.dataversion, seq);
        match newest.get_mut(&event.subject) {
            Some(known) => {
                again = true;
                *known = version.max(*known);
            }
            None => {
                newest.insert(event.subject.clone(), version);
                survey.add_payload(&event.data);
            }
        }
    })?;
    if !again {
        return Ok(Surveyed { findings: survey.finish(), until });
    }
    // A process counts once. Which of its versions is the newest is known only now.
    survey = Survey::new(settings);
    each(app, source, until, |seq, event| {
        if newest.get(&event.subject).is_some_and(|(_, newest)| *newest == seq) {
            survey.add_payload(&event.data);
        }
    })?;
    Ok(Surveyed { findings: survey.finish(), until })
}

/// Every process of the log before a place, in its order.
fn each(
    app: &App,
    source: Option<&str>,
    until: EventSeq,
    mut see: impl FnMut(EventSeq, &plumbline_contract::event::Event),
) -> Result<(), AppError> {
    let mut next = EventSeq(0);
    while next < until {
        let rows = app.store().read(next, READ_AT_ONCE)?;
        let Some(last) = rows.last() else { break };
        next = last.seq.next();
        for row in rows.iter().filter(|row| row.seq < until) {
            let event = &row.event;
            let wanted = source.is_none_or(|source| event.source == source);
            if wanted && event.kind == PROCESS_TYPE && !event.is_blank() {
                see(row.seq, event);
            }
        }
    }
    Ok(())
}

/// How findings read for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Words {
    /// The name of an indicator.
    pub(crate) fn name(lang: Lang, indicator: Indicator) -> String {
        say(lang, &indicator.to_string())
    }

    /// The word for what a flag is about.
    pub(crate) fn group(lang: Lang, group: Group) -> String {
        say(lang, group.as_str())
    }

    /// The figures behind a flag in words.
    pub(crate) fn figures(lang: Lang, figures: &Figures) -> String {
        let one = |(name, figure): (&&'static str, &Figure)| {
            let value = match figure {
                Figure::Count(count) => count.to_string(),
                Figure::Number(number) => number.to_string(),
                Figure::Text(text) => text.clone(),
                Figure::List(names) => names.join(", "),
            };
            format!("{} {value}", say(lang, &format!("figure-{name}")))
        };
        figures.iter().map(one).collect::<Vec<_>>().join(lang.pick("；", "; "))
    }

    /// A warning as a sentence.
    pub(crate) fn warning(lang: Lang, warning: Warning) -> String {
        let sentence = |key: &str, values: &[(&str, String)]| {
            let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
            text::say(lang, key, &values)
        };
        match warning {
            Warning::TooMany { indicator, group: of, flagged, units } => sentence(
                "ocds.too-many",
                &[
                    ("indicator", indicator.to_string()),
                    ("group", Self::group(lang, of)),
                    ("flagged", flagged.to_string()),
                    ("units", units.to_string()),
                ],
            ),
            Warning::Degenerate { indicator, group: of, quartile, units } => sentence(
                "ocds.degenerate",
                &[
                    ("indicator", indicator.to_string()),
                    ("group", Self::group(lang, of)),
                    ("quartile", quartile.to_string()),
                    ("units", units.to_string()),
                ],
            ),
            Warning::OtherCurrency { bids } => {
                sentence("ocds.other-currency", &[("bids", bids.to_string())])
            }
            Warning::BidsLeftOut { processes, bids } => sentence(
                "ocds.bids-left-out",
                &[("processes", processes.to_string()), ("bids", bids.to_string())],
            ),
            Warning::Unreadable { processes } => {
                sentence("ocds.unreadable", &[("processes", processes.to_string())])
            }
        }
    }
}

fn say(lang: Lang, name: &str) -> String {
    text::say(lang, &format!("ocds.{name}"), &[])
}
