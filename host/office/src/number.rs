//! Numbers of headings and dates, in Chinese and English.

use crate::document::Language;
use plumbline_contract::time::Day;

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
/// Largest number that is written in characters; beyond, digits are plainer.
const CHINESE_MAX: usize = 99;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// 一, 十二, 二十: a number from 1 to 99 in characters, any other in digits.
#[must_use]
pub fn chinese(number: usize) -> String {
    if number == 0 || number > CHINESE_MAX {
        return number.to_string();
    }
    let (tens, ones) = (number / 10, number % 10);
    let tens = match tens {
        0 => String::new(),
        1 => "十".to_owned(),
        tens => format!("{}十", DIGITS[tens]),
    };
    format!("{tens}{}", if ones == 0 { "" } else { DIGITS[ones] })
}

/// 2026年4月8日: digits, without zeros in front.
#[must_use]
pub fn date(day: Day, language: Language) -> String {
    let (year, month, date) = day.ymd();
    match language {
        Language::Chinese => format!("{year}年{month}月{date}日"),
        Language::English => {
            let name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
            format!("{date} {name} {year}")
        }
    }
}

/// 2026年3月
#[must_use]
pub fn month(year: i32, month: u32, language: Language) -> String {
    match language {
        Language::Chinese => format!("{year}年{month}月"),
        Language::English => {
            let name = MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or_default();
            format!("{name} {year}")
        }
    }
}

/// Levels of headings.
pub const LEVELS: usize = 4;

/// Counts the headings of a document and gives each its number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headings([usize; LEVELS]);

impl Headings {
    /// The number of the next heading of a level (1 to 4; others are taken as the nearest) with its
    /// punctuation: `一、`, `（一）`, `1.`, `（1）`.
    pub fn next(&mut self, level: u8, language: Language) -> String {
        let place = (level.max(1) as usize - 1).min(LEVELS - 1);
        self.0[place] += 1;
        self.0[place + 1..].fill(0);
        let number = self.0[place];
        match (language, place) {
            (Language::Chinese, 0) => format!("{}、", chinese(number)),
            (Language::Chinese, 1) => format!("（{}）", chinese(number)),
            (Language::Chinese, 2) => format!("{number}."),
            (Language::Chinese, _) => format!("（{number}）"),
            (Language::English, 3) => format!("({number}) "),
            (Language::English, _) => {
                let numbers = self.0[..=place].iter().map(usize::to_string);
                format!("{}. ", numbers.collect::<Vec<_>>().join("."))
            }
        }
    }
}
