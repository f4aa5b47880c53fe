//! What can be counted: each measure once, by a stable name, with the condition that also lists the
//! cases behind it. Cases of the public's business (办件), enquiries and complaints are counted apart.

use super::formula::GridCounts;
use super::{Judged, View};
use crate::cases::{Case, Timing};
use crate::catalogue::{Business, Closing};
use plumbline_contract::alert::Level;

pub(super) type OfCase = fn(&Case, &View) -> bool;
type OfCard = fn(&Judged<'_>, &View) -> bool;

/// One measure.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) id: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) of: Of,
}

/// How a measure is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Cases(OfCase),
    Cards(OfCard),
    /// Different names among the cases.
    Distinct(OfCase, fn(&Case) -> Option<&str>),
    /// Cases of the first kind / cases of the second.
    Share(OfCase, OfCase),
    /// Wilson interval of such a share; the first are among the second.
    Interval(OfCase, OfCase),
    /// (Σ limit − Σ used) / Σ limit.
    Saved(OfCase, fn(&Case) -> Option<i32>),
    /// Cases with a card that stands, their share, and its interval.
    Carded(OfCase),
    CardedShare(OfCase),
    CardedInterval(OfCase),
    Grid(OfCase),
    /// Items of a kind of power.
    Items,
}

impl Of {
    pub(super) fn is_share(self) -> bool {
        !matches!(self, Self::Cases(_) | Self::Cards(_) | Self::Distinct(..) | Self::Items)
    }
}

/// A measure by its name.
///
/// # Panics
/// If there is none: a test looks up every name in use.
pub(super) fn get(id: &str) -> &'static Measure {
    let found = ALL.iter().find(|measure| measure.id == id);
    found.expect("statistics name measures that exist, a test looks up each")
}

macro_rules! measures {
    ($($id:literal $zh:literal $en:literal $of:expr;)*) => {
        &[$(Measure { id: $id, zh: $zh, en: $en, of: $of },)*]
    };
}

