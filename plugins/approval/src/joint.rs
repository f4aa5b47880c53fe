//! One joint approval: APPR-J01 并联审批. Yellow on a member that does not reply in time, red on
//! the lead when the whole takes too long.
//!
//! A member's clock starts when the lead forwards the case, not at acceptance: what the lead loses
//! before counts in the total only. How each case stands is told by the stream `entry`.

use crate::{Params, period};
use plumbline_guest::json::{Value, Writer};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Fire, Level, Local, Look, Rule, Span, Stream, Why, apply,
};
use std::collections::{BTreeMap, BTreeSet};

/// Most cases of one joint approval that are looked at; the host fans out no wider either.
const CASES_MAX: usize = 128;

/// What is said of the joint approval.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Started { cases: Vec<String>, lead: String, member_wd: Option<i32> },
    Forwarded { case_no: String, dept: String, limit_wd: Option<i32> },
    Completed,
}

/// How a case stands, as its own stream tells it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Standing {
    dept: String,
    /// When, and by which department.
    replies: Vec<(Local, String)>,
    pauses: Vec<(Local, Local)>,
    ext_wd: i32,
    ended: Option<Local>,
    rev: i64,
    seq: u64,
}

impl Standing {
    fn pauses(&self) -> Vec<Span> {
        self.pauses.iter().map(|(begin, end)| Span { begin: *begin, end: *end }).collect()
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Joint {
    joint_no: String,
    said: Facts<Said>,
    standings: BTreeMap<String, Standing>,
}

impl Joint {
    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let case_no = event.text("case_no")?;
        let list = |name| event.get(name).into_iter().flat_map(Value::items);
        let replies = list("replies").filter_map(|reply| {
            let reply = reply.text()?;
            let (at, dept) = reply.split_once('@')?;
            Some((Local(at.parse().ok()?), dept.to_owned()))
        });
        let pauses = list("pauses").filter_map(|pause| {
            let pause = pause.text()?;
            let (begin, end) = pause.split_once('/')?;
            Some((Local(begin.parse().ok()?), Local(end.parse().ok()?)))
        });
        let standing = Standing {
            dept: event.text("dept")?,
            replies: replies.collect(),
            pauses: pauses.collect(),
            ext_wd: event.int("ext_wd").and_then(|days| i32::try_from(days).ok())?,
            ended: event.int("ended").map(Local),
            rev: event.int("rev")?,
            seq: event.seq,
        };
        if self.standings.get(&case_no).is_none_or(|known| known.rev <= standing.rev) {
            self.standings.insert(case_no, standing);
        }
        Some(())
    }

    fn start(&self) -> Option<Start<'_>> {
        self.said.iter().find_map(|entry| match &entry.fact {
            Said::Started { cases, lead, member_wd } => Some(Start {
                entry,
                cases: &cases[..cases.len().min(CASES_MAX)],
                lead: if lead.is_empty() { &entry.dept } else { lead },
                member_wd: *member_wd,
            }),
            _ => None,
        })
    }

    /// Cases that the start or a forwarding names.
    fn cases(&self) -> BTreeSet<&str> {
        let started = self.start().map_or(&[][..], |start| start.cases);
        let forwarded = self.said.iter().filter_map(|entry| match &entry.fact {
            Said::Forwarded { case_no, .. } => Some(case_no),
            _ => None,
        });
        started.iter().chain(forwarded.take(CASES_MAX)).map(String::as_str).collect()
    }

