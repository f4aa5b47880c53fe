//! What the events of a case say, kept no longer than the rules need it.
//!
//! `Option` means that the field was absent: unknown. A field that is present and empty is kept as
//! an empty text, `false` or an empty list: lacking.

use crate::excuse;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, json::Value};

/// What one event of a case says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Fact {
    Received(Receipt),
    CorrectionRequested(Notice),
    CorrectionSupplied(Supply),
    Accepted(Acceptance),
    Rejected,
    StepDone(Step),
    Paused(Pause),
    Resumed { kind: Option<String> },
    Extended(Extension),
    Suspended,
    Terminated,
    Withdrawn,
    Decided(Decision),
    Delivered(Delivery),
    FeeCharged(Fee),
    Hearing(HearingAct),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Receipt {
    pub(crate) item: Option<String>,
    pub(crate) applicant: Option<String>,
    pub(crate) materials: Vec<Material>,
    pub(crate) track: Track,
    /// The migration of old records that it names; empty if none.
    pub(crate) batch: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Material {
    pub(crate) code: String,
    pub(crate) provided: Option<bool>,
    /// Fetched from another authority's data.
    pub(crate) shared: bool,
    /// On the commitment track: the last day to hand it in.
    pub(crate) due: Option<Day>,
}

/// The track of a case and the letter of commitment that goes with it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Track {
    pub(crate) name: String,
    /// Number or hash of the letter that the applicant signed.
    pub(crate) letter: String,
    /// Steps that the letter stands in for; empty if it does not name them.
    pub(crate) waived: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Notice {
    pub(crate) items: Option<Vec<String>>,
    pub(crate) new_defect: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Supply {
    pub(crate) complete: Option<bool>,
    /// Codes of the materials handed in with it.
    pub(crate) materials: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Acceptance {
    pub(crate) item: Option<String>,
    pub(crate) officer: Option<String>,
    pub(crate) promised_due: Option<Day>,
    pub(crate) track: Track,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Step {
    pub(crate) step: String,
    pub(crate) role: String,
    pub(crate) officer: Option<String>,
    pub(crate) started: Option<Local>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Pause {
    pub(crate) kind: Option<String>,
    pub(crate) est_wd: Option<i32>,
    /// Whether the applicant was told in writing.
    pub(crate) notice: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Extension {
    pub(crate) days: Option<i32>,
    pub(crate) rank: Option<String>,
    pub(crate) told: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Decision {
    pub(crate) result: Option<String>,
    pub(crate) signer: Option<String>,
    pub(crate) signer_role: Option<String>,
    /// A signed delegation for a station with one officer.
    pub(crate) delegation: bool,
    pub(crate) track: Track,
    pub(crate) region: String,
    /// When the host took it in: rules about missing steps wait for late lines.
    pub(crate) logged: Local,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Delivery {
    pub(crate) from: Option<Day>,
    pub(crate) to: Option<Day>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Fee {
    pub(crate) code: Option<String>,
    /// Thousandths of a unit; absent or unreadable is unknown.
    pub(crate) qty: Option<i64>,
    pub(crate) amount: Option<i64>,
    pub(crate) receipt: String,
    pub(crate) region: String,
}

/// What happens around a hearing besides the hearing itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct HearingAct {
    pub(crate) phase: Phase,
    /// The day for which the hearing is announced.
    pub(crate) held_on: Option<Day>,
    /// Whether the party may ask for a hearing: the applicant and interested parties.
    pub(crate) entitled: bool,
    /// A letter of waiver was signed.
    pub(crate) letter: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Phase {
    Told,
    Requested,
    Waived,
    Announced,
}

impl Fact {
    /// Reads an event; `None` if it says nothing to these rules.
    pub(crate) fn read(event: &Event<'_>) -> Option<Self> {
        Some(match event.kind.strip_prefix("approval.case.")? {
            "received" => Self::Received(receipt(event)),
            "correction_requested" => Self::CorrectionRequested(Notice {
                items: event.texts("items"),
                new_defect: filled(event, "new_defect_basis"),
            }),
            "correction_supplied" => Self::CorrectionSupplied(Supply {
                complete: stated(event.get("complete")),
                materials: handed_in(event),
            }),
            "accepted" => Self::Accepted(Acceptance {
                item: event.text("item_code"),
                officer: event.text("officer"),
                promised_due: event.day("promised_due"),
                track: track(event),
            }),
            "rejected" => Self::Rejected,
            "step_done" => Self::StepDone(Step {
                step: event.text("step").unwrap_or_default(),
                role: event.text("role").unwrap_or_default(),
                officer: event.text("officer"),
                started: event.stamp("started_at"),
            }),
            "paused" => Self::Paused(Pause {
                kind: event.text("kind"),
                est_wd: days(event, "est_wd"),
                notice: filled(event, "notice_no"),
            }),
            "resumed" => Self::Resumed { kind: event.text("kind") },
            "extended" => Self::Extended(Extension {
                days: days(event, "days_wd"),
                rank: event.text("approver_rank"),
                told: stated(event.get("applicant_told")),
            }),
            "suspended" => Self::Suspended,
            "terminated" => Self::Terminated,
            "withdrawn" => Self::Withdrawn,
            "decided" => Self::Decided(decision(event)),
            "delivered" => Self::Delivered(Delivery {
                from: event.day("licence_from"),
                to: event.day("licence_to"),
            }),
            "fee_charged" => Self::FeeCharged(Fee {
                code: event.text("fee_code"),
                qty: event.text("qty").and_then(|qty| thousandths(&qty)),
                amount: whole(event, "amount"),
                receipt: event.text("receipt_no").unwrap_or_default(),
                region: event.region.to_owned(),
            }),
            "hearing" => Self::Hearing(hearing(event)?),
            _ => return None,
        })
    }
}

fn receipt(event: &Event<'_>) -> Receipt {
    Receipt {
        item: event.text("item_code"),
        applicant: event.text("applicant_ref"),
        materials: materials(event),
        track: track(event),
        batch: excuse::batch(event),
    }
}

fn materials(event: &Event<'_>) -> Vec<Material> {
    let Some(list) = event.get("materials") else { return Vec::new() };
    let material = |value: Value<'_>| {
        let fields = value.object();
        let due = fields.get("due").and_then(Value::text);
        Some(Material {
            code: fields.get("code")?.text()?.into_owned(),
            provided: stated(fields.get("provided")),
            shared: fields.get("shared").and_then(Value::bool).unwrap_or(false),
            due: due.and_then(|due| Day::parse(&due)),
        })
    };
    list.items().filter_map(material).collect()
}

fn handed_in(event: &Event<'_>) -> Vec<String> {
    let provided = materials(event).into_iter().filter(|given| given.provided != Some(false));
    provided.map(|given| given.code).collect()
}

fn decision(event: &Event<'_>) -> Decision {
    Decision {
        result: event.text("result"),
        signer: event.text("signer"),
        signer_role: event.text("signer_role"),
        delegation: filled(event, "delegation_no"),
        track: track(event),
        region: event.region.to_owned(),
        logged: event.logged,
    }
}

fn track(event: &Event<'_>) -> Track {
    Track {
        name: event.text("track").unwrap_or_default(),
        letter: event.text("commitment_letter").unwrap_or_default(),
        waived: event.texts("waived_steps").unwrap_or_default(),
    }
}

fn hearing(event: &Event<'_>) -> Option<HearingAct> {
    let phase = match event.text("phase")?.as_str() {
        "told" => Phase::Told,
        "requested" => Phase::Requested,
        "waived" => Phase::Waived,
        "announced" => Phase::Announced,
        _ => return None,
    };
    let stranger = event.text("party").is_some_and(|party| party == "other");
    Some(HearingAct {
        phase,
        held_on: event.day("held_on"),
        entitled: !stranger,
        letter: filled(event, "letter_no"),
    })
}

/// A whole number, or a text of one.
fn whole(event: &Event<'_>, name: &str) -> Option<i64> {
    event.int(name).or_else(|| event.text(name)?.trim().parse().ok())
}

/// A quantity such as `3` or `2.5` in thousandths. Finer parts are rounded up, so that they make
/// no charge too high.
fn thousandths(text: &str) -> Option<i64> {
    let text = text.trim();
    let (units, parts) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if units.is_empty() || !is_digits(units) || !is_digits(parts) {
        return None;
    }
    let (kept, finer) = parts.split_at(parts.len().min(3));
    let kept: i64 = format!("{kept:0<3}").parse().ok()?;
    let finer = i64::from(finer.bytes().any(|byte| byte != b'0'));
    units.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(kept + finer)
}

fn filled(event: &Event<'_>, name: &str) -> bool {
    event.get(name).is_some_and(|value| !value.is_empty())
}

fn days(event: &Event<'_>, name: &str) -> Option<i32> {
    event.int(name).and_then(|days| i32::try_from(days).ok())
}

/// Whether something was stated to be so: present and empty is a no, absent is unknown.
fn stated(value: Option<Value<'_>>) -> Option<bool> {
    let value = value?;
    if value.is_empty() { Some(false) } else { value.bool() }
}
