//! Named statistics as papers show them: a few columns, and only rows that say something.

use super::monthly::Ground;
use crate::app::App;
use crate::text;
use plumbline_report::period::Period;
use plumbline_report::sheet::{Cell, Row, Sheet, Text};
use plumbline_report::statistics::{Scope, Statistics, TOTAL};
use std::collections::BTreeMap;

/// Named statistics of a period, each computed once.
pub(super) struct Sheets(Vec<Sheet>, BTreeMap<String, Text>);

impl Sheets {
    pub(super) fn of(app: &App, ground: &Ground<'_>, period: Period) -> Self {
        let scope = Scope {
            period,
            as_of: ground.gathered.as_of,
            region: ground.region.to_owned(),
            dept: String::new(),
        };
        let gathered = ground.gathered;
        let statistics =
            Statistics::new(&gathered.cases, &gathered.cards, &gathered.directory, scope);
        const IN_USE: [&str; 6] =
            ["departments", "efficiency", "rule_cards", "late_entries", "complaints", "ratings"];
        let sheets = IN_USE.iter().filter_map(|id| statistics.sheet(id)).collect();
        let manifests = app.manifests();
        let rules = manifests.iter().flat_map(|manifest| &manifest.rules);
        let names = rules.map(|rule| (rule.id.clone(), Text::new(&*rule.name_zh, &*rule.name_en)));
        Self(sheets, names.collect())
    }

    pub(super) fn get(&self, id: &str) -> &Sheet {
        let found = self.0.iter().find(|sheet| sheet.id == id);
        found.expect("the statistics in use exist, a test makes a bulletin")
    }

    /// A cell of the last row.
    pub(super) fn total(&self, id: &str, column: &str) -> String {
        self.get(id).cell(TOTAL, column).map(ToString::to_string).unwrap_or_default()
    }

    /// Some columns of the rows in which one of `counts` is not zero.
    pub(super) fn only(&self, id: &str, columns: &[&str], counts: &[&str]) -> Sheet {
        let whole = self.get(id);
        let place = |column: &&str| whole.columns.iter().position(|of| of.id == **column);
        let places: Vec<usize> = counts.iter().filter_map(place).collect();
        let says = |row: &Row| {
            let zero = |place: &usize| matches!(row.cells[*place], Cell::Count(0) | Cell::Empty);
            places.is_empty() || !places.iter().all(zero)
        };
        let mut sheet = pick(whole, columns);
        let mut keep = whole.rows.iter().map(says);
        sheet.rows.retain(|_| keep.next().unwrap_or(false));
        // Without shares no sample is too small, and there is nothing to say of their meaning.
        if !columns.iter().any(|column| column.contains("_rate")) {
            sheet.notes.clear();
            sheet.rows.iter_mut().for_each(|row| row.small_sample = false);
        }
        // A sum of nothing says nothing.
        sheet.rows.retain(|row| row.key != TOTAL || whole.rows.len() > 1);
        sheet
    }

    /// Cards by rule, with the names of the rules.
    pub(super) fn cards(&self, ground: &Ground<'_>) -> Sheet {
        let columns = [
            "code",
            "name",
            "notice",
            "yellow",
            "red",
            "upheld",
            "yellow_withdrawn",
            "red_withdrawn",
        ];
        let mut sheet = self.only("rule_cards", &columns, &columns[2..]);
        for row in &mut sheet.rows {
            if row.key != TOTAL {
                row.cells[1] = Cell::Words(self.rule(&row.key));
            }
            let is_suspicion = ground.scheme.is_suspicion(&row.key);
            if let (true, Cell::Words(name)) = (is_suspicion, &mut row.cells[1]) {
                *name = Text::new(format!("疑似{}", name.zh), format!("suspected: {}", name.en));
            }
        }
        sheet
    }

    pub(super) fn rule(&self, id: &str) -> Text {
        let host = text::find(&format!("host.{id}-name"));
        let host = host.map(|entry| Text::new(&*entry.zh, &*entry.en));
        let named = host.or_else(|| self.1.get(id).cloned());
        named.unwrap_or_else(|| Text::new(id, id))
    }

    pub(super) fn into_all(self) -> Vec<Sheet> {
        self.0
    }
}

/// Some columns of a sheet, in that order. A row without a name shows its key.
pub(super) fn pick(whole: &Sheet, columns: &[&str]) -> Sheet {
    let place = |id: &&str| whole.columns.iter().position(|of| of.id == **id);
    let places: Vec<usize> = columns.iter().filter_map(place).collect();
    let titles = places.iter().map(|place| whole.columns[*place].clone()).collect();
    let mut sheet = Sheet::new(&whole.id, whole.title.clone(), titles);
    for row in &whole.rows {
        let mut cells: Vec<Cell> = places.iter().map(|place| row.cells[*place].clone()).collect();
        if columns.first() == Some(&"name") && cells[0] == Cell::Empty {
            cells[0] = Cell::text(&row.key);
        }
        sheet.rows.push(Row { key: row.key.clone(), cells, small_sample: row.small_sample });
    }
    sheet.notes.clone_from(&whole.notes);
    sheet
}
