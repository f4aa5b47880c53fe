//! Imports a file into the log: parse, append, drive, seal, in groups, resumable.

use crate::app::{App, ROUNDS_MAX};
use crate::error::{AppError, Kind};
use crate::{act, clock};
use plumbline_contract::event::Event;
use plumbline_contract::time::Millis;
use plumbline_ingest::{Mapping, Mode, Options, Position, Reject, Rights, Secret, Source, is_ocds};
use plumbline_ledger::{keyed_hash, sha256_hex};
use plumbline_store::Appended;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Events appended under one sync. The driver's batch has the same size.
pub const GROUP_EVENTS: usize = crate::driver::BATCH_EVENTS;
/// Most ticks at the end of an import: facts of facts are few steps long, and a plugin that answers
/// each tick with a fact must not keep the import from ending.
const TICKS_MAX: usize = 8;
/// Groups between two seals: the states of a group are committed lazily until then.
const GROUPS_PER_SEAL: u32 = 8;
/// Rejects written to the file of rejects: enough to find the cause.
const REJECTS_WRITTEN_MAX: u64 = 100_000;
/// Prefix of settings that hold how far imports have come.
const PROGRESS_META: &str = "import/";

/// What to import.
#[derive(Clone, Copy, Debug)]
pub struct ImportRequest<'a> {
    pub file: &'a Path,
    /// Mapping for CSV, XES and OCDS.
    pub map: Option<&'a Path>,
    /// The file holds contracting processes, whatever it looks like.
    pub ocds: bool,
    /// Log time to which timers run at the end; the newest log time of the file if not given.
    pub until: Option<Millis>,
    /// Events appended under one sync; [`GROUP_EVENTS`] suits.
    pub group_events: usize,
    /// Take events `platform.*` as if a host had written them: for a host's own file, and for
    /// made-up data. An act in the ledger says so.
    pub as_host: bool,
}

