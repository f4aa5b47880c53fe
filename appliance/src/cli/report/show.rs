//! How cases, cards and sheets of a report read on a terminal.

use crate::cli::out::Out;
use crate::cli::show::pad;
use crate::text::Lang;
use plumbline_contract::time::Local;
use plumbline_report::cards::Card;
use plumbline_report::cases::Case;
use plumbline_report::sheet::Sheet;
use serde_json::json;

pub(super) fn say_case(out: &mut Out<'_>, case: &Case) {
    let at = |at: Option<Local>| at.map(|at| at.to_string()).unwrap_or_default();
    let (accepted, finished) = (at(case.accepted), at(case.finished()));
    let used = case.used.map(|days| days.to_string()).unwrap_or_default();
    let item = case.item.as_deref().unwrap_or_default();
    if out.json {
        out.object(&json!({
            "kind": &*case.kind, "no": &*case.no, "dept": &*case.dept, "region": &*case.region,
            "item": item, "accepted": accepted, "finished": finished, "used": case.used,
            "due": case.due.map(|due| due.to_string()), "first_event": case.first_event,
        }));
        return;
    }
    let values = [
        ("kind", &*case.kind),
        ("no", &*case.no),
        ("dept", &*case.dept),
        ("item", item),
        ("accepted", &*accepted),
        ("finished", &*finished),
        ("used", &*used),
    ];
    out.say("report.case", &values);
}

pub(super) fn say_card(out: &mut Out<'_>, card: &Card) {
    if out.json {
        return out.object(card);
    }
    let issued = card.issued.to_string();
    let values = [
        ("rule", card.rule.as_str()),
        ("key", &card.key),
        ("dept", &card.dept),
        ("issued", &issued),
        ("id", &card.id),
    ];
    out.say("report.card", &values);
}

/// A sheet as aligned columns; small samples with a star.
pub(super) fn table(out: &mut Out<'_>, sheet: &Sheet) {
    let zh = out.lang == Lang::Zh;
    out.line(out.lang.pick(&sheet.title.zh, &sheet.title.en));
    let head = sheet.columns.iter().map(|of| out.lang.pick(&of.title.zh, &of.title.en).to_owned());
    let mut lines = vec![head.collect::<Vec<_>>()];
    for row in &sheet.rows {
        let mut line: Vec<_> = row.cells.iter().map(|cell| cell.show(zh)).collect();
        if let Some(first) = line.first_mut().filter(|_| row.small_sample) {
            first.push_str(" *");
        }
        lines.push(line);
    }
    let columns = |text: &str| text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum();
    let mut widths = vec![0_usize; sheet.columns.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(columns(cell));
        }
    }
    for line in lines {
        let cells: Vec<_> =
            line.iter().zip(&widths).map(|(cell, width)| pad(cell, *width)).collect();
        out.line(cells.join("  ").trim_end());
    }
    for note in &sheet.notes {
        out.line(out.lang.pick(&note.zh, &note.en));
    }
    out.line("");
}
