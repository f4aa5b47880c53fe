//! Documents as DOCX: WordprocessingML parts in a ZIP archive.
//!
//! The parts are written by hand, because the layout needs what general writers do not have: a grid
//! of lines, names that stand in for a font that a machine lacks, page numbers that change sides, a
//! table that stands at the foot of the last page. Archive members carry no time of
//! writing, so that equal documents are equal bytes.

mod body;
mod parts;

use crate::document::Document;
use std::fmt;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The archive could not be written: it would be larger than its format allows.
#[derive(Debug)]
pub struct WriteError(String);

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the document cannot be written: {}", self.0)
    }
}

impl std::error::Error for WriteError {}

/// The bytes of the file.
///
/// # Errors
/// If the archive's format does not hold the document.
pub fn docx(document: &Document) -> Result<Vec<u8>, WriteError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The first day that the format knows.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let wrong = |error: &dyn fmt::Display| WriteError(error.to_string());
    for (name, text) in parts::all(document, &body::write(document)) {
        archive.start_file(name, options).map_err(|error| wrong(&error))?;
        archive.write_all(text.as_bytes()).map_err(|error| wrong(&error))?;
    }
    let finished = archive.finish().map_err(|error| wrong(&error))?;
    Ok(finished.into_inner())
}
