//! `bulletin` and `notice`: papers of the office as DOCX, HTML for print and workbooks; what is final
//! is kept and sealed. Nothing is computed here.

use super::{Context, OK, region};
use crate::app::App;
use crate::bulletin::{
    self, Asked, Basis, Content, Ground, Instrument, Kind as Paper, Order, SHIPPED, Stage, Template,
};
use crate::error::{AppError, Kind};
use crate::report::{self, Gathered};
use crate::text::Lang;
use plumbline_contract::time::Day;
use plumbline_ledger::sha256_hex;
use plumbline_report::period::Period;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 每月一通报 / The bulletin of a month
    Make {
        /// 月份 / Month, 2026-03
        #[arg(long)]
        month: String,
        #[command(flatten)]
        over: Over,
        #[command(flatten)]
        paper: Written,
    },
    /// 年度评估 / The assessment of a year
    Annual {
        /// 年份 / Year, 2026
        #[arg(long)]
        year: String,
        #[command(flatten)]
        over: Over,
        #[command(flatten)]
        paper: Written,
    },
    /// 已存证的定稿 / Final papers on record
    List,
    /// 检查模板；--write 把随附模板写到主目录供修改 / Check the templates; --write puts the shipped ones into the home
    Templates {
        #[arg(long)]
        write: bool,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum NoticeCommand {
    /// 一张牌的通知书 / The notice of one card
    Card {
        /// 牌号 / Id of the card
        alert: String,
        #[command(flatten)]
        paper: Written,
        #[command(flatten)]
        day: Dated,
    },
    /// 督办通知书、监察建议书、行政执法监督意见书 / A supervision notice about several cards
    Supervision {
        #[arg(long)]
        dept: String,
        /// 牌号，用逗号或空格分开 / Ids of the cards
        #[arg(long, value_delimiter = ',', num_args = 1.., required = true)]
        alerts: Vec<String>,
        /// 文种 / What it is called
        #[arg(long, value_enum, default_value = "order")]
        instrument: Instrument,
        #[command(flatten)]
        paper: Written,
        #[command(flatten)]
        day: Dated,
    },
}

/// Of what a paper over a period is made.
#[derive(Debug, clap::Args)]
pub(super) struct Over {
    /// 区划代码，all 为全部；缺省为主目录的区划 / Region code, or all; that of the home if not given
    #[arg(long)]
    region: Option<String>,
    /// 人工评分（TOML） / What people marked, TOML
    #[arg(long)]
    marks: Option<PathBuf>,
    /// 专项分析的文字，一行一段 / Text of the special analysis, a paragraph in each line
    #[arg(long, value_name = "FILE")]
    special: Option<PathBuf>,
    #[command(flatten)]
    day: Dated,
}

#[derive(Debug, clap::Args)]
pub(super) struct Dated {
    /// 印发日期，数据也截至这天；缺省为今天 / Day of issue, and as of which; today if not given
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<String>,
    /// 本地对评估办法的改动（TOML） / The region's changes of the scheme, TOML
    #[arg(long)]
    scheme: Option<PathBuf>,
}

impl Dated {
    fn day(&self, app: &App) -> Result<Day, AppError> {
        let Some(text) = &self.as_of else { return Ok(today(app)) };
        let day = Day::parse(text).filter(|_| text.len() == 10);
        day.ok_or_else(|| AppError::new(Kind::Usage, "day", text))
    }
}

/// How a paper is written.
#[derive(Debug, clap::Args)]
pub(super) struct Written {
    /// 写成的文件（.docx、.html、.xlsx），可写几个 / Files to write, of each form one
    #[arg(long, value_name = "FILE", required = true)]
    out: Vec<PathBuf>,
    /// 发文顺序号 / Running number
    #[arg(long, default_value = "")]
    serial: String,
    /// 定稿，由两人签发并存证 / Final: signed by two persons and put on record
    #[arg(long = "final")]
    is_final: bool,
    /// 签发人，写两次 / Who signs, twice
    #[arg(long, value_name = "NAME")]
    by: Vec<String>,
    /// 更正上一版的事由 / Why the former edition is corrected
    #[arg(long, value_name = "REASON")]
    erratum: Option<String>,
    /// 征求意见期未满即定稿的事由，存证 / Why it is final before the window for corrections is over; put on record
    #[arg(long, value_name = "REASON", requires = "is_final")]
    early: Option<String>,
}

impl Written {
    fn order(&self) -> Order {
        Order {
            is_final: self.is_final,
            by: self.by.clone(),
            erratum: self.erratum.clone(),
            early: None,
        }
    }
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::Make { month, over, paper } => {
            make(context, &app, Paper::Bulletin, &month, &over, &paper)
        }
        Command::Annual { year, over, paper } => {
            make(context, &app, Paper::Annual, &year, &over, &paper)
        }
        Command::List => list(context, &app),
        Command::Templates { write } => templates(context, &app, write),
    }
}

