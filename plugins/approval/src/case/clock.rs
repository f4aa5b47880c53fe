//! The clock of a case: from when it runs, what lawfully stops it, what extends it, and the last
//! lawful days that follow.
//!
//! A pure function of the facts and the tables. A stop takes the days after its begin up to its
//! end, so that neither a stop nor an end that comes later moves a day that has passed already.

use super::fact::{Extension, Fact, Pause};
use super::item::{Item, Link};
use super::limit::CaseParams;
use super::view::{Act, Case};
use plumbline_guest::{Day, Due, Entry, Local, Look, Span, Unit};

/// Stops that 行政许可法 45 names; believed where the item's own list is not known.
const STATUTORY_KINDS: [&str; 8] = [
    "hearing",
    "tender",
    "auction",
    "inspection",
    "testing",
    "quarantine",
    "appraisal",
    "expert_review",
];
/// The end of a stop that nothing has ended yet.
const STILL: Local = Local(i64::MAX);

/// The clock.
#[derive(Debug)]
pub(crate) struct Clock<'a> {
    pub(crate) stops: Vec<Stop<'a>>,
    /// What stops the clock, suspensions included.
    pub(crate) lawful: Vec<Span>,
    /// What the office claims to stop it.
    pub(crate) claimed: Vec<Span>,
    /// Suspensions (中止), which are among both.
    pub(crate) suspensions: Vec<Span>,
    pub(crate) extension: Option<Granted<'a>>,
    /// The promised limit, from the real acceptance.
    pub(crate) promised: Option<Limit>,
    /// The statutory limit, from the deemed acceptance if there is one.
    pub(crate) statutory: Option<Limit>,
    /// What the office has to keep from the real acceptance on: the promised limit, or else the
    /// statutory one.
    pub(crate) own: Option<Limit>,
}

/// A stop that the office claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop<'a> {
    pub(crate) pause: Act<'a, Pause>,
    pub(crate) resumed: Option<&'a Entry<Fact>>,
    pub(crate) standing: Standing,
    pub(crate) told: bool,
    /// How far the clock honours it; `None` if not at all.
    pub(crate) counted: Option<Span>,
}

/// Whether the kind of a stop is lawful for the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Lawful {
        max_wd: Option<i32>,
    },
    Unlawful,
    /// The item is not known.
    Unknown,
}

/// An extension that counts if it came in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Granted<'a> {
    pub(crate) act: Act<'a, Extension>,
    pub(crate) days: i32,
}

/// A limit and the last lawful day that follows from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) start: Day,
    /// The limit without extension, working days.
    pub(crate) wd: i32,
    /// The last lawful day without extension.
    pub(crate) plain: Reach,
    /// What an extension that came in time adds, working days.
    pub(crate) ext: i32,
    pub(crate) due: Reach,
    /// The office's own date, before which nothing is due.
    pub(crate) own: Option<Day>,
}

/// When the clock comes to a number of days.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    On(Due),
    /// Not before a stop ends that is still open.
    Stands,
}

impl<'a> Clock<'a> {
    pub(crate) fn new(
        case: &Case<'a>,
        deemed: Option<&'a Entry<Fact>>,
        params: &CaseParams,
        look: &Look<'_>,
    ) -> Self {
        let mut clock = Self {
            stops: Vec::new(),
            lawful: Vec::new(),
            claimed: Vec::new(),
            suspensions: Vec::new(),
            extension: None,
            promised: None,
            statutory: None,
            own: None,
        };
        clock.collect(case, look);
        clock.extension = extension(case, params);
        let item = case.item.as_deref();
        let accepted = case.accepted.map(Act::day);
        let wd = statutory_wd(item, params);
        if let Some(start) = accepted {
            clock.promised = clock.promise(case, start, item, look);
            clock.own = Some(clock.promised.unwrap_or_else(|| clock.limit(look, start, wd, None)));
        }
        if let Some(start) = deemed.map(|deemed| deemed.time.day()).or(accepted) {
            clock.statutory = Some(clock.limit(look, start, wd, None));
        }
        clock
    }

