//! How alerts, laws and times read for people.

use crate::alert::{Alert, AlertState};
use crate::app::App;
use crate::card::{CardWord, Outcome, Stage};
use crate::cli::out::Out;
use crate::error::AppError;
use crate::text::{self, Lang};
use plumbline_contract::alert::Level;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, Tables};
use plumbline_contract::time::Day;
use serde_json::Value;

/// What it takes to show an alert: texts of rules, and the law by date.
#[derive(Debug)]
pub(super) struct Words {
    manifests: Vec<Manifest>,
    tables: TableSet,
}

impl Words {
    /// # Errors
    /// If the tables cannot be read.
    pub(super) fn of(app: &App) -> Result<Self, AppError> {
        let tables = app.tables().view(app.store(), app.store().next_seq())?;
        Ok(Self { manifests: app.manifests(), tables })
    }

    /// The alert's sentence.
    #[must_use]
    pub(super) fn sentence(&self, lang: Lang, alert: &Alert) -> String {
        let value = |name: &str| alert.values.get(name).map(plain);
        if let Some(entry) = text::find(&format!("host.{}", alert.rule)) {
            return text::fill(lang.pick(&entry.zh, &entry.en), value);
        }
        let manifest = self.manifests.iter().find(|manifest| manifest.plugin.id == alert.plugin);
        match manifest.and_then(|manifest| manifest.rule(&alert.rule)) {
            Some(rule) => text::fill(lang.pick(&rule.text_zh, &rule.text_en), value),
            None => alert.values.to_string(),
        }
    }

    /// The rule's name, or nothing for a rule that is not deployed.
    #[must_use]
    pub(super) fn rule_name(&self, lang: Lang, rule: &str) -> String {
        if let Some(entry) = text::find(&format!("host.{rule}-name")) {
            return lang.pick(&entry.zh, &entry.en).to_owned();
        }
        let rule = self.manifests.iter().find_map(|manifest| manifest.rule(rule));
        rule.map(|rule| lang.pick(&rule.name_zh, &rule.name_en).to_owned()).unwrap_or_default()
    }

    /// The articles of law of an alert as they were in force on the day of the fact.
    #[must_use]
    pub(super) fn laws(&self, lang: Lang, alert: &Alert) -> Vec<String> {
        let on = alert.at.get(..10).and_then(Day::parse).unwrap_or(Day::MIN);
        alert.law.iter().map(|id| self.law(lang, id, on)).collect()
    }

    /// The row of an article of law that was in force on a day.
    #[must_use]
    pub(super) fn law_row(&self, id: &str, on: Day) -> Option<Value> {
        serde_json::from_str(self.tables.lookup("law_ref", id, on)?).ok()
    }

    /// An article of law in words; its id if the table does not know it.
    #[must_use]
    pub(super) fn law(&self, lang: Lang, id: &str, on: Day) -> String {
        let Some(row) = self.law_row(id, on) else { return id.to_owned() };
        let field = |name: &str| row.get(name).map(plain).unwrap_or_default();
        let (article, para) = (field("article"), field("para"));
        let is_number = article.bytes().all(|byte| byte.is_ascii_digit());
        let key = match (is_number, para.is_empty()) {
            (false, _) => "law.whole",
            (true, true) => "law.article",
            (true, false) => "law.paragraph",
        };
        let english = field("law_en");
        let name = if lang == Lang::En && !english.is_empty() { english } else { field("law") };
        text::say(lang, key, &[("law", &name), ("article", &article), ("para", &para)])
    }
}

/// The colour word of a level.
#[must_use]
pub(super) fn level(out: &Out<'_>, level: Level) -> String {
    let (key, code) = match level {
        Level::Notice => ("level.notice", "36"),
        Level::Yellow => ("level.yellow", "33"),
        Level::Red => ("level.red", "31"),
    };
    let word = out.text(key);
    if out.terminal.colour { format!("\x1b[1;{code}m{word}\x1b[0m") } else { word }
}

