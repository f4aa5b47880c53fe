//! One bidder, agency or expert over all processes: PROC-S01 禁入主体参与, PROC-C07 弃标, PROC-C08
//! 专家倾向评分.
//!
//! It reads facts only: who took part, which bans there are, who gave up, how an expert scored.

mod ban;
mod bias;
mod waiver;

use crate::Params;
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Rule, Stream, apply};
use std::collections::BTreeMap;

/// Most acts of one party that are kept, some 60 bytes each; the oldest go first. A bidder of the
/// county does not reach it in ten years.
const ACTS_MAX: usize = 1_500;
/// Most waivers and panels that are kept.
const WAIVERS_MAX: usize = 200;
const PANELS_MAX: usize = 250;
/// Most periods in which a party is barred.
const BANS_MAX: usize = 100;
/// Most bidders of one panel that are kept.
const DEVIATIONS_MAX: usize = 24;

/// That the party took part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Act {
    at: Local,
    seq: u64,
    region: String,
    /// Who had it on a list that day; empty if nobody.
    listed: String,
    /// Through whom it is linked to somebody on a list.
    alias: String,
}

/// A period in which the party may not take part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Ban {
    from: Day,
    to: Day,
    scope: String,
    authority: String,
    appealed: bool,
    seq: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Waiver {
    at: Local,
    seq: u64,
    successor: String,
    gap_permille: i64,
    first: bool,
    lowest: bool,
    linked: bool,
    excused: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Panel {
    at: Local,
    seq: u64,
    /// Bidder, thousandths of sigma, hundredths of a point.
    deviations: Vec<(String, i64, i64)>,
    is_copy: bool,
    pace_s: Option<i64>,
    bids: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Party {
    /// By process and act.
    acts: BTreeMap<String, Act>,
    /// Bans that this plugin knows, and those that penalties imposed, by their positions.
    bans: Vec<Ban>,
    barred: BTreeMap<String, Ban>,
    waivers: BTreeMap<String, Waiver>,
    panels: BTreeMap<String, Panel>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Parties;

impl Stream for Parties {
    const NAME: &'static str = "party";
    type State = Party;
    type Params = Params;

    fn take(party: &mut Party, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field says nothing.
        let taken = match event.kind {
            "fact.procurement.joined" => party.joined(event),
            "fact.procurement.ban" => party.banned(event),
            "fact.penalty.barred" => party.barred(event),
            "fact.procurement.waiver" => party.waived(event),
            "fact.procurement.panel" => party.scored(event),
            _ => None,
        };
        taken.unwrap_or_default();
    }

    fn check(party: &Party, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Party, Params>; 3] = [
            ("PROC-S01", ban::takes_part),
            ("PROC-C07", waiver::suspicious),
            ("PROC-C08", bias::inclined),
        ];
        apply(&rules, &params.off, party, params, look);
    }
}

impl Party {
    fn joined(&mut self, event: &Event<'_>) -> Option<()> {
        let act = Act {
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            region: event.text("region")?,
            listed: event.text("listed")?,
            alias: event.text("alias")?,
        };
        self.acts.insert(format!("{}/{}", event.text("ocid")?, event.text("act")?), act);
        crate::buyer::drop_oldest(&mut self.acts, ACTS_MAX, |act| act.at);
        Some(())
    }

    /// The sanction's own stream tells all its bans anew.
    fn banned(&mut self, event: &Event<'_>) -> Option<()> {
        let bans = event.get("bans")?.items().take(BANS_MAX).filter_map(|ban| {
            let text = ban.text()?;
            let mut parts = text.splitn(6, '|');
            let mut next = || parts.next().map(str::to_owned);
            let day = |text: String| text.parse().ok().map(Day);
            let (from, to) = (day(next()?)?, day(next()?)?);
            let appealed = next()? == "appealed";
            let seq = next()?.parse().ok()?;
            Some(Ban { from, to, appealed, seq, scope: next()?, authority: next()? })
        });
        self.bans = bans.collect();
        Some(())
    }

    fn barred(&mut self, event: &Event<'_>) -> Option<()> {
        let day = |name: &str| {
            let by_number = || event.int(name).and_then(|day| i32::try_from(day).ok()).map(Day);
            match event.get(name)? {
                Value::Number(_) => by_number(),
                _ => event.day(name),
            }
        };
        let from = day("from")?;
        let ban = Ban {
            from,
            to: day("to").unwrap_or(Day::MAX),
            scope: String::new(),
            authority: event.text("authority").unwrap_or_default(),
            appealed: false,
            seq: event.seq,
        };
        let case = event.text("case_no").unwrap_or_default();
        if self.barred.len() < BANS_MAX {
            self.barred.insert(format!("{case}/{from}"), ban);
        }
        Some(())
    }

    fn waived(&mut self, event: &Event<'_>) -> Option<()> {
        let waiver = Waiver {
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            successor: event.text("successor")?,
            gap_permille: event.int("gap_permille")?,
            first: event.flag("first")?,
            lowest: event.flag("lowest")?,
            linked: event.flag("linked")?,
            excused: event.flag("excused")?,
        };
        self.waivers.insert(format!("{}/{}", event.text("ocid")?, event.text("lot")?), waiver);
        crate::buyer::drop_oldest(&mut self.waivers, WAIVERS_MAX, |waiver| waiver.at);
        Some(())
    }

    fn scored(&mut self, event: &Event<'_>) -> Option<()> {
        let deviation = |value: Value<'_>| {
            let text = value.text()?;
            let mut parts = text.splitn(3, '@');
            let (sigma, points) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some((parts.next()?.to_owned(), sigma, points))
        };
        let deviations = event.get("deviations")?.items().filter_map(deviation);
        let panel = Panel {
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            deviations: deviations.take(DEVIATIONS_MAX).collect(),
            is_copy: event.flag("copy")?,
            pace_s: event.int("pace_s"),
            bids: event.int("bids")?,
        };
        self.panels.insert(event.text("ocid")?, panel);
        crate::buyer::drop_oldest(&mut self.panels, PANELS_MAX, |panel| panel.at);
        Some(())
    }
}
