//! What the case means as work of officers, told to the stream `workload` (APPR-R02): to the one
//! who accepted it when it is accepted, when its due day moves and when it ends, to the one who
//! decided it once.

use super::{File, Said};
use crate::excuse::{self, ItemTerms};
use crate::{Params, period};
use plumbline_guest::json::Writer;
use plumbline_guest::{Day, Look};

pub(super) fn publish(file: &File, params: &Params, look: &mut Look<'_>) {
    job(file, params, look);
    decision(file, look);
}

fn job(file: &File, params: &Params, look: &mut Look<'_>) {
    let accepted = file.of(&Said::Accepted).next();
    let Some(accepted) = accepted.filter(|line| !line.fact.officer.is_empty()) else { return };
    let officer = &accepted.fact.officer;
    let mut data = Writer::default()
        .text("officer", officer)
        .text("case_no", &file.case_no)
        .int("rev", file.revision + turning_points(file));
    if let Some(due) = due(file, accepted.time.day(), params, look) {
        data = data.int("due", due.0.into());
    }
    look.fact("job", officer, data.flag("ended", file.end().is_some()));
}

/// Lines that change what is told; each makes the telling a new one.
fn turning_points(file: &File) -> i64 {
    let turns = |said: &Said| {
        matches!(
            said,
            Said::Decided
                | Said::Ended
                | Said::Paused { .. }
                | Said::Resumed { .. }
                | Said::Extended { .. }
        )
    };
    file.lines.iter().filter(|line| turns(&line.fact.said)).count() as i64
}

/// The last day of the promised limit, else of the statutory one.
fn due(file: &File, accepted: Day, params: &Params, look: &Look<'_>) -> Option<Day> {
    let limits = &params.limits;
    let terms = look.row::<ItemTerms>(file.item(), accepted);
    let limit = terms.and_then(|terms| terms.limit_wd).unwrap_or(limits.default_wd);
    let days = limit + file.extension(limits.ext_max_wd);
    period::due(look, accepted, days, &file.pauses())
}

/// Decisions on the spot are no measure of care and are not told.
fn decision(file: &File, look: &mut Look<'_>) {
    let Some(decided) = file.of(&Said::Decided).next() else { return };
    let officer = &decided.fact.officer;
    let is_on_spot = excuse::is_on_spot(look, file.item(), decided.time.day());
    let is_migrated = !decided.fact.batch.is_empty();
    if officer.is_empty() || file.region.is_empty() || is_on_spot || is_migrated {
        return;
    }
    let data = Writer::default()
        .text("officer", officer)
        .text("case_no", &file.case_no)
        .text("region", &file.region)
        .int("decided", decided.time.0);
    look.fact("decision", officer, data);
}
