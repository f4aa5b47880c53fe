//! Whether the office answered the application in time (行政许可法 32).
//!
//! Each receipt, and each supply before acceptance, gives the office `accept_wd` working days to
//! accept, to refuse or to ask for what is missing. Silence means that the application counts as
//! accepted on the day that opened the window.

use super::fact::Fact;
use super::limit::CaseParams;
use crate::period::daily_timer;
use plumbline_guest::{Day, Entry, Facts, Look, Unit};

/// How it stands with the answer.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    /// No receipt was reported.
    NotReceived,
    /// The office may still answer, until the day named.
    Waiting {
        base: &'a Entry<Fact>,
        last: Day,
    },
    /// Answered in time, or the applicant's turn.
    Given(Given<'a>),
    /// The last day lies outside the loaded calendar.
    Provisional,
    Missed(Missed<'a>),
}

/// The last window that an answer closed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given<'a> {
    pub(crate) base: Option<&'a Entry<Fact>>,
    pub(crate) by: Option<&'a Entry<Fact>>,
}

/// A window that passed without an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Missed<'a> {
    /// The receipt or supply that opened it: the deemed acceptance.
    pub(crate) base: &'a Entry<Fact>,
    pub(crate) last: Day,
    /// The answer that came too late.
    pub(crate) late: Option<&'a Entry<Fact>>,
}

impl<'a> Answer<'a> {
    pub(crate) fn deemed(&self) -> Option<&'a Entry<Fact>> {
        match self {
            Self::Missed(missed) => Some(missed.base),
            _ => None,
        }
    }
}

/// Goes through the facts in the order in which they happened.
pub(crate) fn find<'a>(
    facts: &'a Facts<Fact>,
    params: &CaseParams,
    look: &mut Look<'_>,
) -> Answer<'a> {
    let mut open: Option<&Entry<Fact>> = None;
    let mut seen = false;
    let mut given = Given::default();
    for entry in facts {
        let opens = match entry.fact {
            Fact::Received(_) if !seen => true,
            Fact::CorrectionSupplied(_) => true,
            Fact::CorrectionRequested(_)
            | Fact::Accepted(_)
            | Fact::Rejected
            | Fact::Decided(_)
            | Fact::Terminated
            | Fact::Withdrawn => false,
            _ => continue,
        };
        // No period of working days is shorter than as many calendar days: most answers need no
        // calendar.
        let soon = |base: &Entry<Fact>| entry.time.day() <= base.time.day().plus(params.accept_wd);
        if let Some(base) = open.filter(|base| !soon(base)) {
            let last = look.add(base.time.day(), params.accept_wd, Unit::WorkingDay, true);
            if last.provisional {
                return Answer::Provisional;
            }
            if entry.time.day() > last.day {
                let late = (!opens).then_some(entry);
                return Answer::Missed(Missed { base, last: last.day, late });
            }
        }
        seen = true;
        if !opens {
            given = Given { base: open.or(given.base), by: Some(entry) };
        }
        open = opens.then_some(entry);
        if !opens && !matches!(entry.fact, Fact::CorrectionRequested(_)) {
            return Answer::Given(given);
        }
    }
    let Some(base) = open else {
        return if seen { Answer::Given(given) } else { Answer::NotReceived };
    };
    let last = look.add(base.time.day(), params.accept_wd, Unit::WorkingDay, true);
    if last.provisional {
        return Answer::Provisional;
    }
    if look.reached(daily_timer(last.day.plus(1))) {
        return Answer::Missed(Missed { base, last: last.day, late: None });
    }
    Answer::Waiting { base, last: last.day }
}
