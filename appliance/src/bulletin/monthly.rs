//! The monthly bulletin: what happened in a month, as of the day on which it is issued. Departments
//! are the finest that it names; no case, person or card is in it.

use super::content::{Basis, Content, Part, Values};
use super::sheets::{Sheets, pick};
use super::template::{Kind, Template};
use crate::app::App;
use crate::error::AppError;
use crate::report::Gathered;
use plumbline_contract::desk::Desk;
use plumbline_contract::id::region_contains;
use plumbline_contract::time::Day;
use plumbline_contract::worktime::Unit;
use plumbline_office::{Language, number};
use plumbline_report::cards::{Card, CardState};
use plumbline_report::cases::Case;
use plumbline_report::exact::Share;
use plumbline_report::period::Period;
use plumbline_report::score::{Facts, Human, Scheme, Scorer, Subject, score_sheet};
use plumbline_report::sheet::{Cell, Column, Row, Sheet, Text};
use plumbline_report::statistics::{SMALL_SAMPLE, TOTAL};
use std::collections::{BTreeMap, BTreeSet};

/// What a bulletin is made of, besides the log and the ledger.
#[derive(Debug)]
pub struct Ground<'a> {
    pub gathered: &'a Gathered,
    pub basis: &'a Basis,
    pub scheme: &'a Scheme,
    pub scheme_sha256: &'a str,
    pub human: &'a Human,
    pub region: &'a str,
    /// Running number of the paper; empty leaves room for it.
    pub serial: &'a str,
    /// Paragraphs of the editor.
    pub special: Option<Vec<String>>,
    /// Whether a place without the editor's words is left to the editor, as in a draft.
    pub is_draft: bool,
}

/// The content of the bulletin of a month.
///
/// # Errors
/// If the calendar makes no sense.
pub fn monthly(
    app: &App,
    template: &Template,
    ground: &Ground<'_>,
    month: Period,
) -> Result<Content, AppError> {
    let mut values = Values::default();
    let sheets = Sheets::of(app, ground, month);
    period(&mut values, template, ground, &sheets, month)?;
    let mut parts = BTreeMap::new();
    parts.insert("overview", Part::default());
    parts.insert("coverage", coverage(&mut values, ground, &sheets, month));
    parts.insert("cards", Part::sheet(sheets.cards(ground)));
    let overdue = ["name", "concluded", "overdue", "open", "open_overdue"];
    let mut late = sheets.only("efficiency", &overdue, &["overdue", "open_overdue"]);
    late.title = Text::new("超期办件（按部门）", "Overdue cases by department");
    parts.insert("overdue", Part::sheet(late));
    parts.insert("entries", entries(&mut values, template, ground, &sheets, month));
    parts.insert("unanswered", unanswered(&mut values, ground, month));
    parts.insert("complaints", complaints(&mut values, &sheets));
    let columns = ["name", "concluded", "incomplete"];
    let mut data = sheets.only("late_entries", &columns, &["incomplete"]);
    data.title = Text::new("数据不完整的办结件", "Incomplete cases");
    values.put("incomplete", sheets.total("late_entries", "incomplete"));
    values.put("without_key", ground.gathered.figures.without_key);
    let is_clean = data.rows.is_empty() && ground.gathered.figures.without_key == 0;
    let shown = Part::sheet(data);
    parts.insert("data", Part { is_empty: is_clean, ..shown });
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
    let subjects = scorer.subjects(&Subject::Dept(String::new()), month);
    let scores: Vec<_> = subjects.iter().map(|subject| scorer.score(subject, month)).collect();
    let scores = score_sheet(ground.scheme, month, &scores);
    parts.insert("ranking", ranking(ground, &scores, &SCORE_COLUMNS));
    parts.insert("rectification", rectification(&mut values, ground, month));
    parts.insert("special", special(ground));
    let mut all = sheets.into_all();
    all.push(scores);
    Ok(Content {
        kind: Kind::Bulletin,
        subject: month.to_string(),
        region: ground.region.to_owned(),
        day: ground.gathered.as_of,
        values,
        parts,
        sheets: all,
    })
}

/// Columns of the evaluation that fit on a page.
const SCORE_COLUMNS: [&str; 7] =
    ["subject", "rank", "exposure", "total", "provisional", "grade", "veto"];

