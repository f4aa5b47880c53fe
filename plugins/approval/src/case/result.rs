//! APPR-R01 结果异常: grants that should not have been given.

use super::defect::Defects;
use super::fact::{Decision, Fact, Material};
use super::item::text;
use super::view::{Act, Case};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::json::Object;
use plumbline_guest::{Day, FromRow, Level, Look, Unit};

/// A grant after a refusal is suspicious within so many working days.
const TURNABOUT_WD: i32 = 5;

/// A row of the list of persons under sanction.
#[derive(Debug)]
struct Sanction {
    kind: String,
}

impl FromRow for Sanction {
    const TABLE: &'static str = "sanction_list";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self { kind: text(row, "kind").unwrap_or_default() })
    }
}

/// Granted although a mandatory material is missing or the applicant is on a negative list: red.
/// A licence longer than allowed, or a refusal turned without new material: yellow.
pub(crate) fn abnormal(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let grant = case.facts.iter().find_map(|entry| match &entry.fact {
        Fact::Decided(said) if matches!(said.result.as_deref(), Some("grant" | "partial")) => {
            Some(Act { entry, said })
        }
        _ => None,
    });
    let Some(grant) = grant else {
        return look.quiet(|| ("未准予".into(), "no grant".into()));
    };
    let mut defects = Defects::default();
    judge_materials(case, grant, &mut defects, look);
    judge_applicant(case, grant, &mut defects, look);
    judge_licence(case, &mut defects, look);
    judge_turnabout(case, grant, &mut defects, look);
    let materials = case.received.map_or(&[][..], |received| &received.said.materials);
    if defects.is_empty() && case.item.is_none() && !materials.is_empty() {
        return look.unknown("item.materials");
    }
    defects.fire(look, |fire| fire.dept(&*grant.entry.dept));
}

fn judge_materials(
    case: &Case<'_>,
    grant: Act<'_, Decision>,
    defects: &mut Defects,
    look: &mut Look<'_>,
) {
    let (Some(item), Some(received)) = (&case.item, case.received) else { return };
    let committed = case.tracks().any(|track| !track.letter.is_empty());
    let lacking = received.said.materials.iter().filter(|material| {
        material.provided == Some(false)
            && !material.shared
            && item.mandatory.contains(&material.code)
    });
    for material in lacking {
        let code = &material.code;
        let proof = (Level::Red, grant.time(), grant.seq());
        if !committed {
            if !is_supplied(case, material, grant.day()) {
                let zh = format!("必备材料 {code} 未提交即准予");
                defects.add(proof, zh, format!("granted without the mandatory material {code}"));
            }
            continue;
        }
        // On the commitment track the material may follow until its own last day.
        let Some(due) = material.due else { continue };
        let due = due.max(grant.day());
        if !is_supplied(case, material, due) && look.reached(daily_timer(due.plus(1))) {
            defects.add(
                (Level::Red, due.plus(1).start(), grant.seq()),
                format!("承诺补交的材料 {code} 至 {due} 未提交"),
                format!("material {code} promised for {due} was not handed in"),
            );
        }
    }
}

/// Whether a supply up to `by` was complete or contained the material.
fn is_supplied(case: &Case<'_>, material: &Material, by: Day) -> bool {
    case.facts.iter().any(|entry| match &entry.fact {
        Fact::CorrectionSupplied(supply) => {
            entry.time.day() <= by
                && (supply.complete == Some(true) || supply.materials.contains(&material.code))
        }
        _ => false,
    })
}

fn judge_applicant(
    case: &Case<'_>,
    grant: Act<'_, Decision>,
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let applicant = case.received.and_then(|received| received.said.applicant.as_deref());
    let Some(applicant) = applicant.filter(|applicant| !applicant.is_empty()) else { return };
    let row = look.row::<Sanction>(applicant, grant.day());
    if row.is_some_and(|row| matches!(row.kind.as_str(), "" | "applicant")) {
        let proof = (Level::Red, grant.time(), grant.seq());
        defects.add(proof, "申请人在负面清单内", "the applicant is on a negative list");
    }
}

fn judge_licence(case: &Case<'_>, defects: &mut Defects, look: &Look<'_>) {
    let Some(months) = case.item.as_ref().and_then(|item| item.licence_max_months) else { return };
    for entry in case.facts {
        let Fact::Delivered(delivery) = &entry.fact else { continue };
        let (Some(from), Some(to)) = (delivery.from, delivery.to) else { continue };
        if to > look.add(from, months, Unit::Month, false).day {
            defects.add(
                (Level::Yellow, entry.time, entry.seq),
                format!("证照有效期 {from} 至 {to} 超过 {months} 个月"),
                format!("licence from {from} to {to} is longer than {months} months"),
            );
        }
    }
}

fn judge_turnabout(
    case: &Case<'_>,
    grant: Act<'_, Decision>,
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let refused = case.decided.filter(|decided| {
        decided.said.result.as_deref() == Some("refuse") && decided.time() < grant.time()
    });
    let Some(refused) = refused else { return };
    let days = look.count(refused.day(), grant.day(), Unit::WorkingDay, &[]);
    let is_new = case.facts.iter().any(|entry| {
        matches!(entry.fact, Fact::CorrectionSupplied(_))
            && entry.time >= refused.time()
            && entry.time <= grant.time()
    });
    if days <= TURNABOUT_WD && !is_new {
        defects.add(
            (Level::Yellow, grant.time(), grant.seq()),
            format!("不予许可后 {days} 个工作日内无新材料即改为准予"),
            format!("refused, then granted after {days} working days without new material"),
        );
    }
}
