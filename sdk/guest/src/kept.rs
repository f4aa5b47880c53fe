//! What is kept of a key between two calls, as bytes: the author's state and the SDK's own notes
//! around it. It decides nothing; [`crate::run`] does.
//!
//! Two bytes of codec, one of the notes' own version, the notes, and the author's state up to the
//! end. The codec comes first so that a host or a tool can tell who reads a state without the plugin.

use crate::Stream;
use plumbline_contract::alert::Level;
use plumbline_contract::time::{Day, Local};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Version of [`Notes`]; another one is not read.
const NOTES_VERSION: u8 = 1;
/// Codec and version.
const HEAD_BYTES: usize = 3;
/// What a state grows by in one task, mostly.
const GROWTH_BYTES: usize = 256;

/// An alert that stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Standing<'a> {
    #[serde(borrow)]
    pub(crate) rule: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) episode: Cow<'a, str>,
    pub(crate) level: Level,
    /// When it came about and by when it was due, as its newest finding says.
    pub(crate) at: Local,
    pub(crate) due: Option<Day>,
}

impl Standing<'_> {
    /// Whether it is the alert of that rule and episode.
    pub(crate) fn is(&self, rule: &str, episode: &str) -> bool {
        self.rule == rule && self.episode == episode
    }
}

/// What the SDK notes about a key. Its texts stay where the host put them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Notes<'a> {
    /// Log time of the latest input.
    pub(crate) clock: Local,
    pub(crate) wake: Option<Local>,
    /// Mark of the rules and parameters of the latest look; see [`crate::Configured`].
    pub(crate) rules: u64,
    #[serde(borrow)]
    pub(crate) region: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) dept: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) standing: Vec<Standing<'a>>,
    /// Fingerprints of facts and measures that were published already.
    pub(crate) published: Vec<u64>,
}

impl Default for Notes<'_> {
    fn default() -> Self {
        Self {
            clock: Local(i64::MIN),
            wake: None,
            rules: 0,
            region: Cow::Borrowed(""),
            dept: Cow::Borrowed(""),
            standing: Vec::new(),
            published: Vec::new(),
        }
    }
}

/// The codec of a kept state and the author's own bytes in it; `None` if this version of the SDK
/// did not write it. For tests and tools: a plugin gets its state decoded.
#[must_use]
pub fn author_state(kept: &[u8]) -> Option<(u16, &[u8])> {
    split(kept).map(|(codec, _, state)| (codec, state))
}

fn split(kept: &[u8]) -> Option<(u16, Notes<'_>, &[u8])> {
    let ([low, high, version], rest) = kept.split_first_chunk::<HEAD_BYTES>()?;
    if *version != NOTES_VERSION {
        return None;
    }
    let (notes, state) = postcard::take_from_bytes(rest).ok()?;
    Some((u16::from_le_bytes([*low, *high]), notes, state))
}

/// Reads what an earlier call kept.
///
/// # Panics
/// If it cannot be read; the message becomes the text of the fault.
pub(crate) fn read<S: Stream>(kept: &[u8]) -> (Notes<'_>, S::State) {
    if kept.is_empty() {
        return (Notes::default(), S::State::default());
    }
    let Some((codec, notes, bytes)) = split(kept) else {
        panic!("the notes around a state of stream {} are not read by this SDK", S::NAME)
    };
    let state =
        if codec == S::CODEC { postcard::from_bytes(bytes).ok() } else { S::upgrade(codec, bytes) };
    let Some(state) = state else {
        panic!("state codec {codec} of stream {} is not read by this version", S::NAME)
    };
    (notes, state)
}

/// Writes what the next call reads. `before` is the length of what this one was given.
pub(crate) fn write<S: Stream>(notes: &Notes<'_>, state: &S::State, before: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(before + GROWTH_BYTES);
    bytes.extend(S::CODEC.to_le_bytes());
    bytes.push(NOTES_VERSION);
    let all = postcard::serialize_with_flavor(&(notes, state), Appending(bytes));
    all.expect("writing to memory does not fail")
}

/// Adds to bytes that are there already, with room for what is likely to come.
struct Appending(Vec<u8>);

impl Flavor for Appending {
    type Output = Vec<u8>;

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}
