//! CMP-P02 未催告即执行: enforcement without a demand, at night or on a day off, or by cutting off
//! what residents live on; an application to the court too soon after the demand.

use super::case::{Act, Circumstances, Enforcement};
use crate::Params;
use crate::defect::Defects;
use crate::term::{self, Reach};
use plumbline_guest::{Entry, Facts, Level, Local, Look, Unit, Why};

/// One red card for each case.
pub(crate) fn missing(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let demand = acts.iter().find(|entry| matches!(entry.fact, Act::Demanded));
    let demanded = demand.map(|entry| entry.time);
    let mut defects = Defects::default();
    let (mut seen, mut provisional) = (0, false);
    for entry in acts {
        match &entry.fact {
            Act::EnforcementDecided(enforcement) => {
                judge_demand((entry, enforcement), demanded, params, &mut defects, look);
            }
            Act::Executed(enforcement, circumstances) => {
                judge_demand((entry, enforcement), demanded, params, &mut defects, look);
                provisional |= judge_time((entry, circumstances), params, &mut defects, look);
                judge_supplies((entry, circumstances), &mut defects);
            }
            Act::CourtApplied { logged } => {
                judge_court((entry, *logged), demanded, params, &mut defects, look);
            }
            _ => continue,
        }
        seen += 1;
    }
    if provisional && defects.is_empty() {
        return look.provisional();
    }
    let looked = || {
        let why = Why::default().count("acts", seen).int("demand_wd", params.coercion.demand_wd);
        match demanded {
            Some(at) => why.and(
                Why::new(format!("催告送达于 {at}"), format!("the demand was served {at}"))
                    .at("demanded_at", at),
            ),
            None => why.and(Why::new("没有催告记录", "no demand on record")),
        }
    };
    let dept = acts.iter().map(|entry| entry.dept.as_str()).next_back().unwrap_or_default();
    if !defects.fire(look, |fire| fire.dept(dept), looked) {
        look.quiet(looked);
    }
}

/// Things to be removed at once, assets that are being moved and ways that are no enforcement of
/// the duty itself need no demand.
fn judge_demand(
    (entry, enforcement): (&Entry<Act>, &Enforcement),
    demanded: Option<Local>,
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) {
    let is_exempt = ["immediate_removal", "asset_transfer"]
        .contains(&enforcement.no_demand_basis.as_str())
        || params.coercion.no_demand_kinds.contains(&enforcement.kind);
    if is_exempt || demanded.is_some_and(|at| at <= entry.time) {
        return;
    }
    if look.reached(enforcement.logged.plus_minutes(params.grace_min)) {
        let proof = (Level::Red, entry.time, entry.seq);
        defects.add(proof, "未经催告即强制执行", "enforced without a demand");
    }
}

/// Returns whether the calendar does not reach that day.
fn judge_time(
    (entry, circumstances): (&Entry<Act>, &Circumstances),
    params: &Params,
    defects: &mut Defects,
    look: &Look<'_>,
) -> bool {
    if circumstances.emergency {
        return false;
    }
    let proof = (Level::Red, entry.time, entry.seq);
    let limits = &params.coercion;
    // A date without a time reads as midnight and tells nothing of the hour.
    let minute = entry.time.minute_of_day();
    let by_clock =
        minute != 0 && (minute >= limits.night_from_h * 60 || minute < limits.night_to_h * 60);
    if circumstances.night.unwrap_or(by_clock) {
        defects.add(proof, "夜间执行", "enforced at night");
    }
    let day = entry.time.day();
    match term::roll(look, day) {
        Reach::On(working) if working != day => {
            defects.add(
                proof,
                format!("{day} 非工作日执行"),
                format!("enforced on {day}, a day off"),
            );
            false
        }
        reach => reach == Reach::Provisional,
    }
}

fn judge_supplies((entry, circumstances): (&Entry<Act>, &Circumstances), defects: &mut Defects) {
    if circumstances.residential && !circumstances.utilities_cut.is_empty() {
        let cut = circumstances.utilities_cut.join("、");
        defects.add(
            (Level::Red, entry.time, entry.seq),
            format!("对居民生活停止供应（{cut}）"),
            format!("supplies to residents were cut ({cut})"),
        );
    }
}

fn judge_court(
    (entry, logged): (&Entry<Act>, Local),
    demanded: Option<Local>,
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) {
    let proof = (Level::Red, entry.time, entry.seq);
    let wanted = params.coercion.demand_wd;
    let Some(demanded) = demanded.filter(|at| *at <= entry.time) else {
        if look.reached(logged.plus_minutes(params.grace_min)) {
            defects.add(
                proof,
                "未经催告即申请法院强制执行",
                "applied to the court without a demand",
            );
        }
        return;
    };
    let days = look.count(demanded.day(), entry.time.day(), Unit::WorkingDay, &[]);
    if days < wanted {
        defects.add(
            proof,
            format!("催告送达后仅 {days} 个工作日即申请法院强制执行，不足 {wanted} 个"),
            format!("applied to the court {days} working days after the demand, before {wanted}"),
        );
    }
}
