//! Reads events of a case into facts.

use super::fact::{
    ActPeriod, Assignment, Decision, Evidence, Fact, Filing, Item, Mode, Notice, PartyKind,
    Payment, Review, Service, Surcharge,
};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Event, Local};

/// Reads an event; `None` if it says nothing to the rules of a case.
pub(crate) fn read(event: &Event<'_>) -> Option<Fact> {
    let Some(kind) = event.kind.strip_prefix("penalty.") else { return read_other(event) };
    Some(match kind {
        "decision.made" => Fact::Decided(Box::new(decision(event))),
        "doc.served" => Fact::Served(service(event)),
        "fine.paid" => Fact::Paid(payment(event)),
        "fine.surcharge" => Fact::Surcharge(Surcharge {
            amount: event.int("amount"),
            days: event.int("days"),
            from: event.day("from"),
            to: event.day("to"),
        }),
        "appeal.filed" => Fact::Appealed,
        "appeal.decided" => Fact::AppealDecided,
        "court.applied" => Fact::CourtApplied,
        "case.filed" => Fact::Filed(Box::new(filing(event))),
        "case.not_filed" => Fact::NotFiled,
        "case.extended" => {
            Fact::Extended(event.int("days").and_then(|days| i32::try_from(days).ok()))
        }
        "case.transferred" => Fact::Transferred,
        "case.transfer_returned" => Fact::TransferReturned,
        "case.closed" => Fact::Closed,
        "officer.assigned" => Fact::Assigned(Box::new(Assignment {
            officers: event.texts("officers"),
            certs: event.texts("cert_nos"),
            region: event.region.to_owned(),
        })),
        "evidence.taken" => Fact::Evidence(Box::new(evidence(event))),
        "preservation.taken" => {
            Fact::Preserved { list: event.text("list_no"), approved: stated(event, "approver") }
        }
        "preservation.resolved" => Fact::Resolved { list: event.text("list_no") },
        "clock.paused" => Fact::Paused { kind: event.text("kind") },
        "clock.resumed" => Fact::Resumed { kind: event.text("kind") },
        _ => return read_procedure(kind, event),
    })
}

/// What happens between notice and decision, and what follows a decision.
fn read_procedure(kind: &str, event: &Event<'_>) -> Option<Fact> {
    Some(match kind {
        "notice.served" => Fact::Notice(Box::new(Notice {
            at: stamp(event, "served_at"),
            proposed: items(event, "proposed"),
            facts: stated(event, "facts"),
            basis: stated(event, "basis"),
            statement_told: stated(event, "statement_right_told"),
            hearing_told: stated(event, "hearing_right_told"),
        })),
        "defence.received" => {
            let is_waiver = event.text("kind").is_some_and(|kind| kind == "waiver");
            let is_signed = stated(event, "signed") != Some(false);
            if is_waiver && is_signed { Fact::Waived } else { Fact::Stated }
        }
        "defence.reviewed" => Fact::StatementReviewed,
        "hearing.requested" => Fact::HearingRequested(stamp(event, "requested_at")),
        "hearing.notified" => Fact::HearingNotified { hold: event.stamp("hold_at") },
        "hearing.held" => Fact::HearingHeld { host: event.text("host_officer") },
        "legal_review.done" => Fact::LegalReview(Review {
            reviewer: event.text("reviewer"),
            pass: event.text("result").map(|result| result == "pass"),
            qualified: stated(event, "reviewer_qualified"),
        }),
        "discussion.held" => Fact::Discussed,
        "fine.collected_on_spot" => Fact::OnSpot(payment(event)),
        "fine.instalment_approved" => Fact::Instalment,
        "execution.ended" => Fact::ExecutionEnded,
        "goods.disposed" => Fact::Disposed,
        "decision.published" => Fact::Published,
        "decision.withdrawn" => Fact::Withdrawn,
        "decision.corrected" => Fact::Corrected,
        _ => return None,
    })
}

/// Seizures of the coercion domain, and what this plugin's other streams tell the case.
fn read_other(event: &Event<'_>) -> Option<Fact> {
    Some(match event.kind {
        "coercion.measure.taken" => Fact::Resolved { list: Some(event.text("list_no")?) },
        "fact.penalty.reused" => {
            Fact::Reused { receipt: event.text("receipt")?, first: event.text("first")? }
        }
        "fact.penalty.discovery" => Fact::Discovered(Day(i32::try_from(event.int("day")?).ok()?)),
        _ => return None,
    })
}

fn filing(event: &Event<'_>) -> Filing {
    Filing {
        at: stamp(event, "filed_at"),
        cause: event.text("cause_code"),
        party: event.text("party_ref"),
        party_kind: party_kind(event),
        act: ActPeriod {
            begin: event.day("act_date"),
            end: event.day("act_end"),
            continuing: event.flag("continuing") == Some(true),
        },
        discovered: event.day("discovered_at"),
        grave: event.flag("grave") == Some(true),
        major: event.flag("major") == Some(true),
        out_of_province: event.flag("out_of_province") == Some(true),
        place: event.text("place"),
        region: event.text("place_region"),
        assisted: filled(event, "assist_letter"),
        goods_value: event.int("goods_value"),
        illegal_gain: event.int("illegal_gain"),
    }
}

