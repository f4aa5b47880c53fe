//! What a JSON object is, told by the names of its first fields: a process, or a package of many.

use crate::lines::BYTE_ORDER_MARK;

/// Names that only packages have.
const OF_PACKAGES: [&str; 7] =
    ["uri", "publishedDate", "publisher", "packages", "extensions", "license", "publicationPolicy"];
/// Names that only releases and records have.
const OF_PROCESSES: [&str; 5] = ["ocid", "compiledRelease", "tender", "tag", "buyer"];

/// What an object turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// A release or a record.
    Process,
    /// A package; the first of its processes comes at or behind this byte.
    Package(usize),
    /// It begins with a list of releases: a record or a package, which only the rest can tell.
    Either(usize),
    /// The bytes at hand do not tell.
    Unknown,
}

/// Looks at the fields of the object that begins with the first byte.
pub(super) fn head(bytes: &[u8]) -> Head {
    let mut of_package = false;
    let mut found = Head::Unknown;
    fields(bytes, |name, value| {
        let list = bytes.get(value) == Some(&b'[');
        found = match name {
            name if OF_PROCESSES.contains(&name) => Head::Process,
            "records" if list => Head::Package(value + 1),
            "releases" if list && of_package => Head::Package(value + 1),
            "releases" if list => Head::Either(value + 1),
            name => {
                of_package |= OF_PACKAGES.contains(&name);
                return true;
            }
        };
        false
    });
    found
}

/// Whether a stream that begins so is OCDS rather than anything else of JSON.
pub(crate) fn is_ocds(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let before = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b'[';
    let bytes = &bytes[bytes.iter().take_while(before).count()..];
    if bytes.first() != Some(&b'{') {
        return false;
    }
    let mut event = false;
    fields(bytes, |name, _| {
        event = matches!(name, "specversion" | "data" | "source");
        !event
    });
    !event && matches!(head(bytes), Head::Process | Head::Package(_) | Head::Either(_))
}

/// Gives the name of each field of the outermost object and the place of its value, until the
/// callback says that it has seen enough.
fn fields(bytes: &[u8], mut see: impl FnMut(&str, usize) -> bool) {
    let (mut depth, mut at) = (0usize, 0);
    // Behind a colon stands a value, so that a text there is no name.
    let mut name: Option<&str> = None;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let Some(end) = text_end(bytes, at + 1) else { return };
                if depth == 1 {
                    name = std::str::from_utf8(&bytes[at + 1..end]).ok();
                }
                at = end;
            }
            b':' if depth == 1 => {
                let space = bytes[at + 1..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                let value = at + 1 + space;
                if value >= bytes.len() || !see(name.take().unwrap_or_default(), value) {
                    return;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