    /// Working days that count in (start, to].
    pub(crate) fn elapsed(&self, look: &Look<'_>, start: Day, to: Day) -> i32 {
        look.count(start, to, Unit::WorkingDay, &self.lawful)
    }

    /// The first day on which `wd` working days have elapsed since `start`.
    pub(crate) fn reach(&self, look: &Look<'_>, start: Day, wd: i32) -> Reach {
        reach(look, start, wd, &self.lawful)
    }

    fn promise(
        &self,
        case: &Case<'_>,
        start: Day,
        item: Option<&Item>,
        look: &Look<'_>,
    ) -> Option<Limit> {
        // The office's own date wins; stops and an extension move it as they move a limit.
        if let Some(own) = case.accepted.and_then(|accepted| accepted.said.promised_due) {
            let wd = look.count(start, own, Unit::WorkingDay, &[]);
            return Some(self.limit(look, start, wd, Some(own)));
        }
        let wd = item?.promised_wd?;
        Some(self.limit(look, start, wd, None))
    }

    fn limit(&self, look: &Look<'_>, start: Day, wd: i32, own: Option<Day>) -> Limit {
        let not_before = |reach: Reach| match (reach, own) {
            (Reach::On(due), Some(own)) if own > due.day => {
                Reach::On(Due { day: own, provisional: due.provisional })
            }
            _ => reach,
        };
        let plain = match own {
            // A date that the office itself has named needs no calendar.
            Some(own) if self.lawful.is_empty() => Reach::On(Due { day: own, provisional: false }),
            _ => not_before(self.reach(look, start, wd)),
        };
        // An extension that was granted after the last day cures nothing.
        let in_time = |granted: &Granted<'_>| match plain {
            Reach::On(due) => granted.act.day() <= due.day,
            Reach::Stands => true,
        };
        let ext = self.extension.filter(in_time).map_or(0, |granted| granted.days);
        let due = if ext == 0 { plain } else { not_before(self.reach(look, start, wd + ext)) };
        Limit { start, wd, plain, ext, due, own }
    }

    fn collect(&mut self, case: &Case<'a>, look: &Look<'_>) {
        let mut used: Vec<u64> = Vec::new();
        for entry in case.facts {
            let begin = entry.time;
            match &entry.fact {
                Fact::Paused(said) => {
                    let kind = said.kind.as_deref();
                    let resumed = find_end(case, entry, kind, &mut used);
                    let stop = stop(case, Act { entry, said }, resumed, look);
                    self.claimed.push(Span { begin, end: end_of(resumed) });
                    self.lawful.extend(stop.counted);
                    self.stops.push(stop);
                }
                Fact::Suspended => {
                    let resumed = find_end(case, entry, Some("suspension"), &mut used);
                    let span = Span { begin, end: end_of(resumed) };
                    self.claimed.push(span);
                    self.lawful.push(span);
                    self.suspensions.push(span);
                }
                _ => {}
            }
        }
    }
}

impl Limit {
    /// The limit with its extension, working days.
    pub(crate) fn total(&self) -> i32 {
        self.wd + self.ext
    }
}

/// The statutory limit of an item.
fn statutory_wd(item: Option<&Item>, params: &CaseParams) -> i32 {
    let joint = item.is_some_and(|item| item.joint);
    let default = if joint { params.joint_wd } else { params.default_wd };
    item.and_then(|item| item.statutory_wd).unwrap_or(default)
}

/// The longest extension that the law allows for an item.
pub(crate) fn extension_max(item: Option<&Item>, params: &CaseParams) -> i32 {
    let joint = item.is_some_and(|item| item.joint);
    let default = if joint { params.joint_ext_wd } else { params.ext_max_wd };
    item.and_then(|item| item.ext_max_wd).unwrap_or(default)
}

/// Whether someone of this rank may extend; a rank that was not reported is not held against him.
pub(crate) fn may_extend(said: &Extension, params: &CaseParams) -> bool {
    said.rank.as_ref().is_none_or(|rank| params.extension_ranks.contains(rank))
}

