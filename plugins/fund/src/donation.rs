//! One campaign of donations: FUND-D01 捐赠款物.
//!
//! A campaign may have thousands of gifts: the newest are kept one by one, so that they can be
//! corrected, older ones as sums of a day.

use crate::Params;
use crate::book::Book;
use crate::day::{Month, moment, yuan};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Look, Rule, Stream, Unit, Why, apply};
use std::collections::{BTreeMap, BTreeSet};

/// Gifts that are kept one by one.
const GIFTS_MAX: usize = 1_000;
/// Days and terms of which older gifts are summed up.
const SUMS_MAX: usize = 2_000;
/// Uses of a campaign that are kept.
const USES_MAX: usize = 1_000;

/// Whether a gift is to be used promptly, and until when a plan allows it to wait.
type Terms = (bool, Option<Day>);

/// One gift.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Gift {
    amount: i64,
    terms: Terms,
}

/// What donated money was used for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Use {
    amount: i64,
    purpose: Option<String>,
}

/// What is kept of a campaign.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Campaign {
    gifts: Book<Gift>,
    sums: BTreeMap<(Day, Terms), i64>,
    purposes: BTreeSet<String>,
    uses: Facts<Use>,
    /// First days of publications.
    published: Book<Day>,
}

impl Campaign {
    fn received(&mut self, event: &Event<'_>) -> Option<()> {
        let is_prompt =
            event.flag("disaster") == Some(true) && event.flag("earmarked") != Some(true);
        let terms = (is_prompt, event.day("plan_until"));
        self.purposes.extend(event.texts("purposes").unwrap_or_default());
        self.gifts.put(event, event.time, Gift { amount: event.int("amount")?, terms });
        if self.gifts.len() > GIFTS_MAX {
            let oldest = self.gifts.remove(0);
            let slot = (oldest.time.day(), oldest.item.terms);
            *self.sums.entry(slot).or_default() += oldest.item.amount;
        }
        if self.sums.len() > SUMS_MAX {
            self.sums.pop_first();
        }
        Some(())
    }

    fn used(&mut self, event: &Event<'_>) -> Option<()> {
        let one = Use { amount: event.int("amount")?, purpose: event.text("purpose") };
        if self.uses.len() < USES_MAX {
            self.uses.put(event, one);
        }
        Some(())
    }

    /// Gifts by day and terms.
    fn all(&self) -> BTreeMap<(Day, Terms), i64> {
        let mut all = self.sums.clone();
        for line in &self.gifts {
            *all.entry((line.time.day(), line.item.terms)).or_default() += line.item.amount;
        }
        all
    }

