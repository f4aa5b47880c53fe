//! Whether an officer may act: certificates, status, leave, department, region and domain on a day.
//!
//! A table that is not loaded proves nothing: then the answer is unknown.

use crate::table::{is_known, lies_in, text, texts};
use plumbline_guest::json::Object;
use plumbline_guest::{FromRow, Local, Look};
use std::cell::RefCell;

/// Most leaves of one officer that are looked through.
const LEAVES_MAX: u32 = 64;

/// A row of the library of officers.
#[derive(Debug)]
struct OfficerRow {
    dept: Option<String>,
    status: Option<String>,
    certs: Option<Vec<String>>,
}

impl FromRow for OfficerRow {
    const TABLE: &'static str = "officer";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let (dept, status) = (text(row, "dept"), text(row, "status"));
        Some(Self { dept, status, certs: texts(row, "cert_nos") })
    }
}

/// A row of the library of certificates, in force by its own dates.
#[derive(Debug)]
struct CertRow {
    officer: String,
    domains: Vec<String>,
    regions: Vec<String>,
    status: Option<String>,
}

impl FromRow for CertRow {
    const TABLE: &'static str = "officer_cert";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            officer: text(row, "officer_id")?,
            domains: texts(row, "domains").unwrap_or_default(),
            regions: texts(row, "regions").unwrap_or_default(),
            status: text(row, "status"),
        })
    }
}

/// A row of the library of departments.
#[derive(Debug)]
pub(crate) struct DeptRow {
    pub(crate) region: Option<String>,
    pub(crate) jurisdiction: Vec<String>,
    pub(crate) level: Option<String>,
    domain: Option<String>,
}

impl FromRow for DeptRow {
    const TABLE: &'static str = "dept";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            region: text(row, "region"),
            jurisdiction: texts(row, "jurisdiction").unwrap_or_default(),
            level: text(row, "level"),
            domain: text(row, "domain"),
        })
    }
}

/// An officer's part in an act.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) officer: &'a str,
    /// The certificate that the case names for the officer; empty if it says that there is none.
    pub(crate) cert: Option<&'a str>,
    pub(crate) at: Local,
    pub(crate) dept: &'a str,
    pub(crate) region: &'a str,
}

/// How it stands with an officer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Valid,
    /// What is missing to say.
    Unknown(&'static str),
    /// Why not, Chinese and English.
    Invalid(&'static str, &'static str),
}

/// Parts that were judged already. Tables do not change during a task, and a part is judged by
/// several rules at every look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged(RefCell<Vec<Known>>);

/// A part and how it stands with it.
#[derive(Clone, Debug)]
struct Known {
    /// The event that tells of the part.
    seq: u64,
    officer: String,
    cert: Option<String>,
    standing: Standing,
}

impl Judged {
    /// Judges the part of an officer that the event at `seq` tells of.
    pub(crate) fn judge(&self, seq: u64, part: Part<'_>, look: &Look<'_>) -> Standing {
        let is_of = |known: &&Known| {
            known.seq == seq && known.officer == part.officer && known.cert.as_deref() == part.cert
        };
        if let Some(known) = self.0.borrow().iter().find(is_of) {
            return known.standing;
        }
        let standing = judge(part, look);
        let (officer, cert) = (part.officer.to_owned(), part.cert.map(str::to_owned));
        self.0.borrow_mut().push(Known { seq, officer, cert, standing });
        standing
    }
}

fn judge(part: Part<'_>, look: &Look<'_>) -> Standing {
    let day = part.at.day();
    let row = look.row::<OfficerRow>(part.officer, day);
    if let Some(row) = &row {
        match row.status.as_deref() {
            Some("dismissed") => return Standing::Invalid("已离职或免职", "dismissed"),
            Some("on_leave") => return Standing::Invalid("离岗期间", "on leave"),
            _ => {}
        }
        if row.dept.as_deref().is_some_and(|dept| dept != part.dept) {
            return Standing::Invalid("不属于办案部门", "of another department");
        }
    }
    if is_on_leave(part, look) {
        return Standing::Invalid("请假期间", "on leave");
    }
    let known = row.as_ref().and_then(|row| row.certs.as_deref());
    match (part.cert, known) {
        (Some(""), _) | (None, Some([])) => Standing::Invalid("无执法证", "no certificate"),
        (Some(cert), _) => judge_cert(part, cert, look),
        (None, None) => Standing::Unknown("cert_nos"),
        // Any valid one of several is enough.
        (None, Some(certs)) => {
            let mut standing = Standing::Unknown("officer_cert");
            for cert in certs {
                standing = judge_cert(part, cert, look);
                if standing == Standing::Valid {
                    break;
                }
            }
            standing
        }
    }
}

fn judge_cert(part: Part<'_>, cert: &str, look: &Look<'_>) -> Standing {
    let day = part.at.day();
    let Some(row) = look.row::<CertRow>(cert, day) else {
        return match is_known(look, CertRow::TABLE, cert, day) {
            true => Standing::Invalid("执法证已过期或尚未生效", "certificate not in force"),
            false if is_known(look, CertRow::TABLE, "", day) => {
                Standing::Invalid("执法证不在库", "no such certificate")
            }
            false => Standing::Unknown("officer_cert"),
        };
    };
    if row.officer != part.officer {
        return Standing::Invalid("执法证不是本人的", "certificate of another officer");
    }
    if matches!(row.status.as_deref(), Some("suspended" | "revoked")) {
        return Standing::Invalid("执法证已暂扣或注销", "certificate suspended or revoked");
    }
    if !row.regions.is_empty() && !row.regions.iter().any(|of| lies_in(part.region, of)) {
        return Standing::Invalid("超出执法区域", "outside the region of the certificate");
    }
    let dept = look.row::<DeptRow>(part.dept, day);
    let domain = dept.as_ref().and_then(|dept| dept.domain.as_ref());
    if domain.is_some_and(|domain| !row.domains.is_empty() && !row.domains.contains(domain)) {
        return Standing::Invalid("超出执法领域", "outside the domain of the certificate");
    }
    Standing::Valid
}

fn is_on_leave(part: Part<'_>, look: &Look<'_>) -> bool {
    let rows = look.rows("leave", &format!("{}/", part.officer), part.at.day(), LEAVES_MAX);
    rows.iter().any(|(_, row)| {
        let row = Object::parse(row);
        let stamp = |name: &str| look.stamp(&text(&row, name)?);
        let (from, to) = (stamp("from_time"), stamp("to_time"));
        from.is_some_and(|from| from <= part.at) && to.is_some_and(|to| part.at <= to)
    })
}