pub(super) const ALL: &[Measure] = measures! {
    "received" "收件" "received" Of::Cases(received);
    "accepted" "受理" "accepted" Of::Cases(accepted);
    "rejected" "不予受理" "not accepted" Of::Cases(rejected);
    "normal" "正常办结" "finished normally" Of::Cases(normal);
    "returned" "退件" "returned" Of::Cases(returned);
    "void" "作废" "void" Of::Cases(void);
    "concluded" "办结" "concluded" Of::Cases(concluded);
    "granted" "准予" "granted" Of::Cases(|case, view| normal(case, view) && case.closing == Some(Closing::Granted));
    "refused" "不予" "refused" Of::Cases(|case, view| normal(case, view) && case.closing == Some(Closing::Refused));
    "early" "提前办结" "early" Of::Cases(early);
    "on_day" "当日办结" "on the last day" Of::Cases(on_day);
    "overdue" "超期办结" "overdue" Of::Cases(overdue);
    "finish_rate" "办结率" "finish rate" Of::Share(concluded, accepted);
    "speed_rate" "提速率" "speed-up rate" Of::Share(early, accepted);
    "legal_rate" "法定提速率" "saved of statutory limits" Of::Saved(normal, |case| case.limit.statutory);
    "promise_rate" "承诺提速率" "saved of promised limits" Of::Saved(normal, |case| case.limit.promised);
    "on_time_rate" "按期办结率" "on-time rate" Of::Share(on_time, limited);
    "on_time_interval" "按期办结率95%区间" "on-time rate, 95 %" Of::Interval(on_time, limited);
    "persons" "自然人" "natural persons" Of::Cases(|case, view| received(case, view) && case.by_person == Some(true));
    "orgs" "法人及其他组织" "legal persons" Of::Cases(|case, view| received(case, view) && case.by_person == Some(false));
    "online" "网上收件" "received online" Of::Cases(online);
    "online_rate" "网办率" "online rate" Of::Share(online, received);
    "open" "在办" "open" Of::Cases(open);
    "open_overdue" "在办超期" "open and overdue" Of::Cases(open_overdue);
    "open_stopped" "在办停表" "open, clock stopped" Of::Cases(open_stopped);
    "delivered" "送达" "delivered" Of::Cases(|case, view| view.holds(case.delivered));
    "published" "办结已公开" "concluded and published" Of::Cases(published);
    "published_rate" "公开率" "published" Of::Share(published, concluded);
    "late_entry" "事后补录" "entered after the fact" Of::Cases(late_entry);
    "late_entry_rate" "补录率" "entered after the fact, share" Of::Share(late_entry, concluded);
    "incomplete" "数据不完整" "incomplete data" Of::Cases(|case, view| concluded(case, view) && case.incomplete);
    "rated" "评价" "rated" Of::Cases(rated);
    "satisfied" "满意" "content" Of::Cases(satisfied);
    "bad_rated" "差评" "bad ratings" Of::Cases(|case, view| rated(case, view) && !satisfied(case, view));
    "satisfied_rate" "满意率" "content, share" Of::Share(satisfied, rated);
    "satisfied_interval" "满意率95%区间" "content, 95 %" Of::Interval(satisfied, rated);
    "handled" "经办" "handled" Of::Cases(handled);
    "stepped" "办理" "cases" Of::Cases(|case, view| case.steps.iter().any(|step| view.holds(Some(step.to))));
    "depts" "部门数" "departments" Of::Distinct(taken, |case| Some(&case.dept));
    "items_used" "有办件事项数" "items in use" Of::Distinct(taken, |case| case.item.as_deref());
    "items" "事项数" "items" Of::Items;
    "business_received" "办件收件" "cases received" Of::Cases(|case, view| is_business(case) && received(case, view));
    "business_accepted" "办件受理" "cases accepted" Of::Cases(|case, view| is_business(case) && accepted(case, view));
    "business_concluded" "办件办结" "cases concluded" Of::Cases(business_concluded);
    "business_finish_rate" "办结率" "finish rate" Of::Share(business_concluded, |case, view| is_business(case) && accepted(case, view));
    "case_notice" "办件预警" "cases: notices" Of::Cards(|card, view| raised(card, view, Level::Notice) && business(card));
    "case_yellow" "办件黄牌" "cases: yellow" Of::Cards(|card, view| raised(card, view, Level::Yellow) && business(card));
    "case_red" "办件红牌" "cases: red" Of::Cards(|card, view| raised(card, view, Level::Red) && business(card));
    "case_yellow_withdrawn" "办件撤黄" "cases: yellow withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Yellow) && business(card));
    "case_red_withdrawn" "办件撤红" "cases: red withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Red) && business(card));
    "consult_received" "咨询" "enquiries" Of::Cases(|case, view| is(case, Business::Consult) && taken(case, view));
    "consult_answered" "咨询回复" "enquiries answered" Of::Cases(|case, view| is(case, Business::Consult) && normal(case, view));
    "consult_notice" "咨询预警" "enquiries: notices" Of::Cards(|card, view| raised(card, view, Level::Notice) && about(card, Business::Consult));
    "consult_yellow" "咨询黄牌" "enquiries: yellow" Of::Cards(|card, view| raised(card, view, Level::Yellow) && about(card, Business::Consult));
    "consult_red" "咨询红牌" "enquiries: red" Of::Cards(|card, view| raised(card, view, Level::Red) && about(card, Business::Consult));
    "consult_yellow_withdrawn" "咨询撤黄" "enquiries: yellow withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Yellow) && about(card, Business::Consult));
    "consult_red_withdrawn" "咨询撤红" "enquiries: red withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Red) && about(card, Business::Consult));
    "complaint_received" "投诉" "complaints" Of::Cases(|case, view| is(case, Business::Complaint) && taken(case, view));
    "complaint_answered" "投诉回复" "complaints answered" Of::Cases(|case, view| is(case, Business::Complaint) && normal(case, view));
    "complaint_notice" "投诉预警" "complaints: notices" Of::Cards(|card, view| raised(card, view, Level::Notice) && about(card, Business::Complaint));
    "complaint_yellow" "投诉黄牌" "complaints: yellow" Of::Cards(|card, view| raised(card, view, Level::Yellow) && about(card, Business::Complaint));
    "complaint_red" "投诉红牌" "complaints: red" Of::Cards(|card, view| raised(card, view, Level::Red) && about(card, Business::Complaint));
    "complaint_yellow_withdrawn" "投诉撤黄" "complaints: yellow withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Yellow) && about(card, Business::Complaint));
    "complaint_red_withdrawn" "投诉撤红" "complaints: red withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Red) && about(card, Business::Complaint));
    "notice" "预警" "notices" Of::Cards(|card, view| raised(card, view, Level::Notice));
    "yellow" "黄牌" "yellow" Of::Cards(|card, view| raised(card, view, Level::Yellow));
    "red" "红牌" "red" Of::Cards(|card, view| raised(card, view, Level::Red));
    "yellow_withdrawn" "撤黄" "yellow withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Yellow));
    "red_withdrawn" "撤红" "red withdrawn" Of::Cards(|card, view| withdrawn(card, view, Level::Red));
    "upheld" "维持" "upheld" Of::Cards(|card, view| issued(card, view) && card.card.upheld.is_some() && card.card.counts());
    "unanswered" "未答复" "unanswered" Of::Cards(|card, view| issued(card, view) && card.card.counts() && card.card.explained.is_none());
    "late_cards" "补发" "raised late" Of::Cards(|card, view| issued(card, view) && card.card.late);
    "carded" "发牌办件" "cases with cards" Of::Carded(concluded);
    "carded_rate" "发牌率" "share with cards" Of::CardedShare(concluded);
    "carded_interval" "发牌率95%区间" "share with cards, 95 %" Of::CardedInterval(concluded);
    "grid_all" "上报" "came up" Of::Cases(taken);
    "grid_done" "已处置" "done" Of::Cases(|case, view| taken(case, view) && case.decided.is_some());
    "grid_score" "网格得分" "grid score" Of::Grid(taken);
};

