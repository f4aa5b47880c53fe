//! Decisions about one cause: which of them deviate from equal cases (PEN-D02).
//!
//! It raises nothing. A case is compared with those of its group that were decided before it, so
//! that later decisions change nothing of what was said; the stream `deviation` of the officer
//! raises the alert.

use crate::Params;
use crate::case::fingerprint;
use crate::params::Limits;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Stream};

/// Most decisions of one cause that are kept, the latest: the median of so many hardly moves, and
/// the state stays below a tenth of what a key may hold.
const CASES_MAX: usize = 600;
/// A ratio is in millionths.
const PPM: i128 = 1_000_000;
/// Days of sixteen months on average, for a window in months.
const SIXTEEN_MONTHS: i64 = 487;
/// A median of absolute deviations times this is a standard deviation, in ten-thousandths.
const TO_SIGMA: i128 = 14_826;

/// How far a case deviates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Verdict {
    /// 0 not at all, 1 a notice, 2 yellow.
    grade: u8,
    /// Deviations, tenths; zero where the kind of penalty differs.
    tenths: i64,
    peers: u32,
    median: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Peer {
    at: Local,
    case_no: String,
    rev: i64,
    group: u64,
    kind: String,
    /// The fine: millionths of the statutory maximum, or fen.
    figure: i64,
    is_ratio: bool,
    /// The first that was named: the alert stays with the officer to whom it was told.
    officer: String,
    dept: String,
    month: String,
    verdict: Verdict,
    /// How often the verdict changed.
    turn: i64,
}

/// Decisions in the order in which they were made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Group {
    peers: Vec<Peer>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Peers;

impl Stream for Peers {
    const NAME: &'static str = "peer";
    type State = Group;
    type Params = Params;

    fn take(group: &mut Group, event: &Event<'_>, params: &Params) {
        // A ruling that lacks a field of a group is compared with none.
        if let Some(case_no) = event.text("case_no") {
            group.put(&case_no, read(event), &params.limits);
        }
    }

    fn check(group: &Group, _: &Params, look: &mut Look<'_>) {
        for peer in group.peers.iter().filter(|peer| peer.turn > 0) {
            look.fact_of_turn(("outlier", &peer.case_no), (&peer.case_no, peer.turn), || {
                Writer::default()
                    .text("case_no", &peer.case_no)
                    .text("officer", &peer.officer)
                    .text("dept", &peer.dept)
                    .text("month", &peer.month)
                    .int("at", peer.at.0)
                    .int("grade", peer.verdict.grade.into())
                    .int("tenths", peer.verdict.tenths)
                    .int("peers", peer.verdict.peers.into())
                    .int("figure", peer.figure)
                    .int("median", peer.verdict.median)
                    .int("turn", peer.turn)
            });
        }
    }
}

fn read(event: &Event<'_>) -> Option<Peer> {
    let ratio = event.int("ratio");
    Some(Peer {
        at: Local(event.int("at")?),
        case_no: event.text("case_no")?,
        rev: event.int("rev")?,
        group: fingerprint(&event.text("group")?),
        kind: event.text("kind")?,
        figure: ratio.or(event.int("fine"))?,
        is_ratio: ratio.is_some(),
        officer: event.text("officer")?,
        dept: event.text("dept")?,
        month: event.text("month")?,
        verdict: Verdict::default(),
        turn: 0,
    })
}

impl Group {
    fn put(&mut self, case_no: &str, peer: Option<Peer>, limits: &Limits) {
        let known = self.peers.iter().position(|one| one.case_no == case_no);
        let mut from = usize::MAX;
        let mut old = None;
        if let Some(index) = known {
            if peer.as_ref().is_some_and(|peer| peer.rev < self.peers[index].rev) {
                return;
            }
            old = Some(self.peers.remove(index));
            from = index;
        }
        // What no longer belongs to a group stays as a case without peers, so that its alert goes.
        let peer = match (peer, old) {
            (Some(peer), Some(old)) => Some(Peer {
                officer: old.officer,
                month: old.month,
                verdict: old.verdict,
                turn: old.turn,
                ..peer
            }),
            (None, Some(old)) => Some(Peer { group: 0, ..old }),
            (peer, None) => peer,
        };
        let Some(peer) = peer else { return };
        let place = |one: &Peer| (one.at, &*one.case_no) < (peer.at, &*peer.case_no);
        let index = self.peers.partition_point(place);
        from = from.min(self.peers.partition_point(|one| one.at < peer.at)).min(index);
        self.peers.insert(index, peer);
        for index in from..self.peers.len() {
            let verdict = self.judge(index, limits);
            let peer = &mut self.peers[index];
            if peer.verdict != verdict {
                peer.turn += i64::from(peer.verdict.grade > 0 || verdict.grade > 0);
                peer.verdict = verdict;
            }
        }
        if self.peers.len() > CASES_MAX {
            self.peers.remove(0);
        }
    }

    fn judge(&self, index: usize, limits: &Limits) -> Verdict {
        let of = &self.peers[index];
        let days = i64::from(limits.peer_months) * SIXTEEN_MONTHS / 16;
        let since = of.at.plus_hours(-24 * days);
        let peers = self.peers.iter().enumerate().filter(|(nth, one)| {
            *nth != index && one.group == of.group && one.at <= of.at && one.at > since
        });
        let peers: Vec<_> = peers.map(|(_, one)| one).collect();
        let needed = usize::try_from(limits.peer_min_n).unwrap_or(usize::MAX);
        if peers.len() < needed || of.group == 0 {
            return Verdict::default();
        }
        let count = peers.len() as u32;
        let others = peers.iter().filter(|one| one.kind != of.kind);
        let share = |kind: &str| peers.iter().filter(|one| one.kind == kind).count() * 100;
        let wanted = usize::try_from(limits.kind_share_pct).unwrap_or(100) * peers.len();
        if others.into_iter().any(|other| share(&other.kind) >= wanted) {
            return Verdict { grade: 1, tenths: 0, peers: count, median: 0 };
        }
        let mut figures: Vec<_> =
            peers.iter().filter(|one| one.kind == "fine").map(|one| one.figure).collect();
        if of.kind != "fine" || figures.len() < needed {
            return Verdict::default();
        }
        let (median, tenths) = deviation(&mut figures, of.figure, of.is_ratio, limits);
        let grade =
            u8::from(tenths > limits.z_notice_tenths) + u8::from(tenths > limits.z_yellow_tenths);
        Verdict { grade, tenths, peers: count, median }
    }
}

/// The median, and how far a figure lies from it in tenths of a robust standard deviation.
fn deviation(figures: &mut [i64], of: i64, is_ratio: bool, limits: &Limits) -> (i64, i64) {
    let middle = median(figures);
    let mut apart: Vec<_> = figures.iter().map(|figure| (figure - middle).abs()).collect();
    let spread = i128::from(median(&mut apart));
    let whole = if is_ratio { PPM } else { i128::from(middle) };
    let floor = (whole * i128::from(limits.epsilon_permille) / 1000).max(1);
    let distance = i128::from((of - middle).abs());
    let tenths = distance * 100_000 / (TO_SIGMA * spread + 10_000 * floor);
    (middle, i64::try_from(tenths).unwrap_or(i64::MAX))
}

fn median(figures: &mut [i64]) -> i64 {
    figures.sort_unstable();
    let half = figures.len() / 2;
    match figures.len() % 2 {
        _ if figures.is_empty() => 0,
        1 => figures[half],
        _ => i64::midpoint(figures[half - 1], figures[half]),
    }
}
