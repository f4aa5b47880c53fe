//! Where commands write: results to one stream, progress and errors to the other, for people in
//! their language or for programs as JSON.
//!
//! Writing never fails a command in the middle: a reader that has gone away ends the output quietly,
//! anything else is told at the end.

use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use serde::Serialize;
use std::io::{self, Write};

/// What the streams can show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Colours on the stream of results.
    pub colour: bool,
    /// Progress bars on the other.
    pub progress: bool,
}

/// See the module.
pub struct Out<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    pub lang: Lang,
    pub json: bool,
    pub terminal: Terminal,
    failed: Option<io::Error>,
}

impl std::fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").field("lang", &self.lang).field("json", &self.json).finish()
    }
}

impl<'a> Out<'a> {
    pub fn new(out: &'a mut dyn Write, err: &'a mut dyn Write, terminal: Terminal) -> Self {
        Self { out, err, lang: Lang::default(), json: false, terminal, failed: None }
    }

    /// A line of the result.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.raw(line.as_ref().as_bytes());
        self.raw(b"\n");
    }

    /// Bytes of the result as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
    }

    /// A message of the catalogue as a line of the result.
    pub fn say(&mut self, key: &str, values: &[(&str, &str)]) {
        self.line(text::say(self.lang, key, values));
    }

    /// A message of the catalogue about progress; not for programs.
    pub fn note(&mut self, key: &str, values: &[(&str, &str)]) {
        if !self.json {
            self.complain(text::say(self.lang, key, values));
        }
    }

    /// A line for the other stream. If that is gone, there is nobody left to tell.
    pub fn complain(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.err, "{}", line.as_ref());
    }

    /// Bytes for the other stream as they are.
    pub fn aside(&mut self, bytes: &[u8]) {
        let _ = self.err.write_all(bytes);
    }

    /// One JSON object on a line of the result.
    pub fn object(&mut self, value: &impl Serialize) {
        let text = serde_json::to_string(value).expect("results have only keys that are texts");
        self.line(text);
    }

    /// The sentence of a key in the language of this run.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        text::say(self.lang, key, &[])
    }

    /// Hands on what was written so far, for a command that goes on for long.
    pub fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.out.flush().err();
        }
    }

    /// An error in words, or as one JSON object.
    pub fn error(&mut self, error: &AppError) {
        let key = format!("error.{}", error.message);
        let values = [("detail", error.detail.as_str())];
        let (zh, en) = (text::say(Lang::Zh, &key, &values), text::say(Lang::En, &key, &values));
        if self.json {
            let object = serde_json::json!({
                "error": error.message, "zh": zh, "en": en, "detail": error.detail,
            });
            return self.complain(object.to_string());
        }
        self.complain(self.lang.pick(&zh, &en));
    }

    /// What went wrong in writing, if anything but a reader who has gone away.
    pub fn finish(&mut self) -> Result<(), AppError> {
        self.flush();
        match self.failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(AppError::new(Kind::Failed, "output", error))
            }
            _ => Ok(()),
        }
    }
}
