//! One way to read any file: batches of events with a position from which reading can go on.
//!
//! It opens, decompresses and detects the format; it does not remember positions, nor does it
//! store or drop anything.

use crate::cloudevents::{Mode, Reading, read_event};
use crate::csv::{self, Rows};
use crate::error::IngestError;
use crate::lines::{BYTE_ORDER_MARK, Split};
use crate::mapping::{Context, Mapping};
use crate::ocds::{self, Processes};
use crate::reject::Reject;
use crate::rights::Rights;
use crate::window::Window;
use crate::xes::{self, Traces};
use flate2::bufread::MultiGzDecoder;
use plumbline_contract::event::Event;
use plumbline_contract::time::{Millis, Zone};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Records of a batch where nothing else is asked for: large enough that one sync per batch does
/// not matter, small enough to hold in memory beside everything else (about 4 MB).
pub const BATCH_MAX: usize = 4_096;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CloudEvents, one per line.
    Lines,
    /// CloudEvents, a JSON array of them or one after the other.
    Json,
    Csv,
    Xes,
    /// Contracting processes.
    Ocds,
}

impl Format {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "ndjson",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xes => "xes",
            Self::Ocds => "ocds",
        }
    }
}

/// The keyed hash that replaces identity numbers. The key is the caller's and never comes here.
#[derive(Clone)]
pub struct Secret(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl Secret {
    pub fn new(hash: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(hash))
    }

    pub(crate) fn hash(&self, text: &str) -> String {
        (self.0)(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How to read a source.
#[derive(Clone, Debug)]
pub struct Options {
    /// For CloudEvents; a mapping names its own.
    pub zone: Zone,
    pub received: Millis,
    pub mode: Mode,
    /// For CSV, XES and OCDS.
    pub mapping: Option<Arc<Mapping>>,
    /// For the secret fields of the mapping.
    pub secret: Option<Secret>,
    /// What may be said of the supervision itself.
    pub rights: Rights,
    /// A batch ends when it has this many events and rejects. A trace is never split, so that it
    /// can have more.
    pub batch_max: usize,
}

/// A place in a source, before which everything has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Byte of the uncompressed stream.
    pub byte: u64,
    /// Lines, elements or traces before it.
    pub record: u64,
}

/// Some events of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub events: Vec<Event>,
    pub rejects: Vec<Reject>,
    /// Activities that the mapping leaves out on purpose.
    pub ignored: u64,
    /// Where the next batch begins.
    pub position: Position,
}

impl Batch {
    fn add(&mut self, answer: Result<Event, Reject>) {
        match answer {
            Ok(event) => self.events.push(event),
            Err(reject) => self.rejects.push(reject),
        }
    }

    fn len(&self) -> usize {
        self.events.len() + self.rejects.len()
    }
}

/// A file being read: an iterator of batches.
#[derive(Debug)]
pub struct Source {
    name: String,
    format: Format,
    options: Options,
    reader: Reader,
    bytes_read: Arc<AtomicU64>,
    bytes_total: Option<u64>,
    /// Found while opening, for the first batch.
    early: Vec<Reject>,
    ended: bool,
}

#[derive(Debug)]
enum Reader {
    Json { window: Window, split: Split, number: u64 },
    Csv { window: Window, rows: Box<Rows> },
    Xes(Box<Traces>),
    Ocds(Box<Processes>),
}

impl Source {
    /// Opens a file: `.ndjson`, `.jsonl`, `.json`, `.csv` or `.xes`, each also as `.gz`. A name that
    /// says nothing is decided by the content. OCDS is what a mapping for it says it is.
    pub fn open(path: &Path, options: Options) -> Result<Self, IngestError> {
        let name = path.display().to_string();
        let failed = |cause| IngestError::Read { name: name.clone(), cause };
        let file = File::open(path).map_err(failed)?;
        let total = file.metadata().map_err(failed)?.len();
        Self::from_reader(&name, file, Some(total), options)
    }

    /// Reads a stream that is called `name`; `total` is its length as far as it is known.
    pub fn from_reader(
        name: &str,
        reader: impl Read + Send + 'static,
        total: Option<u64>,
        options: Options,
    ) -> Result<Self, IngestError> {
        let failed = |cause| IngestError::Read { name: name.to_owned(), cause };
        let bytes_read = Arc::new(AtomicU64::new(0));
        let counted = Counted { reader, count: Arc::clone(&bytes_read) };
        let mut window = Window::new(decompressed(counted).map_err(failed)?);
        while !tells_format(window.bytes()) && window.more().map_err(failed)? {}
        let mapping = options.mapping.as_deref();
        let format = detect(name, window.bytes(), mapping);
        let mut early = Vec::new();
        let reader = match format {
            Format::Lines | Format::Json => {
                if window.bytes().starts_with(BYTE_ORDER_MARK) {
                    window.consume(BYTE_ORDER_MARK.len());
                }
                let elements = Split::Elements { open: false };
                let split = if format == Format::Lines { Split::Lines } else { elements };
                Reader::Json { window, split, number: 0 }
            }
            Format::Ocds => Reader::Ocds(Box::new(Processes::over(window, has_lines(name)))),
            Format::Csv | Format::Xes => {
                let mapping = suitable(mapping, name, format, options.secret.is_some())?;
                if format == Format::Xes {
                    Reader::Xes(Box::new(Traces::over(window)))
                } else {
                    let mut rows = Box::new(Rows::new(mapping.csv.clone()));
                    let columns = mapping.columns();
                    early = rows.read_header(&mut window, &columns).map_err(failed)?;
                    Reader::Csv { window, rows }
                }
            }
        };
        // Without its columns no row can be read.
        let ended = !early.is_empty();
        let name = name.to_owned();
        Ok(Self { name, format, options, reader, bytes_read, bytes_total: total, early, ended })
    }

    /// Goes on from a position that an earlier reading of the same source gave.
    pub fn resume(mut self, position: Position) -> Result<Self, IngestError> {
        let Position { byte, record } = position;
        if byte > 0 {
            // They were given with the batch that led to this position.
            self.early.clear();
        }
        let found = match &mut self.reader {
            Reader::Json { window, split, number } => {
                *number = record;
                split.resume(window, byte)
            }
            Reader::Csv { window, rows } => rows.resume(window, byte, record),
            Reader::Xes(traces) => traces.resume(byte, record),
            Reader::Ocds(processes) => processes.resume(byte, record),
        };
        match found {
            Ok(true) => Ok(self),
            Ok(false) => Err(IngestError::PositionBeyondEnd {
                name: self.name.clone(),
                offset: byte,
                bytes: self.reached().byte,
            }),
            Err(cause) => Err(IngestError::Read { name: self.name, cause }),
        }
    }

    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where the next batch begins.
    #[must_use]
    pub fn reached(&self) -> Position {
        let (byte, record) = match &self.reader {
            Reader::Json { window, number, .. } => (window.offset(), *number),
            Reader::Csv { window, rows } => rows.position(window),
            Reader::Xes(traces) => traces.position(),
            Reader::Ocds(processes) => processes.position(),
        };
        Position { byte, record }
    }

    /// Bytes taken from the file so far, compressed ones if it is compressed.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    fn batch(&mut self) -> io::Result<Batch> {
        let mut batch = Batch { rejects: std::mem::take(&mut self.early), ..Batch::default() };
        while !self.ended && batch.len() < self.options.batch_max.max(1) {
            if !self.step(&mut batch)? {
                self.ended = true;
                let window = match &mut self.reader {
                    Reader::Json { window, .. } | Reader::Csv { window, .. } => window,
                    Reader::Xes(traces) => traces.window_mut(),
                    Reader::Ocds(processes) => processes.window_mut(),
                };
                batch.rejects.extend(window.take_broken());
            }
        }
        batch.position = self.reached();
        Ok(batch)
    }

    /// Reads one record into the batch; false at the end.
    fn step(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let Options { zone, received, mode, mapping, secret, rights, .. } = &self.options;
        let zone = mapping.as_deref().map_or(zone, Mapping::zone);
        let reading = Reading { zone, received: *received, mode: *mode, rights };
        let context =
            mapping.as_deref().map(|mapping| Context { mapping, reading, secret: secret.as_ref() });
        match (&mut self.reader, context) {
            (Reader::Json { window, split, number }, _) => split.step(
                window,
                number,
                |text| (!text.trim_ascii().is_empty()).then(|| read_event(text, &reading)),
                &mut |answer| batch.add(answer),
            ),
            (Reader::Csv { window, rows }, Some(context)) => {
                match rows.next_found(window)? {
                    Some(csv::Found::Row(row)) => match context.event(&row, 0) {
                        Some(answer) => {
                            batch.add(answer.map_err(|reject| reject.at(row.line, row.byte)));
                        }
                        None => batch.ignored += 1,
                    },
                    Some(csv::Found::Reject(reject)) => batch.rejects.push(reject),
                    Some(csv::Found::Nothing) => {}
                    None => return Ok(false),
                }
                Ok(true)
            }
            (Reader::Xes(traces), Some(context)) => {
                let on = match traces.next_found()? {
                    Some(xes::Found::Trace(trace)) => {
                        map_trace(&trace, &context, batch);
                        true
                    }
                    Some(xes::Found::Reject(reject)) => {
                        batch.rejects.push(reject);
                        true
                    }
                    None => false,
                };
                batch.rejects.extend(traces.settle()?);
                Ok(on)
            }
            (Reader::Ocds(processes), Some(Context { mapping, reading, .. })) => {
                let Some(map) = mapping.ocds.as_deref() else { return Ok(false) };
                processes.step(&ocds::Context { mapping, map, reading }, batch)
            }
            // Opening refuses these formats without a mapping.
            (Reader::Csv { .. } | Reader::Xes(_) | Reader::Ocds(_), None) => Ok(false),
        }
    }
}

