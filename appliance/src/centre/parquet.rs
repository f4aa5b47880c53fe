//! Rows as a Parquet file: a group of rows is gathered in memory and written column by column.
//!
//! A date is `DATE`, an instant `TIMESTAMP(MILLIS, UTC)` with a text column `<name>_local` behind it,
//! money `INT64`, JSON a text. What the columns mean stands in the file's metadata.

use super::column::{Cell, Column, Kind};
use crate::backup::unwritten;
use crate::error::{AppError, Kind as ErrorKind};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use plumbline_contract::time::{Millis, Zone};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Rows in a group: readers skip a group whose bounds do not fit, and larger ones gain little.
const GROUP_ROWS: usize = 65_536;
/// Bytes of texts gathered before a group is written, however few rows it has then.
const GROUP_BYTES: usize = 64 * 1024 * 1024;
/// Behind the name of the column with an instant's local reading.
const LOCAL_SUFFIX: &str = "_local";
/// Name of the metadata with the columns as JSON.
const COLUMNS_KEY: &str = "plumbline.columns";
/// Name of the metadata with the time zone of the local columns.
const ZONE_KEY: &str = "plumbline.zone";
/// Who wrote the file.
const CREATED_BY: &str = concat!("plumbline ", env!("CARGO_PKG_VERSION"));

/// See the module.
pub(super) struct ParquetFile<'a> {
    writer: SerializedFileWriter<File>,
    kinds: Vec<Kind>,
    gathered: Vec<Vec<Cell>>,
    bytes: usize,
    zone: &'a Zone,
}

impl std::fmt::Debug for ParquetFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetFile").field("writer", &self.writer).finish_non_exhaustive()
    }
}

