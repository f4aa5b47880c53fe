//! Documents as HTML that prints as the same page: one file without scripts, images or anything that
//! is fetched. What a browser does not lay out (the foot of the last page) stands where the text ends.

use crate::document::{Align, Block, Document, Imprint, Language, RedHead, Seal, Signature, Table};
use crate::layout::{self, FANG, Font, HEI, KAI, SONG, TITLE};
use crate::number::{self, Headings};
use crate::xml::escape;

/// The file.
#[must_use]
pub fn html(document: &Document) -> String {
    let mut headings = Headings::default();
    let language = document.language;
    let blocks = document.blocks.iter();
    let body: String = blocks.map(|block| one(block, language, &mut headings)).collect();
    let tag = match language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(&document.name),
        css(),
    )
}

fn family(font: Font) -> String {
    let names = std::iter::once(&font.name).chain(font.others);
    let names: String = names.map(|name| format!("\"{name}\",")).collect();
    format!("{names}{}", font.generic)
}

fn css() -> String {
    let (top, right, bottom, left) = (
        layout::MARGIN_TOP_MM,
        layout::MARGIN_RIGHT_MM,
        layout::MARGIN_BOTTOM_MM,
        layout::MARGIN_LEFT_MM,
    );
    let number = format!(
        "content:\"\u{2014} \" counter(page) \" \u{2014}\";font-family:{};font-size:{}pt;\
         vertical-align:top;padding-top:5mm",
        family(SONG),
        layout::SMALL_PT,
    );
    let line = f64::from(layout::LINE_TWIPS) / 20.0;
    let (body, title, small) = (layout::BODY_PT, layout::TITLE_PT, layout::SMALL_PT);
    let table = f64::from(layout::TABLE_HALF_PT) / 2.0;
    let width = layout::TEXT_WIDTH_MM;
    format!(
        "@page{{size:A4;margin:{top}mm {right}mm {bottom}mm {left}mm}}\n\
         @page:right{{@bottom-right{{{number};padding-right:1em}}}}\n\
         @page:left{{@bottom-left{{{number};padding-left:1em}}}}\n\
         body{{width:{width}mm;margin:0 auto;font:{body}pt/{line:.2}pt {fang};color:#000;background:#fff}}\n\
         p,h1,h2,h3,h4,h5{{margin:0;font-size:{body}pt;font-weight:normal;text-align:justify;line-break:strict}}\n\
         .t,h2,h3,h4,h5{{text-indent:2em}}\n\
         h1{{font:{title}pt/{title_line}pt {song};text-align:center;margin:{two:.2}pt 0 {line:.2}pt}}\n\
         h2,.m{{font-family:{hei}}}\nh3{{font-family:{kai}}}\nh2,h3,h4,h5{{break-after:avoid}}\n\
         .o{{font-family:{song};color:#f00;text-align:center;line-height:1.25;white-space:nowrap}}\n\
         .n{{text-align:center;margin-top:{two:.2}pt;padding-bottom:4mm;border-bottom:1.5pt solid #f00}}\n\
         table{{width:100%;border-collapse:collapse;font:{table}pt/1.4 {cell};margin:0 0 6pt}}\n\
         caption{{font:{small}pt/{line:.2}pt {hei}}}\n\
         th,td{{border:.5pt solid #000;padding:1pt 3pt}}\nth{{font-family:{hei};font-weight:normal}}\n\
         thead{{display:table-header-group}}\ntr{{break-inside:avoid}}\n\
         .l{{text-align:left}}.c{{text-align:center}}.r{{text-align:right}}.b{{font-weight:bold}}\n\
         .x{{font:{table}pt/1.4 {cell}}}\n\
         .s{{text-align:right;break-inside:avoid;margin-top:{line:.2}pt}}.s p{{text-align:right}}\n\
         .g{{color:#bfbfbf}}\n\
         .i{{font-size:{small}pt;margin-top:{two:.2}pt;border-top:.35mm solid #000;border-bottom:.35mm solid #000;\
         break-inside:avoid}}\n\
         .i p{{font-size:{small}pt;padding:0 1em}}.i .y{{padding-left:4em;text-indent:-3em;\
         border-bottom:.25mm solid #000}}\n\
         .i .d{{display:flex;justify-content:space-between}}\n.k{{break-after:page}}\n\
         @media screen{{body{{padding:{top}mm {right}mm {bottom}mm {left}mm}}}}\n",
        fang = family(FANG),
        song = family(TITLE),
        hei = family(HEI),
        kai = family(KAI),
        cell = family(SONG),
        title_line = layout::TITLE_LINE_PT,
        two = line * 2.0,
    )
}

