//! Running numbers of receipts of one department and year: APPR-O02 流水号断档.
//!
//! State stays compact for a hundred thousand numbers: gaps instead of numbers, and the latest
//! receipts only, for corrections and for the order in which they were recorded.

mod numbers;

use crate::{Params, excuse};
use numbers::{Gap, Numbers};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, MS_PER_MINUTE, Rule, Stream, Why, apply};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Latest receipts that are kept one by one: a week of an ordinary department, a day of a busy one.
/// A correction that comes later adds its number and leaves the wrong one.
const LATEST_MAX: usize = 200;
/// Most mentions of numbers that no receipt has, of each kind: more are no more telling.
const MENTIONS_MAX: usize = 256;
/// How far above the highest number a receipt number still counts as one of the register: further
/// ahead it belongs to a numbering of its own.
const AHEAD_MAX: i64 = 1000;
/// Most gaps that have a card of their own; the rest share one card.
const CARDS_MAX: usize = 20;
/// Numbers and positions that one card of disorder lists.
const LISTED_MAX: usize = 16;

/// A receipt that was taken lately.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Receipt {
    identity: u64,
    version: u32,
    number: i64,
    range: String,
    recorded: Local,
    seq: u64,
    batch: String,
    is_void: bool,
    /// Whether it is counted as recorded after a higher number.
    is_behind: bool,
}

/// Receipts of one month and batch that were recorded after a higher number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Disorder {
    count: i64,
    first: Option<Local>,
    /// The earliest ones taken: number and position.
    listed: Vec<(i64, u64)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Register {
    /// By range; the empty name where all windows share one.
    ranges: BTreeMap<String, Numbers>,
    latest: VecDeque<Receipt>,
    /// Highest number of each range that is no longer among the latest.
    settled: BTreeMap<String, i64>,
    /// Numbers without a receipt that a certificate or a fee receipt names, with its position.
    mentions: BTreeSet<(i64, u64)>,
    /// The same where the certificate's or the receipt's own number is the missing one; the lowest.
    receipts: BTreeSet<(i64, u64)>,
    /// By month as `2026-03` and batch.
    disorder: BTreeMap<(String, String), Disorder>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Serials;

impl Stream for Serials {
    const NAME: &'static str = "serial";
    type State = Register;
    type Params = Params;

    fn take(register: &mut Register, event: &Event<'_>, params: &Params) {
        match event.kind {
            "approval.case.received" => {
                let envelope = event.serial.and_then(|serial| i64::try_from(serial).ok());
                if let Some(number) = number(event).or(envelope) {
                    register.receipt(event, number, false, params);
                }
            }
            "approval.case.terminated" if is_void(event) => {
                if let Some(number) = number(event) {
                    register.receipt(event, number, true, params);
                }
            }
            "approval.case.fee_charged" | "approval.cert.issued" => {
                if let Some(number) = number(event) {
                    register.mention(number, event.seq);
                }
                if params.limits.mention_receipts {
                    for number in own_numbers(event) {
                        register.mention_receipt(number, event.seq);
                    }
                }
            }
            _ => {}
        }
    }

    fn check(register: &Register, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Register, Params>] = &[("APPR-O02", gaps_and_order)];
        apply(rules, &params.off, register, params, look);
    }
}

/// The number in the payload: a number, or a text of digits.
fn number(event: &Event<'_>) -> Option<i64> {
    event.text("serial")?.trim().parse().ok().filter(|number| *number >= 0)
}

/// The number of a certificate or a fee receipt, where the whole of it is a number.
fn own_numbers(event: &Event<'_>) -> impl Iterator<Item = i64> {
    let texts = ["receipt_no", "cert_no"].into_iter().filter_map(|name| event.text(name));
    texts.filter_map(|text| {
        let text = text.trim();
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse().ok() } else { None }
    })
}

fn is_void(event: &Event<'_>) -> bool {
    event.text("reason").is_some_and(|reason| matches!(reason.trim(), "void" | "作废"))
}

