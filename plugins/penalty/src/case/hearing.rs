//! PEN-P05 缺听证告知/听证违规: hearings that were due and not offered, not held, or held wrongly.

use super::fact::{Decision, Fact, Notice, PartyKind, at, sum};
use super::notice::{is_waived, told};
use super::view::{Act, Case};
use crate::Params;
use crate::defect::Defects;
use crate::table::int;
use plumbline_guest::json::Object;
use plumbline_guest::{Entry, Fire, FromRow, Level, Local, Look, Unit, Why};

/// Penalties for which a hearing is due whatever the amount.
const GRAVE: [&str; 3] = ["licence", "closure", "ban"];

/// A row of the thresholds of large fines.
struct Threshold(i64);

impl FromRow for Threshold {
    const TABLE: &'static str = "hearing_threshold";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        int(row, "amount").map(Self)
    }
}

/// From which amount on a fine is large for the party: by department and region, else the default.
fn threshold(
    case: &Case<'_>,
    notice: Act<'_, Notice>,
    params: &Params,
    look: &Look<'_>,
) -> Option<i64> {
    let kind = case.party_kind()?;
    let region = case.filed.and_then(|filed| filed.said.region.as_deref()).unwrap_or("");
    let (dept, party) = (case.dept(), kind.as_str());
    let keys = [format!("{dept}/{party}/{region}"), format!("{dept}/{party}/")];
    let row = keys.iter().find_map(|key| look.row::<Threshold>(key, notice.day()));
    let default = match kind {
        PartyKind::Person => params.limits.large_fine_person,
        PartyKind::Org => params.limits.large_fine_org,
    };
    Some(row.map_or(default, |row| row.0))
}

/// Whether what was proposed gives the right to a hearing; `None` if it cannot be said. The value of
/// a confiscation counts apart from the fine.
pub(crate) fn needs_hearing(
    case: &Case<'_>,
    notice: Act<'_, Notice>,
    params: &Params,
    look: &Look<'_>,
) -> Option<bool> {
    let proposed = notice.said.proposed.as_ref()?;
    if proposed.iter().any(|item| GRAVE.contains(&&*item.kind)) {
        return Some(true);
    }
    let money = ["fine", "confiscation"].map(|kind| sum(proposed, kind));
    if money == [Some(0), Some(0)] {
        return Some(false);
    }
    let threshold = threshold(case, notice, params, look)?;
    match money {
        [Some(fine), _] if fine >= threshold => Some(true),
        [_, Some(value)] if value >= threshold => Some(true),
        [Some(_), Some(_)] => Some(false),
        _ => None,
    }
}

/// PEN-P05: red.
pub(crate) fn missing(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let notices = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Notice(said) => Some(Act { entry, said: &**said }),
        _ => None,
    });
    let last = notices.max_by_key(|notice| notice.at());
    let Some(notice) = case.decided.and_then(|decided| told(case, decided)).or(last) else {
        return look.quiet(|| Why::new("没有事先告知", "no notice").flag("notice", false));
    };
    let mut defects = Defects::default();
    let due = needs_hearing(case, notice, params, look);
    if due == Some(true) && notice.said.hearing_told == Some(false) {
        let proof = (Level::Red, notice.at(), notice.seq());
        defects.add(proof, "应当告知听证权利而未告知", "the right to a hearing was not told");
    }
    let held = case.facts.iter().find(|entry| matches!(entry.fact, Fact::HearingHeld { .. }));
    judge_conduct(case, held, params, &mut defects, look);
    if due == Some(true)
        && let Some(decided) = case.decided
        && judge_decision(case, (notice, decided), params, &mut defects, look).is_none()
    {
        return look.provisional();
    }
    if defects.is_empty() {
        match due {
            None => return look.unknown("proposed"),
            Some(true) if notice.said.hearing_told.is_none() => {
                return look.unknown("hearing_right_told");
            }
            _ => {}
        }
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        let is_due = due == Some(true);
        let (zh, en) = if is_due {
            ("拟处罚内容应当告知听证", "what was proposed gives the right to a hearing")
        } else {
            ("拟处罚内容不须听证", "what was proposed needs no hearing")
        };
        Why::new(zh, en).flag("hearing_due", is_due).flag("held", held.is_some())
    });
}

/// The announcement and the chair of a hearing.
fn judge_conduct(
    case: &Case<'_>,
    held: Option<&Entry<Fact>>,
    params: &Params,
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let limit = params.limits.hearing_notice_wd;
    for entry in case.facts {
        let Fact::HearingNotified { hold: Some(hold) } = entry.fact else { continue };
        let ahead = look.count(entry.time.day(), hold.day(), Unit::WorkingDay, &[]);
        if ahead < limit {
            defects.add(
                (Level::Red, entry.time, entry.seq),
                format!("听证前仅 {ahead} 个工作日通知（至少 {limit} 个）"),
                format!("hearing announced {ahead} working days ahead, {limit} at least"),
            );
        }
    }
    let Some(entry) = held else { return };
    let Fact::HearingHeld { host: Some(host) } = &entry.fact else { return };
    if case.officers(entry.time).any(|officer| officer == host) {
        defects.add(
            (Level::Red, entry.time, entry.seq),
            "听证由本案调查人员主持",
            "an officer of the case presided over the hearing",
        );
    }
}

/// Decided before the party could ask, or although it had asked in time; `None` if a date is not
/// known yet.
fn judge_decision(
    case: &Case<'_>,
    (notice, decided): (Act<'_, Notice>, Act<'_, Decision>),
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) -> Option<()> {
    let limit = params.limits.hearing_wd;
    let proof = (Level::Red, decided.at(), decided.seq());
    let last = look.add(notice.day(), limit, Unit::WorkingDay, true);
    if last.provisional {
        return None;
    }
    let asked = |entry: &&Entry<Fact>| {
        let by = at(entry);
        let in_time = notice.at() <= by && by.day() <= last.day && by <= decided.at();
        matches!(entry.fact, Fact::HearingRequested(_)) && in_time
    };
    let asked = case.facts.iter().find(asked);
    let is_held = case
        .facts
        .iter()
        .any(|entry| matches!(entry.fact, Fact::HearingHeld { .. }) && entry.time <= decided.at());
    let waived = is_waived(case, notice, decided);
    if is_held || waived {
        return Some(());
    }
    match asked {
        Some(_) => {
            // The record of the hearing may come late.
            let wait = decided.said.logged.plus_minutes(params.limits.step_grace_min);
            if look.reached(wait) {
                defects.add(proof, "当事人已申请听证而未举行", "asked for in time, but not held");
            }
        }
        None if decided.day() < last.day => {
            let used = look.count(notice.day(), decided.day(), Unit::WorkingDay, &[]);
            defects.add(
                proof,
                format!("告知后仅 {used} 个工作日即决定，申请听证的 {limit} 个工作日未满"),
                format!(
                    "decided {used} working days after the notice, {limit} to ask for a hearing"
                ),
            );
        }
        None => {}
    }
    Some(())
}

/// Whether a hearing was held before a moment.
pub(crate) fn was_held(case: &Case<'_>, before: Local) -> bool {
    let is_hearing = |entry: &Entry<Fact>| matches!(entry.fact, Fact::HearingHeld { .. });
    case.facts.iter().any(|entry| is_hearing(entry) && entry.time <= before)
}
