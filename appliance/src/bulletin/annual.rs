//! The annual assessment: the mean of the months, what people marked, sanctions and vetoes. What is
//! not marked is said, never assumed.

use super::content::{Content, Part, Values};
use super::monthly::{Ground, period, ranking, special};
use super::sheets::Sheets;
use super::template::{Kind, Template};
use crate::app::App;
use crate::error::AppError;
use plumbline_report::period::Period;
use plumbline_report::score::{Facts, Score, Scorer, Subject, score_sheet};
use plumbline_report::sheet::{Cell, Column, Row, Sheet, Text};
use std::collections::BTreeMap;

/// Columns of the result that fit on a page.
const COLUMNS: [&str; 8] =
    ["subject", "rank", "exposure", "total", "grade", "veto", "annual", "contribution"];

/// The content of the assessment of a year.
///
/// # Errors
/// If the calendar makes no sense.
pub fn annual(
    app: &App,
    template: &Template,
    ground: &Ground<'_>,
    year: Period,
) -> Result<Content, AppError> {
    let mut values = Values::default();
    let sheets = Sheets::of(app, ground, year);
    period(&mut values, template, ground, &sheets, year)?;
    let weights = &ground.scheme.annual;
    values.put("part_months", weights.months);
    values.put("part_sample", weights.sample);
    values.put("part_satisfaction", weights.satisfaction);
    values.put("contribution", weights.contribution);
    let office = ground.gathered.office()?;
    let facts = Facts {
        cases: &ground.gathered.cases,
        cards: &ground.gathered.cards,
        answers_recorded: ground.gathered.answers_recorded,
        desk: &office,
        as_of: ground.gathered.as_of,
        human: ground.human,
    };
    let scorer = Scorer::new(ground.scheme, &facts);
    let subjects = scorer.subjects(&Subject::Dept(String::new()), year);
    let scores: Vec<Score> = subjects.iter().map(|subject| scorer.score(subject, year)).collect();
    let sheet = score_sheet(ground.scheme, year, &scores);
    let mut parts = BTreeMap::new();
    parts.insert("overview", Part::default());
    parts.insert("result", ranking(ground, &sheet, &COLUMNS));
    parts.insert("unmarked", Part::sheet(unmarked(ground, &scores)));
    parts.insert("months", Part::sheet(months(ground, &scores)));
    parts.insert("cards", Part::sheet(sheets.cards(ground)));
    parts.insert("special", special(ground));
    let mut all = sheets.into_all();
    all.push(sheet);
    all.push(months(ground, &scores));
    Ok(Content {
        kind: Kind::Annual,
        subject: year.to_string(),
        region: ground.region.to_owned(),
        day: ground.gathered.as_of,
        values,
        parts,
        sheets: all,
    })
}

fn unmarked(ground: &Ground<'_>, scores: &[Score]) -> Sheet {
    let columns = vec![
        Column::new("name", "部门", "department"),
        Column::new("sample", "案卷抽查", "inspection of files"),
        Column::new("satisfaction", "社会满意度", "public appraisal"),
    ];
    let title = Text::new("待评分的部分", "Parts that are not marked");
    let mut sheet = Sheet::new("unmarked", title, columns);
    for score in scores {
        let Some(annual) = &score.annual else { continue };
        let open = |is_open: bool| match is_open {
            true => Cell::Words(Text::new("未评分", "not marked")),
            false => Cell::Words(Text::new("已评分", "marked")),
        };
        let (sample, appraisal) = (annual.sample.is_none(), annual.satisfaction.is_none());
        if sample || appraisal {
            let code = score.subject.code();
            let name = Cell::text(ground.gathered.directory.dept(code));
            let cells = vec![name, open(sample), open(appraisal)];
            sheet.rows.push(Row { key: code.to_owned(), cells, small_sample: false });
        }
    }
    sheet
}

/// A row for each department, a column for each month.
fn months(ground: &Ground<'_>, scores: &[Score]) -> Sheet {
    let mut columns = vec![Column::new("name", "部门", "department")];
    for month in 1..=12 {
        columns.push(Column::new(&month.to_string(), &format!("{month}月"), &month.to_string()));
    }
    let title = Text::new("各月得分", "Scores by month");
    let mut sheet = Sheet::new("months", title, columns);
    for score in scores.iter().filter(|score| !score.months.is_empty()) {
        let code = score.subject.code();
        let mut cells = vec![Cell::text(ground.gathered.directory.dept(code))];
        cells.resize(13, Cell::Empty);
        for (month, _, total, _) in &score.months {
            if let Period::Month { month, .. } = month {
                cells[*month as usize] = Cell::Number(*total);
            }
        }
        let small_sample = score.small_sample;
        sheet.rows.push(Row { key: code.to_owned(), cells, small_sample });
    }
    sheet
}
