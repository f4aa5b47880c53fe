//! Stories across bidders, experts and processes: PROC-C, PROC-S, PROC-P02 and PROC-L01.

use super::tender::Tender;
use super::{BANNED, MAJOR_SIZE, MAJORS, Trades, UNBANNED, expert};
use crate::clock::at;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Trades;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = links();
    all.extend(patterns());
    all
}

fn links() -> Vec<Story<Of>> {
    vec![
        bad(
            "PROC-C01",
            Red,
            60,
            ("两家标书出自同一硬盘", "two bids from one disk"),
            |a, t, d| {
                a.changed(t, d, |tender| {
                    tender.bidders[1].disk = tender.bidders[3].disk.clone();
                })
            },
        ),
        fair(
            "PROC-C01",
            60,
            ("均在交易大厅上传，同一IP", "both from the hall's address"),
            |a, t, d| {
                a.changed(t, d, |tender| {
                    for bidder in &mut tender.bidders {
                        bidder.ip = "h:ip-hall".to_owned();
                        bidder.site = "hall";
                    }
                })
            },
        ),
        bad("PROC-C02", Yellow, 60, ("报价呈等差", "prices at equal steps"), |a, t, d| {
            a.priced(t, d, [950, 955, 960, 965, 970])
        }),
        fair("PROC-C02", 60, ("报价间距无规律", "prices at uneven steps"), |a, t, d| {
            a.priced(t, d, [930, 951, 954, 969, 981])
        }),
        bad(
            "PROC-C03",
            Red,
            60,
            ("三处相同的罕见错别字", "three rare typos in common"),
            |a, t, d| {
                a.changed(t, d, |tender| {
                    let typos: Vec<_> =
                        (1..=3).map(|nth| format!("h:typo-{}-{nth}", tender.ocid)).collect();
                    tender.bidders[2].typos.clone_from(&typos);
                    tender.bidders[4].typos = typos;
                })
            },
        ),
        fair("PROC-C03", 60, ("文本指纹相距甚远", "texts far apart"), |a, t, d| {
            a.changed(t, d, |_| {})
        }),
        bad(
            "PROC-C04",
            Red,
            60,
            ("两家项目经理相同", "one project manager for two"),
            |a, t, d| a.changed(t, d, |tender| tender.bidders[1].pm = tender.bidders[4].pm.clone()),
        ),
        bad(
            "PROC-C05",
            Red,
            60,
            ("两家保证金出自同一账户", "two bonds from one account"),
            |a, t, d| {
                a.changed(t, d, |tender| {
                    tender.bidders[1].account = tender.bidders[2].account.clone()
                })
            },
        ),
        bad("PROC-S01", Red, 60, ("禁入主体投标", "a banned firm bids"), |a, t, d| {
            a.with_firm(t, d, BANNED)
        }),
        between(
            ((4, 7), (10, 20)),
            fair("PROC-S01", 60, ("禁入期已满后投标", "the ban has ended"), |a, t, d| {
                a.with_firm(t, d, UNBANNED)
            }),
        ),
        bad(
            "PROC-S02",
            Notice,
            10,
            ("红牌经复核维持", "a red card was upheld"),
            |a, t, d| a.reviewed(t, d, "upheld"),
        ),
        fair("PROC-S02", 10, ("红牌正在申诉", "a red card under appeal"), |a, t, d| {
            a.reviewed(t, d, "appealed")
        }),
    ]
}

fn patterns() -> Vec<Story<Of>> {
    vec![
        between(
            ((1, 10), (4, 10)),
            bad(
                "PROC-C06",
                Yellow,
                250,
                ("三家轮流中标", "three firms win in turns"),
                |a, t, d| a.rotation(t, d),
            ),
        ),
        bad(
            "PROC-C07",
            Red,
            120,
            ("第一候选人一年内两次弃标", "the first candidate gives up twice"),
            |a, t, d| a.waived(t, d, 2, false),
        ),
        fair(
            "PROC-C07",
            90,
            ("不可抗力放弃，已核实", "gives up for a proven reason"),
            |a, t, d| a.waived(t, d, 2, true),
        ),
        bad(
            "PROC-C08",
            Yellow,
            120,
            ("专家两次偏高同一投标人", "an expert favours one bidder twice"),
            |a, t, d| a.biased(t, d, 2),
        ),
        fair("PROC-C08", 90, ("仅一次偏高", "favoured once"), |a, t, d| a.biased(t, d, 1)),
        bad(
            "PROC-C09",
            Yellow,
            140,
            ("同一专家被反复抽中", "one expert drawn again and again"),
            |a, t, d| a.drawn_often(t, d),
        ),
        bad(
            "PROC-C10",
            Yellow,
            120,
            ("十个项目成交价均贴近控制价", "ten awards just below the control price"),
            |a, t, d| a.close(t, d, 9),
        ),
        fair(
            "PROC-C10",
            120,
            ("十个项目仅三个贴近", "three of ten awards close to it"),
            |a, t, d| a.close(t, d, 3),
        ),
        fair(
            "PROC-C05",
            60,
            ("保证金各从本户转出", "each bond from its own account"),
            |a, t, d| a.changed(t, d, |_| {}),
        ),
        fair("PROC-C04", 60, ("各家人员互不相同", "nobody in common"), |a, t, d| {
            a.changed(t, d, |_| {})
        }),
        bad(
            "PROC-L01",
            Yellow,
            120,
            ("连续三宗单一竞买人底价成交", "three lots at the floor in a row"),
            |a, t, d| a.land(t, d, false),
        ),
        fair(
            "PROC-L01",
            120,
            ("已公布的标准地政策", "a published policy zone"),
            |a, t, d| a.land(t, d, true),
        ),
        bad(
            "PROC-P02",
            Red,
            120,
            ("三份合同拆分避开招标", "three contracts below the threshold"),
            |a, t, d| a.split(t, d, true),
        ),
        fair(
            "PROC-P02",
            120,
            ("三个各自独立的项目", "three needs of their own"),
            |a, t, d| a.split(t, d, false),
        ),
    ]
}