/// Two lines: what, when, whose; then the sentence with its law.
pub(super) fn alert(out: &mut Out<'_>, words: &Words, alert: &Alert) {
    let lang = out.lang;
    let mut head = vec![level(out, alert.level), alert.rule.clone(), alert.key.clone()];
    head.push(words.rule_name(lang, &alert.rule));
    if let Some(due) = &alert.due {
        head.push(text::say(lang, "alert.due", &[("due", due)]));
    }
    head.push(text::say(lang, "alert.at", &[("at", &moment(&alert.at))]));
    if !alert.dept.is_empty() {
        head.push(text::say(lang, "alert.dept", &[("dept", &alert.dept)]));
    }
    if alert.late {
        head.push(out.text("alert.late"));
    }
    let reason = alert.reason.as_deref().unwrap_or_default();
    match alert.state {
        AlertState::Open => {}
        AlertState::Withdrawn => {
            head.push(text::say(lang, "alert.withdrawn", &[("reason", reason)]));
        }
        AlertState::Closed => head.push(text::say(lang, "alert.closed", &[("reason", reason)])),
    }
    head.push(handling(out, alert));
    head.push(format!("[{}]", alert.id));
    head.retain(|part| !part.is_empty());
    out.line(head.join("  "));
    out.line(format!("      {}", words.sentence(lang, alert)));
    let laws = words.laws(lang, alert);
    if !laws.is_empty() {
        let laws = laws.join(lang.pick("、", "; "));
        out.line(format!("      {}", text::say(lang, "alert.law", &[("law", &laws)])));
    }
}

/// How far people have come with an alert; empty if nobody has done anything.
fn handling(out: &Out<'_>, alert: &Alert) -> String {
    let stage = match alert.handling.stage {
        Stage::Open => return String::new(),
        Stage::Answered => "alert.answered",
        Stage::Appealed => "alert.appealed",
        Stage::Decided => "alert.decided",
        Stage::Closed => "alert.handled",
    };
    let outcome = match alert.handling.outcome {
        None => return out.text(stage),
        Some(Outcome::Upheld) => "alert.upheld",
        Some(Outcome::Rejected) => "alert.rejected",
        Some(Outcome::Rectified) => "alert.rectified",
    };
    format!("{}: {}", out.text(stage), out.text(outcome))
}

/// One line for each piece of an alert's footage.
pub(super) fn footage(out: &mut Out<'_>, alert: &Alert) {
    for piece in &alert.footage {
        out.line(format!("      {}", super::video::footage::line(out.lang, piece)));
    }
}

/// One line for each act of people on an alert.
pub(super) fn acts(out: &mut Out<'_>, alert: &Alert) {
    let lang = out.lang;
    for act in &alert.handling.acts {
        let what = out.text(match act.act {
            CardWord::Explained => "alert.act-explained",
            CardWord::Appealed => "alert.act-appealed",
            CardWord::Upheld => "alert.act-upheld",
            CardWord::Withdrawn => "alert.act-withdrawn",
            CardWord::Rectified => "alert.act-rectified",
            CardWord::Closed => "alert.act-closed",
        });
        let second = act.second.as_deref().unwrap_or_default();
        let second = match second {
            "" => String::new(),
            name => text::say(lang, "alert.act-second", &[("second", name)]),
        };
        let values = [
            ("at", moment(&act.done_at)),
            ("what", what),
            ("dept", act.by_dept.clone()),
            ("by", act.by.clone()),
            ("second", second),
            ("reason", act.reason.clone()),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        out.line(format!("      {}", text::say(lang, "alert.act", &values)));
    }
}

/// A JSON value as people read it.
#[must_use]
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("；"),
        other => other.to_string(),
    }
}

/// The scalars of a JSON object as `name=value`.
#[must_use]
pub(super) fn pairs(value: &Value) -> String {
    let Value::Object(fields) = value else { return String::new() };
    let shown = fields.iter().filter(|(_, value)| !value.is_object());
    let pairs: Vec<_> = shown.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    pairs.join(" ")
}

/// Date and minute of an RFC 3339 text.
#[must_use]
pub(super) fn moment(text: &str) -> String {
    text.get(..16).map_or_else(|| text.to_owned(), |text| text.replace('T', " "))
}

/// Pads a text to a width in columns; Chinese characters take two.
#[must_use]
pub(super) fn pad(text: &str, width: usize) -> String {
    let columns = text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum::<usize>();
    format!("{text}{}", " ".repeat(width.saturating_sub(columns)))
}
