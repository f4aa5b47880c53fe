//! Decision support (辅助决策): where cases wait, which ways they take, how figures move, which items
//! and departments carry a risk, and what will fall due. Every figure says how many cases it rests
//! on; from few nothing is concluded.

mod bottleneck;
mod forecast;
mod risk;
mod trend;
mod variant;

pub use bottleneck::bottlenecks;
pub use forecast::forecast;
pub use risk::{By, risks};
pub use trend::trends;
pub use variant::variants;

use crate::cards::Card;
use crate::cases::Case;
use crate::exact::{MILLI, Milli};
use crate::period::Period;
use crate::sheet::{Sheet, Text};
use crate::statistics::{Directory, SMALL_SAMPLE};
use plumbline_contract::desk::Desk;
use plumbline_contract::time::Day;
use std::fmt;

/// What decision support looks at.
pub struct Inputs<'a> {
    pub cases: &'a [Case],
    pub cards: &'a [Card],
    pub directory: &'a Directory,
    pub period: Period,
    /// The day on which cases are open or not.
    pub as_of: Day,
    /// The calendar and timetable of a region and department, for working hours and days.
    pub desk: &'a dyn Fn(&str, &str) -> std::sync::Arc<Desk>,
}

impl fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cases, cards) = (self.cases.len(), self.cards.len());
        f.debug_struct("Inputs").field("cases", &cases).field("cards", &cards).finish()
    }
}

/// Seconds in an hour.
const HOUR_S: i64 = 3600;

/// Hours with three decimals, cut off.
fn hours(seconds: i64) -> Milli {
    Milli(seconds.saturating_mul(MILLI) / HOUR_S)
}

fn small_note(sheet: &mut Sheet) {
    if sheet.rows.iter().any(|row| row.small_sample) {
        sheet.notes.push(Text::new(
            format!("* 不足 {SMALL_SAMPLE} 件，样本小，不作结论。"),
            format!("* Fewer than {SMALL_SAMPLE}: a small sample, no conclusion."),
        ));
    }
}

/// All sheets of decision support; `ahead_wd` working days are forecast.
#[must_use]
pub fn all(inputs: &Inputs<'_>, ahead_wd: u32) -> Vec<Sheet> {
    vec![
        forecast(inputs, ahead_wd),
        risks(inputs, By::Item),
        risks(inputs, By::Dept),
        bottlenecks(inputs),
        variants(inputs),
        trends(inputs),
    ]
}
