//! PROC-C03 文件异常一致: texts, typos and traces of one bid in another.

use super::fact::{Bid, Said};
use super::view::Opened;
use crate::Params;
use crate::clue::Clues;
use plumbline_guest::{Level, Look, Why};

const MS_PER_S: i64 = 1_000;

/// PROC-C03: one card a pair; red for shared typos and for a bid in which another bidder stands.
pub(super) fn identical(opened: &Opened<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if !opened.is_comparable(&mut clues, look) {
        return clues.tell(look, Why::default);
    }
    for (one, other) in opened.pairs() {
        if let Some((level, (zh, en))) = link(opened, one.bid, other.bid, params) {
            let clue = opened.clue(level, (&one, &other), (zh, en)).figure("texts", 2);
            clues.put(clue);
        }
    }
    clues.tell(look, || {
        opened
            .compared("文本、错别字、修改时间未见异常一致", "texts, typos and times differ")
            .int("hamming_max", params.hamming_max)
    });
}

/// What two files have in common that chance does not explain.
pub(super) fn link(
    opened: &Opened<'_>,
    a: &Bid,
    b: &Bid,
    params: &Params,
) -> Option<(Level, (String, String))> {
    if a.names_found.contains(&b.bidder) || b.names_found.contains(&a.bidder) {
        let words =
            ("的文件混装，一方文件出现另一方名称", "are mixed: one file names the other bidder");
        return Some((Level::Red, (words.0.to_owned(), words.1.to_owned())));
    }
    let (own_simhash, own_typos) = document(opened);
    let rare = |typo: &&u64| b.typos.contains(typo) && !own_typos.contains(typo);
    let typos = a.typos.iter().filter(rare).count();
    if typos >= params.typos_min {
        let words = (format!("有 {typos} 处相同的罕见错误"), format!("share {typos} rare errors"));
        return Some((Level::Red, words));
    }
    if let (Some(one), Some(other)) = (a.simhash, b.simhash) {
        let near =
            |one: u64, other: u64| i64::from((one ^ other).count_ones()) <= params.hamming_max;
        // What only repeats the tender document proves nothing.
        let is_form = own_simhash.is_some_and(|own| near(own, one) || near(own, other));
        if near(one, other) && !is_form {
            let distance = (one ^ other).count_ones();
            let words = (
                format!("的技术文件指纹仅差 {distance} 位"),
                format!("have texts whose fingerprints differ in {distance} bits"),
            );
            return Some((Level::Yellow, words));
        }
    }
    if let (Some(one), Some(other)) = (a.modified, b.modified)
        && (one.0 - other.0).abs() <= params.edit_s * MS_PER_S
    {
        let words = (
            format!("的文件最后修改时间相差不超过 {} 秒", params.edit_s),
            format!("have files changed within {} seconds", params.edit_s),
        );
        return Some((Level::Yellow, words));
    }
    None
}

/// Fingerprint and typos of the tender document itself.
fn document<'a>(opened: &Opened<'a>) -> (Option<u64>, &'a [u64]) {
    let mut notices = opened.facts.iter().filter_map(|entry| match &entry.fact {
        Said::Notice { simhash, typos } => Some((*simhash, typos.as_slice())),
        _ => None,
    });
    notices.next_back().unwrap_or((None, &[]))
}
