//! One officer's deviating cases: PEN-D02 同案不同罚.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, MS_PER_DAY, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most deviating cases of one officer; beyond that the earliest are let go.
const CASES_MAX: usize = 1_000;
/// Stands for an officer who was not named: such cases are nobody's habit.
const NOBODY: &str = "-";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Outlier {
    at: Local,
    turn: i64,
    grade: i64,
    tenths: i64,
    peers: i64,
    figure: i64,
    median: i64,
    dept: String,
    seq: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Habits {
    officer: String,
    cases: BTreeMap<String, Outlier>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Deviations;

impl Stream for Deviations {
    const NAME: &'static str = "deviation";
    type State = Habits;
    type Params = Params;

    fn take(habits: &mut Habits, event: &Event<'_>, _: &Params) {
        // An outlier that lacks a field was not written by this plugin and says nothing.
        habits.put(event).unwrap_or_default();
    }

    fn check(habits: &Habits, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Habits, Params>] = &[("PEN-D02", deviates)];
        apply(rules, &params.off, habits, params, look);
    }
}

impl Habits {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let (case_no, turn) = (event.text("case_no")?, event.int("turn")?);
        self.officer = event.text("officer")?;
        let outlier = Outlier {
            at: Local(event.int("at")?),
            turn,
            grade: event.int("grade")?,
            tenths: event.int("tenths")?,
            peers: event.int("peers")?,
            figure: event.int("figure")?,
            median: event.int("median")?,
            dept: event.text("dept")?,
            seq: event.seq,
        };
        if self.cases.get(&case_no).is_some_and(|known| known.turn > turn) {
            return None;
        }
        self.cases.insert(case_no, outlier);
        if self.cases.len() > CASES_MAX {
            let first = self.cases.iter().min_by_key(|(_, one)| one.at).map(|(no, _)| no.clone());
            self.cases.remove(&first?);
        }
        Some(())
    }
}

/// PEN-D02: as grave as the deviation; red for the `outlier_red`th case of one officer within the
/// window and those after it. It names no peer.
fn deviates(habits: &Habits, params: &Params, look: &mut Look<'_>) {
    let mut standing: Vec<_> = habits.cases.iter().filter(|(_, one)| one.grade > 0).collect();
    standing.sort_by_key(|(case_no, one)| (one.at, *case_no));
    if standing.is_empty() {
        return look.quiet(|| {
            Why::new("没有偏离同案的案件", "no case deviates from equal ones")
                .flag("outliers", false)
        });
    }
    let window = i64::from(params.limits.outlier_cal) * MS_PER_DAY;
    for (nth, (case_no, one)) in standing.iter().enumerate() {
        let near = standing[..nth].iter().filter(|(_, other)| one.at.0 - other.at.0 < window);
        let count = near.count() as i64 + 1;
        let level = match one.grade {
            _ if count >= params.limits.outlier_red && habits.officer != NOBODY => Level::Red,
            1 => Level::Notice,
            _ => Level::Yellow,
        };
        let (zh, en) = if one.tenths == 0 {
            (
                "处罚种类与绝大多数同案不同".to_owned(),
                "another kind of penalty than peers".to_owned(),
            )
        } else {
            let (whole, tenth) = (one.tenths / 10, one.tenths % 10);
            (
                format!("偏离同案中位数 {whole}.{tenth} 个离散单位"),
                format!("{whole}.{tenth} deviations from the median of equal cases"),
            )
        };
        let fire = Fire::new(level, one.at)
            .episode(*case_no)
            .subject(*case_no)
            .dept(&*one.dept)
            .evidence([one.seq])
            .int("peers", one.peers)
            .int("tenths", one.tenths)
            .int("nth", count)
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || {
            Why::new(format!("{zh}，该人员窗口内第 {count} 件"), format!("{en}, case {count}"))
                .int("figure", one.figure)
                .int("median", one.median)
                .int("outlier_red", params.limits.outlier_red)
        });
    }
}
