//! One buyer's purchases of one category: PROC-P02 应招未招/规避招标, PROC-C10 控制价贴近.
//!
//! Both look at a window that rolls; what was found stays found while the window moves on.

use crate::clue::{Clue, Clues};
use crate::latch::{Found, Latch};
use crate::{Params, read};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most purchases of one buyer and category that are kept, and most lots: the oldest go first. Some
/// 120 bytes each, and years of a county's largest buyer.
const PURCHASES_MAX: usize = 800;
const LOTS_MAX: usize = 800;

/// Episode of the share of lots close to the ceiling.
const CONTROL: &str = "control";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Purchase {
    supplier: String,
    project: String,
    budget_line: String,
    amount: i64,
    estimate: i64,
    threshold: i64,
    at: Local,
    seq: u64,
    tendered: bool,
    excused: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Lot {
    price: i64,
    control: Option<i64>,
    /// The sealed reserve, if it was secret.
    reserve: Option<i64>,
    at: Local,
    seq: u64,
    is_asset: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Buying {
    category: String,
    purchases: BTreeMap<String, Purchase>,
    lots: BTreeMap<String, Lot>,
    split: Latch,
    close: Latch,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Buyers;

impl Stream for Buyers {
    const NAME: &'static str = "buyer";
    type State = Buying;
    type Params = Params;

    fn take(buying: &mut Buying, event: &Event<'_>, params: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        match event.kind {
            "fact.procurement.purchase" => buying.purchase(event, params).unwrap_or_default(),
            "fact.procurement.outcome" => buying.lot(event, params).unwrap_or_default(),
            _ => {}
        }
    }

    fn check(buying: &Buying, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Buying, Params>; 2] = [("PROC-P02", avoided), ("PROC-C10", leaked)];
        apply(&rules, &params.off, buying, params, look);
    }
}

impl Buying {
    fn purchase(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let record = event.text("record")?;
        self.category = event.text("category")?;
        let purchase = Purchase {
            supplier: event.text("supplier")?,
            project: event.text("project")?,
            budget_line: event.text("budget_line")?,
            amount: event.int("contract")?,
            estimate: event.int("estimate")?,
            threshold: event.int("threshold")?,
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            tendered: event.flag("tendered")?,
            excused: event.flag("excused")?,
        };
        if self.purchases.insert(record.clone(), purchase).is_some() {
            self.split.forget(&record);
        }
        drop_oldest(&mut self.purchases, PURCHASES_MAX, |purchase| purchase.at);
        self.find_split(&record, params);
        self.find_near(params);
        Some(())
    }

    fn lot(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let record = event.text("record")?;
        self.category = event.text("category")?;
        let is_secret = event.flag("reserve_secret").unwrap_or(false);
        let kind = read::text(event, "kind");
        let lot = Lot {
            price: event.int("price")?,
            control: event.int("control_price").filter(|price| *price > 0),
            reserve: event.int("reserve_price").filter(|price| *price > 0 && is_secret),
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            is_asset: kind == "land" || kind == "property",
        };
        if self.lots.insert(record.clone(), lot).is_some() {
            self.close.forget(&record);
        }
        drop_oldest(&mut self.lots, LOTS_MAX, |lot| lot.at);
        self.find_close(params);
        self.find_leak(&record, params);
        Some(())
    }

    /// The first window in which the purchases that are one with the new one reach the threshold.
    fn find_split(&mut self, news: &str, params: &Params) {
        let Some(name) = self.purchases.get(news).and_then(group_of) else { return };
        let mut group: Vec<_> = self
            .purchases
            .iter()
            .filter(|(_, purchase)| group_of(purchase).as_ref() == Some(&name))
            .collect();
        group.sort_by_key(|(_, purchase)| (purchase.at, purchase.seq));
        let (mut first, mut sum) = (0, 0_i64);
        for (nth, (_, purchase)) in group.iter().enumerate() {
            sum = sum.saturating_add(purchase.amount);
            while purchase.at.day().0 - group[first].1.at.day().0 > params.split_days {
                sum -= group[first].1.amount;
                first += 1;
            }
            if nth == first || sum < purchase.threshold {
                continue;
            }
            let (part, (kind, of)) = (&group[first..=nth], name);
            let (count, threshold) = (part.len(), purchase.threshold);
            let words = (
                format!("{of}：{count} 份合同各低于限额 {threshold} 分，合计 {sum} 分，均未招标"),
                format!(
                    "{of}: {count} contracts below {threshold} fen each, {sum} fen together, none tendered"
                ),
            );
            let found = found_in(part, purchase.at, words);
            let episode = format!("{kind}/{of}");
            return self.split.put(episode, found);
        }
    }

    /// Estimates that lie just below the threshold, again and again.
    fn find_near(&mut self, params: &Params) {
        let is_near = |purchase: &Purchase| {
            let floor = i128::from(purchase.threshold) * i128::from(1000 - params.near_permille);
            !purchase.tendered
                && !purchase.excused
                && purchase.estimate < purchase.threshold
                && i128::from(purchase.estimate) * 1000 >= floor
        };
        let mut near: Vec<_> =
            self.purchases.iter().filter(|(_, purchase)| is_near(purchase)).collect();
        near.sort_by_key(|(_, purchase)| (purchase.at, purchase.seq));
        let window = near.windows(params.near_min).find(|window| {
            let (first, last) = (window[0].1, window[window.len() - 1].1);
            last.at.day().0 - first.at.day().0 <= params.split_days
        });
        let Some(window) = window else { return };
        let at = window[window.len() - 1].1.at;
        let (count, permille) = (window.len(), params.near_permille);
        let found = found_in(
            window,
            at,
            (
                format!("{count} 次估算价在限额以下 {permille}‰ 以内，均未招标"),
                format!(
                    "{count} estimates within {permille} per mille below the threshold, none tendered"
                ),
            ),
        );
        self.split.put("near".to_owned(), found);
    }

    fn find_close(&mut self, params: &Params) {
        if self.close.has(CONTROL) || params.control_exempt.contains(&self.category) {
            return;
        }
        let mut lots: Vec<_> =
            self.lots.iter().filter(|(_, lot)| lot.control.is_some() && !lot.is_asset).collect();
        lots.sort_by_key(|(_, lot)| (lot.at, lot.seq));
        let newest = lots.last().map(|(_, lot)| lot.at.day().0).unwrap_or(0);
        lots.retain(|(_, lot)| newest - lot.at.day().0 <= params.market_days);
        let is_close = |lot: &Lot| {
            let control = lot.control.unwrap_or(0);
            let gap = i128::from(control) - i128::from(lot.price);
            gap >= 0 && gap * 10_000 <= i128::from(control) * i128::from(params.close_bp)
        };
        let close: Vec<_> = lots.iter().filter(|(_, lot)| is_close(lot)).collect();
        let (count, all) = (close.len(), lots.len());
        if all < params.lots_min || count * 100 < all * params.close_pct {
            return;
        }
        let found = Found {
            is_red: false,
            at: close.last().map_or(Local(0), |(_, lot)| lot.at),
            seqs: close.iter().map(|(_, lot)| lot.seq).collect(),
            cites: lots.iter().map(|(record, _)| (*record).clone()).collect(),
            zh: format!("{all} 个标段中 {count} 个中标价紧贴最高限价"),
            en: format!("{count} of {all} awards just below the ceiling"),
        };
        self.close.put(CONTROL.to_owned(), found);
    }

    /// A price that meets the sealed reserve.
    fn find_leak(&mut self, record: &str, params: &Params) {
        let Some(lot) = self.lots.get(record) else { return };
        let Some(reserve) = lot.reserve else { return };
        let gap = (i128::from(reserve) - i128::from(lot.price)).abs();
        let is_far = gap * 10_000 > i128::from(reserve) * i128::from(params.reserve_bp);
        if is_far || params.control_exempt.contains(&self.category) {
            return;
        }
        let found = Found {
            is_red: false,
            at: lot.at,
            seqs: vec![lot.seq],
            cites: vec![record.to_owned()],
            zh: format!("{record} 中标价 {} 分与保密标底 {reserve} 分几乎相同", lot.price),
            en: format!("{record} awarded at {} fen, the secret reserve was {reserve}", lot.price),
        };
        self.close.put(format!("reserve/{record}"), found);
    }
}

/// What makes a purchase one with others, if it was neither tendered nor excused and lies below the
/// threshold: the undertaking, else the supplier.
fn group_of(purchase: &Purchase) -> Option<(&'static str, &str)> {
    if purchase.tendered || purchase.excused || purchase.amount >= purchase.threshold {
        return None;
    }
    match (purchase.project.as_str(), purchase.supplier.as_str()) {
        ("", "") => None,
        ("", supplier) => Some(("supplier", supplier)),
        (project, _) => Some(("project", project)),
    }
}

fn found_in(part: &[(&String, &Purchase)], at: Local, (zh, en): (String, String)) -> Found {
    Found {
        is_red: true,
        at,
        seqs: part.iter().map(|(_, purchase)| purchase.seq).collect(),
        cites: part.iter().map(|(record, _)| (*record).clone()).collect(),
        zh,
        en,
    }
}

/// Keeps the latest `max` records.
pub(crate) fn drop_oldest<T>(
    records: &mut BTreeMap<String, T>,
    max: usize,
    at: impl Fn(&T) -> Local,
) {
    while records.len() > max {
        let oldest =
            records.iter().min_by(|(one, a), (other, b)| (at(a), one).cmp(&(at(b), other)));
        let Some(oldest) = oldest.map(|(name, _)| name.clone()) else { return };
        records.remove(&oldest);
    }
}

/// Raises what a latch holds.
pub(crate) fn raise(latch: &Latch, name: &'static str, clues: &mut Clues) {
    for (episode, found) in latch.iter() {
        let clue = Clue::new(found.level(), found.at, (found.zh.clone(), found.en.clone()))
            .episode(episode.as_str())
            .evidence(found.seqs.iter().copied())
            .figure(name, found.seqs.len() as i64);
        clues.put(clue);
    }
}

/// PROC-P02.
fn avoided(buying: &Buying, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    raise(&buying.split, "purchases", &mut clues);
    clues.tell(look, || {
        let count = buying.purchases.len();
        let days = params.split_days;
        Why::new(
            format!("{count} 份合同，{days} 日内未见拆分或紧贴限额"),
            format!("{count} contracts, none split or near the threshold within {days} days"),
        )
        .count("contracts", count)
        .int("window_days", days)
    });
}

/// PROC-C10.
fn leaked(buying: &Buying, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    raise(&buying.close, "lots", &mut clues);
    clues.tell(look, || {
        let count = buying.lots.len();
        let (min, pct) = (params.lots_min, params.close_pct);
        Why::new(
            format!("{count} 个标段，贴近限价未达 {pct}%（至少 {min} 个标段）"),
            format!("{count} lots, fewer than {pct} % close to the ceiling (of {min} at least)"),
        )
        .count("lots", count)
        .count("lots_min", min)
    });
}
