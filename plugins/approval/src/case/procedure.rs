//! APPR-P01 and APPR-P02: the steps of the process, their order, and who took them.

use super::defect::Defects;
use super::explain;
use super::fact::{Fact, Step};
use super::item::Node;
use super::table;
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Level, Look, Why};
use std::sync::Arc;

/// Names under which processes list what is an event of its own and no step.
const ACCEPT_NAMES: [&str; 4] = ["accept", "accepted", "acceptance", "受理"];
const DECIDE_NAMES: [&str; 4] = ["decide", "decided", "decision", "决定"];
/// Steps whose absence is red, by id or role.
const REVIEW_NAMES: [&str; 3] = ["review", "审核", "审查"];
const HEARING_NAMES: [&str; 2] = ["hearing", "听证"];
/// Versions of a process that hold for a track only.
const TRACK_NAMES: [&str; 4] = ["commitment", "告知承诺", "simplified", "简易"];

/// The process that governs the case.
#[derive(Debug)]
pub(crate) struct Process {
    nodes: Vec<Node>,
    /// (before, after); `None` if the order of the list is the order of the process.
    edges: Option<Vec<(String, String)>>,
}

/// APPR-P01 程序跳步/倒序: decided without a mandatory step, or a step before its predecessor.
///
/// A signed letter of commitment stands in for the steps that it names, or for any but review and
/// hearing if it names none.
pub(crate) fn skipped(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let steps = steps(case);
    if case.decided.is_none() && steps.len() < 2 {
        return look.quiet(|| {
            let (zh, en) = ("未决定，尚无可比对的环节", "not decided, no steps to compare yet");
            Why::new(zh, en).count("steps", steps.len())
        });
    }
    let Some(process) = case.process(look) else { return look.unknown("process_def") };
    let mut defects = Defects::default();
    for (earlier, later) in out_of_order(process, &steps) {
        let (before, after) = (&earlier.said.step, &later.said.step);
        defects.add(
            (Level::Yellow, later.time(), later.seq()),
            format!("“{after}”先于“{before}”完成"),
            format!("{after} done before {before}"),
        );
    }
    if let Some(decided) = case.decided
        && look.reached(decided.said.logged.plus_minutes(params.case.step_grace_min))
    {
        for node in missing(case, process, &steps) {
            let is_key = is_named(node, &REVIEW_NAMES) || is_named(node, &HEARING_NAMES);
            let level = if is_key { Level::Red } else { Level::Yellow };
            defects.add(
                (level, decided.time(), decided.seq()),
                format!("决定前未见必经环节“{}”", node.id),
                format!("decided without the mandatory step {}", node.id),
            );
        }
    }
    let grace = params.case.step_grace_min;
    defects.fire(
        look,
        |fire| fire.dept(case.dept()),
        |_| looked_for(case, process, &steps).int("step_grace_min", grace),
    );
}

/// Which steps the process demands and which were done, in the order in which they were done.
fn looked_for(case: &Case<'_>, process: &Process, steps: &[Act<'_, Step>]) -> Why {
    let must = process.nodes.iter().filter(|node| node.mandatory).map(|node| node.id.as_str());
    let must: Vec<_> = must.collect();
    let done: Vec<_> = steps.iter().map(|step| step.said.step.as_str()).collect();
    let lacking: Vec<_> = match case.decided {
        Some(_) => missing(case, process, steps).map(|node| node.id.as_str()).collect(),
        None => Vec::new(),
    };
    let (state_zh, state_en) = match (case.decided, lacking.len()) {
        (None, _) => ("尚未决定".to_owned(), "not decided yet".to_owned()),
        (Some(_), 0) => ("决定前均已办理或依承诺免办".into(), "all done or waived".into()),
        (Some(_), count) => {
            (format!("决定前缺 {count} 个"), format!("{count} missing at decision"))
        }
    };
    let (must_zh, done_zh) = (must.join("、"), done.join("、"));
    let (must_en, done_en) = (must.join(", "), done.join(", "));
    Why::new(
        format!("流程必经：{must_zh}；已办次序：{done_zh}；{state_zh}"),
        format!("mandatory: {must_en}; done in order: {done_en}; {state_en}"),
    )
    .texts("mandatory", must)
    .texts("steps_done", done)
    .texts("steps_missing", lacking)
    .flag("decided", case.decided.is_some())
}

