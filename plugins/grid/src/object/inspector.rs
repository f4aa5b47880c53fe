//! GRID-R08 检查主体不合格: who may inspect.

use super::table::{Cert, Officer};
use super::{Kind, Object, Visit};
use crate::Params;
use plumbline_guest::{Fire, Level, Look, Why};

/// What is wrong with those who made an inspection.
enum Fault<'a> {
    /// Somebody whose role may not inspect.
    Role(&'a str, String),
    /// Fewer certificates in force than needed.
    Certificates(usize),
}

/// GRID-R08: fewer officers with a certificate than the law asks for, or somebody who may not
/// inspect at all. A patrol that does not enter the premises is no inspection.
pub(super) fn unqualified(object: &Object, params: &Params, look: &mut Look<'_>) {
    let mut count = 0;
    for visit in object.visits.iter().filter(|visit| visit.kind == Kind::Inspection) {
        count += 1;
        let fault = match fault(visit, object, params, look) {
            Ok(Some(fault)) => fault,
            Ok(None) => {
                look.quiet(|| {
                    Why::new("检查人员均有资格", "all inspectors are qualified")
                        .text("insp_no", &visit.insp_no)
                        .count("officers", visit.officers.len())
                });
                continue;
            }
            Err(missing) => {
                look.unknown(missing);
                continue;
            }
        };
        let (zh, en, why) = match fault {
            Fault::Role(officer, role) => (
                format!("检查人员 {officer} 为 {role}，不得实施入企检查"),
                format!("{officer} is a {role} and may not inspect"),
                Why::new("岗位不得实施检查", "a role that may not inspect")
                    .text("officer", officer)
                    .text("role", &role),
            ),
            Fault::Certificates(valid) => (
                format!("持有效执法证的检查人员 {valid} 名，少于 {} 名", params.certified_min),
                format!("{valid} inspectors with a certificate, {} needed", params.certified_min),
                Why::new("有效执法证不足", "too few certificates in force")
                    .count("certified", valid)
                    .count("needed", params.certified_min),
            ),
        };
        let fire = Fire::new(Level::Red, visit.started)
            .episode(&visit.insp_no)
            .dept(&visit.dept)
            .evidence([visit.seq])
            .text("insp_no", &visit.insp_no)
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || why);
    }
    if count == 0 {
        look.exempt(|| {
            Why::new("没有入企检查，巡查不在此列", "no inspection; patrols are none")
                .count("inspections", 0)
        });
    }
}

fn fault<'a>(
    visit: &'a Visit,
    object: &Object,
    params: &Params,
    look: &Look<'_>,
) -> Result<Option<Fault<'a>>, &'static str> {
    let day = visit.started.day();
    for officer in &visit.officers {
        let Some(row) = look.row::<Officer>(officer, day) else { continue };
        if let Some(role) = row.roles.iter().find(|role| params.unqualified_roles.contains(role)) {
            return Ok(Some(Fault::Role(officer, role.clone())));
        }
    }
    let Some(numbers) = &visit.cert_nos else { return Err("cert_nos") };
    let domain = visit.domain.clone().or_else(|| object.domain(day));
    let mut certified: Vec<&str> = Vec::new();
    let mut is_known = numbers.is_empty();
    for number in numbers {
        let Some(cert) = look.row::<Cert>(number, day) else { continue };
        is_known = true;
        let officer = visit.officers.iter().find(|officer| **officer == cert.officer);
        let fits = cert.valid
            && fits_region(&cert.regions, &visit.region)
            && domain.as_ref().is_none_or(|d| cert.domains.is_empty() || cert.domains.contains(d));
        if let Some(officer) = officer.filter(|officer| fits && !certified.contains(&&***officer)) {
            certified.push(officer);
        }
    }
    // A table that a county has not loaded proves nothing against anybody.
    if !is_known && look.rows("officer_cert", "", day, 1).is_empty() {
        return Err("officer_cert");
    }
    Ok((certified.len() < params.certified_min).then_some(Fault::Certificates(certified.len())))
}

/// A certificate of a city or province holds in its counties.
fn fits_region(regions: &[String], region: &str) -> bool {
    let covers = |of_cert: &String| {
        let mut code = of_cert.as_str();
        while let Some(shorter) = code.strip_suffix("00") {
            code = shorter;
        }
        region.starts_with(code)
    };
    regions.is_empty() || regions.iter().any(covers)
}
