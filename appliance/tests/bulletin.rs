//! Papers in process: bulletins, assessments and notices from a home with a few cases and cards, as
//! HTML, DOCX and workbooks; what is final stands in the ledger.
#![allow(clippy::unwrap_used)]

use calamine::{Data, Reader, Xlsx};
use plumbline::bulletin::{Kind, SHIPPED, Template};
use plumbline::cli::{Terminal, run};
use plumbline::{App, Home};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What stands for citizens and officers in the events, and must not be in any bulletin.
const PERSONAL: [&str; 4] = ["h-of-a-citizen", "OFFICER-1", "CASE-A", "receipt-7"];

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn plumbline(dir: &Path, words: &[&str]) -> Said {
    let home = dir.join("home").display().to_string();
    let all = [&["plumbline", "--home", home.as_str()], words].concat();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(all, &mut out, &mut err, Terminal::default());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code, out: text(out), err: text(err) }
}

fn ok(dir: &Path, words: &[&str]) -> String {
    let said = plumbline(dir, words);
    assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
    said.out
}

fn refused(dir: &Path, words: &[&str], code: u8, says: &str) {
    let said = plumbline(dir, words);
    assert_eq!(said.code, code, "{words:?}: {}", said.err);
    assert!(said.err.contains(says), "{words:?}: {}", said.err);
}

fn table(dir: &Path, name: &str, rows: &str) {
    let file = dir.join(format!("{name}.csv"));
    fs::write(&file, rows).unwrap();
    ok(dir, &["table", "import", name, &file.display().to_string()]);
}

/// A leaf as the host writes it, for a card of a rule that nobody has deployed.
fn alert(id: &str, act: &str, rule: &str, dept: &str, level: &str) -> Vec<u8> {
    let rest = json!({
        "act": act, "id": id, "rule": rule, "key": "CASE-A", "stream": "s", "stream_key": "CASE-A",
        "episode": "", "level": level, "due": "2026-03-09", "at": "2026-03-10T00:00:00+08:00",
        "issued_at": "2026-03-10T00:10:00+08:00", "late": false, "region": "370203", "dept": dept,
        "plugin": "approval", "plugin_version": "0.1.0", "package": "0".repeat(64),
        "deployment": 1, "params": "0".repeat(64), "tables": {}, "law": ["xkf-42", "no-such"],
        "evidence": [], "values": { "due": "2026-03-09" },
    });
    let rest = rest.to_string();
    format!("{{\"leaf\":\"alert\",{}", &rest[1..]).into_bytes()
}

/// A home with three approvals of March 2026 and four cards: red, withdrawn, of another department,
/// and of February.
fn home() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    ok(at, &["init", "--no-plugins", "--region", "370203"]);
    table(
        at,
        "item",
        "item_code,name,item_type,dept,promised_wd,statutory_wd\nI1,许可,XK,D-1,5,20\n",
    );
    table(at, "dept", "dept_code,name,region\nD-1,市场<监管>局,370203\nD-2,文旅局,370203\n");
    table(at, "region", "code,name\n370203,某某区\n");
    table(at, "law_ref", "id,law,article,para,status\nxkf-42,行政许可法,42,1,checked\n");
    let mut lines = Vec::new();
    let mut event = |kind: &str, day: &str, data: Value| {
        let time = format!("{day}T10:00:00+08:00");
        let event = json!({
            "specversion": "1.0", "id": format!("e{}", lines.len()), "source": "hall",
            "type": format!("approval.case.{kind}"), "time": time, "recordedtime": time,
            "region": "370203001", "dept": "D-1", "data": data,
        });
        lines.push(event.to_string());
    };
    let cases = [("CASE-A", Some("2026-03-20")), ("CASE-B", Some("2026-03-04")), ("CASE-C", None)];
    for (no, decided) in cases {
        let received = json!({
            "case_no": no, "serial": 1, "item_code": "I1", "applicant_ref": PERSONAL[0],
            "channel": "window", "applicant_kind": "org",
        });
        event("received", "2026-03-02", received);
        let accepted = json!({ "case_no": no, "receipt_no": PERSONAL[3], "officer": PERSONAL[1] });
        event("accepted", "2026-03-02", accepted);
        if let Some(day) = decided {
            let data = json!({
                "case_no": no, "result": "grant", "officer": PERSONAL[1], "signer": "O2",
                "doc_no": "d",
            });
            event("decided", day, data);
        }
    }
    let file = at.join("events.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    ok(at, &["import", &file.display().to_string()]);
    let app = App::open(Home::new(at.join("home"))).unwrap();
    app.record(&[
        alert("c-red", "raised", "APPR-T03", "D-1", "red"),
        alert("c-over", "raised", "APPR-O01", "D-1", "yellow"),
        alert("c-over", "withdrawn", "APPR-O01", "D-1", "yellow"),
        alert("c-other", "raised", "APPR-O02", "D-2", "yellow"),
    ])
    .unwrap();
    drop(app);
    dir
}