impl<'a> ImportRequest<'a> {
    /// A file that needs no mapping, to the end of its own time.
    #[must_use]
    pub fn new(file: &'a Path) -> Self {
        let (map, until, group_events) = (None, None, GROUP_EVENTS);
        Self { file, map, ocds: false, until, group_events, as_host: false }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImportReport {
    pub new: u64,
    pub superseding: u64,
    pub older: u64,
    pub repeated: u64,
    pub conflicting: u64,
    pub rejected: u64,
    /// Where the rejects were written, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects_file: Option<PathBuf>,
    /// The first rejects, in words.
    #[serde(skip)]
    pub first_rejects: Vec<Reject>,
    pub alerts_raised: u64,
    pub resumed: bool,
}

/// How far an import has come, kept in the store.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Byte and record, as in [`Position`].
    position: Option<(u64, u64)>,
    newest: i64,
    done: bool,
}

/// Bytes read of all bytes, for a progress bar.
pub type Watch<'a> = &'a mut dyn FnMut(u64, u64);

/// Imports a file. What is in the log already is recognized and left alone.
///
/// # Errors
/// If the file or the mapping cannot be read, or the store fails. What was acknowledged stays.
pub fn import(
    app: &App,
    request: &ImportRequest<'_>,
    watch: Watch<'_>,
) -> Result<ImportReport, AppError> {
    // No tick of the clock comes between the events of a file: what happened later in it would seem
    // never to have happened.
    let _turn = app.take_turn();
    app.settle()?;
    let name = progress_name(request)?;
    let mut progress = load_progress(app, &name)?;
    let mut report = ImportReport::default();
    let again = progress.done;
    if again {
        // The same file once more: read it again, so that the report can say what it holds.
        progress = Progress { newest: progress.newest, ..Progress::default() };
    }
    report.resumed = progress.position.is_some();
    let mut source = open(app, request, &progress)?;
    if request.as_host {
        note_as_host(app, request, &name)?;
    }
    let mut rejects = RejectFile::new(app, request.file, report.resumed);
    let mut group: Vec<Event> = Vec::with_capacity(request.group_events);
    let mut groups = 0;
    while let Some(batch) = source.next() {
        let batch = batch.map_err(failed)?;
        for reject in batch.rejects {
            report.rejected += 1;
            rejects.write(&reject)?;
            if report.first_rejects.len() < 10 {
                report.first_rejects.push(reject);
            }
        }
        group.extend(batch.events);
        append(app, &mut group, &mut progress, &mut report)?;
        app.drive(true)?;
        progress.position = Some((batch.position.byte, batch.position.record));
        groups += 1;
        if groups % GROUPS_PER_SEAL == 0 {
            rejects.flush()?;
            seal(app, &name, &progress, &mut report)?;
            app.go_on()?;
        }
        watch(source.bytes_read(), source.bytes_total().unwrap_or_default());
    }
    rejects.flush()?;
    let stored = report.new + report.superseding + report.older;
    // The same file once more adds nothing, not even the note that time has passed.
    let adds = stored > 0 || !again || request.until.is_some();
    let newest = (progress.newest != 0).then_some(Millis(progress.newest));
    let until = request.until.or(newest).filter(|_| adds);
    finish(app, until, &name, progress, &mut report)?;
    report.rejects_file = rejects.finish()?;
    Ok(report)
}

fn failed(error: plumbline_ingest::IngestError) -> AppError {
    AppError::new(Kind::Usage, "import", error)
}

fn open(app: &App, request: &ImportRequest<'_>, progress: &Progress) -> Result<Source, AppError> {
    let mapping = match request.map {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| AppError::io(path, &error))?;
            Some(Mapping::parse(&text).map_err(|error| {
                AppError::new(Kind::Usage, "mapping", format!("{}: {error}", path.display()))
            })?)
        }
        None if request.ocds || is_ocds(request.file).map_err(failed)? => {
            let region = &app.config().region;
            let mapping = Mapping::ocds(region, app.zone());
            Some(mapping.map_err(|error| AppError::new(Kind::Usage, "ocds-region", error))?)
        }
        None => None,
    };
    if request.ocds && mapping.as_ref().is_some_and(|mapping| !mapping.is_ocds()) {
        return Err(AppError::new(Kind::Usage, "ocds-mapping", request.file.display()));
    }
    let key = app.home().personal_key()?;
    let options = Options {
        zone: app.zone().clone(),
        received: clock::now(),
        mode: Mode::Import,
        mapping: mapping.map(Arc::new),
        secret: Some(Secret::new(move |text| keyed_hash(key.as_bytes(), text))),
        rights: Rights { as_host: request.as_host, ..app.rights().clone() },
        batch_max: request.group_events,
    };
    let source = Source::open(request.file, options).map_err(failed)?;
    match progress.position {
        Some((byte, record)) => source.resume(Position { byte, record }).map_err(failed),
        None => Ok(source),
    }
}

/// Before the first event: what a file may say as a host must not be said without a trace.
fn note_as_host(app: &App, request: &ImportRequest<'_>, name: &str) -> Result<(), AppError> {
    let file = request.file.file_name().unwrap_or_default().to_string_lossy();
    let told = json!({ "file": file, "head_sha256": name.strip_prefix(PROGRESS_META) });
    app.record(&[act::leaf("import-as-host", clock::now(), app.zone(), told)])
}

fn append(
    app: &App,
    group: &mut Vec<Event>,
    progress: &mut Progress,
    report: &mut ImportReport,
) -> Result<(), AppError> {
    let newest = group.iter().map(|event| event.logged.0).max().unwrap_or(progress.newest);
    progress.newest = progress.newest.max(newest);
    for appended in app.append(group)? {
        match appended {
            Appended::New(_) => report.new += 1,
            Appended::Superseding(_) => report.superseding += 1,
            Appended::Older(_) => report.older += 1,
            Appended::Repeat => report.repeated += 1,
            Appended::Conflict(_) => report.conflicting += 1,
        }
    }
    group.clear();
    Ok(())
}

