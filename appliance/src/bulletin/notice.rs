//! Notices to one department: of a card, or of several that it has to look into together. Only cards
//! that stand are told; each is a clue and says so.

use super::content::{Basis, Content, Part, Values};
use super::monthly::region;
use super::template::{Kind, Template};
use crate::alert::AlertState;
use crate::app::App;
use crate::error::{AppError, Kind as Wrong};
use crate::explain::{AlertExplanation, Citation, explain_alert};
use crate::text::{self, Entry};
use plumbline_contract::alert::Level;
use plumbline_contract::desk::Desk;
use plumbline_contract::time::{Day, parse_stamp};
use plumbline_contract::worktime::Unit;
use plumbline_report::score::Scheme;
use plumbline_report::sheet::{Cell, Column, Row, Sheet, Text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most cards of one notice: more do not fit a paper that people answer one by one.
const CARDS_MAX: usize = 200;

/// What both kinds of notices are asked with.
#[derive(Debug)]
pub struct Asked<'a> {
    pub scheme: &'a Scheme,
    /// The day on which it is issued.
    pub day: Day,
    /// Running number of the paper; empty leaves room for it.
    pub serial: &'a str,
}

/// What a supervision notice is called; the names come from the template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Instrument {
    /// 督办通知书
    #[default]
    Order,
    /// 监察建议书
    Advice,
    /// 行政执法监督意见书
    Opinion,
}

/// The content of the notice of one card.
///
/// # Errors
/// If there is no such card, or it does not stand.
pub fn card(
    app: &App,
    template: &Template,
    asked: &Asked<'_>,
    id: &str,
) -> Result<Content, AppError> {
    let found = standing(app, id)?;
    let alert = &found.alert;
    let basis = Basis::of(app, asked.day)?;
    let desk = desk(app, &basis)?;
    let mut values = Values::default();
    common(&mut values, app, &basis, asked, &alert.region, &alert.dept);
    let days = template.days(alert.level.as_str());
    answer(&mut values, &desk, asked.day, days);
    let issued = day_of(app, &alert.issued_at);
    let appeal = asked.scheme.appeal.window_wd;
    values.put("appeal_wd", appeal);
    values.put_day("appeal_by", after(&desk, issued, appeal));
    values.put_day("issued", issued);
    values.put_day("at", day_of(app, &alert.at));
    match alert.due.as_deref().and_then(Day::parse) {
        Some(due) => values.put_day("due", due),
        None => values.put_words("due", "无", "none"),
    }
    let (level_zh, level_en) = level(alert.level);
    values.put_words("level", level_zh, level_en);
    values.put_words("rule_name", &found.rule_zh, &found.rule_en);
    values.put_words("sentence", clue(&found.text_zh), &found.text_en);
    values.put("rule", &alert.rule);
    values.put("alert", &alert.id);
    values.put("key", &alert.key);
    values.put("leaf", alert.leaf);
    let mut parts = BTreeMap::new();
    parts.insert("facts", Part::default());
    parts.insert("law", laws(&[&found]));
    parts.insert("reply", Part::default());
    parts.insert("rights", Part::default());
    Ok(Content {
        kind: Kind::CardNotice,
        subject: alert.id.clone(),
        region: alert.region.clone(),
        day: asked.day,
        values,
        parts,
        sheets: vec![sheet(app, &[&found])],
    })
}

/// The content of a supervision notice about cards of one department.
///
/// # Errors
/// If there is no card, too many, one that does not stand or is not the department's.
pub fn supervision(
    app: &App,
    template: &Template,
    asked: &Asked<'_>,
    instrument: Instrument,
    dept: &str,
    ids: &[String],
) -> Result<Content, AppError> {
    let ids: BTreeSet<&String> = ids.iter().collect();
    if ids.is_empty() || ids.len() > CARDS_MAX {
        let detail = format!("{} (1..{CARDS_MAX})", ids.len());
        return Err(AppError::new(Wrong::Usage, "notice-cards", detail));
    }
    let found: Vec<AlertExplanation> =
        ids.iter().map(|id| standing(app, id)).collect::<Result<_, _>>()?;
    if let Some(other) = found.iter().find(|found| found.alert.dept != dept) {
        let detail = format!("{}: {} != {dept}", other.alert.id, other.alert.dept);
        return Err(AppError::new(Wrong::Usage, "notice-dept", detail));
    }
    let mut found: Vec<&AlertExplanation> = found.iter().collect();
    found.sort_by_key(|found| (found.alert.first_leaf, found.alert.id.clone()));
    let basis = Basis::of(app, asked.day)?;
    let desk = desk(app, &basis)?;
    let worst = found.iter().map(|found| found.alert.level).max().unwrap_or(Level::Notice);
    let at = basis.field("dept", dept, "region");
    let at = at.unwrap_or_else(|| found[0].alert.region.clone());
    let names = template.names(&at);
    let name = names.map(|names| match instrument {
        Instrument::Order => &names.order,
        Instrument::Advice => &names.advice,
        Instrument::Opinion => &names.opinion,
    });
    let name: &Entry = name.expect("a template has names for everywhere, checked when it was read");
    let mut values = Values::default();
    common(&mut values, app, &basis, asked, &at, dept);
    answer(&mut values, &desk, asked.day, template.days(worst.as_str()));
    values.put_words("instrument", &name.zh, &name.en);
    values.put("cards", found.len());
    let list = sheet(app, &found);
    let mut parts = BTreeMap::new();
    parts.insert("facts", Part::sheet(list.clone()));
    parts.insert("law", laws(&found));
    for id in ["demands", "reply", "rights"] {
        parts.insert(id, Part::default());
    }
    let subject = ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ");
    Ok(Content {
        kind: Kind::SupervisionNotice,
        subject: format!("{dept} {subject}"),
        region: at,
        day: asked.day,
        values,
        parts,
        sheets: vec![list],
    })
}