impl<'a> ParquetFile<'a> {
    pub(super) fn begin(file: File, columns: &[&Column], zone: &'a Zone) -> Result<Self, AppError> {
        let fields = columns.iter().flat_map(|column| fields(column));
        let fields = fields.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("plumbline").with_fields(fields).build();
        let about = serde_json::to_string(columns).expect("columns have only keys that are texts");
        let metadata = vec![
            KeyValue::new(COLUMNS_KEY.to_owned(), about),
            KeyValue::new(ZONE_KEY.to_owned(), zone.name().to_owned()),
        ];
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(CREATED_BY.to_owned())
            .set_key_value_metadata(Some(metadata))
            .build();
        let schema = Arc::new(schema.map_err(failed)?);
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties));
        Ok(Self {
            writer: writer.map_err(failed)?,
            kinds: columns.iter().map(|column| column.kind).collect(),
            gathered: Vec::new(),
            bytes: 0,
            zone,
        })
    }

    pub(super) fn row(&mut self, row: Vec<Cell>) -> Result<(), AppError> {
        self.bytes += row.iter().map(Cell::bytes).sum::<usize>();
        self.gathered.push(row);
        let full = self.gathered.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES;
        if full { self.group().map_err(failed) } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> Result<File, AppError> {
        if !self.gathered.is_empty() {
            self.group().map_err(failed)?;
        }
        self.writer.into_inner().map_err(failed)
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (index, kind) in self.kinds.iter().enumerate() {
            let cells = || self.gathered.iter().map(move |row| &row[index]);
            match kind {
                Kind::Text | Kind::Json => write::<ByteArrayType>(&mut group, cells(), bytes)?,
                Kind::Integer | Kind::Fen => write::<Int64Type>(&mut group, cells(), integer)?,
                Kind::Number => write::<DoubleType>(&mut group, cells(), number)?,
                Kind::Flag => write::<BoolType>(&mut group, cells(), flag)?,
                Kind::Date => write::<Int32Type>(&mut group, cells(), date)?,
                Kind::Time => {
                    write::<Int64Type>(&mut group, cells(), instant)?;
                    let zone = self.zone;
                    let local = |cell: &Cell| Some(zone.rfc3339(at(cell)?).into_bytes().into());
                    write::<ByteArrayType>(&mut group, cells(), local)?;
                }
            }
        }
        group.close()?;
        self.gathered.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// The column of a file, or two for an instant.
fn fields(column: &Column) -> Vec<Result<Arc<Type>, ParquetError>> {
    let field = |name: &str, physical, logical| {
        let builder = Type::primitive_type_builder(name, physical);
        let builder = builder.with_repetition(Repetition::OPTIONAL).with_logical_type(logical);
        builder.build().map(Arc::new)
    };
    let text = |name: &str| field(name, Physical::BYTE_ARRAY, Some(LogicalType::String));
    let name = column.name.as_str();
    match column.kind {
        Kind::Text | Kind::Json => vec![text(name)],
        Kind::Integer | Kind::Fen => vec![field(name, Physical::INT64, None)],
        Kind::Number => vec![field(name, Physical::DOUBLE, None)],
        Kind::Flag => vec![field(name, Physical::BOOLEAN, None)],
        Kind::Date => vec![field(name, Physical::INT32, Some(LogicalType::Date))],
        Kind::Time => {
            let instant = LogicalType::timestamp(true, TimeUnit::MILLIS);
            vec![
                field(name, Physical::INT64, Some(instant)),
                text(&format!("{name}{LOCAL_SUFFIX}")),
            ]
        }
    }
}

/// Writes the next column: the values that there are, and for each row whether there is one.
fn write<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    cells: impl Iterator<Item = &'a Cell>,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let found: Vec<_> = cells.map(value).collect();
    let levels: Vec<i16> = found.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<_> = found.into_iter().flatten().collect();
    let missing = || ParquetError::General("fewer columns than the schema has".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}

fn bytes(cell: &Cell) -> Option<ByteArray> {
    if let Cell::Text(text) = cell { Some(text.as_str().into()) } else { None }
}

fn integer(cell: &Cell) -> Option<i64> {
    if let Cell::Integer(number) = cell { Some(*number) } else { None }
}

fn number(cell: &Cell) -> Option<f64> {
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

fn flag(cell: &Cell) -> Option<bool> {
    if let Cell::Flag(flag) = cell { Some(*flag) } else { None }
}

fn date(cell: &Cell) -> Option<i32> {
    if let Cell::Date(day) = cell { Some(day.0) } else { None }
}

fn at(cell: &Cell) -> Option<Millis> {
    if let Cell::Time(at) = cell { Some(*at) } else { None }
}

fn instant(cell: &Cell) -> Option<i64> {
    at(cell).map(|at| at.0)
}

/// A full disk is told as such.
fn failed(error: ParquetError) -> AppError {
    if let ParquetError::External(inner) = &error
        && let Some(error) = inner.downcast_ref::<io::Error>()
    {
        return unwritten(error);
    }
    AppError::new(ErrorKind::Failed, "data-parquet", error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::centre::Set;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn data_of_many_rows_is_in_several_groups() {
        let zone = Zone::shanghai();
        let all = Set::AllEvents.columns();
        let columns = [&all[0], &all[1]];
        let file = tempfile::tempfile().unwrap();
        let mut written = ParquetFile::begin(file, &columns, &zone).unwrap();
        let rows = GROUP_ROWS + 1;
        for number in 0..rows {
            let id = if number % 3 == 0 { Cell::None } else { Cell::Text(number.to_string()) };
            written.row(vec![Cell::Integer(number as i64), id]).unwrap();
        }
        let reader = SerializedFileReader::new(written.finish().unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        for (number, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let row = row.unwrap();
            assert_eq!(row.get_long(0).unwrap(), number as i64);
            let id = row.get_string(1).ok().cloned();
            assert_eq!(id, (number % 3 != 0).then(|| number.to_string()));
        }
        let metadata = reader.metadata().file_metadata();
        assert_eq!(metadata.num_rows(), rows as i64);
        let known = metadata.key_value_metadata().unwrap();
        assert!(known.iter().any(|one| one.key == ZONE_KEY && one.value.is_some()));
    }

    #[test]
    fn data_texts_that_are_large_close_a_group_early() {
        let zone = Zone::shanghai();
        let all = Set::AllEvents.columns();
        let file = tempfile::tempfile().unwrap();
        let mut written = ParquetFile::begin(file, &[&all[1]], &zone).unwrap();
        for _ in 0..3 {
            written.row(vec![Cell::Text("x".repeat(GROUP_BYTES / 2))]).unwrap();
        }
        let reader = SerializedFileReader::new(written.finish().unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
    }
}