impl Register {
    fn receipt(&mut self, event: &Event<'_>, number: i64, is_void: bool, params: &Params) {
        let slack_ms = params.limits.order_min * MS_PER_MINUTE;
        if !self.make_room(event, slack_ms) {
            return;
        }
        let text = |name| event.text(name).unwrap_or_default();
        let window = if params.limits.serial_by_window { text("window_id") } else { String::new() };
        let label = event.text("serial_range").unwrap_or(window);
        let range = if is_void { self.range_of_gap(number).unwrap_or(label) } else { label };
        let mut receipt = Receipt {
            identity: event.identity,
            version: event.version,
            number,
            range,
            recorded: event.recorded,
            seq: event.seq,
            batch: excuse::batch(event),
            is_void,
            is_behind: false,
        };
        for mentions in [&mut self.mentions, &mut self.receipts] {
            mentions.retain(|(mentioned, _)| *mentioned != number);
        }
        let numbers = self.ranges.entry(receipt.range.clone()).or_default();
        let overdue = numbers.insert(number, receipt.recorded);
        let is_behind = |recorded: Local, higher: Local| recorded.0 - higher.0 > slack_ms;
        receipt.is_behind =
            !is_void && overdue.is_some_and(|higher| is_behind(receipt.recorded, higher));
        // A higher number that arrives late was recorded before lower ones that came in earlier.
        // Few were, so the times are compared before the texts.
        let is_late = |lower: &&mut Receipt| {
            lower.number < number
                && is_behind(lower.recorded, receipt.recorded)
                && !lower.is_void
                && !lower.is_behind
                && lower.range == receipt.range
        };
        for lower in self.latest.iter_mut().filter(is_late) {
            lower.is_behind = true;
            count(&mut self.disorder, lower);
        }
        if receipt.is_behind {
            count(&mut self.disorder, &receipt);
        }
        self.latest.push_back(receipt);
        if self.latest.len() > LATEST_MAX
            && let Some(old) = self.latest.pop_front()
        {
            let settled = self.settled.entry(old.range).or_insert(old.number);
            *settled = old.number.max(*settled);
        }
    }

    /// Takes back an earlier version of the same receipt; false if the known one is newer.
    fn make_room(&mut self, event: &Event<'_>, slack_ms: i64) -> bool {
        let known = self.latest.iter().position(|known| known.identity == event.identity);
        let Some(index) = known else { return true };
        if self.latest[index].version >= event.version {
            return false;
        }
        let Some(old) = self.latest.remove(index) else { return true };
        let same = |other: &Receipt| other.range == old.range && other.number == old.number;
        if !self.latest.iter().any(same)
            && let Some(numbers) = self.ranges.get_mut(&old.range)
        {
            numbers.remove(old.number, event.corrected.unwrap_or(event.logged));
        }
        if old.is_behind {
            discount(&mut self.disorder, &old);
        }
        self.forgive(&old, slack_ms);
        true
    }

    /// Receipts that were behind the number taken back, and behind no other, are in order.
    fn forgive(&mut self, old: &Receipt, slack_ms: i64) {
        let settled = self.settled.get(&old.range).copied();
        let others: Vec<_> = self.latest.iter().filter(|other| other.range == old.range).collect();
        let still_behind = |receipt: &Receipt| {
            settled.is_some_and(|settled| settled > receipt.number)
                || others.iter().any(|other| {
                    other.number > receipt.number
                        && receipt.recorded.0 - other.recorded.0 > slack_ms
                })
        };
        let suspects = self.latest.iter().enumerate().filter(|(_, receipt)| {
            receipt.is_behind && receipt.range == old.range && receipt.number < old.number
        });
        let forgiven: Vec<_> = suspects
            .filter(|(_, receipt)| !still_behind(receipt))
            .map(|(index, _)| index)
            .collect();
        for index in forgiven {
            self.latest[index].is_behind = false;
            discount(&mut self.disorder, &self.latest[index]);
        }
    }

    /// A voided number names no range: it belongs where it is missing.
    fn range_of_gap(&self, number: i64) -> Option<String> {
        let within = |gap: &Gap| gap.first <= number && number <= gap.last;
        let mut ranges = self.ranges.iter();
        ranges.find(|(_, range)| range.gaps().iter().any(within)).map(|(name, _)| name.clone())
    }

    fn mention(&mut self, number: i64, seq: u64) {
        let is_present = self.ranges.values().any(|range| range.contains(number));
        if !is_present && self.mentions.len() < MENTIONS_MAX {
            self.mentions.insert((number, seq));
        }
    }

    /// Keeps the lowest: those above the highest number of the register are the last to matter.
    fn mention_receipt(&mut self, number: i64, seq: u64) {
        let is_missing = |range: &Numbers| {
            range.hull().is_some_and(|(low, high)| low <= number && number <= high + AHEAD_MAX)
        };
        let is_present = self.ranges.values().any(|range| range.contains(number));
        if !is_present && self.ranges.values().any(is_missing) {
            self.receipts.insert((number, seq));
            if self.receipts.len() > MENTIONS_MAX {
                self.receipts.pop_last();
            }
        }
    }

