//! The parts of the package besides the text itself: styles, fonts, settings, page numbers.

use crate::document::{Document, Language};
use crate::layout::{self, FANG, FONTS, Font, HEI, KAI, SONG, TITLE, twips};
use crate::xml::escape;

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
pub(super) const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// Every part by its name, in the order in which they are stored.
pub(super) fn all(document: &Document, body: &str) -> Vec<(&'static str, String)> {
    vec![
        ("[Content_Types].xml", content_types()),
        ("_rels/.rels", package_relations()),
        ("docProps/core.xml", core(document)),
        ("word/_rels/document.xml.rels", document_relations()),
        ("word/document.xml", format!("{XML}{body}")),
        ("word/fontTable.xml", fonts()),
        ("word/footerEven.xml", footer(false)),
        ("word/footerOdd.xml", footer(true)),
        ("word/settings.xml", settings()),
        ("word/styles.xml", styles(document.language)),
    ]
}

fn content_types() -> String {
    let part = |name: &str, kind: &str| {
        format!("<Override PartName=\"/word/{name}.xml\" ContentType=\"{WORD}.{kind}+xml\"/>")
    };
    format!(
        "{XML}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/docProps/core.xml\" \
         ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>{}{}{}{}{}{}</Types>",
        part("document", "document.main"),
        part("fontTable", "fontTable"),
        part("footerEven", "footer"),
        part("footerOdd", "footer"),
        part("settings", "settings"),
        part("styles", "styles"),
    )
}

fn package_relations() -> String {
    format!(
        "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{RELATION}/officeDocument\" Target=\"word/document.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{PACKAGE}/relationships/metadata/core-properties\" \
         Target=\"docProps/core.xml\"/></Relationships>"
    )
}

fn document_relations() -> String {
    let parts = [
        ("rId1", "styles", "styles"),
        ("rId2", "settings", "settings"),
        ("rId3", "fontTable", "fontTable"),
        ("rId4", "footer", "footerOdd"),
        ("rId5", "footer", "footerEven"),
    ];
    let relation = |(id, kind, part): (&str, &str, &str)| {
        format!("<Relationship Id=\"{id}\" Type=\"{RELATION}/{kind}\" Target=\"{part}.xml\"/>")
    };
    let relations: String = parts.into_iter().map(relation).collect();
    format!("{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}</Relationships>")
}

fn core(document: &Document) -> String {
    let (year, month, day) = document.made_on.ymd();
    let stamp = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
    let time = |name: &str| {
        format!("<dcterms:{name} xsi:type=\"dcterms:W3CDTF\">{stamp}</dcterms:{name}>")
    };
    format!(
        "{XML}<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{}</dc:title>\
         <dc:language>{}</dc:language>{}{}</cp:coreProperties>",
        escape(&document.name),
        language(document.language),
        time("created"),
        time("modified"),
    )
}

fn language(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh-CN",
        Language::English => "en-GB",
    }
}

fn fonts() -> String {
    let font = |font: &Font| {
        // Readers take the first of these names that they know.
        let others = escape(&font.others.join(";"));
        let family = if font.generic == "serif" { "roman" } else { "swiss" };
        format!(
            "<w:font w:name=\"{}\"><w:altName w:val=\"{others}\"/><w:charset w:val=\"86\"/>\
             <w:family w:val=\"{family}\"/><w:pitch w:val=\"fixed\"/></w:font>",
            escape(font.name)
        )
    };
    let fonts: String = FONTS.iter().map(font).collect();
    format!("{XML}<w:fonts {NAMESPACES}>{fonts}</w:fonts>")
}

/// The number stands one character from the outer edge: right on odd pages, left on even ones.
fn footer(odd: bool) -> String {
    let (side, indent) = if odd { ("right", "right") } else { ("left", "left") };
    let free = layout::SMALL_PT * 20;
    let run = |content: &str| format!("<w:r><w:rPr>{}</w:rPr>{content}</w:r>", small_song());
    let text = |text: &str| run(&format!("<w:t xml:space=\"preserve\">{text}</w:t>"));
    let field = |kind: &str| run(&format!("<w:fldChar w:fldCharType=\"{kind}\"/>"));
    format!(
        "{XML}<w:ftr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val=\"Footer\"/>\
         <w:ind w:{indent}Chars=\"100\" w:{indent}=\"{free}\"/><w:jc w:val=\"{side}\"/></w:pPr>\
         {}{}{}{}{}{}{}</w:p></w:ftr>",
        text("\u{2014} "),
        field("begin"),
        run("<w:instrText xml:space=\"preserve\"> PAGE </w:instrText>"),
        field("separate"),
        text("1"),
        field("end"),
        text(" \u{2014}"),
    )
}

fn small_song() -> String {
    format!("{}{}", font(SONG), size(layout::SMALL_PT * 2))
}

fn settings() -> String {
    format!(
        "{XML}<w:settings {NAMESPACES}><w:evenAndOddHeaders/>\
         <w:characterSpacingControl w:val=\"doNotCompress\"/>\
         <w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:useFELayout/>\
         <w:compatSetting w:name=\"compatibilityMode\" \
         w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/></w:compat></w:settings>"
    )
}

pub(super) fn font(font: Font) -> String {
    let name = escape(font.name);
    format!(
        "<w:rFonts w:ascii=\"{name}\" w:hAnsi=\"{name}\" w:eastAsia=\"{name}\" w:cs=\"{name}\" \
         w:hint=\"eastAsia\"/>"
    )
}