impl Iterator for Source {
    type Item = Result<Batch, IngestError>;

    /// The next batch; the last one may be empty of events but has the final position.
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended && self.early.is_empty() {
            return None;
        }
        let batch = self.batch().map_err(|cause| {
            self.ended = true;
            IngestError::Read { name: self.name.clone(), cause }
        });
        Some(batch)
    }
}

/// Adds the events of a trace in the order in which they were recorded.
fn map_trace(trace: &xes::Trace<'_>, context: &Context<'_>, batch: &mut Batch) {
    let first = batch.events.len();
    let place = |answer: Result<Event, Reject>| {
        answer.map_err(|reject| reject.at(trace.number, trace.byte))
    };
    for answer in context.trace_events(trace) {
        batch.add(place(answer));
    }
    for index in 0..trace.n_events() {
        match context.event(&trace.event(index), index as u64 + 1) {
            Some(answer) => batch.add(place(answer)),
            None => batch.ignored += 1,
        }
    }
    batch.events[first..].sort_by_key(|event| event.recorded);
}

fn suitable<'m>(
    mapping: Option<&'m Mapping>,
    name: &str,
    format: Format,
    has_secret: bool,
) -> Result<&'m Mapping, IngestError> {
    let (name, format) = (name.to_owned(), format);
    let Some(mapping) = mapping else {
        return Err(IngestError::MappingMissing { name, format: format.as_str() });
    };
    if mapping.format != format {
        let (format, mapping) = (format.as_str(), mapping.format.as_str());
        return Err(IngestError::MappingForOther { name, format, mapping });
    }
    match mapping.secret_field() {
        Some(field) if !has_secret => Err(IngestError::SecretKeyMissing(field.to_owned())),
        _ => Ok(mapping),
    }
}

