//! `retention`: how long payloads are kept, and dropping those whose time is over.

use super::{Context, OK};
use crate::error::AppError;
use crate::retention::{self, Retained};
use crate::{clock, error::Kind};
use plumbline_contract::time::Day;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 现行的留存规则 / The rules in force
    List,
    /// 某类事件的内容保留多少天 / How many days payloads of some types are kept
    Set {
        /// 事件类型的开头，如 video.obs. / First letters of the types, for instance video.obs.
        types: String,
        /// 天数，至少 30 / Days, at least 30
        days: u32,
    },
    /// 取消一条规则，此类内容不再丢弃 / Lift a rule: payloads of these types are kept for good
    Unset { types: String },
    /// 丢弃到期的内容：先复算一遍，只丢已归档的 / Drop what is due: after a last replay, and only what is archived
    Apply {
        /// 只看会丢弃什么 / Only say what would be dropped
        #[arg(long)]
        dry_run: bool,
        /// 按这一天计算，缺省为今天 / The day to count from; today if not given
        #[arg(long, value_name = "YYYY-MM-DD")]
        today: Option<String>,
    },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: &Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::List => {
            let out = &mut *context.out;
            let rules = retention::rules(&app)?;
            for rule in &rules {
                let days = rule.keep_days.to_string();
                match out.json {
                    true => out.object(rule),
                    false => out.say("retention.rule", &[("types", &rule.types), ("days", &days)]),
                }
            }
            if rules.is_empty() && !out.json {
                out.say("retention.none", &[]);
            }
        }
        Command::Set { types, days } => {
            retention::set(&app, types, Some(*days))?;
            let days = days.to_string();
            context.out.say("retention.rule", &[("types", types), ("days", &days)]);
        }
        Command::Unset { types } => {
            retention::set(&app, types, None)?;
            context.out.say("retention.lifted", &[("types", types)]);
        }
        Command::Apply { dry_run, today } => {
            let present = app.zone().local(clock::now()).day();
            let today = match today {
                None => present,
                // A day to come would drop what must still be kept.
                Some(text) => Day::parse(text)
                    .filter(|day| *day <= present)
                    .ok_or_else(|| AppError::new(Kind::Usage, "day", text))?,
            };
            let retained = match dry_run {
                true => retention::plan(&app, today)?,
                false => retention::apply(&app, today)?,
            };
            show(context, &retained, *dry_run);
        }
    }
    Ok(OK)
}

fn show(context: &mut Context<'_, '_>, retained: &Retained, dry_run: bool) {
    let out = &mut *context.out;
    if out.json {
        return out.object(retained);
    }
    for (plugin, leaves) in &retained.replayed {
        out.say("retention.replayed", &[("plugin", plugin), ("leaves", &leaves.to_string())]);
    }
    let text = if dry_run { "retention.would-drop" } else { "retention.dropped" };
    for (types, count) in &retained.payloads {
        out.say(text, &[("types", types), ("count", &count.to_string())]);
    }
    if retained.payloads.is_empty() {
        out.say("retention.nothing", &[]);
    }
    for (text, count) in
        [("retention.unarchived", retained.unarchived), ("retention.unread", retained.unread)]
    {
        if count > 0 {
            out.say(text, &[("count", &count.to_string())]);
        }
    }
}
