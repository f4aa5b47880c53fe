//! What a document consists of. The set of blocks is closed: what an office document does not have
//! is not in it, and both writers say what each block looks like.

use plumbline_contract::time::Day;

/// The language of what the writers add themselves: numbers of headings, dates, page furniture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Chinese,
    English,
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Title in the file's properties.
    pub name: String,
    pub language: Language,
    /// The day that the file names as its own; never the day on which it happens to be written.
    pub made_on: Day,
    pub blocks: Vec<Block>,
}

/// One block. Texts are plain; whatever is special to a format is escaped by its writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// 版头: issuing organ, document number and the red line.
    Head(RedHead),
    /// 标题
    Title(String),
    /// 主送机关
    Recipient(String),
    /// A heading of level 1 to 4. Its number (一、（一）1.（1）) is added by the writers.
    Heading(u8, String),
    Paragraph(String),
    /// Paragraphs with running numbers.
    List(Vec<String>),
    Table(Table),
    /// Small text under a table.
    Note(String),
    /// 落款: organ, date, place of the seal.
    Signature(Signature),
    /// 版记: copies and printing, at the foot of the last page.
    Imprint(Imprint),
    PageBreak,
}

/// 版头
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedHead {
    /// Lines in the upper left corner: what the paper is, for instance a draft.
    pub marks: Vec<String>,
    /// 发文机关标志
    pub organ: String,
    /// 发文字号
    pub number: String,
}

/// A table over the width of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Line>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    /// Share of the width, relative to the other columns.
    pub weight: u32,
    pub align: Align,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

/// One row of a table: a cell for each column; what is missing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub cells: Vec<String>,
    /// A sum or the like.
    pub strong: bool,
}

/// 落款
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub organ: String,
    pub date: Day,
    pub seal: Seal,
}

/// Whether the paper is sealed, which decides where organ and date stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Sealed: room is left, with this word in it.
    Place(String),
    /// Not sealed.
    None,
}

/// 版记
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imprint {
    /// 抄送机关; no line if empty.
    pub copy_to: String,
    /// 印发机关
    pub printed_by: String,
    /// 印发日期
    pub printed_on: String,
}
