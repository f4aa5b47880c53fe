//! A streaming reader of XES event logs (IEEE 1849), one trace at a time.
//!
//! It is a pull scanner made for XES: attributes are ranges of the window on the stream, nothing
//! is copied until it is asked for. Nested attributes, extensions, globals and classifiers are
//! passed over. Broken XML ends the log with a reject that names the byte; the events before it
//! count. It expands no entities but the five of XML and character references, and accepts no
//! document type: a log from outside cannot make it read or grow anything.

mod token;

use crate::mapping::{Lookup, Scope};
use crate::reject::{Reject, RejectCode};
use crate::window::Window;
use std::borrow::Cow;
use std::io::{self, Read};
use token::{Scan, Tag, Token};

/// Largest trace that is held, in bytes of XML. The largest of the public logs is below 1 MiB.
pub const TRACE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most events of one trace. Also the most by which a batch can grow beyond its size.
pub const TRACE_EVENTS_MAX: usize = 10_000;
/// Deepest nesting of elements.
const DEPTH_MAX: usize = 64;

/// What the log holds next.
#[derive(Debug)]
pub enum Found<'a> {
    Trace(Trace<'a>),
    Reject(Reject),
}

/// One case of the log.
#[derive(Debug)]
pub struct Trace<'a> {
    /// The XML of the trace.
    text: &'a str,
    attributes: &'a [Attribute],
    event_attributes: &'a [Attribute],
    /// Ends of the events in `event_attributes`.
    events: &'a [u32],
    /// Number of the trace in the log, counted from 1.
    pub number: u64,
    /// Where it begins in the uncompressed stream.
    pub byte: u64,
}

/// Ranges of `Trace::text`.
#[derive(Clone, Copy, Debug)]
struct Attribute {
    key: (u32, u32),
    value: (u32, u32),
}

impl<'a> Trace<'a> {
    #[must_use]
    pub fn n_events(&self) -> usize {
        self.events.len()
    }

    /// The attributes of the trace itself as they are written: key and value, entities and all.
    pub fn raw_attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.attributes.iter().map(|attribute| self.raw(attribute))
    }

    /// The same of event number `index`, counted from 0.
    pub fn raw_event_attributes(
        &self,
        index: usize,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.of_event(index).iter().map(|attribute| self.raw(attribute))
    }

    pub(crate) fn event(&self, index: usize) -> TraceEvent<'_> {
        TraceEvent { trace: self, attributes: self.of_event(index) }
    }

    fn of_event(&self, index: usize) -> &'a [Attribute] {
        let start = index.checked_sub(1).map_or(0, |before| self.events[before]);
        &self.event_attributes[start as usize..self.events[index] as usize]
    }

    fn raw(&self, attribute: &Attribute) -> (&'a str, &'a str) {
        let piece = |(start, end): (u32, u32)| &self.text[start as usize..end as usize];
        (piece(attribute.key), piece(attribute.value))
    }

    fn find(&self, attributes: &[Attribute], name: &str) -> Result<Option<Cow<'a, str>>, Reject> {
        for attribute in attributes {
            let (key, value) = self.raw(attribute);
            let same = key == name
                || (key.contains('&') && decode(key).is_some_and(|decoded| decoded == name));
            if same {
                let bad = || Reject::new(RejectCode::BadValue, name, value);
                return decode(value).map(Some).ok_or_else(bad);
            }
        }
        Ok(None)
    }
}

impl Lookup for Trace<'_> {
    fn get(&self, scope: Scope, name: &str) -> Result<Option<Cow<'_, str>>, Reject> {
        match scope {
            Scope::Trace => self.find(self.attributes, name),
            Scope::Event => Ok(None),
        }
    }
}

/// One event of a trace.
#[derive(Debug)]
pub(crate) struct TraceEvent<'a> {
    trace: &'a Trace<'a>,
    attributes: &'a [Attribute],
}

impl Lookup for TraceEvent<'_> {
    fn get(&self, scope: Scope, name: &str) -> Result<Option<Cow<'_, str>>, Reject> {
        match scope {
            Scope::Trace => self.trace.find(self.trace.attributes, name),
            Scope::Event => self.trace.find(self.attributes, name),
        }
    }
}

/// The value of an XML attribute: references resolved, white space to blanks. `None` for an
/// unknown entity or an impossible character.
#[must_use]
pub fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.bytes().any(|byte| matches!(byte, b'&' | b'\n' | b'\t' | b'\r')) {
        return Some(Cow::Borrowed(raw));
    }
    let raw = raw.replace("\r\n", " ").replace(['\n', '\t', '\r'], " ");
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.as_str();
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let (name, tail) = after.split_once(';')?;
        text.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                // XML 1.0 has no control characters but these three.
                char::from_u32(code).filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r'))?
            }
        });
        rest = tail;
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// Reads the traces of a log one after the other.
#[derive(Debug)]
pub struct Traces {
    window: Window,
    /// How far the bytes held have been scanned.
    at: usize,
    open: Names,
    attributes: Vec<Attribute>,
    event_attributes: Vec<Attribute>,
    events: Vec<u32>,
    in_trace: bool,
    in_event: bool,
    /// Why the trace is passed over.
    too_large: bool,
    trace_byte: u64,
    number: u64,
    rooted: bool,
    finished: bool,
    last_reject: Option<Reject>,
    /// Of an event outside a trace that is being passed over.
    stray: Option<Reject>,
}

