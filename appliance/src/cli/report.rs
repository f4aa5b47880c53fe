//! `report`: statistics with their cases, scores with their reasons, decision support. Nothing is
//! computed here.

mod show;

use super::out::Out;
use super::show::pad;
use super::{Context, OK, region};
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::report::{self, Gathered};
use plumbline_contract::time::Day;
use plumbline_report::decide;
use plumbline_report::period::Period;
use plumbline_report::score::{
    Facts, Scorer, Subject, credit_sheet, credits, explain_sheet, proposal_sheet, proposals,
    score_sheet,
};
use plumbline_report::sheet::{Sheet, Text};
use plumbline_report::statistics::{Scope, Statistics};
use serde_json::json;
use show::{say_card, say_case, table};
use std::fs;
use std::path::PathBuf;

/// Working days that a forecast looks ahead.
const AHEAD_WD: u32 = 5;

/// Width of the names of statistics, in columns.
const ID_WIDTH: usize = 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 统计；不写名称则列出全部，all 为全部统计 / Statistics; without a name they are listed, all for all
    Statistics {
        name: Option<String>,
        /// 列出某一格的办件：行/列 / The cases behind a cell: ROW/COLUMN
        #[arg(long, value_name = "ROW/COLUMN", requires = "name")]
        cases: Option<String>,
        #[command(flatten)]
        asked: Asked,
    },
    /// 绩效评估 / Scores
    Score {
        /// 对象 / Of whom
        #[arg(long, value_enum, default_value = "dept")]
        by: By,
        /// 逐项说明一个对象的得分 / Explain the score of one, line by line
        #[arg(long, value_name = "CODE")]
        explain: Option<String>,
        /// 本地对评估办法的改动（TOML） / The region's changes of the scheme, TOML
        #[arg(long)]
        scheme: Option<PathBuf>,
        /// 人工评分：处分、抽查、满意度、否决确认（TOML） / What people marked, TOML
        #[arg(long)]
        marks: Option<PathBuf>,
        #[command(flatten)]
        asked: Asked,
    },
    /// 辅助决策：到期预测、风险、瓶颈、流程、趋势 / Decision support
    Decide {
        /// 预测几个工作日 / Working days to look ahead
        #[arg(long, default_value_t = AHEAD_WD)]
        ahead: u32,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum By {
    Dept,
    Officer,
    Item,
    Region,
    /// 投标人、代理、专家 / Bidders, agencies, experts
    Party,
}

impl By {
    fn kind(self) -> Option<Subject> {
        let word = match self {
            Self::Dept => "dept",
            Self::Officer => "officer",
            Self::Item => "item",
            Self::Region => "region",
            Self::Party => return None,
        };
        Subject::kind(word)
    }
}

/// Of what, and how the result comes.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// 期间：2026-03、2026-H1、2026；缺省为上月 / Period; last month if not given
    #[arg(long)]
    period: Option<String>,
    /// 截至哪天；缺省为今天 / As of which day; today if not given
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<String>,
    /// 区划代码，all 为全部；缺省为主目录的区划 / Region code, or all; that of the home if not given
    #[arg(long)]
    region: Option<String>,
    /// 部门代码 / Department
    #[arg(long, default_value = "")]
    dept: String,
    /// 办件目录文件，代替随附的 / A catalogue of cases in place of the shipped one
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// 另写成 CSV / Also as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// 另写成 XLSX / Also as a workbook
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::Statistics { name: None, .. } => list(context.out),
        Command::Statistics { name: Some(name), cases, asked } => {
            let given = Given::new(context, &app, asked)?;
            statistics(context.out, &given, &name, cases.as_deref())?;
        }
        Command::Score { by, explain, scheme, marks, asked } => {
            let (scheme, marks) =
                (scheme.map(|path| context.path(path)), marks.map(|path| context.path(path)));
            let given = Given::new(context, &app, asked)?;
            let (scheme, sha256) = report::scheme(&app, scheme.as_deref())?;
            let human = report::marks(marks.as_deref())?;
            let desk = given.gathered.office()?;
            let facts = Facts {
                cases: &given.gathered.cases,
                cards: &given.gathered.cards,
                answers_recorded: given.gathered.answers_recorded,
                desk: &desk,
                as_of: given.gathered.as_of,
                human: &human,
            };
            let hash = Text::new(
                format!("办法 {} 第 {} 版，SHA-256 {sha256}。", scheme.id, scheme.version),
                format!("Scheme {} version {}, SHA-256 {sha256}.", scheme.id, scheme.version),
            );
            let Some(kind) = by.kind() else {
                let sheet = credit_sheet(&credits(&scheme, &facts));
                return given.write(context.out, vec![sheet], Some(hash)).map(|()| OK);
            };
            let sheets = scored(&given, &Scorer::new(&scheme, &facts), &scheme, &kind, explain);
            given.write(context.out, sheets?, Some(hash))?;
        }
        Command::Decide { ahead, asked } => {
            let given = Given::new(context, &app, asked)?;
            let sheets = decided(&given, ahead);
            given.write(context.out, sheets, None)?;
        }
    }
    Ok(OK)
}

/// What was asked for, read and gathered.
struct Given {
    gathered: Gathered,
    period: Period,
    region: String,
    dept: String,
    csv: Option<PathBuf>,
    xlsx: Option<PathBuf>,
}

