//! Files of tables at their boundary: what is refused and how it is said, what loads, and that what
//! is exported loads again to the same rows.
#![allow(clippy::unwrap_used)]

use super::check::{Checked, check};
use super::cross::cross;
use super::export::{export, template};
use super::problem::{Problem, Severity};
use plumbline_contract::table::{TableRow, TableSpec, specs};
use rust_xlsxwriter::Workbook;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn spec(name: &str) -> &'static TableSpec {
    TableSpec::find(name).unwrap()
}

fn read(table: &str, text: &str) -> Checked {
    check(spec(table), text.as_bytes(), None)
}

/// `line column code` of each problem.
fn said(problems: &[Problem]) -> Vec<String> {
    let one = |p: &Problem| format!("{} {} {}", p.line, p.column, p.code);
    problems.iter().map(one).collect()
}

#[test]
fn everything_that_is_wrong_with_a_file_is_said_with_its_place() {
    let days = "date,kind\n2025-01-01,holiday\n2027-01-01,holiday\n";
    let cases: [(&str, &str, &[&str]); 16] = [
        ("item", "", &["0  no-heading"]),
        ("item", "name\n甲\n", &["1 item_code no-column"]),
        ("item", "item_code,name\nA\n", &["2  cells"]),
        ("item", "item_code,item_code\nA,A\n", &["1 item_code twice"]),
        ("item", "item_code,事项编码\nA,A\n", &["1 事项编码 twice"]),
        ("item", ",item_code\nx,A\n", &["1  no-name"]),
        ("item", "item_code,自有列\nA,x\n", &["1 自有列 heading"]),
        ("item", "item_code\n", &["0  empty"]),
        (
            "item",
            "item_code,statutory_wd,on_spot\nA,x,maybe\n,5,是\nB B,-1,否\n",
            &[
                "2 statutory_wd kind",
                "2 on_spot kind",
                "3 item_code missing",
                "4 item_code format",
                "4 statutory_wd bounds",
            ],
        ),
        ("item", "item_code\nA\nB\nA\n", &["4 item_code overlap"]),
        (
            "item",
            "item_code,from,to\nA,2026-01-01,2026-06-30\nA,2026-06-30,\n",
            &["3 item_code overlap"],
        ),
        ("item", "item_code,promised_wd,statutory_wd\nA,30,20\n", &["2 promised_wd order"]),
        ("tariff", "fee_code,price\nF,12.50\n", &["2 price kind"]),
        ("calendar", days, &["0 date year-thin", "0 date year-missing", "0 date year-thin"]),
        (
            "process_def",
            "domain,code,nodes,edges\nd,c,\"[{\"\"id\"\":\"\"a\"\"},{\"\"id\"\":\"\"b\"\"}]\",\"[[\"\"a\"\",\"\"b\"\"],[\"\"b\"\",\"\"a\"\"],[\"\"a\"\",\"\"z\"\"]]\"\n",
            &["2 edges edge", "2 edges circle"],
        ),
        ("score_scheme", "scheme,part,weight\ns,a,60\ns,b,30\n", &["0 weight weights"]),
    ];
    for (table, text, wanted) in cases {
        let checked = read(table, text);
        assert_eq!(said(&checked.problems.list), wanted, "{table}: {text}");
        let loads = checked.problems.list.iter().all(|p| p.severity == Severity::Warning);
        assert!(loads || checked.rows.is_empty(), "{table}: {text}");
        for problem in &checked.problems.list {
            let (zh, en) = (problem.say(crate::text::Lang::Zh), problem.say(crate::text::Lang::En));
            assert!(zh != en && !zh.contains('{') && !zh.contains("table-problem"), "{zh} {en}");
        }
    }
}

#[test]
fn the_same_table_comes_out_of_every_kind_of_file() {
    let lines =
        [["item_code", "name", "法定时限", "生效日"], ["XK-1", "食品许可", "20", "2026-03-01"]];
    let text: String = lines.iter().map(|line| line.join(",") + "\r\n").collect();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, *cell).unwrap();
        }
    }
    sheet.write_number(1, 2, 20).unwrap();
    let files = [
        text.as_bytes().to_vec(),
        encoding_rs::GBK.encode(&text).0.into_owned(),
        text.replace("2026-03-01", "2026/3/1").into_bytes(),
        book.save_to_buffer().unwrap(),
    ];
    for bytes in files {
        let checked = check(spec("item"), &bytes, None);
        assert_eq!(checked.problems.list, [], "{}", checked.encoding);
        let row = &checked.rows[0];
        assert_eq!(
            row.json,
            r#"{"effective_from":"2026-03-01","item_code":"XK-1","name":"食品许可","statutory_wd":20}"#
        );
    }
}