pub(super) fn notice(
    context: &mut Context<'_, '_>,
    command: NoticeCommand,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let (kind, paper, dated) = match &command {
        NoticeCommand::Card { paper, day, .. } => (Paper::CardNotice, paper, day),
        NoticeCommand::Supervision { paper, day, .. } => (Paper::SupervisionNotice, paper, day),
    };
    let (template, _) = Template::load(app.home(), kind)?;
    let scheme = dated.scheme.as_ref().map(|path| context.path(path));
    let (scheme, sha256) = report::scheme(&app, scheme.as_deref())?;
    let asked = Asked { scheme: &scheme, day: dated.day(&app)?, serial: &paper.serial };
    let content = match &command {
        NoticeCommand::Card { alert, .. } => bulletin::card(&app, &template, &asked, alert)?,
        NoticeCommand::Supervision { dept, alerts, instrument, .. } => {
            bulletin::supervision(&app, &template, &asked, *instrument, dept, alerts)?
        }
    };
    let order = paper.order();
    let stage = bulletin::next_edition(&app, kind, &content.subject, &content.region, &order)?;
    let told = Told { order, until: None, ground: json!({ "scheme_sha256": sha256 }) };
    write(context, &app, (&template, &content, &stage), paper, told)
}

fn make(
    context: &mut Context<'_, '_>,
    app: &App,
    kind: Paper,
    period: &str,
    over: &Over,
    paper: &Written,
) -> Result<u8, AppError> {
    let as_of = over.day.day(app)?;
    let wrong = || AppError::new(Kind::Usage, "bulletin-period", period);
    let asked = Period::parse(period).ok_or_else(wrong)?;
    let fits = match kind {
        Paper::Annual => asked.is_year(),
        _ => matches!(asked, Period::Month { .. }),
    };
    if !fits || asked.days().0 > as_of {
        return Err(wrong());
    }
    let region = region::given(app, over.region.clone())?;
    let mut order = paper.order();
    let stage = bulletin::next_edition(app, kind, &asked.to_string(), &region, &order)?;
    if matches!(stage, Stage::Final { edition: 1, .. }) {
        order.early = early(app, kind, asked, &region, paper)?;
    }
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| context.path(path));
    let (scheme, scheme_sha256) = report::scheme(app, path(&over.day.scheme).as_deref())?;
    let human = report::marks(path(&over.marks).as_deref())?;
    let special = path(&over.special).map(|path| paragraphs(&path)).transpose()?;
    let (template, _) = Template::load(app.home(), kind)?;
    let mut gathered = Gathered::read(app, Some(as_of), None)?;
    gathered.keep(&region, "");
    let ground = Ground {
        gathered: &gathered,
        basis: &Basis::of(app, as_of)?,
        scheme: &scheme,
        scheme_sha256: &scheme_sha256,
        human: &human,
        region: &region,
        serial: &paper.serial,
        special,
        is_draft: stage == Stage::Draft,
    };
    let content = match kind {
        Paper::Annual => bulletin::annual(app, &template, &ground, asked)?,
        _ => bulletin::monthly(app, &template, &ground, asked)?,
    };
    let told = json!({
        "scheme_sha256": scheme_sha256, "events": gathered.events,
        "calendar": ground.basis.version("calendar"),
    });
    let until = bulletin::answer_by(&gathered.office()?, &template, as_of.max(today(app)));
    let told = Told { order, until: Some(until), ground: told };
    write(context, app, (&template, &content, &stage), paper, told)
}

fn today(app: &App) -> Day {
    app.zone().local(app.log_time()).day()
}

/// Why a paper is final before the window for corrections is over; nothing where it is over.
fn early(
    app: &App,
    kind: Paper,
    period: Period,
    region: &str,
    paper: &Written,
) -> Result<Option<String>, AppError> {
    let Err(error) = bulletin::check_window(app, kind, period, region) else { return Ok(None) };
    let reason = paper.early.as_ref().filter(|reason| !reason.trim().is_empty());
    match reason.filter(|_| error.kind == Kind::Refused) {
        Some(reason) => Ok(Some(reason.clone())),
        None => Err(error),
    }
}

/// What is put on record with a paper.
struct Told {
    order: Order,
    /// The last day of the window for corrections, where a draft has one.
    until: Option<Day>,
    ground: Value,
}

