//! Processes out of a stream, in bounded memory: one at a time, also out of a package of any length.
//!
//! Releases that are no compiled ones follow each other in files; those of one process that do are
//! merged. Others supersede each other as versions, which is all that a stream can do.

use super::head::{Head, head};
use super::merge::merge;
use super::node::Node;
use super::{Context, events, missing};
use crate::json::{DEPTH_MAX, Flaw, Scanner};
use crate::lines::{BYTE_ORDER_MARK, object_end, skip_line};
use crate::reject::{Reject, RejectCode};
use crate::source::Batch;
use crate::window::Window;
use memchr::{memchr, memchr3};
use plumbline_contract::json::Value;
use std::collections::BTreeMap;
use std::io;

/// Longest process, in bytes of JSON: hundreds of times an ordinary one. A package may be longer.
const PROCESS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A stream of processes.
#[derive(Debug)]
pub(crate) struct Processes {
    window: Window,
    split: Split,
    /// Pieces before the next.
    number: u64,
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Split {
    Lines,
    /// Objects, one after the other or in a list; `inside` the list of a package.
    Objects {
        inside: bool,
    },
}

/// Releases of one process that wait for more of them.
#[derive(Debug)]
struct Waiting {
    ocid: String,
    releases: Vec<String>,
    bytes: usize,
    /// Place of the first of them, and the pieces before it.
    byte: u64,
    before: u64,
    number: u64,
}

/// A piece of the stream: where it begins and how long it is.
struct Piece {
    len: usize,
    next: usize,
}

impl Processes {
    pub(crate) fn over(mut window: Window, lines: bool) -> Self {
        if window.bytes().starts_with(BYTE_ORDER_MARK) {
            window.consume(BYTE_ORDER_MARK.len());
        }
        let split = if lines { Split::Lines } else { Split::Objects { inside: false } };
        Self { window, split, number: 0, waiting: None }
    }

    pub(crate) fn window_mut(&mut self) -> &mut Window {
        &mut self.window
    }

    /// Everything before it has been given.
    pub(crate) fn position(&self) -> (u64, u64) {
        match &self.waiting {
            Some(waiting) => (waiting.byte, waiting.before),
            None => (self.window.offset(), self.number),
        }
    }

    /// Goes on at a place that [`Processes::position`] gave; false if the stream ends before. The
    /// stream is cut from its beginning, since only that tells whether the place is in a package.
    pub(crate) fn resume(&mut self, byte: u64, record: u64) -> io::Result<bool> {
        while self.window.offset() < byte {
            match self.cut()? {
                // What stands before a piece was passed; the place may be that of the piece.
                Some(Ok(piece)) if self.window.offset() < byte => self.window.consume(piece.next),
                Some(_) => {}
                None => break,
            }
        }
        self.number = record;
        if self.window.offset() < byte {
            return Ok(false);
        }
        let at_end = self.window.bytes().is_empty() && !self.window.more()?;
        if at_end && let Split::Objects { inside } = &mut self.split {
            // What is wrong with the end was said when the end was reached.
            *inside = false;
        }
        Ok(true)
    }

    /// Reads one piece into the batch; false at the end.
    pub(crate) fn step(&mut self, context: &Context<'_>, batch: &mut Batch) -> io::Result<bool> {
        let Some(cut) = self.cut()? else {
            self.settle(context, batch);
            return Ok(false);
        };
        let before = self.number;
        self.number += 1;
        match cut {
            Ok(piece) => {
                let byte = self.window.offset();
                let bytes = &self.window.bytes()[..piece.len];
                let blank = bytes.trim_ascii().is_empty();
                let read = if blank { Vec::new() } else { releases(bytes) };
                self.window.consume(piece.next);
                // What one piece says cannot be gone on with from its middle.
                let whole = read.len() > 1;
                for found in read {
                    match found {
                        Ok(release) => self.take(release, (byte, before), context, batch),
                        Err(reject) => self.refuse(reject.at(self.number, byte), context, batch),
                    }
                }
                if whole {
                    self.settle(context, batch);
                }
            }
            Err(reject) => {
                let byte = self.window.offset();
                self.refuse(reject.at(self.number, byte), context, batch);
            }
        }
        // The end belongs to the last piece: reading that goes on behind it does not come here again.
        if self.split != Split::Lines {
            self.pass_separators()?;
        }
        if let Some(reject) = self.unclosed() {
            let byte = self.window.offset();
            self.refuse(reject.at(self.number, byte), context, batch);
        }
        Ok(true)
    }

