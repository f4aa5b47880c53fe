//! The named statistics that oversight offices live on. A figure and the cases behind it come from
//! one definition, so that a list can never have another length than its cell.

mod directory;
mod formula;
mod group;
mod measure;
mod named;

pub use directory::Directory;
pub use formula::{GridCounts, grid_score, limit_saved};

use crate::cards::Card;
use crate::cases::Case;
use crate::exact::Share;
use crate::period::Period;
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use group::{Group, power_place};
use measure::{Measure, Of};
use named::Named;
use plumbline_contract::id::region_contains;
use plumbline_contract::time::{Day, Local};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer cases than this carry no conclusion; such rows are marked.
pub const SMALL_SAMPLE: usize = 30;
/// Key of the last row, which counts everything once.
pub const TOTAL: &str = "total";
/// Items in the list of the most frequent ones.
const HOT_ITEMS: usize = 20;

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Scope {
    pub period: Period,
    /// Nothing behind this day is known.
    pub as_of: Day,
    /// A region with everything inside; empty for all.
    pub region: String,
    /// One department; empty for all.
    pub dept: String,
}

/// A card with the case it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) card: &'a Card,
    pub(crate) case: Option<&'a Case>,
}

/// Cases and cards within a scope.
#[derive(Debug)]
pub struct Statistics<'a> {
    scope: Scope,
    directory: &'a Directory,
    cases: Vec<&'a Case>,
    cards: Vec<Judged<'a>>,
}

/// What stands behind a cell.
#[derive(Clone, Debug, Default)]
pub struct Behind<'a> {
    pub cases: Vec<&'a Case>,
    pub cards: Vec<&'a Card>,
}

/// One row while it is made.
#[derive(Debug, Default)]
struct Bucket<'a> {
    cases: Vec<&'a Case>,
    cards: Vec<Judged<'a>>,
}

impl<'a> Statistics<'a> {
    #[must_use]
    pub fn new(
        cases: &'a [Case],
        cards: &'a [Card],
        directory: &'a Directory,
        scope: Scope,
    ) -> Self {
        let by_no: BTreeMap<&str, &Case> = cases.iter().map(|case| (&*case.no, case)).collect();
        let is_in = |region: &str, dept: &str| {
            region_contains(&scope.region, region) && (scope.dept.is_empty() || scope.dept == dept)
        };
        let judged = |card: &'a Card| Judged { card, case: by_no.get(&*card.key).copied() };
        let mine = cards.iter().filter(|card| is_in(&card.region, &card.dept));
        let cards = mine.map(judged).collect();
        let cases = cases.iter().filter(|case| is_in(&case.region, &case.dept)).collect();
        Self { scope, directory, cases, cards }
    }