impl Trades {
    /// Prices as per mille of the control price.
    fn priced(&mut self, town: &mut Town, day: Day, permille: [i64; 5]) -> Told {
        self.changed(town, day, |tender| {
            for (bidder, permille) in tender.bidders.iter_mut().zip(permille) {
                bidder.price = tender.control / 1000 * permille;
            }
        })
    }

    fn with_firm(&mut self, town: &mut Town, day: Day, place: usize) -> Told {
        let firm = self.firms[place].clone();
        let bidder = self.bidder(place, 990_000_000, 4);
        let told = self.changed(town, day, |tender| {
            let price = tender.bidders[4].price;
            tender.bidders[4] = super::tender::Bidder { price, ..bidder };
        });
        told.on(firm)
    }

    fn reviewed(&mut self, town: &mut Town, day: Day, result: &str) -> Told {
        let firm = self.firms[self.tenders % 90 + 2].clone();
        self.tenders += 1;
        let when = at(day, 15, 0);
        town.book
            .line("proc.card.reviewed", &self.office, when)
            .text("subject", &firm)
            .text("card_no", &format!("PZ-{:05}", self.tenders))
            .text("level", "red")
            .text("result", result)
            .text("rule", "PROC-C01")
            .text("kind", "bidder")
            .time("at", when)
            .done();
        Told::new(firm, &self.office.dept, when)
    }

    /// Nine tenders of one buyer with the same three firms, who win A B C A B C A B C.
    fn rotation(&mut self, town: &mut Town, day: Day) -> Told {
        let mut on = day;
        let first = self.tender(day);
        let firms: Vec<_> = first.bidders[..3].to_vec();
        let category = format!("R{:03}", self.tenders);
        for nth in 0..9 {
            let mut tender = self.tender(on);
            tender.amended = None;
            tender.buyer.clone_from(&first.buyer);
            tender.category.clone_from(&category);
            for place in 0..3 {
                let bidder = &firms[(nth + place) % 3];
                let price = tender.bidders[place].price;
                tender.bidders[place] = super::tender::Bidder { price, ..bidder.clone() };
                tender.bidders[place].simhash = self.rng.next();
            }
            tender.bidders.truncate(3);
            self.run(town, &tender);
            on = town.clock.open(on.plus(20));
        }
        let when = at(town.clock.open(on.plus(10)), 10, 0);
        Told::new(format!("{}/{category}", first.buyer), &self.office.dept, when)
    }

    /// One firm is first and gives up, so many times.
    fn waived(&mut self, town: &mut Town, day: Day, times: usize, excused: bool) -> Told {
        let first = self.reserved();
        self.tenders += 1;
        let mut on = day;
        let mut awarded = day;
        for _ in 0..times {
            let mut tender = self.tender(on);
            tender.amended = None;
            let price = tender.bidders[0].price;
            tender.bidders[0] = super::tender::Bidder { price, ..first.clone() };
            tender.bidders[0].simhash = self.rng.next();
            tender.bidders[0].gives_up = Some(excused);
            tender.winner = 1;
            awarded = self.run(town, &tender);
            on = town.clock.open(on.plus(21));
        }
        let told = Told::new(&first.firm, &self.office.dept, at(awarded, 9, 30));
        // The first time is a notice.
        let before = at(town.clock.open(awarded.plus(-21)), 9, 30);
        if excused { told } else { told.also("PROC-C07", Notice, before) }
    }

