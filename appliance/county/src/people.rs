//! The county's departments, their people, its streets and communities, its firms. All codes follow
//! their standards, and nothing of them is real.

use crate::rng::Rng;
use crate::table::Tables;

/// The county: a code that GB/T 2260 has not given away.
pub(crate) const REGION: &str = "370299";
/// Its neighbour, where the county's people have no business.
pub(crate) const NEIGHBOUR: &str = "370298";
/// Officers of one department.
pub(crate) const OFFICERS: usize = 48;
/// From this place on officers of a department hold certificates of enforcement.
pub(crate) const ENFORCERS_FROM: usize = 24;
/// Whose certificates end with June, and whose were renewed that day.
pub(crate) const EXPIRED: std::ops::Range<usize> = 44..46;
pub(crate) const RENEWED: std::ops::Range<usize> = 46..48;
const STREETS: usize = 12;
const COMMUNITIES: usize = 9;
const FIRMS: usize = 4000;

/// Departments by the letters that stand for them.
const DEPTS: [(&str, &str); 30] = [
    ("SCJ", "市场监督管理局"),
    ("ZJJ", "住房和城乡建设局"),
    ("ZRZ", "自然资源局"),
    ("WJJ", "卫生健康局"),
    ("JTJ", "教育和体育局"),
    ("GAJ", "公安局"),
    ("RSJ", "人力资源和社会保障局"),
    ("MZJ", "民政局"),
    ("JTY", "交通运输局"),
    ("NYJ", "农业农村局"),
    ("YJJ", "应急管理局"),
    ("HBJ", "生态环境分局"),
    ("CGJ", "综合行政执法局"),
    ("WLJ", "文化和旅游局"),
    ("SLJ", "水利局"),
    ("SWJ", "税务局"),
    ("CZJ", "财政局"),
    ("SJJ", "审计局"),
    ("JYZ", "公共资源交易中心"),
    ("YBJ", "医疗保障局"),
    ("SFJ", "司法局"),
    ("XFJ", "信访局"),
    ("FGJ", "发展和改革局"),
    ("GJJ", "住房公积金管理中心"),
    ("JJW", "纪委监委派驻机构"),
    ("ZFB", "政府办公室"),
    ("JD1", "城关街道办事处"),
    ("JD2", "东关街道办事处"),
    ("XZ1", "河西镇人民政府"),
    ("XZ2", "南山镇人民政府"),
];

/// A department.
#[derive(Clone, Debug)]
pub(crate) struct Dept {
    pub(crate) short: &'static str,
    pub(crate) name: &'static str,
    /// Unified social credit code.
    pub(crate) code: String,
    pub(crate) officers: Vec<String>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(crate) depts: Vec<Dept>,
    /// Unified social credit codes.
    pub(crate) firms: Vec<String>,
    /// 12-digit codes of communities and villages.
    pub(crate) villages: Vec<String>,
}

impl People {
    pub(crate) fn new() -> Self {
        let dept = |(index, (short, name)): (usize, &(&'static str, &'static str))| Dept {
            short,
            name,
            code: uscc("11", 1000 + index),
            officers: (1..=OFFICERS).map(|nth| format!("{short}{nth:03}")).collect(),
        };
        let villages = (1..=STREETS).flat_map(|street| {
            (1..=COMMUNITIES)
                .map(move |community| format!("{REGION}{:03}{community:03}", street * 10 % 1000))
        });
        Self {
            depts: DEPTS.iter().enumerate().map(dept).collect(),
            firms: (0..FIRMS).map(|nth| uscc("91", 20_000 + nth)).collect(),
            villages: villages.collect(),
        }
    }

    /// The department with these letters.
    pub(crate) fn dept(&self, short: &str) -> &Dept {
        let found = self.depts.iter().find(|dept| dept.short == short);
        found.unwrap_or_else(|| panic!("there is no department {short}"))
    }

    pub(crate) fn firm(&self, rng: &mut Rng) -> &str {
        rng.pick::<String>(&self.firms)
    }