/// What a step of the scanner led to.
enum Step {
    On,
    Trace,
    Reject(Reject),
    Broken(usize, String),
}

impl Traces {
    /// Reads a log from plain XML.
    pub fn new(reader: impl Read + Send + 'static) -> Self {
        Self::over(Window::new(Box::new(reader)))
    }

    pub(crate) fn over(window: Window) -> Self {
        Self {
            window,
            at: 0,
            open: Names::default(),
            attributes: Vec::new(),
            event_attributes: Vec::new(),
            events: Vec::new(),
            in_trace: false,
            in_event: false,
            too_large: false,
            trace_byte: 0,
            number: 0,
            rooted: false,
            finished: false,
            last_reject: None,
            stray: None,
        }
    }

    /// Goes on at `byte`, before which `number` traces ended; false if the stream ends before.
    pub(crate) fn resume(&mut self, byte: u64, number: u64) -> io::Result<bool> {
        if byte > 0 {
            self.number = number;
            self.rooted = true;
            self.open.push(b"log");
        }
        let found = self.window.skip_to(byte)?;
        // What is wrong with the end was said when the end was reached.
        self.finished = byte > 0 && self.window.bytes().is_empty() && !self.window.more()?;
        Ok(found)
    }

    /// To be called after each trace: what is wrong with the end, if this was the end. After it the
    /// position is one to go on from.
    pub(crate) fn settle(&mut self) -> io::Result<Option<Reject>> {
        if !self.finished && self.at == self.window.bytes().len() && !self.window.more()? {
            self.finish(self.at, "the log ends early");
        }
        if self.finished {
            self.in_trace = false;
            self.at = 0;
            loop {
                self.window.consume(self.window.bytes().len());
                if !self.window.more()? {
                    break;
                }
            }
        }
        Ok(self.last_reject.take())
    }

    fn finish(&mut self, at: usize, reason: &str) {
        let mut reject = Reject::new(RejectCode::BrokenXml, "", reason);
        reject.byte = Some(self.window.offset() + at as u64);
        self.last_reject = Some(reject);
        self.finished = true;
    }

    /// Where the next trace will be looked for, and how many came before.
    pub(crate) fn position(&self) -> (u64, u64) {
        (self.window.offset() + self.at as u64, self.number)
    }

    pub(crate) fn window_mut(&mut self) -> &mut Window {
        &mut self.window
    }

