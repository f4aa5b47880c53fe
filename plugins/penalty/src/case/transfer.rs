//! PEN-X01 and X02: cases that belong to the police, and cases of another place.

use super::certificate::DeptRow;
use super::fact::Fact;
use super::view::Case;
use crate::Params;
use crate::defect::Defects;
use crate::table::lies_in;
use plumbline_guest::{Fire, Level, Look, Why};

/// PEN-X01 应移送未移送: red when a case at or above the criminal threshold was closed without going
/// to the police. One that the prosecutor returned went there.
pub(crate) fn withheld(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let Some(closed) = case.find(|fact| matches!(fact, Fact::Closed)) else {
        return look.quiet(|| Why::new("尚未结案", "not closed yet").flag("closed", false));
    };
    if case.has(|fact| matches!(fact, Fact::Transferred | Fact::TransferReturned)) {
        return look.exempt(|| {
            Why::new("已移送或移送后退回", "transferred, or returned after that")
                .flag("transferred", true)
        });
    }
    if case.cause_code().is_none() {
        return look.unknown("cause_code");
    }
    let Some(cause) = case.cause(look) else { return look.unknown("cause") };
    let Some(threshold) = cause.criminal else {
        return look.quiet(|| {
            Why::new("该违法行为没有刑事追诉标准", "the cause has no criminal threshold")
                .flag("threshold", false)
        });
    };
    let (decided, filed) = (case.decided.map(|act| act.said), case.filed.map(|act| act.said));
    let amounts = [
        decided.and_then(|said| said.goods_value).or(filed.and_then(|said| said.goods_value)),
        decided.and_then(|said| said.illegal_gain).or(filed.and_then(|said| said.illegal_gain)),
    ];
    let Some(amount) = amounts.into_iter().flatten().max() else {
        return look.unknown("goods_value");
    };
    let why = || {
        Why::new(
            format!("涉案金额 {amount} 分，追诉标准 {threshold} 分"),
            format!("amount of {amount} fen, criminal threshold {threshold}"),
        )
        .int("case_amount", amount)
        .int("threshold", threshold)
    };
    if amount < threshold {
        return look.quiet(why);
    }
    let fire = Fire::new(Level::Red, closed.time)
        .dept(case.dept())
        .evidence(case.decided.map(|decided| decided.seq()))
        .evidence([closed.seq])
        .int("amount", amount)
        .int("limit", threshold);
    look.fire_because(fire, why);
}

/// PEN-X02 异地执法: red when the act or the evidence lies outside the department's jurisdiction and
/// no letter of assistance or of designated jurisdiction is named.
pub(crate) fn elsewhere(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let is_assisted = case.facts.iter().any(|entry| match &entry.fact {
        Fact::Filed(said) => said.assisted,
        Fact::Evidence(said) => said.assisted,
        _ => false,
    });
    if is_assisted {
        return look.exempt(|| {
            Why::new("有协助或指定管辖文书", "a letter of assistance is named")
                .flag("assisted", true)
        });
    }
    let (mut defects, mut places, mut unknown) = (Defects::default(), 0_usize, None);
    for entry in case.facts {
        let place = match &entry.fact {
            Fact::Filed(said) => said.region.as_deref(),
            Fact::Evidence(said) => said.place.as_deref(),
            _ => continue,
        };
        let Some(place) = place.filter(|place| !place.is_empty()) else { continue };
        places += 1;
        let Some(dept) = look.row::<DeptRow>(&entry.dept, entry.time.day()) else {
            unknown = Some("dept.jurisdiction");
            continue;
        };
        let own = dept.region.as_slice();
        let covers = if dept.jurisdiction.is_empty() { own } else { &dept.jurisdiction };
        if covers.is_empty() {
            unknown = Some("dept.jurisdiction");
        } else if !covers.iter().any(|of| lies_in(place, of)) {
            defects.add(
                (Level::Red, entry.time, entry.seq),
                format!("地点 {place} 不在管辖区域内"),
                format!("{place} lies outside the jurisdiction"),
            );
        }
    }
    if defects.is_empty() {
        unknown = unknown.or((places == 0).then_some("place_region"));
        if let Some(field) = unknown {
            return look.unknown(field);
        }
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        Why::new(format!("核对地点 {places} 处"), format!("{places} places compared"))
            .count("places", places)
    });
}
