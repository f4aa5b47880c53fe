//! Streams sealed under a passphrase, for backups that leave the office.
//!
//! The key comes from the passphrase by PBKDF2-HMAC-SHA256 with a fresh salt, so no key is ever
//! used for two streams. The stream is cut into chunks, each sealed with ChaCha20-Poly1305 under
//! the nonce (number of the chunk, whether it is the last): the STREAM construction (Hoang,
//! Reyhanitabar, Rogaway, Vizár 2015), as age uses it. So chunks cannot be changed, reordered,
//! left out or cut off. It protects nothing against whoever knows or guesses the passphrase.
//!
//! ```text
//! head    "plumbline-sealed/1\n"  rounds u32  salt 16  check 16      bound to every chunk
//! chunks  65,536 bytes and a tag of 16 each; the last one may be shorter
//! ```

use crate::error::CipherError;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hmac, pbkdf2};
use std::fmt;
use std::io::{self, Read, Write};
use std::num::NonZeroU32;

/// First bytes of a sealed stream.
const MAGIC: &[u8] = b"plumbline-sealed/1\n";
/// Rounds of PBKDF2-HMAC-SHA256: what OWASP's Password Storage Cheat Sheet asks for.
const ROUNDS: u32 = 600_000;
/// Fewer rounds than this are no protection, more than that would let a file keep a machine busy.
const ROUNDS_MIN: u32 = 100_000;
const ROUNDS_MAX: u32 = 20_000_000;
/// Shortest passphrase, in characters: four random words, or a sentence.
pub const PASSPHRASE_CHARS_MIN: usize = 12;
const SALT_BYTES: usize = 16;
const CHECK_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const HEAD_BYTES: usize = MAGIC.len() + 4 + SALT_BYTES + CHECK_BYTES;
/// Bytes of a chunk before it is sealed, as in age: the tags cost a fortieth of a percent.
const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of a tag.
const TAG_BYTES: usize = 16;
/// What the check is made of, so that a wrong passphrase is told from a damaged file.
const CHECK_TEXT: &[u8] = b"plumbline passphrase check";

/// A passphrase; it does not show itself.
pub struct Passphrase(String);