    /// What each member was asked. Where sources report no forwarding, the start forwards.
    fn members(&self, is_reported: bool) -> Vec<Member<'_>> {
        let Some(start) = self.start() else { return Vec::new() };
        let forwarded: Vec<_> = self
            .said
            .iter()
            .filter_map(|entry| match &entry.fact {
                Said::Forwarded { case_no, dept, limit_wd } => {
                    let limit_wd = limit_wd.or(start.member_wd);
                    Some(Member { case_no, dept, from: entry, limit_wd })
                }
                _ => None,
            })
            .collect();
        let mut members = if forwarded.is_empty() && !is_reported {
            let (from, limit_wd) = (start.entry, start.member_wd);
            let of = |case_no| Member { case_no, dept: "", from, limit_wd };
            start.cases.iter().map(|case_no| of(case_no.as_str())).collect()
        } else {
            forwarded
        };
        for member in &mut members {
            if let Some(standing) =
                self.standings.get(member.case_no).filter(|_| member.dept.is_empty())
            {
                member.dept = &standing.dept;
            }
        }
        // What the lead handles itself needs no reply.
        members.retain(|member| member.dept != start.lead);
        members.truncate(CASES_MAX);
        members
    }
}

/// How the joint approval began.
#[derive(Debug)]
struct Start<'a> {
    entry: &'a Entry<Said>,
    cases: &'a [String],
    lead: &'a str,
    member_wd: Option<i32>,
}

/// A member's task.
#[derive(Debug)]
struct Member<'a> {
    case_no: &'a str,
    /// Empty if nobody has said.
    dept: &'a str,
    from: &'a Entry<Said>,
    limit_wd: Option<i32>,
}

impl Member<'_> {
    fn words(&self) -> (String, String) {
        let dept = if self.dept.is_empty() { "?" } else { self.dept };
        let case_no = self.case_no;
        (format!("{dept} 对办件 {case_no} 的回复"), format!("reply of {dept} on case {case_no}"))
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Joints;

impl Stream for Joints {
    const NAME: &'static str = "joint";
    type State = Joint;
    type Params = Params;

    fn take(joint: &mut Joint, event: &Event<'_>, _: &Params) {
        let text = |name| event.text(name).unwrap_or_default();
        let days = |name| event.int(name).and_then(|days| i32::try_from(days).ok());
        let said = match event.kind {
            "fact.approval.standing" => return joint.told(event).unwrap_or_default(),
            "approval.joint.started" => Said::Started {
                cases: event.texts("case_nos").unwrap_or_default(),
                lead: text("lead_dept"),
                member_wd: days("member_wd"),
            },
            "approval.joint.forwarded" => Said::Forwarded {
                case_no: text("case_no"),
                dept: text("dept"),
                limit_wd: days("limit_wd"),
            },
            "approval.joint.completed" => Said::Completed,
            _ => return,
        };
        joint.joint_no = text("joint_no");
        joint.said.put(event, said);
    }

    fn check(joint: &Joint, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Joint, Params>] = &[("APPR-J01", delayed)];
        apply(rules, &params.off, joint, params, look);
        for case_no in joint.cases() {
            let data = Writer::default().text("case_no", case_no).text("joint_no", &joint.joint_no);
            look.fact("member", case_no, data);
        }
    }
}

/// APPR-J01.
fn delayed(joint: &Joint, params: &Params, look: &mut Look<'_>) {
    for member in joint.members(params.limits.joint_forwarding) {
        silent_member(joint, &member, params, look);
    }
    slow_lead(joint, params, look);
}

fn silent_member(joint: &Joint, member: &Member<'_>, params: &Params, look: &mut Look<'_>) {
    let limit = member.limit_wd.unwrap_or(params.limits.member_wd);
    // A case without a line tells nothing by answering; whose it is must be known from elsewhere.
    let has_told = |standing: &&Standing| standing.rev > 0 || !member.dept.is_empty();
    let Some(standing) = joint.standings.get(member.case_no).filter(has_told) else {
        return look.quiet(|| untold().text("case_no", member.case_no));
    };
    let Some(due) = period::due(look, member.from.time.day(), limit, &standing.pauses()) else {
        return look.provisional();
    };
    let replied = replied(standing, member);
    let is_late = is_past(due, replied, look);
    let why = period::why(member.from.time.day(), (replied, limit), due, look);
    let of_member = || {
        let (zh, en) = member.words();
        Why::new(zh, en).text("case_no", member.case_no).text("member", member.dept)
    };
    if !is_late {
        return look.quiet(|| of_member().and(why));
    }
    let lead = joint.start().map_or("", |start| start.lead);
    let dept = if member.dept.is_empty() { lead } else { member.dept };
    let separator = if member.dept.is_empty() { "" } else { "/" };
    let fire = Fire::overdue(Level::Yellow, due)
        .episode(format!("{}{separator}{}", member.case_no, member.dept))
        .dept(dept)
        .evidence([member.from.seq, standing.seq])
        .int("limit_wd", limit.into())
        .day("due", due)
        .text("zh", &format!("成员部门 {dept} 对办件 {} 的回复", member.case_no))
        .text("en", &format!("the reply of {dept} on case {}", member.case_no));
    look.fire_because(fire, || of_member().and(why));
}

