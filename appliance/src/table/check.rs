//! Checks a file of a reference table by itself: headings, values, keys, periods, calendars, flows.
//! All problems at once; rows only if there is no error. What other tables have to say is the
//! business of `cross`.

use super::problem::{Problem, Problems, Severity};
use super::sheet::{self, Sheet};
use plumbline_contract::desk::{CALENDAR_TABLE, Desk, OFFICE_HOURS_TABLE};
use plumbline_contract::table::{Column, Hasher, RowError, TableRow, TableSet, TableSpec};
use plumbline_contract::time::Day;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// National days of a year from which on it counts as announced: there are eleven and more.
const YEAR_DAYS_MIN: usize = 7;

/// Days of the week are counted from Monday as 0.
const SATURDAY: u8 = 5;

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// In the order of (key, first day); none if there is an error.
    pub rows: Vec<TableRow>,
    /// The line from which each row comes.
    pub lines: Vec<u64>,
    pub problems: Problems,
    pub encoding: &'static str,
    pub sheet: String,
}

/// A row with the line that it comes from.
type Placed = (u64, TableRow);

/// Reads and checks a file. Values that must not be kept in the clear are replaced by their keyed
/// hashes, or refused if there is no hasher.
#[must_use]
pub fn check(spec: &TableSpec, bytes: &[u8], hasher: Option<Hasher<'_>>) -> Checked {
    let sheet = match sheet::read(bytes, &[&spec.name, &spec.zh]) {
        Ok(sheet) => sheet,
        Err(broken) => {
            let mut checked = Checked::default();
            checked.problems.push(broken.problem(&spec.name));
            return checked;
        }
    };
    let mut check = Check { spec, sheet: &sheet, problems: Problems::default() };
    let columns = check.heading();
    let mut rows = check.rows(&columns, hasher);
    rows.sort_by(|(_, a), (_, b)| (&a.key, a.from).cmp(&(&b.key, b.from)));
    check.periods(&rows);
    // Rows that are wrong in themselves would only be found wrong again.
    if check.problems.errors == 0 {
        check.meaning(&rows);
    }
    let problems = check.problems;
    let rows = if problems.errors == 0 { rows } else { Vec::new() };
    let (lines, rows) = rows.into_iter().unzip();
    Checked { rows, lines, problems, encoding: sheet.encoding, sheet: sheet.name }
}

struct Check<'a> {
    spec: &'a TableSpec,
    sheet: &'a Sheet,
    problems: Problems,
}

impl<'a> Check<'a> {
    fn problem(
        &mut self,
        severity: Severity,
        code: &'static str,
        fill: impl FnOnce(Problem) -> Problem,
    ) {
        let problem = Problem::new(severity, code, &self.spec.name);
        let problem = Problem { sheet: self.sheet.name.clone(), ..problem };
        self.problems.push(fill(problem));
    }

