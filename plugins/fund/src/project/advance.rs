//! FUND-P02 未验收先付款: more was paid than advance, progress and acceptance allow, the final
//! payment came without acceptance, or the approver accepted on the same day after paying.

use super::{Acceptance, Paid, Project, Said, acceptances, payments};
use crate::Params;
use crate::day::{percent, yuan};
use plumbline_guest::{Day, Fire, Level, Local, Look, Why};

const PASS: &str = "pass";
const PARTIAL: &str = "partial";

/// Shares of a contract in per mille.
const WHOLE: i64 = 1000;

/// One card for each way in which a payment was too early, at the first such payment.
pub(super) fn too_early(project: &Project, params: &Params, look: &mut Look<'_>) {
    let terms = Terms::new(project);
    let accepted = acceptances(project);
    let mut found = Cards::default();
    let (mut judged, mut emergency, mut most) = (0, 0, 0);
    for (at, sum, paid) in payments(project) {
        let Some((paid, seq, dept)) = paid else { continue };
        if terms.emergency || paid.emergency {
            emergency += 1;
            continue;
        }
        judged += 1;
        // Acceptance and progress may be reported a little later than the payment.
        if !look.reached(at.plus_minutes(params.grace_min)) {
            continue;
        }
        let proof = Proof { at, seq, dept, sum };
        let by_then = |acceptance: &&(&Acceptance, u64, &str)| acceptance.0.at.day() <= at.day();
        let by_then: Vec<_> =
            accepted.iter().filter(by_then).map(|(acceptance, ..)| *acceptance).collect();
        if let Some(price) = terms.price {
            let allowed = terms.allowed(project, &by_then, at.day(), params);
            most = most.max(percent(sum, price));
            if i128::from(sum) * i128::from(WHOLE) > i128::from(price) * i128::from(allowed) {
                found.add("ratio", proof, Some((allowed, price)));
            }
        }
        if paid.is_final && !by_then.iter().any(|acceptance| acceptance.result == PASS) {
            found.add("final", proof, None);
        }
        if by_then.iter().any(|acceptance| is_own(acceptance, paid)) {
            found.add("self", proof, None);
        }
    }
    if found.0.is_empty() {
        return match (judged, emergency, terms.price) {
            (0, 1.., _) => {
                look.exempt(|| Why::new("应急项目", "an emergency").int("payments", emergency))
            }
            (1.., _, None) => look.unknown("amount"),
            _ => look.quiet(|| {
                Why::new(
                    format!("{judged} 笔付款，最高付至合同价 {most}%，未超过当时允许的比例"),
                    format!(
                        "{judged} payments, at most {most} % of the price, within what was allowed"
                    ),
                )
                .int("payments", judged)
                .int("paid_pct", most)
            }),
        };
    }
    found.fire(look);
}

/// What the contracts say.
struct Terms {
    price: Option<i64>,
    advance: Option<i64>,
    emergency: bool,
}

impl Terms {
    /// Of several contracts the prices add up and the largest advance counts.
    fn new(project: &Project) -> Self {
        let mut terms = Self { price: None, advance: None, emergency: false };
        for entry in project {
            let Said::Started { price, advance, emergency } = &entry.fact else { continue };
            if let Some(price) = price.filter(|price| *price > 0) {
                terms.price = Some(terms.price.unwrap_or(0) + price);
            }
            terms.advance = terms.advance.max(*advance);
            terms.emergency |= emergency;
        }
        terms
    }

    /// Share of the price that may have been paid by the end of a day, per mille.
    fn allowed(
        &self,
        project: &Project,
        accepted: &[&Acceptance],
        day: Day,
        params: &Params,
    ) -> i64 {
        if let Some(pass) = accepted.iter().rev().find(|acceptance| acceptance.result == PASS) {
            let is_retained = pass.retention_until.is_some_and(|until| day <= until);
            return if is_retained { WHOLE - params.retention_pct * 10 } else { WHOLE };
        }
        let progress = project.iter().filter(|entry| entry.time.day() <= day);
        let done = progress.filter_map(|entry| match entry.fact {
            Said::Progress { done, .. } => Some(done),
            _ => None,
        });
        let done = done.max().unwrap_or(0);
        let advance = self.advance.unwrap_or(params.advance_pct * 10);
        let running = done.min(params.pre_accept_pct * 10).max(advance);
        let lots = accepted.iter().filter(|acceptance| acceptance.result == PARTIAL);
        let lots: i64 = lots.filter_map(|acceptance| acceptance.amount).sum();
        let price = self.price.unwrap_or(i64::MAX).max(1);
        let lots = i128::from(lots) * i128::from(WHOLE) / i128::from(price);
        running.max(i64::try_from(lots).unwrap_or(WHOLE)).min(WHOLE)
    }
}

/// Accepted on the day of the payment, after it, by somebody who approved it.
fn is_own(acceptance: &Acceptance, paid: &Paid) -> bool {
    let is_after = acceptance.at > paid.at && acceptance.at.day() == paid.at.day();
    is_after && acceptance.acceptors.iter().any(|acceptor| paid.approvers.contains(acceptor))
}

/// The payment that a card is about, and what had been paid with it.
#[derive(Clone, Copy)]
struct Proof<'a> {
    at: Local,
    seq: u64,
    dept: &'a str,
    sum: i64,
}

/// The way, its first payment, and share allowed and price if that was the matter.
type Card<'a> = (&'static str, Proof<'a>, Option<(i64, i64)>);

/// The first payment of each way, with the share allowed and the price if that was the matter.
#[derive(Default)]
struct Cards<'a>(Vec<Card<'a>>);

impl<'a> Cards<'a> {
    fn add(&mut self, way: &'static str, proof: Proof<'a>, ratio: Option<(i64, i64)>) {
        if !self.0.iter().any(|(known, ..)| *known == way) {
            self.0.push((way, proof, ratio));
        }
    }

    fn fire(self, look: &mut Look<'_>) {
        for (way, proof, ratio) in self.0 {
            let paid = yuan(proof.sum);
            let (zh, en) = match (way, ratio) {
                (_, Some((allowed, price))) => {
                    let (pct, allowed) = (percent(proof.sum, price), allowed / 10);
                    (
                        format!("累计支付 {paid} 元，为合同价的 {pct}%，当时允许 {allowed}%"),
                        format!("{paid} yuan paid, {pct} % of the price, {allowed} % allowed"),
                    )
                }
                ("final", _) => {
                    ("尾款支付时没有验收".to_owned(), "final payment without acceptance".to_owned())
                }
                _ => (
                    "付款审批人当日付款后自行验收".to_owned(),
                    "accepted by the approver after paying, on the same day".to_owned(),
                ),
            };
            let fire = Fire::new(Level::Red, proof.at)
                .episode(way)
                .dept(proof.dept)
                .evidence([proof.seq])
                .text("zh", &zh)
                .text("en", &en);
            look.fire_because(fire, || {
                let why = Why::new(zh, en).int("paid_fen", proof.sum);
                match ratio {
                    Some((allowed, price)) => {
                        why.int("allowed_permille", allowed).int("price_fen", price)
                    }
                    None => why,
                }
            });
        }
    }
}
