//! Words that come again and again in the lines of one key, kept once, and short marks of texts.

use plumbline_guest::serde::{Deserialize, Serialize};

/// A word's number; 0 is the empty word.
pub(crate) type WordId = u16;

/// Most words of one key: programmes, accounts, villages, purposes. More share the last number.
const WORDS_MAX: usize = 2_000;

/// The words of a key in the order in which they came. Numbers decide nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Words(Vec<String>);

impl Default for Words {
    fn default() -> Self {
        Self(vec![String::new()])
    }
}

impl Words {
    /// The number of a word; it gets one if it is new.
    pub(crate) fn id(&mut self, word: &str) -> WordId {
        let known = self.0.iter().position(|known| known == word);
        let place = known.unwrap_or_else(|| {
            if self.0.len() < WORDS_MAX {
                self.0.push(word.to_owned());
            }
            self.0.len() - 1
        });
        place as WordId
    }

    pub(crate) fn get(&self, id: WordId) -> &str {
        self.0.get(usize::from(id)).map_or("", String::as_str)
    }
}

/// FNV-1a of 64 bits: enough to tell the few thousand texts of one key apart.
pub(crate) fn mark(text: &str) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    text.bytes().fold(BASIS, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(PRIME))
}
