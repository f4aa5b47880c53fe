//! Decimals without rounding errors: shares, rates and percentages as whole numbers of small parts.

use plumbline_guest::Event;

/// A field as a whole number of parts, `10^places` to the unit, finer parts rounded away from
/// zero; `None` if it is absent, empty or no decimal.
pub(crate) fn read(event: &Event<'_>, name: &str, places: u32) -> Option<i64> {
    parse(&event.text(name)?, places)
}

fn parse(text: &str, places: u32) -> Option<i64> {
    let text = text.trim();
    if text.contains(['e', 'E']) {
        let parts = text.parse::<f64>().ok()? * 10_f64.powi(places.try_into().ok()?);
        // A number beyond what can be counted is no amount of anything.
        return (parts.abs() < i64::MAX as f64).then_some(parts.round() as i64);
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) {
        return None;
    }
    let places = places as usize;
    let (kept, finer) = part.split_at(part.len().min(places));
    let parts = format!("{whole}{kept:0<places$}").parse::<i64>().ok()?;
    let more = i64::from(finer.bytes().any(|digit| digit != b'0'));
    Some(sign * parts.checked_add(more)?)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn decimals_are_exact() {
        let rows = [
            ("0.03", 6, Some(30_000)),
            ("12", 3, Some(12_000)),
            ("12.5", 3, Some(12_500)),
            ("-0.5", 3, Some(-500)),
            ("0.1234561", 6, Some(123_457)),
            ("0.12345600", 6, Some(123_456)),
            ("1e3", 3, Some(1_000_000)),
            ("2.5E-1", 3, Some(250)),
            ("", 3, None),
            ("three", 3, None),
            ("1e400", 3, None),
            ("99999999999999999999", 3, None),
        ];
        for (text, places, wanted) in rows {
            assert_eq!(parse(text, places), wanted, "{text}");
        }
    }
}
