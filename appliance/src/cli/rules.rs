//! `rules`: which rules are in force, with their law, their parameters and their health.

mod health;

use super::{Context, OK, Out};
use crate::app::App;
use crate::cli::show::{Words, level, pad, plain};
use crate::clock;
use crate::driver::Runner;
use crate::error::{AppError, Kind};
use crate::watch::RuleLine;
use plumbline_contract::id::DeploymentId;
use plumbline_contract::manifest::{Manifest, OFF_PARAMETER, Rule};
use plumbline_contract::time::{Day, Zone};
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

    fn json(&self, rule: &Rule, known: &Known) -> Value {
        json!({
            "rule": rule.id, "plugin": self.manifest.plugin.id,
            "version": self.manifest.plugin.version,
            "deployment": self.deployment, "region": self.region,
            "name_zh": rule.name_zh, "name_en": rule.name_en, "levels": rule.levels,
            "law": rule.law, "laws": known.laws(rule),
            "health": known.health(self, rule).map(|line| line.json(&known.zone)), "text_zh": rule.text_zh, "text_en": rule.text_en,
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

    fn print(&self, out: &mut Out<'_>, rule: &Rule, known: &Known) {
        let levels: Vec<_> = rule.levels.iter().map(|one| level(out, *one)).collect();
        let off = if self.is_off(rule) { out.text("rules.off") } else { String::new() };
        let name = out.lang.pick(&rule.name_zh, &rule.name_en);
        let health = known.health(self, rule).map(|line| health::in_short(out, line));
        let line = format!(
            "  {}{}{}{} {off}",
            pad(&rule.id, 12),
            pad(name, 32),
            pad(&levels.join("/"), 12),
            health.unwrap_or_default(),
        );
        out.line(line.trim_end());
        let laws: Vec<_> =
            rule.law.iter().map(|id| known.words.law(out.lang, id, known.today)).collect();
        if !laws.is_empty() {
            out.line(format!("{}{}", " ".repeat(14), laws.join(out.lang.pick("；", "; "))));
        }
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

/// What is known about all rules: the laws that they cite, and how they do.
struct Known {
    words: Words,
    health: Vec<RuleLine>,
    zone: Zone,
    today: Day,
}

impl Known {
    fn read(app: &App) -> Result<Self, AppError> {
        let (words, health, zone) = (Words::of(app)?, health::lines(app)?, app.zone().clone());
        let today = zone.local(clock::now()).day();
        Ok(Self { words, health, zone, today })
    }

    /// The articles that a rule cites; the bare id of one that the table does not know.
    fn laws(&self, rule: &Rule) -> Vec<Value> {
        let article =
            |id: &String| self.words.law_row(id, self.today).unwrap_or_else(|| json!({ "id": id }));
        rule.law.iter().map(article).collect()
    }

    /// Of a rule where it is in force; that of the wider region if it is counted there.
    fn health(&self, of: &InForce, rule: &Rule) -> Option<&RuleLine> {
        let is_it =
            |line: &&RuleLine| line.deployment == of.deployment.0 && line.counters.rule == rule.id;
        self.health.iter().find(is_it)
    }
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    let all = InForce::all(&app);
    if matches!(command, Command::Health) {
        return health::run(context, &app);
    }
    let known = Known::read(&app)?;
    let out = &mut *context.out;
    match command {
        Command::Health => {}
        Command::List => {
            for one in &all {
                if out.json {
                    one.manifest.rules.iter().for_each(|rule| out.object(&one.json(rule, &known)));
                    continue;
                }
                one.heading(out);
                one.manifest.rules.iter().for_each(|rule| one.print(out, rule, &known));
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
                out.object(&one.json(rule, &known));
                return Ok(OK);
            }
            one.heading(out);
            one.print(out, rule, &known);
            out.line(format!("  {}", out.lang.pick(&rule.text_zh, &rule.text_en)));
            one.print_parameters(out);
        }
    }
    Ok(OK)
}
