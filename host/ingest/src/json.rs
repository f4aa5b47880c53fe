//! A validating JSON scanner: proves that a text is JSON, within a depth limit, and finds the
//! fields of an object without building a tree. It is stricter than the grammar where readers
//! differ: no lone surrogates, no numbers beyond a 64-bit float.

use plumbline_contract::json::Value;
use std::borrow::Cow;

/// Deepest nesting of an event, the envelope included. No schema needs more than six levels.
pub(crate) const DEPTH_MAX: usize = 32;

/// Why a text is refused, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Syntax(usize),
    Depth(usize),
}

/// A value with the white space that stood inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<'a> {
    pub(crate) value: Value<'a>,
    /// Whether white space stands between its tokens.
    pub(crate) spaced: bool,
}

pub(crate) type Field<'a> = (Cow<'a, str>, Slot<'a>);

#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    spaced: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, spaced: false }
    }

    /// The next byte that is no white space, without taking it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
            self.spaced = true;
        }
        None
    }

    /// Succeeds if nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Flaw> {
        if self.peek().is_none() { Ok(()) } else { Err(self.flaw()) }
    }

    /// The fields of the object that begins here. The fields of the member called `inner`, if it
    /// is an object, go to `inner_fields`, so that it is read once only.
    pub(crate) fn object(
        &mut self,
        inner: &str,
        inner_fields: &mut Vec<Field<'a>>,
    ) -> Result<Vec<Field<'a>>, Flaw> {
        let mut fields = Vec::with_capacity(20);
        self.members(1, |scanner, name| {
            let slot = if name == inner && scanner.peek() == Some(b'{') {
                scanner.slot(|scanner| {
                    scanner.members(2, |scanner, name| {
                        let slot = scanner.slot(|scanner| scanner.value(3))?;
                        inner_fields.push((name, slot));
                        Ok(())
                    })?;
                    Ok(Shape::Object)
                })?
            } else {
                scanner.slot(|scanner| scanner.value(2))?
            };
            fields.push((name, slot));
            Ok(())
        })?;
        Ok(fields)
    }

    /// Reads one value with `read` and remembers its text and whether it had white space inside.
    fn slot(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Shape, Flaw>,
    ) -> Result<Slot<'a>, Flaw> {
        self.peek();
        let start = self.at;
        let outer = std::mem::replace(&mut self.spaced, false);
        let shape = read(self)?;
        let raw = &self.text[start..self.at];
        let value = match shape {
            Shape::Null => Value::Null,
            Shape::Bool => Value::Bool(raw == "true"),
            Shape::Number => Value::Number(raw),
            Shape::Text { escaped } => Value::Text { raw: &raw[1..raw.len() - 1], escaped },
            Shape::Array => Value::Array(raw),
            Shape::Object => Value::Object(raw),
        };
        let slot = Slot { value, spaced: self.spaced };
        self.spaced |= outer;
        Ok(slot)
    }

    fn members(
        &mut self,
        depth: usize,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        self.open(b'{', depth)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.peek();
            let start = self.at;
            let escaped = self.string()?;
            let raw = &self.text[start + 1..self.at - 1];
            self.expect(b':')?;
            let name = if escaped {
                Value::Text { raw, escaped }.text().unwrap_or_default()
            } else {
                Cow::Borrowed(raw)
            };
            member(self, name)?;
            if self.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Shape, Flaw> {
        match self.peek() {
            Some(b'"') => self.string().map(|escaped| Shape::Text { escaped }),
            Some(b'{') => {
                self.members(depth, |scanner, _| scanner.value(depth + 1).map(|_| ()))?;
                Ok(Shape::Object)
            }
            Some(b'[') => self.array(depth).map(|()| Shape::Array),
            Some(b't') => self.word("true", Shape::Bool),
            Some(b'f') => self.word("false", Shape::Bool),
            Some(b'n') => self.word("null", Shape::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Shape::Number),
            _ => Err(self.flaw()),
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Flaw> {
        self.open(b'[', depth)?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if self.more(b']')? {
                return Ok(());
            }
        }
    }

    fn open(&mut self, bracket: u8, depth: usize) -> Result<(), Flaw> {
        self.expect(bracket)?;
        if depth > DEPTH_MAX { Err(Flaw::Depth(self.at - 1)) } else { Ok(()) }
    }

    /// After an element: false for a comma, true for the closing bracket.
    fn more(&mut self, close: u8) -> Result<bool, Flaw> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.flaw()),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Flaw> {
        if self.peek() != Some(byte) {
            return Err(self.flaw());
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, shape: Shape) -> Result<Shape, Flaw> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.flaw());
        }
        self.at += word.len();
        Ok(shape)
    }

    /// Takes a string with its quotes; whether it contains a backslash.
    fn string(&mut self) -> Result<bool, Flaw> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'"') {
            return Err(self.flaw());
        }
        let mut at = self.at + 1;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at = self.escape(at)?;
                }
                Some(byte) if *byte >= 0x20 => at += 1,
                _ => return Err(Flaw::Syntax(at)),
            }
        }
        self.at = at + 1;
        Ok(escaped)
    }

    /// Where the escape that begins at `at` ends.
    fn escape(&self, at: usize) -> Result<usize, Flaw> {
        let bytes = self.text.as_bytes();
        match bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => match self.hex4(at + 2) {
                Some(0xd800..=0xdbff) => {
                    let pair = bytes.get(at + 6..at + 8) == Some(b"\\u")
                        && self.hex4(at + 8).is_some_and(|low| (0xdc00..=0xdfff).contains(&low));
                    if pair { Ok(at + 12) } else { Err(Flaw::Syntax(at)) }
                }
                Some(0xdc00..=0xdfff) | None => Err(Flaw::Syntax(at)),
                Some(_) => Ok(at + 6),
            },
            _ => Err(Flaw::Syntax(at)),
        }
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 4)?;
        digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + (*byte as char).to_digit(16)?))
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut at = start + usize::from(bytes[start] == b'-');
        let whole = at;
        at = digits(at);
        if at == whole || (bytes[whole] == b'0' && at > whole + 1) {
            return Err(Flaw::Syntax(whole));
        }
        if bytes.get(at) == Some(&b'.') {
            let fraction = at + 1;
            at = digits(fraction);
            if at == fraction {
                return Err(Flaw::Syntax(at));
            }
        }
        let exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
        if exponent {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let power = at + 1 + sign;
            at = digits(power);
            if at == power {
                return Err(Flaw::Syntax(at));
            }
        }
        // Only a number with an exponent, or a very long one, can lie beyond a 64-bit float.
        if (exponent || at - start > 300)
            && !self.text[start..at].parse::<f64>().is_ok_and(f64::is_finite)
        {
            return Err(Flaw::Syntax(start));
        }
        self.at = at;
        Ok(())
    }

    fn flaw(&self) -> Flaw {
        Flaw::Syntax(self.at)
    }
}