fn examples() -> BTreeMap<String, Vec<u8>> {
    let dir: PathBuf = ["examples/tables", "../examples/tables", "/nonexistent"]
        .iter()
        .map(|part| Path::new(env!("CARGO_MANIFEST_DIR")).join(part))
        .find(|path| path.is_dir())
        .unwrap();
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let csv = files.filter(|path| path.extension().is_some_and(|extension| extension == "csv"));
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    csv.map(read).collect()
}

#[test]
fn examples_load_together_without_a_complaint() {
    let examples = examples();
    assert!(examples.len() >= 20, "{:?}", examples.keys());
    let checked: BTreeMap<_, _> = examples
        .iter()
        .map(|(name, bytes)| (name.clone(), check(spec(name), bytes, None)))
        .collect();
    let others = |name: &str| checked.get(name).map(|other| other.rows.as_slice());
    for (name, table) in &checked {
        assert_eq!(table.problems.list, [], "{name}");
        let found = cross(spec(name), table, &[], &others);
        // Tables that no example has cannot be compared with.
        let real: Vec<_> = found.iter().filter(|problem| problem.code != "unchecked").collect();
        assert!(real.is_empty(), "{name}: {real:?}");
    }
}

#[test]
fn what_is_exported_loads_to_the_same_rows() {
    for (name, bytes) in examples() {
        let first = check(spec(&name), &bytes, None).rows;
        let file = export(spec(&name), &first);
        let again = check(spec(&name), &file, None);
        assert_eq!(again.rows, first, "{name}");
        assert_eq!(export(spec(&name), &again.rows), file, "{name}");
    }
    let odd = "item_code,fee_codes,steps,县里的列\nA,;,\"a;b\",\" 1,5 \"\"x\"\"\n二\"\n";
    let rows = read("item", odd).rows;
    assert_eq!(check(spec("item"), &export(spec("item"), &rows), None).rows, rows);
    assert!(rows[0].json.contains(r#""fee_codes":[]"#), "{}", rows[0].json);
}

#[test]
fn templates_are_empty_tables() {
    for spec in specs() {
        let checked = check(spec, &template(spec), None);
        let codes: Vec<_> = checked.problems.list.iter().map(|problem| problem.code).collect();
        assert_eq!((codes.as_slice(), checked.rows.len()), (&["empty"][..], 0), "{}", spec.name);
    }
}

#[test]
fn tables_are_compared_with_one_another() {
    let rows = |table: &str, text: &str| -> Vec<TableRow> { read(table, text).rows };
    let items = rows("item", "item_code,dept\nA,D1\nB,D1\n");
    let grants = rows("authority_grant", "officer,item_code\no,A\no,B\n");
    let none = |_: &str| None;
    let with_items = |name: &str| (name == "item").then_some(items.as_slice());
    let with_grants = |name: &str| (name == "authority_grant").then_some(grants.as_slice());
    type Others<'a> = &'a dyn Fn(&str) -> Option<&'a [TableRow]>;
    type Case<'a> = (&'a str, &'a str, &'a [TableRow], Others<'a>, &'a [&'a str]);
    let cases: [Case<'_>; 5] = [
        (
            "item_special_link",
            "item_code,kind\nA,testing\nC,testing\n",
            &[],
            &with_items,
            &["3 item_code unknown"],
        ),
        (
            "item_special_link",
            "item_code,kind\nA,testing\nC,testing\n",
            &[],
            &none,
            &["0 item_code unchecked"],
        ),
        ("item", "item_code\nA\n", &items, &with_grants, &["0 item_code orphan"]),
        ("region", "code,parent\n370203,370200\n", &[], &none, &["2 parent unknown"]),
        ("item", "item_code\nA\nB\n", &items, &with_grants, &[]),
    ];
    for (table, text, before, others, wanted) in cases {
        let found = cross(spec(table), &read(table, text), before, others);
        assert_eq!(said(&found), wanted, "{table}: {text}");
    }
    let strict = cross(
        spec("item_special_link"),
        &read("item_special_link", "item_code,kind\nC,x\n"),
        &[],
        &with_items,
    );
    assert_eq!(strict[0].severity, Severity::Error);
}

#[test]
fn numbers_of_persons_are_hashed_on_the_way_in() {
    let text = "subject,kind\n11010519491231002x,applicant\n";
    let hash = |text: &str| format!("h:{}", &text[14..]);
    let checked = check(spec("sanction_list"), text.as_bytes(), Some(&hash));
    assert_eq!(checked.problems.list, []);
    assert_eq!(checked.rows[0].key, "h:002X");
    assert_eq!(said(&read("sanction_list", text).problems.list), ["2 subject not-hashed"]);
}
