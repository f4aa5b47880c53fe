//! Counts of a department and month at two levels: `platform.ledger.count`. The host tells its own
//! side; the other one comes in a file of the other platform.

use super::{Place, event};
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::watch::HealthConfig;
use crate::{act, clock};
use plumbline_contract::event::Event;
use plumbline_contract::time::{Day, Millis};
use plumbline_ledger::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) const KIND: &str = "platform.ledger.count";
/// Largest file of counts, in bytes: some 50 departments with a few things counted apart, for years.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Problems of a file that are told at once.
const PROBLEMS_MAX: usize = 20;

/// A level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// 下级平台 / The lower platform
    Lower,
    /// 上级平台 / The upper platform
    Upper,
}

impl Side {
    /// The host's own: the upper one where lower platforms deliver to it.
    #[must_use]
    pub fn of(config: &HealthConfig) -> Self {
        let is_upper = config.source.values().any(|source| source.lower_platform == Some(true));
        if is_upper { Self::Upper } else { Self::Lower }
    }

    /// The level that it is compared with.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Upper => "upper",
        }
    }
}

/// The host's own count of a department and month, with its records at the cut-off.
pub(crate) fn own(
    app: &App,
    side: Side,
    (month, dept): (&str, &str),
    (records, at_cutoff): (u64, u64),
    now: Millis,
) -> Event {
    let data = json!({
        "month": month, "dept": dept, side.field(): records, "at_cutoff": at_cutoff,
    });
    // A day tells a count once; the same number on another day may follow another one.
    let day = app.zone().local(now).day();
    let id = format!("count/{day}/{month}/{dept}/{}/{records}", side.field());
    event(app, KIND, id, Place { at: now, region: "", dept }, "", &data)
}

/// A row of a file of counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Row {
    month: String,
    dept: String,
    records: u64,
    #[serde(default)]
    what: String,
    #[serde(default)]
    at_cutoff: Option<u64>,
}

/// Whose file it is, and who brings it.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    pub platform: &'a str,
    pub side: Side,
    pub by: &'a str,
}

/// Takes the counts of another platform from a CSV file: all rows, or none if one is wrong. The act
/// is in the ledger before the counts are in the log. Returns the number of rows.
///
/// # Errors
/// Names each row that is wrong; or the file cannot be read, or the store fails.
pub fn take_file(app: &App, file: &Path, brought: Brought<'_>) -> Result<usize, AppError> {
    let failed = |error: std::io::Error| AppError::io(file, &error);
    let wrong = |detail: String| AppError::new(Kind::Usage, "ledger-counts", detail);
    if brought.platform.trim().is_empty() || brought.by.trim().is_empty() {
        return Err(wrong("--platform, --by".to_owned()));
    }
    let bytes = std::fs::metadata(file).map_err(failed)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(wrong(format!("{}: {bytes} > {FILE_BYTES_MAX}", file.display())));
    }
    let bytes = std::fs::read(file).map_err(failed)?;
    let now = app.import_time()?.unwrap_or_else(|| app.log_time());
    let rows = rows(&bytes, app.zone().local(now).day())
        .map_err(|problems| wrong(format!("{}: {}", file.display(), problems.join("; "))))?;
    let sha256 = sha256_hex(&bytes);
    let told = json!({
        "by": brought.by, "platform": brought.platform, "side": brought.side,
        "file": file.file_name().unwrap_or_default().to_string_lossy(),
        "sha256": sha256, "rows": rows.len(),
    });
    app.record(&[act::leaf("ledger-counts", clock::now(), app.zone(), told)])?;
    let events: Vec<_> =
        rows.iter().map(|row| counted(app, row, (brought, &sha256), now)).collect();
    app.append(&events)?;
    Ok(rows.len())
}

fn counted(app: &App, row: &Row, (brought, sha256): (Brought<'_>, &str), now: Millis) -> Event {
    let Row { month, dept, records, what, at_cutoff } = row;
    let side = brought.side.field();
    let mut data = json!({
        "month": month, "dept": dept, side: records, "platform": brought.platform,
    });
    if !what.is_empty() {
        data["what"] = json!(what);
    }
    if let Some(at_cutoff) = at_cutoff {
        data["at_cutoff"] = json!(at_cutoff);
    }
    let id = format!("count/{side}/{sha256}/{month}/{dept}/{what}");
    event(app, KIND, id, Place { at: now, region: "", dept }, "", &data)
}

/// The rows of a file, or what is wrong with it.
fn rows(bytes: &[u8], today: Day) -> Result<Vec<Row>, Vec<String>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let (mut rows, mut problems, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let (year, month, _) = today.ymd();
    let present = format!("{year:04}-{month:02}");
    for (number, row) in reader.deserialize::<Row>().enumerate() {
        // The first line holds the names of the columns.
        let line = number + 2;
        match row {
            Err(error) => problems.push(format!("{line}: {error}")),
            Ok(row) if !is_month(&row.month) => problems.push(format!("{line}: {}", row.month)),
            Ok(row) if row.month >= present => {
                problems.push(format!("{line}: {} is not over", row.month));
            }
            Ok(row) if row.dept.is_empty() => problems.push(format!("{line}: dept")),
            Ok(row) => {
                if !seen.insert((row.month.clone(), row.dept.clone(), row.what.clone())) {
                    problems.push(format!("{line}: {} {} twice", row.month, row.dept));
                }
                rows.push(row);
            }
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push("no rows".to_owned());
    }
    problems.truncate(PROBLEMS_MAX);
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn is_month(text: &str) -> bool {
    text.len() == 7 && Day::parse(&format!("{text}-01")).is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_taken_whole_or_not_at_all() {
        let today = Day::parse("2026-04-03").unwrap();
        let read = |text: &str| rows(text.as_bytes(), today);
        let good =
            "\u{feff}month,dept,records,what,at_cutoff\n2026-03, D5 ,1000,,\n2026-03,D5,7,proc,2\n";
        let taken = read(good).unwrap();
        assert_eq!(
            (taken[0].dept.as_str(), taken[0].records, taken[0].at_cutoff),
            ("D5", 1000, None)
        );
        assert_eq!((taken[1].what.as_str(), taken[1].at_cutoff), ("proc", Some(2)));
        assert_eq!(read("month,dept,records\n2026-03,D5,5\n").unwrap().len(), 1);
        for (text, problem) in [
            ("", "no rows"),
            ("month,dept\n2026-03,D5\n", "records"),
            ("month,dept,records\n2026-03,D5,-1\n", "2: "),
            ("month,dept,records\n2026-03,D5,1.5\n", "2: "),
            ("month,dept,records\n2026-3,D5,1\n", "2: 2026-3"),
            ("month,dept,records\n2026-13,D5,1\n", "2: 2026-13"),
            ("month,dept,records\n2026-04,D5,1\n", "2: 2026-04 is not over"),
            ("month,dept,records\n2026-03,,1\n", "2: dept"),
            ("month,dept,records\n2026-03,D5,1\n2026-03,D5,2\n", "3: 2026-03 D5 twice"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems[0].contains(problem), "{text}: {problems:?}");
        }
    }
}