fn evidence(event: &Event<'_>) -> Evidence {
    Evidence {
        number: event.text("ev_no").unwrap_or_default(),
        kind: event.text("kind").unwrap_or_default(),
        officers: event.texts("officers"),
        place: event.text("place_region").filter(|region| !region.is_empty()),
        region: event.region.to_owned(),
        assisted: filled(event, "assist_letter"),
        signed: stated(event, "party_signed"),
        unsigned_reason: filled(event, "unsigned_reason"),
        logged: seen(event),
    }
}

fn decision(event: &Event<'_>) -> Decision {
    Decision {
        at: stamp(event, "decided_at"),
        doc: event.text("doc_no"),
        simple: event.flag("simple"),
        factors: factors(event),
        band: event.text("band_code"),
        items: items(event, "items"),
        officers: event.texts("officers"),
        goods_value: event.int("goods_value"),
        illegal_gain: event.int("illegal_gain"),
        unpunished: event.text("not_punished_reason").unwrap_or_default(),
        mitigation_approved: stated(event, "mitigation_approver"),
        oral_notice: stated(event, "oral_notice"),
        delivered: event.flag("delivered") == Some(true),
        publishable: event.flag("publishable"),
        unpublished_reason: filled(event, "no_publish_reason"),
        daily: event.flag("daily") == Some(true),
        party: event.text("party_ref"),
        party_kind: party_kind(event),
        cause: event.text("cause_code"),
        region: event.region.to_owned(),
        logged: seen(event),
    }
}

fn service(event: &Event<'_>) -> Service {
    let mode = match event.get("mode").and_then(Value::text).as_deref() {
        Some("sent") => Mode::Sent,
        Some("notified") => Mode::Notified,
        Some("announcement") => Mode::Announced(event.day("term_end")),
        _ => Mode::Received,
    };
    Service { at: stamp(event, "served_at"), doc: event.text("doc_no"), mode }
}

fn payment(event: &Event<'_>) -> Payment {
    Payment {
        amount: event.int("amount"),
        account: event.text("payee_acct"),
        receipt: event.text("receipt_no"),
        is_fiscal: event.text("receipt_kind").map(|kind| kind == "fiscal"),
        reason: event.text("on_spot_reason").unwrap_or_default(),
    }
}

fn items(event: &Event<'_>, name: &str) -> Option<Vec<Item>> {
    let list = event.get(name)?;
    let item = |value: Value<'_>| {
        let fields = value.object();
        let text =
            |name: &str| fields.get(name).and_then(Value::text).map(|text| text.into_owned());
        let amount = fields.get("amount").and_then(Value::int);
        Item { kind: text("kind").unwrap_or_default(), amount, cause: text("cause_code") }
    };
    Some(list.items().map(item).collect())
}

fn factors(event: &Event<'_>) -> Vec<(String, String)> {
    let list = event.get("factors").into_iter().flat_map(Value::items);
    list.filter_map(|factor| {
        let fields = factor.object();
        Some((fields.get("factor_code")?.text()?.into_owned(), value_of(&fields, "value")))
    })
    .collect()
}

/// A value as text, whatever its JSON type.
pub(crate) fn value_of(fields: &Object<'_>, name: &str) -> String {
    match fields.get(name) {
        Some(Value::Number(raw)) => raw.to_owned(),
        Some(value) => match (value.text(), value.bool()) {
            (Some(text), _) => text.into_owned(),
            (None, Some(flag)) => flag.to_string(),
            _ => String::new(),
        },
        None => String::new(),
    }
}

fn party_kind(event: &Event<'_>) -> Option<PartyKind> {
    match event.get("party_kind")?.text()?.as_ref() {
        "person" => Some(PartyKind::Person),
        "org" => Some(PartyKind::Org),
        _ => None,
    }
}

fn stamp(event: &Event<'_>, name: &str) -> Local {
    event.stamp(name).unwrap_or(event.time)
}

/// From when rules wait for late lines: a correction comes with its case long complete, and must not
/// make a card go and come again.
fn seen(event: &Event<'_>) -> Local {
    if event.version > 1 { event.recorded } else { event.logged }
}

fn filled(event: &Event<'_>, name: &str) -> bool {
    event.get(name).is_some_and(|value| !value.is_empty())
}

/// Whether something was stated to be so: present and empty is a no, absent is unknown. A text or a
/// list that is filled is a yes.
fn stated(event: &Event<'_>, name: &str) -> Option<bool> {
    let value = event.get(name)?;
    Some(value.bool().unwrap_or_else(|| !value.is_empty()))
}