fn paragraphs(path: &Path) -> Result<Vec<String>, AppError> {
    let text = fs::read_to_string(path).map_err(|error| AppError::io(path, &error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

fn write(
    context: &mut Context<'_, '_>,
    app: &App,
    (template, content, stage): (&Template, &Content, &Stage),
    paper: &Written,
    told: Told,
) -> Result<u8, AppError> {
    let lang = context.out.lang;
    let mut files = Vec::new();
    for path in &paper.out {
        files.push(file(path, template, content, stage, lang)?);
    }
    for (path, (bytes, _)) in paper.out.iter().zip(&files) {
        let path = context.path(path);
        fs::write(&path, bytes).map_err(|error| AppError::io(&path, &error))?;
    }
    // Only what could be written is put on record.
    let leaf = match (stage, told.until) {
        (Stage::Draft, Some(until)) => bulletin::put_out(app, content, until, &files)?,
        _ => bulletin::issue(app, content, stage, &told.order, &files, told.ground)?,
    };
    let out = &mut *context.out;
    for (path, (bytes, form)) in paper.out.iter().zip(&files) {
        let (path, sha256) = (path.display().to_string(), sha256_hex(bytes));
        match out.json {
            true => out.object(&json!({
                "file": path, "form": form, "sha256": sha256, "kind": content.kind.as_str(),
                "subject": content.subject, "leaf": leaf,
            })),
            false => out.say("bulletin.written", &[("file", &path), ("sha256", &sha256)]),
        }
    }
    match (stage, leaf) {
        (Stage::Final { edition, .. }, Some(leaf)) => {
            let (edition, leaf) = (edition.to_string(), leaf.to_string());
            out.note("bulletin.final", &[("edition", &edition), ("leaf", &leaf)]);
        }
        (Stage::Draft, Some(leaf)) => {
            let until = told.until.map(|day| day.to_string()).unwrap_or_default();
            out.note("bulletin.put-out", &[("until", &until), ("leaf", &leaf.to_string())]);
        }
        _ => out.note("bulletin.draft", &[]),
    }
    Ok(OK)
}

fn file(
    path: &Path,
    template: &Template,
    content: &Content,
    stage: &Stage,
    lang: Lang,
) -> Result<(Vec<u8>, &'static str), AppError> {
    let form = path.extension().and_then(|form| form.to_str()).unwrap_or_default();
    let document = || bulletin::compose(template, content, stage, lang);
    match form.to_ascii_lowercase().as_str() {
        "docx" => {
            let bytes = plumbline_office::docx(&document());
            let bytes = bytes.map_err(|error| AppError::new(Kind::Failed, "io", error))?;
            Ok((bytes, "docx"))
        }
        "html" => Ok((plumbline_office::html(&document()).into_bytes(), "html")),
        "xlsx" => {
            let sheets = bulletin::front(template, content, stage, lang);
            Ok((report::workbook(&sheets, lang)?, "xlsx"))
        }
        _ => Err(AppError::new(Kind::Usage, "bulletin-form", path.display())),
    }
}

fn list(context: &mut Context<'_, '_>, app: &App) -> Result<u8, AppError> {
    let all = bulletin::issued(app)?;
    let out = &mut *context.out;
    for issued in &all {
        if out.json {
            out.object(issued);
            continue;
        }
        let files = issued.files.iter().map(|(sha256, form)| format!("{form} {sha256}"));
        let values = [
            ("kind", issued.kind.clone()),
            ("subject", issued.subject.clone()),
            ("region", issued.region.clone()),
            ("edition", issued.edition.to_string()),
            ("by", issued.by.join(", ")),
            ("leaf", issued.leaf.to_string()),
            ("sha256", files.collect::<Vec<_>>().join(" ")),
        ];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        out.say("bulletin.issued", &values);
    }
    if all.is_empty() {
        out.note("bulletin.none", &[]);
    }
    Ok(OK)
}

fn templates(context: &mut Context<'_, '_>, app: &App, write: bool) -> Result<u8, AppError> {
    for (kind, shipped) in SHIPPED {
        let path = app.home().template_file(kind.as_str());
        if write && !path.exists() {
            let folder = path.parent().unwrap_or(app.home().dir());
            fs::create_dir_all(folder).map_err(|error| AppError::io(folder, &error))?;
            fs::write(&path, shipped).map_err(|error| AppError::io(&path, &error))?;
        }
        let (_, is_own) = Template::load(app.home(), kind)?;
        let values = [("kind", kind.as_str()), ("file", &path.display().to_string())];
        match is_own {
            true => context.out.say("bulletin.own", &values),
            false => context.out.say("bulletin.shipped", &values),
        }
    }
    Ok(OK)
}
