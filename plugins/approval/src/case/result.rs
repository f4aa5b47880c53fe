//! APPR-R01 结果异常: grants that should not have been given.

use super::defect::Defects;
use super::explain;
use super::fact::{Decision, Fact, Material};
use super::item::text;
use super::view::{Act, Case};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::json::Object;
use plumbline_guest::{Day, Fire, FromRow, Level, Look, Unit, Why};

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
        return look.quiet(|| match case.decided {
            Some(decided) => {
                let result = decided.said.result.as_deref().unwrap_or("?");
                let zh = format!("决定 {result}，未准予");
                Why::new(zh, format!("decided {result}, no grant")).text("result", result)
            }
            None => explain::not_decided(case),
        });
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
    let fire = |fire: Fire| fire.dept(&*grant.entry.dept);
    defects.fire(look, fire, |look| looked(case, grant, look));
}

/// What of the grant was compared: materials, applicant, term of the licence, an earlier refusal.
fn looked(case: &Case<'_>, grant: Act<'_, Decision>, look: &Look<'_>) -> Why {
    let received = case.received.map_or(&[][..], |received| &received.said.materials);
    let must = case.item.as_ref().map_or(&[][..], |item| &item.mandatory);
    let lacking = received.iter().filter(|one| one.provided == Some(false)).count();
    let (listed, must) = (received.len(), must.len());
    let why = Why::new(
        format!("{} 准予；材料 {listed} 份，未提供 {lacking} 份，必备 {must} 份", grant.day()),
        format!(
            "granted on {}; {listed} materials, {lacking} not provided, {must} mandatory",
            grant.day()
        ),
    )
    .day("granted_on", grant.day())
    .count("materials", listed)
    .count("materials_not_provided", lacking)
    .count("materials_mandatory", must);
    let applicant = case.received.and_then(|received| received.said.applicant.as_deref());
    let why = match applicant.filter(|applicant| !applicant.is_empty()) {
        Some(applicant) => {
            let is_listed = look.row::<Sanction>(applicant, grant.day()).is_some();
            let (zh, en) = if is_listed {
                ("申请人在名单上", "the applicant is on the list")
            } else {
                ("申请人不在负面清单", "the applicant is on no negative list")
            };
            why.and(Why::new(zh, en).flag("applicant_listed", is_listed))
        }
        None => why.and(Why::new("申请人未报送", "no applicant reported")),
    };
    let months = case.item.as_ref().and_then(|item| item.licence_max_months);
    let why = match months {
        Some(months) => why.and(
            Why::new(
                format!("证照有效期最长 {months} 个月"),
                format!("a licence of {months} months at most"),
            )
            .int("licence_max_months", months),
        ),
        None => why,
    };
    why.int("turnabout_wd", TURNABOUT_WD)
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