    fn biased(&mut self, town: &mut Town, day: Day, times: usize) -> Told {
        let favoured = self.reserved();
        let biased = self.draw(1)[0];
        let (mut on, mut awarded) = (day, day);
        for _ in 0..times {
            let mut tender = self.tender(on);
            tender.amended = None;
            let price = tender.bidders[2].price;
            tender.bidders[2] = super::tender::Bidder { price, ..favoured.clone() };
            tender.bidders[2].simhash = self.rng.next();
            if !tender.experts.contains(&biased) {
                tender.experts[0] = biased;
            }
            let seat = tender.experts.iter().position(|nth| *nth == biased).unwrap_or(0);
            tender.bias = Some((seat, 2, 1200));
            awarded = self.run(town, &tender);
            on = town.clock.open(on.plus(21));
        }
        Told::new(expert(biased), &self.office.dept, at(awarded, 9, 30))
    }

    /// Ten tenders of one major with some forty experts, of whom one sits in each panel.
    fn drawn_often(&mut self, town: &mut Town, day: Day) -> Told {
        let major = self.majors % MAJORS;
        self.majors += 1;
        let first = super::EXPERTS + major * MAJOR_SIZE;
        let mut awarded = day;
        for nth in 0..10 {
            let mut tender = self.tender(town.clock.wd(day, nth * 2));
            tender.amended = None;
            let others =
                (0..4).map(|seat| first + 1 + (nth as usize * 4 + seat) % (MAJOR_SIZE - 1));
            tender.experts = std::iter::once(first).chain(others).collect();
            awarded = self.run(town, &tender);
        }
        Told::new(expert(first), &self.office.dept, at(awarded, 9, 30))
    }

    /// Ten tenders of one buyer, so many of them awarded just below the control price.
    fn close(&mut self, town: &mut Town, day: Day, count: i32) -> Told {
        let first = self.tender(day);
        let category = format!("K{:03}", self.tenders);
        let mut awarded = day;
        for nth in 0..10 {
            let mut tender = self.tender(town.clock.wd(day, nth * 2));
            tender.amended = None;
            tender.buyer.clone_from(&first.buyer);
            tender.category.clone_from(&category);
            if nth < count {
                tender.bidders[0].price = tender.control / 1000 * 998;
            }
            awarded = self.run(town, &tender);
        }
        Told::new(format!("{}/{category}", first.buyer), &self.office.dept, at(awarded, 9, 30))
    }

    /// Three lots of land of one seller, each with one bidder, at the floor.
    fn land(&mut self, town: &mut Town, day: Day, policy_zone: bool) -> Told {
        self.tenders += 1;
        let seller = crate::people::uscc("12", 30_000 + self.tenders);
        let mut on = day;
        let mut last = day;
        for _ in 0..3 {
            let mut tender: Tender = self.tender(on);
            (tender.kind, tender.method) = ("land", "listing");
            tender.buyer.clone_from(&seller);
            tender.amended = None;
            tender.bidders.truncate(1);
            let floor = tender.bidders[0].price;
            tender.extra.push(("floor_price", floor.to_string()));
            tender.extra.push(("policy_zone", policy_zone.to_string()));
            tender.extra.push(("seller_class", "\"county\"".to_owned()));
            tender.extra.push(("agency", format!("\"{}\"", self.firms[95])));
            last = self.run(town, &tender);
            on = town.clock.open(on.plus(20));
        }
        Told::new(seller, &self.office.dept, at(last, 9, 30))
    }

    /// Three contracts of 3.9 million of one buyer and category, none tendered; of one project, or
    /// each of its own.
    fn split(&mut self, town: &mut Town, day: Day, one_project: bool) -> Told {
        let first = self.tender(day);
        let category = format!("S{:03}", self.tenders);
        let mut on = day;
        for nth in 0..3 {
            let tender = self.tender(on);
            let firm = if one_project { &first.bidders[0] } else { &tender.bidders[0] };
            let project = if one_project { 0 } else { nth };
            // Far enough below the threshold that the amount itself says nothing.
            let amount = 360_000_000 + i64::from(nth) * 1_000_000;
            town.book
                .line("proc.project.registered", &self.office, at(on, 10, 0))
                .text("ocid", &tender.ocid)
                .text("kind", "works")
                .text("buyer", &first.buyer)
                .text("method", "direct")
                .flag("mandatory", false)
                .int("estimate", amount)
                .text("category", &category)
                .text("project", &format!("XM-{category}-{project}"))
                .text("budget_line", &format!("YS-{category}-{project}"))
                .done();
            let signed = at(town.clock.wd(on, 5), 10, 0);
            town.book
                .line("proc.contract.signed", &self.office, signed)
                .text("ocid", &tender.ocid)
                .text("supplier", &firm.firm)
                .int("amount", amount)
                .time("at", signed)
                .text("project", &format!("XM-{category}-{project}"))
                .text("budget_line", &format!("YS-{category}-{project}"))
                .done();
            on = town.clock.open(on.plus(12));
        }
        Told::new(format!("{}/{category}", first.buyer), &self.office.dept, at(on, 9, 30))
    }
}
