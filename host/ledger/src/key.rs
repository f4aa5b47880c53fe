//! Ed25519 keys in the text encodings of C2SP signed-note (`vkey`, `skey`), and the set of keys
//! that one side trusts.
//!
//! Whether a key should be trusted is decided by whoever fills [`TrustedKeys`], not here.

use crate::digest::{hex, sha256};
use crate::error::NoteError;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Longest key name, in bytes: a DNS name fits.
const NAME_BYTES_MAX: usize = 255;
/// Largest key text or key file, in bytes: name, hash and key fit many times.
const KEY_TEXT_BYTES_MAX: usize = 1024;
/// The signed-note number of plain Ed25519 signatures.
const ED25519_TYPE: u8 = 1;
const SKEY_PREFIX: &str = "PRIVATE+KEY+";

/// A key that signs. Its text must stay on the machine that made it.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

/// A public key with the name under which it signs.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    hash: [u8; 4],
    key: [u8; 32],
}

/// The public keys that one side trusts. Empty means that nothing is trusted.
#[derive(Clone, Debug, Default)]
pub struct TrustedKeys {
    keys: Vec<VerifyingKey>,
}

impl SigningKey {
    /// Makes a new key from the randomness of the operating system.
    ///
    /// # Errors
    /// If the name may not stand in a note or there is no randomness.
    pub fn generate(name: &str) -> Result<Self, NoteError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| NoteError::NoRandomness)?;
        Self::from_seed(name, seed)
    }

    /// The key that `seed` determines.
    ///
    /// # Errors
    /// If the name may not stand in a note.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| NoteError::KeyFormat("not an Ed25519 seed"))?;
        let mut key = [0; 32];
        key.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { seed, public: VerifyingKey::new(name, key)?, pair })
    }

    /// Reads the text `PRIVATE+KEY+<name>+<hash>+<base64>`.
    ///
    /// # Errors
    /// If the text is malformed or its hash is not that of the key.
    pub fn from_text(text: &str) -> Result<Self, NoteError> {
        let rest = text
            .strip_prefix(SKEY_PREFIX)
            .ok_or(NoteError::KeyFormat("a private key starts with PRIVATE+KEY+"))?;
        let (name, hash, seed) = split(rest)?;
        let key = Self::from_seed(name, seed)?;
        key.public.check_hash(hash)?;
        Ok(key)
    }

    /// The secret text `PRIVATE+KEY+<name>+<hash>+<base64>`.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{SKEY_PREFIX}{}+{}+{}",
            self.name(),
            hex(&self.public.hash),
            STANDARD.encode(typed(&self.seed))
        )
    }

    /// Writes the secret text to a new file that only its owner may read, and syncs it.
    ///
    /// # Errors
    /// If the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), NoteError> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(NoteError::io(path))?;
        writeln!(file, "{}", self.to_text()).map_err(NoteError::io(path))?;
        file.sync_all().map_err(NoteError::io(path))
    }

    /// Reads a file that [`SigningKey::save`] wrote.
    ///
    /// # Errors
    /// If others may read the file, or it is not a key.
    pub fn load(path: &Path) -> Result<Self, NoteError> {
        let meta = fs::metadata(path).map_err(NoteError::io(path))?;
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(NoteError::KeyFileMode { path: path.to_owned(), mode });
        }
        if meta.len() > KEY_TEXT_BYTES_MAX as u64 {
            return Err(NoteError::KeyFormat("the file is too long for a key"));
        }
        let text = fs::read_to_string(path).map_err(NoteError::io(path))?;
        Self::from_text(text.trim_end_matches('\n'))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.public.name
    }

    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut out = [0; 64];
        out.copy_from_slice(self.pair.sign(message).as_ref());
        out
    }
}

impl fmt::Debug for SigningKey {
    /// Never shows the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl VerifyingKey {
    fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        if !name_is_valid(name) {
            return Err(NoteError::KeyName(name.to_owned()));
        }
        let mut input = Vec::with_capacity(name.len() + 34);
        input.extend_from_slice(name.as_bytes());
        input.push(b'\n');
        input.extend_from_slice(&typed(&key));
        let digest = sha256(&input);
        let hash = [digest[0], digest[1], digest[2], digest[3]];
        Ok(Self { name: name.to_owned(), hash, key })
    }

    /// Reads the text `<name>+<hash>+<base64>`.
    ///
    /// # Errors
    /// If the text is malformed or its hash is not that of the key.
    pub fn from_text(text: &str) -> Result<Self, NoteError> {
        let (name, hash, key) = split(text)?;
        let key = Self::new(name, key)?;
        key.check_hash(hash)?;
        Ok(key)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that name this key in a signature line.
    #[must_use]
    pub fn hash(&self) -> [u8; 4] {
        self.hash
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok()
    }

    fn check_hash(&self, found: &str) -> Result<(), NoteError> {
        let computed = hex(&self.hash);
        if found == computed {
            return Ok(());
        }
        Err(NoteError::KeyHash { found: found.to_owned(), computed })
    }
}

impl fmt::Display for VerifyingKey {
    /// The text `<name>+<hash>+<base64>` (a vkey).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, hex(&self.hash), STANDARD.encode(typed(&self.key)))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl TrustedKeys {
    /// Reads one vkey a line; empty lines and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// If a line is not a vkey.
    pub fn from_text(text: &str) -> Result<Self, NoteError> {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(VerifyingKey::from_text)
            .collect::<Result<Vec<_>, _>>()
            .map(Self::from_iter)
    }

    /// Adds a key; a key that is there already changes nothing.
    pub fn add(&mut self, key: VerifyingKey) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// All keys of this name and hash: four bytes of hash can collide by intent.
    pub(crate) fn find<'a>(
        &'a self,
        name: &'a str,
        hash: [u8; 4],
    ) -> impl Iterator<Item = &'a VerifyingKey> {
        self.keys.iter().filter(move |key| key.hash == hash && key.name == name)
    }
}

impl FromIterator<VerifyingKey> for TrustedKeys {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        let mut trusted = Self::default();
        keys.into_iter().for_each(|key| trusted.add(key));
        trusted
    }
}

impl From<&VerifyingKey> for TrustedKeys {
    fn from(key: &VerifyingKey) -> Self {
        Self { keys: vec![key.clone()] }
    }
}

/// Whether `name` may stand in a signature line.
pub(crate) fn name_is_valid(name: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains(bad)
}

/// Splits `<name>+<hash>+<base64 of type and 32 bytes>`; the name has no plus, base64 may have.
fn split(text: &str) -> Result<(&str, &str, [u8; 32]), NoteError> {
    if text.len() > KEY_TEXT_BYTES_MAX {
        return Err(NoteError::KeyFormat("the text is too long for a key"));
    }
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::KeyFormat("a key is name+hash+base64"));
    };
    let bytes =
        STANDARD.decode(encoded).map_err(|_| NoteError::KeyFormat("the key is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519_TYPE, key)) => key
            .try_into()
            .map(|key| (name, hash, key))
            .map_err(|_| NoteError::KeyFormat("an Ed25519 key has 32 bytes")),
        _ => Err(NoteError::KeyFormat("only Ed25519 keys (type 1) are known")),
    }
}

fn typed(key: &[u8; 32]) -> [u8; 33] {
    let mut out = [ED25519_TYPE; 33];
    out[1..].copy_from_slice(key);
    out
}
