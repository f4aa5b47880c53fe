//! Takes a set out as a file. The file gets its name only once it is whole and read back, and the act
//! is in the ledger before that: nobody has a file of which the ledger knows nothing.

use super::column::{Cell, Column, choose};
use super::csv::CsvFile;
use super::filter::Filter;
use super::parquet::ParquetFile;
use super::rows;
use super::set::Set;
use super::sheet::SheetFile;
use crate::act;
use crate::app::App;
use crate::backup::write_file;
use crate::error::{AppError, Kind};
use crate::text::Lang;
use plumbline_contract::time::{Millis, Zone};
use plumbline_ledger::Sha256;
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

/// Bytes of the file hashed at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Xlsx,
    Parquet,
}

impl Format {
    /// By the name of the file.
    ///
    /// # Errors
    /// If it ends in none of the three.
    pub fn of(path: &Path) -> Result<Self, AppError> {
        let extension = path.extension().map(|text| text.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(AppError::new(Kind::Usage, "data-format", path.display())),
        }
    }
}

/// How a CSV file writes its letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// UTF-8，供程序读取 / UTF-8, for programs
    #[default]
    Utf8,
    /// UTF-8 带 BOM，供表格软件打开 / UTF-8 with a byte order mark, for spreadsheets
    Utf8Bom,
    /// GB18030，供表格软件打开 / GB18030, for spreadsheets
    Gb18030,
}

impl Encoding {
    /// Whether people open such a file in a program that would calculate its texts.
    #[must_use]
    pub fn is_for_spreadsheets(self) -> bool {
        self != Self::Utf8
    }
}

/// What to take out.
#[derive(Debug)]
pub struct Request<'a> {
    pub set: &'a Set,
    pub filter: &'a Filter,
    /// Names of columns in the order wanted; all if none is named.
    pub columns: &'a [String],
    /// Most rows; the first ones in the order of the set.
    pub rows_max: Option<u64>,
    /// The file to make; it must not exist. Its ending names the form.
    pub file: &'a Path,
    pub encoding: Encoding,
    /// Who takes it out, as he names himself.
    pub by: Option<&'a str>,
    /// Of the sheet that describes the columns.
    pub lang: Lang,
    /// The present instant.
    pub now: Millis,
}

/// What was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub set: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    pub filter: Filter,
    pub format: Format,
    pub columns: Vec<String>,
    /// Those of the columns that may say something about a person.
    pub personal: Vec<String>,
    pub rows: u64,
    /// Whether there were more rows than were asked for.
    pub more: bool,
    /// Name of the file without its folder.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Takes a set out, and records it.
///
/// # Errors
/// If the file exists or its name has no known ending, the filter or a column does not fit the set,
/// there are more rows than a workbook holds, or something cannot be read or written. No file is
/// left then.
pub fn export(app: &App, request: &Request<'_>) -> Result<Exported, AppError> {
    let format = Format::of(request.file)?;
    if request.encoding != Encoding::Utf8 && format != Format::Csv {
        return Err(AppError::new(Kind::Usage, "data-encoding", request.file.display()));
    }
    request.filter.check(request.set)?;
    let columns = request.set.columns();
    let chosen = choose(&columns, request.columns)?;
    let wanted: Vec<&Column> = chosen.iter().map(|index| &columns[*index]).collect();
    let fill = |file: File| {
        let mut writer = Writer::begin(file, format, request, &wanted, app.zone())?;
        let counted = fill(app, request, &chosen, &mut writer)?;
        Ok((writer.finish()?, counted))
    };
    let judge = |path: &Path, counted: &(u64, bool)| {
        let exported = Exported {
            set: request.set.name(),
            event_type: request.set.event_type().map(str::to_owned),
            filter: request.filter.clone(),
            format,
            columns: wanted.iter().map(|column| column.name.clone()).collect(),
            personal: personal(&wanted),
            rows: counted.0,
            more: counted.1,
            file: request.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            sha256: digest(path)?,
            by: request.by.map(str::to_owned),
        };
        app.record(&[act::leaf("data_export", request.now, app.zone(), json!(exported))])?;
        Ok(exported)
    };
    write_file(request.file, fill, judge).map(|(_, exported)| exported).map_err(own_words)
}

/// What making a backup would say, said of an export.
fn own_words(error: AppError) -> AppError {
    let message = match error.message {
        "backup-exists" => "data-exists",
        "backup-full" => "data-full",
        other => other,
    };
    AppError { message, ..error }
}

/// Writes the rows; says how many there are and whether there would have been more.
fn fill(
    app: &App,
    request: &Request<'_>,
    chosen: &[usize],
    writer: &mut Writer<'_>,
) -> Result<(u64, bool), AppError> {
    let (mut count, mut more) = (0_u64, false);
    rows::each(app, request.set, request.filter, &mut |mut row| {
        if request.rows_max.is_some_and(|max| count >= max) {
            more = true;
            return Ok(ControlFlow::Break(()));
        }
        count += 1;
        let taken =
            chosen.iter().map(|index| std::mem::replace(&mut row[*index], Cell::None)).collect();
        writer.row(taken)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((count, more))
}

/// Names of the columns that may say something about a person.
fn personal(columns: &[&Column]) -> Vec<String> {
    let personal = columns.iter().filter(|column| column.personal);
    personal.map(|column| column.name.clone()).collect()
}

fn digest(path: &Path) -> Result<String, AppError> {
    let failed = |error: io::Error| AppError::io(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut chunk) = (Sha256::default(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut chunk).map_err(failed)? {
            0 => return Ok(hash.hex()),
            length => hash.update(&chunk[..length]),
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
enum Writer<'a> {
    Csv(CsvFile<'a>),
    Sheet(Box<SheetFile<'a>>),
    Parquet(Box<ParquetFile<'a>>),
}

impl<'a> Writer<'a> {
    fn begin(
        file: File,
        format: Format,
        request: &Request<'_>,
        columns: &[&Column],
        zone: &'a Zone,
    ) -> Result<Self, AppError> {
        Ok(match format {
            Format::Csv => Self::Csv(CsvFile::begin(file, columns, request.encoding, zone)?),
            Format::Xlsx => {
                Self::Sheet(Box::new(SheetFile::begin(file, columns, request.lang, zone)?))
            }
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::begin(file, columns, zone)?)),
        })
    }

    fn row(&mut self, row: Vec<Cell>) -> Result<(), AppError> {
        match self {
            Self::Csv(file) => file.row(&row),
            Self::Sheet(file) => file.row(&row),
            Self::Parquet(file) => file.row(row),
        }
    }

    fn finish(self) -> Result<File, AppError> {
        match self {
            Self::Csv(file) => file.finish(),
            Self::Sheet(file) => file.finish(),
            Self::Parquet(file) => file.finish(),
        }
    }
}
