//! PROC-C04 人员/联系人交叉: people that two bidders of one lot share.

use super::fact::{Bid, Said, Trait};
use super::machine::common;
use super::view::Opened;
use crate::Params;
use crate::clue::Clues;
use plumbline_guest::{Level, Look, Why};

/// PROC-C04: one card a pair; red for a legal representative, project manager or agent.
pub(super) fn shared(opened: &Opened<'_>, _: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if !opened.is_comparable(&mut clues, look) {
        return clues.tell(look, Why::default);
    }
    for (one, other) in opened.pairs() {
        let (red, yellow) = people(opened, one.bid, other.bid);
        let level = if red.is_empty() { Level::Yellow } else { Level::Red };
        let all: Vec<_> = red.into_iter().chain(yellow).collect();
        if all.is_empty() {
            continue;
        }
        let zh: Vec<_> = all.iter().map(|(zh, _)| *zh).collect();
        let en: Vec<_> = all.iter().map(|(_, en)| *en).collect();
        let words = (format!("相同：{}", zh.join("、")), format!("share {}", en.join(", ")));
        let clue = opened.clue(level, (&one, &other), words).figure("people", all.len() as i64);
        clues.put(clue);
    }
    clues.tell(look, || opened.compared("未见共用人员", "no people in common"));
}

type Names = Vec<(&'static str, &'static str)>;

fn people(opened: &Opened<'_>, a: &Bid, b: &Bid) -> (Names, Names) {
    let (mut red, mut yellow) = (Names::new(), Names::new());
    let (of_a, of_b) = (opened.party(&a.bidder), opened.party(&b.bidder));
    let mark = |bid: &Bid, kind: Trait| {
        bid.marks.iter().find(|(known, _)| *known == kind).map(|(_, mark)| *mark)
    };
    let equal = |one: Option<u64>, other: Option<u64>| one.is_some() && one == other;
    let rep_a = mark(a, Trait::LegalRep).or(of_a.and_then(|party| party.legal_rep));
    let rep_b = mark(b, Trait::LegalRep).or(of_b.and_then(|party| party.legal_rep));
    if equal(rep_a, rep_b) {
        red.push(("法定代表人", "a legal representative"));
    }
    if common(a, b, Trait::ProjectManager).is_some() {
        red.push(("项目负责人", "a project manager"));
    }
    if common(a, b, Trait::Agent).is_some() {
        red.push(("委托代理人", "an agent"));
    }
    // The telephone of the agency is on many papers.
    let agency = opened.project.and_then(|project| project.agency_contact);
    let phones = |bid: &Bid, registered: Option<u64>| {
        let collected = opened.facts.iter().filter_map(|entry| match &entry.fact {
            Said::Doc { bidder, contact, .. } if *bidder == bid.bidder => *contact,
            _ => None,
        });
        let own = [mark(bid, Trait::Contact), registered].into_iter().flatten();
        own.chain(collected).filter(|phone| Some(*phone) != agency).collect::<Vec<_>>()
    };
    let one = phones(a, of_a.and_then(|party| party.phone));
    let other = phones(b, of_b.and_then(|party| party.phone));
    if one.iter().any(|phone| other.contains(phone)) {
        yellow.push(("联系电话", "a telephone"));
    }
    if common(a, b, Trait::Email).is_some() {
        yellow.push(("邮箱", "an e-mail address"));
    }
    let payer_a = mark(a, Trait::InsurancePayer).or(of_a.and_then(|party| party.insurance_payer));
    let payer_b = mark(b, Trait::InsurancePayer).or(of_b.and_then(|party| party.insurance_payer));
    if equal(payer_a, payer_b) {
        yellow.push(("代理人社保缴纳单位", "who pays the agent's insurance"));
    }
    (red, yellow)
}
