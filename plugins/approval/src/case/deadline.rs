//! Deadlines of a case.

use super::Case;
use crate::Params;
use plumbline_guest::{Fire, Level, Look, Unit};

/// APPR-T03 法定超期: not decided within the statutory limit.
pub(crate) fn statutory(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(accepted) = case.accepted() else {
        return look.quiet(|| ("尚未受理".into(), "not accepted yet".into()));
    };
    let due = look.add(accepted.time.day(), params.default_wd, Unit::WorkingDay, true);
    if due.provisional {
        return look.provisional();
    }
    let decided = case.decided();
    let in_time = decided.is_some_and(|decided| decided.time.day() <= due.day);
    if in_time || !look.reached(due.day.plus(1).start()) {
        return look.quiet(|| (format!("法定期限至 {}", due.day), format!("due {}", due.day)));
    }
    let evidence = [Some(accepted.seq), decided.map(|decided| decided.seq)];
    look.fire(
        Fire::overdue(Level::Red, due.day)
            .evidence(evidence.into_iter().flatten())
            .int("limit_wd", params.default_wd.into())
            .day("due", due.day),
    );
}