/// APPR-P02 一人包办: the signer also accepted or reviewed, or one officer took two steps that the
/// process keeps separate.
pub(crate) fn same_person(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    if case.item.as_ref().is_some_and(|item| item.on_spot) {
        let (zh, en) = ("即办件除外", "decided on the spot");
        return look.exempt(|| Why::new(zh, en).flag("on_spot", true));
    }
    let Some(decided) = case.decided else {
        return look.quiet(|| explain::not_decided(case));
    };
    if decided.said.delegation {
        let (zh, en) = ("一人站点，有书面授权", "a delegation in writing");
        return look.exempt(|| Why::new(zh, en).flag("delegation", true));
    }
    let signer = decided.said.signer.as_deref();
    let Some(signer) = signer else { return look.unknown("signer") };
    let steps = steps(case);
    let proof = (Level::Red, decided.time(), decided.seq());
    let mut defects = Defects::default();
    let is_signer =
        |officer: &Option<String>| !signer.is_empty() && officer.as_deref() == Some(signer);
    if case.accepted.is_some_and(|accepted| is_signer(&accepted.said.officer)) {
        defects.add(proof, format!("{signer} 受理并签发"), format!("{signer} accepted and signed"));
    }
    if steps.iter().any(|step| is_review(step.said) && is_signer(&step.said.officer)) {
        defects.add(proof, format!("{signer} 审核并签发"), format!("{signer} reviewed and signed"));
    }
    separate(case, &steps, signer, &mut defects, look);
    defects.fire(
        look,
        |fire| fire.dept(&*decided.entry.dept),
        |look| who(case, &steps, signer, look),
    );
}

/// Who accepted, who reviewed and who signed.
fn who(case: &Case<'_>, steps: &[Act<'_, Step>], signer: &str, look: &Look<'_>) -> Why {
    let accepted = case.accepted.and_then(|accepted| accepted.said.officer.as_deref());
    let reviews = steps.iter().filter(|step| is_review(step.said));
    let mut reviewed: Vec<_> = reviews.filter_map(|step| step.said.officer.as_deref()).collect();
    reviewed.dedup();
    let process = case.process(look);
    let separate = process.map_or(&[][..], |process| &process.nodes).iter();
    let separate: Vec<_> =
        separate.filter(|node| node.separate).map(|node| node.id.as_str()).collect();
    let or = |name: &str| if name.is_empty() { "?".to_owned() } else { name.to_owned() };
    let (by, review) = (or(accepted.unwrap_or("")), or(&reviewed.join("、")));
    let (sign, apart) = (or(signer), separate.len());
    Why::new(
        format!("受理 {by}，审核 {review}，签发 {sign}；流程要求分离的环节 {apart} 个"),
        format!("accepted by {by}, reviewed by {review}, signed by {sign}; {apart} separate steps"),
    )
    .text("accepted_by", accepted.unwrap_or(""))
    .texts("reviewed_by", reviewed)
    .text("signed_by", signer)
    .texts("separate", separate)
}

/// Pairs of nodes that are both flagged separate, taken by one officer; acceptance and decision
/// may be flagged as well.
fn separate(
    case: &Case<'_>,
    steps: &[Act<'_, Step>],
    signer: &str,
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let Some(process) = case.process(look) else { return };
    let mut taken: Vec<(&str, &str, plumbline_guest::Local, u64)> = Vec::new();
    for node in process.nodes.iter().filter(|node| node.separate) {
        let id = node.id.as_str();
        if let Some(decided) = case.decided.filter(|_| DECIDE_NAMES.contains(&id)) {
            taken.push((id, signer, decided.time(), decided.seq()));
        } else if let Some(accepted) = case.accepted.filter(|_| ACCEPT_NAMES.contains(&id)) {
            let officer = accepted.said.officer.as_deref().unwrap_or("");
            taken.push((id, officer, accepted.time(), accepted.seq()));
        } else {
            let of_node = steps.iter().filter(|step| step.said.step == id);
            taken.extend(of_node.map(|step| {
                (id, step.said.officer.as_deref().unwrap_or(""), step.time(), step.seq())
            }));
        }
    }
    for (index, (first, officer, time, _)) in taken.iter().enumerate() {
        let others = taken[index + 1..]
            .iter()
            .filter(|(node, other, ..)| node != first && other == officer && !officer.is_empty());
        for (second, _, at, seq) in others {
            defects.add(
                (Level::Red, *time.max(at), *seq),
                format!("{officer} 同时办理“{first}”和“{second}”"),
                format!("{officer} took both {first} and {second}"),
            );
        }
    }
}

fn steps<'a>(case: &Case<'a>) -> Vec<Act<'a, Step>> {
    let steps = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::StepDone(said) => Some(Act { entry, said }),
        _ => None,
    });
    steps.collect()
}