/// A card that stands.
fn standing(app: &App, id: &str) -> Result<AlertExplanation, AppError> {
    let mut found = explain_alert(app, id)?;
    if found.alert.state != AlertState::Open {
        return Err(AppError::new(Wrong::Refused, "notice-over", id));
    }
    // The host's own cards have their words in the catalogue of messages.
    let value = |name: &str| found.alert.values.get(name).map(plain);
    if let Some(entry) = text::find(&format!("host.{}", found.alert.rule)) {
        found.text_zh = text::fill(&entry.zh, value);
        found.text_en = text::fill(&entry.en, value);
    }
    let rule = &found.alert.rule;
    if let Some(entry) = text::find(&format!("host.{rule}-name")) {
        (found.rule_zh, found.rule_en) = (entry.zh.clone(), entry.en.clone());
    }
    // Of a rule that is no longer deployed there are no words; its raw values are none.
    if found.rule_zh.is_empty() {
        (found.rule_zh, found.rule_en) = (rule.clone(), rule.clone());
        found.text_zh = format!("规则 {rule} 已停用，详见存证链第 {} 叶。", found.alert.leaf);
        found.text_en =
            format!("rule {rule} is retired, see leaf {} of the ledger", found.alert.leaf);
    }
    Ok(found)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A card is a clue, and its sentence says so even where the rule's own words do not.
fn clue(sentence: &str) -> String {
    match sentence.starts_with("线索") {
        true => sentence.to_owned(),
        false => format!("线索：{sentence}"),
    }
}

fn desk(app: &App, basis: &Basis) -> Result<Desk, AppError> {
    let wrong = |detail| AppError::new(Wrong::Integrity, "report-tables", detail);
    Desk::open(&basis.tables, &app.config().region, "").map_err(wrong)
}

fn after(desk: &Desk, day: Day, days: u32) -> Day {
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    desk.add(day, days, Unit::WorkingDay, false).day
}

fn answer(values: &mut Values, desk: &Desk, day: Day, days: u32) {
    values.put("answer_wd", days);
    values.put_day("answer_by", after(desk, day, days));
}

fn day_of(app: &App, stamp: &str) -> Day {
    let stamp = parse_stamp(stamp).map(|stamp| app.zone().instant_of(stamp));
    app.zone().local(stamp.unwrap_or_default()).day()
}

fn common(values: &mut Values, app: &App, basis: &Basis, asked: &Asked<'_>, at: &str, dept: &str) {
    for name in ["as_of", "issued_on"] {
        values.put_day(name, asked.day);
    }
    values.put("year", asked.day.ymd().0);
    values.put("serial", asked.serial);
    values.put("events", app.store().next_seq().0);
    values.put("dept", dept);
    values.put("dept_name", basis.name("dept", dept));
    region(values, basis, at);
}

fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Notice => ("提示", "reminder"),
        Level::Yellow => ("黄牌", "yellow card"),
        Level::Red => ("红牌", "red card"),
    }
}

/// Every article of law once, in words.
fn laws(found: &[&AlertExplanation]) -> Part {
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    for law in found.iter().flat_map(|found| &found.laws) {
        if seen.insert(&law.id) {
            list.push(Text::new(in_words(law, false), in_words(law, true)));
        }
    }
    Part { is_empty: list.is_empty(), list, ..Part::default() }
}

fn in_words(law: &Citation, english: bool) -> String {
    let field = |name: &str| {
        let value = law.row.as_ref().and_then(|row| row.get(name)).map(plain);
        value.filter(|value| !value.is_empty() && value != "null")
    };
    let Some(name) = field("law") else { return law.id.clone() };
    let name = if english { field("law_en").unwrap_or(name) } else { name };
    let article = field("article").unwrap_or_default();
    let key = match (article.bytes().all(|byte| byte.is_ascii_digit()), field("para")) {
        (false, _) => "law.whole",
        (true, None) => "law.article",
        (true, Some(_)) => "law.paragraph",
    };
    let para = field("para").unwrap_or_default();
    let lang = if english { text::Lang::En } else { text::Lang::Zh };
    text::say(lang, key, &[("law", &name), ("article", &article), ("para", &para)])
}

fn sheet(app: &App, found: &[&AlertExplanation]) -> Sheet {
    let columns = vec![
        Column::new("place", "序号", "no."),
        Column::new("level", "级别", "level"),
        Column::new("key", "监督对象", "about"),
        Column::new("sentence", "线索", "clue"),
        Column::new("issued", "发牌日期", "issued"),
        Column::new("alert", "牌号", "card"),
    ];
    let mut sheet = Sheet::new("cards", Text::new("监督线索清单", "Clues"), columns);
    for (place, found) in found.iter().enumerate() {
        let (zh, en) = level(found.alert.level);
        let sentence = Text::new(
            format!("{}：{}", found.rule_zh, found.text_zh),
            format!("{}: {}", found.rule_en, found.text_en),
        );
        let cells = vec![
            Cell::count(place + 1),
            Cell::Words(Text::new(zh, en)),
            Cell::text(&found.alert.key),
            Cell::Words(sentence),
            Cell::text(day_of(app, &found.alert.issued_at).to_string()),
            Cell::text(&found.alert.id),
        ];
        let key = found.alert.id.clone();
        sheet.rows.push(Row { key, cells, small_sample: false });
    }
    sheet
}
