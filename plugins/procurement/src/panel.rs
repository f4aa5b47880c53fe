//! The committee of one process: PROC-P06 评委组成违规. It also tells each expert's own stream how he
//! scored, and the stream of his major that he was drawn.

mod fact;
mod publish;
mod score;

use crate::bids::publish::listed;
use crate::clue::{Clue, Clues};
use crate::{Params, read};
use fact::Said;
use plumbline_guest::json::Object;
use plumbline_guest::{Day, Event, Facts, FromRow, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::{BTreeMap, BTreeSet};

/// Most scores that are kept of one process: some hundred bidders before a committee of seven.
const SCORES_MAX: usize = 700;

/// The stream.
#[derive(Debug)]
pub(crate) struct Panels;

impl Stream for Panels {
    const NAME: &'static str = "panel";
    type State = Facts<Said>;
    type Params = Params;

    fn take(facts: &mut Facts<Said>, event: &Event<'_>, _: &Params) {
        let Some(said) = Said::read(event) else { return };
        let is_bulk = matches!(said, Said::Scored(_)) && event.version == 1;
        if !(is_bulk && facts.len() >= SCORES_MAX) {
            facts.put(event, said);
        }
    }

    fn check(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Panel<'_>, Params>; 1] = [("PROC-P06", composition)];
        let panel = Panel::new(facts);
        apply(&rules, &params.off, &panel, params, look);
        publish::draws(&panel, look);
        publish::scores(&panel, params, look);
    }
}

/// A member as drawn.
#[derive(Debug)]
struct Member {
    seq: u64,
    at: Local,
    random: Option<bool>,
    role: String,
}

/// The view.
#[derive(Debug)]
struct Panel<'a> {
    facts: &'a Facts<Said>,
    project: Option<&'a fact::Project>,
    /// Drawn and neither absent nor replaced.
    members: BTreeMap<&'a str, Member>,
    bidders: BTreeSet<&'a str>,
    scorers: BTreeSet<&'a str>,
    /// When the evaluation began, and by which event.
    started: Option<(Local, u64)>,
    /// As counted by the platform.
    counted: Option<i64>,
    finished: Option<Local>,
}

impl<'a> Panel<'a> {
    fn new(facts: &'a Facts<Said>) -> Self {
        let mut panel = Self {
            facts,
            project: None,
            members: BTreeMap::new(),
            bidders: BTreeSet::new(),
            scorers: BTreeSet::new(),
            started: None,
            counted: None,
            finished: None,
        };
        let mut gone = BTreeSet::new();
        for entry in facts {
            let begins = match &entry.fact {
                Said::Registered(project) => {
                    panel.project = Some(project);
                    continue;
                }
                Said::Drawn(draw) => {
                    let (seq, role) = (entry.seq, draw.role.clone());
                    let member = Member { seq, at: draw.at, random: draw.random, role };
                    panel.members.insert(&draw.expert, member);
                    continue;
                }
                Said::Gone { expert } => {
                    gone.insert(expert.as_str());
                    continue;
                }
                Said::Started { at, count } => {
                    panel.counted = count.or(panel.counted);
                    *at
                }
                Said::Scored(scored) => {
                    panel.bidders.insert(&scored.bidder);
                    panel.scorers.insert(&scored.expert);
                    scored.started.unwrap_or(entry.time)
                }
                Said::Finished { at } => {
                    panel.finished = Some(panel.finished.map_or(*at, |known| known.max(*at)));
                    continue;
                }
                Said::Awarded { supplier } => {
                    panel.bidders.insert(supplier);
                    continue;
                }
                _ => continue,
            };
            if panel.started.is_none_or(|(known, _)| begins < known) {
                panel.started = Some((begins, entry.seq));
            }
        }
        panel.members.retain(|expert, _| !gone.contains(expert) || panel.scorers.contains(expert));
        panel
    }

    fn has_approval(&self, wanted: &str) -> bool {
        self.facts
            .iter()
            .any(|entry| matches!(&entry.fact, Said::Approval { kind } if kind == wanted))
    }
}

/// PROC-P06: judged when the evaluation begins; one card a process.
fn composition(panel: &Panel<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some(project) = panel.project else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    let is_small = matches!(project.method.as_str(), "negotiation" | "consultation" | "inquiry");
    let is_tender = matches!(project.method.as_str(), "open" | "invited");
    if !is_tender && !is_small {
        let method = &project.method;
        clues.exempt(look, || {
            let (zh, en) = ("该采购方式不设评标委员会", "no committee evaluates under this method");
            Why::new(zh, en).text("method", method)
        });
        return clues.tell(look, Why::default);
    }
    let Some((at, seq)) = panel.started else {
        let drawn = panel.members.len();
        look.quiet(|| Why::new("评标尚未开始", "not evaluated yet").count("drawn", drawn));
        return;
    };
    // Sources report out of order, the last member perhaps after the first score.
    if look.reached(at.plus_minutes(params.grace_min)) {
        let least = if is_small { params.committee_small } else { params.committee_min };
        size(panel, least, (at, seq), &mut clues);
        chosen(panel, project, at, &mut clues);
        interests(panel, project, at, &mut clues, look);
    }
    clues.tell(look, || {
        let count = panel.members.len();
        Why::new(
            format!("评委 {count} 人，人数、来源与关联未见违规"),
            format!("{count} members; number, draw and relations are in order"),
        )
        .count("members", count)
    });
}