    /// What is wrong with the end of the stream, said once.
    fn unclosed(&mut self) -> Option<Reject> {
        let ended = self.window.bytes().is_empty() && self.window.ended();
        let inside = ended && self.split == (Split::Objects { inside: true });
        inside.then(|| {
            self.split = Split::Objects { inside: false };
            Reject::new(RejectCode::NotJson, "", "the package is not closed")
        })
    }

    fn refuse(&mut self, reject: Reject, context: &Context<'_>, batch: &mut Batch) {
        self.settle(context, batch);
        batch.rejects.push(reject);
    }

    fn take(
        &mut self,
        release: Release,
        (byte, before): (u64, u64),
        context: &Context<'_>,
        batch: &mut Batch,
    ) {
        let Release { ocid, text, compiled } = release;
        let fits = |waiting: &Waiting| {
            waiting.ocid == ocid && waiting.bytes + text.len() <= PROCESS_BYTES_MAX
        };
        if compiled || !self.waiting.as_ref().is_some_and(fits) {
            self.settle(context, batch);
        }
        let bytes = text.len();
        let number = self.number;
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            ocid,
            releases: Vec::new(),
            bytes: 0,
            byte,
            before,
            number,
        });
        waiting.releases.push(text);
        waiting.bytes += bytes;
        if compiled {
            self.settle(context, batch);
        }
    }

    /// Gives the events of the process that waits.
    fn settle(&mut self, context: &Context<'_>, batch: &mut Batch) {
        let Some(waiting) = self.waiting.take() else { return };
        let answer = match &waiting.releases[..] {
            [one] => events(one, context),
            several => events(&merge(several), context),
        };
        match answer {
            Ok(events) => batch.events.extend(events),
            Err(reject) => batch.rejects.push(reject.at(waiting.number, waiting.byte)),
        }
    }

    /// The next piece, which begins where the window does; `None` at the end. What is refused has
    /// been consumed.
    fn cut(&mut self) -> io::Result<Option<Result<Piece, Reject>>> {
        loop {
            if let Split::Objects { .. } = self.split {
                self.pass_separators()?;
            }
            let (held, ended) = (self.window.bytes(), self.window.ended());
            if held.is_empty() && ended {
                return Ok(self.unclosed().map(Err));
            }
            let found = match self.split {
                Split::Lines => memchr(b'\n', held).map(|at| Piece { len: at, next: at + 1 }),
                Split::Objects { inside } => match self.enter(inside) {
                    Some(start) => {
                        self.window.consume(start);
                        self.split = Split::Objects { inside: true };
                        continue;
                    }
                    None => object(held).map(|len| Piece { len, next: len }),
                },
            };
            let found = found.or_else(|| {
                let len = held.len();
                ended.then_some(Piece { len, next: len })
            });
            match found {
                Some(piece) if piece.len <= PROCESS_BYTES_MAX => return Ok(Some(Ok(piece))),
                None if held.len() <= PROCESS_BYTES_MAX => {
                    // Twice as much, so that looking again from the beginning stays cheap.
                    let enough = held.len() * 2;
                    while self.window.more()? && self.window.bytes().len() < enough {}
                }
                _ => return self.skip().map(|len| Some(Err(too_long(len)))),
            }
        }
    }

    /// Where the processes of the package begin that the window begins with, if it is one that need
    /// not be held as a whole.
    fn enter(&self, inside: bool) -> Option<usize> {
        let held = self.window.bytes();
        if inside || held.first() != Some(&b'{') {
            return None;
        }
        match head(held) {
            Head::Package(start) => Some(start),
            // A record of this length is refused anyhow.
            Head::Either(start) if held.len() > PROCESS_BYTES_MAX => Some(start),
            _ => None,
        }
    }

    /// Passes what stands between processes; behind the list of a package the rest of the package.
    fn pass_separators(&mut self) -> io::Result<()> {
        loop {
            let held = self.window.bytes();
            let n = held.iter().take_while(|byte| is_separator(**byte)).count();
            let Split::Objects { inside } = self.split else { return Ok(()) };
            let close = memchr(b']', &held[..n]).filter(|_| inside);
            if let Some(close) = close {
                self.window.consume(close + 1);
                self.split = Split::Objects { inside: false };
                self.leave(1)?;
                continue;
            }
            let all = n == held.len();
            self.window.consume(n);
            if !all || !self.window.more()? {
                return Ok(());
            }
        }
    }

    /// Consumes up to the end of the object whose inside the window begins in; the bytes of it.
    fn leave(&mut self, depth: usize) -> io::Result<usize> {
        let start = self.window.offset();
        let (mut depth, mut quoted, mut escaped) = (depth, false, false);
        loop {
            let held = self.window.bytes();
            let mut n = 0;
            for byte in held {
                n += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            self.window.consume(n);
            if depth == 0 || !self.window.more()? {
                return Ok(usize::try_from(self.window.offset() - start).unwrap_or(usize::MAX));
            }
        }
    }

    /// Consumes a piece that is too long to hold.
    fn skip(&mut self) -> io::Result<usize> {
        if self.split == Split::Lines || self.window.bytes().first() != Some(&b'{') {
            return skip_line(&mut self.window);
        }
        self.window.consume(1);
        self.leave(1)
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b',' | b'[' | b']')
}