/// Makes a paper and returns the file.
fn paper(dir: &Path, words: &[&str], file: &str) -> Vec<u8> {
    let path = dir.join(file);
    let out = path.display().to_string();
    ok(dir, &[words, &["--as-of", "2026-04-03", "--out", &out]].concat());
    fs::read(path).unwrap()
}

fn html(dir: &Path, words: &[&str]) -> String {
    String::from_utf8(paper(dir, words, "paper.html")).unwrap()
}

const MAKE: [&str; 4] = ["bulletin", "make", "--month", "2026-03"];

fn contains(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_bulletin_says_what_happened_and_names_nobody() {
    let home = home();
    let page = html(home.path(), &MAKE);
    contains(
        &page,
        &[
            "征求意见稿",
            "请于2026年4月9日前提出更正意见",
            "现将某某区2026年3月行政权力运行监督情况通报如下",
            "<h2>一、总体情况</h2>",
            "收件3件，受理3件，办结2件，按期办结率50.00%（样本小，不足30件）",
            "期末在办1件，其中超期1件",
            "黄牌1张、红牌1张；维持0张，撤销1张",
            "1个部门有办件，占部门库2个的50.00%",
            "1个事项有办件，占事项库1个的100.00%",
            "市场&lt;监管&gt;局 *",
            "系统外办理线索1条",
            "本期无投诉和评价",
            "【由编辑填写",
            "<h2>十一、专项分析</h2>",
            "@page{size:A4",
        ],
    );
    let body = page.split_once("<body>").unwrap().1;
    assert!(!body.contains('{') && !body.contains('}'), "{body}");
    for personal in PERSONAL {
        assert!(!page.contains(personal), "{personal}");
    }
    let english = html(home.path(), &[&["--lang", "en"], &MAKE[..]].concat());
    contains(
        &english,
        &["Draft for comment", "until 9 April 2026", "3 cases received", "1. Overview"],
    );
}

#[test]
fn papers_are_the_same_bytes_each_time_and_workbooks_hold_the_tables() {
    let home = home();
    let dir = home.path();
    for form in ["a.docx", "a.html", "a.xlsx"] {
        let first = paper(dir, &MAKE, form);
        assert_eq!(first, paper(dir, &MAKE, form), "{form}");
    }
    let mut book: Xlsx<_> = calamine::open_workbook(dir.join("a.xlsx")).unwrap();
    let name = book.sheet_names()[0].clone();
    let front = book.worksheet_range(&name).unwrap();
    let has = |text: &str| {
        front.rows().any(|row| matches!(&row[1], Data::String(cell) if cell.contains(text)))
    };
    assert!(has("关于2026年3月行政权力运行监督情况的通报") && has("征求意见稿"));
    assert!(book.sheet_names().len() > 8, "{:?}", book.sheet_names());
    refused(dir, &[&MAKE[..], &["--out", "a.pdf"]].concat(), 2, ".docx");
    refused(dir, &["bulletin", "make", "--month", "2026", "--out", "a.html"], 2, "月份");
    let later =
        ["bulletin", "make", "--month", "2026-05", "--as-of", "2026-04-03", "--out", "a.html"];
    refused(dir, &later, 2, "2026-05");
}

#[test]
fn a_final_paper_is_signed_kept_sealed_and_only_corrected_by_a_new_edition() {
    let home = home();
    let dir = home.path();
    let out = dir.join("f.docx").display().to_string();
    let make = [&MAKE[..], &["--as-of", "2026-04-03", "--out", &out]].concat();
    let with = |more: &[&'static str]| [&make[..], more].concat();
    refused(dir, &with(&["--by", "甲"]), 2, "--final");
    for by in
        [&["--by", "甲"][..], &["--by", "甲", "--by", "甲"], &["--by", "甲", "--by", " "], &[]]
    {
        refused(dir, &with(&[&["--final"], by].concat()), 3, "两个不同的人");
    }
    let signed = ["--final", "--by", "甲", "--by", "乙"];
    refused(dir, &with(&[&signed[..], &["--erratum", "更正"]].concat()), 2, "还没有定稿");
    // The window for corrections: a draft first, then its working days, or a reason.
    refused(dir, &with(&signed), 3, "还没有期末之后的征求意见稿");
    let early = [&make[..make.len() - 4], &["--as-of", "2026-03-20", "--out", &out]].concat();
    ok(dir, &early);
    refused(dir, &with(&signed), 3, "还没有期末之后的征求意见稿");
    contains(&plumbline(dir, &make).err, &["征求意见稿已登记", "更正意见截至"]);
    refused(dir, &with(&signed), 3, "征求意见期未满");
    refused(dir, &with(&[&signed[..], &["--early", " "]].concat()), 3, "征求意见期未满");
    let signed = ["--final", "--by", "甲", "--by", "乙", "--early", "县政府要求当日印发"];
    let special = dir.join("special.txt");
    fs::write(&special, "第一段。\n\n第二段。\n").unwrap();
    ok(dir, &with(&signed));
    let first = fs::read(&out).unwrap();
    let issued = |dir: &Path| -> Vec<Value> {
        let list = ok(dir, &["--json", "bulletin", "list"]);
        list.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let acts = issued(dir);
    assert_eq!(
        (acts.len(), &acts[0]["edition"], &acts[0]["by"]),
        (1, &json!(1), &json!(["甲", "乙"]))
    );
    let sha256 = acts[0]["files"][0][0].as_str().unwrap().to_owned();
    assert_eq!(acts[0]["early"], "县政府要求当日印发");
    let kept = dir.join("home/reports").join(format!("{sha256}.docx"));
    assert_eq!(fs::read(kept).unwrap(), first);
    assert_eq!(plumbline_ledger::sha256_hex(&first), sha256);
    let shown = ok(dir, &["ledger", "show", &acts[0]["leaf"].to_string()]);
    contains(&shown, &[&sha256]);
    refused(dir, &with(&signed), 3, "--erratum");
    refused(dir, &with(&[&signed[..], &["--erratum", " "]].concat()), 3, "--erratum");
    let page = dir.join("f.html").display().to_string();
    let file = special.display().to_string();
    let erratum = ["--erratum", "受理数有误", "--special", &file, "--out", &page];
    ok(dir, &[&make[..], &signed, &erratum].concat());
    let page = fs::read_to_string(page).unwrap();
    contains(&page, &["更正 第2版", &sha256, "受理数有误", "第二段。"]);
    assert!(!page.contains("由编辑填写") && !page.contains("征求意见"));
    let acts = issued(dir);
    assert_eq!(
        (acts.len(), &acts[1]["edition"], &acts[1]["former"]),
        (2, &json!(2), &json!(sha256))
    );
    assert_eq!(acts[1]["files"].as_array().unwrap().len(), 2);
    ok(dir, &["ledger", "verify"]);
}

#[test]
fn an_assessment_says_what_nobody_has_marked() {
    let home = home();
    let dir = home.path();
    let annual = ["bulletin", "annual", "--year", "2026"];
    let page = html(dir, &annual);
    contains(
        &page,
        &["得分的均值×0.7", "未评分", "尚未评分", "第1档", "<th style=\"width:", "3月"],
    );
    let marks = dir.join("marks.toml").display().to_string();
    let told = |dept: &str| {
        format!("[[mark]]\nyear = 2026\ndept = \"{dept}\"\nsample = 90\nsatisfaction = 80\n")
    };
    fs::write(&marks, told("D-1") + &told("D-2")).unwrap();
    let page = html(dir, &[&annual[..], &["--marks", &marks]].concat());
    contains(&page, &["各部分均已评分"]);
    assert!(!page.contains("尚未评分"));
    refused(dir, &["bulletin", "annual", "--year", "2026-03", "--out", "a.html"], 2, "年份");
}

#[test]
fn notices_tell_a_clue_its_law_and_how_to_answer() {
    let home = home();
    let dir = home.path();
    let page = html(dir, &["notice", "card", "c-red"]);
    contains(
        &page,
        &[
            "<h1>红牌通知书</h1>",
            "市场&lt;监管&gt;局：",
            "监督对象：CASE-A。线索：规则 APPR-T03 已停用，详见存证链第",
            "法定或承诺期限：2026年3月9日",
            "不是违法违纪结论",
            "1. 《行政许可法》第42条",
            "2. no-such",
            "请于2026年4月7日前（1个工作日内）",
            "5个工作日内（2026年3月17日前）申诉",
        ],
    );
    let page = html(dir, &["notice", "supervision", "--dept", "D-1", "--alerts", "c-red"]);
    contains(&page, &["<h1>督办通知书</h1>", "以下1项监督线索", "c-red", "监督线索清单"]);
    let out = ["--out", "x.html"];
    for (words, code, says) in [
        (&["notice", "card", "c-over"][..], 3, "已撤销或了结"),
        (&["notice", "card", "c-none"], 2, "没有这条预警"),
        (
            &["notice", "supervision", "--dept", "D-1", "--alerts", "c-red,c-other"],
            2,
            "不属于该部门",
        ),
    ] {
        refused(dir, &[words, &out].concat(), code, says);
    }
    let own = SHIPPED.iter().find(|(kind, _)| *kind == Kind::SupervisionNotice).unwrap().1;
    let names = "[[instrument]]\nregion = \"37\"\norder = { zh = \"鲁督办\", en = \"o\" }\n\
                 advice = { zh = \"鲁建议\", en = \"a\" }\nopinion = { zh = \"鲁意见\", en = \"p\" }\n";
    fs::create_dir_all(dir.join("home/templates")).unwrap();
    fs::write(dir.join("home/templates/supervision-notice.toml"), format!("{own}\n{names}"))
        .unwrap();
    for (instrument, name) in [("order", "鲁督办"), ("advice", "鲁建议"), ("opinion", "鲁意见")]
    {
        let words = ["notice", "supervision", "--dept", "D-1", "--instrument", instrument];
        let page = html(dir, &[&words[..], &["--alerts", "c-red"]].concat());
        contains(&page, &[&format!("<h1>{name}</h1>")]);
    }
}

#[test]
fn every_placeholder_of_every_paper_has_a_value() {
    let home = home();
    let dir = home.path();
    let folder = dir.join("home/templates");
    fs::create_dir_all(&folder).unwrap();
    for (kind, shipped) in SHIPPED {
        let names = kind.placeholders();
        let entry = |name: &&str| {
            format!("{{ zh = \"[{name}={{{name}}}]\", en = \"[{name}={{{name}}}]\" }},")
        };
        let all: String = names.iter().map(entry).collect();
        let lead = format!("lead = [{all}");
        let text = shipped.replacen("lead = [", &lead, 1);
        assert_ne!(text, shipped);
        fs::write(folder.join(format!("{}.toml", kind.as_str())), text).unwrap();
    }
    let said = ok(dir, &["bulletin", "templates"]);
    assert_eq!(said.matches("本县模板").count(), SHIPPED.len(), "{said}");
    let papers: [(&[&str], Kind); 4] = [
        (&MAKE, Kind::Bulletin),
        (&["bulletin", "annual", "--year", "2026"], Kind::Annual),
        (&["notice", "card", "c-red"], Kind::CardNotice),
        (&["notice", "supervision", "--dept", "D-1", "--alerts", "c-red"], Kind::SupervisionNotice),
    ];
    for (words, kind) in papers {
        for lang in ["zh", "en"] {
            let page = html(dir, &[&["--lang", lang], words].concat());
            let body = page.split_once("<body>").unwrap().1;
            for name in kind.placeholders() {
                assert!(body.contains(&format!("[{name}=")), "{kind:?} {name}");
                assert!(!body.contains(&format!("{{{name}}}")), "{kind:?} {name} has no value");
                // Only what belongs to an edition is empty in a draft.
                let empty = body.contains(&format!("[{name}=]"));
                let of_edition = ["edition", "erratum", "former_sha256"].contains(&name);
                assert_eq!(empty, of_edition, "{kind:?} {name}");
            }
        }
    }
}

#[test]
fn the_page_about_papers_lists_every_placeholder_and_section() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bulletin.md");
    let page = fs::read_to_string(page).unwrap();
    for kind in Kind::ALL {
        for name in kind.placeholders() {
            assert!(page.contains(&format!("`{{{name}}}`")), "{name}");
        }
        for section in kind.sections() {
            assert!(page.contains(&format!("`{section}`")), "{section}");
        }
    }
}

#[test]
fn a_wrong_template_is_refused_with_the_place_of_each_mistake() {
    let shipped = |kind: Kind| SHIPPED.iter().find(|(of, _)| *of == kind).unwrap().1;
    for (kind, text) in SHIPPED {
        assert_eq!(Template::parse(kind, text).unwrap().kind, kind);
    }
    let bulletin = shipped(Kind::Bulletin);
    let changed = |from: &str, to: &str| {
        assert!(bulletin.contains(from), "{from}");
        bulletin.replacen(from, to, 1)
    };
    let rows = [
        (
            changed("id = \"cards\"", "id = \"kards\""),
            &["unknown section \"kards\"", "missing section \"cards\""][..],
        ),
        (
            changed("id = \"cards\"", "id = \"data\""),
            &["section \"data\" twice", "missing section \"cards\""],
        ),
        (
            changed("收件{received}件", "收件{recieved}件"),
            &["section \"overview\": unknown {recieved}"],
        ),
        (changed("监通〔{year}〕", "监通〔{sentence}〕"), &["number: unknown {sentence}"]),
        (changed("draft = 3", "final = 3"), &["missing answer_wd.draft"]),
        (changed("kind = \"bulletin\"", "kind = \"annual\""), &["\"annual\" != \"bulletin\""]),
        (changed("××县", "{region_name}"), &["office: no placeholders here"]),
        (changed("现将", &"长".repeat(1001)), &["lead: > 1000 characters"]),
        (changed("lead = [", "leed = ["), &["leed"]),
        (changed("kind = ", "kind "), &["line 4"]),
    ];
    for (text, says) in rows {
        let error = Template::parse(Kind::Bulletin, &text).unwrap_err();
        assert_eq!(error.message, "template");
        contains(&error.detail, says);
    }
    let notice = shipped(Kind::SupervisionNotice).replace("region = \"\"", "region = \"43\"");
    let error = Template::parse(Kind::SupervisionNotice, &notice).unwrap_err();
    contains(&error.detail, &["missing instrument with region = \"\""]);
    // A wrong file of the home is named, and no paper is made of it.
    let home = home();
    let dir = home.path();
    ok(dir, &["bulletin", "templates", "--write"]);
    let file = dir.join("home/templates/bulletin.toml");
    fs::write(&file, changed("id = \"cards\"", "id = \"kards\"")).unwrap();
    refused(dir, &[&MAKE[..], &["--out", "x.html"]].concat(), 2, "bulletin.toml: unknown section");
    fs::write(&file, changed("id = \"special\"", "id = \"special\"\nomit = true")).unwrap();
    assert!(!html(dir, &MAKE).contains("专项分析"));
}

/// A draft whose window ended long ago, as it would stand in the ledger then.
#[test]
fn after_the_window_a_paper_is_final_without_a_reason() {
    let home = home();
    let dir = home.path();
    let out = dir.join("f.docx").display().to_string();
    let app = App::open(Home::new(dir.join("home"))).unwrap();
    let draft = |subject: &str| {
        json!({ "leaf": "bulletin_draft", "kind": "bulletin", "subject": subject,
                "region": app.config().region, "dated": "2026-04-01", "until": "2026-04-07" })
    };
    let leaf = draft("2026-03").to_string().into_bytes();
    app.record(&[leaf]).unwrap();
    drop(app);
    let signed = ["--final", "--by", "甲", "--by", "乙"];
    let make = [&MAKE[..], &["--as-of", "2026-04-08", "--out", &out], &signed].concat();
    ok(dir, &make);
    let list = ok(dir, &["--json", "bulletin", "list"]);
    let act: Value = serde_json::from_str(list.trim()).unwrap();
    assert_eq!((&act["edition"], act["early"].is_null()), (&json!(1), true));
}
