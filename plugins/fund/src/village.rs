//! One village: FUND-B07 亲属聚集. How many recipients are kin of deciding staff, month by month.
//!
//! The stream `peers` compares villages of a region and answers with what is usual.

use crate::Params;
use crate::day::Month;
use crate::word::mark;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most recipients of a village that are told apart.
const RECIPIENTS_MAX: usize = 4_000;
/// Months that are compared, counted back from the present one; answers for older ones stay.
const MONTHS_MAX: i32 = 36;
/// Monthly comparison begins ten minutes after the midnight that ends the month.
const NIGHTLY_MIN: i64 = 10;
/// Digits of a county's region code.
const COUNTY_DIGITS: usize = 6;

/// When something was said: moment, identity and version of the event.
type Stamp = (Local, u64, u32);

/// A recipient under one programme.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Recipient {
    /// Kin of staff without a declaration that was reviewed, as the newest registration says.
    entry: Option<(Stamp, bool)>,
    since: Option<Month>,
    exit: Option<(Stamp, Month)>,
    seq: u64,
}

impl Recipient {
    fn is_kin(&self) -> bool {
        self.entry.is_some_and(|(_, is_kin)| is_kin)
    }
}

/// What villages of the region have in common in a month.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Usual {
    permille: i64,
    villages: i64,
    seq: u64,
}

/// What is kept of a village.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Village {
    village: String,
    recipients: BTreeMap<u64, Recipient>,
    /// By month: how many recipients and kin come, and how many go.
    changes: BTreeMap<Month, (i64, i64)>,
    usual: BTreeMap<Month, Usual>,
}

impl Village {
    fn registered(&mut self, event: &Event<'_>) -> Option<()> {
        let person = event.text("person")?;
        let who = mark(&format!("{person}/{}", event.text("prog")?));
        let stamp = (event.time, event.identity, event.version);
        let month = Month::of(event.time.day());
        let known = self.recipients.get(&who).cloned();
        if known.is_none() && self.recipients.len() >= RECIPIENTS_MAX {
            return None;
        }
        let known = known.unwrap_or_default();
        let mut recipient = known.clone();
        if event.kind == "fund.beneficiary.exited" {
            recipient.exit = known.exit.max(Some((stamp, month)));
        } else {
            let is_kin = is_unreviewed_kin(event)?;
            recipient.since = Some(known.since.map_or(month, |since| since.min(month)));
            if known.entry.is_none_or(|(newest, _)| newest <= stamp) {
                (recipient.entry, recipient.seq) = (Some((stamp, is_kin)), event.seq);
            }
        }
        self.count(&known, -1);
        self.count(&recipient, 1);
        self.recipients.insert(who, recipient);
        Some(())
    }

    fn count(&mut self, recipient: &Recipient, sign: i64) {
        let (Some((entered, is_kin)), Some(since)) = (recipient.entry, recipient.since) else {
            return;
        };
        let kin = sign * i64::from(is_kin);
        let come = self.changes.entry(since).or_default();
        (come.0, come.1) = (come.0 + sign, come.1 + kin);
        // Somebody who left counts until the end of that month, unless he came back.
        if let Some((_, until)) = recipient.exit.filter(|(left, _)| *left > entered) {
            let go = self.changes.entry(until.plus(1)).or_default();
            (go.0, go.1) = (go.0 - sign, go.1 - kin);
        }
    }

    fn answered(&mut self, event: &Event<'_>) -> Option<()> {
        let month = Month::parse(&event.text("month")?)?;
        let (permille, villages) = (event.int("permille")?, event.int("villages")?);
        self.usual.insert(month, Usual { permille, villages, seq: event.seq });
        Some(())
    }

    /// Recipients and kin at the end of a month.
    fn of(&self, month: Month) -> (i64, i64) {
        let until = self.changes.range(..=month).map(|(_, change)| change);
        until.fold((0, 0), |sum, change| (sum.0 + change.0, sum.1 + change.1))
    }
}

