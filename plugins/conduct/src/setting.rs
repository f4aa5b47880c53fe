//! One rule, how often it fired lately, and what was changed about it: NET-A03 规则被停. Hours and
//! counts are kept, not alerts; a change keeps the counts before it, so that old hours may go.

use crate::Params;
use crate::alert::upper;
use crate::shelf::{Item, Shelf};
use plumbline_guest::json::Object;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, FromRow, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most changes of one rule that are kept: one a week for some years.
const CHANGES_MAX: usize = 200;
/// Hours that are kept beyond the windows of a change, for events that arrive late.
const SPARE_DAYS: i32 = 30;
const MS_PER_HOUR: i64 = 3_600_000;
/// Persons, and roles, that a loosening needs.
const SIGNERS: usize = 2;

/// What was changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum What {
    Disabled,
    /// Enabled, or another package.
    Other,
    Parameter {
        name: String,
        before: String,
        after: String,
        /// Whether more lets more pass (or less); absent where neither is clear.
        up_is_looser: Option<bool>,
    },
    Unknown,
}

/// A change of the rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Change {
    what: What,
    deployment: i64,
    /// Different officers and different roles that signed; absent if that was not told.
    signers: Option<usize>,
    roles: Option<usize>,
    law_ref: String,
    /// Alerts in the days before the change, and in as many days before those.
    recent: u32,
    earlier: u32,
}

/// The rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Setting {
    rule: String,
    /// Alerts by the hour (since 1970, local) in which they were raised.
    hours: BTreeMap<i64, u32>,
    changes: Shelf<Change>,
}

/// In which of the two windows of a change an hour lies: 0 the recent one, 1 the one before.
fn window(hour: i64, change: Local, days: i32) -> Option<usize> {
    let begin = Local(hour * MS_PER_HOUR);
    if begin.0 + MS_PER_HOUR > change.0 {
        return None;
    }
    let (day, of) = (begin.day(), change.day());
    if day >= of.plus(-days) {
        Some(0)
    } else {
        // As many days as the recent window has, the day of the change included.
        (day >= of.plus(-2 * days - 1)).then_some(1)
    }
}

impl Setting {
    fn raised(&mut self, at: Local, params: &Params) {
        let hour = at.0.div_euclid(MS_PER_HOUR);
        *self.hours.entry(hour).or_default() += 1;
        for item in self.changes.iter_mut() {
            match window(hour, item.time, params.rise_d) {
                Some(0) => item.fact.recent += 1,
                Some(_) => item.fact.earlier += 1,
                None => {}
            }
        }
        let keep = 2 * params.rise_d + 1 + SPARE_DAYS;
        let newest = self.hours.keys().next_back().copied().unwrap_or(hour);
        let first = newest - i64::from(keep) * 24;
        while self.hours.first_key_value().is_some_and(|(hour, _)| *hour < first) {
            self.hours.pop_first();
        }
    }

    fn changed(&mut self, event: &Event<'_>, params: &Params) {
        let text = |name: &str| event.text(name).unwrap_or_default();
        let distinct = |name: &str| {
            let mut names = event.texts(name)?;
            names.retain(|name| !name.is_empty());
            names.sort_unstable();
            names.dedup();
            Some(names.len())
        };
        let what = match event.text("change").as_deref() {
            Some("disabled") => What::Disabled,
            Some("enabled" | "package") => What::Other,
            Some("parameter") => What::Parameter {
                name: text("parameter"),
                before: text("before"),
                after: text("after"),
                up_is_looser: match event.text("looser").as_deref() {
                    Some("up") => Some(true),
                    Some("down") => Some(false),
                    _ => None,
                },
            },
            _ => What::Unknown,
        };
        let mut counts = [0_u32; 2];
        for (hour, count) in &self.hours {
            if let Some(place) = window(*hour, event.time, params.rise_d) {
                counts[place] += count;
            }
        }
        let change = Change {
            what,
            deployment: event.int("deployment").unwrap_or_default(),
            signers: distinct("by"),
            roles: distinct("roles"),
            law_ref: text("law_ref"),
            recent: counts[0],
            earlier: counts[1],
        };
        self.changes.put(event, change, CHANGES_MAX);
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Settings;

impl Stream for Settings {
    const NAME: &'static str = "setting";
    type State = Setting;
    type Params = Params;

    fn take(setting: &mut Setting, event: &Event<'_>, params: &Params) {
        if let Some(rule) = event.text("rule") {
            setting.rule = rule;
        }
        match event.kind {
            // A correction of a raised alert is not another alert.
            "platform.alert.raised" if event.version == 1 => setting.raised(event.time, params),
            "platform.setting.changed" => setting.changed(event, params),
            _ => {}
        }
    }

    fn check(setting: &Setting, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Setting, Params>] = &[("NET-A03", loosened)];
        apply(rules, &params.off, setting, params, look);
    }
}

/// Whether a change lets more pass; `None` if that cannot be told.
fn is_looser(what: &What) -> Option<bool> {
    match what {
        What::Disabled => Some(true),
        What::Other => Some(false),
        What::Unknown => None,
        What::Parameter { before, after, .. } if before == after => Some(false),
        What::Parameter { before, after, up_is_looser, .. } => {
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
            let (before, after) = (number(before)?, number(after)?);
            Some(if (*up_is_looser)? { after > before } else { after < before })
        }
    }
}

/// A law; nothing of it is read.
struct Law;

impl FromRow for Law {
    const TABLE: &'static str = "law_ref";