impl Passphrase {
    /// # Errors
    /// If it is too short to protect anything.
    pub fn new(text: &str) -> Result<Self, CipherError> {
        if text.chars().count() < PASSPHRASE_CHARS_MIN {
            return Err(CipherError::Short { min: PASSPHRASE_CHARS_MIN });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Seals what is written to it. [`SealingWriter::finish`] writes the last chunk; without it the
/// stream counts as cut off.
#[derive(Debug)]
pub struct SealingWriter<W: Write> {
    to: W,
    chunks: Chunks,
    chunk: Vec<u8>,
}

impl<W: Write> SealingWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// If there is no randomness or the head cannot be written.
    pub fn new(to: W, passphrase: &Passphrase) -> Result<Self, CipherError> {
        let mut salt = [0; SALT_BYTES];
        SystemRandom::new().fill(&mut salt).map_err(|_| CipherError::NoRandomness)?;
        let key = derive(passphrase, ROUNDS, &salt)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&ROUNDS.to_be_bytes());
        head.extend_from_slice(&salt);
        head.extend_from_slice(&check(&key));
        let mut to = to;
        to.write_all(&head).map_err(CipherError::Io)?;
        Ok(Self { to, chunks: Chunks::new(&key, head)?, chunk: Vec::with_capacity(CHUNK_BYTES) })
    }

    /// Seals the last chunk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        Ok(self.to)
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        self.chunks.seal(&mut self.chunk, last).map_err(io::Error::other)?;
        self.to.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits for a byte behind it, so that the last chunk is never empty unless
        // the stream is.
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.put(false)?;
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Opens a sealed stream. What is wrong with it comes as an [`io::Error`] that holds a
/// [`CipherError`]; bytes are given out only after their chunk was judged.
#[derive(Debug)]
pub struct OpeningReader<R: Read> {
    from: R,
    chunks: Chunks,
    /// A sealed chunk and, if there is one, the byte behind it.
    sealed: Vec<u8>,
    opened: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> OpeningReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// If it is no sealed stream, or the passphrase is another one.
    pub fn new(from: R, passphrase: &Passphrase) -> Result<Self, CipherError> {
        let mut from = from;
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let limit = HEAD_BYTES as u64;
        from.by_ref().take(limit).read_to_end(&mut head).map_err(CipherError::Io)?;
        if head.len() < HEAD_BYTES {
            return Err(CipherError::CutOff);
        }
        let rest = head.strip_prefix(MAGIC).ok_or(CipherError::Head("it does not begin so"))?;
        let (rounds, rest) = rest.split_first_chunk().ok_or(CipherError::CutOff)?;
        let (salt, wanted) = rest.split_at(SALT_BYTES);
        let rounds = u32::from_be_bytes(*rounds);
        if !(ROUNDS_MIN..=ROUNDS_MAX).contains(&rounds) {
            return Err(CipherError::Head("its number of rounds is out of all reason"));
        }
        let key = derive(passphrase, rounds, salt)?;
        if check(&key) != wanted {
            return Err(CipherError::Passphrase);
        }
        let chunks = Chunks::new(&key, head)?;
        let (sealed, opened) = (Vec::new(), Vec::new());
        Ok(Self { from, chunks, sealed, opened, taken: 0, ended: false })
    }

    fn fill(&mut self) -> io::Result<()> {
        let whole = CHUNK_BYTES + TAG_BYTES;
        // One byte more than a chunk: whether there is one tells which chunk is the last.
        let missing = (whole + 1 - self.sealed.len()) as u64;
        self.from.by_ref().take(missing).read_to_end(&mut self.sealed)?;
        let last = self.sealed.len() <= whole;
        let behind = if last { Vec::new() } else { self.sealed.split_off(whole) };
        self.opened = std::mem::replace(&mut self.sealed, behind);
        let least = if self.chunks.number > 0 { TAG_BYTES + 1 } else { TAG_BYTES };
        if self.opened.len() < least {
            return Err(io::Error::new(io::ErrorKind::InvalidData, CipherError::CutOff));
        }
        let opened = self.chunks.open(&mut self.opened, last);
        opened.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        (self.taken, self.ended) = (0, last);
        Ok(())
    }
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.opened.len() && !self.ended {
            self.opened.clear();
            self.taken = 0;
            self.fill()?;
        }
        let count = out.len().min(self.opened.len() - self.taken);
        out[..count].copy_from_slice(&self.opened[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

/// The chunks of one stream in order.
#[derive(Debug)]
struct Chunks {
    key: LessSafeKey,
    head: Vec<u8>,
    number: u64,
}

impl Chunks {
    fn new(key: &[u8; KEY_BYTES], head: Vec<u8>) -> Result<Self, CipherError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key)
            .map_err(|_| CipherError::Head("its key has another length"))?;
        Ok(Self { key: LessSafeKey::new(key), head, number: 0 })
    }

    fn nonce(&self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), CipherError> {
        let sealed =
            self.key.seal_in_place_append_tag(self.nonce(last), Aad::from(&self.head), chunk);
        sealed.map_err(|_| CipherError::Damaged { chunk: self.number })?;
        self.number += 1;
        Ok(())
    }

    fn open(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), CipherError> {
        // A chunk that is last by its place and not by its seal: what followed was cut off.
        let cut = last.then(|| chunk.clone());
        let aad = Aad::from(&self.head);
        let opened = self.key.open_in_place(self.nonce(last), aad, chunk).map(|bytes| bytes.len());
        match opened {
            Ok(length) => {
                chunk.truncate(length);
                self.number += 1;
                Ok(())
            }
            Err(_) if cut.is_some_and(|cut| self.opens_inside(cut)) => Err(CipherError::CutOff),
            Err(_) => Err(CipherError::Damaged { chunk: self.number }),
        }
    }

    fn opens_inside(&self, mut chunk: Vec<u8>) -> bool {
        let aad = Aad::from(&self.head);
        self.key.open_in_place(self.nonce(false), aad, &mut chunk).is_ok()
    }
}

fn derive(passphrase: &Passphrase, rounds: u32, salt: &[u8]) -> Result<[u8; 32], CipherError> {
    let rounds = NonZeroU32::new(rounds).ok_or(CipherError::Head("it has no rounds"))?;
    let mut key = [0; KEY_BYTES];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase.0.as_bytes(), &mut key);
    Ok(key)
}

fn check(key: &[u8; KEY_BYTES]) -> [u8; CHECK_BYTES] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), CHECK_TEXT);
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&tag.as_ref()[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const WHOLE: usize = CHUNK_BYTES + TAG_BYTES;

    fn passphrase() -> Passphrase {
        Passphrase::new("correct horse battery staple").unwrap()
    }

    fn sealed(bytes: &[u8]) -> Vec<u8> {
        let mut writer = SealingWriter::new(Vec::new(), &passphrase()).unwrap();
        // In pieces that do not fit the chunks.
        bytes.chunks(10_007).for_each(|piece| writer.write_all(piece).unwrap());
        writer.finish().unwrap()
    }

    fn open(sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let mut reader = OpeningReader::new(sealed, &passphrase())?;
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(error.downcast::<CipherError>().unwrap()),
        }
    }

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 % 251) as u8).collect()
    }

    #[test]
    fn what_was_sealed_comes_back() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
            let bytes = sample(length);
            let sealed = sealed(&bytes);
            let chunks = length.div_ceil(CHUNK_BYTES).max(1);
            assert_eq!(sealed.len(), HEAD_BYTES + length + chunks * TAG_BYTES);
            assert!(open(&sealed).unwrap() == bytes, "{length} bytes");
        }
    }

    #[test]
    fn two_seals_of_one_text_have_nothing_in_common() {
        let bytes = sample(1000);
        let (one, other) = (sealed(&bytes), sealed(&bytes));
        assert_ne!(one[MAGIC.len() + 4..], other[MAGIC.len() + 4..]);
        assert!(!one.windows(16).any(|part| part == &bytes[..16]));
    }

    #[test]
    fn every_harm_is_told() {
        let bytes = sample(3 * CHUNK_BYTES + 500);
        let sound = sealed(&bytes);
        let chunk = |number: usize| HEAD_BYTES + number * WHOLE..HEAD_BYTES + (number + 1) * WHOLE;
        let without =
            |number: usize| [&sound[..chunk(number).start], &sound[chunk(number).end..]].concat();
        let mut swapped = sound[..HEAD_BYTES].to_vec();
        [1, 0, 2].into_iter().for_each(|number| swapped.extend_from_slice(&sound[chunk(number)]));
        swapped.extend_from_slice(&sound[chunk(2).end..]);
        let flipped = |at: usize| {
            let mut flipped = sound.clone();
            flipped[at] ^= 4;
            flipped
        };
        let cases: [(&str, Vec<u8>, &str); 13] = [
            ("nothing", Vec::new(), "CutOff"),
            ("half a head", sound[..30].to_vec(), "CutOff"),
            ("head only", sound[..HEAD_BYTES].to_vec(), "CutOff"),
            ("cut behind a chunk", sound[..chunk(1).end].to_vec(), "CutOff"),
            ("cut inside a chunk", sound[..chunk(2).start + 100].to_vec(), "Damaged { chunk: 2 }"),
            ("last byte gone", sound[..sound.len() - 1].to_vec(), "Damaged { chunk: 3 }"),
            ("first chunk gone", without(0), "Damaged { chunk: 0 }"),
            ("middle chunk gone", without(1), "Damaged { chunk: 1 }"),
            ("chunks swapped", swapped, "Damaged { chunk: 0 }"),
            ("byte behind the end", [&sound[..], &[0]].concat(), "Damaged { chunk: 3 }"),
            ("another head", flipped(3), "Head(\"it does not begin so\")"),
            ("another salt", flipped(MAGIC.len() + 5), "Passphrase"),
            ("bit in chunk 2", flipped(chunk(2).start + 7), "Damaged { chunk: 2 }"),
        ];
        for (what, harmed, wanted) in cases {
            assert_eq!(format!("{:?}", open(&harmed).unwrap_err()), wanted, "{what}");
        }
        let other = Passphrase::new("correct horse battery stable").unwrap();
        let error = OpeningReader::new(&sound[..], &other).unwrap_err();
        assert!(matches!(error, CipherError::Passphrase), "{error}");
    }

    #[test]
    fn a_passphrase_has_a_length_and_stays_hidden() {
        assert!(matches!(Passphrase::new("eleven char"), Err(CipherError::Short { min: 12 })));
        // Characters, not bytes: twelve Chinese ones are a sentence.
        assert!(Passphrase::new("县监察委员会的备份口令").is_err());
        assert!(Passphrase::new("本县监察委员会的备份口令").is_ok());
        assert_eq!(format!("{:?}", passphrase()), "Passphrase");
    }

    #[test]
    fn unreasonable_rounds_are_refused_before_they_cost_anything() {
        for rounds in [0, 1, ROUNDS_MAX + 1, u32::MAX] {
            let mut sealed = [MAGIC, &rounds.to_be_bytes()].concat();
            sealed.resize(HEAD_BYTES, 0);
            assert!(matches!(open(&sealed), Err(CipherError::Head(_))), "{rounds}");
        }
    }
}
