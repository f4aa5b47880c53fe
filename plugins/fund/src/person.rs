//! One person who receives benefits: FUND-B01, B02, B04, B05, B06 and B08.
//!
//! It is the busiest stream of a county, so its lines are compact. Which household uses which
//! account is told to the stream `account`; what was paid is taken by both from the same events.

mod amount;
mod died;
mod double;
mod eligible;
mod exit;
mod repaid;

use crate::Params;
use crate::book::{Book, Line};
use crate::day::Month;
use crate::row::Programme;
use crate::word::{WordId, Words};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Rule, Stream, apply};
use std::rc::Rc;

/// Most payments of one person that are kept: forty years of three programmes.
const PAYS_MAX: usize = 1_440;
/// Most registrations and changes of one person.
const ENROLMENTS_MAX: usize = 200;
/// Months after the latest payment in which new register data are still compared at once.
const ACTIVE_MONTHS: i32 = 24;
/// The SDK's wake for keys that only want a look when a table changes.
const WHEN_A_TABLE_CHANGES: Local = Local(i64::MAX - 1);

/// What a payment is for. Only regular ones are compared with standard and period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum PayKind {
    Regular,
    Arrears,
    Supplement,
    /// To heirs, or for the burial: lawful after death.
    AfterDeath,
}

/// One payment, or its failure.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Pay {
    prog: WordId,
    month: Month,
    amount: i64,
    supplement: i64,
    acct: WordId,
    village: WordId,
    kind: PayKind,
    failed: bool,
    partial: bool,
    holder: Option<bool>,
}

/// What is registered of a person in a programme from a day on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Enrolment {
    prog: WordId,
    category: WordId,
    acct: WordId,
    /// `None` marks an exit, whose last day is `to`.
    from: Option<Day>,
    to: Option<Day>,
    std_amount: Option<i64>,
    persons: i64,
    holder: Option<bool>,
    approved: bool,
    born: Option<Month>,
}

/// What a register says of the person from a day on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Status {
    status: String,
    from: Day,
    known_on: Day,
    mismatch: bool,
}

/// What is kept of a person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Person {
    pid: String,
    words: Words,
    pays: Book<Pay>,
    enrolments: Book<Enrolment>,
    statuses: Book<Status>,
    /// The newest household and account: both, when they were registered, and by which event.
    home: Option<(String, String, Local, u64)>,
}

impl Person {
    fn paid(&mut self, event: &Event<'_>) -> Option<()> {
        let kind = match event.text("kind").as_deref() {
            Some("arrears") => PayKind::Arrears,
            Some("supplement") => PayKind::Supplement,
            Some("settlement" | "burial") => PayKind::AfterDeath,
            _ => PayKind::Regular,
        };
        let pay = Pay {
            prog: self.words.id(&event.text("prog")?),
            month: Month::parse(&event.text("period")?)?,
            amount: event.int("amount")?,
            supplement: event.int("supplement").unwrap_or(0),
            acct: self.words.id(&event.text("acct_h").unwrap_or_default()),
            village: self.words.id(&event.text("village12").unwrap_or_default()),
            kind,
            failed: event.text("result")? != "paid",
            partial: event.flag("partial").unwrap_or(false),
            holder: event.flag("holder_match"),
        };
        self.pays.put(event, event.time, pay);
        if self.pays.len() > PAYS_MAX {
            self.pays.remove(0);
        }
        Some(())
    }

