//! A lean reader for payloads: finds the fields of one JSON object without building a tree.
//!
//! The host stores only payloads that are valid JSON, so this reader does not validate: on text
//! that is not JSON it finds fewer fields, and never panics. A plugin spends most of its time on
//! reading payloads, which is why this is not `serde_json` (measured in `tests/benches`).

use std::borrow::Cow;

/// One value, not yet interpreted further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// The number as written.
    Number(&'a str),
    /// The text between the quotes; `escaped` if it contains a backslash.
    Text {
        raw: &'a str,
        escaped: bool,
    },
    /// With its brackets.
    Array(&'a str),
    /// With its braces.
    Object(&'a str),
}

impl<'a> Value<'a> {
    /// A text without its escapes.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text { raw, escaped: false } => Some(Cow::Borrowed(raw)),
            Self::Text { raw, escaped: true } => Some(Cow::Owned(unescape(raw))),
            _ => None,
        }
    }

    /// A whole number; `1.0` and `1e2` are not.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        match self {
            Self::Number(raw) => raw.parse().ok(),
            _ => None,
        }
    }

    #[must_use]
    pub fn float(self) -> Option<f64> {
        match self {
            Self::Number(raw) => raw.parse().ok(),
            _ => None,
        }
    }

    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is null, `""`, `[]` or `{}`: present, but saying nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        match self {
            Self::Null => true,
            Self::Text { raw, .. } => raw.is_empty(),
            Self::Array(raw) | Self::Object(raw) => raw[1..raw.len() - 1].trim_ascii().is_empty(),
            _ => false,
        }
    }

    /// The elements of a list; nothing for any other value.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        match self {
            Self::Array(raw) => Items { reader: Reader { text: raw, at: 1 } },
            _ => Items { reader: Reader { text: "", at: 0 } },
        }
    }

    /// The fields of an object; none for any other value.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        match self {
            Self::Object(raw) => Object::parse(raw),
            _ => Object::default(),
        }
    }
}

/// The fields of one object, in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub struct Object<'a> {
    fields: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// Finds the fields of the object that `text` holds.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut reader = Reader { text, at: 0 };
        let mut fields = Vec::with_capacity(12);
        if !reader.eat(b'{') {
            return Self { fields };
        }
        while let Some(name) = reader.name() {
            if !reader.eat(b':') {
                break;
            }
            let Some(value) = reader.value() else { break };
            fields.push((name, value));
            if !reader.eat(b',') {
                break;
            }
        }
        Self { fields }
    }

    /// The field of that name. Names with escapes are not found; no schema has such a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
    }

    #[must_use]
    pub fn fields(&self) -> &[(&'a str, Value<'a>)] {
        &self.fields
    }
}

/// Finds one field of the object that `text` holds, without looking beyond it.
#[must_use]
pub fn find<'a>(text: &'a str, name: &str) -> Option<Value<'a>> {
    let mut reader = Reader { text, at: 0 };
    if !reader.eat(b'{') {
        return None;
    }
    while let Some(field) = reader.name() {
        if !reader.eat(b':') {
            break;
        }
        let value = reader.value()?;
        if field == name {
            return Some(value);
        }
        if !reader.eat(b',') {
            break;
        }
    }
    None
}

/// Elements of a list.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let value = self.reader.value()?;
        self.reader.eat(b',');
        Some(value)
    }
}

#[derive(Clone, Debug)]
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

// What the loops over fields call for each is inlined: in the sandbox a call costs as much as reading
// a short text.
impl<'a> Reader<'a> {
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline(always)]
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The name of a field, as it is written.
    #[inline(always)]
    fn name(&mut self) -> Option<&'a str> {
        if self.peek()? == b'"' { self.string().map(|(raw, _)| raw) } else { None }
    }

    #[inline(always)]
    fn value(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.string().map(|(raw, escaped)| Value::Text { raw, escaped }),
            b'{' => self.nested().map(Value::Object),
            b'[' => self.nested().map(Value::Array),
            b't' => self.word("true").then_some(Value::Bool(true)),
            b'f' => self.word("false").then_some(Value::Bool(false)),
            b'n' => self.word("null").then_some(Value::Null),
            b'-' | b'0'..=b'9' => Some(self.number()),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn number(&mut self) -> Value<'a> {
        let rest = &self.text.as_bytes()[self.at..];
        let of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = rest.iter().take_while(of_number).count();
        let raw = &self.text[self.at..self.at + len];
        self.at += len;
        Value::Number(raw)
    }

    #[inline(always)]
    fn string(&mut self) -> Option<(&'a str, bool)> {
        let start = self.at + 1;
        let (end, escaped) = string_end(self.text.as_bytes(), start)?;
        self.at = end + 1;
        Some((&self.text[start..end], escaped))
    }

    /// An object or a list with all that is inside, found by counting brackets.
    fn nested(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut depth = 0usize;
        let mut at = start;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at + 1)?.0,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at = at + 1;
                        return Some(&self.text[start..=at]);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }
}