    fn from_row(_: &Object<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// Whether the law that a change names is in the table; a table that was not loaded proves nothing.
fn is_law(id: &str, on: Day, look: &Look<'_>) -> bool {
    !id.is_empty()
        && (look.row::<Law>(id, on).is_some() || look.rows(Law::TABLE, "", on, 1).is_empty())
}

/// NET-A03: switched off or loosened soon after its alerts rose.
fn loosened(setting: &Setting, params: &Params, look: &mut Look<'_>) {
    if setting.changes.is_empty() {
        return look.quiet(|| {
            let hours = setting.hours.len();
            Why::new("没有设定变更", "no setting was changed").count("hours", hours)
        });
    }
    for item in setting.changes.iter() {
        judge(setting, item, params, look);
    }
}

fn judge(setting: &Setting, item: &Item<Change>, params: &Params, look: &mut Look<'_>) {
    let change = &item.fact;
    let (name, before, after) = match &change.what {
        What::Parameter { name, before, after, .. } => {
            (name.as_str(), before.as_str(), after.as_str())
        }
        _ => ("off", "on", "off"),
    };
    let figures = || {
        let (recent, earlier, days, min) =
            (change.recent, change.earlier, params.rise_d, params.rise_min);
        Why::new(
            format!("变更前 {days} 日预警 {recent} 个，再前 {earlier} 个，上升至 {min} 个起算"),
            format!("{recent} alerts in the {days} days before, {earlier} before those, a rise from {min} on"),
        )
        .int("rise_min", min)
        .int("earlier", earlier)
    };
    let is_rise = change.recent >= params.rise_min && change.recent > change.earlier;
    match is_looser(&change.what) {
        None if is_rise => return look.unknown("before, after, looser"),
        None | Some(false) => return look.quiet(|| figures().text("parameter", name)),
        Some(true) => {}
    }
    if !is_rise {
        return look.quiet(|| figures().text("parameter", name));
    }
    let on = item.time.day();
    if is_law(&change.law_ref, on, look) {
        return look.exempt(|| {
            Why::new("因法规变化调整", "the law has changed").text("law_ref", &change.law_ref)
        });
    }
    let (Some(signers), Some(roles)) = (change.signers, change.roles) else {
        return look.unknown("by, roles");
    };
    if signers >= SIGNERS && roles >= SIGNERS {
        return look.exempt(|| {
            Why::new("经两人两岗签批", "signed by two officers in two roles")
                .count("signers", signers)
                .count("roles", roles)
        });
    }
    let fire = Fire::new(Level::Notice, item.time)
        .subject(&setting.rule)
        .episode(format!("{}/{name}/{}", change.deployment, item.time))
        .dept(&item.dept)
        .evidence([item.seq])
        .text("rule", &setting.rule)
        .text("parameter", name)
        .text("before", before)
        .text("after", after)
        .int("recent", change.recent.into())
        .int("days", params.rise_d.into())
        .int("signers", signers as i64)
        .int("roles", roles as i64)
        .text("upper", &upper(&item.dept, on, look));
    look.fire_because(fire, figures);
}
