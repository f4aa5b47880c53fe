//! One bank account that receives benefits: FUND-B03 一账户多人.
//!
//! Nearly every account has one person, so little is kept. Which household a person belongs to is
//! told by the stream `person`, where the payment does not say it.

use crate::Params;
use crate::book::{Book, Line};
use crate::day::Month;
use crate::word::mark;
use plumbline_guest::json::Object;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, FromRow, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::{BTreeMap, BTreeSet};

/// Most payments of one month that are kept: far more households than make a red card.
const PAYS_OF_A_MONTH_MAX: usize = 256;
/// Most payments of one account that are kept; the oldest months without a clue go first.
const PAYS_MAX: usize = 3_000;
/// Most persons of one account whose household is remembered.
const PERSONS_MAX: usize = 1_000;

/// Who received, and under which programme.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Pay {
    person: u16,
    month: Month,
    is_pooled: bool,
    failed: bool,
}

/// A person who received on the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Recipient {
    id: String,
    /// Mark of the household, and since when that is known.
    household: Option<(Local, u64)>,
}

/// What is kept of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Account {
    acct: String,
    persons: Vec<Recipient>,
    pays: Book<Pay>,
    /// The newest word on who holds the account: his id, and his role if he is staff.
    holder: Option<(Local, String, String)>,
}

/// An account that is shared lawfully. That the row exists is all that matters.
struct Collective;

impl FromRow for Collective {
    const TABLE: &'static str = "collective_account";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        row.get("acct_h").map(|_| Self)
    }
}

/// A guardian's account for a person.
struct Guardian;

impl FromRow for Guardian {
    const TABLE: &'static str = "guardian";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        row.get("person").map(|_| Self)
    }
}

impl Account {
    fn person(&mut self, id: &str) -> Option<usize> {
        let known = self.persons.iter().position(|person| person.id == id);
        if known.is_none() && self.persons.len() < PERSONS_MAX {
            self.persons.push(Recipient { id: id.to_owned(), household: None });
            return Some(self.persons.len() - 1);
        }
        known
    }

    fn lives_in(&mut self, person: usize, since: Local, household: &str) {
        let known = &mut self.persons[person].household;
        let newer = (since, mark(household));
        if !household.is_empty() && known.is_none_or(|known| known <= newer) {
            *known = Some(newer);
        }
    }

    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let (since, household) = (event.int("since").map(Local)?, event.text("household_h")?);
        let person = self.person(&event.text("person")?)?;
        self.lives_in(person, since, &household);
        Some(())
    }

    fn paid(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let month = Month::parse(&event.text("period")?)?;
        let person = self.person(&event.text("person")?)?;
        if let Some(household) = event.text("household_h") {
            self.lives_in(person, event.time, &household);
        }
        let holder = event.text("holder").unwrap_or_default();
        let role = event.text("holder_role").unwrap_or_default();
        let is_said = !holder.is_empty() || !role.is_empty();
        if is_said && self.holder.as_ref().is_none_or(|(known, ..)| *known <= event.time) {
            self.holder = Some((event.time, holder, role));
        }
        let of_month = self.pays.iter().filter(|line| line.item.month == month).count();
        if of_month >= PAYS_OF_A_MONTH_MAX {
            return None;
        }
        let prog = event.text("prog")?;
        let pay = Pay {
            person: person as u16,
            month,
            is_pooled: params.pooled_programmes.contains(&prog),
            failed: event.text("result")? != "paid",
        };
        self.pays.put(event, event.time, pay);
        self.forget(params);
        Some(())
    }

    /// Lets the oldest month go that shows too few households for a card.
    fn forget(&mut self, params: &Params) {
        if self.pays.len() <= PAYS_MAX {
            return;
        }
        let months: BTreeSet<_> = self.pays.iter().map(|line| line.item.month).collect();
        let harmless = |month: &&Month| self.persons_of(**month).len() < params.card_notice;
        let oldest = months.iter().find(harmless).or(months.first()).copied();
        self.pays.retain(|line| Some(line.item.month) != oldest);
    }

    /// The first payment to each person in a month.
    fn persons_of(&self, month: Month) -> BTreeMap<u16, &Line<Pay>> {
        let mut persons = BTreeMap::new();
        for line in &self.pays {
            let pay = &line.item;
            if pay.month == month && !pay.is_pooled && !pay.failed {
                persons.entry(pay.person).or_insert(line);
            }
        }
        persons
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Accounts;

impl Stream for Accounts {
    const NAME: &'static str = "account";
    type State = Account;
    type Params = Params;

    fn take(account: &mut Account, event: &Event<'_>, params: &Params) {
        if account.acct.is_empty() {
            account.acct = event.text("acct_h").unwrap_or_default();
        }
        // A payment without person or period cannot be placed; the host counts the missing field.
        match event.kind {
            "fact.fund.household" => account.told(event).unwrap_or_default(),
            _ => account.paid(event, params).unwrap_or_default(),
        }
    }

    fn check(account: &Account, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Account, Params>] = &[("FUND-B03", shared)];
        apply(rules, &params.off, account, params, look);
    }
}

