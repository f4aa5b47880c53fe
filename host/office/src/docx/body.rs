//! The text: each block as paragraphs and tables.

use super::parts::{NAMESPACES, section, size};
use crate::document::{
    Align, Block, Column, Document, Imprint, Language, RedHead, Seal, Signature, Table,
};
use crate::layout::{self, Free};
use crate::number::{self, Headings};
use crate::xml::escape;

pub(super) fn write(document: &Document) -> String {
    let mut headings = Headings::default();
    let mut body = String::new();
    for block in &document.blocks {
        body.push_str(&one(block, document.language, &mut headings));
    }
    let section = section();
    format!("<w:document {NAMESPACES}><w:body>{body}{section}</w:body></w:document>")
}

fn one(block: &Block, language: Language, headings: &mut Headings) -> String {
    match block {
        Block::Head(head) => red_head(head),
        Block::Title(text) => paragraph("Title", "", text),
        Block::Recipient(text) => paragraph("Recipient", "", text),
        Block::Heading(level, text) => {
            let level = (*level).clamp(1, number::LEVELS as u8);
            let number = headings.next(level, language);
            paragraph(&format!("Heading{level}"), "", &format!("{number}{text}"))
        }
        Block::Paragraph(text) => paragraph("BodyIndent", "", text),
        Block::List(texts) => {
            let entry = |(place, text): (usize, &String)| {
                paragraph("BodyIndent", "", &format!("{}. {text}", place + 1))
            };
            texts.iter().enumerate().map(entry).collect()
        }
        Block::Table(of) => table(of),
        Block::Note(text) => paragraph("Note", "", text),
        Block::Signature(of) => signature(of, language),
        Block::Imprint(of) => imprint(of, language),
        Block::PageBreak => "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>".to_owned(),
    }
}

/// A paragraph of a style; `properties` come behind the style, in the order of the schema.
fn paragraph(style: &str, properties: &str, text: &str) -> String {
    styled(style, properties, "", text)
}

fn styled(style: &str, properties: &str, run: &str, text: &str) -> String {
    format!(
        "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr>\
         <w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>",
        escape(text)
    )
}

fn red_head(head: &RedHead) -> String {
    let marks: String = head.marks.iter().map(|mark| paragraph("Mark", "", mark)).collect();
    // Marks stand above the name and take their room from its distance to the edge.
    let down = layout::twips(layout::HEAD_DOWN_MM * 10);
    let before = down.saturating_sub(head.marks.len() as u32 * layout::LINE_TWIPS);
    let points = layout::head_pt(&head.organ);
    let line = points * 20 * 5 / 4;
    let spacing = format!(
        "<w:spacing w:before=\"{before}\" w:after=\"0\" w:line=\"{line}\" w:lineRule=\"exact\"/>"
    );
    let organ = styled("RedHead", &spacing, &size(points * 2), &head.organ);
    let border = format!(
        "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"{}\" w:space=\"{}\" w:color=\"FF0000\"/></w:pBdr>",
        layout::RULE_EIGHTHS,
        layout::RULE_DOWN_PT,
    );
    format!("{marks}{organ}{}", paragraph("Number", &border, &head.number))
}

/// An indent from the right in half characters.
fn free(halves: u32) -> String {
    let twips = halves * layout::CHAR_CENTITWIPS / 200;
    format!("<w:ind w:rightChars=\"{}\" w:right=\"{twips}\"/>", halves * 50)
}

fn signature(of: &Signature, language: Language) -> String {
    let date = number::date(of.date, language);
    let sealed = matches!(of.seal, Seal::Place(_));
    let Free { organ, date: date_free } = layout::signature(&of.organ, &date, sealed);
    let line = layout::LINE_TWIPS;
    let spacing = |before: u32| {
        format!(
            "<w:keepNext/><w:keepLines/><w:spacing w:before=\"{before}\" w:after=\"0\" \
             w:line=\"{line}\" w:lineRule=\"exact\"/>"
        )
    };
    let mut written = String::new();
    let mut before = line * 2;
    if let Seal::Place(word) = &of.seal {
        // The seal covers this line, organ and date; the word only shows the place.
        let middle = date_free + layout::half_chars(&date) / 2;
        let place = free(middle.saturating_sub(layout::half_chars(word) / 2));
        let properties = format!("{}{place}", spacing(line));
        let grey = "<w:color w:val=\"BFBFBF\"/>";
        written.push_str(&styled("Signature", &properties, grey, word));
        before = 0;
    }
    let properties = format!("{}{}", spacing(before), free(organ));
    written.push_str(&paragraph("Signature", &properties, &of.organ));
    let properties = format!("<w:keepLines/>{}", free(date_free));
    written.push_str(&paragraph("Signature", &properties, &date));
    written
}

