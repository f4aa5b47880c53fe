//! APPR-P03 无权审批: whether the item could be granted at all, by this department, by this signer.

use super::defect::Defects;
use super::explain;
use super::fact::Decision;
use super::item::{Item, text};
use super::table;
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{FromRow, Level, Look, Why};

/// Roles of an officer.
#[derive(Debug)]
struct Officer {
    roles: Vec<String>,
}

impl FromRow for Officer {
    const TABLE: &'static str = "officer";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let roles = row.get("roles").into_iter().flat_map(Value::items).filter_map(Value::text);
        Some(Self { roles: roles.map(std::borrow::Cow::into_owned).collect() })
    }
}

/// Who may sign where; empty stands for everywhere, and for any role.
#[derive(Debug)]
struct Grant {
    region: String,
    role: String,
}

impl Grant {
    fn read(row: &Object<'_>) -> Self {
        let cell = |name| text(row, name).unwrap_or_default();
        Self { region: cell("region"), role: cell("role") }
    }
}

/// The item must have been in force on the day of acceptance, which is the transition rule for
/// cancelled items; the grant to the signer on the day of the decision.
pub(crate) fn lacking(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| explain::not_decided(case));
    };
    let Some(code) = case.item_code else { return look.unknown("item_code") };
    let mut defects = Defects::default();
    let mut unknown = judge_item(case, code, decided, &mut defects, look);
    unknown = judge_signer(code, decided, &mut defects, look).or(unknown);
    match unknown {
        Some(field) if defects.is_empty() => look.unknown(field),
        _ => defects.fire(
            look,
            |fire| fire.dept(&*decided.entry.dept),
            |_| looked(case, code, decided),
        ),
    }
}

/// What was held against which table: the item and its holder, the signer and the day.
fn looked(case: &Case<'_>, code: &str, decided: Act<'_, Decision>) -> Why {
    let (dept, on) = (decided.entry.dept.as_str(), decided.day());
    let holder = case.item.as_ref().and_then(|item| item.dept.as_deref()).unwrap_or("?");
    let signer = decided.said.signer.as_deref().unwrap_or("?");
    let version = case.version_day();
    Why::new(
        format!(
            "事项 {code}（{version} 的版本）由 {holder} 实施，决定部门 {dept}；签发人 {signer}，核对 {on} 的授权"
        ),
        format!(
            "item {code} (version of {version}) is held by {holder}, decided by {dept}; signer {signer}, grants of {on}"
        ),
    )
    .text("item", code)
    .day("version_on", version)
    .text("holder", holder)
    .text("decided_by", dept)
    .text("signer", signer)
    .day("granted_on", on)
}

/// Returns what is missing to judge.
fn judge_item(
    case: &Case<'_>,
    code: &str,
    decided: Act<'_, Decision>,
    defects: &mut Defects,
    look: &Look<'_>,
) -> Option<&'static str> {
    let proof = (Level::Red, decided.time(), decided.seq());
    let day = case.version_day();
    let Some(item) = &case.item else {
        if !table::is_known(look, "item", "", day) {
            return Some("item");
        }
        let was = table::is_known(look, "item", code, day);
        let (zh, en) = if was {
            ("受理时事项已取消或尚未生效", "the item was not in force on acceptance")
        } else {
            ("事项不在已公布的清单内", "the item is not in the published list")
        };
        defects.add(proof, format!("{zh}（{code}，{day}）"), format!("{en} ({code}, {day})"));
        return None;
    };
    if item.cancelled {
        defects.add(proof, "受理时事项已取消", "the item was cancelled before acceptance");
    }
    let dept = &decided.entry.dept;
    // A reform may move the item between acceptance and decision: either holder may decide.
    let now = look.row::<Item>(code, decided.day());
    let holders = [Some(item), now.as_ref()].into_iter().flatten();
    let holders: Vec<&str> = holders.filter_map(|item| item.dept.as_deref()).collect();
    if !holders.is_empty() && !holders.contains(&dept.as_str()) {
        defects.add(
            proof,
            format!("决定部门 {dept} 不是事项实施部门 {}", holders[0]),
            format!("department {dept} does not hold the item, {} does", holders[0]),
        );
    }
    None
}

fn judge_signer(
    code: &str,
    decided: Act<'_, Decision>,
    defects: &mut Defects,
    look: &Look<'_>,
) -> Option<&'static str> {
    let Some(signer) = decided.said.signer.as_deref() else { return Some("signer") };
    let day = decided.day();
    let by_name = || has_grant(look, &[signer, "/", code, "/"].concat(), decided, |_| true);
    let by_role = || {
        let officer = look.row::<Officer>(signer, day);
        let roles = officer.as_ref().map_or(&[][..], |officer| &officer.roles);
        has_grant(look, &["/", code, "/"].concat(), decided, |role| {
            roles.iter().any(|own| own == role) || decided.said.signer_role.as_deref() == Some(role)
        })
    };
    if (!signer.is_empty() && by_name()) || by_role() {
        return None;
    }
    if !table::is_known(look, "authority_grant", "", day) {
        return Some("authority_grant");
    }
    defects.add(
        (Level::Red, decided.time(), decided.seq()),
        format!("签发人 {signer} 在 {day} 没有有效授权"),
        format!("signer {signer} held no grant on {day}"),
    );
    None
}

fn has_grant(
    look: &Look<'_>,
    prefix: &str,
    decided: Act<'_, Decision>,
    fits_role: impl Fn(&str) -> bool,
) -> bool {
    let read = |rows: &[(String, String)]| -> Vec<Grant> {
        rows.iter().map(|(_, row)| Grant::read(&Object::parse(row))).collect()
    };
    let grants = table::rows_as(look, ("authority_grant", prefix), decided.day(), read);
    grants.iter().any(|grant| {
        table::fit_of(&grant.region, &decided.said.region).is_some() && fits_role(&grant.role)
    })
}
