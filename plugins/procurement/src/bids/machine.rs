//! PROC-C01 同机制作/同上传: machines, addresses and accounts that two bidders share.

use super::fact::{Bid, Said, Trait};
use super::view::{Opened, Placed};
use crate::Params;
use crate::clue::Clues;
use crate::params::is_shipped_noise;
use plumbline_guest::json::Object;
use plumbline_guest::{Day, FromRow, Level, Look, Why};

/// A mark that proves nothing.
#[derive(Debug)]
struct Noise;

impl FromRow for Noise {
    const TABLE: &'static str = "network_noise";

    fn from_row(_: &Object<'_>) -> Option<Self> {
        Some(Self)
    }
}

fn is_noise(kind: &str, mark: &str, on: Day, look: &Look<'_>) -> bool {
    is_shipped_noise(kind, mark) || look.row::<Noise>(&format!("{kind}/{mark}"), on).is_some()
}

/// What two bids share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    strong: Vec<(&'static str, &'static str)>,
    weak: Vec<(&'static str, &'static str)>,
}

/// Traits whose equality is a strong link.
const STRONG: [(Trait, &str, &str); 6] = [
    (Trait::Machine, "制作机器码", "machine"),
    (Trait::Disk, "硬盘序列号", "disk"),
    (Trait::Cpu, "处理器序列号", "processor"),
    (Trait::Author, "文件作者", "author"),
    (Trait::UploadAccount, "上传账号", "upload account"),
    (Trait::Software, "造价软件锁号", "software licence"),
];

/// PROC-C01: one card a pair.
pub(super) fn same(opened: &Opened<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if !opened.is_comparable(&mut clues, look) {
        return clues.tell(look, Why::default);
    }
    for (one, other) in opened.pairs() {
        let shared = shared(opened, &one, &other, look);
        let (strong, weak) = (shared.strong.len(), shared.weak.len());
        let level = if strong >= params.strong_min {
            Level::Red
        } else if strong + weak >= params.weak_min {
            Level::Yellow
        } else if strong + weak > 0 {
            Level::Notice
        } else {
            continue;
        };
        let all: Vec<_> = shared.strong.iter().chain(&shared.weak).collect();
        let zh: Vec<_> = all.iter().map(|(zh, _)| *zh).collect();
        let en: Vec<_> = all.iter().map(|(_, en)| *en).collect();
        let words = (format!("相同：{}", zh.join("、")), format!("share {}", en.join(", ")));
        let clue = opened
            .clue(level, (&one, &other), words)
            .figure("strong", strong as i64)
            .figure("weak", weak as i64);
        clues.put(clue);
    }
    clues.tell(look, || {
        opened.compared("未见相同机器、地址或账号", "no machine, address or account in common")
    });
}

/// Whether two bids have a link that makes at least a yellow card.
pub(super) fn is_linked(
    opened: &Opened<'_>,
    (one, other): (&Placed<'_>, &Placed<'_>),
    params: &Params,
    look: &Look<'_>,
) -> bool {
    let shared = shared(opened, one, other, look);
    let (strong, weak) = (shared.strong.len(), shared.weak.len());
    strong >= params.strong_min || strong + weak >= params.weak_min
}

fn shared(opened: &Opened<'_>, one: &Placed<'_>, other: &Placed<'_>, look: &Look<'_>) -> Shared {
    let (a, b, day) = (one.bid, other.bid, opened.day());
    let mut shared = Shared::default();
    for (kind, zh, en) in STRONG {
        if common(a, b, kind).is_none() {
            continue;
        }
        // Terminals of the hall and licences that are rented out are everybody's.
        let is_terminal =
            a.in_hall && b.in_hall && kind != Trait::Author && kind != Trait::UploadAccount;
        let is_rented = kind == Trait::Software && is_noise("software", &a.software, day, look);
        if !is_terminal && !is_rented {
            shared.strong.push((zh, en));
        }
    }
    let is_hall = a.in_hall && b.in_hall;
    if !is_hall && macs(a, b, day, look) {
        shared.strong.push(("网卡地址", "network card"));
    }
    if !is_hall && !a.ip.is_empty() && a.ip == b.ip && !is_noise("ip_range", &a.ip, day, look) {
        shared.weak.push(("网络地址", "network address"));
    }
    downloads(opened, a, b, &mut shared);
    shared
}

pub(super) fn common(a: &Bid, b: &Bid, kind: Trait) -> Option<u64> {
    let of = |bid: &Bid| bid.marks.iter().find(|(known, _)| *known == kind).map(|(_, mark)| *mark);
    of(a).filter(|mark| Some(*mark) == of(b))
}

/// An address that is neither made up at random nor that of a virtual machine.
fn macs(a: &Bid, b: &Bid, day: Day, look: &Look<'_>) -> bool {
    let mut both = a.macs.iter().filter(|(mac, _)| b.macs.iter().any(|(other, _)| other == mac));
    both.any(|(_, prefix)| !is_made_up(prefix) && !is_noise("mac_oui", prefix, day, look))
}

/// Addresses with the second digit 2, 6, A or E are locally administered (IEEE 802).
fn is_made_up(prefix: &str) -> bool {
    matches!(prefix.as_bytes().get(1), Some(b'2' | b'6' | b'A' | b'E'))
}

/// Address and account of a download.
type Download = (Option<u64>, Option<u64>);

/// Documents downloaded from one address or with one account are weak links.
fn downloads(opened: &Opened<'_>, a: &Bid, b: &Bid, shared: &mut Shared) {
    let of = |bidder: &str| {
        let docs = opened.facts.iter().filter_map(move |entry| match &entry.fact {
            Said::Doc { bidder: of, ip, account, .. } if of == bidder => Some((*ip, *account)),
            _ => None,
        });
        docs.collect::<Vec<_>>()
    };
    let (one, other) = (of(&a.bidder), of(&b.bidder));
    let equal = |pick: fn(&Download) -> Option<u64>| {
        one.iter().filter_map(pick).any(|mark| other.iter().filter_map(pick).any(|o| o == mark))
    };
    if equal(|doc| doc.0) {
        shared.weak.push(("下载文件的网络地址", "address of download"));
    }
    if equal(|doc| doc.1) {
        shared.weak.push(("下载文件的账号", "account of download"));
    }
}
