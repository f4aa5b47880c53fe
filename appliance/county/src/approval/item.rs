//! What can be applied for, with its limits, steps, fees and special procedures.

use crate::people::{Dept, REGION};
use crate::table::Tables;
use crate::town::Town;

/// Departments that grant something, and what.
const SUBJECTS: [(&str, [&str; 6]); 12] = [
    (
        "SCJ",
        [
            "食品经营许可",
            "药品零售许可",
            "特种设备使用登记",
            "企业登记",
            "个体工商户登记",
            "计量标准核准",
        ],
    ),
    (
        "ZJJ",
        [
            "建筑工程施工许可",
            "商品房预售许可",
            "燃气经营许可",
            "房地产开发资质",
            "物业合同备案",
            "消防验收",
        ],
    ),
    (
        "ZRZ",
        [
            "建设用地规划许可",
            "建设工程规划许可",
            "采矿权登记",
            "林木采伐许可",
            "不动产登记",
            "临时用地审批",
        ],
    ),
    (
        "WJJ",
        [
            "医疗机构执业许可",
            "公共场所卫生许可",
            "医师执业注册",
            "护士执业注册",
            "饮用水卫生许可",
            "放射诊疗许可",
        ],
    ),
    (
        "JTJ",
        [
            "民办学校设立",
            "教师资格认定",
            "体育场所许可",
            "校车使用许可",
            "培训机构设立",
            "适龄儿童入学",
        ],
    ),
    (
        "GAJ",
        [
            "旅馆业特种行业许可",
            "户口迁移",
            "大型活动安全许可",
            "机动车登记",
            "爆炸物品购买许可",
            "出入境证件",
        ],
    ),
    (
        "RSJ",
        [
            "人力资源服务许可",
            "劳务派遣经营许可",
            "职业技能鉴定",
            "社会保险登记",
            "工伤认定",
            "失业登记",
        ],
    ),
    (
        "JTY",
        [
            "道路运输经营许可",
            "超限运输许可",
            "客运班线许可",
            "出租汽车经营许可",
            "从业资格认定",
            "涉路施工许可",
        ],
    ),
    (
        "NYJ",
        [
            "动物防疫条件合格证",
            "种子经营许可",
            "兽药经营许可",
            "农药经营许可",
            "渔业捕捞许可",
            "拖拉机登记",
        ],
    ),
    (
        "YJJ",
        [
            "危险化学品经营许可",
            "烟花爆竹零售许可",
            "安全设施审查",
            "非煤矿山许可",
            "应急预案备案",
            "特种作业证",
        ],
    ),
    (
        "HBJ",
        [
            "排污许可",
            "环境影响评价审批",
            "危险废物经营许可",
            "辐射安全许可",
            "入河排污口设置",
            "噪声夜间施工",
        ],
    ),
    (
        "WLJ",
        [
            "娱乐场所经营许可",
            "网吧经营许可",
            "文物保护审批",
            "营业性演出许可",
            "旅行社设立",
            "广播电视设施",
        ],
    ),
];

pub(super) const ACCOUNT: &str = "h:czzh-1001";
/// An account of an association: no place for fees.
pub(super) const FOREIGN_ACCOUNT: &str = "h:xhzh-0009";
/// Price of each fee, fen.
pub(super) const PRICES: [i64; 4] = [1000, 2500, 6000, 20_000];

/// A service item.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) code: String,
    name: String,
    /// Place of its department among those that grant.
    pub(super) desk: usize,
    pub(super) statutory: i32,
    pub(super) promised: i32,
    pub(super) on_spot: bool,
    pub(super) site_check: bool,
    /// Kind and longest stop of its special procedure.
    pub(super) special: Option<(&'static str, i32)>,
    /// Place of its fee in [`PRICES`].
    pub(super) fee: Option<usize>,
    pub(super) hearing: bool,
    /// Its last day in force.
    until: Option<&'static str>,
}

/// Departments that grant, by their letters.
pub(super) fn grantors() -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().map(|(short, _)| *short)
}

pub(super) fn all() -> Vec<Item> {
    let mut items = Vec::new();
    for (desk, (short, subjects)) in SUBJECTS.iter().enumerate() {
        for (nth, subject) in subjects.iter().enumerate() {
            items.push(item(desk, short, nth, subject));
        }
        items.push(Item {
            code: format!("XK{short}90"),
            name: format!("{short} 已取消的许可"),
            until: Some("2025-03-31"),
            ..item(desk, short, 5, "")
        });
        let hearing = Item {
            code: format!("XK{short}91"),
            name: format!("{short} 须听证的许可"),
            hearing: true,
            ..item(desk, short, 2, "")
        };
        items.push(hearing);
    }
    items
}