/// The format by the name, else by the first sign, else by the mapping.
fn detect(name: &str, bytes: &[u8], mapping: Option<&Mapping>) -> Format {
    if mapping.is_some_and(|mapping| mapping.format == Format::Ocds) {
        return Format::Ocds;
    }
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("ndjson" | "jsonl") => return Format::Lines,
        Some("json") => return Format::Json,
        Some("csv") => return Format::Csv,
        Some("xes") => return Format::Xes,
        _ => {}
    }
    match first_sign(bytes) {
        Some(b'<') => Format::Xes,
        Some(b'{') => Format::Lines,
        Some(b'[') => Format::Json,
        _ => mapping.map_or(Format::Lines, |mapping| mapping.format),
    }
}

/// Whether a file holds contracting processes (OCDS), by its first fields.
///
/// # Errors
/// If it cannot be read.
pub fn is_ocds(path: &Path) -> Result<bool, IngestError> {
    /// The names at the head of a package stand within this.
    const LOOK_BYTES: usize = 64 * 1024;
    let failed = |cause| IngestError::Read { name: path.display().to_string(), cause };
    let mut window = Window::new(decompressed(File::open(path).map_err(failed)?).map_err(failed)?);
    while window.bytes().len() < LOOK_BYTES && window.more().map_err(failed)? {}
    Ok(ocds::is_ocds(window.bytes()))
}

/// Whether a name says that each line is a record of its own.
fn has_lines(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.ends_with(".jsonl") || name.ends_with(".ndjson")
}

/// Whether enough has been read to detect the format. White space without end tells nothing.
fn tells_format(bytes: &[u8]) -> bool {
    const LOOK_BYTES_MAX: usize = 4096;
    let marked = bytes.len() > BYTE_ORDER_MARK.len();
    bytes.len() >= LOOK_BYTES_MAX || (marked && first_sign(bytes).is_some())
}

fn first_sign(bytes: &[u8]) -> Option<u8> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// Looks at the first two bytes, whatever the name says: files lose and gain `.gz` on their way.
fn decompressed(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::with_capacity(2);
    reader.by_ref().take(2).read_to_end(&mut magic)?;
    let gzip = magic == [0x1f, 0x8b];
    let whole = Cursor::new(magic).chain(reader);
    if gzip {
        const BUFFER_BYTES: usize = 128 * 1024;
        let buffered = BufReader::with_capacity(BUFFER_BYTES, whole);
        return Ok(Box::new(MultiGzDecoder::new(buffered)));
    }
    Ok(Box::new(whole))
}

/// Counts what passes through.
struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
