//! The mutation of good inputs of parsers into bad ones. Which parsers there are, the crate
//! `plumbline-parsers` says; how long to try, the caller.

use crate::random::Random;

/// Most bytes of a mutated input: a parser that is wrong is wrong on small ones too.
const BYTES_MAX: usize = 64 * 1024;
/// Most changes of one input.
const CHANGES_MAX: u64 = 6;
/// Bytes that mean something in one of the formats.
const SIGNS: &[u8] = b"{}[]\",:\\<>/&;'=#+\n\r\t \0\xff\x80-.0919eE";

/// A good input with a few changes: bytes set, taken out, put in, doubled, or cut off.
#[must_use]
pub fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let pick = |random: &mut Random| &seeds[random.below(seeds.len() as u64) as usize];
    let mut bytes = pick(random).clone();
    for _ in 0..=random.below(CHANGES_MAX) {
        let length = bytes.len() as u64;
        let at = random.below(length + 1) as usize;
        let sign = SIGNS[random.below(SIGNS.len() as u64) as usize];
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = sign,
            2 => bytes.insert(at, sign),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 => {
                let end = (at + random.below(64) as usize).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = random.below(length + 1) as usize;
                bytes.splice(to..to, part);
            }
            6 => {
                let other = pick(random);
                let from = random.below(other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let many = vec![sign; random.below(300) as usize];
                bytes.splice(at..at, many);
            }
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}
