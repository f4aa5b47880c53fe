//! One document with every block, through both writers.

use plumbline_contract::time::Day;
use plumbline_office::{
    Align, Block, Column, Document, Imprint, Language, Line, RedHead, Seal, Signature, Table, docx,
    html,
};
use std::io::{Cursor, Read};

/// What has to come out as text, whatever a format thinks of it.
const EVIL: &str = "<w:t>&amp;\"'</w:t>]]>\u{0}\u{b}\u{ffff}\n<script>";
const ESCAPED: &str = "&lt;w:t&gt;&amp;amp;&quot;&#39;&lt;/w:t&gt;]]&gt; &lt;script&gt;";

fn document(text: &str, language: Language) -> Document {
    let column = |title: &str, weight, align| Column { title: title.to_owned(), weight, align };
    let line = |strong| Line { cells: vec![text.to_owned(), "3".to_owned()], strong };
    let day = Day::from_ymd(2026, 4, 8).unwrap();
    let signature = |seal| Signature { organ: text.to_owned(), date: day, seal };
    Document {
        name: text.to_owned(),
        language,
        made_on: day,
        blocks: vec![
            Block::Head(RedHead {
                marks: vec![text.to_owned()],
                organ: text.to_owned(),
                number: text.to_owned(),
            }),
            Block::Title(text.to_owned()),
            Block::Recipient(text.to_owned()),
            Block::Heading(1, text.to_owned()),
            Block::Heading(2, text.to_owned()),
            Block::Heading(3, text.to_owned()),
            Block::Heading(4, text.to_owned()),
            Block::Paragraph(text.to_owned()),
            Block::List(vec![text.to_owned(); 2]),
            Block::Table(Table {
                caption: text.to_owned(),
                columns: vec![column(text, 2, Align::Left), column(text, 1, Align::Right)],
                rows: vec![line(false), line(true)],
            }),
            Block::Note(text.to_owned()),
            Block::PageBreak,
            Block::Signature(signature(Seal::None)),
            Block::Signature(signature(Seal::Place(text.to_owned()))),
            Block::Imprint(Imprint {
                copy_to: text.to_owned(),
                printed_by: text.to_owned(),
                printed_on: text.to_owned(),
            }),
        ],
    }
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn contains(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

/// Walks the tags: each that opens is closed by its own name, and no text holds a bare `<` or `&`.
fn is_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml.strip_prefix("<?xml").map_or(xml, |rest| rest.split_once("?>").unwrap().1);
    while let Some((before, after)) = rest.split_once('<') {
        let entities = before.split('&').skip(1);
        for entity in entities {
            let name = entity.split_once(';').unwrap().0;
            assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "{name}");
        }
        let (tag, next) = after.split_once('>').unwrap();
        rest = next;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_once(' ').map_or(tag, |(name, _)| name));
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_page_of_a_docx_is_that_of_the_standard() {
    let bytes = docx(&document("正文", Language::Chinese)).unwrap();
    let body = part(&bytes, "word/document.xml");
    contains(
        &body,
        &[
            r#"<w:pgSz w:w="11905" w:h="16837"/>"#,
            r#"w:top="2098" w:right="1474" w:bottom="1984" w:left="1587""#,
            r#"<w:docGrid w:type="lines" w:linePitch="579"/>"#,
            r#"<w:spacing w:before="1405" w:after="0""#,
            r#"<w:bottom w:val="single" w:sz="12" w:space="11" w:color="FF0000"/>"#,
            r#"<w:tblHeader/>"#,
            r#"<w:gridCol w:w="5896"/><w:gridCol w:w="2948"/>"#,
            r#"w:tblpYSpec="bottom"/>"#,
            r#"<w:br w:type="page"/>"#,
            "一、正文",
            "（一）正文",
            "1.正文",
            "（1）正文",
            "抄送：正文",
            "正文印发",
        ],
    );
    contains(
        &part(&bytes, "word/styles.xml"),
        &[
            r#"<w:spacing w:val="-5"/>"#,
            r#"<w:sz w:val="32"/>"#,
            r#"<w:sz w:val="44"/>"#,
            r#"w:eastAsia="仿宋_GB2312""#,
            r#"w:eastAsia="方正小标宋简体""#,
            r#"w:eastAsia="黑体""#,
            r#"w:eastAsia="楷体_GB2312""#,
            r#"<w:ind w:firstLineChars="200" w:firstLine="631"/>"#,
            r#"w:line="579" w:lineRule="exact""#,
            r#"<w:color w:val="FF0000"/>"#,
        ],
    );
    let fonts = part(&bytes, "word/fontTable.xml");
    contains(&fonts, &[r#"w:name="仿宋_GB2312"><w:altName w:val="仿宋;FangSong_GB2312;FangSong;"#]);
    for (name, side) in [("word/footerOdd.xml", "right"), ("word/footerEven.xml", "left")] {
        let footer = part(&bytes, name);
        let jc = format!(r#"<w:jc w:val="{side}"/>"#);
        contains(&footer, &[&jc, "\u{2014} <", " PAGE ", r#"<w:sz w:val="28"/>"#, "宋体"]);
    }
    contains(&part(&bytes, "word/settings.xml"), &["<w:evenAndOddHeaders/>"]);
}

#[test]
fn no_text_becomes_markup() {
    let bytes = docx(&document(EVIL, Language::Chinese)).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names.len(), 10);
    for name in names {
        let mut text = String::new();
        archive.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        is_well_formed(&text);
    }
    let body = part(&bytes, "word/document.xml");
    let blocks = body.matches(ESCAPED).count();
    // Three of the head; title, recipient, four headings, paragraph, two of the list; caption, two
    // heads, two cells; note, one and two of the signatures, three of the imprint.
    assert_eq!(blocks, 3 + 9 + 5 + 1 + 3 + 3, "{body}");
    contains(&part(&bytes, "docProps/core.xml"), &[ESCAPED]);
    let page = html(&document(EVIL, Language::English));
    assert_eq!(page.matches(ESCAPED).count(), 1 + blocks, "{page}");
    assert!(!page.contains("<script") && !page.contains("<w:t>"));
}

#[test]
fn equal_documents_are_equal_files() {
    let of = document("正文", Language::Chinese);
    let first = docx(&of).unwrap();
    assert_eq!(first, docx(&of.clone()).unwrap());
    let mut archive = zip::ZipArchive::new(Cursor::new(&first)).unwrap();
    for place in 0..archive.len() {
        let member = archive.by_index(place).unwrap();
        let time = member.last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day()), (1980, 1, 1), "member {place}");
    }
    contains(&part(&first, "docProps/core.xml"), &["2026-04-08T00:00:00Z"]);
    assert_eq!(html(&of), html(&of.clone()));
}

#[test]
fn html_prints_as_the_same_page() {
    let page = html(&document("正文", Language::Chinese));
    contains(
        &page,
        &[
            "@page{size:A4;margin:37mm 26mm 35mm 28mm}",
            "@page:right{@bottom-right{content:\"\u{2014} \" counter(page) \" \u{2014}\"",
            "@page:left{@bottom-left{",
            "body{width:156mm;margin:0 auto;font:16pt/28.95pt \"仿宋_GB2312\"",
            "h1{font:22pt/35pt \"方正小标宋简体\"",
            ".t,h2,h3,h4,h5{text-indent:2em}",
            "border-bottom:1.5pt solid #f00",
            "<h2>一、正文</h2>",
            "<html lang=\"zh-CN\">",
        ],
    );
    // Nothing is fetched from anywhere.
    for foreign in ["http", "url(", "<script", "<img", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let english = html(&document("text", Language::English));
    contains(&english, &["<h2>1. text</h2>", "8 April 2026", "Copies: text", "printed text"]);
}
