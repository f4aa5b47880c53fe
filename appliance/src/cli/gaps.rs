//! `gaps`: what was not supervised because a plugin failed, and making it good.

use super::out::Out;
use super::{Context, FOUND, OK};
use crate::app::App;
use crate::deploy;
use crate::error::{AppError, Kind};
use plumbline_kernel::{Deployment, Mode};
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 列出监察空白 / List the gaps
    List { plugin: Option<String> },
    /// 重放：按现在的插件与参数补上 / Fold the keys with gaps anew, by the present package and parameters
    Replay { plugin: Option<String> },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::List { plugin } => list(&app, context.out, plugin.as_deref()),
        Command::Replay { plugin } => replay(&app, context.out, plugin.as_deref()),
    }
}

/// The deployments of a plugin, or all.
fn deployments(app: &App, plugin: Option<&str>) -> Result<Vec<Deployment>, AppError> {
    let is_it = |one: &Deployment| plugin.is_none_or(|plugin| plugin == one.plugin);
    let found: Vec<_> = app.deployments().into_iter().filter(is_it).collect();
    match plugin {
        Some(plugin) if found.is_empty() => {
            Err(AppError::new(Kind::NotFound, "no-deployment", plugin))
        }
        _ => Ok(found),
    }
}

fn list(app: &App, out: &mut Out<'_>, plugin: Option<&str>) -> Result<u8, AppError> {
    let mut count = 0_u64;
    for deployment in deployments(app, plugin)? {
        for gap in app.store().gaps(deployment.id)? {
            count += 1;
            let row = gap.row;
            if out.json {
                out.object(&json!({
                    "deployment": deployment.id, "plugin": deployment.plugin,
                    "mode": deployment.mode, "stream": row.id.stream, "key": row.id.key,
                    "from": row.from, "to": row.to, "code": row.code, "fault": row.fault,
                }));
                continue;
            }
            let mode = out.text(&format!("mode.{}", deployment.mode.as_str()));
            let (from, to) = (row.from.to_string(), row.to.to_string());
            let values = [
                ("plugin", deployment.plugin.as_str()),
                ("mode", &mode),
                ("stream", &row.id.stream),
                ("key", &row.id.key),
                ("from", &from),
                ("to", &to),
                ("code", &row.code),
                ("fault", &row.fault),
            ];
            out.say("gaps.row", &values);
        }
    }
    if !out.json && count == 0 {
        out.say("gaps.none", &[]);
    }
    Ok(if count > 0 { FOUND } else { OK })
}

fn replay(app: &App, out: &mut Out<'_>, plugin: Option<&str>) -> Result<u8, AppError> {
    let mut code = OK;
    for deployment in deployments(app, plugin)? {
        if deployment.mode != Mode::Live {
            continue;
        }
        app.settle()?;
        let before = app.store().gaps(deployment.id)?.len();
        let keys = deploy::replay_gaps(app, deployment.id)?;
        app.settle()?;
        let left = app.store().gaps(deployment.id)?.len();
        if left > 0 {
            code = FOUND;
        }
        let closed = before.saturating_sub(left);
        if out.json {
            out.object(&json!({
                "deployment": deployment.id, "plugin": deployment.plugin, "keys": keys,
                "closed": closed, "left": left,
            }));
            continue;
        }
        let (keys, closed, left) = (keys.to_string(), closed.to_string(), left.to_string());
        let values = [
            ("plugin", deployment.plugin.as_str()),
            ("keys", &keys),
            ("closed", &closed),
            ("left", &left),
        ];
        out.say("gaps.replayed", &values);
    }
    Ok(code)
}
