//! Points on top: early completion, shorter promises, content applicants, months without a red card.
//! There is none for numbers or amounts.

use super::exposure::Totals;
use super::scheme::Bonus;
use crate::exact::{Milli, Share};
use serde::Serialize;

/// One bonus and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BonusLine {
    /// `early`, `promise`, `satisfaction` or `clean`.
    pub what: &'static str,
    pub points: Milli,
    /// The share that earned it, where it is one.
    pub share: Option<Share>,
}

pub(super) fn lines(bonus: &Bonus, totals: &Totals, clean: bool) -> Vec<BonusLine> {
    let enough = |count: u32| count > 0 && count >= bonus.min_cases;
    let share = |part: u32, whole: u32| Share { part: part.into(), whole: whole.into() };
    let mut lines = Vec::new();
    if enough(totals.promised) {
        let early = share(totals.early, totals.promised);
        let steps = early.part * 1000 / (early.whole * bonus.early_share_step.0);
        let points = Milli((steps * bonus.early_points.0).min(bonus.early_cap.0));
        lines.push(BonusLine { what: "early", points, share: Some(early) });
        let cut = totals.statutory_days - totals.promised_days;
        if cut > 0 && cut * 1000 >= bonus.promise_cut.0 * totals.statutory_days {
            let share = Some(Share { part: cut, whole: totals.statutory_days });
            lines.push(BonusLine { what: "promise", points: bonus.promise_points, share });
        }
    }
    if enough(totals.rated) {
        let content = share(totals.satisfied, totals.rated);
        if content.part * 1000 >= bonus.satisfaction.0 * content.whole {
            let points = bonus.satisfaction_points;
            lines.push(BonusLine { what: "satisfaction", points, share: Some(content) });
        }
    }
    if clean && bonus.clean_months > 0 {
        lines.push(BonusLine { what: "clean", points: bonus.clean_points, share: None });
    }
    lines.retain(|line| line.points > Milli::ZERO);
    lines
}
