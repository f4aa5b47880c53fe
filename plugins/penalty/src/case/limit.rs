//! PEN-L01, L02, L03: plain limits for places whose law counts from sending and notification.
//!
//! Each is a number of calendar days between two local dates, never rolled to a working day, and
//! off while it is zero. They judge what was done, so that they need neither calendar nor timer.

use super::fact::{Fact, Mode, at};
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::{Day, Entry, Fire, Level, Look, Why};

/// PEN-L01 寄送超期: the notice of a decision was sent more than `send_max_cal` days after it.
pub(crate) fn sent_late(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let max = params.limits.send_max_cal;
    if max == 0 {
        return off(look);
    }
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    let Some(sent) = first_service(case, |mode| mode == Mode::Sent) else {
        return look.quiet(|| Why::new("尚未寄送", "not sent yet").flag("sent", false));
    };
    let measured = Measured { from: decided.day(), act: sent, limit: max };
    measured.at_most(case.decided.map(Act::seq), look);
}

/// PEN-L02 逾期救济: an appeal more than `appeal_max_cal` days after notification.
pub(crate) fn appealed_late(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let max = params.limits.appeal_max_cal;
    if max == 0 {
        return off(look);
    }
    let Some(appeal) = case.find(|fact| matches!(fact, Fact::Appealed)) else {
        return look.quiet(|| Why::new("未提起救济", "no appeal").flag("appealed", false));
    };
    let Some(told) = first_service(case, |mode| mode == Mode::Notified) else {
        return look.unknown("doc.served");
    };
    let measured = Measured { from: at(told).day(), act: appeal, limit: max };
    measured.at_most(Some(told.seq), look);
}

/// PEN-L03 过早加处: a surcharge less than `surcharge_min_cal` days after notification.
pub(crate) fn surcharged_early(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let min = params.limits.surcharge_min_cal;
    if min == 0 {
        return off(look);
    }
    let Some(surcharge) = case.find(|fact| matches!(fact, Fact::Surcharge(_))) else {
        return look.quiet(|| Why::new("未加处罚款", "no surcharge").flag("surcharged", false));
    };
    let Some(told) = first_service(case, |mode| mode == Mode::Notified) else {
        return look.unknown("doc.served");
    };
    let measured = Measured { from: at(told).day(), act: surcharge, limit: min };
    if measured.days() >= min {
        return look.quiet(|| measured.why());
    }
    let fire = Fire::new(Level::Yellow, at(surcharge)).evidence([told.seq, surcharge.seq]);
    look.fire_because(measured.values(fire), || measured.why());
}

/// The earliest service of a mode.
fn first_service<'a>(case: &Case<'a>, wanted: fn(Mode) -> bool) -> Option<&'a Entry<Fact>> {
    let served = case.facts.iter().filter(|entry| match &entry.fact {
        Fact::Served(said) => wanted(said.mode),
        _ => false,
    });
    served.min_by_key(|entry| at(entry))
}

/// An act so many days after a day.
struct Measured<'a> {
    from: Day,
    act: &'a Entry<Fact>,
    limit: i32,
}

impl Measured<'_> {
    fn days(&self) -> i32 {
        at(self.act).day().0 - self.from.0
    }

    fn at_most(&self, start: Option<u64>, look: &mut Look<'_>) {
        if self.days() <= self.limit {
            return look.quiet(|| self.why());
        }
        let fire = Fire::overdue(Level::Yellow, self.from.plus(self.limit));
        let fire = fire.evidence(start).evidence([self.act.seq]);
        look.fire_because(self.values(fire), || self.why());
    }

    fn values(&self, fire: Fire) -> Fire {
        fire.dept(&*self.act.dept)
            .day("from", self.from)
            .day("on", at(self.act).day())
            .int("days", self.days().into())
            .int("limit_cal", self.limit.into())
    }

    fn why(&self) -> Why {
        let (from, on, days, limit) = (self.from, at(self.act).day(), self.days(), self.limit);
        Why::new(
            format!("{from} 至 {on} 共 {days} 个自然日，限 {limit} 日"),
            format!("{days} calendar days from {from} to {on}, limit {limit}"),
        )
        .int("elapsed_cal", days)
        .int("allowed_cal", limit)
    }
}

fn off(look: &mut Look<'_>) {
    look.exempt(|| {
        Why::new("参数为 0，本规则未启用", "the parameter is 0, the rule is off").flag("off", true)
    });
}
