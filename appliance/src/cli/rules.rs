//! `rules`: which rules are in force, with their parameters.

mod health;

use super::{Context, OK, Out};
use crate::app::App;
use crate::cli::show::{level, pad, plain};
use crate::driver::Runner;
use crate::error::{AppError, Kind};
use plumbline_contract::id::DeploymentId;
use plumbline_contract::manifest::{Manifest, OFF_PARAMETER, Rule};
use plumbline_kernel::{Mode, Setting};
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 列出已启用插件的规则 / List the rules of the enabled plugins
    List,
    /// 规则体检：看过多少对象、出过多少预警、有没有出错 / Rule health: keys, alerts, faults
    Health,
    /// 显示一条规则 / Show one rule
    Show { id: String },
}

/// What holds for one region: a setting with its manifest and complete parameters.
struct InForce {
    deployment: DeploymentId,
    region: String,
    manifest: Arc<Manifest>,
    parameters: Map<String, Value>,
}

impl InForce {
    /// Of all live deployments, the widest region first.
    fn all(app: &App) -> Vec<Self> {
        let of = |runner: &Runner| -> Vec<Self> {
            let one = |setting: &Setting| {
                let plan = runner.plan();
                let variant = &plan.variants()[plan.judge_of(&setting.region)?];
                Some(Self {
                    deployment: runner.deployment().id,
                    region: setting.region.clone(),
                    manifest: variant.manifest.clone(),
                    parameters: serde_json::from_str(&variant.parameters).unwrap_or_default(),
                })
            };
            runner.deployment().settings.iter().filter_map(one).collect()
        };
        app.with_runners(|runners| {
            let live = runners.iter().filter(|runner| runner.deployment().mode == Mode::Live);
            live.flat_map(of).collect()
        })
    }

    fn is_off(&self, rule: &Rule) -> bool {
        let off = self.parameters.get(OFF_PARAMETER).and_then(Value::as_array);
        off.is_some_and(|off| off.iter().any(|id| id.as_str() == Some(&rule.id)))
    }

    fn json(&self, rule: &Rule) -> Value {
        json!({
            "rule": rule.id, "plugin": self.manifest.plugin.id,
            "version": self.manifest.plugin.version,
            "deployment": self.deployment, "region": self.region,
            "name_zh": rule.name_zh, "name_en": rule.name_en, "levels": rule.levels,
            "law": rule.law, "text_zh": rule.text_zh, "text_en": rule.text_en,
            "off": self.is_off(rule), "parameters": self.parameters,
        })
    }

    fn heading(&self, out: &mut Out<'_>) {
        let plugin = &self.manifest.plugin;
        let name = out.lang.pick(&plugin.name_zh, &plugin.name_en).to_owned();
        let region = match self.region.as_str() {
            "" => out.text("region.all"),
            region => region.to_owned(),
        };
        let values = [
            ("plugin", plugin.id.as_str()),
            ("version", &plugin.version),
            ("name", &name),
            ("region", &region),
        ];
        out.say("rules.plugin", &values);
    }

    fn print(&self, out: &mut Out<'_>, rule: &Rule) {
        let levels: Vec<_> = rule.levels.iter().map(|one| level(out, *one)).collect();
        let off = if self.is_off(rule) { out.text("rules.off") } else { String::new() };
        let name = out.lang.pick(&rule.name_zh, &rule.name_en);
        let law = rule.law.join(" ");
        let line =
            format!("  {}{}{}  {law} {off}", pad(&rule.id, 12), pad(name, 32), levels.join("/"));
        out.line(line.trim_end());
    }

    fn print_parameters(&self, out: &mut Out<'_>) {
        for parameter in &self.manifest.parameters {
            let value = self.parameters.get(&parameter.name).map(plain).unwrap_or_default();
            let name = out.lang.pick(&parameter.name_zh, &parameter.name_en).to_owned();
            let values = [
                ("name", parameter.name.as_str()),
                ("title", &name),
                ("value", &value),
                ("unit", &parameter.unit),
            ];
            out.say("rules.parameter", &values);
        }
    }
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    let all = InForce::all(&app);
    if matches!(command, Command::Health) {
        return health::run(context, &app);
    }
    let out = &mut *context.out;
    match command {
        Command::Health => {}
        Command::List => {
            for one in &all {
                if out.json {
                    one.manifest.rules.iter().for_each(|rule| out.object(&one.json(rule)));
                    continue;
                }
                one.heading(out);
                one.manifest.rules.iter().for_each(|rule| one.print(out, rule));
                one.print_parameters(out);
            }
            health::list(out);
            if all.is_empty() {
                out.note("rules.none", &[]);
            }
        }
        Command::Show { id } if health::show(out, &id) => {}
        Command::Show { id } => {
            let found = all.iter().find_map(|one| Some((one, one.manifest.rule(&id)?)));
            let (one, rule) = found.ok_or_else(|| AppError::new(Kind::NotFound, "no-rule", &id))?;
            if out.json {
                out.object(&one.json(rule));
                return Ok(OK);
            }
            one.heading(out);
            one.print(out, rule);
            out.line(format!("  {}", out.lang.pick(&rule.text_zh, &rule.text_en)));
            one.print_parameters(out);
        }
    }
    Ok(OK)
}