fn one(block: &Block, language: Language, headings: &mut Headings) -> String {
    match block {
        Block::Head(head) => red_head(head),
        Block::Title(text) => format!("<h1>{}</h1>\n", escape(text)),
        Block::Recipient(text) => format!("<p>{}</p>\n", escape(text)),
        Block::Heading(level, text) => {
            let level = (*level).clamp(1, number::LEVELS as u8);
            let (number, tag) = (headings.next(level, language), level + 1);
            format!("<h{tag}>{}{}</h{tag}>\n", escape(&number), escape(text))
        }
        Block::Paragraph(text) => format!("<p class=\"t\">{}</p>\n", escape(text)),
        Block::List(texts) => {
            let entry = |(place, text): (usize, &String)| {
                format!("<p class=\"t\">{}. {}</p>\n", place + 1, escape(text))
            };
            texts.iter().enumerate().map(entry).collect()
        }
        Block::Table(of) => table(of),
        Block::Note(text) => format!("<p class=\"x\">{}</p>\n", escape(text)),
        Block::Signature(of) => signature(of, language),
        Block::Imprint(of) => imprint(of, language),
        Block::PageBreak => "<div class=\"k\"></div>\n".to_owned(),
    }
}

fn red_head(head: &RedHead) -> String {
    let mark = |mark: &String| format!("<p class=\"m\">{}</p>\n", escape(mark));
    let marks: String = head.marks.iter().map(mark).collect();
    let line_mm = f64::from(layout::TEXT_HEIGHT_MM) / f64::from(layout::LINES);
    let down = (f64::from(layout::HEAD_DOWN_MM) - head.marks.len() as f64 * line_mm).max(0.0);
    let points = layout::head_pt(&head.organ);
    format!(
        "{marks}<p class=\"o\" style=\"padding-top:{down:.1}mm;font-size:{points}pt\">{}</p>\n\
         <p class=\"n\">{}</p>\n",
        escape(&head.organ),
        escape(&head.number)
    )
}

fn table(of: &Table) -> String {
    let all: u32 = of.columns.iter().map(|column| column.weight.max(1)).sum();
    let head: String = of
        .columns
        .iter()
        .map(|column| {
            let width = column.weight.max(1) * 100 / all.max(1);
            format!("<th style=\"width:{width}%\">{}</th>", escape(&column.title))
        })
        .collect();
    let row = |line: &crate::document::Line| {
        let cells: String = of
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let class = match column.align {
                    Align::Left => "l",
                    Align::Centre => "c",
                    Align::Right => "r",
                };
                let text = line.cells.get(place).map_or("", String::as_str);
                format!("<td class=\"{class}\">{}</td>", escape(text))
            })
            .collect();
        let class = if line.strong { " class=\"b\"" } else { "" };
        format!("<tr{class}>{cells}</tr>\n")
    };
    let rows: String = of.rows.iter().map(row).collect();
    let caption = match of.caption.is_empty() {
        true => String::new(),
        false => format!("<caption>{}</caption>\n", escape(&of.caption)),
    };
    format!("<table>\n{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

fn signature(of: &Signature, language: Language) -> String {
    let date = number::date(of.date, language);
    let sealed = matches!(of.seal, Seal::Place(_));
    let free = layout::signature(&of.organ, &date, sealed);
    // One half character is half an em.
    let em = |halves: u32| f64::from(halves) / 2.0;
    let mut lines = String::new();
    if let Seal::Place(word) = &of.seal {
        let middle = free.date + layout::half_chars(&date) / 2;
        let place = em(middle.saturating_sub(layout::half_chars(word) / 2));
        lines.push_str(&format!(
            "<p class=\"g\" style=\"padding-right:{place}em\">{}</p>",
            escape(word)
        ));
    }
    for (text, halves) in [(&of.organ, free.organ), (&date, free.date)] {
        let place = em(halves);
        lines.push_str(&format!("<p style=\"padding-right:{place}em\">{}</p>", escape(text)));
    }
    format!("<div class=\"s\">{lines}</div>\n")
}

fn imprint(of: &Imprint, language: Language) -> String {
    let (word, printed) = match language {
        Language::Chinese => ("抄送：", format!("{}印发", of.printed_on)),
        Language::English => ("Copies: ", format!("printed {}", of.printed_on)),
    };
    let copies = match of.copy_to.is_empty() {
        true => String::new(),
        false => format!("<p class=\"y\">{word}{}</p>", escape(&of.copy_to)),
    };
    format!(
        "<div class=\"i\">{copies}<p class=\"d\"><span>{}</span><span>{}</span></p></div>\n",
        escape(&of.printed_by),
        escape(&printed)
    )
}