/// In half points.
pub(super) fn size(half_points: u32) -> String {
    format!("<w:sz w:val=\"{half_points}\"/><w:szCs w:val=\"{half_points}\"/>")
}

fn exact(line_twips: u32, before_twips: u32, after_twips: u32) -> String {
    format!(
        "<w:spacing w:before=\"{before_twips}\" w:after=\"{after_twips}\" w:line=\"{line_twips}\" \
         w:lineRule=\"exact\"/>"
    )
}

/// Two characters of the grid.
fn first_line() -> String {
    let width = layout::CHAR_CENTITWIPS * 2 / 100;
    format!("<w:ind w:firstLineChars=\"200\" w:firstLine=\"{width}\"/>")
}

fn style(id: &str, name: &str, paragraph: &str, run: &str) -> String {
    format!(
        "<w:style w:type=\"paragraph\" w:customStyle=\"{}\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/>\
         <w:basedOn w:val=\"Normal\"/><w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>",
        u8::from(!is_builtin(name)),
    )
}

fn is_builtin(name: &str) -> bool {
    name.starts_with("heading ") || ["Title", "footer"].contains(&name)
}

fn styles(of: Language) -> String {
    let line = layout::LINE_TWIPS;
    let centred = "<w:jc w:val=\"center\"/>";
    // Larger and smaller letters keep their own width instead of that of the grid.
    let off_grid = "<w:snapToGrid w:val=\"0\"/>";
    let heading = |level: u32, of: Font| {
        let paragraph =
            format!("<w:keepNext/>{}<w:outlineLvl w:val=\"{}\"/>", first_line(), level - 1);
        style(&format!("Heading{level}"), &format!("heading {level}"), &paragraph, &font(of))
    };
    let table = |id: &str, of: Font| {
        let paragraph = "<w:snapToGrid w:val=\"0\"/>\
             <w:spacing w:before=\"20\" w:after=\"20\" w:line=\"240\" w:lineRule=\"auto\"/>";
        style(id, id, paragraph, &format!("{}{}", font(of), size(layout::TABLE_HALF_PT)))
    };
    let title_size = size(layout::TITLE_PT * 2);
    let title_line = exact(layout::TITLE_LINE_PT * 20, line * 2, 0);
    let all = [
        style("BodyIndent", "公文正文", &first_line(), ""),
        style("Mark", "公文标记", "", &font(HEI)),
        style(
            "RedHead",
            "发文机关标志",
            &format!("{off_grid}{centred}"),
            &format!("{}<w:color w:val=\"FF0000\"/>", font(TITLE)),
        ),
        style("Number", "发文字号", &format!("{}{centred}", exact(line, line * 2, line)), ""),
        style(
            "Title",
            "Title",
            &format!("{off_grid}{title_line}{centred}"),
            &format!("{}{title_size}", font(TITLE)),
        ),
        style("Recipient", "主送机关", &exact(line, line, 0), ""),
        heading(1, HEI),
        heading(2, KAI),
        heading(3, FANG),
        heading(4, FANG),
        style(
            "Caption",
            "表题",
            &format!("<w:keepNext/>{off_grid}{}{centred}", exact(line, line / 2, 0)),
            &format!("{}{}", font(HEI), size(layout::SMALL_PT * 2)),
        ),
        table("TableHead", HEI),
        table("TableCell", SONG),
        table("Note", SONG),
        style("Signature", "落款", "<w:jc w:val=\"right\"/>", ""),
        style("Imprint", "版记", off_grid, &size(layout::SMALL_PT * 2)),
        style("Footer", "footer", off_grid, &small_song()),
    ];
    let tag = language(of);
    let nearer = format!("<w:spacing w:val=\"-{}\"/>", layout::NEARER_TWIPS);
    format!(
        "{XML}<w:styles {NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>{}{nearer}{}\
         <w:lang w:val=\"{tag}\" w:eastAsia=\"zh-CN\"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>{}\
         </w:pPr></w:pPrDefault></w:docDefaults>\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/>\
         <w:qFormat/><w:pPr><w:jc w:val=\"both\"/></w:pPr><w:rPr>{}{}</w:rPr></w:style>{}</w:styles>",
        font(FANG),
        size(layout::BODY_PT * 2),
        exact(line, 0, 0),
        // Said once more, because some readers count the grid by what this style itself says.
        font(FANG),
        size(layout::BODY_PT * 2),
        all.concat(),
    )
}

/// Page, margins, grid and page numbers of the only section.
pub(super) fn section() -> String {
    let mm = |millimetres: u32| twips(millimetres * 10);
    format!(
        "<w:sectPr><w:footerReference w:type=\"default\" r:id=\"rId4\"/>\
         <w:footerReference w:type=\"even\" r:id=\"rId5\"/>\
         <w:pgSz w:w=\"{}\" w:h=\"{}\"/><w:pgMar w:top=\"{}\" w:right=\"{}\" w:bottom=\"{}\" \
         w:left=\"{}\" w:header=\"{}\" w:footer=\"{}\" w:gutter=\"0\"/>\
         <w:docGrid w:type=\"lines\" w:linePitch=\"{}\"/></w:sectPr>",
        mm(layout::PAGE_WIDTH_MM),
        mm(layout::PAGE_HEIGHT_MM),
        mm(layout::MARGIN_TOP_MM),
        mm(layout::MARGIN_RIGHT_MM),
        mm(layout::MARGIN_BOTTOM_MM),
        mm(layout::MARGIN_LEFT_MM),
        mm(layout::FOOTER_UP_MM),
        mm(layout::FOOTER_UP_MM),
        layout::LINE_TWIPS,
    )
}
