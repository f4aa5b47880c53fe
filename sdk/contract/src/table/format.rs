//! Standards that the values of a column follow: codes of regions, bodies, grids, keyed hashes.
//!
//! It judges one text. Whether the code exists somewhere is the business of whoever has the tables.

use crate::time::parse_stamp;
use serde::{Deserialize, Serialize};

/// Longest code of an item, a fee or a node, in characters.
pub const CODE_CHARS_MAX: usize = 40;
/// Hexadecimal digits of a SHA-256.
const SHA256_DIGITS: usize = 64;
/// Before a keyed hash that a source system made under a key of its own.
const FOREIGN_HASH: &str = "h:";

/// See the module. `data/tables.toml` names it in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// GB/T 2260: 6 digits, 9 with the street, 12 with the community.
    Region,
    /// A department or body: unified social credit code, or a local code.
    Dept,
    /// Unified social credit code, GB 32100, with its check character.
    Uscc,
    /// A code without white space, at most [`CODE_CHARS_MAX`] characters.
    Code,
    /// A keyed hash, never the value itself: persons, their numbers and addresses.
    Hash,
    /// A party: unified social credit code, local code, or the keyed hash of a person.
    Subject,
    /// An account as a keyed hash or a local code, never a bank card's number.
    Account,
    /// 12 digits of the community, then 2 to 4 digits of the grid.
    Grid,
    /// SHA-256 in hexadecimal.
    Sha256,
    /// RFC 3339, with or without offset.
    Instant,
}

impl Format {
    /// Whether a text follows the standard.
    #[must_use]
    pub fn takes(self, text: &str) -> bool {
        match self {
            Self::Region => is_region(text),
            Self::Dept => is_code(text) && !is_broken_uscc(text),
            Self::Uscc => uscc_ok(text),
            Self::Code => is_code(text),
            Self::Hash => is_hash(text),
            Self::Subject => is_hash(text) || (is_code(text) && !is_broken_uscc(text)),
            Self::Account => is_hash(text) || (is_code(text) && !is_card_number(text)),
            Self::Grid => {
                matches!(text.len(), 12 | 14..=16) && is_digits(text) && is_province(text)
            }
            Self::Sha256 => is_sha256(text),
            Self::Instant => text.len() > 10 && parse_stamp(text).is_some(),
        }
    }

    /// Whether a value that is no hash is to be replaced by its keyed hash before it is kept.
    #[must_use]
    pub fn hashes(self, text: &str) -> bool {
        match self {
            Self::Hash => !is_hash(text),
            Self::Subject => is_citizen_id(text),
            Self::Account => is_card_number(text),
            _ => false,
        }
    }
}

/// Whether a keyed hash stands here: our own, or one that a source made (`h:…`).
#[must_use]
pub fn is_hash(text: &str) -> bool {
    let foreign = text.strip_prefix(FOREIGN_HASH);
    is_sha256(text) || foreign.is_some_and(|rest| !rest.is_empty() && is_code(rest))
}

fn is_sha256(text: &str) -> bool {
    let small = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == SHA256_DIGITS && text.bytes().all(small)
}

fn is_code(text: &str) -> bool {
    let chars = text.chars().count();
    // A keyed hash may stand where a code may.
    let long_enough = chars <= CODE_CHARS_MAX || is_sha256(text);
    chars > 0 && long_enough && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    matches!(text.len(), 6 | 9 | 12) && is_digits(text) && is_province(text)
}

/// Whether the code begins with one of the 34 province-level codes of GB/T 2260.
fn is_province(text: &str) -> bool {
    let code = text.get(..2).and_then(|head| head.parse::<u8>().ok());
    code.is_some_and(|code| {
        matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82)
    })
}

/// 18 characters as a unified social credit code has them, with a check character that is wrong.
fn is_broken_uscc(text: &str) -> bool {
    let alike = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    text.len() == 18 && text.bytes().all(alike) && !uscc_ok(text)
}