    /// The column of each heading.
    fn heading(&mut self) -> Vec<Option<&'a Column>> {
        let (spec, sheet) = (self.spec, self.sheet);
        let columns: Vec<_> = sheet.heading.iter().map(|name| spec.column(name)).collect();
        let mut seen = BTreeMap::new();
        for (heading, column) in sheet.heading.iter().zip(&columns) {
            let name = column.map_or(heading.as_str(), |column| &column.name);
            if let Some(other) = seen.insert(name, heading) {
                let other = other.clone();
                self.problem(Severity::Error, "twice", |p| p.at(1, heading).value(&other, ""));
            }
            if heading.is_empty() {
                self.problem(Severity::Error, "no-name", |p| p.at(1, ""));
            } else if column.is_none() {
                let known: Vec<_> = spec.columns.iter().map(|c| c.name.as_str()).collect();
                let known = known.join(", ");
                self.problem(Severity::Warning, "heading", |p| p.at(1, heading).value("", &known));
            }
        }
        for column in spec.columns.iter().filter(|column| column.required) {
            if !seen.contains_key(column.name.as_str()) {
                self.problem(Severity::Error, "no-column", |p| p.at(1, &column.name));
            }
        }
        if sheet.lines.is_empty() {
            self.problem(Severity::Warning, "empty", |p| p);
        }
        if !sheet.other_sheets.is_empty() {
            let others = sheet.other_sheets.join(", ");
            self.problem(Severity::Warning, "sheets", |p| p.value(&others, &spec.name));
        }
        columns
    }

    fn rows(&mut self, columns: &[Option<&'a Column>], hasher: Option<Hasher<'_>>) -> Vec<Placed> {
        let sheet = self.sheet;
        // A heading that is not there was said once; it need not be said of every line.
        let absent = |name: &str| !columns.iter().flatten().any(|column| column.name == *name);
        let mut rows = Vec::new();
        let mut wrong = Vec::new();
        for line in &sheet.lines {
            let cells = sheet.heading.iter().zip(columns).zip(&line.cells);
            let cells =
                cells.map(|((heading, column), cell)| (heading.as_str(), *column, cell.as_str()));
            let row = self.spec.read_row(cells, hasher, &mut wrong);
            rows.extend(row.map(|row| (line.number, row)));
            for error in wrong.drain(..) {
                if matches!(&error, RowError::Missing(name) if absent(name) && self.spec.one_of.is_empty())
                {
                    continue;
                }
                let is_warning = error.is_warning(self.spec);
                let severity = if is_warning { Severity::Warning } else { Severity::Error };
                let (column, value, allowed) = error.parts();
                self.problem(severity, error.code(), |p| {
                    p.at(line.number, &column).value(&value, &allowed)
                });
            }
        }
        rows
    }

    /// No two rows of a key are in force on the same day.
    fn periods(&mut self, rows: &[Placed]) {
        for pair in rows.windows(2) {
            let ((first, earlier), (second, later)) = (&pair[0], &pair[1]);
            let overlaps = match (earlier.to, later.from) {
                (Some(to), Some(from)) => from <= to,
                _ => true,
            };
            if earlier.key == later.key && overlaps {
                let (line, other) = (*first.max(second), first.min(second).to_string());
                let columns = self.spec.key.join("/");
                self.problem(Severity::Error, "overlap", |p| {
                    p.at(line, &columns).value(&later.key, &other)
                });
            }
        }
    }

    fn meaning(&mut self, rows: &[Placed]) {
        match self.spec.name.as_str() {
            CALENDAR_TABLE => {
                self.clock(rows, "region");
                self.years(rows);
            }
            OFFICE_HOURS_TABLE => self.clock(rows, "organ"),
            "process_def" => self.flows(rows),
            "score_scheme" => self.weights(rows),
            _ => {}
        }
    }

    /// A calendar or timetable that makes no sense must be refused now, not when a plugin opens it.
    fn clock(&mut self, rows: &[Placed], name: &str) {
        let table = &self.spec.name;
        let mut set = TableSet::default();
        set.put(table, 1, rows.iter().map(|(_, row)| row.clone()));
        let subjects: BTreeSet<_> = rows.iter().map(|(_, row)| text(row, name)).collect();
        for subject in subjects {
            let (region, organ) = if name == "region" { (&*subject, "") } else { ("", &*subject) };
            if let Err(reason) = Desk::open(&set, region, organ) {
                self.problem(Severity::Error, "clock", |p| p.at(0, name).value(&subject, &reason));
            }
        }
    }

    /// The nation's years follow one another, and a make-up day falls on a weekend.
    fn years(&mut self, rows: &[Placed]) {
        let mut years: BTreeMap<i32, usize> = BTreeMap::new();
        for (line, row) in rows {
            let Some(day) = Day::parse(&text(row, "date")) else { continue };
            if text(row, "region").is_empty() {
                *years.entry(day.ymd().0).or_default() += 1;
            }
            if text(row, "kind") == "workday-swap" && day.weekday() < SATURDAY {
                self.problem(Severity::Warning, "swap-on-workday", |p| {
                    p.at(*line, "date").value(&day.to_string(), "")
                });
            }
        }
        let (Some(first), Some(last)) = (years.keys().next(), years.keys().last()) else { return };
        for year in *first..=*last {
            let days = years.get(&year).copied().unwrap_or_default();
            let text = year.to_string();
            if days == 0 {
                self.problem(Severity::Error, "year-missing", |p| p.at(0, "date").value(&text, ""));
            } else if days < YEAR_DAYS_MIN {
                let days = days.to_string();
                self.problem(Severity::Warning, "year-thin", |p| {
                    p.at(0, "date").value(&text, &days)
                });
            }
        }
    }

    /// The edges of a process lead from node to node, and never back.
    fn flows(&mut self, rows: &[Placed]) {
        for (line, row) in rows {
            let fields: Value = serde_json::from_str(&row.json).unwrap_or_default();
            let name = |node: &Value| {
                let name = node.get("id").unwrap_or(node);
                name.as_str().map_or_else(|| name.to_string(), str::to_owned)
            };
            let nodes: Vec<_> =
                fields["nodes"].as_array().into_iter().flatten().map(name).collect();
            let unique: BTreeSet<_> = nodes.iter().collect();
            if unique.len() < nodes.len() {
                self.problem(Severity::Error, "node-twice", |p| p.at(*line, "nodes"));
            }
            let mut edges = Vec::new();
            for edge in fields["edges"].as_array().into_iter().flatten() {
                let ends = edge.as_array().map(Vec::as_slice);
                let known = |node: &Value| unique.contains(&name(node));
                match ends {
                    Some([before, after]) if known(before) && known(after) => {
                        edges.push((name(before), name(after)));
                    }
                    _ => {
                        let allowed = nodes.join(", ");
                        self.problem(Severity::Error, "edge", |p| {
                            p.at(*line, "edges").value(&edge.to_string(), &allowed)
                        });
                    }
                }
            }
            if let Some(node) = circle(&nodes, &edges) {
                self.problem(Severity::Error, "circle", |p| p.at(*line, "edges").value(&node, ""));
            }
        }
    }

    /// The weights of one scheme add up to 100 on each day.
    fn weights(&mut self, rows: &[Placed]) {
        let days: BTreeSet<_> = rows.iter().map(|(_, row)| row.from.unwrap_or(Day::MIN)).collect();
        let schemes: BTreeSet<_> = rows.iter().map(|(_, row)| text(row, "scheme")).collect();
        for (scheme, day) in
            schemes.iter().flat_map(|scheme| days.iter().map(move |d| (scheme, *d)))
        {
            let own = rows.iter().map(|(_, row)| row);
            let own = own.filter(|row| row.is_in_force(day) && text(row, "scheme") == *scheme);
            let weights: Vec<i64> = own.map(|row| number(row, "weight")).collect();
            let sum: i64 = weights.iter().sum();
            if !weights.is_empty() && sum != 100 {
                self.problem(Severity::Error, "weights", |p| {
                    p.at(0, "weight").value(&format!("{scheme}: {sum}"), "100")
                });
            }
        }
    }
}

/// A node from which one comes back to it, if there is one.
fn circle(nodes: &[String], edges: &[(String, String)]) -> Option<String> {
    let mut open: BTreeSet<&String> = nodes.iter().collect();
    loop {
        let has_way_in =
            |node: &&&String| edges.iter().any(|(a, b)| b == **node && open.contains(a));
        let free: Vec<_> = open.iter().filter(|node| !has_way_in(node)).copied().collect();
        if free.is_empty() {
            return open.into_iter().next().cloned();
        }
        free.into_iter().for_each(|node| {
            open.remove(node);
        });
    }
}

fn text(row: &TableRow, name: &str) -> String {
    let row: Value = serde_json::from_str(&row.json).unwrap_or_default();
    row[name].as_str().unwrap_or_default().to_owned()
}

fn number(row: &TableRow, name: &str) -> i64 {
    let row: Value = serde_json::from_str(&row.json).unwrap_or_default();
    row[name].as_i64().unwrap_or_default()
}
