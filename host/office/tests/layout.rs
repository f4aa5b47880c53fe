//! Measures of the page and where signatures stand, against the figures of the standard.

use plumbline_contract::time::Day;
use plumbline_office::layout::{self, Free, half_chars, head_pt, signature, twips};
use plumbline_office::{Language, number};

#[test]
fn measures_are_those_of_the_standard() {
    let rows = [
        ("page width", twips(2100), 11905),
        ("page height", twips(2970), 16837),
        ("right margin", layout::MARGIN_RIGHT_MM, 26),
        ("bottom margin", layout::MARGIN_BOTTOM_MM, 35),
        ("text width", layout::TEXT_WIDTH_TWIPS, 8844),
        ("text height", layout::TEXT_HEIGHT_TWIPS, 12755),
        ("line", layout::LINE_TWIPS, 579),
    ];
    for (what, measure, expected) in rows {
        assert_eq!(measure, expected, "{what}");
    }
    // 22 lines and 28 characters fit, one more of either does not.
    assert_eq!(layout::TEXT_HEIGHT_TWIPS / layout::LINE_TWIPS, 22);
    let character = layout::BODY_PT * 20 - layout::NEARER_TWIPS;
    assert_eq!((character, layout::TEXT_WIDTH_TWIPS / character), (315, 28));
}

#[test]
fn long_names_of_organs_are_smaller() {
    let rows = [("县监察局", 62), ("某某县行政权力监督办公室文件", 31), ("", 62)];
    for (organ, points) in rows {
        assert_eq!(head_pt(organ), points, "{organ}");
    }
    assert_eq!(head_pt(&"长".repeat(60)), layout::HEAD_PT_MIN);
}

#[test]
fn signatures_stand_where_the_standard_wants_them() {
    let date = "2026年4月8日";
    assert_eq!(half_chars(date), 12);
    // Sealed: four characters free behind the date, the organ centred over it.
    assert_eq!(signature("某县政府", date, true), Free { organ: 10, date: 8 });
    assert_eq!(signature("某某县行政监督办", date, true), Free { organ: 6, date: 8 });
    // A name of 20 characters would leave the page.
    assert_eq!(signature(&"长".repeat(20), date, true), Free { organ: 0, date: 14 });
    // Not sealed: two free behind the organ, and the date two characters to the right of it.
    let organ = "某某县行政监督办";
    let free = signature(organ, date, false);
    assert_eq!(free, Free { organ: 4, date: 4 });
    assert_eq!(signature(&"长".repeat(12), date, false), Free { organ: 4, date: 12 });
    // A date longer than the organ keeps two free itself and still begins two to the right.
    let free = signature("县局", date, false);
    assert_eq!(free, Free { organ: 16, date: 4 });
    assert_eq!(free.organ + 4, free.date + 12 + 4);
}

#[test]
fn numbers_and_dates_are_in_words() {
    let rows =
        [(0, "0"), (1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九"), (100, "100")];
    for (number, expected) in rows {
        assert_eq!(number::chinese(number), expected);
    }
    let day = Day::from_ymd(2026, 4, 8).unwrap();
    assert_eq!(number::date(day, Language::Chinese), "2026年4月8日");
    assert_eq!(number::date(day, Language::English), "8 April 2026");
    assert_eq!(number::month(2026, 12, Language::Chinese), "2026年12月");
    assert_eq!(number::month(2026, 12, Language::English), "December 2026");
    let mut headings = number::Headings::default();
    let levels = [1, 2, 2, 3, 4, 1, 2, 9, 0];
    let numbers: Vec<_> =
        levels.iter().map(|level| headings.next(*level, Language::Chinese)).collect();
    let expected = ["一、", "（一）", "（二）", "1.", "（1）", "二、", "（一）", "（1）", "三、"];
    assert_eq!(numbers, expected);
    let mut headings = number::Headings::default();
    let numbers: Vec<_> =
        [1, 2, 2, 3].iter().map(|level| headings.next(*level, Language::English)).collect();
    assert_eq!(numbers, ["1. ", "1.1. ", "1.2. ", "1.2.1. "]);
}