/// How many households share the account in a month, counted benevolently: persons whose household
/// nobody knows are taken to live together as far as one household may.
struct Sharing<'a> {
    month: Month,
    households: usize,
    lines: Vec<&'a Line<Pay>>,
}

fn sharing<'a>(
    account: &'a Account,
    month: Month,
    params: &Params,
    look: &Look<'_>,
) -> Option<Sharing<'a>> {
    let persons = account.persons_of(month);
    if persons.len() < params.card_notice {
        return None;
    }
    let is_ward = |person: u16| {
        let key = format!("{}/{}", account.persons[usize::from(person)].id, account.acct);
        look.row::<Guardian>(&key, month.last()).is_some()
    };
    let mut sizes: BTreeMap<Option<u64>, usize> = BTreeMap::new();
    let mut lines = Vec::new();
    for (person, line) in persons {
        if !is_ward(person) {
            let household = account.persons[usize::from(person)].household;
            *sizes.entry(household.map(|(_, mark)| mark)).or_default() += 1;
            lines.push(line);
        }
    }
    let households = sizes.values().map(|size| size.div_ceil(params.household_max)).sum();
    lines.sort_by_key(|line| (line.time, line.identity()));
    Some(Sharing { month, households, lines })
}

/// FUND-B03: one card for each account and year of the periods, at its worst month.
fn shared(account: &Account, params: &Params, look: &mut Look<'_>) {
    let months: BTreeSet<_> = account.pays.iter().map(|line| line.item.month).collect();
    let all = months.iter().filter_map(|month| sharing(account, *month, params, look));
    let clues = all.filter(|sharing| sharing.households >= params.card_notice);
    let (collective, clues): (Vec<_>, Vec<_>) = clues
        .partition(|sharing| look.row::<Collective>(&account.acct, sharing.month.last()).is_some());
    if clues.is_empty() {
        if !collective.is_empty() {
            let most = collective.iter().map(|sharing| sharing.households).max().unwrap_or(0);
            return look.exempt(|| {
                Why::new("登记的集体账户", "registered as a shared account")
                    .count("households", most)
            });
        }
        let (persons, least) = (account.persons.len(), params.card_notice);
        return look.quiet(|| {
            Why::new(
                format!("先后为 {persons} 人收款，同一所属期不足 {least} 户"),
                format!("received for {persons} persons, never {least} households in a period"),
            )
            .count("persons", persons)
            .count("card_notice", least)
        });
    }
    let by_staff = is_staff(account, clues[0].month, look);
    let mut years: BTreeMap<i32, &Sharing<'_>> = BTreeMap::new();
    for clue in &clues {
        let worst = years.entry(clue.month.year()).or_insert(clue);
        if clue.households > worst.households {
            *worst = clue;
        }
    }
    for (year, Sharing { month, households, lines }) in years {
        let level = match *households {
            n if n >= params.card_red || by_staff => Level::Red,
            n if n >= params.card_yellow => Level::Yellow,
            _ => Level::Notice,
        };
        let last = lines.last().map_or(Local(0), |line| line.time);
        let fire = Fire::new(level, last)
            .episode(year.to_string())
            .evidence(lines.iter().map(|line| line.seq))
            .text("period", &month.to_string())
            .int("households", *households as i64)
            .int("persons", lines.len() as i64);
        look.fire_because(fire, || {
            let (yellow, red) = (params.card_yellow, params.card_red);
            Why::new(
                format!("{month}：{households} 户（{yellow} 户黄牌，{red} 户或持有人为工作人员红牌）"),
                format!("{month}: {households} households (yellow from {yellow}, red from {red} or if staff hold it)"),
            )
            .count("card_yellow", yellow)
            .count("card_red", red)
            .flag("held_by_staff", by_staff)
        });
    }
}

/// Whether the holder is staff or a village cadre, as the payment or the payroll says.
fn is_staff(account: &Account, month: Month, look: &Look<'_>) -> bool {
    let Some((_, holder, role)) = &account.holder else { return false };
    let on_payroll = || {
        let prefix = format!("payroll/{holder}/");
        !look.rows("person_register", &prefix, month.first(), 1).is_empty()
    };
    ["staff", "village_cadre"].contains(&role.as_str()) || (!holder.is_empty() && on_payroll())
}
