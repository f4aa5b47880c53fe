//! Scores: what a scheme makes of cases and cards, for departments, officers, items and regions, by
//! month, half-year and year; and the credit of bidders, agencies and experts.
//!
//! Final points are those of cards that were upheld, or against which nobody appealed in time;
//! provisional points hold the others too. Every score explains itself line by line. All arithmetic
//! is in whole numbers, rounded once for each dimension, so that any order of cards gives the same.

mod annual;
mod bonus;
mod credit;
mod deduct;
mod escalation;
mod exposure;
mod pattern;
mod scheme;
mod sheets;

pub use annual::{Annual, Human, Marked, Sanction};
pub use bonus::BonusLine;
pub use credit::{Credit, CreditLine, credits};
pub use deduct::{Line, Standing};
pub use escalation::{Instrument, Proposal, proposals};
pub use exposure::Subject;
pub use scheme::{
    Appeal, Bonus, Cards, CreditScheme, Data, Dimension, Escalation, Exposure, Grade, Grades, Mean,
    Normalise, SHIPPED, Scheme, SchemeError, Silence, Veto,
};
pub use sheets::{credit_sheet, explain_sheet, proposal_sheet, score_sheet};

use crate::cards::Card;
use crate::cases::Case;
use crate::exact::{Milli, divide_rounded};
use crate::period::Period;
use deduct::Deductions;
use exposure::{Exposures, Totals};
use plumbline_contract::desk::Desk;
use plumbline_contract::time::Day;
use serde::Serialize;

/// Everything that scores are made of.
#[derive(Debug)]
pub struct Facts<'a> {
    pub cases: &'a [Case],
    pub cards: &'a [Card],
    /// Whether answers to cards are on record at all; without, none is missing.
    pub answers_recorded: bool,
    /// The office's own calendar, for the days to answer and to appeal.
    pub desk: &'a Desk,
    /// The day as of which is computed: a window that is still open then makes nothing final.
    pub as_of: Day,
    /// What people marked: sanctions, samples of files, confirmed vetoes.
    pub human: &'a Human,
}

/// The score of one subject and period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    pub subject: Subject,
    pub period: Period,
    /// Concluded cases; of an officer, tasks handled.
    pub exposure: u32,
    /// Fewer cases than can carry a conclusion.
    pub small_sample: bool,
    /// Not to be given out: an officer with too few tasks.
    pub withheld: bool,
    pub dimensions: Vec<DimensionScore>,
    pub lines: Vec<Line>,
    pub bonus: Vec<BonusLine>,
    /// After the cap of all bonuses together.
    pub bonus_points: Milli,
    /// For incomplete data.
    pub data: Milli,
    /// Sanctions of the year; nothing for shorter periods.
    pub sanction: Milli,
    /// Final points.
    pub total: Milli,
    /// With the cards that are not final.
    pub provisional: Milli,
    /// By points alone.
    pub grade: Grade,
    pub veto: Option<VetoMark>,
    /// Months that a longer period consists of: (month, weight, final, provisional).
    pub months: Vec<(Period, u32, Milli, Milli)>,
    /// Only of a year.
    pub annual: Option<Annual>,
}

impl Score {
    /// The grade after a veto that a person has confirmed; one that waits changes nothing yet.
    #[must_use]
    pub fn grade_in_force(&self) -> Grade {
        match &self.veto {
            Some(veto) if veto.confirmed => self.grade.min(veto.cap),
            _ => self.grade,
        }
    }
}

/// Cards that cap the grade (一票否决).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VetoMark {
    pub cards: Vec<String>,
    pub cap: Grade,
    /// A person has confirmed one of them; until then it is a proposal.
    pub confirmed: bool,
}

/// One dimension of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DimensionScore {
    pub id: String,
    pub weight: Milli,
    /// Final score, never below the floor of 0.
    pub score: Milli,
    pub provisional: Milli,
}

