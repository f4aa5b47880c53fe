//! SHA-256 and HMAC-SHA-256 as the other rooms need them. Tree hashing is in `tree`.

use crate::error::NoteError;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};
use std::fmt::{self, Write};

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// SHA-256 of what comes in parts.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

impl Sha256 {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of everything so far, as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

/// HMAC-SHA-256 of `text` under `key`, as 64 lower-case hexadecimal digits.
///
/// For identifiers of persons: the same person has the same hash on one host, and without the key
/// nobody can find the number by trying all of them.
#[must_use]
pub fn keyed_hash(key: &[u8], text: &str) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref())
}

/// 256 random bits of the operating system in hexadecimal, for tokens and hashing keys.
///
/// # Errors
/// If the operating system gives none.
pub fn random_hex() -> Result<String, NoteError> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoteError::NoRandomness)?;
    Ok(hex(&bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut parts = Sha256::default();
        [&b"a"[..], b"", b"bc"].iter().for_each(|part| parts.update(part));
        assert_eq!(parts.hex(), sha256_hex(b"abc"));
        // RFC 4231, test case 2.
        assert_eq!(
            keyed_hash(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
    #[test]
    fn random_texts_differ() {
        let (one, other) = (random_hex().unwrap(), random_hex().unwrap());
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
