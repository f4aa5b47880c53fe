//! One event as a line of JSON: a CloudEvents envelope and its payload, written by hand, because a
//! year has a million and a half of them.

use crate::book::{Blank, Book, Number, Register};
use plumbline_contract::time::{Day, Local, MS_PER_MINUTE};

/// Who reports: the connector, the department and its region.
#[derive(Clone, Debug)]
pub(crate) struct Office {
    pub(crate) source: &'static str,
    pub(crate) dept: String,
    pub(crate) region: String,
}

/// See the module. Fields of the payload come in the order of the calls.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    book: &'a mut Book,
    kind: &'static str,
    office: &'a Office,
    at: Local,
    recorded: Local,
    corrected: Option<Local>,
    actor: &'a str,
    id: Option<u64>,
    version: u32,
    blank: Option<Blank>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(
        book: &'a mut Book,
        kind: &'static str,
        office: &'a Office,
        at: Local,
    ) -> Self {
        Self {
            book,
            kind,
            office,
            at,
            recorded: at,
            corrected: None,
            actor: "",
            id: None,
            version: 1,
            blank: None,
        }
    }

    /// The row was created so many minutes after it happened.
    pub(crate) fn lag(mut self, minutes: i64) -> Self {
        self.recorded = self.at.plus_minutes(minutes);
        self
    }

    pub(crate) fn recorded(mut self, recorded: Local) -> Self {
        self.recorded = recorded;
        self
    }

    pub(crate) fn actor(mut self, actor: &'a str) -> Self {
        self.actor = actor;
        self
    }

    /// A correction of an earlier event, made at a moment.
    pub(crate) fn corrects(mut self, id: u64, version: u32, corrected: Local) -> Self {
        (self.id, self.version, self.corrected) = (Some(id), version, Some(corrected));
        self
    }

    fn name(&mut self, name: &str) {
        let data = &mut self.book.data;
        data.push(if data.is_empty() { '{' } else { ',' });
        data.push('"');
        data.push_str(name);
        data.push_str("\":");
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        put_text(&mut self.book.data, value);
        self
    }

    pub(crate) fn int(mut self, name: &str, value: i64) -> Self {
        self.name(name);
        push_int(&mut self.book.data, value);
        self
    }

    /// Millionths as a decimal, for instance a latitude.
    pub(crate) fn micro(mut self, name: &str, value: i64) -> Self {
        self.name(name);
        push_micro(&mut self.book.data, value);
        self
    }

    pub(crate) fn flag(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.book.data.push_str(if value { "true" } else { "false" });
        self
    }

    pub(crate) fn day(mut self, name: &str, day: Day) -> Self {
        self.name(name);
        let data = &mut self.book.data;
        data.push('"');
        push_day(data, day);
        data.push('"');
        self
    }

    pub(crate) fn time(mut self, name: &str, at: Local) -> Self {
        self.name(name);
        let data = &mut self.book.data;
        data.push('"');
        push_time(data, at);
        data.push('"');
        self
    }

    pub(crate) fn texts<T: AsRef<str>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        self.name(name);
        let data = &mut self.book.data;
        data.push('[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                data.push(',');
            }
            put_text(data, value.as_ref());
        }
        data.push(']');
        self
    }

    /// JSON that is written already, such as a list of objects.
    pub(crate) fn json(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.book.data.push_str(json);
        self
    }

    /// A running number of a register, given when the line is sent.
    pub(crate) fn number(mut self, name: &str, register: Register, number: Number) -> Self {
        self.name(name);
        self.blank = Some(Blank { register, number, offset: self.book.data.len() });
        self
    }

    /// Leaves the field out if there is nothing to say.
    pub(crate) fn maybe(self, name: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.text(name, value) }
    }

    /// Keeps the line; returns the number of the event, which [`name_of`] turns into its `id`.
    pub(crate) fn done(self) -> u64 {
        let Self { book, kind, office, at, recorded, corrected, actor, id, version, blank } = self;
        let id = id.unwrap_or_else(|| book.mark());
        book.data.push('}');
        book.keep(corrected.unwrap_or(recorded), id, kind, |page, data| {
            let start = page.len();
            page.extend_from_slice(b"{\"specversion\":\"1.0\",\"id\":\"");
            page.extend_from_slice(name_of(id).as_bytes());
            put_plain(page, "\",\"source\":\"", office.source);
            put_plain(page, "\",\"type\":\"", kind);
            put_stamp(page, "\",\"time\":\"", at);
            put_stamp(page, "\",\"recordedtime\":\"", recorded);
            if let Some(corrected) = corrected {
                put_stamp(page, "\",\"correctedtime\":\"", corrected);
            }
            put_plain(page, "\",\"region\":\"", &office.region);
            put_plain(page, "\",\"dept\":\"", &office.dept);
            if !actor.is_empty() {
                put_plain(page, "\",\"actor\":\"", actor);
            }
            page.push(b'"');
            if version > 1 {
                page.extend_from_slice(b",\"dataversion\":");
                put_int(page, i64::from(version));
            }
            page.extend_from_slice(b",\"data\":");
            let before = page.len() - start;
            page.extend_from_slice(data.as_bytes());
            page.extend_from_slice(b"}\n");
            blank.map(|blank| Blank { offset: blank.offset + before, ..blank })
        });
        id
    }
}

