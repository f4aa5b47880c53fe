//! PEN-D05 追责时效: punished although the act was found too late.

use super::fact::Fact;
use super::view::Case;
use crate::Params;
use plumbline_guest::{Fire, Level, Look, Unit, Why};

/// PEN-D05: red. The act counts as found with its first clue.
pub(crate) fn too_late(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    match &decided.said.items {
        None => return look.unknown("items"),
        Some(items) if items.is_empty() => {
            return look
                .quiet(|| Why::new("未予处罚", "nothing was imposed").flag("imposed", false));
        }
        Some(_) => {}
    }
    let Some(filed) = case.filed else { return look.unknown("act_date") };
    let act = &filed.said.act;
    if act.continuing && act.end.is_none() {
        return look.exempt(|| {
            Why::new("违法行为仍在持续", "the act still goes on").flag("continuing", true)
        });
    }
    let Some(end) = act.end.or(act.begin) else { return look.unknown("act_date") };
    let clues = case.facts.iter().filter_map(|entry| match entry.fact {
        Fact::Discovered(day) => Some((day, entry.seq)),
        _ => None,
    });
    let own = filed.said.discovered.map(|day| (day, filed.seq()));
    let Some((found, seq)) = clues.chain(own).min() else { return look.unknown("discovered_at") };
    let limits = &params.limits;
    let years = if filed.said.grave { limits.barred_grave_years } else { limits.barred_years };
    let last = look.add(end, years, Unit::Year, false).day;
    let why = || {
        Why::new(
            format!("行为终了 {end}，发现 {found}，时效 {years} 年至 {last}"),
            format!("act ended on {end}, found on {found}, barred after {years} years on {last}"),
        )
        .day("last_day", last)
        .int("days_beyond", (found.0 - last.0).max(0))
    };
    if found <= last {
        return look.quiet(why);
    }
    let fire = Fire::new(Level::Red, decided.at())
        .dept(case.dept())
        .evidence([decided.seq(), seq])
        .day("act_end", end)
        .day("found", found)
        .int("years", years.into());
    look.fire_because(fire, why);
}
