//! One certificate of the certificate library: APPR-P04 有结果无过程.
//!
//! Whether a case was worked on is known to the stream `entry`, which tells of certificates without
//! a process; those without a case number are seen here.

use crate::{Params, excuse};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// What the library says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Issued {
    /// Empty if the certificate names no case.
    case_no: String,
    item: String,
    batch: String,
}

/// Whether a case has no process, at which revision of the case, and where that is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Bare {
    is_bare: bool,
    rev: i64,
    seq: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Certificate {
    issued: Facts<Issued>,
    /// By case number.
    bare: BTreeMap<String, Bare>,
}

impl Certificate {
    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let (case_no, rev) = (event.text("case_no")?, event.int("rev")?);
        let bare = Bare { is_bare: event.flag("bare")?, rev, seq: event.seq };
        if self.bare.get(&case_no).is_none_or(|known| known.rev <= rev) {
            self.bare.insert(case_no, bare);
        }
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Certificates;

impl Stream for Certificates {
    const NAME: &'static str = "certificate";
    type State = Certificate;
    type Params = Params;

    fn take(certificate: &mut Certificate, event: &Event<'_>, _: &Params) {
        if event.kind == "fact.approval.bare" {
            return certificate.told(event).unwrap_or_default();
        }
        let text = |name| event.text(name).unwrap_or_default();
        let batch = excuse::batch(event);
        let issued = Issued { case_no: text("case_no"), item: text("item_code"), batch };
        certificate.issued.put(event, issued);
    }

    fn check(certificate: &Certificate, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Certificate, Params>] = &[("APPR-P04", without_process)];
        apply(rules, &params.off, certificate, params, look);
    }
}

/// APPR-P04: a certificate without a case, or of a case that nobody accepted or worked on.
fn without_process(certificate: &Certificate, params: &Params, look: &mut Look<'_>) {
    // A certificate is issued once; further lines of the same number are renewals of the record.
    let Some(entry) = certificate.issued.iter().next() else {
        return look.unknown("approval.cert.issued");
    };
    let issued = &entry.fact;
    if excuse::is_approved_batch(look, &issued.batch, &issued.item, entry.recorded.day()) {
        return look.exempt(|| {
            let batch = &issued.batch;
            Why::new(
                format!("属已批准的存量迁移批次 {batch}"),
                format!("approved migration {batch}"),
            )
            .text("batch", batch)
        });
    }
    let bare = certificate.bare.get(&issued.case_no).filter(|bare| bare.is_bare);
    let (zh, en) = match (issued.case_no.is_empty(), bare) {
        (true, _) => ("未关联办件", "names no case"),
        (false, Some(_)) => {
            ("所关联办件无受理及办理环节", "its case has no acceptance and no step")
        }
        (false, None) => {
            return look.quiet(|| {
                let (case_no, days) = (&issued.case_no, params.limits.lookback_d);
                Why::new(
                    format!("关联办件 {case_no}，发证前 {days} 天内有受理或办理环节"),
                    format!("its case {case_no} was worked on within {days} days before"),
                )
                .text("case_no", case_no)
                .int("lookback_d", days)
                .day("issued_on", entry.time.day())
            });
        }
    };
    let fire = Fire::new(Level::Red, entry.time)
        .dept(&entry.dept)
        .evidence([Some(entry.seq), bare.map(|bare| bare.seq)].into_iter().flatten())
        .text("case_no", &issued.case_no)
        .text("item", &issued.item)
        .int("lookback_d", params.limits.lookback_d.into())
        .text("zh", zh)
        .text("en", en);
    look.fire_because(fire, || Why::new(zh, en).day("issued_on", entry.time.day()));
}