/// Where the closing quote stands, and whether there is a backslash before it.
#[inline(always)]
fn string_end(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut escaped = false;
    loop {
        at += plain_len(bytes.get(at..)?);
        match bytes.get(at)? {
            b'"' => return Some((at, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            // A control character has no place in a text, but the host stores what a parser let by.
            _ => at += 1,
        }
    }
}

/// How many bytes at the start need no care in a text: neither a quote nor a backslash nor a control
/// character. Eight or sixteen at a time, since payloads are mostly texts.
#[inline(always)]
fn plain_len(bytes: &[u8]) -> usize {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        let (blocks, rest) = bytes.as_chunks::<16>();
        for (index, block) in blocks.iter().enumerate() {
            let marks = marks_of_block(block);
            if marks != 0 {
                return index * 16 + marks.trailing_zeros() as usize;
            }
        }
        bytes.len() - rest.len() + plain_len_by_word(rest)
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    plain_len_by_word(bytes)
}

/// One bit for each byte that needs care, the first byte's lowest.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
fn marks_of_block(block: &[u8; 16]) -> u16 {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};
    let (words, _) = block.as_chunks::<8>();
    let block = u64x2(u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]));
    let quotes = u8x16_eq(block, u8x16_splat(b'"'));
    let slashes = u8x16_eq(block, u8x16_splat(b'\\'));
    let controls = u8x16_lt(block, u8x16_splat(b' '));
    u8x16_bitmask(v128_or(v128_or(quotes, slashes), controls))
}

fn plain_len_by_word(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    // The high bit of each byte that is zero, or below 0x20; a byte after the first such one may be
    // marked as well, but only the first counts.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let controls = |word: u64| word.wrapping_sub(ONES * 0x20) & !word;
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let slashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let marks = (quotes | slashes | controls(word)) & HIGHS;
        if marks != 0 {
            return index * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let rest = words.len() * 8;
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | ..0x20);
    rest + bytes[rest..].iter().take_while(is_plain).count()
}

fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => push_unicode(&mut text, &mut chars),
            Some(other) => text.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
    text
}

fn push_unicode(text: &mut String, chars: &mut std::str::Chars<'_>) {
    let high = hex4(chars);
    let code = match high {
        0xd800..=0xdbff if chars.as_str().starts_with("\\u") => {
            let mut ahead = chars.clone();
            ahead.nth(1);
            let low = hex4(&mut ahead);
            if (0xdc00..=0xdfff).contains(&low) {
                *chars = ahead;
                0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
            } else {
                high
            }
        }
        _ => high,
    };
    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
}

fn hex4(chars: &mut std::str::Chars<'_>) -> u32 {
    chars.by_ref().take(4).fold(0, |code, c| code * 16 + c.to_digit(16).unwrap_or(0))
}

/// Room for the few fields of an ordinary object.
const WRITER_BYTES: usize = 128;

/// Writes one JSON object, field by field, for values and facts.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    fn name(&mut self, name: &str) {
        if self.text.is_empty() {
            self.text.reserve(WRITER_BYTES);
            self.text.push('{');
        } else {
            self.text.push(',');
        }
        push_quoted(&mut self.text, name);
        self.text.push(':');
    }

    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        push_quoted(&mut self.text, value);
        self
    }

    #[must_use]
    pub fn int(mut self, name: &str, value: i64) -> Self {
        self.name(name);
        push_int(&mut self.text, value);
        self
    }

    #[must_use]
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.text.push_str(if value { "true" } else { "false" });
        self
    }

    #[must_use]
    pub fn list<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.name(name);
        self.text.push('[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            push_quoted(&mut self.text, value);
        }
        self.text.push(']');
        self
    }

    /// A list of objects.
    #[must_use]
    pub fn objects(mut self, name: &str, values: impl IntoIterator<Item = Self>) -> Self {
        self.name(name);
        self.text.push('[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.text.push_str(&value.finish());
        }
        self.text.push(']');
        self
    }

    /// Takes over the fields of another object; a name must not be in both.
    #[must_use]
    pub fn append(mut self, other: Self) -> Self {
        let Some(fields) = other.text.strip_prefix('{') else { return self };
        if self.text.is_empty() {
            return other;
        }
        self.text.push(',');
        self.text.push_str(fields);
        self
    }

    #[must_use]
    pub fn finish(mut self) -> String {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        self.text
    }
}

fn push_quoted(text: &mut String, value: &str) {
    text.reserve(value.len() + 2);
    text.push('"');
    let mut rest = value;
    loop {
        // What needs care is one byte long, so both cuts fall between characters.
        let (plain, from) = rest.split_at(plain_len(rest.as_bytes()));
        text.push_str(plain);
        match from.as_bytes().first() {
            None => break,
            Some(b'"') => text.push_str("\\\""),
            Some(b'\\') => text.push_str("\\\\"),
            Some(b'\n') => text.push_str("\\n"),
            Some(control) => text.push_str(&format!("\\u{control:04x}")),
        }
        rest = &from[1..];
    }
    text.push('"');
}

/// A number in decimal, without the detour through the formatter.
fn push_int(text: &mut String, value: i64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        text.push('-');
    }
    digits[at..].iter().for_each(|digit| text.push(char::from(*digit)));
}