/// The CloudEvents `id` of an event's number.
pub(crate) fn name_of(id: u64) -> String {
    format!("y{id:07}")
}

fn put_plain(page: &mut Vec<u8>, before: &str, text: &str) {
    page.extend_from_slice(before.as_bytes());
    page.extend_from_slice(text.as_bytes());
}

fn put_stamp(page: &mut Vec<u8>, before: &str, at: Local) {
    let mut text = String::with_capacity(32);
    push_time(&mut text, at);
    put_plain(page, before, &text);
}

pub(crate) fn put_int(page: &mut Vec<u8>, value: i64) {
    let mut text = String::with_capacity(20);
    push_int(&mut text, value);
    page.extend_from_slice(text.as_bytes());
}

/// A text with its quotes; only what JSON demands is escaped.
pub(crate) fn put_text(data: &mut String, value: &str) {
    data.push('"');
    if value.bytes().any(|byte| byte == b'"' || byte == b'\\' || byte < b' ') {
        for c in value.chars() {
            match c {
                '"' | '\\' => data.extend(['\\', c]),
                '\n' => data.push_str("\\n"),
                c if c < ' ' => data.push(' '),
                c => data.push(c),
            }
        }
    } else {
        data.push_str(value);
    }
    data.push('"');
}

pub(crate) fn push_int(data: &mut String, value: i64) {
    if value < 0 {
        data.push('-');
    }
    let mut digits = [0_u8; 20];
    let (mut rest, mut place) = (value.unsigned_abs(), digits.len());
    loop {
        place -= 1;
        digits[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    data.extend(digits[place..].iter().map(|digit| char::from(*digit)));
}

/// Millionths as a decimal with six places.
pub(crate) fn push_micro(data: &mut String, value: i64) {
    let whole = value.unsigned_abs() / 1_000_000;
    if value < 0 {
        data.push('-');
    }
    push_int(data, whole as i64);
    data.push('.');
    push_padded(data, value.unsigned_abs() % 1_000_000, 6);
}

fn push_padded(data: &mut String, value: u64, width: u32) {
    let mut unit = 10_u64.pow(width - 1);
    for _ in 0..width {
        data.push(char::from(b'0' + (value / unit % 10) as u8));
        unit = (unit / 10).max(1);
    }
}

pub(crate) fn push_day(data: &mut String, day: Day) {
    let (year, month, of_month) = day.ymd();
    push_padded(data, year as u64, 4);
    data.push('-');
    push_padded(data, month.into(), 2);
    data.push('-');
    push_padded(data, of_month.into(), 2);
}

/// RFC 3339 to the second, in China's time zone.
pub(crate) fn push_time(data: &mut String, at: Local) {
    push_day(data, at.day());
    let minute = at.minute_of_day() as u64;
    data.push('T');
    push_padded(data, minute / 60, 2);
    data.push(':');
    push_padded(data, minute % 60, 2);
    data.push(':');
    push_padded(data, (at.ms_of_day() % MS_PER_MINUTE / 1000) as u64, 2);
    data.push_str("+08:00");
}