/// The last day on which departments may ask for corrections of a draft of a day.
#[must_use]
pub fn answer_by(office: &Desk, template: &Template, day: Day) -> Day {
    let days = i32::try_from(template.days("draft")).unwrap_or(i32::MAX);
    office.add(day, days, Unit::WorkingDay, false).day
}

/// What every paper over a period says.
pub(super) fn period(
    values: &mut Values,
    template: &Template,
    ground: &Ground<'_>,
    sheets: &Sheets,
    period: Period,
) -> Result<(), AppError> {
    let gathered = ground.gathered;
    let as_of = gathered.as_of;
    let days = template.days("draft");
    let office = gathered.office()?;
    values.put("answer_wd", days);
    values.put_day("answer_by", answer_by(&office, template, as_of));
    let (from, to) = period.days();
    for (name, day) in [("from", from), ("to", to), ("as_of", as_of), ("issued_on", as_of)] {
        values.put_day(name, day);
    }
    let (year, month, _) = from.ymd();
    values.put("year", year);
    if let Period::Month { .. } = period {
        let words = |language| number::month(year, month, language);
        values.put_words("month", words(Language::Chinese), words(Language::English));
    }
    values.put("serial", ground.serial);
    values.put("events", gathered.events);
    values.put("calendar_version", ground.basis.version("calendar"));
    region(values, ground.basis, ground.region);
    values.put("scheme", &ground.scheme.id);
    values.put("scheme_version", ground.scheme.version);
    values.put("scheme_sha256", ground.scheme_sha256);
    for name in ["received", "accepted", "concluded", "on_time_interval", "open"] {
        values.put(name, sheets.total("departments", name));
    }
    let whole = sheets.get("departments").rows.iter().find(|row| row.key == TOTAL);
    let rate = sheets.total("departments", "on_time_rate");
    match whole.is_some_and(|row| row.small_sample) {
        true => values.put_words(
            "on_time_rate",
            format!("{rate}（样本小，不足{SMALL_SAMPLE}件）"),
            format!("{rate} (a small sample, fewer than {SMALL_SAMPLE})"),
        ),
        false => values.put("on_time_rate", rate),
    }
    for name in ["overdue", "open_overdue"] {
        values.put(name, sheets.total("efficiency", name));
    }
    for name in ["notice", "yellow", "red", "upheld"] {
        values.put(name, sheets.total("rule_cards", name));
    }
    let is_of = |card: &&Card| period.holds(Some(card.issued));
    let withdrawn = gathered.cards.iter().filter(is_of).filter(|card| card.withdrawn.is_some());
    values.put("withdrawn", withdrawn.count());
    Ok(())
}

/// The region by its name; without one it is everything here.
pub(super) fn region(values: &mut Values, basis: &Basis, region: &str) {
    match region {
        "" => values.put_words("region_name", "本辖区", "the district"),
        code => match basis.field("region", code, "name") {
            Some(name) => values.put("region_name", name),
            None => values.put_words(
                "region_name",
                format!("区划代码{code}辖区"),
                format!("region {code}"),
            ),
        },
    }
}

fn happened(case: &Case, period: Period) -> bool {
    [case.received, case.accepted, case.concluded()].into_iter().any(|at| period.holds(at))
}

/// Cases by department, and the three coverages: departments, items, flow.
fn coverage(values: &mut Values, ground: &Ground<'_>, sheets: &Sheets, month: Period) -> Part {
    let cases: Vec<&Case> =
        ground.gathered.cases.iter().filter(|case| happened(case, month)).collect();
    let is_here = |region: &Option<String>| {
        region.as_ref().is_none_or(|region| region_contains(ground.region, region))
    };
    let depts = ground.basis.all("dept", "region").into_iter();
    let depts: BTreeSet<String> =
        depts.filter(|(_, region)| is_here(region)).map(|(dept, _)| dept).collect();
    let items = ground.basis.all("item", "dept").into_iter();
    let is_ours = |dept: &Option<String>| dept.as_ref().is_none_or(|dept| depts.contains(dept));
    // Where there is no table of departments, every item counts.
    let items: BTreeSet<String> =
        items.filter(|(_, dept)| depts.is_empty() || is_ours(dept)).map(|(item, _)| item).collect();
    let with = |all: &BTreeSet<String>, of: &dyn Fn(&Case) -> Option<String>| {
        let used: BTreeSet<String> = cases.iter().filter_map(|case| of(case)).collect();
        all.intersection(&used).count()
    };
    let depts_with = with(&depts, &|case| Some(case.dept.to_string()));
    let items_with = with(&items, &|case| case.item.as_ref().map(ToString::to_string));
    let flow: Vec<_> =
        cases.iter().filter(|case| case.power.is_some() && month.holds(case.concluded())).collect();
    let is_whole = |case: &&&&Case| {
        !case.incomplete
            && case.accepted.is_some()
            && !case.steps.is_empty()
            && !case.tasks.is_empty()
    };
    let flow_with = flow.iter().filter(is_whole).count();
    for (name, count) in [
        ("depts_all", depts.len()),
        ("depts_with", depts_with),
        ("items_all", items.len()),
        ("items_with", items_with),
        ("flow_all", flow.len()),
        ("flow_with", flow_with),
    ] {
        values.put(name, count);
    }
    share(values, "dept_share", depts_with, depts.len());
    share(values, "item_share", items_with, items.len());
    share(values, "flow_share", flow_with, flow.len());
    let columns = ["name", "received", "accepted", "concluded", "on_time_rate", "on_time_interval"];
    let sheet = sheets.only("departments", &columns, &columns[1..4]);
    Part { is_empty: cases.is_empty(), ..Part::sheet(sheet) }
}

