//! A template and a content as one document: every placeholder is filled, every sheet becomes a
//! table that fits the page. For workbooks the particulars of the paper become a sheet of their own.

use super::content::{Content, Part, Stage};
use super::template::{Section, Template};
use crate::text::{self, Entry, Lang};
use plumbline_office::{
    Align, Block, Column, Document, Imprint, Language, Line, RedHead, Seal, Signature, Table,
    layout, number,
};
use plumbline_report::sheet::{self, Cell, Row, Sheet, Text};
use plumbline_report::statistics::TOTAL;

/// Room for a running number that is written by hand.
const BY_HAND: &str = "　";
/// Narrowest and widest column, in half characters of its longest cell.
const WIDTH_MIN: u32 = 6;
const WIDTH_MAX: u32 = 28;

/// Fills the texts of one paper in one language.
struct Words<'a> {
    template: &'a Template,
    content: &'a Content,
    stage: &'a Stage,
    lang: Lang,
}

impl Words<'_> {
    fn say(&self, entry: &Entry) -> String {
        text::fill(self.lang.pick(&entry.zh, &entry.en), |name| self.value(name))
    }

    fn value(&self, name: &str) -> Option<String> {
        let office = &self.template.office;
        let none = || String::new();
        match (name, self.stage) {
            ("office", _) => Some(self.lang.pick(&office.zh, &office.en).to_owned()),
            ("edition", Stage::Final { edition, .. }) => Some(edition.to_string()),
            ("edition", Stage::Draft) => Some(none()),
            ("former_sha256", Stage::Final { corrects: Some((former, _)), .. }) => {
                Some(former.clone())
            }
            ("erratum", Stage::Final { corrects: Some((_, reason)), .. }) => Some(reason.clone()),
            ("former_sha256" | "erratum", _) => Some(none()),
            ("serial", _) => {
                let serial = self.content.values.get("serial").map(|of| of.zh.clone());
                Some(serial.filter(|serial| !serial.is_empty()).unwrap_or(BY_HAND.to_owned()))
            }
            _ => {
                let value = self.content.values.get(name)?;
                Some(self.lang.pick(&value.zh, &value.en).to_owned())
            }
        }
    }

    fn pick(&self, of: &Text) -> String {
        self.lang.pick(&of.zh, &of.en).to_owned()
    }

    /// What the paper is, for its corner.
    fn marks(&self) -> Vec<String> {
        let mark = match self.stage {
            Stage::Draft => self.say(&self.template.draft),
            Stage::Final { corrects: Some(_), .. } => self.say(&self.template.erratum_mark),
            Stage::Final { .. } => String::new(),
        };
        Some(mark).filter(|mark| !mark.is_empty()).into_iter().collect()
    }

    fn first(&self) -> Option<String> {
        let note = match self.stage {
            Stage::Draft => self.say(&self.template.draft_note),
            Stage::Final { corrects: Some(_), .. } => self.say(&self.template.erratum_note),
            Stage::Final { .. } => String::new(),
        };
        Some(note).filter(|note| !note.is_empty())
    }
}

/// The document of a paper.
#[must_use]
pub fn compose(template: &Template, content: &Content, stage: &Stage, lang: Lang) -> Document {
    let words = Words { template, content, stage, lang };
    let language = match lang {
        Lang::Zh => Language::Chinese,
        Lang::En => Language::English,
    };
    let title = words.say(&template.title);
    let mut blocks = vec![
        Block::Head(RedHead {
            marks: words.marks(),
            organ: words.say(&template.organ),
            number: words.say(&template.number),
        }),
        Block::Title(title.clone()),
        Block::Recipient(words.say(&template.recipient)),
    ];
    blocks.extend(words.first().map(Block::Paragraph));
    blocks.extend(template.lead.iter().map(|entry| Block::Paragraph(words.say(entry))));
    for section in template.sections.iter().filter(|section| !section.omit) {
        let part = content.parts.get(section.id.as_str()).cloned().unwrap_or_default();
        blocks.extend(of_section(&words, section, part));
    }
    blocks.extend(template.closing.iter().map(|entry| Block::Paragraph(words.say(entry))));
    let (office, seal) = (words.say(&template.office), words.say(&template.seal));
    blocks.push(Block::Signature(Signature {
        organ: office.clone(),
        date: content.day,
        seal: if seal.is_empty() { Seal::None } else { Seal::Place(seal) },
    }));
    blocks.push(Block::Imprint(Imprint {
        copy_to: words.say(&template.copy_to),
        printed_by: office,
        printed_on: number::date(content.day, language),
    }));
    Document { name: title, language, made_on: content.day, blocks }
}

