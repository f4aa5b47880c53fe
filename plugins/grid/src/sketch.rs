//! Fingerprints of a record's text that stay close when texts are close.
//!
//! Two of 64 bits each. The simhash of the shingles (Charikar) differs in few bits where most
//! shingles are the same. The minwise fingerprint keeps one bit of each of 64 least hashes, so that
//! two texts whose shingles overlap by the share J agree in (1 + J) / 2 of the bits: it decides
//! "alike to 90 %" without keeping the shingles. Neither knows what a text means.

use plumbline_guest::serde::{Deserialize, Serialize};

/// Characters of a shingle: long enough that common words do not make all texts alike.
const SHINGLE_CHARS: usize = 3;
const BITS: usize = 64;
/// Longest text that is read, characters; a longer one is judged by its beginning.
pub(crate) const TEXT_CHARS_MAX: usize = 2_000;

/// Fingerprints of one text, of what is left once templates, names and numbers are taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Sketch {
    pub(crate) simhash: u64,
    pub(crate) minwise: u64,
    /// Characters that were left.
    pub(crate) chars: u32,
}

impl Sketch {
    /// Of a text without the sentences of its template and without the names given.
    pub(crate) fn of(text: &str, templates: &[String], names: &[&str]) -> Self {
        let mut text = text.chars().take(TEXT_CHARS_MAX).collect::<String>();
        let taken = templates.iter().map(String::as_str).chain(names.iter().copied());
        for part in taken.filter(|part| !part.is_empty()) {
            if text.contains(part) {
                text = text.replace(part, "");
            }
        }
        // Digits, letters of numbers and all that is no word differ between copies at no cost.
        let is_word =
            |c: &char| c.is_alphabetic() && !"一二三四五六七八九十百千零〇两".contains(*c);
        let chars: Vec<char> = text.chars().filter(is_word).collect();
        let (mut votes, mut least) = ([0i32; BITS], [u64::MAX; BITS]);
        for shingle in chars.windows(SHINGLE_CHARS) {
            let hash = shingle.iter().fold(0, |hash, c| mix(hash ^ u64::from(*c as u32)));
            for (bit, (vote, least)) in votes.iter_mut().zip(&mut least).enumerate() {
                *vote += if hash >> bit & 1 == 1 { 1 } else { -1 };
                *least = (*least).min(mix(hash ^ SEED.wrapping_mul(bit as u64 + 1)));
            }
        }
        let bits = |is_set: &dyn Fn(usize) -> bool| {
            (0..BITS).filter(|bit| is_set(*bit)).fold(0u64, |bits, bit| bits | 1 << bit)
        };
        Self {
            simhash: bits(&|bit| votes[bit] > 0),
            minwise: bits(&|bit| least[bit] & 1 == 1),
            chars: u32::try_from(chars.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether two texts are alike: few bits of the simhash differ, or the shingles overlap by
    /// `jaccard_pct` per cent.
    pub(crate) fn is_like(&self, other: &Self, bits: u32, jaccard_pct: u32) -> bool {
        let minwise_bits = BITS as u32 * (100 - jaccard_pct.min(100)) / 200;
        (self.simhash ^ other.simhash).count_ones() <= bits
            || (self.minwise ^ other.minwise).count_ones() <= minwise_bits
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64: each bit of the input moves each bit of the output.
pub(crate) fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)).wrapping_add(SEED)
}

/// A number that stands for a text.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(SEED, |hash, byte| mix(hash ^ u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::Sketch;

    const NOTE: &str = "检查中发现该店冷藏柜温度记录缺失，操作间地面有积水，从业人员健康证明齐全，\
        原料进货查验记录完整，现场要求负责人立即清理积水并补记温度，已签字确认知晓要求";
    const OTHER: &str = "仓库内消防通道被纸箱占用，两具灭火器压力不足，电线沿货架裸露敷设，\
        应急照明一处不亮，已当场清理通道，其余问题责令在规定期限内改正并回复照片";

    fn alike(a: &str, b: &str) -> bool {
        Sketch::of(a, &[], &[]).is_like(&Sketch::of(b, &[], &[]), 3, 90)
    }

    #[test]
    fn copies_are_alike_and_others_are_not() {
        assert!(alike(NOTE, NOTE));
        assert!(alike(NOTE, &format!("{NOTE}。2026年3月2日")));
        assert!(!alike(NOTE, OTHER));
        assert!(!alike(NOTE, &format!("{}{}", &NOTE[..90], &OTHER[..150])));
    }

    #[test]
    fn templates_and_names_are_taken_out() {
        let template = "依据《食品生产经营监督检查管理办法》开展检查。".to_owned();
        let with = format!("{template}幸福餐馆{NOTE}");
        let left = Sketch::of(&with, &[template], &["幸福餐馆"]);
        assert_eq!(left, Sketch::of(NOTE, &[], &[]));
        assert_eq!(Sketch::of("2026-03-02，第12号", &[], &[]).chars, 2);
    }
}