/// The process definition of the case's track and version, or else the steps of the item.
pub(crate) fn find(case: &Case<'_>, look: &Look<'_>) -> Option<Arc<Process>> {
    let code = case.item_code?;
    let prefix = ["approval/", code, "/"].concat();
    let read = |rows: &[(String, String)]| -> Vec<(String, Arc<Process>)> {
        rows.iter().map(|(key, row)| (key.clone(), Arc::new(Process::read(row)))).collect()
    };
    let known = table::rows_as(look, ("process_def", &prefix), case.version_day(), read);
    let track = case.tracks().map(|track| track.name.as_str()).find(|name| !name.is_empty());
    let is_of = |key: &str, version: &str| key[prefix.len()..] == *version;
    let of_track = known.iter().find(|(key, _)| track.is_some_and(|track| is_of(key, track)));
    let plain = known.iter().rfind(|(key, _)| !TRACK_NAMES.iter().any(|track| is_of(key, track)));
    if let Some((_, process)) = of_track.or(plain) {
        return Some(process.clone());
    }
    case.item.as_ref()?.process.clone()
}

impl Process {
    /// Steps in the order in which an item lists them; `None` if it lists none.
    pub(crate) fn of_steps(nodes: Vec<Node>) -> Option<Arc<Self>> {
        (!nodes.is_empty()).then(|| Arc::new(Self { nodes, edges: None }))
    }

    fn read(row: &str) -> Self {
        let row = Object::parse(row);
        let nodes = row.get("nodes").into_iter().flat_map(Value::items).filter_map(Node::read);
        let edges = row.get("edges").map(|edges| edges.items().filter_map(edge).collect());
        Self { nodes: nodes.collect(), edges }
    }
}

fn edge(value: Value<'_>) -> Option<(String, String)> {
    let mut ends = value.items().filter_map(Value::text);
    Some((ends.next()?.into_owned(), ends.next()?.into_owned()))
}

/// Mandatory steps before the decision that were not done by then.
fn missing<'p>(
    case: &Case<'_>,
    process: &'p Process,
    steps: &[Act<'_, Step>],
) -> impl Iterator<Item = &'p Node> {
    let by = case.decided.map(Act::time);
    let after = after_decision(process);
    let is_done =
        |node: &Node| steps.iter().any(|step| step.said.step == node.id && Some(step.time()) <= by);
    let nodes = process.nodes.iter().filter(|node| {
        node.mandatory
            && !ACCEPT_NAMES.contains(&node.id.as_str())
            && !DECIDE_NAMES.contains(&node.id.as_str())
            && !after.contains(&node.id.as_str())
            && !is_done(node)
            && !is_waived(case, node)
    });
    nodes.collect::<Vec<_>>().into_iter()
}

/// Nodes that come after the decision.
fn after_decision(process: &Process) -> Vec<&str> {
    let is_decision = |id: &str| DECIDE_NAMES.contains(&id);
    let Some(edges) = &process.edges else {
        let place = process.nodes.iter().position(|node| is_decision(&node.id));
        let later = place.map_or(&[][..], |place| &process.nodes[place..]);
        return later.iter().map(|node| node.id.as_str()).collect();
    };
    let mut after: Vec<&str> = Vec::new();
    loop {
        let next = edges.iter().find(|(from, to)| {
            (is_decision(from) || after.contains(&from.as_str())) && !after.contains(&to.as_str())
        });
        match next {
            Some((_, to)) => after.push(to),
            None => return after,
        }
    }
}

/// Pairs (predecessor, step) whose first completions are in the wrong order.
fn out_of_order<'a>(
    process: &Process,
    steps: &[Act<'a, Step>],
) -> Vec<(Act<'a, Step>, Act<'a, Step>)> {
    let first = |id: &str| steps.iter().copied().find(|step| step.said.step == id);
    let pairs: Vec<_> = match &process.edges {
        Some(edges) => edges.iter().filter_map(|(a, b)| Some((first(a)?, first(b)?))).collect(),
        None => {
            let done: Vec<_> = process.nodes.iter().filter_map(|node| first(&node.id)).collect();
            done.windows(2).map(|pair| (pair[0], pair[1])).collect()
        }
    };
    pairs.into_iter().filter(|(before, after)| after.time() < before.time()).collect()
}

fn is_waived(case: &Case<'_>, node: &Node) -> bool {
    case.tracks().filter(|track| !track.letter.is_empty()).any(|track| {
        if track.waived.is_empty() {
            return !is_named(node, &REVIEW_NAMES) && !is_named(node, &HEARING_NAMES);
        }
        track.waived.contains(&node.id)
    })
}

fn is_named(node: &Node, names: &[&str]) -> bool {
    names.contains(&node.id.as_str()) || names.contains(&node.role.as_str())
}

fn is_review(step: &Step) -> bool {
    REVIEW_NAMES.contains(&step.step.as_str()) || REVIEW_NAMES.contains(&step.role.as_str())
}

/// Whether a step is the hearing.
pub(crate) fn is_hearing(step: &Step) -> bool {
    HEARING_NAMES.contains(&step.step.as_str()) || HEARING_NAMES.contains(&step.role.as_str())
}
