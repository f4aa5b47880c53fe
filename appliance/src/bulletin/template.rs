//! Templates: the words of each paper, as a county may change them. What a template must name and
//! which placeholders it may use is checked when it is read, with the place of each mistake.

use crate::error::{AppError, Kind as Wrong};
use crate::home::Home;
use crate::text::{Entry, placeholders};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The templates that come with the appliance.
pub const SHIPPED: [(Kind, &str); 4] = [
    (Kind::Bulletin, include_str!("../../data/templates/bulletin.toml")),
    (Kind::Annual, include_str!("../../data/templates/annual.toml")),
    (Kind::CardNotice, include_str!("../../data/templates/card-notice.toml")),
    (Kind::SupervisionNotice, include_str!("../../data/templates/supervision-notice.toml")),
];

/// Most characters of one text: a page and a half.
const TEXT_CHARS_MAX: usize = 1000;

/// What paper it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 每月一通报
    Bulletin,
    /// 年度评估
    Annual,
    /// 黄牌、红牌通知
    CardNotice,
    /// 督办通知
    SupervisionNotice,
}

/// What every paper knows.
const COMMON: &[&str] = &[
    "answer_by",
    "answer_wd",
    "as_of",
    "edition",
    "erratum",
    "events",
    "former_sha256",
    "issued_on",
    "office",
    "region_name",
    "serial",
    "year",
];
/// What the papers over a period know besides.
const PERIOD: &[&str] = &[
    "accepted",
    "calendar_version",
    "concluded",
    "from",
    "notice",
    "on_time_interval",
    "on_time_rate",
    "open",
    "open_overdue",
    "overdue",
    "received",
    "red",
    "scheme",
    "scheme_sha256",
    "scheme_version",
    "to",
    "upheld",
    "withdrawn",
    "yellow",
];
const MONTH: &[&str] = &[
    "complaints",
    "complaints_done",
    "dept_share",
    "depts_all",
    "depts_with",
    "flow_all",
    "flow_share",
    "flow_with",
    "former_answered",
    "former_cards",
    "former_finished",
    "former_month",
    "former_open",
    "former_overdue",
    "former_upheld",
    "former_withdrawn",
    "incomplete",
    "item_share",
    "items_all",
    "items_with",
    "late_entry",
    "month",
    "off_system",
    "rated",
    "satisfied_rate",
    "unanswered",
    "without_key",
];
const YEAR: &[&str] = &["contribution", "part_months", "part_sample", "part_satisfaction"];
const CARD: &[&str] = &[
    "alert",
    "appeal_by",
    "appeal_wd",
    "at",
    "dept",
    "dept_name",
    "due",
    "issued",
    "key",
    "leaf",
    "level",
    "rule",
    "rule_name",
    "sentence",
];
const ORDER: &[&str] = &["cards", "dept", "dept_name", "instrument"];

impl Kind {
    pub const ALL: [Self; 4] =
        [Self::Bulletin, Self::Annual, Self::CardNotice, Self::SupervisionNotice];

    /// As files and acts name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bulletin => "bulletin",
            Self::Annual => "annual",
            Self::CardNotice => "card-notice",
            Self::SupervisionNotice => "supervision-notice",
        }
    }

    /// The sections that a template has to name.
    #[must_use]
    pub fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Bulletin => &[
                "overview",
                "coverage",
                "cards",
                "overdue",
                "entries",
                "unanswered",
                "complaints",
                "data",
                "ranking",
                "rectification",
                "special",
            ],
            Self::Annual => &["overview", "result", "unmarked", "months", "cards", "special"],
            Self::CardNotice => &["facts", "law", "reply", "rights"],
            Self::SupervisionNotice => &["facts", "law", "demands", "reply", "rights"],
        }
    }

    /// The placeholders that its texts may use.
    #[must_use]
    pub fn placeholders(self) -> BTreeSet<&'static str> {
        let own: &[&[&str]] = match self {
            Self::Bulletin => &[PERIOD, MONTH],
            Self::Annual => &[PERIOD, YEAR],
            Self::CardNotice => &[CARD],
            Self::SupervisionNotice => &[ORDER],
        };
        own.iter().chain([&COMMON]).flat_map(|names| names.iter().copied()).collect()
    }

    fn answers(self) -> &'static [&'static str] {
        match self {
            Self::Bulletin | Self::Annual => &["draft"],
            Self::CardNotice | Self::SupervisionNotice => &["notice", "yellow", "red"],
        }
    }
}

/// A template as it stands in its file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub kind: Kind,
    /// Who issues and signs.
    pub office: Entry,
    /// 发文机关标志
    pub organ: Entry,
    /// 发文字号
    pub number: Entry,
    pub title: Entry,
    pub recipient: Entry,
    pub copy_to: Entry,
    /// What stands where the seal goes; no place is left if it is empty.
    pub seal: Entry,
    /// What stands in the corner of a draft, and its first paragraph.
    pub draft: Entry,
    pub draft_note: Entry,
    pub erratum_mark: Entry,
    pub erratum_note: Entry,
    /// Working days to answer.
    pub answer_wd: BTreeMap<String, u32>,
    pub lead: Vec<Entry>,
    pub closing: Vec<Entry>,
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
    /// Names of instruments by region; supervision notices only.
    #[serde(default, rename = "instrument")]
    pub instruments: Vec<Names>,
}