fn size(panel: &Panel<'_>, least: usize, (at, seq): (Local, u64), clues: &mut Clues) {
    let named: BTreeSet<_> = panel.members.keys().chain(&panel.scorers).collect();
    let count = panel.counted.and_then(|count| usize::try_from(count).ok()).unwrap_or(named.len());
    if count == 0 {
        return;
    }
    let evidence = || panel.members.values().map(|member| member.seq).chain([seq]);
    if count < least || count.is_multiple_of(2) {
        let words = (
            format!("评委 {count} 人，应为不少于 {least} 人的单数"),
            format!("{count} members where an odd number of at least {least} is due"),
        );
        let clue =
            Clue::new(Level::Red, at, words).evidence(evidence()).figure("members", count as i64);
        clues.put(clue);
    }
    // Who was not drawn, and who was drawn for the buyer, is no expert.
    let experts = panel.members.values().filter(|member| is_expert(member)).count();
    let others = count.saturating_sub(experts);
    if !panel.members.is_empty() && others * 3 > count {
        let words = (
            format!("评委 {count} 人中专家 {experts} 人，少于三分之二"),
            format!("{experts} experts among {count} members, fewer than two thirds"),
        );
        let clue =
            Clue::new(Level::Red, at, words).evidence(evidence()).figure("experts", experts as i64);
        clues.put(clue);
    }
}

fn is_expert(member: &Member) -> bool {
    member.role.is_empty() || member.role == "expert"
}

/// Appointed instead of drawn, or sent by the supervising department.
fn chosen(panel: &Panel<'_>, project: &fact::Project, at: Local, clues: &mut Clues) {
    let is_special = project.special && panel.has_approval("special_committee");
    for (expert, member) in &panel.members {
        let (zh, en) = if member.role == "supervisor" {
            ("监督部门人员担任评委", "of the supervising department sits on the committee")
        } else if is_expert(member) && member.random == Some(false) && !is_special {
            ("未经随机抽取", "was not drawn at random")
        } else {
            continue;
        };
        let words = (format!("{expert} {zh}"), format!("{expert} {en}"));
        let clue = Clue::new(Level::Red, at.min(member.at), words)
            .evidence([member.seq])
            .figure("members", panel.members.len() as i64);
        clues.put(clue);
    }
}

/// What the register says of an expert.
#[derive(Debug)]
struct Expert {
    employer: String,
    relations: Vec<String>,
}

impl FromRow for Expert {
    const TABLE: &'static str = "expert";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            employer: read::cell(row, "employer_h"),
            relations: read::cells(row, "relations"),
        })
    }
}

/// The name of a body as the register has it.
#[derive(Debug)]
struct Body {
    name: String,
}

impl FromRow for Body {
    const TABLE: &'static str = "party";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self { name: read::cell(row, "name_h") })
    }
}

/// Whether the expert works for a body or is related to it.
fn is_related(expert: &Expert, body: &str, on: Day, look: &Look<'_>) -> bool {
    let works_there = !expert.employer.is_empty()
        && (expert.employer == body
            || look.row::<Body>(body, on).is_some_and(|row| row.name == expert.employer));
    works_there || expert.relations.iter().any(|related| related == body)
}

fn interests(
    panel: &Panel<'_>,
    project: &fact::Project,
    at: Local,
    clues: &mut Clues,
    look: &Look<'_>,
) {
    let on = at.day();
    for (id, member) in panel.members.iter().filter(|(_, member)| is_expert(member)) {
        let mut put = |zh: String, en: String| {
            let words = (format!("专家 {id} {zh}"), format!("expert {id} {en}"));
            let clue = Clue::new(Level::Red, at, words)
                .evidence([member.seq])
                .figure("members", panel.members.len() as i64);
            clues.put(clue);
        };
        let authority = listed(id, &project.region, on, look);
        if !authority.is_empty() {
            put("在负面清单内".to_owned(), "is on the list of sanctions".to_owned());
        }
        let Some(row) = look.row::<Expert>(id, on) else { continue };
        if is_related(&row, &project.buyer, on, look) {
            let buyer = &project.buyer;
            put(
                format!("与采购人 {buyer} 同单位或有关联"),
                format!("is related to the buyer {buyer}"),
            );
        }
        for bidder in &panel.bidders {
            if is_related(&row, bidder, on, look) {
                put(
                    format!("与投标人 {bidder} 有利害关系"),
                    format!("is related to the bidder {bidder}"),
                );
            }
        }
    }
}