/// See [`Facts`]; it looks at cases and cards once, for any number of periods.
#[derive(Debug)]
pub struct Scorer<'a> {
    scheme: &'a Scheme,
    facts: &'a Facts<'a>,
    exposures: Exposures,
    deductions: Deductions,
}

impl<'a> Scorer<'a> {
    #[must_use]
    pub fn new(scheme: &'a Scheme, facts: &'a Facts<'a>) -> Self {
        let exposures = Exposures::new(scheme, facts);
        let deductions = Deductions::new(scheme, facts);
        Self { scheme, facts, exposures, deductions }
    }

    /// Subjects of one kind that have cases or cards in a period, by name.
    #[must_use]
    pub fn subjects(&self, like: &Subject, period: Period) -> Vec<Subject> {
        let mut subjects = self.exposures.subjects(like, period);
        subjects.extend(self.deductions.subjects(like, period));
        subjects.into_iter().collect()
    }

    /// The score of one subject in one period.
    #[must_use]
    pub fn score(&self, subject: &Subject, period: Period) -> Score {
        let mut score = match period {
            Period::Month { .. } => self.month(subject, period),
            _ => self.mean(subject, period),
        };
        score.veto = self.veto(&score);
        if period.is_year() {
            annual::apply(self.scheme, self.facts.human, &mut score);
        }
        score
    }

    fn month(&self, subject: &Subject, month: Period) -> Score {
        let scheme = self.scheme;
        let totals = self.exposures.of(subject, month);
        let lines = self.deductions.lines(subject, month);
        let exposure = totals.exposure(subject);
        let dimension = |(id, dimension): (&str, &Dimension)| {
            let of = |with_open: bool| {
                let counted = lines.iter().filter(|line| line.dimension == id);
                let counted = counted.filter(|line| with_open || line.standing == Standing::Final);
                let sum = counted.map(Line::micro).sum();
                let cost = cost(scheme, sum, dimension.weight, exposure);
                Milli((dimension.weight.0 - cost.0).max(0))
            };
            let (score, provisional) = (of(false), of(true));
            DimensionScore { id: id.to_owned(), weight: dimension.weight, score, provisional }
        };
        let dimensions: Vec<_> = scheme.in_order().into_iter().map(dimension).collect();
        let (bonus, bonus_points) = self.bonus(subject, month, &totals);
        let data = data(scheme, &totals);
        let clamp = |points: i64| {
            let points = points + bonus_points.0 - data.0;
            Milli(points.clamp(scheme.floor.0, scheme.ceiling.0))
        };
        let total = clamp(dimensions.iter().map(|dimension| dimension.score.0).sum());
        let provisional = clamp(dimensions.iter().map(|dimension| dimension.provisional.0).sum());
        let priced = |mut line: Line| {
            let weight = scheme.dimensions.get(&line.dimension).map(|dimension| dimension.weight);
            line.cost = cost(scheme, line.micro(), weight.unwrap_or_default(), exposure);
            line
        };
        Score {
            subject: subject.clone(),
            period: month,
            exposure,
            small_sample: exposure < scheme.exposure.min,
            withheld: subject.is_officer() && exposure < scheme.exposure.officer_min,
            dimensions,
            lines: lines.into_iter().map(priced).collect(),
            bonus,
            bonus_points,
            data,
            sanction: Milli::ZERO,
            total,
            provisional,
            grade: scheme.grades.of(total),
            veto: None,
            months: Vec::new(),
            annual: None,
        }
    }

    fn bonus(&self, subject: &Subject, month: Period, totals: &Totals) -> (Vec<BonusLine>, Milli) {
        if subject.is_officer() {
            return (Vec::new(), Milli::ZERO);
        }
        let clean = (0..self.scheme.bonus.clean_months as i32).all(|back| {
            let month = month.shifted(-back);
            self.exposures.of(subject, month).concluded > 0
                && !self.deductions.has_red(subject, month)
        });
        let lines = bonus::lines(&self.scheme.bonus, totals, clean);
        let sum = lines.iter().map(|line| line.points.0).sum::<i64>();
        (lines, Milli(sum.min(self.scheme.bonus_cap.0)))
    }

