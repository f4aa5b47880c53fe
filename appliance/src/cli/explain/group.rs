//! What rules saw, grouped by outcome: what fires first, then what is exempt, cannot be judged, and
//! is quiet; the clock by itself. Lines fold at a width in columns, Chinese characters taking two.

use crate::cli::Out;
use crate::cli::show::plain;
use crate::explain::Looked;
use crate::text;
use serde_json::Value;

/// Columns of a line: what a printed page and a small window hold.
const COLUMNS: usize = 100;
/// Outcomes in the order in which they are told.
const ORDER: [&str; 5] = ["fires", "fault", "exempt", "unknown", "quiet"];
/// Figures that the sentence says in words.
const WORDS: [&str; 6] = ["zh", "en", "reasons_zh", "reasons_en", "level", "at"];

/// The state of the clock, one part a line.
pub(super) fn clock(out: &mut Out<'_>, checks: &[Looked]) {
    for check in checks.iter().filter(|check| check.outcome == "remark") {
        let name = out.lang.pick(&check.rule_zh, &check.rule_en).to_owned();
        out.line(text::say(out.lang, "why.remark", &[("rule", &check.rule), ("name", &name)]));
        let sentence = out.lang.pick(&check.zh, &check.en);
        let parts = sentence.split(out.lang.pick("；", "; ")).map(str::to_owned);
        for part in parts.collect::<Vec<_>>() {
            fold(out, "  ", &part);
        }
    }
}

/// All outcomes, with a heading for each kind.
pub(super) fn checks(out: &mut Out<'_>, subject: &str, checks: &[Looked]) {
    out.say("explain.checks", &[]);
    if checks.iter().all(|check| check.outcome == "remark") {
        out.say("explain.no-checks", &[]);
    }
    for outcome in ORDER {
        let of_kind: Vec<_> = checks.iter().filter(|check| check.outcome == outcome).collect();
        if of_kind.is_empty() {
            continue;
        }
        let (word, count) = (word(out, outcome), of_kind.len().to_string());
        out.say("why.group", &[("outcome", &word), ("count", &count)]);
        for check in of_kind {
            line(out, subject, &word, check);
        }
    }
}

fn word(out: &Out<'_>, outcome: &str) -> String {
    match outcome {
        "fires" => out.text("outcome.fires"),
        "quiet" => out.text("outcome.quiet"),
        "unknown" => out.text("outcome.unknown"),
        "exempt" => out.text("outcome.exempt"),
        _ => out.text("outcome.fault"),
    }
}

fn line(out: &mut Out<'_>, subject: &str, word: &str, check: &Looked) {
    let name = out.lang.pick(&check.rule_zh, &check.rule_en);
    // Some rules look at another entity of the case, for instance its officer in a month.
    let of = match check.key.as_str() {
        key if key == subject => String::new(),
        key => text::say(out.lang, "explain.key", &[("key", key)]),
    };
    out.line(format!("  [{word}] {} {name}{of}", check.rule).trim_end());
    let why = out.lang.pick(&check.zh, &check.en).to_owned();
    if !why.is_empty() {
        fold(out, "      ", &why);
    }
    let figures = figures(&check.values);
    if check.outcome == "fires" && !figures.is_empty() {
        fold(out, "      ", &figures);
    }
}

/// The figures of an outcome as `name=value`, without those that are told in words.
fn figures(values: &Value) -> String {
    let fields = values.as_object().into_iter().flatten();
    let told = fields.filter(|(name, value)| {
        let is_nested = value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
        !WORDS.contains(&name.as_str()) && !is_nested && !value.is_object()
    });
    let pairs: Vec<_> = told.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    pairs.join(" ")
}

/// Writes a text with an indent, folded at the width of the page.
pub(super) fn fold(out: &mut Out<'_>, indent: &str, text: &str) {
    for line in folded(text, COLUMNS.saturating_sub(indent.len())) {
        out.line(format!("{indent}{line}"));
    }
}

/// Columns that a character takes.
fn columns(letter: char) -> usize {
    if letter >= '\u{1100}' { 2 } else { 1 }
}

/// Splits a text into lines of at most `width` columns, between words or beside a wide character;
/// no line begins with a mark that ends a clause. A word that is wider than the line stays whole.
fn folded(text: &str, width: usize) -> Vec<String> {
    let ends_clause = |letter: char| "，；：。、）》”".contains(letter);
    let mut pieces: Vec<String> = Vec::new();
    let mut open = false;
    for letter in text.chars() {
        let is_wide = columns(letter) == 2;
        let joins = pieces.last().is_some_and(|_| ends_clause(letter) || (open && !is_wide));
        match pieces.last_mut().filter(|_| joins) {
            Some(piece) => piece.push(letter),
            None => pieces.push(letter.to_string()),
        }
        // A piece goes on until a space or a wide character.
        open = !is_wide && letter != ' ';
    }
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for piece in pieces {
        let wide: usize = piece.trim_end().chars().map(columns).sum();
        if used > 0 && used + wide > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        line.push_str(&piece);
        used += piece.chars().map(columns).sum::<usize>();
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fold_between_words_and_wide_characters() {
        let cases: [(&str, usize, &[&str]); 6] = [
            ("one two three", 7, &["one two", "three"]),
            ("办理期限已经届满", 8, &["办理期限", "已经届满"]),
            ("最后一日，已超期", 8, &["最后一", "日，已超", "期"]),
            ("用 12 个工作日", 6, &["用 12", "个工作", "日"]),
            ("averyveryverylongword x", 5, &["averyveryverylongword", "x"]),
            ("", 5, &[""]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(folded(text, width), expected, "{text}");
        }
    }
}
