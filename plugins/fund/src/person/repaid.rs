//! FUND-B08 发放失败重发: a payment failed and went to another account, of somebody else, within days.

use super::{Pay, Person};
use crate::Params;
use crate::book::Line;
use crate::day::yuan;
use plumbline_guest::{Fire, Level, Look, Why};

/// One card for each programme and period.
pub(crate) fn elsewhere(person: &Person, params: &Params, look: &mut Look<'_>) {
    let failed: Vec<_> = person.pays.iter().filter(|line| line.item.failed).collect();
    let (mut found, mut is_unknown) = (Vec::new(), false);
    for failure in &failed {
        for again in person.received().filter(|again| follows(failure, again, params.repay_d)) {
            match holder_matches(person, again) {
                Some(false) => found.push((*failure, again)),
                Some(true) => {}
                None => is_unknown = true,
            }
        }
    }
    if found.is_empty() {
        if is_unknown {
            return look.unknown("holder_match");
        }
        let (count, days) = (failed.len(), params.repay_d);
        return look.quiet(|| {
            Why::new(
                format!("{count} 笔发放失败，{days} 日内未见改发他人账户"),
                format!("{count} failures, none paid to somebody else within {days} days"),
            )
            .count("failures", count)
            .int("repay_d", days)
        });
    }
    let mut told = Vec::new();
    for (failure, again) in found {
        let prog = person.words.get(again.item.prog);
        let episode = format!("{prog}/{}", again.item.month);
        if told.contains(&episode) {
            continue;
        }
        told.push(episode.clone());
        let days = again.time.day().0 - failure.time.day().0;
        let fire = Fire::new(Level::Yellow, again.time)
            .episode(episode)
            .evidence([failure.seq, again.seq])
            .text("prog", prog)
            .text("period", &again.item.month.to_string())
            .int("days", days.into())
            .text("amount_yuan", &yuan(again.item.amount));
        look.fire_because(fire, || {
            Why::new(
                format!("失败后第 {days} 日改发他人账户"),
                format!("paid to an account of somebody else {days} days after the failure"),
            )
            .int("repay_d", params.repay_d)
        });
    }
}

/// The same programme and period, another account, within the days.
fn follows(failure: &Line<Pay>, again: &Line<Pay>, days: i32) -> bool {
    let (one, other) = (&failure.item, &again.item);
    let later = again.time.day().0 - failure.time.day().0;
    (one.prog, one.month) == (other.prog, other.month)
        && one.acct != other.acct
        && again.time > failure.time
        && later <= days
}

/// What the payment says of its account, else what was registered with that account.
fn holder_matches(person: &Person, again: &Line<Pay>) -> Option<bool> {
    let registered = || {
        let same = person
            .enrolments
            .iter()
            .filter(|line| (line.item.prog, line.item.acct) == (again.item.prog, again.item.acct));
        same.filter_map(|line| line.item.holder).next_back()
    };
    again.item.holder.or_else(registered)
}