    /// The weighted mean of the months in which there was anything.
    fn mean(&self, subject: &Subject, period: Period) -> Score {
        let scheme = self.scheme;
        let months: Vec<Score> = period
            .months()
            .into_iter()
            .map(|month| self.month(subject, month))
            .filter(|month| month.exposure > 0 || !month.lines.is_empty())
            .collect();
        let weight = |month: &Score| match scheme.mean {
            Mean::Exposure => i128::from(month.exposure.max(scheme.exposure.min)),
            Mean::Plain => 1,
        };
        let weights: i128 = months.iter().map(weight).sum();
        let mean = |of: &dyn Fn(&Score) -> Milli, empty: Milli| {
            let sum = months.iter().map(|month| i128::from(of(month).0) * weight(month)).sum();
            if weights == 0 { empty } else { Milli(divide_rounded(sum, weights) as i64) }
        };
        let dimension = |(place, (id, dimension)): (usize, (&str, &Dimension))| DimensionScore {
            id: id.to_owned(),
            weight: dimension.weight,
            score: mean(&|month| month.dimensions[place].score, dimension.weight),
            provisional: mean(&|month| month.dimensions[place].provisional, dimension.weight),
        };
        let dimensions = scheme.in_order().into_iter().enumerate().map(dimension).collect();
        let exposure = months.iter().map(|month| month.exposure).sum();
        let total = mean(&|month| month.total, scheme.base);
        let row = |month: &Score| {
            let weight = u32::try_from(weight(month)).unwrap_or(u32::MAX);
            (month.period, weight, month.total, month.provisional)
        };
        Score {
            subject: subject.clone(),
            period,
            exposure,
            small_sample: exposure < scheme.exposure.min,
            withheld: subject.is_officer() && exposure < scheme.exposure.officer_min,
            dimensions,
            bonus_points: mean(&|month| month.bonus_points, Milli::ZERO),
            data: mean(&|month| month.data, Milli::ZERO),
            sanction: Milli::ZERO,
            total,
            provisional: mean(&|month| month.provisional, scheme.base),
            grade: scheme.grades.of(total),
            veto: None,
            months: months.iter().map(row).collect(),
            lines: months.iter().flat_map(|month| month.lines.clone()).collect(),
            bonus: Vec::new(),
            annual: None,
        }
    }

    fn veto(&self, score: &Score) -> Option<VetoMark> {
        let counted = score.lines.iter().filter(|line| line.standing == Standing::Final);
        let cards = counted.filter(|line| self.scheme.is_veto(&line.rule));
        let cards: Vec<_> = cards.map(|line| line.card.clone()).collect();
        let confirmed = cards.iter().any(|card| self.facts.human.confirmed.contains(card));
        let mark = VetoMark { cards, cap: self.scheme.veto.cap_grade, confirmed };
        (!mark.cards.is_empty()).then_some(mark)
    }
}

/// What deducted points cost in a dimension: points · per / max(n, min) · weight / scale, rounded
/// half up to thousandths. `micro` is in millionths.
fn cost(scheme: &Scheme, micro: i128, weight: Milli, exposure: u32) -> Milli {
    let (per, exposure) = match scheme.exposure.normalise {
        Normalise::PerCases => (scheme.exposure.per, exposure.max(scheme.exposure.min)),
        Normalise::Raw => (1, 1),
    };
    let number = micro * i128::from(per) * i128::from(weight.0);
    let by = i128::from(exposure) * i128::from(scheme.scale.0) * 1000;
    Milli(i64::try_from(divide_rounded(number, by)).unwrap_or(i64::MAX))
}

/// For each whole percent of concluded cases that are incomplete.
fn data(scheme: &Scheme, totals: &Totals) -> Milli {
    if totals.concluded == 0 {
        return Milli::ZERO;
    }
    let percent = i64::from(totals.incomplete) * 100 / i64::from(totals.concluded);
    Milli((scheme.data.per_pct_missing.0 * percent).min(scheme.data.cap.0))
}
