//! How an explained event reads: where it went, where it did not, and what the rules make of it.

use super::{group, happened};
use crate::app::App;
use crate::cli::Out;
use crate::cli::show::{Words, moment};
use crate::error::AppError;
use crate::explain::{EventExplanation, Reading};
use crate::text;

pub(super) fn print(
    app: &App,
    out: &mut Out<'_>,
    explanation: &EventExplanation,
) -> Result<(), AppError> {
    let (seq, logged) = (explanation.event.seq.to_string(), moment(&explanation.logged));
    let head = [
        ("seq", seq.as_str()),
        ("source", &explanation.source),
        ("id", &explanation.id),
        ("subject", &explanation.subject),
        ("region", &explanation.region),
        ("logged", &logged),
    ];
    out.say("why.event", &head);
    happened(out, &explanation.event);
    for version in &explanation.versions {
        let (seq, number) = (version.seq.to_string(), version.dataversion.to_string());
        out.say("why.version", &[("seq", &seq), ("version", &number)]);
    }
    match explanation.superseded_by {
        Some(seq) => out.say("why.superseded", &[("seq", &seq.to_string())]),
        None => out.say("why.newest", &[]),
    }
    out.line("");
    out.say("why.deployments", &[("count", &explanation.deployments.len().to_string())]);
    for reading in &explanation.deployments {
        deployment(out, reading);
    }
    out.line("");
    group::clock(out, &explanation.checks);
    group::checks(out, &explanation.subject, &explanation.checks);
    out.line("");
    out.say("explain.alerts", &[("count", &explanation.alerts.len().to_string())]);
    let words = Words::of(app)?;
    for alert in &explanation.alerts {
        crate::cli::show::alert(out, &words, alert);
        let cites = alert.evidence.contains(&explanation.event.seq);
        out.say(if cites { "why.cites" } else { "why.cites-not" }, &[]);
    }
    Ok(())
}

fn deployment(out: &mut Out<'_>, reading: &Reading) {
    let outcome = match reading.reason {
        None => out.text("why.took"),
        Some("host-event") => out.text("why.host-event"),
        Some("before-start") => out.text("why.before-start"),
        Some("region") => out.text("why.region"),
        Some("capability") => out.text("why.capability"),
        Some("not-reached") => out.text("why.not-reached"),
        Some(_) => out.text("why.no-stream"),
    };
    let everywhere = out.text("region.all");
    let region = if reading.region.is_empty() { &everywhere } else { &reading.region };
    let number = reading.deployment.to_string();
    let values = [
        ("deployment", number.as_str()),
        ("plugin", &reading.plugin),
        ("version", &reading.version),
        ("region", region),
        ("outcome", &outcome),
    ];
    out.say("why.deployment", &values);
    for stream in reading.streams.iter().filter(|stream| !stream.keys.is_empty()) {
        let keys = stream.keys.join(" ");
        out.say("why.stream", &[("stream", &stream.stream), ("keys", &keys)]);
        for key in &stream.gaps {
            out.say("why.gap", &[("stream", &stream.stream), ("key", key)]);
        }
    }
    for (reason, key) in [("no-key", "why.no-key"), ("type", "why.type")] {
        let of_reason = reading.streams.iter().filter(|stream| stream.reason == Some(reason));
        let names: Vec<_> = of_reason.map(|stream| stream.stream.as_str()).collect();
        if !names.is_empty() {
            let names = names.join(out.lang.pick("、", ", "));
            group::fold(out, "      ", &text::say(out.lang, key, &[("streams", &names)]));
        }
    }
}