    /// The next trace or reject; `None` at the end.
    pub fn next_found(&mut self) -> io::Result<Option<Found<'_>>> {
        self.forget_trace();
        loop {
            if let Some(reject) = self.last_reject.take() {
                return Ok(Some(Found::Reject(reject)));
            }
            if self.finished {
                return Ok(None);
            }
            match self.step()? {
                Step::On => {}
                Step::Trace => return Ok(Some(self.trace())),
                Step::Reject(reject) => return Ok(Some(Found::Reject(reject))),
                Step::Broken(at, reason) => {
                    self.finish(at, &reason);
                    // What was complete before the fault counts.
                    if self.in_trace && !self.too_large && !self.events.is_empty() {
                        self.number += 1;
                        return Ok(Some(self.trace()));
                    }
                }
            }
        }
    }

    /// Lets go of the trace that was given last.
    fn forget_trace(&mut self) {
        if !self.in_trace && self.at > 0 {
            self.window.consume(self.at);
            self.at = 0;
        }
    }

    fn trace(&self) -> Found<'_> {
        let number = self.number;
        match std::str::from_utf8(&self.window.bytes()[..self.at]) {
            Ok(text) => Found::Trace(Trace {
                text,
                attributes: &self.attributes,
                event_attributes: &self.event_attributes,
                events: &self.events,
                number,
                byte: self.trace_byte,
            }),
            Err(error) => {
                let byte = self.trace_byte + error.valid_up_to() as u64;
                Found::Reject(Reject::new(RejectCode::InvalidUtf8, "", "").at(number, byte))
            }
        }
    }

    fn step(&mut self) -> io::Result<Step> {
        let held = self.window.bytes();
        let (token, next) = match token::scan(held, self.at) {
            Scan::Token(token, next) => (token, next),
            Scan::Broken(at, reason) => return Ok(Step::Broken(at, reason.to_owned())),
            Scan::More if self.window.ended() => return Ok(self.end()),
            Scan::More if held.len() - self.at > TRACE_BYTES_MAX => {
                return Ok(Step::Broken(self.at, "a tag does not end".to_owned()));
            }
            Scan::More => {
                if self.in_trace && held.len() > TRACE_BYTES_MAX {
                    self.too_large = true;
                }
                self.drop_scanned();
                self.window.more()?;
                return Ok(Step::On);
            }
        };
        Ok(match token {
            Token::Other => {
                self.at = next;
                Step::On
            }
            Token::Start(tag) => self.start(tag, next),
            Token::End(name) => self.close(name, next),
        })
    }

    /// Outside a trace, and in one that is passed over, what has been scanned is not needed.
    fn drop_scanned(&mut self) {
        if !self.in_trace || self.too_large {
            self.window.consume(self.at);
            self.at = 0;
        }
    }

    fn end(&mut self) -> Step {
        if self.open.depth() > 0 || !self.rooted {
            let at = self.window.bytes().len();
            let reason = if self.rooted { "the log ends early" } else { "there is no <log>" };
            return Step::Broken(at, reason.to_owned());
        }
        self.finished = true;
        Step::On
    }

    fn start(&mut self, tag: Tag, mut next: usize) -> Step {
        let name = &self.window.bytes()[tag.name.0 as usize..tag.name.1 as usize];
        let local = local_name(name);
        let depth = self.open.depth();
        match depth {
            0 if self.rooted => {
                return Step::Broken(self.at, "something follows the end of the log".to_owned());
            }
            0 if local != b"log" => {
                let name = String::from_utf8_lossy(name);
                return Step::Broken(self.at, format!("the root is <{name}>, not <log>"));
            }
            0 => self.rooted = true,
            1 if local == b"event" => {
                let byte = Some(self.window.offset() + u64::from(tag.name.0) - 1);
                let reject = Reject::new(RejectCode::EventOutsideTrace, "", "");
                self.stray = Some(Reject { byte, ..reject });
            }
            2 if self.in_trace && local == b"event" => {
                self.in_event = true;
                self.too_large |= self.events.len() >= TRACE_EVENTS_MAX;
            }
            2 if self.in_trace && !self.too_large => push(&mut self.attributes, &tag),
            3 if self.in_event && !self.too_large => push(&mut self.event_attributes, &tag),
            DEPTH_MAX => return Step::Broken(self.at, "nested too deep".to_owned()),
            _ => {}
        }
        let begins_trace = depth == 1 && local == b"trace";
        self.open.push(name);
        if begins_trace {
            next -= self.begin_trace(tag.name.0 as usize - 1);
        }
        self.at = next;
        if tag.empty { self.pop(next) } else { Step::On }
    }

    /// Makes the trace the first thing held; by how many bytes everything moved.
    fn begin_trace(&mut self, at: usize) -> usize {
        self.window.consume(at);
        self.trace_byte = self.window.offset();
        self.attributes.clear();
        self.event_attributes.clear();
        self.events.clear();
        self.in_trace = true;
        self.too_large = false;
        at
    }

    fn close(&mut self, name: (u32, u32), next: usize) -> Step {
        let name = &self.window.bytes()[name.0 as usize..name.1 as usize];
        if !self.open.is_top(name) {
            let name = String::from_utf8_lossy(name);
            return Step::Broken(self.at, format!("</{name}> closes nothing"));
        }
        self.pop(next)
    }

    fn pop(&mut self, next: usize) -> Step {
        self.at = next;
        self.open.pop();
        match self.open.depth() {
            2 if self.in_event => {
                self.in_event = false;
                if !self.too_large {
                    self.events.push(self.event_attributes.len() as u32);
                }
                Step::On
            }
            1 if self.in_trace => {
                self.in_trace = false;
                self.number += 1;
                if !self.too_large {
                    return Step::Trace;
                }
                let reject = Reject::new(RejectCode::TraceTooLarge, "", "");
                Step::Reject(reject.at(self.number, self.trace_byte))
            }
            // Said at its end, so that reading can go on from there.
            1 => self.stray.take().map_or(Step::On, Step::Reject),
            _ => Step::On,
        }
    }
}

fn push(attributes: &mut Vec<Attribute>, tag: &Tag) {
    if let (Some(key), Some(value)) = (tag.key, tag.value) {
        attributes.push(Attribute { key, value });
    }
}

/// The name without a namespace prefix.
fn local_name(name: &[u8]) -> &[u8] {
    match name.iter().position(|byte| *byte == b':') {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

/// The names of the elements that are open.
#[derive(Debug, Default)]
struct Names {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Names {
    fn depth(&self) -> usize {
        self.starts.len()
    }

    fn push(&mut self, name: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(name);
    }

    fn is_top(&self, name: &[u8]) -> bool {
        match self.starts.last() {
            // The root is a log under whatever prefix, also where reading began behind it.
            Some(_) if self.depth() == 1 => {
                name.rsplit(|byte| *byte == b':').next() == Some(b"log")
            }
            Some(start) => &self.bytes[*start..] == name,
            None => false,
        }
    }

    fn pop(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.bytes.truncate(start);
        }
    }
}