/// A share as a percentage; of nothing it is said that there is nothing.
fn share(values: &mut Values, name: &'static str, part: usize, whole: usize) {
    match whole {
        0 => values.put_words(name, "–（无可比基数）", "- (nothing to compare with)"),
        _ => values.put(name, Share::new(part, whole).percent()),
    }
}

fn fits(pattern: &str, rule: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == rule, |start| rule.starts_with(start))
}

fn entries(
    values: &mut Values,
    template: &Template,
    ground: &Ground<'_>,
    sheets: &Sheets,
    month: Period,
) -> Part {
    let rules = template.section("entries").map_or(&[][..], |section| &section.rules);
    let cards: Vec<&Card> = ground
        .gathered
        .cards
        .iter()
        .filter(|card| card.withdrawn.is_none() && month.holds(Some(card.issued)))
        .filter(|card| rules.iter().any(|pattern| fits(pattern, &card.rule)))
        .collect();
    values.put("off_system", cards.len());
    values.put("late_entry", sheets.total("late_entries", "late_entry"));
    let columns = ["name", "concluded", "late_entry", "late_entry_rate"];
    let late = sheets.only("late_entries", &columns, &["late_entry"]);
    let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for card in cards {
        *counts.entry((&card.dept, &card.rule)).or_default() += 1;
    }
    let columns = vec![
        Column::new("name", "部门", "department"),
        Column::new("rule", "规则", "rule"),
        Column::new("cards", "线索", "clues"),
    ];
    let title = Text::new("系统外办理和异常录入线索", "Clues of off-system handling");
    let mut sheet = Sheet::new("off_system", title, columns);
    for ((dept, rule), count) in counts {
        let name = sheets.rule(rule);
        let rule = Text::new(format!("{rule} {}", name.zh), format!("{rule} {}", name.en));
        let cells = vec![
            Cell::text(ground.gathered.directory.dept(dept)),
            Cell::Words(rule),
            Cell::Count(count),
        ];
        sheet.rows.push(Row { key: dept.to_owned(), cells, small_sample: false });
    }
    let is_empty = late.rows.is_empty() && sheet.rows.is_empty();
    let sheets = [sheet, late].into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    Part { sheets, is_empty, ..Part::default() }
}

/// Cards of the month that stand, cost points and have no answer, by department.
fn unanswered(values: &mut Values, ground: &Ground<'_>, month: Period) -> Part {
    let columns = vec![
        Column::new("name", "部门", "department"),
        Column::new("cards", "黄牌和红牌", "yellow and red"),
        Column::new("unanswered", "未说明", "unanswered"),
    ];
    let title = Text::new("未答复的牌", "Unanswered cards");
    let mut sheet = Sheet::new("unanswered", title, columns);
    let mut counts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let cards = ground.gathered.cards.iter();
    for card in cards.filter(|card| card.counts() && month.holds(Some(card.issued))) {
        let count = counts.entry(&card.dept).or_default();
        count.0 += 1;
        count.1 += i64::from(card.explained.is_none() && card.appealed.is_none());
    }
    // Where nobody can answer, nobody has failed to.
    counts.retain(|_, count| ground.gathered.answers_recorded && count.1 > 0);
    values.put("unanswered", counts.values().map(|count| count.1).sum::<i64>());
    for (dept, (cards, silent)) in counts {
        let name = Cell::text(ground.gathered.directory.dept(dept));
        let cells = vec![name, Cell::Count(cards), Cell::Count(silent)];
        sheet.rows.push(Row { key: dept.to_owned(), cells, small_sample: false });
    }
    Part::sheet(sheet)
}

