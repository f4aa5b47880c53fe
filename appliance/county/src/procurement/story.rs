//! Stories about the process: PROC-T, PROC-P and PROC-A.

use super::Trades;
use super::tender::Tender;
use crate::clock::at;
use crate::story::{Story, Told, bad, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Red, Yellow};
use plumbline_contract::time::Day;

type Of = Trades;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = times();
    all.extend(procedure());
    all
}

fn times() -> Vec<Story<Of>> {
    vec![
        bad(
            "PROC-T01",
            Red,
            60,
            ("公告至截止仅18日", "eighteen days for bids"),
            |a, t, d| a.changed(t, d, |tender| tender.bid_days = 16),
        ),
        fair("PROC-T01", 60, ("公告至截止恰20日", "twenty days for bids"), |a, t, d| {
            a.changed(t, d, |tender| tender.bid_days = 20)
        }),
        bad(
            "PROC-T02",
            Red,
            60,
            ("截止前10日实质澄清未顺延", "a late substantive clarification"),
            |a, t, d| a.changed(t, d, |tender| tender.clarified = Some((10, false))),
        ),
        fair(
            "PROC-T02",
            60,
            ("截止前10日的澄清不涉及实质", "a late clarification of form"),
            |a, t, d| a.changed(t, d, |tender| tender.clarified = Some((10, true))),
        ),
        bad(
            "PROC-T03",
            Yellow,
            100,
            ("中标后40日才签约", "signed forty days after the award"),
            |a, t, d| a.changed(t, d, |tender| tender.contract_days = 40),
        ),
        fair("PROC-T03", 90, ("中标后第28日签约", "signed on day 28"), |a, t, d| {
            a.changed(t, d, |tender| tender.contract_days = 28)
        }),
        bad(
            "PROC-T04",
            Red,
            80,
            ("异议未答复即定标，第14日才答复", "awarded before an objection was answered"),
            |a, t, d| a.changed(t, d, |tender| tender.objection = Some(14)),
        ),
        fair(
            "PROC-T04",
            80,
            ("异议第2日答复", "an objection answered on day 2"),
            |a, t, d| a.changed(t, d, |tender| tender.objection = Some(2)),
        ),
    ]
}

fn procedure() -> Vec<Story<Of>> {
    vec![
        bad("PROC-P01", Red, 60, ("截止前开标", "opened before the deadline"), |a, t, d| {
            a.changed(t, d, |tender| tender.opened_min = -45)
        }),
        fair(
            "PROC-P01",
            60,
            ("资格后审无预审环节", "no prequalification where none is due"),
            |a, t, d| a.changed(t, d, |_| {}),
        ),
        bad(
            "PROC-P03",
            Red,
            60,
            ("两家投标仍开标", "opened with two bidders"),
            |a, t, d| a.changed(t, d, |tender| tender.bidders.truncate(2)),
        ),
        fair("PROC-P03", 60, ("三家投标", "three bidders"), |a, t, d| {
            a.changed(t, d, |tender| tender.bidders.truncate(3))
        }),
        bad(
            "PROC-P04",
            Red,
            60,
            ("应公开招标而邀请，无批准", "by invitation, without approval"),
            |a, t, d| a.changed(t, d, |tender| tender.method = "invited"),
        ),
        fair("PROC-P04", 60, ("邀请招标已经批准", "by invitation, approved"), |a, t, d| {
            a.changed(t, d, |tender| {
                tender.method = "invited";
                tender.approvals.push(("method", 1));
            })
        }),
        bad("PROC-P05", Yellow, 60, ("投标保证金3%", "a bond of 3 per cent"), |a, t, d| {
            a.changed(t, d, |tender| tender.bond_permille = 30)
        }),
        fair("PROC-P05", 60, ("投标保证金恰2%", "a bond of 2 per cent"), |a, t, d| {
            a.changed(t, d, |tender| tender.bond_permille = 20)
        }),
        bad("PROC-P06", Red, 60, ("评标委员会四人", "a committee of four"), |a, t, d| {
            a.changed(t, d, |tender| tender.experts.truncate(4))
        }),
        fair("PROC-P06", 60, ("评标委员会七人", "a committee of seven"), |a, t, d| {
            let more = a.draw(2);
            a.changed(t, d, |tender| {
                for nth in more {
                    if !tender.experts.contains(&nth) {
                        tender.experts.push(nth);
                    }
                }
                if tender.experts.len() % 2 == 0 {
                    tender.experts.pop();
                }
            })
        }),
        bad(
            "PROC-A01",
            Yellow,
            120,
            ("变更累计18%未经批准", "changes of 18 per cent"),
            |a, t, d| a.changed(t, d, |tender| tender.amended = Some((180, "change"))),
        ),
        fair("PROC-A01", 120, ("按实计量增加18%", "18 per cent as measured"), |a, t, d| {
            a.changed(t, d, |tender| tender.amended = Some((180, "measured")))
        }),
    ]
}

impl Trades {
    /// A tender with something changed, from its registration on.
    pub(super) fn changed(
        &mut self,
        town: &mut Town,
        day: Day,
        change: impl FnOnce(&mut Tender),
    ) -> Told {
        let mut tender = self.tender(day);
        tender.amended = None;
        change(&mut tender);
        let awarded = self.run(town, &tender);
        Told::new(tender.ocid, &self.office.dept, at(awarded, 9, 30))
    }
}
