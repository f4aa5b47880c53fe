//! The annual assessment: the mean of the months, a sample of files that people inspected, public
//! appraisal, sanctions. What people have not marked is not scored; it is never taken as full marks.

use super::exposure::Subject;
use super::{Grade, Scheme, Score};
use crate::exact::{MILLI, Milli, divide_rounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What people marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Human {
    #[serde(default, rename = "sanction")]
    pub sanctions: Vec<Sanction>,
    #[serde(default, rename = "mark")]
    pub marks: Vec<Marked>,
    /// Cards whose veto a person has confirmed.
    #[serde(default)]
    pub confirmed: BTreeSet<String>,
}

/// A sanction of staff; it counts once, in the year.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sanction {
    pub year: i32,
    pub dept: String,
    #[serde(default)]
    pub officer: Option<String>,
    /// As in the scheme, for instance `demerit`.
    pub kind: String,
}

/// Marks of a department for a year, of 100.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    pub year: i32,
    pub dept: String,
    #[serde(default)]
    pub sample: Option<Milli>,
    #[serde(default)]
    pub satisfaction: Option<Milli>,
}

/// The parts of an annual score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annual {
    /// Mean of the months.
    pub months: Milli,
    pub sample: Option<Milli>,
    pub satisfaction: Option<Milli>,
    pub sanction: Milli,
    /// Kinds of sanctions that the scheme does not know; they cost nothing and have to be looked at.
    pub unknown_sanctions: Vec<String>,
    /// All parts together; `None` while one is not marked.
    pub total: Option<Milli>,
    pub grade: Option<Grade>,
    /// Points in the county's comprehensive evaluation.
    pub contribution: Option<Milli>,
}

/// Takes sanctions off a year's score and puts the annual assessment beside it.
pub(super) fn apply(scheme: &Scheme, human: &Human, score: &mut Score) {
    let crate::period::Period::Year { year } = score.period else { return };
    let concerns = |sanction: &&Sanction| {
        let is_whom = match &score.subject {
            Subject::Dept(dept) => sanction.dept == *dept,
            Subject::Officer(officer) => sanction.officer.as_ref() == Some(officer),
            Subject::Item(_) | Subject::Region(_) => false,
        };
        sanction.year == year && is_whom
    };
    let sanctions: Vec<_> = human.sanctions.iter().filter(concerns).collect();
    let points = |sanction: &&Sanction| scheme.sanction.get(&sanction.kind);
    let sanction = Milli(sanctions.iter().filter_map(points).map(|points| points.0).sum());
    let unknown = sanctions.iter().filter(|sanction| points(sanction).is_none());
    let unknown_sanctions = unknown.map(|sanction| sanction.kind.clone()).collect();
    let clamp = |points: i64| Milli(points.clamp(scheme.floor.0, scheme.ceiling.0));
    let months = score.total;
    score.sanction = sanction;
    score.total = clamp(months.0 - sanction.0);
    score.provisional = clamp(score.provisional.0 - sanction.0);
    score.grade = scheme.grades.of(score.total);
    let Subject::Dept(dept) = &score.subject else { return };
    let marked = human.marks.iter().rfind(|mark| mark.year == year && mark.dept == *dept);
    let sample = marked.and_then(|mark| mark.sample);
    let satisfaction = marked.and_then(|mark| mark.satisfaction);
    let parts = &scheme.annual;
    let total = sample.zip(satisfaction).map(|(sample, satisfaction)| {
        let weighed = [(months, parts.months), (sample, parts.sample)];
        let weighed = weighed.into_iter().chain([(satisfaction, parts.satisfaction)]);
        let sum = weighed.map(|(points, part)| i128::from(points.0) * i128::from(part.0)).sum();
        clamp(divide_rounded(sum, i128::from(MILLI)) as i64 - sanction.0)
    });
    let grade = total.map(|total| scheme.grades.of(total));
    let contribution = total.map(|total| {
        let points = i128::from(total.0) * i128::from(parts.contribution.0);
        Milli(divide_rounded(points, 100 * i128::from(MILLI)) as i64)
    });
    score.annual = Some(Annual {
        months,
        sample,
        satisfaction,
        sanction,
        unknown_sanctions,
        total,
        grade,
        contribution,
    });
}
