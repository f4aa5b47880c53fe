//! PEN-D01 超出裁量档: fines outside the statute or outside the discretion band that was chosen.
//!
//! One decision may punish several acts: the fines of each are compared with its own cause.

use super::fact::{Decision, Item, sum};
use super::read::value_of;
use super::view::{Act, Case, Cause, Range};
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Fire, FromRow, Level, Look, Why};
use std::collections::BTreeMap;

/// The factor that allows less than the minimum.
const MITIGATION: &str = "mitigation";
/// Most bands of one cause that are looked through.
const BANDS_MAX: u32 = 64;
/// A base of a range counts in thousandths.
const PER_MILLE: i64 = 1000;

/// A row of the discretion bands.
#[derive(Debug)]
struct Band {
    range: Range,
    factors: Vec<(String, String)>,
}

impl FromRow for Band {
    const TABLE: &'static str = "discretion_band";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let factors = row.get("factors").into_iter().flat_map(Value::items).map(Value::object);
        let factors = factors.filter_map(|factor| {
            Some((factor.get("factor")?.text()?.into_owned(), value_of(&factor, "value")))
        });
        Some(Self { range: Range::read(row), factors: factors.collect() })
    }
}

/// How a fine lies to a range.
enum Place {
    Inside,
    Below(i64),
    Above(i64),
    /// The base that the range multiplies is not known.
    Unknown(&'static str),
}

/// PEN-D01: red outside the statute, yellow outside the band.
pub(crate) fn outside(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    let Some(items) = &decided.said.items else { return look.unknown("items") };
    let mut by_cause: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for item in items.iter().filter(|item| item.kind == "fine") {
        let Some(cause) = item.cause.as_deref().or(case.cause_code()) else {
            return look.unknown("cause_code");
        };
        by_cause.entry(cause).or_default().push(item.clone());
    }
    if by_cause.is_empty() {
        return look.quiet(|| Why::new("没有罚款", "no fine").flag("fined", false));
    }
    let mut defects = Defects::default();
    let (mut unknown, mut total) = (None, 0);
    for (cause, fines) in by_cause {
        match sum(&fines, "fine") {
            None => unknown = Some("amount"),
            Some(fine) => {
                total += fine;
                unknown =
                    judge(case, decided, (cause, fine), params, &mut defects, look).or(unknown);
            }
        }
    }
    if let (true, Some(field)) = (defects.is_empty(), unknown) {
        return look.unknown(field);
    }
    let fire = |fire: Fire| fire.dept(case.dept()).int("fine", total);
    defects.fire(look, fire, |_| {
        let band = decided.said.band.as_deref().unwrap_or("?");
        Why::new(
            format!("罚款合计 {total} 分，档次 {band}"),
            format!("fines of {total} fen, band {band}"),
        )
        .int("total", total)
        .text("band", band)
        .int("tol_permille", params.limits.tol_permille)
    });
}

/// What is missing to judge it, if anything is.
fn judge(
    case: &Case<'_>,
    decided: Act<'_, Decision>,
    (cause, fine): (&str, i64),
    params: &Params,
    defects: &mut Defects,
    look: &Look<'_>,
) -> Option<&'static str> {
    let (said, tol) = (decided.said, params.limits.tol_permille);
    let red = (Level::Red, decided.at(), decided.seq());
    let yellow = (Level::Yellow, decided.at(), decided.seq());
    let statute = look.row::<Cause>(cause, decided.day()).and_then(|row| row.fine.clone());
    let mitigated = said.factor(MITIGATION).is_some_and(|value| !matches!(value, "false" | ""));
    if mitigated && said.mitigation_approved == Some(false) {
        defects.add(red, "减轻处罚未经批准", "mitigated without approval");
    }
    let place = statute.as_ref().map(|range| place(case, decided, range, fine, tol));
    let mut unknown = None;
    match place {
        Some(Place::Above(max)) => {
            defects.add(
                red,
                format!("{cause} 罚款 {fine} 分高于法定上限 {max} 分"),
                format!("{cause}: fine of {fine} fen above the statutory {max}"),
            );
            return None;
        }
        Some(Place::Below(min)) if !mitigated => {
            defects.add(
                red,
                format!("{cause} 罚款 {fine} 分低于法定下限 {min} 分，没有减轻情节"),
                format!("{cause}: fine of {fine} fen below the statutory {min}, nothing mitigates"),
            );
            return None;
        }
        Some(Place::Unknown(field)) => unknown = Some(field),
        _ => {}
    }
    let Some(code) = said.band.as_deref().filter(|code| !code.is_empty()) else {
        return unknown.or(Some("band_code"));
    };
    let Some(band) = find(case, (cause, code), decided.day(), look) else {
        return unknown.or(Some("discretion_band"));
    };
    contradict(case, decided, (cause, code, &band), defects, look);
    // From the older law and the newer one the lighter applies.
    let old_day = case.filed.and_then(|filed| filed.said.act.begin);
    let old = old_day.and_then(|day| find(case, (cause, code), day, look));
    let fits_old = old.is_some_and(|old| {
        matches!(self::place(case, decided, &old.range, fine, tol), Place::Inside)
    });
    match self::place(case, decided, &band.range, fine, tol) {
        Place::Below(min) if !mitigated && !fits_old => defects.add(
            yellow,
            format!("{cause} 罚款 {fine} 分低于 {code} 档下限 {min} 分"),
            format!("{cause}: fine of {fine} fen below {min}, the least of band {code}"),
        ),
        Place::Above(max) if !fits_old => defects.add(
            yellow,
            format!("{cause} 罚款 {fine} 分高于 {code} 档上限 {max} 分"),
            format!("{cause}: fine of {fine} fen above {max}, the most of band {code}"),
        ),
        Place::Unknown(field) => unknown = unknown.or(Some(field)),
        _ => {}
    }
    unknown
}