/// Only the first extension counts, only if the applicant was told and the head approved it, and
/// only up to what the law allows.
fn extension<'a>(case: &Case<'a>, params: &CaseParams) -> Option<Granted<'a>> {
    let act = case.facts.iter().find_map(|entry| match &entry.fact {
        Fact::Extended(said) => Some(Act { entry, said }),
        _ => None,
    })?;
    if act.said.told == Some(false) || !may_extend(act.said, params) {
        return None;
    }
    let max = extension_max(case.item.as_deref(), params);
    Some(Granted { act, days: act.said.days.unwrap_or(max).clamp(0, max) })
}

fn stop<'a>(
    case: &Case<'a>,
    pause: Act<'a, Pause>,
    resumed: Option<&'a Entry<Fact>>,
    look: &Look<'_>,
) -> Stop<'a> {
    let kind = pause.said.kind.as_deref();
    let link = kind.and_then(|kind| link(case, kind, look));
    let standing = match (link, kind) {
        (_, Some("correction")) => Standing::Unlawful,
        (Some(link), _) => Standing::Lawful { max_wd: link.max_wd },
        (None, None) => Standing::Unknown,
        (None, Some(kind)) if case.item.is_none() && STATUTORY_KINDS.contains(&kind) => {
            Standing::Unknown
        }
        (None, Some(_)) => Standing::Unlawful,
    };
    let told = pause.said.notice || link.is_some_and(|link| !link.needs_notice);
    let begin = pause.time();
    let end = end_of(resumed);
    let counted = match standing {
        Standing::Unlawful => None,
        _ if !told => None,
        Standing::Lawful { max_wd: Some(max) } => {
            let last = look.add(begin.day(), max.max(0), Unit::WorkingDay, false).day;
            Some(Span { begin, end: end.min(last.start()) })
        }
        _ => Some(Span { begin, end }),
    };
    Stop { pause, resumed, standing, told, counted }
}

fn link(case: &Case<'_>, kind: &str, look: &Look<'_>) -> Option<Link> {
    let code = case.item_code?;
    let row = look.row::<Link>(&format!("{code}/{kind}"), case.version_day());
    if let Some(row) = row {
        return Some(*row);
    }
    let links = &case.item.as_deref()?.links;
    links.iter().find(|(named, _)| named == kind).map(|(_, link)| *link)
}

/// The first resumption after `begun` that names the same kind, or none at all, and that has not
/// ended another stop.
fn find_end<'a>(
    case: &Case<'a>,
    begun: &Entry<Fact>,
    kind: Option<&str>,
    used: &mut Vec<u64>,
) -> Option<&'a Entry<Fact>> {
    let ends = |entry: &&Entry<Fact>| match &entry.fact {
        Fact::Resumed { kind: named } => {
            let named = named.as_deref().unwrap_or("");
            entry.time >= begun.time
                && (named.is_empty() || kind.is_none_or(|kind| kind == named))
                && !used.contains(&entry.seq)
        }
        _ => false,
    };
    let end = case.facts.iter().find(ends)?;
    used.push(end.seq);
    Some(end)
}

fn end_of(resumed: Option<&Entry<Fact>>) -> Local {
    resumed.map_or(STILL, |resumed| resumed.time)
}

fn reach(look: &Look<'_>, start: Day, wd: i32, pauses: &[Span]) -> Reach {
    let mut due = look.add(start, wd.max(0), Unit::WorkingDay, false);
    if pauses.is_empty() {
        return Reach::On(due);
    }
    let open = pauses.iter().filter(|pause| pause.end == STILL).map(|pause| pause.begin.day());
    if let Some(open) = open.min()
        && look.count(start, open, Unit::WorkingDay, pauses) < wd
    {
        return Reach::Stands;
    }
    // Each round adds what stops took away; they end, so this ends.
    loop {
        let missing = wd - look.count(start, due.day, Unit::WorkingDay, pauses);
        if missing <= 0 || due.provisional {
            return Reach::On(due);
        }
        due = look.add(due.day, missing, Unit::WorkingDay, false);
    }
}