fn item(desk: usize, short: &str, nth: usize, subject: &str) -> Item {
    const LIMITS: [(i32, i32); 6] = [(20, 7), (20, 10), (20, 12), (10, 4), (1, 1), (15, 5)];
    let (statutory, promised) = LIMITS[nth];
    let special = [Some(("testing", 10)), Some(("expert_review", 15)), None, None, None, None];
    Item {
        code: format!("XK{short}{nth:02}"),
        name: subject.to_owned(),
        desk,
        statutory,
        promised,
        on_spot: nth == 4,
        site_check: nth < 2,
        special: special[nth],
        fee: (nth < 4).then_some(nth),
        hearing: false,
        until: None,
    }
}

impl Item {
    pub(super) fn is_cancelled(&self) -> bool {
        self.until.is_some()
    }

    /// An item as most are: in force, decided later, without a hearing.
    pub(super) fn is_usual(&self) -> bool {
        !self.on_spot && !self.hearing && !self.is_cancelled()
    }

    fn steps(&self) -> String {
        match (self.on_spot, self.site_check) {
            (true, _) => "[]".to_owned(),
            (_, true) => {
                r#"[{"step":"site_check","role":"inspector"},{"step":"review","role":"reviewer"}]"#
                    .to_owned()
            }
            _ => r#"[{"step":"review","role":"reviewer"}]"#.to_owned(),
        }
    }

    fn nodes(&self) -> String {
        let check = r#"{"id":"site_check","role":"inspector","mandatory":true},"#;
        let check = if self.site_check { check } else { "" };
        format!(
            r#"[{check}{{"id":"review","role":"reviewer","mandatory":true,"separate":true}},{{"id":"decide","role":"signer","mandatory":true,"separate":true}}]"#
        )
    }
}

/// The tables of the domain.
pub(super) fn fill(items: &[Item], signers: &[Vec<String>], town: &Town, tables: &mut Tables) {
    for (nth, price) in PRICES.iter().enumerate() {
        tables.row(
            "tariff",
            &[
                ("fee_code", format!("SF{nth:02}").as_str()),
                ("name", "证照工本及检验费"),
                ("unit", "件"),
                ("price", &price.to_string()),
                ("cap", &(price * 20).to_string()),
                ("basis", "县发改价〔2024〕7号"),
                ("payee_accounts", ACCOUNT),
                ("effective_from", "2024-01-01"),
                ("effective_to", ""),
            ],
        );
    }
    for item in items {
        let dept = town.people.dept(SUBJECTS[item.desk].0);
        item_rows(item, dept, tables);
        for signer in &signers[item.desk] {
            tables.row(
                "authority_grant",
                &[
                    ("officer", signer.as_str()),
                    ("role", "signer"),
                    ("item_code", &item.code),
                    ("region", REGION),
                    ("valid_from", "2024-01-01"),
                    ("valid_to", "2027-12-31"),
                ],
            );
        }
    }
}

fn item_rows(item: &Item, dept: &Dept, tables: &mut Tables) {
    let flag = |yes: bool| if yes { "是" } else { "否" };
    let special = item.special.map_or(String::new(), |(kind, max_wd)| {
        format!(r#"[{{"kind":"{kind}","max_wd":{max_wd},"basis":"行政许可法第四十五条"}}]"#)
    });
    let fee = item.fee.map_or(String::new(), |fee| format!("SF{fee:02}"));
    tables.row(
        "item",
        &[
            ("item_code", item.code.as_str()),
            ("name", &item.name),
            ("item_type", "XK"),
            ("dept", &dept.code),
            ("statutory_wd", &item.statutory.to_string()),
            ("promised_wd", &item.promised.to_string()),
            ("on_spot", flag(item.on_spot)),
            ("steps", &item.steps()),
            ("materials", r#"[{"code":"M1","mandatory":true},{"code":"M2","mandatory":true},{"code":"M3","mandatory":false}]"#),
            ("fee_codes", &fee),
            ("special_links", &special),
            ("result_kind", "licence"),
            ("hearing_required", flag(item.hearing)),
            ("licence_max_months", "60"),
            ("status", "active"),
            ("effective_from", "2024-01-01"),
            ("effective_to", item.until.unwrap_or("")),
        ],
    );
    if let Some((kind, max_wd)) = item.special {
        tables.row(
            "item_special_link",
            &[
                ("item_code", item.code.as_str()),
                ("kind", kind),
                ("max_wd", &max_wd.to_string()),
                ("basis", "行政许可法第四十五条"),
                ("needs_notice", "是"),
                ("effective_from", "2024-01-01"),
            ],
        );
    }
    if !item.on_spot {
        tables.row(
            "process_def",
            &[
                ("domain", "approval"),
                ("code", item.code.as_str()),
                ("ver", "general"),
                ("nodes", &item.nodes()),
                ("edges", if item.site_check { r#"[["site_check","review"]]"# } else { "" }),
                ("clock", ""),
                ("effective_from", "2024-01-01"),
            ],
        );
    }
}