/// `None` if the relation is not reported.
fn is_unreviewed_kin(event: &Event<'_>) -> Option<bool> {
    let is_kin = !event.text("relation")?.is_empty();
    let reviewed = event.flag("relation_reviewed") == Some(true);
    let approved = event.text("approval_no").is_some_and(|no| !no.is_empty());
    Some(is_kin && !reviewed && !approved)
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Villages;

impl Stream for Villages {
    const NAME: &'static str = "village";
    type State = Village;
    type Params = Params;

    fn take(village: &mut Village, event: &Event<'_>, _: &Params) {
        if village.village.is_empty() {
            village.village = event.text("village12").unwrap_or_default();
        }
        // A registration without person or relation is not compared.
        match event.kind {
            "fact.fund.usual_kin" => village.answered(event).unwrap_or_default(),
            _ => village.registered(event).unwrap_or_default(),
        }
    }

    fn check(village: &Village, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Village, Params>] = &[("FUND-B07", clustered)];
        apply(rules, &params.off, village, params, look);
        publish(village, params, look);
    }
}

/// FUND-B07: one notice for each year, at the first month that stands out.
fn clustered(village: &Village, params: &Params, look: &mut Look<'_>) {
    let mut years = BTreeMap::new();
    for (month, usual) in &village.usual {
        let (recipients, kin) = village.of(*month);
        if recipients >= params.kin_min && kin * 1000 > usual.permille * recipients {
            years.entry(month.year()).or_insert((month, usual, recipients, kin));
        }
    }
    if years.is_empty() {
        let month = Month::of(look.now().day());
        let (recipients, kin) = village.of(month);
        let (months, min) = (village.usual.len(), params.kin_min);
        return look.quiet(|| {
            Why::new(
                format!("现有 {recipients} 人，未备案亲属 {kin} 人；已与同区划比较 {months} 个月（满 {min} 人才比较）"),
                format!("{recipients} recipients, {kin} unreviewed kin; compared in {months} months (from {min} recipients on)"),
            )
            .int("recipients", recipients)
            .int("kin", kin)
            .int("kin_min", min)
        });
    }
    for (year, (month, usual, recipients, kin)) in years {
        let of_kin = village.recipients.values().filter(|recipient| recipient.is_kin());
        let fire = Fire::new(Level::Notice, month.plus(1).first().start())
            .episode(year.to_string())
            .evidence(of_kin.map(|recipient| recipient.seq).chain([usual.seq]))
            .text("month", &month.to_string())
            .int("recipients", recipients)
            .int("kin", kin)
            .int("usual_pct", usual.permille / 10);
        look.fire_because(fire, || {
            let (permille, villages) = (usual.permille, usual.villages);
            Why::new(
                format!("{recipients} 人中 {kin} 人为亲属，其他 {villages} 村 99% 不超过千分之 {permille}"),
                format!("{kin} of {recipients} are kin; 99 % of {villages} other villages have at most {permille} per mille"),
            )
            .int("villages", villages)
            .int("usual_permille", permille)
        });
    }
}

/// Tells, when a month is over, how many recipients and kin there are.
fn publish(village: &Village, params: &Params, look: &mut Look<'_>) {
    let now = Month::of(look.now().day());
    let Some((first, _)) = village.changes.first_key_value() else { return };
    let Some(region) = village.village.get(..COUNTY_DIGITS) else { return };
    let mut month = (*first).max(now.plus(-MONTHS_MAX));
    while look.reached(month.plus(1).first().start().plus_minutes(NIGHTLY_MIN)) {
        let (recipients, kin) = village.of(month);
        if recipients >= params.kin_min {
            let key = format!("{region}/{month}");
            let tag = format!("{kin}/{recipients}");
            look.fact_of_turn(("kin", &key), (&tag, i64::from(month.0)), || {
                Writer::default()
                    .text("region", region)
                    .text("month", &month.to_string())
                    .text("village12", &village.village)
                    .int("recipients", recipients)
                    .int("kin", kin)
            });
        }
        month = month.plus(1);
    }
}
