//! `alerts`: what was raised, and what became of it.

use super::{Context, OK};
use crate::alert::{Alert, AlertState};
use crate::app::App;
use crate::card::{self, Outcome, Person, Stage, Step};
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
    /// 答复（被监督单位）/ Answer it (the supervised unit)
    Answer(Said),
    /// 申诉（被监督单位，答复之后）/ Appeal against it (the supervised unit, once answered)
    Appeal(Said),
    /// 对申诉作出决定（监督方）/ Decide on an appeal (the supervisor)
    DecideAppeal(Decided),
    /// 办结（监督方）/ Close it (the supervisor)
    Close(Decided),
}

/// Who says something, and what.
#[derive(Debug, clap::Args)]
pub(super) struct Said {
    /// 预警编号 / Id of the alert
    id: String,
    /// 经办人 / Who acts
    #[arg(long)]
    by: String,
    /// 经办人的部门 / Department of who acts
    #[arg(long)]
    dept: String,
    /// 理由 / Reason
    #[arg(long)]
    text: String,
    /// 复核人 / Who signs with them
    #[arg(long)]
    second: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Decided {
    #[command(flatten)]
    said: Said,
    /// 结论 / What becomes of the card
    #[arg(long = "as", value_enum)]
    outcome: Outcome,
}

#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// 状态 / State
    #[arg(long, value_enum)]
    state: Option<State>,
    /// 办理环节 / How far its handling has come
    #[arg(long, value_enum)]
    stage: Option<Stage>,
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
            && self.stage.is_none_or(|stage| stage == alert.handling.stage)
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
        Command::Answer(said) => step(&app, out, &words, Step::Answer, &said)?,
        Command::Appeal(said) => step(&app, out, &words, Step::Appeal, &said)?,
        Command::DecideAppeal(Decided { said, outcome }) => {
            step(&app, out, &words, Step::Decide(outcome), &said)?;
        }
        Command::Close(Decided { said, outcome }) => {
            step(&app, out, &words, Step::Close(outcome), &said)?;
        }
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
                show::acts(out, &alert);
                show::footage(out, &alert);
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

/// Takes a step with a card and shows it as it stands then.
fn step(
    app: &App,
    out: &mut super::Out<'_>,
    words: &Words,
    step: Step,
    said: &Said,
) -> Result<(), AppError> {
    let Said { id, by, dept, text, second } = said;
    let person = Person { by, dept, second: second.as_deref(), reason: text };
    let alert = card::take(app, id, step, person)?;
    if out.json {
        out.object(&alert);
    } else {
        show::alert(out, words, &alert);
        show::acts(out, &alert);
    }
    Ok(())
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