/// The department's own band, else that of all departments.
fn find(
    case: &Case<'_>,
    (cause, code): (&str, &str),
    on: Day,
    look: &Look<'_>,
) -> Option<std::rc::Rc<Band>> {
    let own = look.row::<Band>(&format!("{cause}/{code}/fine/{}", case.dept()), on);
    own.or_else(|| look.row::<Band>(&format!("{cause}/{code}/fine/"), on))
}

fn place(case: &Case<'_>, decided: Act<'_, Decision>, range: &Range, fine: i64, tol: i64) -> Place {
    let base = match range.base.as_deref() {
        None => PER_MILLE,
        Some(name) => {
            let filed = case.filed.map(|filed| filed.said);
            let (value, field) = match name {
                "illegal_gain" => (
                    decided.said.illegal_gain.or(filed.and_then(|filed| filed.illegal_gain)),
                    "illegal_gain",
                ),
                _ => (
                    decided.said.goods_value.or(filed.and_then(|filed| filed.goods_value)),
                    "goods_value",
                ),
            };
            let Some(value) = value else { return Place::Unknown(field) };
            value
        }
    };
    let scaled = |bound: i64| bound.saturating_mul(base) / PER_MILLE;
    let slack = |bound: i64| bound.saturating_mul(tol) / PER_MILLE;
    match (range.min.map(scaled), range.max.map(scaled)) {
        (_, Some(max)) if fine > max + slack(max) => Place::Above(max),
        (Some(min), _) if fine < min - slack(min) => Place::Below(min),
        _ => Place::Inside,
    }
}

/// The chosen band does not fit the factors: one of its own is denied, or all of another band hold
/// while not all of its own do.
fn contradict(
    case: &Case<'_>,
    decided: Act<'_, Decision>,
    (cause, code, band): (&str, &str, &Band),
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let said = decided.said;
    let holds = |(name, value): &(String, String)| said.factor(name) == Some(value);
    let denied =
        |(name, value): &(String, String)| said.factor(name).is_some_and(|stated| stated != value);
    let proof = (Level::Yellow, decided.at(), decided.seq());
    if let Some((name, _)) = band.factors.iter().find(|factor| denied(factor)) {
        defects.add(
            proof,
            format!("{cause} 选 {code} 档与情节 {name} 矛盾"),
            format!("{cause}: band {code} contradicts the factor {name}"),
        );
        return;
    }
    if said.factors.is_empty() || band.factors.iter().all(holds) && !band.factors.is_empty() {
        return;
    }
    let read = |rows: &[(String, String)]| -> Vec<(String, Option<Band>)> {
        let band =
            |(key, row): &(String, String)| (key.clone(), Band::from_row(&Object::parse(row)));
        rows.iter().map(band).collect()
    };
    let table = ("discretion_band", &*format!("{cause}/"));
    let bands = look.rows_as(table, decided.day(), BANDS_MAX, read);
    let others = bands.iter().filter_map(|(key, band)| {
        let mut parts = key.split('/').skip(1);
        let (other, kind, dept) = (parts.next()?, parts.next()?, parts.next().unwrap_or(""));
        let same_dept = dept.is_empty() || dept == case.dept();
        let band = band.as_ref()?;
        let is_fit = !band.factors.is_empty() && band.factors.iter().all(holds);
        (other != code && kind == "fine" && same_dept && is_fit).then(|| other.to_owned())
    });
    for other in others {
        defects.add(
            proof,
            format!("{cause} 情节符合 {other} 档，却选 {code} 档"),
            format!("{cause}: the factors are those of band {other}, not of {code}"),
        );
    }
}
