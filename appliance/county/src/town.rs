//! What all domains share: the clock, the people, the lines to come, the labels.

use crate::book::Book;
use crate::clock::Clock;
use crate::label::Label;
use crate::line::Office;
use crate::people::{Dept, People, REGION};
use crate::rng::Rng;
use plumbline_contract::time::Day;

/// See the module.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) clock: Clock,
    pub(crate) people: People,
    pub(crate) book: Book,
    pub(crate) labels: Vec<Label>,
    pub(crate) scale: f64,
}

impl Town {
    pub(crate) fn new(scale: f64) -> Self {
        let clock = Clock::new();
        let book = Book::new(clock.first(), clock.last());
        Self { book, people: People::new(), labels: Vec::new(), scale, clock }
    }

    /// How many things of a kind a day brings, of so many on a usual working day at full size.
    /// Mondays, the days after a holiday and the last week of a quarter are busier, high summer and
    /// the weeks around the Spring Festival quieter.
    pub(crate) fn many(&self, rng: &mut Rng, usual: f64, day: Day) -> usize {
        let (_, month, of_month) = day.ymd();
        let season = match month {
            1 | 2 => 0.85,
            7 | 8 => 0.95,
            6 | 12 => 1.1,
            _ => 1.0,
        };
        let after_rest = if self.clock.is_working(day.plus(-1)) { 1.0 } else { 1.15 };
        let quarter_end = if month % 3 == 0 && of_month > 24 { 1.1 } else { 1.0 };
        rng.round(usual * self.scale * season * after_rest * quarter_end)
    }

    /// A department as it reports through a connector.
    pub(crate) fn office(&self, source: &'static str, short: &str) -> Office {
        office_of(source, self.people.dept(short))
    }
}

pub(crate) fn office_of(source: &'static str, dept: &Dept) -> Office {
    Office { source, dept: dept.code.clone(), region: REGION.to_owned() }
}
