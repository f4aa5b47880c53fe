//! GRID-R07 结果失真: results that others have refuted, and an officer who never finds anything.

use super::Diary;
use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, Why};

/// Contradictions of an officer and year that are kept.
const CONTRADICTIONS_MAX: usize = 100;

/// A finding against a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Contradiction {
    rev: i64,
    insp_no: String,
    object: String,
    dept: String,
    source: String,
    new_equipment: bool,
    started: Local,
    found: Local,
    seqs: [u64; 2],
}

/// All checks passed, while peers find something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Standout {
    holds: bool,
    month: u32,
    checks: i64,
    peers_pct: i64,
}

impl Diary {
    pub(super) fn contradicted(&mut self, event: &Event<'_>) -> Option<()> {
        let number = event.text("finding_no")?;
        let contradiction = Contradiction {
            rev: event.int("rev")?,
            insp_no: event.text("insp_no")?,
            object: event.text("object")?,
            dept: event.text("dept")?,
            source: event.text("source")?,
            new_equipment: event.flag("new_equipment")?,
            started: Local(event.int("started")?),
            found: Local(event.int("found")?),
            seqs: [event.int("seq")? as u64, event.int("found_seq")? as u64],
        };
        let known = self.contradictions.get(&number);
        let is_new = known.is_none_or(|known| known.rev < contradiction.rev);
        if is_new && (known.is_some() || self.contradictions.len() < CONTRADICTIONS_MAX) {
            self.contradictions.insert(number, contradiction);
        }
        Some(())
    }

    pub(super) fn stands_out(&mut self, event: &Event<'_>) -> Option<()> {
        self.standout = Some(Standout {
            holds: event.flag("holds")?,
            month: u32::try_from(event.int("month")?).ok()?,
            checks: event.int("checks")?,
            peers_pct: event.int("peers_pct")?,
        });
        Some(())
    }
}

/// GRID-R07: yellow where a superior check or a complaint shows a major hazard in what had passed,
/// red where a penalty or an accident proves it.
pub(super) fn refuted(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    let mut cards = 0;
    for (number, found) in &diary.contradictions {
        let days = found.found.day().0 - found.started.day().0;
        if found.new_equipment {
            look.exempt(|| {
                let (zh, en) =
                    ("隐患来自检查后新增设备", "it comes from equipment installed later");
                Why::new(zh, en).text("finding_no", number)
            });
            continue;
        }
        cards += 1;
        let is_proven = matches!(&*found.source, "penalty" | "accident");
        let fire = Fire::new(if is_proven { Level::Red } else { Level::Yellow }, found.found)
            .episode(number)
            .subject(&diary.officer)
            .dept(&found.dept)
            .evidence(found.seqs)
            .text(
                "zh",
                &format!(
                    "对象 {} 检查 {} 合格后 {days} 日发现重大隐患",
                    found.object, found.insp_no
                ),
            )
            .text(
                "en",
                &format!(
                    "a major hazard at {} {days} days after {} passed",
                    found.object, found.insp_no
                ),
            );
        look.fire_because(fire, || {
            Why::new("同一检查项合格后被推翻", "the same items had passed")
                .text("source", &found.source)
                .int("days", days)
                .int("allowed_d", params.contradict_d)
        });
    }
    cards += never_finds(diary, params, look);
    if cards == 0 {
        look.quiet(|| {
            Why::new("没有被推翻的检查结果", "no result was refuted")
                .count("contradictions", diary.contradictions.len())
        });
    }
}

fn never_finds(diary: &Diary, params: &Params, look: &mut Look<'_>) -> usize {
    let Some(standout) = diary.standout.as_ref().filter(|standout| standout.holds) else {
        return 0;
    };
    let last =
        diary.own().filter(|(record, _)| record.started.day().ymd().1 == standout.month).last();
    let Some((_, made)) = last else { return 0 };
    let Standout { month, checks, peers_pct, .. } = standout;
    let at = super::month_end(diary.year, *month).plus(1).start();
    let fire = Fire::new(Level::Yellow, at)
        .episode("rate")
        .subject(&diary.officer)
        .dept(&made.dept)
        .evidence(diary.own().map(|(record, _)| record.seq))
        .text("zh", &format!("本年至 {month} 月检查 {checks} 次全部合格，同行合格率 {peers_pct}%"))
        .text(
            "en",
            &format!("all {checks} checks to month {month} passed, peers' rate {peers_pct}%"),
        );
    look.fire_because(fire, || {
        Why::new("合格率异常", "an unusual rate")
            .int("rate_min_n", params.rate_min_n)
            .int("peers_max_pct", params.peers_pct)
    });
    1
}
