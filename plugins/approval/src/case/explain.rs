//! The clock of a case in plain words, for those who ask why.

use super::clock::{Clock, Limit, Reach, Standing, Stop};
use super::view::Case;
use plumbline_guest::Look;
use plumbline_guest::json::Writer;

/// The last lawful day of a limit.
pub(crate) fn due(limit: &Limit) -> (String, String) {
    match limit.due {
        Reach::On(due) => (format!("应办结日 {}", due.day), format!("due {}", due.day)),
        Reach::Stands => {
            ("依法停表中，应办结日未定".into(), "the clock stands, no due date yet".into())
        }
    }
}

/// The whole clock.
pub(crate) fn clock(case: &Case<'_>, clock: &Clock<'_>, look: &mut Look<'_>) {
    let Some(limit) = clock.statutory else { return };
    let until = case.end_day().unwrap_or(look.now().day());
    let elapsed = clock.elapsed(look, limit.start, until);
    look.remark(Writer::default(), || {
        let mut zh = vec![format!("计时起点 {}", limit.start)];
        let mut en = vec![format!("the clock runs from {}", limit.start)];
        let limits = [("法定", "statutory", Some(limit)), ("承诺", "promised", clock.promised)];
        for (name_zh, name_en, limit) in limits {
            let Some(limit) = limit else { continue };
            let (due_zh, due_en) = due(&limit);
            zh.push(format!("{name_zh}期限 {}+{} 个工作日，{due_zh}", limit.wd, limit.ext));
            en.push(format!("{name_en} limit {}+{} working days, {due_en}", limit.wd, limit.ext));
        }
        for stop in &clock.stops {
            let (stop_zh, stop_en) = describe(stop);
            zh.push(stop_zh);
            en.push(stop_en);
        }
        if let Some(granted) = clock.extension {
            let (day, days) = (granted.act.day(), granted.days);
            zh.push(format!("{day} 延期 {days} 个工作日，按期作出的才计入"));
            en.push(format!("extended on {day} by {days} working days, counted if in time"));
        }
        zh.push(format!("截至 {until} 已用 {elapsed} 个工作日，按地区节假日历计算"));
        en.push(format!("{elapsed} working days elapsed by {until}, by the region's calendar"));
        (zh.join("；"), en.join("; "))
    });
}

fn describe(stop: &Stop<'_>) -> (String, String) {
    let kind = stop.pause.said.kind.as_deref().unwrap_or("?");
    let begin = stop.pause.day();
    let end = stop.resumed.map_or_else(|| "…".to_owned(), |end| end.time.day().to_string());
    let (zh, en) = match (stop.standing, stop.told) {
        (Standing::Unlawful, _) => ("种类不在事项特别程序内，不停表", "not lawful for the item"),
        (_, false) => ("无书面告知文号，不停表", "no written notice, does not stop it"),
        (Standing::Unknown, true) => ("事项未知，暂按停表计", "item unknown, believed"),
        (Standing::Lawful { .. }, true) => ("依法停表", "lawful"),
    };
    let until = stop.counted.filter(|span| Some(span.end) < stop.resumed.map(|end| end.time));
    let (cut_zh, cut_en) = until.map_or_else(Default::default, |span| {
        let day = span.end.day();
        (format!("，最长计至 {day}"), format!(", counted until {day} at most"))
    });
    (
        format!("停表 {kind} {begin} 至 {end}：{zh}{cut_zh}"),
        format!("stop {kind} {begin} to {end}: {en}{cut_en}"),
    )
}