/// Sixteen to nineteen digits with the check digit of ISO/IEC 7812, as bank cards have them.
fn is_card_number(text: &str) -> bool {
    if !matches!(text.len(), 16..=19) || !is_digits(text) {
        return false;
    }
    let digits = text.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
    let sum: u32 = digits
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, double @ 0..=9) => double,
            (_, double) => double - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether the 18-character unified social credit code has the right check character
/// (GB 32100-2015, MOD 31-3). Only capitals are in its alphabet.
#[must_use]
pub fn uscc_ok(code: &str) -> bool {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let bytes = code.as_bytes();
    if bytes.len() != 18 {
        return false;
    }
    let mut values = [0; 18];
    for (value, byte) in values.iter_mut().zip(bytes) {
        match ALPHABET.iter().position(|letter| letter == byte) {
            Some(place) => *value = place,
            None => return false,
        }
    }
    let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    values[17] == (31 - sum % 31) % 31
}

/// Whether a text is the number of a citizen's identity card (GB 11643): region, date of birth and
/// check digit are right. Such a number is never kept as it is.
#[must_use]
pub fn is_citizen_id(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = text.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) || !is_province(text) {
        return false;
    }
    let date = format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]);
    let known = matches!(&text[6..8], "18" | "19" | "20") && parse_stamp(&date).is_some();
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    known && bytes[17].to_ascii_uppercase() == CHECKS[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_take_what_the_standards_allow() {
        let hash = "0f".repeat(32);
        let rows: [(Format, &[&str], &[&str]); 10] = [
            (
                Format::Region,
                &["370203", "370203001", "370203001005", "810000"],
                &["", "37020", "3702030", "990000", "37020３", "37020a"],
            ),
            (
                Format::Dept,
                &["D-SCJG", "住建局", "91350100M000100Y43", "D1"],
                &["", "a b", "91350100M000100Y44", "ABCDEFGHJKLMNPQRTU", &"d".repeat(41)],
            ),
            (
                Format::Uscc,
                &["91350100M000100Y43"],
                &["91350100M000100Y44", "91350100m000100y43", "D-SCJG", ""],
            ),
            (Format::Code, &["XK-001", "XK00101", "许可-1"], &["", "a b", "a\u{3000}b", "a\nb"]),
            (
                Format::Hash,
                &[&hash, "h:czzh-0001"],
                &["", "h:", "h: a", "11010519491231002X", &hash.to_uppercase()],
            ),
            (
                Format::Subject,
                &[&hash, "h:x", "91350100M000100Y43", "LOCAL-7"],
                &["91350100M000100Y44", "11010519491231002X", "a b"],
            ),
            (Format::Account, &[&hash, "h:x", "KH-01"], &["6222021234567894", ""]),
            (
                Format::Grid,
                &["370203001005", "37020300100501", "3702030010050001"],
                &["3702030010050", "370203", "990203001005", "37020300100500012"],
            ),
            (Format::Sha256, &[&hash], &["", "0f", "h:0f"]),
            (
                Format::Instant,
                &["2026-03-02T09:00:00+08:00", "2026-03-02 09:00", "2026-03-02T09:00"],
                &["2026-03-02", "09:00", "2026-02-30T09:00"],
            ),
        ];
        for (format, good, bad) in rows {
            for text in good {
                assert!(format.takes(text), "{format:?} must take `{text}`");
            }
            for text in bad {
                assert!(!format.takes(text), "{format:?} must not take `{text}`");
            }
        }
    }

    #[test]
    fn numbers_of_persons_are_found_and_hashed() {
        // The two examples printed in GB 11643-1999.
        for number in ["11010519491231002X", "11010519491231002x", "440524188001010014"] {
            assert!(is_citizen_id(number), "{number}");
            assert!(Format::Subject.hashes(number) && Format::Hash.hashes(number), "{number}");
        }
        // Check digit, month, province, length.
        let others =
            ["110105194912310021", "11010519491331002X", "99010519491231002X", "1101051949123"];
        for number in others {
            assert!(!is_citizen_id(number), "{number}");
        }
        assert!(Format::Account.hashes("6222021234567894"));
        assert!(!Format::Account.hashes("6222021234567895"));
        assert!(!Format::Hash.hashes("h:someone"));
        assert!(!Format::Uscc.hashes("11010519491231002X"));
    }
}