fn object(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'{') { object_end(bytes) } else { memchr3(b'{', b'\n', b']', bytes) }
}

fn too_long(bytes: usize) -> Reject {
    let size = format!("{bytes} bytes, {PROCESS_BYTES_MAX} allowed");
    Reject::new(RejectCode::LineTooLong, "", &size)
}

/// A release that stands for a process, or a part of one.
struct Release {
    ocid: String,
    text: String,
    /// Whether it needs no others.
    compiled: bool,
}

/// The releases of a piece: one, those of a record, or those of a package that was held as a whole.
fn releases(bytes: &[u8]) -> Vec<Result<Release, Reject>> {
    let text = match valid(bytes) {
        Ok(text) => text,
        Err(reject) => return vec![Err(reject)],
    };
    let node = Node::of(text);
    let lists = ["records", "releases"].map(|name| node.get(name));
    if node.get("ocid").is_some() || lists == [None, None] {
        return vec![one(text)];
    }
    let items = lists.into_iter().flatten().flat_map(Value::items);
    gathered(items.map(|item| match item {
        Value::Object(item) => one(item),
        _ => Err(Reject::new(RejectCode::NotAnObject, "", "")),
    }))
}

/// Those of one process next to each other, in the order in which each process first occurs.
fn gathered(found: impl Iterator<Item = Result<Release, Reject>>) -> Vec<Result<Release, Reject>> {
    let mut groups: Vec<Vec<Result<Release, Reject>>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for item in found {
        let known = item.as_ref().ok().and_then(|release| places.get(&release.ocid));
        match known {
            Some(place) => groups[*place].push(item),
            None => {
                if let Ok(release) = &item {
                    places.insert(release.ocid.clone(), groups.len());
                }
                groups.push(vec![item]);
            }
        }
    }
    groups.into_iter().flatten().collect()
}

/// A release, or of a record its compiled release, else its releases as one.
fn one(text: &str) -> Result<Release, Reject> {
    let node = Node::of(text);
    if let Some(Value::Object(compiled)) = node.get("compiledRelease") {
        let ocid = Node::of(compiled).id("ocid").or_else(|| node.id("ocid"));
        let ocid = ocid.ok_or_else(|| missing("ocid"))?;
        return Ok(Release { ocid, text: compiled.to_owned(), compiled: true });
    }
    let ocid = node.id("ocid").ok_or_else(|| missing("ocid"))?;
    if let Some(releases @ Value::Array(_)) = node.get("releases") {
        let mut embedded: Vec<String> = Vec::new();
        for release in releases.items() {
            // A linked release has its address only; what it says is not here.
            match release {
                Value::Object(text) if Node::of(text).get("ocid").is_some() => {
                    embedded.push(text.to_owned());
                }
                _ => return Err(missing("compiledRelease")),
            }
        }
        if embedded.is_empty() {
            return Err(missing("compiledRelease"));
        }
        return Ok(Release { ocid, text: merge(&embedded), compiled: true });
    }
    let tags = node.get("tag").map(|tags| tags.items().filter_map(Value::text).collect::<Vec<_>>());
    let compiled = tags.is_none_or(|tags| tags.is_empty() || tags.iter().any(|t| t == "compiled"));
    Ok(Release { ocid, text: text.to_owned(), compiled })
}

/// The text of a piece, once it is known to be JSON.
fn valid(bytes: &[u8]) -> Result<&str, Reject> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Reject::new(RejectCode::InvalidUtf8, "", &format!("byte {}", error.valid_up_to()))
    })?;
    let mut scanner = Scanner::new(text);
    if !matches!(scanner.peek(), Some(b'{')) {
        return Err(Reject::new(RejectCode::NotAnObject, "", text));
    }
    let read = scanner.object("", &mut Vec::new()).and_then(|_| scanner.end());
    read.map_err(|flaw| match flaw {
        Flaw::Syntax(at) => Reject::new(RejectCode::NotJson, "", &format!("byte {at}")),
        Flaw::Depth(at) => {
            Reject::new(RejectCode::TooDeep, "", &format!("byte {at}, {DEPTH_MAX} allowed"))
        }
    })?;
    Ok(text)
}