/// Received; where receipt is no event of its own, taken on.
pub(super) fn received(case: &Case, view: &View) -> bool {
    view.holds(case.received.or(case.accepted))
}

fn accepted(case: &Case, view: &View) -> bool {
    view.holds(case.accepted)
}

fn taken(case: &Case, view: &View) -> bool {
    view.holds(case.received.or(case.accepted))
}

fn rejected(case: &Case, view: &View) -> bool {
    case.closing == Some(Closing::Rejected) && view.holds(case.finished())
}

fn concluded(case: &Case, view: &View) -> bool {
    view.holds(case.concluded())
}

fn normal(case: &Case, view: &View) -> bool {
    let is_normal =
        matches!(case.closing, Some(Closing::Granted | Closing::Refused | Closing::Done));
    is_normal && concluded(case, view)
}

fn returned(case: &Case, view: &View) -> bool {
    let is_returned = matches!(
        case.closing,
        Some(Closing::Withdrawn | Closing::Terminated | Closing::Transferred)
    );
    is_returned && concluded(case, view)
}

fn void(case: &Case, view: &View) -> bool {
    case.closing == Some(Closing::Void) && concluded(case, view)
}

fn early(case: &Case, view: &View) -> bool {
    normal(case, view) && case.timing() == Timing::Early
}

fn on_day(case: &Case, view: &View) -> bool {
    normal(case, view) && case.timing() == Timing::OnDay
}

fn overdue(case: &Case, view: &View) -> bool {
    normal(case, view) && case.timing() == Timing::Overdue
}