/// In an import the timers may come before what the cases tell: nothing is held against anyone
/// until they have told.
fn untold() -> Why {
    Why::new("成员办件情况尚未告知", "how the cases stand is not told yet").flag("told", false)
}

/// When the member replied or ended the case.
fn replied(standing: &Standing, member: &Member<'_>) -> Option<Local> {
    let by_member = |dept: &str| member.dept.is_empty() || dept.is_empty() || dept == member.dept;
    let replies =
        standing.replies.iter().filter(|(at, dept)| by_member(dept) && member.from.time <= *at);
    replies.map(|(at, _)| *at).chain(standing.ended).min()
}

fn slow_lead(joint: &Joint, params: &Params, look: &mut Look<'_>) {
    let Some(Start { entry: started, cases, lead, .. }) = joint.start() else {
        return look.unknown("approval.joint.started");
    };
    let limits = &params.limits;
    let standings: Option<Vec<_>> =
        cases.iter().map(|case_no| joint.standings.get(case_no)).collect();
    let Some(standings) = standings else { return look.quiet(untold) };
    let extension = standings.iter().map(|standing| standing.ext_wd).max().unwrap_or(0);
    let limit = limits.joint_wd + extension.min(limits.joint_ext_wd);
    let pauses: Vec<_> = standings.iter().flat_map(|standing| standing.pauses()).collect();
    let Some(due) = period::due(look, started.time.day(), limit, &pauses) else {
        return look.provisional();
    };
    let completed = joint.said.iter().find(|entry| matches!(entry.fact, Said::Completed));
    let ends: Option<Vec<_>> = standings.iter().map(|standing| standing.ended).collect();
    let all_ended = ends.and_then(|ends| ends.into_iter().max());
    let ended = completed.map(|entry| entry.time).or(all_ended);
    let is_late = is_past(due, ended, look);
    let why = period::why(started.time.day(), (ended, limit), due, look);
    let (count, ended) = (cases.len(), standings.iter().filter(|one| one.ended.is_some()).count());
    let of_whole = || {
        Why::new(
            format!("牵头部门 {lead} 的联合办理，成员办件 {count} 件，已办结 {ended} 件"),
            format!("the joint approval led by {lead}, {ended} of {count} cases over"),
        )
        .count("cases", count)
        .count("cases_ended", ended)
        .int("ext_wd", extension.min(limits.joint_ext_wd))
    };
    if !is_late {
        return look.quiet(|| of_whole().and(why));
    }
    let fire = Fire::overdue(Level::Red, due)
        .episode("total")
        .dept(lead)
        .evidence([started.seq])
        .evidence(standings.iter().map(|standing| standing.seq))
        .int("limit_wd", limit.into())
        .day("due", due)
        .text("zh", &format!("牵头部门 {lead} 的联合办理"))
        .text("en", &format!("the joint approval led by {lead}"));
    look.fire_because(fire, || of_whole().and(why));
}

fn is_past(due: Day, done: Option<Local>, look: &mut Look<'_>) -> bool {
    match done {
        Some(done) => done.day() > due,
        None => look.reached(period::daily_timer(due.plus(1))),
    }
}