fn complaints(values: &mut Values, sheets: &Sheets) -> Part {
    values.put("complaints", sheets.total("complaints", "received"));
    values.put("complaints_done", sheets.total("complaints", "concluded"));
    values.put("rated", sheets.total("ratings", "rated"));
    values.put("satisfied_rate", sheets.total("ratings", "satisfied_rate"));
    let columns = ["name", "received", "concluded", "overdue", "on_time_rate", "open_overdue"];
    let complaints =
        sheets.only("complaints", &columns, &["received", "concluded", "open_overdue"]);
    let columns = ["name", "rated", "satisfied", "bad_rated", "satisfied_rate"];
    let ratings = sheets.only("ratings", &columns, &["rated"]);
    let all = [complaints, ratings].into_iter().filter(|sheet| !sheet.rows.is_empty());
    let sheets: Vec<Sheet> = all.collect();
    Part { is_empty: sheets.is_empty(), sheets, ..Part::default() }
}

/// One sheet for each tier, with the names of departments.
pub(super) fn ranking(ground: &Ground<'_>, scores: &Sheet, columns: &[&str]) -> Part {
    let mut tiers: BTreeMap<i64, Sheet> = BTreeMap::new();
    let picked = pick(scores, columns);
    for (row, whole) in picked.rows.iter().zip(&scores.rows) {
        let Some(Cell::Count(tier)) = scores.cell(&whole.key, "tier") else { continue };
        let sheet = tiers.entry(*tier).or_insert_with(|| {
            let title = Text::new(format!("第{tier}档"), format!("Tier {tier}"));
            Sheet::new("scores", title, picked.columns.clone())
        });
        let mut row = row.clone();
        row.cells[0] = Cell::text(ground.gathered.directory.dept(&row.key));
        sheet.rows.push(row);
    }
    let is_empty = tiers.is_empty();
    let mut sheets: Vec<Sheet> = tiers.into_values().collect();
    if let Some(last) = sheets.last_mut() {
        last.notes.clone_from(&scores.notes);
    }
    Part { sheets, is_empty, ..Part::default() }
}

/// What became of the cards and overdue cases of the month before, up to the end of this one.
fn rectification(values: &mut Values, ground: &Ground<'_>, month: Period) -> Part {
    let former = month.shifted(-1);
    let (first, end) = former.days();
    let (year, number, _) = first.ymd();
    let words = |language| number::month(year, number, language);
    values.put_words("former_month", words(Language::Chinese), words(Language::English));
    let cards = ground.gathered.cards.iter();
    let cards: Vec<&Card> = cards
        .filter(|card| {
            card.level != plumbline_contract::alert::Level::Notice
                && former.holds(Some(card.issued))
        })
        .collect();
    let is_open_on = |case: &&Case, day: Day| {
        case.accepted.is_some_and(|at| at.day() <= day)
            && case.finished().is_none_or(|at| at.day() > day)
    };
    let late = |case: &&Case| case.due.is_some_and(|due| due < end) && is_open_on(case, end);
    let overdue: Vec<&Case> = ground.gathered.cases.iter().filter(late).collect();
    let finished = overdue.iter().filter(|case| case.finished().is_some()).count();
    let count =
        |states: &[CardState]| cards.iter().filter(|card| states.contains(&card.state)).count();
    for (name, count) in [
        ("former_cards", cards.len()),
        ("former_upheld", count(&[CardState::Upheld])),
        ("former_withdrawn", count(&[CardState::Withdrawn])),
        ("former_answered", count(&[CardState::Explained, CardState::Closed])),
        ("former_open", count(&[CardState::Issued, CardState::Appealed])),
        ("former_overdue", overdue.len()),
        ("former_finished", finished),
    ] {
        values.put(name, count);
    }
    Part::words(cards.is_empty() && overdue.is_empty())
}

/// The editor's words; in a draft the place for them.
pub(super) fn special(ground: &Ground<'_>) -> Part {
    Part {
        is_empty: ground.special.is_none() && !ground.is_draft,
        text: ground.special.clone(),
        ..Part::default()
    }
}