    /// Positions of the lines that name a number of the gap.
    fn named(&self, gap: &Gap) -> Vec<u64> {
        let within = (gap.first, 0)..=(gap.last, u64::MAX);
        let mut named =
            self.mentions.range(within.clone()).chain(self.receipts.range(within)).peekable();
        // Asked of every gap at each look, and nearly always in vain.
        if named.peek().is_none() {
            return Vec::new();
        }
        let positions: BTreeSet<_> = named.map(|(_, seq)| *seq).collect();
        positions.into_iter().take(LISTED_MAX).collect()
    }
}

type Disorders = BTreeMap<(String, String), Disorder>;

fn slot<'a>(disorder: &'a mut Disorders, receipt: &Receipt) -> &'a mut Disorder {
    let (year, month, _) = receipt.recorded.day().ymd();
    disorder.entry((format!("{year:04}-{month:02}"), receipt.batch.clone())).or_default()
}

fn count(disorder: &mut Disorders, receipt: &Receipt) {
    let slot = slot(disorder, receipt);
    slot.count += 1;
    slot.first = Some(slot.first.map_or(receipt.recorded, |first| first.min(receipt.recorded)));
    if slot.listed.len() < LISTED_MAX {
        slot.listed.push((receipt.number, receipt.seq));
    }
}

fn discount(disorder: &mut Disorders, receipt: &Receipt) {
    let slot = slot(disorder, receipt);
    slot.count -= 1;
    slot.listed.retain(|(_, seq)| *seq != receipt.seq);
}

/// APPR-O02.
fn gaps_and_order(register: &Register, params: &Params, look: &mut Look<'_>) {
    gaps(register, params, look);
    order(register, look);
}

/// A gap that is older than the wait, with its level and the mentions of its numbers.
struct Missing<'a> {
    gap: Gap,
    range: &'a str,
    level: Level,
    evidence: Vec<u64>,
    /// Missing numbers per mille of all numbers up to this gap.
    permille: i64,
}

fn gaps(register: &Register, params: &Params, look: &mut Look<'_>) {
    let mut missing = Vec::new();
    for (name, numbers) in &register.ranges {
        missing.extend(missing_of(register, (name, numbers), params, look));
    }
    if missing.is_empty() {
        let look_now = look.now();
        look.quiet(|| unbroken(register, params, look_now));
    }
    let (listed, rest) = missing.split_at(missing.len().min(CARDS_MAX));
    for missing in listed {
        lost(missing, params, look);
    }
    let Some(level) = rest.iter().map(|missing| missing.level).max() else { return };
    let since = rest.iter().map(|missing| missing.gap.since).min().unwrap_or(look.now());
    let count: i64 = rest.iter().map(|missing| missing.gap.len()).sum();
    let zh = || format!("另有 {} 处断档，共 {count} 个号", rest.len());
    let en = || format!("{} further gaps with {count} numbers", rest.len());
    let fire = Fire::new(level, since.plus_hours(params.limits.gap_wait_h)).episode("more");
    let named = || rest.iter().flat_map(|missing| missing.evidence.iter().copied());
    let fill = |fire: Fire| {
        fire.evidence(named().take(LISTED_MAX))
            .int("count", count)
            .text("zh", &zh())
            .text("en", &en())
    };
    look.fire_filled(fire, fill, || (zh(), en()));
}

/// The card of one gap.
fn lost(missing: &Missing<'_>, params: &Params, look: &mut Look<'_>) {
    let Missing { gap, range, level, evidence, permille } = missing;
    let words = if evidence.is_empty() { ("", "") } else { MENTIONED };
    let zh = || format!("流水号 {} 至 {} 缺失{}", gap.first, gap.last, words.0);
    let en = || format!("numbers {} to {} missing{}", gap.first, gap.last, words.1);
    let mut episode = gap.first.to_string();
    if !range.is_empty() {
        episode = format!("{range}/{episode}");
    }
    let fire = Fire::new(*level, gap.since.plus_hours(params.limits.gap_wait_h)).episode(episode);
    let fill = |fire: Fire| {
        fire.evidence(evidence.iter().copied())
            .int("count", gap.len())
            .int("permille", *permille)
            .text("zh", &zh())
            .text("en", &en())
    };
    look.fire_filled(fire, fill, || {
        let (wait, most) = (params.limits.gap_wait_h, params.limits.gap_permille);
        let (zh, en) = (zh(), en());
        Why::new(
            format!("{zh}；等待 {wait} 小时未见，累计缺 {permille}‰（超过 {most}‰ 为红牌）"),
            format!("{en}; not seen in {wait} hours, {permille} per mille missing so far (red above {most})"),
        )
        .at("since", gap.since)
        .int("gap_wait_h", wait)
        .int("gap_permille", most)
    });
}