enum Shape {
    Null,
    Bool,
    Number,
    Text { escaped: bool },
    Array,
    Object,
}

/// Whether a text is a JSON number.
pub(crate) fn is_number(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let mut scanner = Scanner::new(text);
    starts && scanner.number().is_ok() && scanner.at == text.len()
}

/// A name that occurs twice among the fields.
pub(crate) fn duplicate<'f>(fields: &'f [Field<'_>]) -> Option<&'f str> {
    /// Up to here comparing all pairs is cheaper than sorting.
    const PAIRS_MAX: usize = 24;
    if fields.len() <= PAIRS_MAX {
        let before = |index: usize, name: &str| fields[..index].iter().any(|(n, _)| n == name);
        return (1..fields.len()).find(|&i| before(i, &fields[i].0)).map(|i| &*fields[i].0);
    }
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// Copies valid JSON without the white space between its tokens.
pub(crate) fn minify(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut short = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            b' ' | b'\n' | b'\t' | b'\r' => {
                short.push_str(&text[copied..at]);
                copied = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    short.push_str(&text[copied..]);
    short
}

/// Appends a text as a JSON string.
pub(crate) fn push_text(json: &mut String, text: &str) {
    json.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => {
                json.push_str(&text[copied..at]);
                json.push_str(&format!("\\u{byte:04x}"));
                copied = at + 1;
                continue;
            }
            _ => continue,
        };
        json.push_str(&text[copied..at]);
        json.push_str(escape);
        copied = at + 1;
    }
    json.push_str(&text[copied..]);
    json.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text);
        scanner.value(1).and_then(|_| scanner.end()).is_ok()
    }

    /// Texts of JSON's own characters, so that about half of them come near to being JSON.
    fn near_json() -> impl Strategy<Value = String> {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"",
            "\\",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\\ud83d",
            "0",
            "-1",
            "1.5",
            "1e9",
            "01",
            "1e999",
            "true",
            "null",
            " ",
            "\n",
            "准",
            "{}",
            "[1,2]",
            "{\"k\":\"v\"}",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..12)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in near_json()) {
            let judge = serde_json::from_str::<serde_json::Value>(&text);
            prop_assert_eq!(accepts(&text), judge.is_ok(), "{}", text);
            if let Ok(value) = judge {
                let short = minify(&text);
                let same: serde_json::Value = serde_json::from_str(&short).unwrap();
                prop_assert_eq!(same, value);
                prop_assert_eq!(minify(&short), short);
            }
        }

        #[test]
        fn quoting_is_undone_by_reading(text in any::<String>()) {
            let mut json = String::new();
            push_text(&mut json, &text);
            prop_assert!(accepts(&json));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(accepts(&nested(DEPTH_MAX)));
        let deep = nested(DEPTH_MAX + 1);
        assert_eq!(Scanner::new(&deep).value(1).err(), Some(Flaw::Depth(DEPTH_MAX)));
        assert!(!accepts(&"[".repeat(100_000)));
    }

    #[test]
    fn white_space_is_seen_only_inside_the_value() {
        let mut inner = Vec::new();
        let text = r#" { "a" : [1,2] , "data" :{"x":"a b"}, "b": [1, 2] }"#;
        let fields = Scanner::new(text).object("data", &mut inner).unwrap();
        let spaced: Vec<_> = fields.iter().map(|(name, slot)| (&**name, slot.spaced)).collect();
        assert_eq!(spaced, [("a", false), ("data", false), ("b", true)]);
        assert_eq!(inner.len(), 1);
    }

    #[test]
    fn duplicates_are_found_in_short_and_long_objects() {
        for n in [2, 24, 25, 5_000] {
            let mut names: Vec<String> = (0..n).map(|i| format!("\"k{i}\":{i}")).collect();
            let text = format!("{{{}}}", names.join(","));
            let fields = Scanner::new(&text).object("", &mut Vec::new()).unwrap();
            assert_eq!(duplicate(&fields), None);
            names.push("\"\\u006b0\":1".to_owned());
            let text = format!("{{{}}}", names.join(","));
            let fields = Scanner::new(&text).object("", &mut Vec::new()).unwrap();
            assert_eq!(duplicate(&fields), Some("k0"), "{n}");
        }
    }
}
