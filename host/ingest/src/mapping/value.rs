//! Conversion of written values to JSON. Every function answers `None` where the text is not what
//! the mapping says it is.

use super::Kind;
use crate::json;
use plumbline_contract::time::{Stamp, Zone, parse_stamp};

/// Reads a timestamp or a date as official forms and spreadsheets write it: RFC 3339, and also
/// `2026/2/10 9:30`, `2026年2月10日`, `20260210` and `20260210093000`. The year always comes first.
pub(super) fn stamp(text: &str) -> Option<Stamp> {
    let text = text.trim();
    parse_stamp(text).or_else(|| lenient_stamp(text))
}

fn lenient_stamp(text: &str) -> Option<Stamp> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.len() {
            8 => parse_stamp(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])),
            14 => parse_stamp(&format!(
                "{}-{}-{}T{}:{}:{}",
                &text[..4],
                &text[4..6],
                &text[6..8],
                &text[8..10],
                &text[10..12],
                &text[12..]
            )),
            _ => None,
        };
    }
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.trim_end_matches('日').split(['-', '/', '.', '年', '月']);
    let year = parts.next().filter(|year| year.len() == 4)?;
    let (month, day) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    let time = time.trim();
    if time.is_empty() {
        return parse_stamp(&format!("{year}-{month}-{day}"));
    }
    let (hour, rest) = time.split_once(':')?;
    parse_stamp(&format!("{year}-{month}-{day}T{}:{rest}", two_digits(hour)?))
}

fn two_digits(text: &str) -> Option<String> {
    matches!(text.len(), 1 | 2).then(|| format!("{text:0>2}"))
}

/// Fen from yuan such as `1,234.50`, `￥35` or `-3.5`; more than two decimals only if they are 0.
pub(crate) fn fen(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches(['￥', '¥']).trim_end_matches('元').trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, ""));
    let groups_ok = yuan.split(',').skip(1).all(|group| group.len() == 3);
    let yuan = yuan.replace(',', "");
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || !groups_ok || !digits(&yuan) || !digits(decimals) {
        return None;
    }
    let (cents, beyond) = decimals.split_at(decimals.len().min(2));
    if beyond.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    let sum = yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    Some(if negative { -sum } else { sum })
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "是" | "有" => Some(true),
        "false" | "0" | "no" | "n" | "否" | "无" => Some(false),
        _ => None,
    }
}

/// Appends `text` as JSON of that kind. Lists and secrets are the business of the caller.
pub(super) fn push(json: &mut String, kind: Kind, text: &str, zone: &Zone) -> Option<()> {
    match kind {
        Kind::Text | Kind::List | Kind::Secret => json::push_text(json, text),
        Kind::Int => json.push_str(&text.trim().parse::<i64>().ok()?.to_string()),
        Kind::Money => json.push_str(&fen(text)?.to_string()),
        Kind::Number => json.push_str(Some(text.trim()).filter(|text| json::is_number(text))?),
        Kind::Flag => json.push_str(if flag(text)? { "true" } else { "false" }),
        Kind::Date => {
            let stamp = stamp(text)?;
            let local = zone.local(zone.instant_of(stamp));
            json::push_text(json, &local.day().to_string());
        }
        Kind::Timestamp => {
            json::push_text(json, &zone.rfc3339(zone.instant_of(stamp(text)?)));
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_forms_and_spreadsheets() {
        let rows = [
            ("2026-02-10T09:30:00+08:00", Some("2026-02-10 09:30")),
            ("2026/2/10 9:30", Some("2026-02-10 09:30")),
            ("2026/02/10 09:30:15", Some("2026-02-10 09:30")),
            ("2026年2月10日", Some("2026-02-10 00:00")),
            ("2026.2.10", Some("2026-02-10 00:00")),
            (" 20260210 ", Some("2026-02-10 00:00")),
            ("20260210093000", Some("2026-02-10 09:30")),
            ("2026/2/30", None),
            ("10/2/2026", None),
            ("2026/2", None),
            ("2026/2/10/1", None),
            ("2026/2/10 25:00", None),
            ("2026/2/10 9点", None),
            ("二〇二六年二月十日", None),
            ("0000-00-00", None),
            ("", None),
        ];
        for (text, want) in rows {
            let got = stamp(text).map(|stamp| stamp.local.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn yuan_to_fen() {
        let rows = [
            ("35.0", Some(3_500)),
            ("1,234.50", Some(123_450)),
            ("￥35", Some(3_500)),
            ("35元", Some(3_500)),
            ("-3.5", Some(-350)),
            ("0.07", Some(7)),
            ("71.500", Some(7_150)),
            ("92233720368547758.07", Some(i64::MAX)),
            ("92233720368547758.08", None),
            ("0.071", None),
            ("1,23", None),
            ("1e3", None),
            (".5", None),
            ("三十五", None),
            ("--5", None),
            ("", None),
        ];
        for (text, want) in rows {
            assert_eq!(fen(text), want, "{text}");
        }
    }
}