/// One section of a template.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub id: String,
    pub title: Entry,
    pub text: Vec<Entry>,
    /// What it says instead if there is nothing.
    #[serde(default)]
    pub none: Option<Entry>,
    #[serde(default)]
    pub omit: bool,
    /// Rules that it counts, where it counts cards of some rules only.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// What instruments are called in a region and inside.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub region: String,
    pub order: Entry,
    pub advice: Entry,
    pub opinion: Entry,
}

impl Template {
    /// The county's own template of a home, or the shipped one. Returns also whose it is.
    ///
    /// # Errors
    /// If the file cannot be read or is wrong.
    pub fn load(home: &Home, kind: Kind) -> Result<(Self, bool), AppError> {
        let path = home.template_file(kind.as_str());
        if !path.exists() {
            let shipped = SHIPPED.iter().find(|(of, _)| *of == kind);
            let (_, text) = shipped.expect("each kind has a shipped template");
            return Self::parse(kind, text).map(|template| (template, false));
        }
        let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
        let parsed = Self::parse(kind, &text);
        let placed = |error: AppError| {
            let detail = format!("{}: {}", path.display(), error.detail);
            AppError { detail, ..error }
        };
        parsed.map(|template| (template, true)).map_err(placed)
    }

    /// Reads a template and checks it.
    ///
    /// # Errors
    /// Names everything that is wrong: sections that are missing, unknown or named twice, unknown
    /// placeholders with their place, texts that are too long, missing days to answer.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, AppError> {
        let wrong = |detail: String| AppError::new(Wrong::Usage, "template", detail);
        let template: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let problems = template.problems(kind);
        match problems.is_empty() {
            true => Ok(template),
            false => Err(wrong(problems.join("; "))),
        }
    }

    fn problems(&self, kind: Kind) -> Vec<String> {
        if self.kind != kind {
            return vec![format!("kind = {:?} != {:?}", self.kind.as_str(), kind.as_str())];
        }
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        for section in &self.sections {
            if !kind.sections().contains(&section.id.as_str()) {
                problems.push(format!("unknown section {:?}", section.id));
            } else if !seen.insert(section.id.as_str()) {
                problems.push(format!("section {:?} twice", section.id));
            }
        }
        let missing = kind.sections().iter().filter(|id| !seen.contains(*id));
        problems.extend(missing.map(|id| format!("missing section {id:?}")));
        let missing = kind.answers().iter().filter(|of| !self.answer_wd.contains_key(**of));
        problems.extend(missing.map(|of| format!("missing answer_wd.{of}")));
        if kind == Kind::SupervisionNotice
            && !self.instruments.iter().any(|of| of.region.is_empty())
        {
            problems.push("missing instrument with region = \"\"".to_owned());
        }
        let known = kind.placeholders();
        for (place, entry) in self.texts() {
            for text in [&entry.zh, &entry.en] {
                let unknown = placeholders(text);
                let unknown = unknown.iter().filter(|name| !known.contains(name.as_str()));
                problems.extend(unknown.map(|name| format!("{place}: unknown {{{name}}}")));
                if text.chars().count() > TEXT_CHARS_MAX {
                    problems.push(format!("{place}: > {TEXT_CHARS_MAX} characters"));
                }
            }
        }
        if [&self.office.zh, &self.office.en].iter().any(|office| office.contains('{')) {
            problems.push("office: no placeholders here".to_owned());
        }
        problems
    }

    /// Every text with its place in the file.
    fn texts(&self) -> Vec<(String, &Entry)> {
        let named = [
            ("office", &self.office),
            ("organ", &self.organ),
            ("number", &self.number),
            ("title", &self.title),
            ("recipient", &self.recipient),
            ("copy_to", &self.copy_to),
            ("seal", &self.seal),
            ("draft", &self.draft),
            ("draft_note", &self.draft_note),
            ("erratum_mark", &self.erratum_mark),
            ("erratum_note", &self.erratum_note),
        ];
        let mut texts: Vec<_> =
            named.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect();
        for (name, entries) in [("lead", &self.lead), ("closing", &self.closing)] {
            texts.extend(entries.iter().map(|entry| (name.to_owned(), entry)));
        }
        for section in &self.sections {
            let entries = section.text.iter().chain(&section.none).chain([&section.title]);
            texts.extend(entries.map(|entry| (format!("section {:?}", section.id), entry)));
        }
        texts
    }

    /// The words of a section.
    #[must_use]
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// Working days to answer.
    #[must_use]
    pub fn days(&self, of: &str) -> u32 {
        self.answer_wd.get(of).copied().unwrap_or_default()
    }

    /// The names of instruments in a region.
    #[must_use]
    pub fn names(&self, region: &str) -> Option<&Names> {
        let fitting = self.instruments.iter().filter(|names| region.starts_with(&names.region));
        fitting.max_by_key(|names| names.region.len())
    }
}
