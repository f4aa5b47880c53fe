//! NAL units of H.264: how they lie in a byte stream (Annex B) and what their first byte says.

use crate::bits::Bits;

/// Bytes of a slice header that are looked at: two Exp-Golomb numbers.
const SLICE_HEAD_BYTES: usize = 16;

/// What a unit carries, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalType {
    /// A slice of a picture that needs others.
    Slice,
    /// A slice of a picture that stands alone and ends all references (IDR).
    Key,
    /// Supplemental information.
    Sei,
    /// Sequence parameter set.
    Sps,
    /// Picture parameter set.
    Pps,
    /// Access unit delimiter.
    Delimiter,
    /// Anything else.
    Other,
}

impl NalType {
    /// Type of a unit without its start code.
    #[must_use]
    pub fn of(unit: &[u8]) -> Self {
        match unit.first().map(|byte| byte & 0x1f) {
            Some(1..=4) => Self::Slice,
            Some(5) => Self::Key,
            Some(6) => Self::Sei,
            Some(7) => Self::Sps,
            Some(8) => Self::Pps,
            Some(9) => Self::Delimiter,
            _ => Self::Other,
        }
    }

    #[must_use]
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Slice | Self::Key)
    }
}

/// The units of an Annex-B byte stream, without start codes and trailing zeros.
pub fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = match find_start(stream) {
        Some(at) => &stream[at + 3..],
        None => &[],
    };
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let (unit, after) = match find_start(rest) {
                Some(at) => (&rest[..at], &rest[at + 3..]),
                None => (rest, &[][..]),
            };
            rest = after;
            let unit = without_trailing_zeros(unit);
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    })
}

/// Where the next `00 00 01` begins.
pub(crate) fn find_start(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // Looks at every third byte: a start code cannot hide where that is above one.
    while let Some(&third) = bytes.get(at + 2) {
        match third {
            0 => at += 1,
            1 if bytes[at] == 0 && bytes[at + 1] == 0 => return Some(at),
            _ => at += 3,
        }
    }
    None
}

fn without_trailing_zeros(unit: &[u8]) -> &[u8] {
    let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &unit[..end]
}

/// Appends a unit with its start code.
pub(crate) fn push_unit(stream: &mut Vec<u8>, unit: &[u8]) {
    stream.extend_from_slice(&[0, 0, 0, 1]);
    stream.extend_from_slice(unit);
}

/// The payload of a unit after its first byte, without emulation prevention bytes.
pub(crate) fn payload(unit: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit.iter().skip(1) {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        clean.push(byte);
    }
    clean
}

fn slice_head(unit: &[u8]) -> Option<(u32, u32)> {
    let head = payload(&unit[..unit.len().min(SLICE_HEAD_BYTES)]);
    let mut bits = Bits::new(&head);
    Some((bits.unsigned()?, bits.unsigned()?))
}

/// Whether a slice is the first of its picture.
pub(crate) fn slice_is_first(unit: &[u8]) -> bool {
    slice_head(unit).is_some_and(|(first, _)| first == 0)
}

/// Whether a slice refers to pictures on both sides (a B slice).
#[must_use]
pub fn slice_is_bidirectional(unit: &[u8]) -> bool {
    slice_head(unit).is_some_and(|(_, kind)| kind % 5 == 1)
}

/// Whether the bytes look like H.265 in Annex B: its parameter sets come first and have types that
/// H.264 leaves unspecified or reserves.
pub(crate) fn looks_like_h265(stream: &[u8]) -> bool {
    let is_hevc = |unit: &[u8], kind: u8| {
        unit.len() > 2 && unit[0] == kind << 1 && unit[1] & 0xf8 == 0 && unit[1] & 7 != 0
    };
    let first: Vec<_> = units(stream).take(8).collect();
    let has = |kind: u8| first.iter().any(|unit| is_hevc(unit, kind));
    // 32 video, 33 sequence, 34 picture parameter set.
    has(32) && has(33) && has(34)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_cut_at_start_codes_of_three_and_four_bytes() {
        let stream = [9, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 0, 0];
        let found: Vec<_> = units(&stream).collect();
        assert_eq!(found, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65]]);
        let kinds: Vec<_> = found.into_iter().map(NalType::of).collect();
        assert_eq!(kinds, [NalType::Sps, NalType::Pps, NalType::Key]);
    }

    #[test]
    fn streams_without_units_give_none() {
        for stream in [&[][..], &[0, 0, 1], &[0, 0, 0, 1], &[1, 2, 3], &[0, 0, 1, 0, 0, 1]] {
            assert_eq!(units(stream).count(), 0, "{stream:?}");
        }
    }

    #[test]
    fn emulation_prevention_is_taken_out() {
        assert_eq!(payload(&[0x67, 0, 0, 3, 1, 0, 0, 3]), [0, 0, 1, 0, 0]);
        assert!(payload(&[]).is_empty());
    }

    #[test]
    fn h265_is_told_from_h264() {
        let hevc = [
            &[0, 0, 0, 1, 0x40, 1, 0x0c][..],
            &[0, 0, 0, 1, 0x42, 1, 1],
            &[0, 0, 0, 1, 0x44, 1, 0xc1],
        ]
        .concat();
        assert!(looks_like_h265(&hevc));
        let avc = [0, 0, 0, 1, 0x67, 0x42, 0, 0x1e, 0, 0, 0, 1, 0x68, 0xce, 1, 0, 0, 1, 0x65, 8, 8];
        assert!(!looks_like_h265(&avc));
    }
}
