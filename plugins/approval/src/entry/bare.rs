//! Certificates of this case that no process stands behind, told to the stream `certificate`
//! (APPR-P04), which holds all certificates by their own number.

use super::{File, Said};
use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::{Local, Look};

pub(super) fn publish(file: &File, params: &Params, look: &mut Look<'_>) {
    let limits = &params.limits;
    for line in &file.lines {
        let Said::Certificate { cert_no } = &line.fact.said else { continue };
        let earliest = line.time.day().plus(-limits.lookback_d).start();
        let waited = line.fact.logged.plus_minutes(limits.grace_min);
        let known = process_known(file, earliest, line.time);
        // Told only if the grace passed without a process: most certificates cost nothing.
        if known.is_some_and(|known| known <= waited) || !look.reached(waited) {
            continue;
        }
        let data = Writer::default()
            .text("cert_no", cert_no)
            .text("case_no", &file.case_no)
            .flag("bare", known.is_none())
            .int("rev", file.revision);
        look.fact("bare", cert_no, data);
    }
}

/// When it became known that the case was accepted or worked on between the two.
fn process_known(file: &File, from: Local, to: Local) -> Option<Local> {
    let is_process = |said: &Said| matches!(said, Said::Accepted | Said::Step);
    let lines = file.lines.iter().filter(|line| is_process(&line.fact.said));
    let lines = lines.filter(|line| from <= line.time && line.time <= to);
    lines.map(|line| line.fact.logged).min()
}
