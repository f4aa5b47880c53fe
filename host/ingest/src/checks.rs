//! Check digits of Chinese identity numbers: pure functions. They prove that a number was typed
//! right, not that its holder exists.

pub use plumbline_contract::table::uscc_ok;

/// Whether the 18-character citizen identity number has the right check digit (GB 11643-1999,
/// ISO 7064 MOD 11-2). A lower-case `x` counts as `X`.
#[must_use]
pub fn citizen_id_ok(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = number.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    bytes[17].to_ascii_uppercase() == CHECKS[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citizen_ids() {
        // The two examples printed in GB 11643-1999.
        let good = ["11010519491231002X", "11010519491231002x", "440524188001010014"];
        let bad = [
            "110105194912310021",
            "11010519491231003X",
            "1101051949123100 X",
            "11010519491231002",
            "",
            "十一",
            "一一一一一一",
        ];
        good.iter().for_each(|number| assert!(citizen_id_ok(number), "{number}"));
        bad.iter().for_each(|number| assert!(!citizen_id_ok(number), "{number}"));
    }

    #[test]
    fn any_single_wrong_digit_is_found() {
        for place in 0..17 {
            for digit in '0'..='9' {
                let mut number: Vec<char> = "440524188001010014".chars().collect();
                if number[place] != digit {
                    number[place] = digit;
                    let number: String = number.into_iter().collect();
                    assert!(!citizen_id_ok(&number), "{number}");
                }
            }
        }
    }

    #[test]
    fn credit_codes() {
        let good = ["91350100M000100Y43", "9111000071093123XX"];
        let bad = [
            "91350100M000100Y44",
            "9111000071093123X1",
            "91350100M000100I43",
            "91350100m000100y43",
            "",
            "统一社会信用",
        ];
        good.iter().for_each(|code| assert!(uscc_ok(code), "{code}"));
        bad.iter().for_each(|code| assert!(!uscc_ok(code), "{code}"));
    }
}