    fn fill_officers(&self, dept: &Dept, tables: &mut Tables) {
        for (nth, officer) in dept.officers.iter().enumerate() {
            let cert = if nth >= ENFORCERS_FROM { cert_of(officer) } else { String::new() };
            let renewed = RENEWED.contains(&nth).then(|| format!("{cert}R"));
            let certs = renewed.map_or(cert.clone(), |renewed| format!("{cert};{renewed}"));
            tables.row(
                "officer",
                &[
                    ("officer_id", officer.as_str()),
                    ("dept", &dept.code),
                    ("roles", if nth == 0 { "head" } else { "staff" }),
                    ("status", "active"),
                    ("cert_nos", &certs),
                ],
            );
            if nth < ENFORCERS_FROM {
                continue;
            }
            let until = match RENEWED.contains(&nth) || EXPIRED.contains(&nth) {
                true => "2025-06-30",
                false => "2027-12-31",
            };
            let cert_row = |tables: &mut Tables, cert: &str, from: &str, to: &str| {
                tables.row(
                    "officer_cert",
                    &[
                        ("cert_no", cert),
                        ("officer_id", officer.as_str()),
                        ("domains", &format!("{}{}", dept.short, more_domains(dept.short))),
                        ("regions", REGION),
                        ("status", "valid"),
                        ("valid_from", from),
                        ("valid_to", to),
                    ],
                );
            };
            cert_row(tables, &cert, "2023-01-01", until);
            if RENEWED.contains(&nth) {
                cert_row(tables, &format!("{cert}R"), "2025-07-01", "2028-12-31");
            }
        }
    }

    pub(crate) fn fill(&self, tables: &mut Tables) {
        let region = |tables: &mut Tables, code: &str, name: &str, level: &str, parent: &str| {
            let fields = [("code", code), ("name", name), ("level", level), ("parent", parent)];
            tables.row("region", &fields);
        };
        region(tables, REGION, "清源县", "county", "");
        region(tables, NEIGHBOUR, "临河县", "county", "");
        let mut street = "";
        for village in &self.villages {
            if street != &village[..9] {
                street = &village[..9];
                let name = format!("第{}街道", &street[6..8]);
                region(tables, street, &name, "township", REGION);
            }
            region(tables, village, &format!("第{}社区", &village[10..]), "village", street);
        }
        for dept in &self.depts {
            tables.row(
                "dept",
                &[
                    ("dept_code", dept.code.as_str()),
                    ("name", &format!("清源县{}", dept.name)),
                    ("level", "county"),
                    ("region", REGION),
                    ("fixed_contact", &dept.officers[0]),
                    ("alert_receivers", &dept.officers[0]),
                    ("jurisdiction", REGION),
                    ("domain", dept.short),
                ],
            );
            self.fill_officers(dept, tables);
        }
    }
}

/// What a department's certificates hold for beside its own domain.
fn more_domains(short: &str) -> &'static str {
    match short {
        "SCJ" => ";food",
        "YJJ" => ";safety",
        "HBJ" => ";environment",
        _ => "",
    }
}

/// The certificate of enforcement that an officer was given first.
pub(crate) fn cert_of(officer: &str) -> String {
    format!("ZF37-{officer}")
}

/// A person as a keyed hash, never a number of an identity card.
pub(crate) fn person(nth: usize) -> String {
    format!("h:p{nth:07}")
}

/// A unified social credit code with its check character (GB 32100): `head` says what kind of body
/// it is, then come the county and a running number.
pub(crate) fn uscc(head: &str, nth: usize) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let body = format!("{head}{REGION}MA{nth:07}");
    let place = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).unwrap_or(0);
    let sum: usize = body.bytes().zip(WEIGHTS).map(|(byte, weight)| place(byte) * weight).sum();
    format!("{body}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumbline_contract::table::uscc_ok;

    #[test]
    fn codes_have_their_check_characters() {
        let people = People::new();
        let codes = people.depts.iter().map(|dept| &dept.code).chain(&people.firms);
        for code in codes {
            assert!(uscc_ok(code), "{code}");
        }
        assert_eq!(people.villages.len(), STREETS * COMMUNITIES);
    }
}