fn table(of: &Table) -> String {
    let widths = widths(&of.columns);
    let grid: String = widths.iter().map(|width| format!("<w:gridCol w:w=\"{width}\"/>")).collect();
    let border = |side: &str| {
        format!("<w:{side} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"000000\"/>")
    };
    let borders: String =
        ["top", "left", "bottom", "right", "insideH", "insideV"].map(border).concat();
    let head: String = of
        .columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| cell(*width, "TableHead", Align::Centre, "", &column.title))
        .collect();
    let row = |line: &crate::document::Line| {
        let bold = if line.strong { "<w:b/>" } else { "" };
        let cells: String = of
            .columns
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(place, (column, width))| {
                let text = line.cells.get(place).map_or("", String::as_str);
                cell(*width, "TableCell", column.align, bold, text)
            })
            .collect();
        format!("<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
    };
    let rows: String = of.rows.iter().map(row).collect();
    let caption = match of.caption.is_empty() {
        true => String::new(),
        false => paragraph("Caption", "", &of.caption),
    };
    format!(
        "{caption}<w:tbl><w:tblPr><w:tblW w:w=\"{}\" w:type=\"dxa\"/>\
         <w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type=\"fixed\"/><w:tblCellMar>\
         <w:left w:w=\"57\" w:type=\"dxa\"/><w:right w:w=\"57\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr>\
         <w:tblGrid>{grid}</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>\
         {rows}</w:tbl>",
        layout::TEXT_WIDTH_TWIPS,
    )
}

/// Widths in twips by weight; together the width of the text.
fn widths(columns: &[Column]) -> Vec<u32> {
    let all: u32 = columns.iter().map(|column| column.weight.max(1)).sum();
    let mut left = layout::TEXT_WIDTH_TWIPS;
    let mut weight_left = all;
    let width = |column: &Column| {
        let weight = column.weight.max(1);
        let width = left * weight / weight_left.max(1);
        left -= width;
        weight_left -= weight;
        width
    };
    columns.iter().map(width).collect()
}

fn cell(width: u32, style: &str, align: Align, run: &str, text: &str) -> String {
    let align = match align {
        Align::Left => "left",
        Align::Centre => "center",
        Align::Right => "right",
    };
    let properties = format!("<w:jc w:val=\"{align}\"/>");
    format!(
        "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/><w:vAlign w:val=\"center\"/></w:tcPr>{}</w:tc>",
        styled(style, &properties, run, text)
    )
}

/// A table with lines above, between and below, which floats at the foot of the page it is on;
/// readers that do not know this put it behind the signature.
fn imprint(of: &Imprint, language: Language) -> String {
    let width = layout::TEXT_WIDTH_TWIPS;
    let line = |side: &str, eighths: u32| {
        format!("<w:{side} w:val=\"single\" w:sz=\"{eighths}\" w:space=\"0\" w:color=\"000000\"/>")
    };
    let (outer, inner) = (layout::IMPRINT_OUTER_EIGHTHS, layout::IMPRINT_INNER_EIGHTHS);
    let borders = [line("top", outer), line("bottom", outer), line("insideH", inner)].concat();
    let row = |content: String| {
        format!(
            "<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc><w:tcPr><w:tcW w:w=\"{width}\" \
             w:type=\"dxa\"/></w:tcPr>{content}</w:tc></w:tr>"
        )
    };
    let character = layout::SMALL_PT * 20;
    let mut rows = String::new();
    if !of.copy_to.is_empty() {
        let word = match language {
            Language::Chinese => "抄送：",
            Language::English => "Copies: ",
        };
        // One character free on both sides; what follows lines up behind the colon.
        let hanging = character * layout::half_chars(word) / 2;
        let indent = format!(
            "<w:ind w:left=\"{}\" w:right=\"{character}\" w:hanging=\"{hanging}\"/>",
            character + hanging
        );
        rows.push_str(&row(paragraph("Imprint", &indent, &format!("{word}{}", of.copy_to))));
    }
    let printed = match language {
        Language::Chinese => format!("{}印发", of.printed_on),
        Language::English => format!("printed {}", of.printed_on),
    };
    let properties = format!(
        "<w:tabs><w:tab w:val=\"right\" w:pos=\"{}\"/></w:tabs>\
         <w:ind w:left=\"{character}\" w:right=\"{character}\"/>",
        width - character
    );
    rows.push_str(&row(format!(
        "<w:p><w:pPr><w:pStyle w:val=\"Imprint\"/>{properties}</w:pPr><w:r>\
         <w:t xml:space=\"preserve\">{}</w:t><w:tab/><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>",
        escape(&of.printed_by),
        escape(&printed)
    )));
    format!(
        "<w:tbl><w:tblPr><w:tblpPr w:vertAnchor=\"margin\" w:horzAnchor=\"margin\" \
         w:tblpXSpec=\"left\" w:tblpYSpec=\"bottom\"/><w:tblOverlap w:val=\"never\"/>\
         <w:tblW w:w=\"{width}\" w:type=\"dxa\"/><w:tblBorders>{borders}</w:tblBorders>\
         <w:tblLayout w:type=\"fixed\"/><w:tblCellMar><w:left w:w=\"0\" w:type=\"dxa\"/>\
         <w:right w:w=\"0\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr>\
         <w:tblGrid><w:gridCol w:w=\"{width}\"/></w:tblGrid>{rows}</w:tbl>\
         <w:p><w:pPr><w:spacing w:before=\"0\" w:after=\"0\" w:line=\"20\" w:lineRule=\"exact\"/></w:pPr></w:p>"
    )
}