fn seal(
    app: &App,
    name: &str,
    progress: &Progress,
    report: &mut ImportReport,
) -> Result<usize, AppError> {
    app.store().sync()?;
    let sealed = app.seal_and_observe()?;
    for (_, alert) in sealed.alerts {
        let raised = alert.act == plumbline_contract::alert::AlertAct::Raised;
        report.alerts_raised += u64::from(raised);
    }
    let bytes = serde_json::to_vec(progress)
        .map_err(|error| AppError::new(Kind::Failed, "store", error))?;
    app.store().put_meta(name, &bytes)?;
    Ok(sealed.observed)
}

/// Lets log time run to the end of the import, so that what is overdue by then is raised.
fn finish(
    app: &App,
    until: Option<Millis>,
    name: &str,
    mut progress: Progress,
    report: &mut ImportReport,
) -> Result<(), AppError> {
    progress.position = None;
    // What comes to light is observed, and what is observed may be overdue by then as well.
    for _ in 0..ROUNDS_MAX {
        run_to_the_end(app, until)?;
        progress.done = true;
        if seal(app, name, &progress, report)? == 0 {
            break;
        }
    }
    Ok(())
}

/// What a tick brings about may be a fact, and who reads it may wait for time again: then there is
/// another tick of the same time behind it.
fn run_to_the_end(app: &App, until: Option<Millis>) -> Result<(), AppError> {
    while app.drive(true)?.events > 0 {}
    for _ in 0..TICKS_MAX {
        let Some(until) = until else { break };
        let at = app.store().next_seq();
        app.tick(until, true)?;
        while app.drive(true)?.events > 0 {}
        if app.store().next_seq() == at.next() {
            break;
        }
    }
    Ok(())
}

/// The same file with the same mapping has the same name.
fn progress_name(request: &ImportRequest<'_>) -> Result<String, AppError> {
    let io = |error: std::io::Error| AppError::io(request.file, &error);
    let mut head = Vec::new();
    let file = File::open(request.file).map_err(io)?;
    let len = file.metadata().map_err(io)?.len();
    file.take(64 * 1024).read_to_end(&mut head).map_err(io)?;
    head.extend_from_slice(&len.to_le_bytes());
    if let Some(map) = request.map {
        head.extend(std::fs::read(map).map_err(|error| AppError::io(map, &error))?);
    }
    Ok(format!("{PROGRESS_META}{}", sha256_hex(&head)))
}

fn load_progress(app: &App, name: &str) -> Result<Progress, AppError> {
    let Some(bytes) = app.store().meta(name)? else { return Ok(Progress::default()) };
    serde_json::from_slice(&bytes)
        .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))
}

/// Rejects as JSON lines beside the other imports of the home.
struct RejectFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    written: u64,
    /// Goes on behind what the interrupted import wrote.
    resumed: bool,
}

impl RejectFile {
    fn new(app: &App, source: &Path, resumed: bool) -> Self {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let path = app.home().rejects_dir().join(format!("{name}.rejects.ndjson"));
        Self { path, file: None, written: 0, resumed }
    }

    fn write(&mut self, reject: &Reject) -> Result<(), AppError> {
        let io = |error: std::io::Error| AppError::io(&self.path, &error);
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut options = File::options();
                let options = options.create(true).write(true);
                let options = options.append(self.resumed).truncate(!self.resumed);
                self.file.insert(BufWriter::new(options.open(&self.path).map_err(io)?))
            }
        };
        if self.written < REJECTS_WRITTEN_MAX {
            self.written += 1;
            writeln!(file, "{}", reject_json(reject)).map_err(io)?;
        }
        Ok(())
    }

    /// What was written is with the system before the progress that leaves it behind is kept.
    fn flush(&mut self) -> Result<(), AppError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().map_err(|error| AppError::io(&self.path, &error))
    }

    fn finish(mut self) -> Result<Option<PathBuf>, AppError> {
        self.flush()?;
        Ok(self.file.map(|_| self.path))
    }
}

/// A reject as people and programs read it.
#[must_use]
pub fn reject_json(reject: &Reject) -> serde_json::Value {
    serde_json::json!({
        "line": reject.line, "code": reject.code.as_str(), "field": reject.field,
        "value": reject.value, "zh": reject.zh(), "en": reject.en(),
    })
}