    /// All statistics: stable name, Chinese and English title.
    pub fn list() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        named::ALL.iter().map(|named| (named.id, named.zh, named.en))
    }

    /// One statistic by its name.
    #[must_use]
    pub fn sheet(&self, id: &str) -> Option<Sheet> {
        let named = named::find(id)?;
        let buckets = self.buckets(named);
        let measures: Vec<&Measure> = named.measures.iter().map(|id| measure::get(id)).collect();
        let mut columns = vec![
            Column::new("code", "编码", "code"),
            Column::new("name", named.group.zh(), named.group.en()),
        ];
        columns.extend(measures.iter().map(|of| Column::new(of.id, of.zh, of.en)));
        let period = self.scope.period;
        let title =
            Text::new(format!("{}（{period}）", named.zh), format!("{} ({period})", named.en));
        let mut sheet = Sheet::new(id, title, columns);
        for (key, bucket) in self.rows(named, &buckets) {
            sheet.rows.push(self.row(named, &measures, key, bucket));
        }
        let all = self.total(named);
        sheet.rows.push(self.row(named, &measures, TOTAL, &all));
        if sheet.rows.iter().any(|row| row.small_sample) {
            sheet.notes.push(Text::new(
                format!("* 不足 {SMALL_SAMPLE} 件，样本小，比率仅供参考。"),
                format!("* Fewer than {SMALL_SAMPLE}: a small sample, no conclusion from shares."),
            ));
        }
        sheet.notes.extend(named.notes.iter().map(|(zh, en)| Text::new(*zh, *en)));
        Some(sheet)
    }

    /// The cases and cards behind a cell; `None` if there is no such statistic, row or column.
    #[must_use]
    pub fn behind(&self, id: &str, row: &str, column: &str) -> Option<Behind<'a>> {
        let named = named::find(id)?;
        if !named.measures.contains(&column) {
            return None;
        }
        let bucket = if row == TOTAL {
            self.total(named)
        } else {
            self.buckets(named).remove(row).unwrap_or_default()
        };
        let view = View::of(&self.scope);
        let mut behind = Behind::default();
        match measure::get(column).of {
            Of::Cards(counts) => {
                let counted = bucket.cards.iter().filter(|card| counts(card, &view));
                behind.cards = counted.map(|judged| judged.card).collect();
            }
            Of::Cases(counts) | Of::Distinct(counts, _) | Of::Share(counts, _) => {
                behind.cases = bucket.cases;
                behind.cases.retain(|case| counts(case, &view));
            }
            Of::Interval(_, counts) | Of::Saved(counts, _) | Of::Grid(counts) => {
                behind.cases = bucket.cases;
                behind.cases.retain(|case| counts(case, &view));
            }
            Of::Carded(counts) | Of::CardedShare(counts) | Of::CardedInterval(counts) => {
                let carded = carded(&bucket, counts, &view);
                behind.cases = bucket.cases;
                behind.cases.retain(|case| counts(case, &view) && carded.contains(&*case.no));
            }
            Of::Items => {}
        }
        Some(behind)
    }

    fn buckets(&self, named: &Named) -> BTreeMap<String, Bucket<'a>> {
        let mut buckets: BTreeMap<String, Bucket<'a>> = BTreeMap::new();
        for key in named.group.always() {
            buckets.entry(key).or_default();
        }
        let view = View::of(&self.scope);
        for case in self.cases.iter().filter(|case| (named.only)(case)) {
            for key in named.group.of_case(case, &view) {
                buckets.entry(key).or_default().cases.push(case);
            }
        }
        for judged in self.cards.iter().filter(|judged| named.takes(judged)) {
            for key in named.group.of_card(judged) {
                buckets.entry(key).or_default().cards.push(*judged);
            }
        }
        // A row without anything in the period says nothing, except those that always stand.
        let always: BTreeSet<String> = named.group.always().collect();
        buckets.retain(|key, bucket| always.contains(key) || self.is_alive(named, bucket));
        buckets
    }

    fn is_alive(&self, named: &Named, bucket: &Bucket<'a>) -> bool {
        let view = View::of(&self.scope);
        named.measures.iter().any(|id| match measure::get(id).of {
            Of::Cases(counts) => bucket.cases.iter().any(|case| counts(case, &view)),
            Of::Cards(counts) => bucket.cards.iter().any(|card| counts(card, &view)),
            _ => false,
        })
    }

    fn total(&self, named: &Named) -> Bucket<'a> {
        Bucket {
            cases: self.cases.iter().copied().filter(|case| (named.only)(case)).collect(),
            cards: self.cards.iter().copied().filter(|judged| named.takes(judged)).collect(),
        }
    }

    /// Rows in their order: by key, or the most frequent first.
    fn rows<'b>(
        &self,
        named: &Named,
        buckets: &'b BTreeMap<String, Bucket<'a>>,
    ) -> Vec<(&'b str, &'b Bucket<'a>)> {
        let mut rows: Vec<_> = buckets.iter().map(|(key, of)| (key.as_str(), of)).collect();
        match named.group {
            Group::Power => rows.sort_by_key(|(key, _)| power_place(key)),
            _ if named.hot => {
                let view = View::of(&self.scope);
                let count = |bucket: &Bucket<'_>| {
                    bucket.cases.iter().filter(|case| measure::received(case, &view)).count()
                };
                rows.sort_by_key(|(key, bucket)| (std::cmp::Reverse(count(bucket)), *key));
                rows.truncate(HOT_ITEMS);
            }
            _ => {}
        }
        rows
    }

    fn row(&self, named: &Named, measures: &[&Measure], key: &str, bucket: &Bucket<'_>) -> Row {
        let view = View::of(&self.scope);
        let name = if key == TOTAL {
            Cell::Words(Text::new("合计", "total"))
        } else {
            self.directory.name(named.group, key)
        };
        let mut cells = vec![Cell::text(if key == TOTAL { "" } else { key }), name];
        cells.extend(measures.iter().map(|measure| self.cell(measure, key, bucket, &view)));
        let sample = bucket.cases.iter().filter(|case| measure::sample(case, &view)).count();
        let has_share = measures.iter().any(|measure| measure.of.is_share());
        Row { key: key.to_owned(), cells, small_sample: has_share && sample < SMALL_SAMPLE }
    }

    fn cell(&self, measure: &Measure, key: &str, bucket: &Bucket<'_>, view: &View) -> Cell {
        let cases =
            |counts: measure::OfCase| bucket.cases.iter().filter(move |case| counts(case, view));
        let share = |part: measure::OfCase, whole: measure::OfCase| {
            Share::new(cases(part).count(), cases(whole).count())
        };
        let carded_share = |counts: measure::OfCase| {
            let carded = carded(bucket, counts, view);
            let part = cases(counts).filter(|case| carded.contains(&*case.no)).count();
            Share::new(part, cases(counts).count())
        };
        let interval =
            |share: Share| crate::exact::wilson(share).map_or(Cell::Empty, Cell::Interval);
        match measure.of {
            Of::Cases(counts) => Cell::count(cases(counts).count()),
            Of::Cards(counts) => {
                Cell::count(bucket.cards.iter().filter(|card| counts(card, view)).count())
            }
            Of::Distinct(counts, what) => {
                let all: BTreeSet<&str> = cases(counts).filter_map(|case| what(case)).collect();
                Cell::count(all.len())
            }
            Of::Share(part, whole) => Cell::Share(share(part, whole)),
            Of::Interval(part, whole) => interval(share(part, whole)),
            Of::Saved(counts, limit) => {
                Cell::Share(limit_saved(cases(counts).map(|case| (limit(case), case.used))))
            }
            Of::Carded(counts) => Cell::count(carded_share(counts).part.unsigned_abs() as usize),
            Of::CardedShare(counts) => Cell::Share(carded_share(counts)),
            Of::CardedInterval(counts) => interval(carded_share(counts)),
            Of::Grid(counts) => {
                let counted = measure::grid(cases(counts).copied(), view);
                grid_score(counted).map_or(Cell::Empty, Cell::Number)
            }
            Of::Items => Cell::count(self.directory.items(key)),
        }
    }
}

/// Numbers of the cases that have a yellow or red card that stands.
fn carded<'a>(bucket: &Bucket<'a>, counts: measure::OfCase, view: &View) -> BTreeSet<&'a str> {
    let about = bucket.cards.iter().filter(|judged| judged.card.counts());
    about
        .filter(|judged| judged.case.is_some_and(|case| counts(case, view)))
        .map(|judged| judged.card.key.as_str())
        .collect()
}

/// What a measure may look at beside the case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// First and last day of the period.
    days: (Day, Day),
    as_of: Day,
}

impl View {
    fn of(scope: &Scope) -> Self {
        Self { days: scope.period.days(), as_of: scope.as_of }
    }

    pub(crate) fn holds(&self, at: Option<Local>) -> bool {
        at.is_some_and(|at| self.days.0 <= at.day() && at.day() <= self.days.1)
    }

    /// The last day that counts: of the period, or what is known.
    pub(crate) fn end(&self) -> Day {
        self.days.1.min(self.as_of)
    }
}
