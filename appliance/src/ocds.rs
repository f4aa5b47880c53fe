//! Red flags over the contracting processes of the log: the newest version of each goes into the
//! survey. It writes nothing and raises nothing; the indicators themselves are in `host/ocds`.

mod sheet;

pub use sheet::{csv, workbook};

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use plumbline_contract::id::EventSeq;
use plumbline_ocds::{Findings, Group, Indicator, PROCESS_TYPE, Settings, Survey, Warning};
use std::collections::BTreeMap;
use std::path::Path;

/// Events read from the store at once.
const READ_AT_ONCE: usize = 4096;

/// Reads a settings file; the defaults without one.
///
/// # Errors
/// If it cannot be read, or says what is not known.
pub fn settings(file: Option<&Path>) -> Result<Settings, AppError> {
    let Some(path) = file else { return Ok(Settings::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| AppError::io(path, &error))?;
    Settings::parse(&text).map_err(|error| {
        AppError::new(Kind::Usage, "ocds-settings", format!("{}: {error}", path.display()))
    })
}

/// Looks at all processes of the log, or at those of one source.
///
/// # Errors
/// If the log cannot be read.
pub fn survey(app: &App, settings: Settings, source: Option<&str>) -> Result<Findings, AppError> {
    let mut newest: BTreeMap<String, (u32, EventSeq)> = BTreeMap::new();
    let mut survey = Survey::new(settings.clone());
    let mut again = false;
    each(app, source, |seq, event| {
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
        return Ok(survey.finish());
    }
    // A process counts once. Which of its versions is the newest is known only now.
    survey = Survey::new(settings);
    each(app, source, |seq, event| {
        if newest.get(&event.subject).is_some_and(|(_, newest)| *newest == seq) {
            survey.add_payload(&event.data);
        }
    })?;
    Ok(survey.finish())
}

/// Every process of the log, in its order.
fn each(
    app: &App,
    source: Option<&str>,
    mut see: impl FnMut(EventSeq, &plumbline_contract::event::Event),
) -> Result<(), AppError> {
    let mut next = EventSeq(0);
    loop {
        let rows = app.store().read(next, READ_AT_ONCE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        next = last.seq.next();
        for row in &rows {
            let event = &row.event;
            let wanted = source.is_none_or(|source| event.source == source);
            if wanted && event.kind == PROCESS_TYPE && !event.is_blank() {
                see(row.seq, event);
            }
        }
    }
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
