//! CMP-P03 超范围查封: things that have nothing to do with the case, daily necessities, much more
//! than the case is worth, or the same thing in two lists at once.

use super::measure::Measure;
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Level, Look, Why};

/// One red card for each list.
pub(crate) fn exceeded(measure: &Measure, params: &Params, look: &mut Look<'_>) {
    let Some((entry, taken)) = measure.taken() else {
        return look.unknown("coercion.measure.taken");
    };
    let proof = (Level::Red, entry.time, entry.seq);
    let mut defects = Defects::default();
    if !taken.unrelated.is_empty() {
        let names = taken.unrelated.join("、");
        defects.add(
            proof,
            format!("与案件无关的物品：{names}"),
            format!("things that have nothing to do with the case: {names}"),
        );
    }
    if !taken.necessities.is_empty() {
        let names = taken.necessities.join("、");
        defects.add(proof, format!("生活必需品：{names}"), format!("daily necessities: {names}"));
    }
    let times = params.coercion.value_times;
    if let (Some(value), Some(expected), false) =
        (taken.value, taken.expected_penalty, taken.indivisible)
        && value > expected.saturating_mul(times)
    {
        defects.add(
            proof,
            format!("价值 {value} 分，超过预计罚没款 {expected} 分的 {times} 倍"),
            format!("worth {value} fen, more than {times} times the expected {expected} fen"),
        );
    }
    for (item_no, double) in measure.doubles.iter().filter(|(_, double)| double.doubled) {
        defects.add(
            (Level::Red, entry.time, double.seq),
            format!("{item_no} 同时在清单 {} 上，疑似重复查封", double.other),
            format!("{item_no} stands in list {} at the same time", double.other),
        );
    }
    if defects.is_empty() && !taken.has_items {
        return look.unknown("items");
    }
    let looked = || {
        let why = Why::new("已核对清单物品", "the things of the list were compared")
            .int("value_times", times)
            .flag("indivisible", taken.indivisible);
        let why = taken.value.into_iter().fold(why, |why, value| why.int("value", value));
        let expected = taken.expected_penalty.into_iter();
        expected.fold(why, |why, fen| why.int("expected_penalty", fen))
    };
    if !defects.fire(look, |fire| fire.dept(&entry.dept), looked) {
        look.quiet(looked);
    }
}
