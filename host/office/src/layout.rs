//! Every measure of the page, by GB/T 9704-2012. Lengths are in the unit that the name ends in; a
//! point is 1/72 inch, a twip 1/20 of a point.

/// Twips of a tenth of a millimetre, times 1000: 1440 / 254 of them are in one.
const TWIPS_PER_TENTH_MM: u32 = 5669;

/// A length in tenths of a millimetre as twips, rounded.
#[must_use]
pub const fn twips(tenths_mm: u32) -> u32 {
    (tenths_mm * TWIPS_PER_TENTH_MM + 500) / 1000
}

/// A4.
pub const PAGE_WIDTH_MM: u32 = 210;
pub const PAGE_HEIGHT_MM: u32 = 297;
/// 天头
pub const MARGIN_TOP_MM: u32 = 37;
/// 订口
pub const MARGIN_LEFT_MM: u32 = 28;
/// 版心: 156 mm x 225 mm.
pub const TEXT_WIDTH_MM: u32 = 156;
pub const TEXT_HEIGHT_MM: u32 = 225;
/// What is left of the page.
pub const MARGIN_RIGHT_MM: u32 = PAGE_WIDTH_MM - MARGIN_LEFT_MM - TEXT_WIDTH_MM;
pub const MARGIN_BOTTOM_MM: u32 = PAGE_HEIGHT_MM - MARGIN_TOP_MM - TEXT_HEIGHT_MM;

/// Characters in a line and lines on a page (每行 28 字，每面 22 行).
pub const CHARS: u32 = 28;
pub const LINES: u32 = 22;

/// 三号: text, headings, recipient, number.
pub const BODY_PT: u32 = 16;
/// 二号: title.
pub const TITLE_PT: u32 = 22;
/// 四号: page numbers, copies and printing.
pub const SMALL_PT: u32 = 14;
/// 五号, in half points: tables and notes, which the standard leaves open.
pub const TABLE_HALF_PT: u32 = 21;
/// Lines of a title are further apart than those of the text, which are too near for its size.
pub const TITLE_LINE_PT: u32 = 35;

/// Height of the text in twips, and of one of its lines: 28.95 points, so that 22 fit.
pub const TEXT_HEIGHT_TWIPS: u32 = twips(TEXT_HEIGHT_MM * 10);
pub const LINE_TWIPS: u32 = TEXT_HEIGHT_TWIPS / LINES;
/// Width of the text in twips, and of one of its characters, in hundredths.
pub const TEXT_WIDTH_TWIPS: u32 = twips(TEXT_WIDTH_MM * 10);
pub const CHAR_CENTITWIPS: u32 = TEXT_WIDTH_TWIPS * 100 / CHARS;
/// What letters are nearer to each other than their font has them, in twips, so that 28 fit: 28
/// characters of 16 points are wider than 156 mm. A grid of characters would say the same, but some
/// readers give two cells to a letter that is wider than one.
pub const NEARER_TWIPS: u32 = (BODY_PT * 20 * CHARS - TEXT_WIDTH_TWIPS).div_ceil(CHARS);

/// From the upper edge of the text to the organ's name (上边缘至版心上边缘 35 mm).
pub const HEAD_DOWN_MM: u32 = 35;
/// Largest organ's name, in points: 22 mm, as high as the standard allows. Long names are smaller.
pub const HEAD_PT_MAX: u32 = 62;
/// Smallest organ's name: beyond some 17 characters it takes two lines.
pub const HEAD_PT_MIN: u32 = 26;
/// The red line is so far below the number (4 mm), in points.
pub const RULE_DOWN_PT: u32 = 11;
/// Thickness of the red line, in eighths of a point.
pub const RULE_EIGHTHS: u32 = 12;
/// Outer lines of the imprint (0.35 mm) and inner ones (0.25 mm), in eighths of a point.
pub const IMPRINT_OUTER_EIGHTHS: u32 = 8;
pub const IMPRINT_INNER_EIGHTHS: u32 = 6;
/// From the lower edge of the page to that of the line with the page number: the dash beside it is
/// then 7 mm below the text.
pub const FOOTER_UP_MM: u32 = 25;

/// Width of a text in half characters: ASCII and the like are half as wide as the others.
#[must_use]
pub fn half_chars(text: &str) -> u32 {
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    text.chars().map(width).sum()
}

/// Size of an organ's name in points: as large as fits into one line.
#[must_use]
pub fn head_pt(organ: &str) -> u32 {
    let width_pt = TEXT_WIDTH_TWIPS / 20;
    (width_pt * 2 / half_chars(organ).max(1)).clamp(HEAD_PT_MIN, HEAD_PT_MAX)
}

/// Half characters of a line of the text that stay free on the right of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    pub organ: u32,
    pub date: u32,
}

/// Where organ and date of a signature stand, from the right edge, in half characters.
///
/// Sealed: the date keeps four characters free, the organ is centred over it. Not sealed: the organ
/// keeps two free, the date begins two to the right of it, and where it is the longer of the two
/// it keeps two free itself.
#[must_use]
pub fn signature(organ: &str, date: &str, sealed: bool) -> Free {
    let (organ, date) = (half_chars(organ), half_chars(date));
    if sealed {
        let middle = 8 + date / 2;
        let free = middle.saturating_sub(organ / 2);
        // A long name would leave the page on the right: both move to the left.
        let moved = (organ / 2).saturating_sub(middle);
        return Free { organ: free, date: 8 + moved };
    }
    if organ >= date + 4 {
        return Free { organ: 4, date: organ - date };
    }
    Free { organ: (8 + date).saturating_sub(organ).max(4), date: 4 }
}

/// Names of a font: what a document asks for, and what stands in for it, best first.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    pub name: &'static str,
    pub others: &'static [&'static str],
    /// Generic family of style sheets.
    pub generic: &'static str,
}

/// 仿宋: text.
pub const FANG: Font = Font {
    name: "仿宋_GB2312",
    others: &["仿宋", "FangSong_GB2312", "FangSong", "STFangsong", "FZFangSong-Z02", "华文仿宋"],
    generic: "serif",
};
/// 小标宋: title and organ.
pub const TITLE: Font = Font {
    name: "方正小标宋简体",
    others: &["方正小标宋_GBK", "FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "华文中宋", "宋体"],
    generic: "serif",
};
/// 黑体: first headings, heads of tables.
pub const HEI: Font = Font {
    name: "黑体",
    others: &["SimHei", "STHeiti", "Noto Sans CJK SC", "Source Han Sans SC"],
    generic: "sans-serif",
};
/// 楷体: second headings.
pub const KAI: Font = Font {
    name: "楷体_GB2312",
    others: &["楷体", "KaiTi_GB2312", "KaiTi", "STKaiti", "AR PL UKai CN"],
    generic: "serif",
};
/// 宋体: page numbers, tables.
pub const SONG: Font = Font {
    name: "宋体",
    others: &["SimSun", "STSong", "AR PL UMing CN", "Noto Serif CJK SC", "Source Han Serif SC"],
    generic: "serif",
};
/// Every font in use.
pub const FONTS: [Font; 5] = [FANG, TITLE, HEI, KAI, SONG];
