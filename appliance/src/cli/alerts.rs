//! `alerts`: what was raised, and what became of it.

use super::{Context, OK};
use crate::alert::{Alert, AlertState};
use crate::cli::show::{self, Words};
use crate::error::{AppError, Kind};
use crate::table::used;
use plumbline_contract::alert::Level;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 列出预警；--json 每行一条 / List alerts; one a line with --json
    List(Filter),
    /// 显示一条预警 / Show one alert
    Show { id: String },
}

#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// 状态 / State
    #[arg(long, value_enum)]
    state: Option<State>,
    /// 级别 / Level
    #[arg(long, value_enum)]
    level: Option<LevelWord>,
    /// 规则编号 / Id of the rule
    #[arg(long)]
    rule: Option<String>,
    /// 部门 / Department
    #[arg(long)]
    dept: Option<String>,
    /// 监察对象，如办件编号 / Subject, for instance a case number
    #[arg(long)]
    key: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum State {
    Open,
    Withdrawn,
    Closed,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LevelWord {
    Notice,
    Yellow,
    Red,
}

impl Filter {
    fn takes(&self, alert: &Alert) -> bool {
        let state = self.state.map(|state| match state {
            State::Open => AlertState::Open,
            State::Withdrawn => AlertState::Withdrawn,
            State::Closed => AlertState::Closed,
        });
        let level = self.level.map(|level| match level {
            LevelWord::Notice => Level::Notice,
            LevelWord::Yellow => Level::Yellow,
            LevelWord::Red => Level::Red,
        });
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        state.is_none_or(|state| state == alert.state)
            && level.is_none_or(|level| level == alert.level)
            && same(&self.rule, &alert.rule)
            && same(&self.dept, &alert.dept)
            && same(&self.key, &alert.key)
    }
}

/// An alert with the rows that it rests on.
#[derive(Debug, serde::Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    rows: &'a [used::RowUsed],
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    let out = &mut *context.out;
    let words = Words::of(&app)?;
    match command {
        Command::List(filter) => {
            let mut alerts = app.alerts()?;
            alerts.retain(|alert| filter.takes(alert));
            for alert in &alerts {
                if out.json {
                    out.object(alert);
                } else {
                    show::alert(out, &words, alert);
                }
            }
            if !out.json {
                sum(out, &alerts);
            }
        }
        Command::Show { id } => {
            let missing = || AppError::new(Kind::NotFound, "no-alert", &id);
            let alert = app.alert(&id)?.ok_or_else(missing)?;
            let rows = used::of_alert(&app, &alert)?;
            if out.json {
                out.object(&Shown { alert: &alert, rows: &rows });
            } else {
                show::alert(out, &words, &alert);
                super::explain::derivation(&app, out, &alert)?;
                if !rows.is_empty() {
                    out.line(format!("      {}", out.text("table-row.of-alert")));
                }
                rows.iter().for_each(|row| super::table::used(out, "        ", "", row));
            }
        }
    }
    Ok(OK)
}

fn sum(out: &mut super::Out<'_>, alerts: &[Alert]) {
    let open = |level: Level| {
        let counts = |alert: &&Alert| alert.state == AlertState::Open && alert.level == level;
        alerts.iter().filter(counts).count().to_string()
    };
    let withdrawn = alerts.iter().filter(|alert| alert.state == AlertState::Withdrawn).count();
    out.say(
        "alert.sum",
        &[
            ("all", &alerts.len().to_string()),
            ("red", &open(Level::Red)),
            ("yellow", &open(Level::Yellow)),
            ("notice", &open(Level::Notice)),
            ("withdrawn", &withdrawn.to_string()),
        ],
    );
}
