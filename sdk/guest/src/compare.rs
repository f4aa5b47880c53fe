//! Comparison of bytes in a plugin: the symbol behind `==` and `<` of texts, eight bytes at a time.
//!
//! The toolchain's own one for WebAssembly goes byte by byte and was the dearest single function of
//! a plugin: names of fields, of rules and of rows are compared all the time.
#![cfg_attr(
    target_arch = "wasm32",
    expect(unsafe_code, reason = "a symbol that the compiler calls cannot be defined without")
)]

use core::cmp::Ordering;

const WORD_BYTES: usize = size_of::<u64>();
const HALF_BYTES: usize = size_of::<u32>();

/// How `a` and `b`, which are equally long, differ first. It must compare no slices: that would be a
/// call to itself.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    if let (Some(a_last), Some(b_last)) = (a.last_chunk(), b.last_chunk()) {
        let words = a.as_chunks::<WORD_BYTES>().0.iter().zip(b.as_chunks().0);
        for (a, b) in words {
            let order = word_order(u64::from_ne_bytes(*a), u64::from_ne_bytes(*b));
            if order.is_ne() {
                return order;
            }
        }
        // The last word may overlap the one before it, whose bytes are equal.
        return word_order(u64::from_ne_bytes(*a_last), u64::from_ne_bytes(*b_last));
    }
    if let (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) = (
        a.first_chunk::<HALF_BYTES>(),
        b.first_chunk::<HALF_BYTES>(),
        a.last_chunk::<HALF_BYTES>(),
        b.last_chunk::<HALF_BYTES>(),
    ) {
        let both = |first: &[u8; 4], last: &[u8; 4]| {
            u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(u32::from_be_bytes(*last))
        };
        return both(a_first, a_last).cmp(&both(b_first, b_last));
    }
    let mut pairs = a.iter().zip(b);
    pairs.find(|(a, b)| a != b).map_or(Ordering::Equal, |(a, b)| a.cmp(b))
}

/// By the byte that comes first in memory. Words are mostly equal, so only others are turned round.
fn word_order(a: u64, b: u64) -> Ordering {
    if a == b { Ordering::Equal } else { a.to_be().cmp(&b.to_be()) }
}

/// # Safety
/// As in C: both point to `len` bytes.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: the caller promises as many bytes.
    let (a, b) =
        unsafe { (core::slice::from_raw_parts(a, len), core::slice::from_raw_parts(b, len)) };
    order(a, b) as i32
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn order_is_that_of_bytes() {
        // Every length up to three words, with a difference at every place, smaller and larger.
        for len in 0..=24 {
            let plain: Vec<u8> = (0..len).map(|at| 0x70 + at as u8).collect();
            assert!(order(&plain, &plain.clone()).is_eq());
            for place in 0..len {
                for byte in [0, 0x7f, 0x80, 0xff] {
                    let mut other = plain.clone();
                    other[place] = byte;
                    // What follows the first difference must not count.
                    other[place + 1..].iter_mut().for_each(|byte| *byte = !*byte);
                    let wanted = plain.iter().cmp(other.iter());
                    assert_eq!(order(&plain, &other), wanted, "{len} {place} {byte}");
                    assert_eq!(order(&other, &plain), wanted.reverse(), "{len} {place} {byte}");
                }
            }
        }
    }
}
