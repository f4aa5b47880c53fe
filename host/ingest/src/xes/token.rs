//! Tokens of XML, as far as XES needs them: tags with their `key` and `value`; everything else is
//! passed over. It knows nothing of nesting.

use memchr::{memchr, memchr2, memmem};

/// A range of the bytes held.
pub(super) type Span = (u32, u32);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tag {
    pub(super) name: Span,
    pub(super) key: Option<Span>,
    pub(super) value: Option<Span>,
    pub(super) empty: bool,
}

#[derive(Debug)]
pub(super) enum Token {
    Start(Tag),
    End(Span),
    /// A comment, a declaration, character data.
    Other,
}

#[derive(Debug)]
pub(super) enum Scan {
    /// A token, and where the next one begins.
    Token(Token, usize),
    /// The token is not complete.
    More,
    Broken(usize, &'static str),
}

/// The token that begins at or after `at`.
pub(super) fn scan(bytes: &[u8], at: usize) -> Scan {
    let Some(found) = memchr(b'<', &bytes[at..]) else { return Scan::More };
    let start = at + found;
    let rest = &bytes[start..];
    match rest.get(1) {
        None => Scan::More,
        Some(b'?') => other(bytes, start, b"?>"),
        Some(b'!') if rest.starts_with(b"<!--") => other(bytes, start + 4, b"-->"),
        Some(b'!') if rest.starts_with(b"<![CDATA[") => other(bytes, start + 9, b"]]>"),
        Some(b'!') if b"<!--".starts_with(rest) || b"<![CDATA[".starts_with(rest) => Scan::More,
        Some(b'!') => Scan::Broken(start, "a document type is not accepted"),
        Some(b'/') => match memchr(b'>', rest) {
            Some(end) => {
                let name = rest[2..end].trim_ascii_end();
                let name_start = start + 2;
                Scan::Token(Token::End(span(name_start, name_start + name.len())), start + end + 1)
            }
            None => Scan::More,
        },
        Some(_) => start_tag(bytes, start),
    }
}

fn other(bytes: &[u8], from: usize, end: &[u8]) -> Scan {
    match memmem::find(&bytes[from..], end) {
        Some(at) => Scan::Token(Token::Other, from + at + end.len()),
        None => Scan::More,
    }
}

fn start_tag(bytes: &[u8], start: usize) -> Scan {
    let name_end = name_end(bytes, start + 1);
    if name_end == start + 1 {
        return Scan::Broken(start, "a tag without a name");
    }
    let mut tag = Tag { name: span(start + 1, name_end), ..Tag::default() };
    let mut at = name_end;
    loop {
        let before = at;
        at = skip_space(bytes, at);
        match bytes.get(at) {
            None => return Scan::More,
            Some(b'>') => return Scan::Token(Token::Start(tag), at + 1),
            Some(b'/') => {
                tag.empty = true;
                return match bytes.get(at + 1) {
                    None => Scan::More,
                    Some(b'>') => Scan::Token(Token::Start(tag), at + 2),
                    Some(_) => Scan::Broken(at, "a `/` inside a tag"),
                };
            }
            Some(_) if before == at => return Scan::Broken(at, "a blank is missing"),
            Some(_) => {}
        }
        let (name, value) = match attribute(bytes, at) {
            Ok(attribute) => attribute,
            Err(scan) => return scan,
        };
        let place = match &bytes[name.0 as usize..name.1 as usize] {
            b"key" => &mut tag.key,
            b"value" => &mut tag.value,
            _ => &mut None,
        };
        if place.replace(value).is_some() {
            return Scan::Broken(at, "an attribute is given twice");
        }
        at = value.1 as usize + 1;
    }
}

/// Name and value of the attribute that begins at `at`.
fn attribute(bytes: &[u8], at: usize) -> Result<(Span, Span), Scan> {
    let end = name_end(bytes, at);
    let equals = skip_space(bytes, end);
    match bytes.get(equals) {
        None => return Err(Scan::More),
        Some(b'=') if end > at => {}
        Some(_) => return Err(Scan::Broken(at, "an attribute without a value")),
    }
    let open = skip_space(bytes, equals + 1);
    let quote = match bytes.get(open) {
        None => return Err(Scan::More),
        Some(quote @ (b'"' | b'\'')) => *quote,
        Some(_) => return Err(Scan::Broken(open, "a value without quotes")),
    };
    let Some(length) = memchr2(quote, b'<', &bytes[open + 1..]) else { return Err(Scan::More) };
    let close = open + 1 + length;
    if bytes[close] == b'<' {
        return Err(Scan::Broken(close, "a `<` inside a value"));
    }
    Ok((span(at, end), span(open + 1, close)))
}

fn name_end(bytes: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| {
        matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b'/' | b'>' | b'=' | b'<' | b'"' | b'\'')
    };
    at + bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
        at += 1;
    }
    at
}

fn span(start: usize, end: usize) -> Span {
    // The window never holds more than a few times `TRACE_BYTES_MAX`.
    (start as u32, end as u32)
}