/// The ranges of numbers, and gaps for which it is too early.
fn unbroken(register: &Register, params: &Params, now: Local) -> Why {
    let ranges = register.ranges.iter().filter_map(|(name, numbers)| {
        let (low, high) = numbers.hull()?;
        let separator = if name.is_empty() { "" } else { " " };
        Some(format!("{name}{separator}{low}–{high}"))
    });
    let ranges: Vec<_> = ranges.take(LISTED_MAX).collect();
    let wait = params.limits.gap_wait_h;
    let gaps = register.ranges.values().flat_map(Numbers::gaps);
    let waiting = gaps.filter(|gap| gap.since.plus_hours(wait) > now).count();
    let listed = ranges.join("、");
    Why::new(
        format!("流水号 {listed} 连续；等待中的断档 {waiting} 处（等待 {wait} 小时）"),
        format!("numbers {listed} without a gap; {waiting} gaps are waited for ({wait} hours)"),
    )
    .texts("ranges", ranges.iter().map(String::as_str))
    .count("waiting", waiting)
    .int("gap_wait_h", wait)
}

const MENTIONED: (&str, &str) =
    ("，且出现在证照或收费票据上", ", and named on a certificate or fee receipt");

/// Gaps of one range that are older than the wait. The share is that of the numbers up to each gap,
/// so that later receipts neither thin out an alert nor withdraw it.
fn missing_of<'a>(
    register: &Register,
    (name, numbers): (&'a str, &Numbers),
    params: &Params,
    look: &mut Look<'_>,
) -> Vec<Missing<'a>> {
    let limits = &params.limits;
    let mut found = Vec::new();
    let mut lost = 0;
    for gap in numbers.gaps() {
        if !look.reached(gap.since.plus_hours(limits.gap_wait_h)) {
            continue;
        }
        lost += gap.len();
        let (total, given_up) = numbers.up_to(gap);
        let permille = (lost + given_up).saturating_mul(1000) / total.max(1);
        let is_many =
            total >= limits.gap_min_n && (lost + given_up) * 1000 > limits.gap_permille * total;
        let evidence = register.named(gap);
        let is_red = is_many || !evidence.is_empty();
        let level = if is_red { Level::Red } else { Level::Yellow };
        found.push(Missing { gap: *gap, range: name, level, evidence, permille });
    }
    found
}

/// One card for each month in which numbers were recorded after higher ones.
fn order(register: &Register, look: &mut Look<'_>) {
    // Of each month: how many, the earliest, and in which batches.
    let mut months: BTreeMap<&str, (i64, Local, Vec<&Disorder>)> = BTreeMap::new();
    for ((month, batch), disorder) in &register.disorder {
        let Some(first) = disorder.first.filter(|_| disorder.count > 0) else { continue };
        if excuse::is_approved_batch(look, batch, "", first.day()) {
            continue;
        }
        let (count, earliest, batches) = months.entry(month).or_insert((0, first, Vec::new()));
        *count += disorder.count;
        *earliest = first.min(*earliest);
        batches.push(disorder);
    }
    if months.is_empty() {
        look.quiet(|| {
            Why::new("没有晚于更大的号录入的号", "no number was recorded after a higher one")
                .count("recorded_late", 0)
        });
    }
    for (month, (count, first, batches)) in months {
        let listed = || batches.iter().flat_map(|batch| &batch.listed).take(LISTED_MAX);
        let words = || {
            let numbers: Vec<_> = listed().map(|(number, _)| number.to_string()).collect();
            let listing = numbers.join(" ");
            let zh = format!("{month} 有 {count} 个号晚于更大的号录入：{listing}");
            (zh, format!("{count} numbers of {month} recorded after higher ones: {listing}"))
        };
        let fire = Fire::new(Level::Yellow, first).episode(["order/", month].concat());
        let fill = |fire: Fire| {
            let (zh, en) = words();
            let fire = fire.evidence(listed().map(|(_, seq)| *seq)).int("count", count);
            fire.text("zh", &zh).text("en", &en)
        };
        look.fire_filled(fire, fill, words);
    }
}