    fn enrolled(&mut self, event: &Event<'_>) -> Option<()> {
        let is_exit = event.kind == "fund.beneficiary.exited";
        let acct = event.text("bank_acct_h").unwrap_or_default();
        let enrolment = Enrolment {
            prog: self.words.id(&event.text("prog")?),
            category: self.words.id(&event.text("category").unwrap_or_default()),
            acct: self.words.id(&acct),
            from: if is_exit { None } else { Some(event.day("from")?) },
            to: if is_exit { Some(event.day("to")?) } else { event.day("to") },
            std_amount: event.int("std_amount"),
            persons: event.int("persons").unwrap_or(1).max(1),
            holder: event.flag("acct_holder_match"),
            approved: event.text("approval_no").is_some_and(|no| !no.is_empty()),
            born: event.text("birth_month").and_then(|month| Month::parse(&month)),
        };
        self.enrolments.put(event, event.time, enrolment);
        if self.enrolments.len() > ENROLMENTS_MAX {
            self.enrolments.remove(0);
        }
        let household = event.text("household_h").filter(|household| !household.is_empty());
        let stamp = (event.time, event.identity);
        let is_newest = self.home.as_ref().is_none_or(|home| (home.2, home.3) <= stamp);
        if let Some(household) = household.filter(|_| is_newest && !acct.is_empty()) {
            self.home = Some((household, acct, event.time, event.identity));
        }
        Some(())
    }

    fn changed(&mut self, event: &Event<'_>) -> Option<()> {
        let from = event.day("from")?;
        let status = Status {
            status: event.text("status")?,
            from,
            known_on: event.day("known_on").unwrap_or(from).max(from),
            mismatch: event.flag("name_mismatch").unwrap_or(false),
        };
        self.statuses.put(event, event.time, status);
        Some(())
    }

    /// Payments that arrived, of any kind.
    fn received(&self) -> impl Iterator<Item = &Line<Pay>> {
        self.pays.iter().filter(|line| !line.item.failed)
    }

    /// What was registered of a programme for a month: the latest line that begins in or before it.
    fn enrolment(&self, prog: WordId, month: Month) -> Option<&Enrolment> {
        let last = month.last();
        let begun = |line: &&Line<Enrolment>| {
            line.item.prog == prog && line.item.from.is_some_and(|from| from <= last)
        };
        let latest = self.enrolments.iter().filter(begun);
        latest.max_by_key(|line| (line.item.from, line.time)).map(|line| &line.item)
    }

    /// The programme's row for the person's category in a month, else the row for all categories.
    fn programme(&self, look: &Look<'_>, prog: WordId, month: Month) -> Option<Rc<Programme>> {
        let name = self.words.get(prog);
        let category = self.enrolment(prog, month).map(|enrolment| enrolment.category);
        let category = category.map_or("", |category| self.words.get(category));
        let on = month.first();
        let own = (!category.is_empty())
            .then(|| look.row::<Programme>(&format!("{name}/{category}"), on))
            .flatten();
        own.or_else(|| look.row::<Programme>(&format!("{name}/"), on))
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Persons;

impl Stream for Persons {
    const NAME: &'static str = "person";
    type State = Person;
    type Params = Params;

    fn take(person: &mut Person, event: &Event<'_>, _: &Params) {
        if person.pid.is_empty() {
            person.pid = event.text("person").unwrap_or_default();
        }
        // A line that lacks what it is about cannot be placed; the host counts the missing field.
        let taken = match event.kind {
            "fund.subsidy.paid" => person.paid(event),
            "person.status.changed" => person.changed(event),
            _ => person.enrolled(event),
        };
        taken.unwrap_or_default();
    }

    fn check(person: &Person, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Person, Params>] = &[
            ("FUND-B01", died::still_paid),
            ("FUND-B02", eligible::ineligible),
            ("FUND-B04", double::twice),
            ("FUND-B05", exit::late),
            ("FUND-B06", amount::wrong),
            ("FUND-B08", repaid::elsewhere),
        ];
        apply(rules, &params.off, person, params, look);
        let newest = person.pays.iter().map(|line| line.item.month).max();
        let now = Month::of(look.now().day());
        if newest.is_some_and(|month| month.plus(ACTIVE_MONTHS) >= now) {
            // A register that is loaded later is compared at once, not at the next payment.
            look.reached(WHEN_A_TABLE_CHANGES);
        }
        if let Some((household, acct, since, _)) = &person.home {
            let data = || {
                Writer::default()
                    .text("acct_h", acct)
                    .text("person", &person.pid)
                    .text("household_h", household)
                    .int("since", since.0)
            };
            let tag = format!("{acct}/{household}");
            look.fact_of_turn(("household", acct), (&tag, since.0), data);
        }
    }
}
