//! What is wrong with a file of a reference table: all of it at once, each with its place, in
//! Chinese and English. Bounded, so that a file of the wrong kind does not fill the screen.

use crate::text::{self, Lang};
use plumbline_contract::table::is_citizen_id;
use serde::{Serialize, Serializer};

/// Problems kept with their particulars; the others are counted.
pub const PROBLEMS_MAX: usize = 200;
/// Characters shown of a value.
const VALUE_CHARS: usize = 80;
/// Stands in place of a number of a person.
const HIDDEN: &str = "******";

/// Whether the table can be loaded all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// See the module. `code` names an entry `table-problem.<code>` of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub code: &'static str,
    pub table: String,
    /// Name of the sheet, of a workbook.
    pub sheet: String,
    /// Line of the file or row of the sheet, counted from 1; 0 where it concerns the whole.
    pub line: u64,
    pub column: String,
    pub value: String,
    pub allowed: String,
}

impl Problem {
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, table: &str) -> Self {
        Self {
            severity,
            code,
            table: table.to_owned(),
            sheet: String::new(),
            line: 0,
            column: String::new(),
            value: String::new(),
            allowed: String::new(),
        }
    }

    #[must_use]
    pub fn at(self, line: u64, column: &str) -> Self {
        Self { line, column: column.to_owned(), ..self }
    }

    /// With the value that stands there and what is allowed. A number of a person is not repeated.
    #[must_use]
    pub fn value(self, value: &str, allowed: &str) -> Self {
        let hide = value.split(|c: char| !c.is_ascii_alphanumeric()).any(is_citizen_id);
        let mut shown: String = value.chars().take(VALUE_CHARS).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let value = if hide { HIDDEN.to_owned() } else { shown };
        Self { value, allowed: allowed.to_owned(), ..self }
    }

    /// The sentence, with its place in front.
    #[must_use]
    pub fn say(&self, lang: Lang) -> String {
        let line = self.line.to_string();
        let values = [
            ("table", self.table.as_str()),
            ("sheet", &self.sheet),
            ("line", &line),
            ("column", &self.column),
            ("value", &self.value),
            ("allowed", &self.allowed),
        ];
        let place = match (self.line, self.sheet.is_empty()) {
            (0, _) => "table-place.table",
            (_, true) => "table-place.line",
            (_, false) => "table-place.sheet",
        };
        let what = text::say(lang, &format!("table-problem.{}", self.code), &values);
        let place = text::say(lang, place, &values);
        format!("{place}{}{what}", lang.pick("：", ": "))
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        serde_json::json!({
            "severity": self.severity, "code": self.code, "table": self.table,
            "sheet": filled(&self.sheet), "line": (self.line > 0).then_some(self.line),
            "column": filled(&self.column), "value": filled(&self.value),
            "allowed": filled(&self.allowed), "zh": self.say(Lang::Zh), "en": self.say(Lang::En),
        })
        .serialize(serializer)
    }
}

/// Problems of one file: errors first in the count, particulars up to the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    pub list: Vec<Problem>,
    pub errors: usize,
    pub warnings: usize,
}

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        let is_error = problem.severity == Severity::Error;
        if is_error {
            self.errors += 1;
        } else {
            self.warnings += 1;
        }
        if self.list.len() < PROBLEMS_MAX {
            self.list.push(problem);
        } else if is_error
            && let Some(place) = self.list.iter().rposition(|p| p.severity == Severity::Warning)
        {
            // An error is worth more than a warning.
            self.list.remove(place);
            self.list.push(problem);
        }
    }

    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// The first error, if there is one.
    #[must_use]
    pub fn first_error(&self) -> Option<&Problem> {
        self.list.iter().find(|problem| problem.severity == Severity::Error)
    }

    /// How many are not in the list.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.errors + self.warnings - self.list.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_kept_before_warnings_and_the_rest_is_counted() {
        let mut problems = Problems::default();
        for line in 1..=PROBLEMS_MAX as u64 {
            problems.push(Problem::new(Severity::Warning, "heading", "item").at(line, "x"));
        }
        problems.push(Problem::new(Severity::Error, "kind", "item").at(7, "x"));
        assert_eq!(problems.list.len(), PROBLEMS_MAX);
        assert_eq!((problems.errors, problems.left_out()), (1, 1));
        assert_eq!(problems.first_error().map(|problem| problem.line), Some(7));
    }

    #[test]
    fn numbers_of_persons_are_not_repeated() {
        let problem = Problem::new(Severity::Error, "format", "item")
            .at(3, "name")
            .value("id 11010519491231002X", "code");
        for lang in [Lang::Zh, Lang::En] {
            let said = problem.say(lang);
            assert!(!said.contains("19491231") && said.contains('3'), "{said}");
        }
    }
}