fn of_section(words: &Words<'_>, section: &Section, part: Part) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, words.say(&section.title))];
    if let (true, Some(none)) = (part.is_empty, &section.none) {
        blocks.push(Block::Paragraph(words.say(none)));
        return blocks;
    }
    match part.text {
        Some(own) => blocks.extend(own.into_iter().map(Block::Paragraph)),
        None => {
            blocks.extend(section.text.iter().map(|entry| Block::Paragraph(words.say(entry))));
        }
    }
    if !part.list.is_empty() {
        blocks.push(Block::List(part.list.iter().map(|of| words.pick(of)).collect()));
    }
    for sheet in part.sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        blocks.push(Block::Table(table(words, sheet)));
        blocks.extend(sheet.notes.iter().map(|note| Block::Note(words.pick(note))));
    }
    blocks
}

/// A sheet as a table; the first cell of a row that is a small sample is marked by `*`.
fn table(words: &Words<'_>, sheet: &Sheet) -> Table {
    let zh = words.lang == Lang::Zh;
    let line = |row: &Row| {
        let mut cells: Vec<String> = row.cells.iter().map(|cell| cell.show(zh)).collect();
        if let (true, Some(first)) = (row.small_sample, cells.first_mut()) {
            first.push_str(" *");
        }
        Line { cells, strong: row.key == TOTAL }
    };
    let rows: Vec<Line> = sheet.rows.iter().map(line).collect();
    let column = |(place, of): (usize, &sheet::Column)| {
        let title = words.pick(&of.title);
        let cells = rows.iter().filter_map(|row| row.cells.get(place));
        // A title breaks into two lines, a figure should not.
        let widest = cells.map(|cell| layout::half_chars(cell)).max().unwrap_or_default();
        let widest = widest.max(layout::half_chars(&title).div_ceil(2));
        let is_text =
            |row: &Row| matches!(row.cells.get(place), Some(Cell::Text(_) | Cell::Words(_)));
        let align = match sheet.rows.iter().any(is_text) {
            true => Align::Left,
            false => Align::Right,
        };
        Column { title, weight: widest.clamp(WIDTH_MIN, WIDTH_MAX), align }
    };
    let columns = sheet.columns.iter().enumerate().map(column).collect();
    Table { caption: words.pick(&sheet.title), columns, rows }
}

/// The sheets of a workbook: what the paper is and says in words, then its tables and the whole
/// statistics behind them.
#[must_use]
pub fn front(template: &Template, content: &Content, stage: &Stage, lang: Lang) -> Vec<Sheet> {
    let words = Words { template, content, stage, lang };
    let columns = vec![
        sheet::Column::new("what", "项目", "what"),
        sheet::Column::new("says", "内容", "says"),
    ];
    let mut front = Sheet::new("front", Text::new("说明", "Front"), columns);
    let mut say = |what: &str, says: String| {
        let cells = vec![Cell::text(what), Cell::text(says)];
        front.rows.push(Row { key: what.to_owned(), cells, small_sample: false });
    };
    let pick = |zh, en| lang.pick(zh, en);
    say(pick("标题", "title"), words.say(&template.title));
    say(pick("字号", "number"), words.say(&template.number));
    say(pick("单位", "office"), words.say(&template.office));
    say(pick("状态", "state"), words.marks().join(" "));
    words.first().into_iter().for_each(|note| say(pick("说明", "note"), note));
    for section in template.sections.iter().filter(|section| !section.omit) {
        let part = content.parts.get(section.id.as_str()).cloned().unwrap_or_default();
        for block in of_section(&words, section, part) {
            let texts = match block {
                Block::Paragraph(text) => vec![text],
                Block::List(texts) => texts,
                _ => Vec::new(),
            };
            texts.into_iter().for_each(|text| say(&words.say(&section.title), text));
        }
    }
    let mut sheets = vec![front];
    let shown = template.sections.iter().filter(|section| !section.omit);
    let parts = shown.filter_map(|section| content.parts.get(section.id.as_str()));
    let tables = parts.flat_map(|part| part.sheets.iter());
    sheets.extend(tables.filter(|sheet| !sheet.rows.is_empty()).cloned());
    sheets.extend(
        content.sheets.iter().filter(|sheet| !sheets.contains(sheet)).cloned().collect::<Vec<_>>(),
    );
    sheets
}