impl Given {
    fn new(context: &Context<'_, '_>, app: &App, asked: Asked) -> Result<Self, AppError> {
        let day = |text: String| {
            let day = Day::parse(&text).filter(|_| text.len() == 10);
            day.ok_or_else(|| AppError::new(Kind::Usage, "day", text))
        };
        let as_of = asked.as_of.map(day).transpose()?;
        let period = match &asked.period {
            Some(text) => {
                let wrong = || AppError::new(Kind::Usage, "period", text);
                Some(Period::parse(text).ok_or_else(wrong)?)
            }
            None => None,
        };
        let region = region::given(app, asked.region)?;
        let catalogue = asked.catalogue.map(|path| context.path(path));
        let mut gathered = Gathered::read(app, as_of, catalogue.as_deref())?;
        gathered.keep(&region, &asked.dept);
        let period = period.unwrap_or_else(|| Period::month_of(gathered.as_of).shifted(-1));
        let path = |path: Option<PathBuf>| path.map(|path| context.path(path));
        let (csv, xlsx) = (path(asked.csv), path(asked.xlsx));
        Ok(Self { gathered, period, region, dept: asked.dept, csv, xlsx })
    }

    fn scope(&self) -> Scope {
        Scope {
            period: self.period,
            as_of: self.gathered.as_of,
            region: self.region.clone(),
            dept: self.dept.clone(),
        }
    }

    /// Shows the sheets and writes the files that were asked for.
    fn write(
        &self,
        out: &mut Out<'_>,
        mut sheets: Vec<Sheet>,
        note: Option<Text>,
    ) -> Result<(), AppError> {
        for sheet in &mut sheets {
            sheet.notes.extend(note.clone());
            sheet.notes.push(self.gathered.note());
        }
        for sheet in &sheets {
            if out.json {
                out.object(sheet);
            } else {
                table(out, sheet);
            }
        }
        let files = [
            self.csv.as_ref().map(|path| (path, Ok(report::csv(&sheets, out.lang)))),
            self.xlsx.as_ref().map(|path| (path, report::workbook(&sheets, out.lang))),
        ];
        for (path, bytes) in files.into_iter().flatten() {
            fs::write(path, bytes?).map_err(|error| AppError::io(path, &error))?;
            out.note("report.written", &[("file", &path.display().to_string())]);
        }
        self.say_left_out(out);
        Ok(())
    }

    /// What the figures leave out is never silent.
    fn say_left_out(&self, out: &mut Out<'_>) {
        let figures = self.gathered.figures;
        if figures.without_key + figures.left_out > 0 {
            let numbers = [figures.taken, figures.without_key, figures.left_out];
            let [taken, without, flood] = numbers.map(|number| number.to_string());
            let values = [("taken", &*taken), ("without", &*without), ("flood", &*flood)];
            out.note("report.left-out", &values);
        }
    }
}

fn list(out: &mut Out<'_>) {
    for (id, zh, en) in Statistics::list() {
        if out.json {
            out.object(&json!({ "id": id, "zh": zh, "en": en }));
        } else {
            out.line(format!("{}{}", pad(id, ID_WIDTH), out.lang.pick(zh, en)));
        }
    }
    out.note("report.which", &[]);
}

fn statistics(
    out: &mut Out<'_>,
    given: &Given,
    name: &str,
    cell: Option<&str>,
) -> Result<(), AppError> {
    let gathered = &given.gathered;
    let statistics =
        Statistics::new(&gathered.cases, &gathered.cards, &gathered.directory, given.scope());
    if let Some(cell) = cell {
        let missing = || AppError::new(Kind::NotFound, "no-cell", format!("{name} {cell}"));
        let (row, column) = cell.rsplit_once('/').ok_or_else(missing)?;
        let behind = statistics.behind(name, row, column).ok_or_else(missing)?;
        behind.cases.iter().for_each(|case| say_case(out, case));
        behind.cards.iter().for_each(|card| say_card(out, card));
        let (cases, cards) = (behind.cases.len().to_string(), behind.cards.len().to_string());
        out.note("report.behind", &[("cases", &cases), ("cards", &cards)]);
        return Ok(());
    }
    let names: Vec<&str> = match name {
        "all" => Statistics::list().map(|(id, ..)| id).collect(),
        one => vec![one],
    };
    let missing = || AppError::new(Kind::NotFound, "no-statistic", name);
    let sheets = names.into_iter().map(|name| statistics.sheet(name).ok_or_else(missing));
    let sheets: Vec<Sheet> = sheets.collect::<Result<_, _>>()?;
    given.write(out, sheets, None)
}

fn scored(
    given: &Given,
    scorer: &Scorer<'_>,
    scheme: &plumbline_report::score::Scheme,
    kind: &Subject,
    explain: Option<String>,
) -> Result<Vec<Sheet>, AppError> {
    let subjects = scorer.subjects(kind, given.period).into_iter();
    // Of the regions above the one asked for, only a part was looked at.
    let scores: Vec<_> = subjects
        .filter(|subject| subject.is_in(&given.region))
        .map(|subject| scorer.score(&subject, given.period))
        .collect();
    if let Some(code) = explain {
        let found = scores.iter().find(|score| score.subject.code() == code);
        let missing = || AppError::new(Kind::NotFound, "no-cell", &code);
        return Ok(vec![explain_sheet(scheme, found.ok_or_else(missing)?)]);
    }
    let mut sheets = vec![score_sheet(scheme, given.period, &scores)];
    if matches!(given.period, Period::Month { .. }) && matches!(kind, Subject::Dept(_)) {
        sheets.push(proposal_sheet(given.period, &proposals(scorer, given.period)));
    }
    Ok(sheets)
}

fn decided(given: &Given, ahead: u32) -> Vec<Sheet> {
    let gathered = &given.gathered;
    let desk = |region: &str, dept: &str| gathered.desk(region, dept);
    let inputs = decide::Inputs {
        cases: &gathered.cases,
        cards: &gathered.cards,
        directory: &gathered.directory,
        period: given.period,
        as_of: gathered.as_of,
        desk: &desk,
    };
    decide::all(&inputs, ahead)
}