fn on_time(case: &Case, view: &View) -> bool {
    normal(case, view) && matches!(case.timing(), Timing::Early | Timing::OnDay)
}

fn limited(case: &Case, view: &View) -> bool {
    normal(case, view) && case.timing() != Timing::Unknown
}

fn online(case: &Case, view: &View) -> bool {
    received(case, view) && case.online == Some(true)
}

/// Taken on by the end of the period, and not finished by then.
fn open(case: &Case, view: &View) -> bool {
    let end = view.end();
    case.accepted.is_some_and(|at| at.day() <= end)
        && case.finished().is_none_or(|at| at.day() > end)
}

fn open_overdue(case: &Case, view: &View) -> bool {
    open(case, view) && case.due.is_some_and(|due| due < view.end())
}

fn open_stopped(case: &Case, view: &View) -> bool {
    let end = view.end();
    let stands = |stop: &plumbline_contract::worktime::Span| {
        stop.begin.day() <= end && stop.end.day() >= end
    };
    open(case, view) && case.stops.iter().any(stands)
}

fn published(case: &Case, view: &View) -> bool {
    concluded(case, view) && case.published.is_some()
}

/// Minutes from act to entry that are still ordinary.
const LATE_ENTRY_MIN: i32 = 120;

fn late_entry(case: &Case, view: &View) -> bool {
    concluded(case, view) && case.lag_min > LATE_ENTRY_MIN
}

fn rated(case: &Case, view: &View) -> bool {
    concluded(case, view) && case.rating.is_some()
}

fn satisfied(case: &Case, view: &View) -> bool {
    rated(case, view) && case.rating.is_some_and(|rating| rating >= 3)
}

fn handled(case: &Case, view: &View) -> bool {
    case.tasks.iter().any(|task| view.holds(Some(task.at)))
}

fn is(case: &Case, business: Business) -> bool {
    case.business == business
}

fn is_business(case: &Case) -> bool {
    is(case, Business::Case)
}

fn business_concluded(case: &Case, view: &View) -> bool {
    is_business(case) && concluded(case, view)
}

/// What carries the conclusions of a row: the cases accepted or concluded.
pub(super) fn sample(case: &Case, view: &View) -> bool {
    accepted(case, view) || concluded(case, view)
}

fn issued(judged: &Judged<'_>, view: &View) -> bool {
    view.holds(Some(judged.card.issued))
}

fn raised(judged: &Judged<'_>, view: &View, level: Level) -> bool {
    issued(judged, view) && judged.card.level == level && judged.card.withdrawn.is_none()
}

fn withdrawn(judged: &Judged<'_>, view: &View, level: Level) -> bool {
    issued(judged, view) && judged.card.level == level && judged.card.withdrawn.is_some()
}

/// About a case of a kind: that of its case, or what its rule says.
fn about(judged: &Judged<'_>, business: Business) -> bool {
    match judged.case {
        Some(case) => is(case, business),
        None => business == Business::Complaint && judged.card.rule.starts_with("CPL-"),
    }
}

fn business(judged: &Judged<'_>) -> bool {
    !about(judged, Business::Consult) && !about(judged, Business::Complaint)
}

pub(super) fn grid<'a>(cases: impl Iterator<Item = &'a Case>, view: &View) -> GridCounts {
    let mut counts = GridCounts::default();
    for case in cases {
        let add = |to: &mut u32, counts: bool| *to += u32::from(counts);
        let done = case.decided.is_some();
        let again = case.steps.iter().filter(|step| &*step.name == "rectified").count() > 1;
        add(&mut counts.all, true);
        add(&mut counts.done, done);
        add(&mut counts.done_in_time, done && case.timing() != Timing::Overdue);
        add(&mut counts.reworked, done && again);
        add(&mut counts.open_overdue, !done && case.due.is_some_and(|due| due < view.end()));
        add(&mut counts.extended, case.extended);
    }
    counts
}