    fn used_by(&self, day: Day) -> i64 {
        let uses = self.uses.iter().filter(|entry| entry.time.day() <= day);
        uses.map(|entry| entry.fact.amount).sum()
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Campaigns;

impl Stream for Campaigns {
    const NAME: &'static str = "campaign";
    type State = Campaign;
    type Params = Params;

    fn take(campaign: &mut Campaign, event: &Event<'_>, _: &Params) {
        // A line without amount cannot be counted; the host counts the missing field.
        match event.kind {
            "fund.donation.received" => campaign.received(event).unwrap_or_default(),
            "fund.donation.used" => campaign.used(event).unwrap_or_default(),
            _ => campaign.published.put(event, event.time, moment(event, "from").day()),
        }
    }

    fn check(campaign: &Campaign, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Campaign, Params>] = &[("FUND-D01", amiss)];
        apply(rules, &params.off, campaign, params, look);
    }
}

/// FUND-D01: yellow if gifts for a disaster lie unused (red at twice the time) or their use is not
/// published, red if they were used for something else.
fn amiss(campaign: &Campaign, params: &Params, look: &mut Look<'_>) {
    let unused = unused(campaign, params, look);
    let astray = astray(campaign, look);
    let hidden = unpublished(campaign, params, look);
    if unused || astray || hidden {
        return;
    }
    if campaign.purposes.is_empty() && !campaign.uses.is_empty() {
        return look.unknown("purposes");
    }
    look.quiet(|| {
        let (uses, days) = (campaign.uses.len(), params.donation_d);
        let gifts: i64 = campaign.all().values().sum();
        Why::new(
            format!("共 {} 元，使用 {uses} 次；救灾捐赠 {days} 日内使用，未见异常", yuan(gifts)),
            format!(
                "{} yuan, used {uses} times; to be used within {days} days in a disaster",
                yuan(gifts)
            ),
        )
        .int("received_fen", gifts)
        .count("uses", uses)
        .int("donation_d", days)
    });
}

/// The oldest gift that was due and not covered by what had been used: first in, first out.
fn unused(campaign: &Campaign, params: &Params, look: &mut Look<'_>) -> bool {
    let mut sum = 0;
    let mut found = None;
    for ((day, (is_prompt, plan_until)), amount) in campaign.all() {
        sum += amount;
        if !is_prompt || found.is_some() {
            continue;
        }
        let term = |days| look.add(day, days, Unit::CalendarDay, true);
        let (due, twice) = (term(params.donation_d), term(2 * params.donation_d));
        if due.provisional {
            look.provisional();
            continue;
        }
        let last = plan_until.unwrap_or(due.day).max(due.day);
        if campaign.used_by(last) < sum && look.reached(last.plus(1).start()) {
            found = Some((day, last, twice, sum));
        }
    }
    let Some((day, last, twice, sum)) = found else { return false };
    let twice = if twice.provisional { Day::MAX.plus(-1) } else { twice.day.max(last) };
    let is_red =
        twice > last && campaign.used_by(twice) < sum && look.reached(twice.plus(1).start());
    let level = if is_red { Level::Red } else { Level::Yellow };
    let left = yuan(sum - campaign.used_by(last));
    let fire = Fire::overdue(level, last)
        .episode("unused")
        .text("zh", &format!("{day} 收到的救灾捐赠至 {last} 仍有 {left} 元未使用"))
        .text("en", &format!("of gifts received by {day}, {left} yuan unused by {last}"));
    look.fire_because(fire, || {
        let days = params.donation_d;
        Why::new(format!("{days} 日内应使用"), format!("to be used within {days} days"))
            .int("donation_d", days)
            .int("received_fen", sum)
    });
    true
}

/// Uses for purposes that the campaign does not name.
fn astray(campaign: &Campaign, look: &mut Look<'_>) -> bool {
    if campaign.purposes.is_empty() {
        return false;
    }
    let mut told = BTreeSet::new();
    for entry in &campaign.uses {
        let Some(purpose) = &entry.fact.purpose else { continue };
        if campaign.purposes.contains(purpose) || !told.insert(purpose) {
            continue;
        }
        let amount = yuan(entry.fact.amount);
        let fire = Fire::new(Level::Red, entry.time)
            .episode(format!("purpose/{purpose}"))
            .dept(&entry.dept)
            .evidence([entry.seq])
            .text("zh", &format!("{amount} 元用于约定以外的用途 {purpose}"))
            .text("en", &format!("{amount} yuan used for {purpose}, which was not agreed"));
        look.fire_because(fire, || {
            Why::new("约定用途之外", "outside the agreed purposes")
                .texts("purposes", campaign.purposes.iter().map(String::as_str))
        });
    }
    !told.is_empty()
}

/// Use that was not published within the months: one card for each month of use.
fn unpublished(campaign: &Campaign, params: &Params, look: &mut Look<'_>) -> bool {
    let mut told = BTreeSet::new();
    for entry in &campaign.uses {
        let (used, month) = (entry.time.day(), Month::of(entry.time.day()));
        let due = look.add(used, params.publish_months, Unit::Month, true);
        if due.provisional {
            look.provisional();
            continue;
        }
        let is_told = |from: Day| from >= used && from <= due.day;
        let published = campaign.published.iter().any(|line| is_told(line.item));
        if published || told.contains(&month) || !look.reached(due.day.plus(1).start()) {
            continue;
        }
        told.insert(month);
        let fire = Fire::overdue(Level::Yellow, due.day)
            .episode(format!("unpublished/{month}"))
            .dept(&entry.dept)
            .evidence([entry.seq])
            .text("zh", &format!("{used} 的使用情况至 {} 未公开", due.day))
            .text("en", &format!("the use of {used} was not published by {}", due.day));
        look.fire_because(fire, || {
            let months = params.publish_months;
            Why::new(format!("{months} 个月内应公开"), format!("due within {months} months"))
                .int("publish_months", months)
        });
    }
    !told.is_empty()
}
