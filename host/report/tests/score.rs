//! Golden figures of the scheme, and what must hold of every score.

use crate::support::{DEPT, REGION, at, card, case, cases, day, desk};
use plumbline_contract::alert::Level::{self, Notice, Red, Yellow};
use plumbline_contract::time::Local;
use plumbline_report::cards::Card;
use plumbline_report::cases::{Case, Task};
use plumbline_report::catalogue::{Business, Power};
use plumbline_report::exact::Milli;
use plumbline_report::period::Period;
use plumbline_report::score::{
    Facts, Grade, Human, Instrument, Marked, Sanction, Scheme, Score, Scorer, Standing, Subject,
    credits, explain_sheet, proposals, score_sheet,
};

const MARCH: Period = Period::Month { year: 2026, month: 3 };

fn dept() -> Subject {
    Subject::Dept(DEPT.to_owned())
}

struct Given {
    scheme: Scheme,
    cases: Vec<Case>,
    cards: Vec<Card>,
    human: Human,
    answers: bool,
    as_of: &'static str,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            scheme: Scheme::shipped(),
            cases: Vec::new(),
            cards: Vec::new(),
            human: Human::default(),
            answers: false,
            as_of: "2026-04-30",
        }
    }
}

impl Given {
    fn with<T>(&self, use_it: impl FnOnce(&Scorer<'_>, &Facts<'_>) -> T) -> T {
        let desk = desk();
        let facts = Facts {
            cases: &self.cases,
            cards: &self.cards,
            answers_recorded: self.answers,
            desk: &desk,
            as_of: day(self.as_of),
            human: &self.human,
        };
        use_it(&Scorer::new(&self.scheme, &facts), &facts)
    }

    fn score(&self, subject: &Subject, period: Period) -> Score {
        self.with(|scorer, _| scorer.score(subject, period))
    }

    fn timeliness(&self) -> Milli {
        self.score(&dept(), MARCH).dimensions[0].score
    }
}

fn red(id: &str) -> Card {
    card(id, "APPR-T03", Red, "2026-03-03 10:00")
}

fn yellow(id: &str, raised: &str) -> Card {
    card(id, "APPR-T02", Yellow, raised)
}

#[test]
fn the_worked_examples_of_the_scheme() {
    let mut given =
        Given { cases: cases(200, "2026-03"), cards: vec![red("a")], ..Given::default() };
    assert_eq!(given.timeliness(), Milli(18_500));
    given.cards.push(yellow("b", "2026-03-04 10:00"));
    given.cards.push(yellow("c", "2026-03-05 10:00"));
    assert_eq!(given.timeliness(), Milli(17_250));
    given = Given { cases: cases(5, "2026-03"), cards: vec![red("a")], ..Given::default() };
    let score = given.score(&dept(), MARCH);
    assert_eq!((score.dimensions[0].score, score.small_sample), (Milli(10_000), true));
}

#[test]
fn a_dimension_is_never_below_zero_and_a_total_within_its_bounds() {
    let cards = (0..40).map(|n| red(&format!("{n:02}"))).collect();
    let given = Given { cases: cases(5, "2026-03"), cards, ..Given::default() };
    let score = given.score(&dept(), MARCH);
    assert_eq!((score.dimensions[0].score, score.total), (Milli::ZERO, Milli::whole(80)));
    let rich = Scheme::load("[bonus]\nclean_points = 50\nclean_months = 1\n", []).unwrap();
    let given = Given { cases: cases(50, "2026-03"), scheme: rich, ..Given::default() };
    let score = given.score(&dept(), MARCH);
    assert_eq!((score.bonus_points, score.total), (Milli::whole(10), Milli::whole(110)));
}

#[test]
fn no_order_of_cards_and_cases_changes_anything() {
    let mut given = Given { cases: cases(40, "2026-03"), ..Given::default() };
    given.cards = vec![
        yellow("c", "2026-03-05 10:00"),
        red("a"),
        yellow("b", "2026-03-05 10:00"),
        card("d", "APPR-F01", Red, "2026-03-06 10:00"),
        card("e", "APPR-P05", Yellow, "2026-03-06 11:00"),
    ];
    let first = given.score(&dept(), MARCH);
    assert_eq!(first, given.score(&dept(), MARCH), "computed again");
    let count = given.cards.len();
    for turn in 0..count {
        given.cards.rotate_left(1);
        given.cards.swap(turn, (turn + 2) % count);
        given.cases.rotate_left(7);
        let again = given.score(&dept(), MARCH);
        assert_eq!(serde_json::to_string(&first).unwrap(), serde_json::to_string(&again).unwrap());
    }
}

#[test]
fn points_are_provisional_until_upheld_and_come_back_on_withdrawal() {
    let mut given =
        Given { cases: cases(200, "2026-03"), cards: vec![red("a")], ..Given::default() };
    // (upheld, appealed, withdrawn, as of) -> (final, provisional)
    let rows = [
        (Some("2026-03-10 09:00"), None, None, "2026-04-30", (18_500, 18_500)),
        // In the window to appeal: five working days from the 3rd end with the 10th.
        (None, None, None, "2026-03-10", (20_000, 18_500)),
        (None, None, None, "2026-03-11", (18_500, 18_500)),
        // An appeal keeps it open, for however long.
        (None, Some("2026-03-05 09:00"), None, "2026-04-30", (20_000, 18_500)),
        (Some("2026-03-12 09:00"), None, Some("2026-03-20 09:00"), "2026-04-30", (20_000, 20_000)),
    ];
    for (upheld, appealed, withdrawn, as_of, (last, provisional)) in rows {
        given.cards[0].upheld = upheld.map(at);
        given.cards[0].appealed = appealed.map(at);
        given.cards[0].withdrawn = withdrawn.map(at);
        given.as_of = as_of;
        let timeliness = &given.score(&dept(), MARCH).dimensions[0];
        let got = (timeliness.score.0, timeliness.provisional.0);
        assert_eq!(got, (last, provisional), "{upheld:?} {appealed:?} {withdrawn:?} {as_of}");
    }
}

#[test]
fn an_upheld_card_counts_in_the_month_of_upholding() {
    let mut late = red("a");
    late.upheld = Some(at("2026-04-02 09:00"));
    let mut all = cases(200, "2026-03");
    all.extend(cases(100, "2026-04"));
    let given = Given { cases: all, cards: vec![late], ..Given::default() };
    let of = |month| given.score(&dept(), Period::Month { year: 2026, month }).dimensions[0].score;
    assert_eq!((of(3), of(4)), (Milli(20_000), Milli(17_000)));
}

#[test]
fn a_repetition_is_of_one_rule_one_item_and_ninety_days() {
    // Second card (rule, item, raised, withdrawn first) and its factor.
    let rows = [
        ("APPR-T02", "I1", "2026-03-05 10:00", false, 1500),
        ("APPR-T02", "I2", "2026-03-05 10:00", false, 1000),
        ("APPR-T08", "I1", "2026-03-05 10:00", false, 1000),
        ("APPR-T02", "I1", "2026-05-30 10:00", false, 1500),
        ("APPR-T02", "I1", "2026-05-31 10:00", false, 1000),
        ("APPR-T02", "I1", "2026-03-05 10:00", true, 1000),
    ];
    for (rule, item, raised, withdrawn, factor) in rows {
        let mut first = yellow("a", "2026-03-01 10:00");
        first.withdrawn = withdrawn.then(|| at("2026-03-02 10:00"));
        let mut second = card("b", rule, Yellow, raised);
        second.item = Some(item.to_owned());
        let month = Period::month_of(Local(second.issued.0 + 7 * 86_400_000).day());
        let given = Given { cards: vec![first, second], as_of: "2026-06-30", ..Given::default() };
        let score = given.score(&dept(), month);
        let line = score.lines.iter().find(|line| line.card == "b").unwrap();
        assert_eq!(line.factor, Milli(factor), "{rule} {item} {raised} {withdrawn}");
    }
}

#[test]
fn silence_costs_extra_only_where_answers_are_on_record() {
    // Raised on Wednesday the 4th: three working days end with Monday the 9th.
    for (answers, explained, cost) in [
        (false, None, 1000),
        (true, None, 2000),
        (true, Some("2026-03-09 16:00"), 1000),
        (true, Some("2026-03-10 09:00"), 2000),
    ] {
        let mut one = yellow("a", "2026-03-04 10:00");
        one.explained = explained.map(at);
        let given =
            Given { cases: cases(100, "2026-03"), cards: vec![one], answers, ..Given::default() };
        assert_eq!(given.score(&dept(), MARCH).lines[0].cost, Milli(cost), "{explained:?}");
    }
}

#[test]
fn a_suspicion_costs_nothing_until_it_is_upheld() {
    let mut suspicion = card("a", "PROC-C01", Red, "2026-03-03 10:00");
    suspicion.upheld = None;
    let mut given =
        Given { cases: cases(100, "2026-03"), cards: vec![suspicion], ..Given::default() };
    assert_eq!(given.score(&dept(), MARCH).provisional, Milli::whole(100));
    given.cards[0].upheld = Some(at("2026-03-09 10:00"));
    assert_eq!(given.score(&dept(), MARCH).total, Milli(98_500));
}

/// Guard-rail: nothing is gained by the number of fines, inspections or cases, and amounts are not
/// even known: a case record has no field for them.
#[test]
fn numbers_and_amounts_of_fines_earn_nothing() {
    let enforcement = |count, power, kind: &str| {
        let mut all = cases(count, "2026-03");
        for case in &mut all {
            (case.power, case.kind, case.service) = (Some(power), kind.into(), false);
            // Done at once: an early fine is no merit either.
            case.used = Some(0);
        }
        all
    };
    for (power, kind) in [(Power::Penalty, "penalty"), (Power::Inspection, "inspection")] {
        for count in [0, 1, 100, 5000] {
            let given = Given { cases: enforcement(count, power, kind), ..Given::default() };
            let score = given.score(&dept(), MARCH);
            assert_eq!((score.total, score.bonus_points), (Milli::whole(100), Milli::ZERO));
        }
    }
    // With a card a larger exposure dilutes; it can never bring more than no card at all.
    for count in [10, 100, 5000] {
        let cases = enforcement(count, Power::Penalty, "penalty");
        let given = Given { cases, cards: vec![red("a")], ..Given::default() };
        assert!(given.score(&dept(), MARCH).total < Milli::whole(100));
    }
}

#[test]
fn complaints_and_orders_do_not_make_a_card_weigh_less() {
    let mut all = cases(100, "2026-03");
    let mut complaints = cases(900, "2026-03");
    complaints.iter_mut().for_each(|case| case.business = Business::Complaint);
    all.extend(complaints);
    let given = Given { cases: all, cards: vec![red("a")], ..Given::default() };
    assert_eq!(given.timeliness(), Milli(17_000), "3 * 100 / 100 * 20 / 20");
}

#[test]
fn bonuses_have_steps_caps_and_enough_cases() {
    // (cases, early, statutory limit, ratings below 3 of 50) -> bonus points
    let rows = [
        (100, 0, 20, None, 0),
        (100, 9, 20, None, 0),
        (100, 10, 20, None, 500),
        (100, 59, 20, None, 2500),
        (100, 100, 20, None, 3000),
        (29, 29, 20, None, 0),
        (100, 0, 28, None, 0),
        (100, 0, 29, None, 1000),
        (100, 0, 20, Some(1), 1000),
        (100, 0, 20, Some(2), 0),
    ];
    for (count, early, statutory, bad, points) in rows {
        let mut all = cases(count, "2026-03");
        for (n, case) in all.iter_mut().enumerate() {
            case.limit.statutory = Some(statutory);
            case.used = Some(if n < early { 16 } else { 17 });
            case.rating = bad.filter(|_| n < 50).map(|bad| if n < bad { 2 } else { 3 });
        }
        let given = Given { cases: all, ..Given::default() };
        let score = given.score(&dept(), MARCH);
        assert_eq!(score.bonus_points, Milli(points), "{count} {early} {statutory} {bad:?}");
    }
}

#[test]
fn an_early_case_with_a_card_is_not_early() {
    let mut all = cases(100, "2026-03");
    all.iter_mut().take(10).for_each(|case| case.used = Some(1));
    let mut carded = yellow("a", "2026-03-12 10:00");
    carded.key = "2026-03-0".to_owned();
    let mut given = Given { cases: all, cards: vec![carded], ..Given::default() };
    assert_eq!(given.score(&dept(), MARCH).bonus_points, Milli::ZERO);
    // The same number of another kind of case is another case.
    given.cards[0].kinds = vec!["penalty".to_owned()];
    assert_eq!(given.score(&dept(), MARCH).bonus_points, Milli(500));
}

#[test]
fn a_card_has_the_item_of_its_own_case_only() {
    for (kind, points) in [("approval", 98_500), ("penalty", 100_000)] {
        let mut about = card("a", "APPR-T03", Red, "2026-03-03 10:00");
        (about.key, about.item) = ("2026-03-0".to_owned(), None);
        about.kinds = vec![kind.to_owned()];
        let given = Given { cases: cases(200, "2026-03"), cards: vec![about], ..Given::default() };
        let score = given.score(&Subject::Item("I1".to_owned()), MARCH);
        assert_eq!(score.total, Milli(points), "{kind}");
    }
}

/// The classic city scheme: three notices 3, a yellow card 5, a red one 10.
#[test]
fn a_region_may_score_as_the_classic_scheme_does() {
    let classic = "[cards]\nnotice = 1\nyellow = 5\nred = 10\nrepeat_factor = 1\n[exposure]\nnormalise = \"raw\"";
    let scheme = Scheme::load(classic, []).unwrap();
    let notice = |n: usize| {
        let mut one = card(&n.to_string(), "APPR-T01", Notice, &format!("2026-03-0{n} 10:00"));
        one.item = None;
        one
    };
    let mut cards: Vec<_> = (1..=3).map(notice).collect();
    let score = |cards: Vec<Card>| {
        let given =
            Given { scheme: scheme.clone(), cards, cases: cases(9, "2026-03"), ..Given::default() };
        given.timeliness()
    };
    assert_eq!(score(cards.clone()), Milli::whole(17));
    cards.push(yellow("y", "2026-03-05 10:00"));
    assert_eq!(score(cards.clone()), Milli::whole(12));
    cards.push(red("r"));
    assert_eq!(score(cards), Milli::whole(2));
}

#[test]
fn six_months_without_a_red_card_count_once() {
    let months = ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"];
    let all: Vec<_> = months.iter().flat_map(|month| cases(10, month)).collect();
    let mut given = Given { cases: all, ..Given::default() };
    assert_eq!(given.score(&dept(), MARCH).bonus_points, Milli::whole(2));
    given.cards = vec![card("a", "APPR-T03", Red, "2025-12-03 10:00")];
    assert_eq!(given.score(&dept(), MARCH).bonus_points, Milli::ZERO);
}

#[test]
fn incomplete_data_costs_whole_percents_up_to_a_cap() {
    for (missing, cost) in [(0, 0), (1, 0), (2, 1000), (5, 2000), (60, 5000)] {
        let mut all = cases(200, "2026-03");
        all.iter_mut().take(missing).for_each(|case| case.incomplete = true);
        let given = Given { cases: all, ..Given::default() };
        assert_eq!(given.score(&dept(), MARCH).data, Milli(cost), "{missing}");
    }
}

#[test]
fn a_veto_waits_for_a_person() {
    let veto = card("a", "APPR-F02", Red, "2026-03-03 10:00");
    let mut given = Given { cases: cases(1000, "2026-03"), cards: vec![veto], ..Given::default() };
    let score = given.score(&dept(), MARCH);
    assert_eq!((score.grade, score.grade_in_force()), (Grade::Excellent, Grade::Excellent));
    assert!(!score.veto.as_ref().unwrap().confirmed);
    given.human.confirmed.insert("a".to_owned());
    assert_eq!(given.score(&dept(), MARCH).grade_in_force(), Grade::Pass);
}

#[test]
fn a_year_is_the_weighted_mean_less_sanctions() {
    let mut all = cases(100, "2026-02");
    all.extend(cases(300, "2026-03"));
    let year = Period::Year { year: 2026 };
    let mut given = Given { cases: all, cards: vec![red("a")], ..Given::default() };
    // February 100, March 100 - 3 * 100 / 300 * 20 / 20 = 99: (100 * 100 + 99 * 300) / 400.
    assert_eq!(given.score(&dept(), year).total, Milli(99_250));
    assert_eq!(given.score(&dept(), Period::HalfYear { year: 2026, half: 1 }).total, Milli(99_250));
    let sanction = |kind: &str, year| Sanction {
        year,
        dept: DEPT.to_owned(),
        officer: None,
        kind: kind.to_owned(),
    };
    given.human.sanctions = vec![sanction("demerit", 2026), sanction("dismissal", 2025)];
    let score = given.score(&dept(), year);
    assert_eq!((score.sanction, score.total), (Milli::whole(15), Milli(84_250)));
    assert_eq!(given.score(&dept(), MARCH).sanction, Milli::ZERO, "sanctions are annual");
    assert_eq!(score.annual.as_ref().unwrap().total, None, "what is not marked is not full marks");
    let (sample, satisfaction) = (Some(Milli::whole(90)), Some(Milli::whole(80)));
    given.human.marks.push(Marked { year: 2026, dept: DEPT.to_owned(), sample, satisfaction });
    let annual = given.score(&dept(), year).annual.unwrap();
    // 0.7 * 99.25 + 0.2 * 90 + 0.1 * 80 - 15 = 80.475; 5 % of it.
    assert_eq!(annual.total, Some(Milli(80_475)));
    assert_eq!(annual.contribution, Some(Milli(4_024)));
}

/// The annual total has a grade of its own, and a confirmed veto caps it as well.
#[test]
fn a_year_has_two_grades_and_a_veto_caps_both() {
    let year = Period::Year { year: 2026 };
    let veto = card("a", "APPR-F02", Red, "2026-03-03 10:00");
    let mut given = Given { cases: cases(1000, "2026-03"), cards: vec![veto], ..Given::default() };
    let shown = |given: &Given| {
        let score = given.score(&dept(), year);
        let sheet = score_sheet(&given.scheme, year, &[score]);
        ["grade", "annual_grade"].map(|column| sheet.cell(DEPT, column).unwrap().show(false))
    };
    assert_eq!(shown(&given), ["excellent", "not scored"]);
    let mark = |points| Marked {
        year: 2026,
        dept: DEPT.to_owned(),
        sample: Some(Milli::whole(points)),
        satisfaction: Some(Milli::whole(points)),
    };
    // 0.7 * 99.8 + 0.3 * 70 = 90.9.
    given.human.marks = vec![mark(70)];
    assert_eq!(shown(&given), ["excellent", "good"]);
    given.human.confirmed.insert("a".to_owned());
    assert_eq!(shown(&given), ["pass", "pass"]);
    let score = given.score(&dept(), year);
    assert_eq!(score.annual.as_ref().unwrap().grade, Some(Grade::Good), "by points alone");
    assert_eq!(score.annual_grade_in_force(), Some(Grade::Pass));
    // 0.7 * 99.8 + 0.3 * 0 = 69.86: a cap lifts nothing.
    given.human.marks = vec![mark(0)];
    assert_eq!(shown(&given), ["pass", "fail"]);
    let sheet =
        given.with(|scorer, _| score_sheet(&given.scheme, MARCH, &[scorer.score(&dept(), MARCH)]));
    assert!(sheet.cell(DEPT, "annual_grade").is_none(), "a month has one grade");
}

#[test]
fn officers_items_and_regions_have_scores_of_their_own() {
    let mut all = cases(40, "2026-03");
    for (n, case) in all.iter_mut().enumerate() {
        let officer = if n < 25 { "O1" } else { "O2" };
        case.tasks = vec![Task { officer: officer.into(), at: case.decided.unwrap() }];
        case.region = "370203001002".into();
    }
    let mut one = red("a");
    (one.officer, one.region) = (Some("O1".to_owned()), "370203001".to_owned());
    let given = Given { cases: all, cards: vec![one], ..Given::default() };
    let score = |subject| given.score(&subject, MARCH);
    let officer = |code: &str| score(Subject::Officer(code.to_owned()));
    assert_eq!((officer("O1").exposure, officer("O1").withheld), (25, false));
    assert_eq!((officer("O2").exposure, officer("O2").withheld), (15, true));
    assert_eq!(officer("O1").total, Milli::whole(90), "3 * 100 / 30 * 20 / 20");
    assert_eq!(officer("O2").total, Milli::whole(100));
    assert_eq!(score(Subject::Item("I1".to_owned())).total, Milli(92_500));
    for (region, total) in [(REGION, 92_500), ("370203001", 92_500), ("370203001002", 100_000)] {
        assert_eq!(score(Subject::Region(region.to_owned())).total, Milli(total), "{region}");
    }
    let subjects =
        given.with(|scorer, _| scorer.subjects(&Subject::kind("region").unwrap(), MARCH));
    assert_eq!(subjects.len(), 3);
}

#[test]
fn credit_fades_and_proposes_a_restriction() {
    let of = |id: &str, level: Level, upheld: &str| {
        let mut one = card(id, "PROC-C01", level, upheld);
        (one.upheld, one.parties) = (Some(at(upheld)), vec!["B1".to_owned()]);
        one
    };
    // (cards, credit of the party in thousandths, restriction proposed), as of 2026-04-30
    let rows = [
        (vec![of("a", Red, "2026-03-01 10:00")], 90_000, false),
        (vec![of("a", Red, "2025-04-30 10:00")], 95_000, false),
        (vec![of("a", Yellow, "2025-05-01 10:00")], 97_000, false),
        (vec![of("a", Yellow, "2025-04-30 10:00")], 98_500, false),
        ((0..3).map(|n| of(&n.to_string(), Red, "2026-03-01 10:00")).collect(), 70_000, false),
        ((0..4).map(|n| of(&n.to_string(), Red, "2026-03-01 10:00")).collect(), 60_000, true),
    ];
    for (cards, points, proposed) in rows {
        let given = Given { cards, ..Given::default() };
        let all = given.with(|_, facts| credits(&given.scheme, facts));
        assert_eq!((all[0].points, all[0].proposed), (Milli(points), proposed), "{all:?}");
    }
    let old = Given { cards: vec![of("a", Red, "2024-04-30 10:00")], ..Given::default() };
    assert!(old.with(|_, facts| credits(&old.scheme, facts)).is_empty(), "24 months have passed");
    // Final by silence for an office, but nobody has upheld it.
    let mut silent = card("a", "PROC-T01", Red, "2026-03-01 10:00");
    (silent.upheld, silent.parties) = (None, vec!["B1".to_owned()]);
    let given = Given { cards: vec![silent], ..Given::default() };
    let lines = given.score(&dept(), MARCH).lines;
    assert_eq!((lines.len(), lines[0].standing), (1, Standing::Final));
    assert!(given.with(|_, facts| credits(&given.scheme, facts)).is_empty());
}

#[test]
fn cards_propose_instruments() {
    let mut given = Given { cases: cases(500, "2026-03"), ..Given::default() };
    given.cards = (3..6).map(|n| yellow(&n.to_string(), &format!("2026-03-0{n} 10:00"))).collect();
    let found = |given: &Given| {
        let all = given.with(|scorer, _| proposals(scorer, MARCH));
        all.into_iter().map(|one| (one.instrument, one.ground)).collect::<Vec<_>>()
    };
    assert_eq!(found(&given), [(Instrument::Order, "yellow-rule")]);
    given.cards = vec![red("a"), card("b", "APPR-T03", Red, "2026-02-03 10:00")];
    assert_eq!(found(&given), [(Instrument::Order, "red"), (Instrument::Talk, "red")]);
}

#[test]
fn sheets_rank_in_tiers_and_explain_every_point() {
    let mut all = cases(40, "2026-03");
    all.iter_mut().skip(30).for_each(|case| case.dept = "D2".into());
    all.push(case("x", "2026-03-11 10:00"));
    let notice = card("n", "APPR-T01", Notice, "2026-03-04 10:00");
    let given = Given { cases: all, cards: vec![red("a"), notice], ..Given::default() };
    let (sheet, explained) = given.with(|scorer, _| {
        let subjects = scorer.subjects(&Subject::kind("dept").unwrap(), MARCH);
        let scores: Vec<_> = subjects.iter().map(|subject| scorer.score(subject, MARCH)).collect();
        let explained = explain_sheet(&given.scheme, &scores[0]);
        (score_sheet(&given.scheme, MARCH, &scores), explained)
    });
    let rows: Vec<_> = sheet.rows.iter().map(|row| (&*row.key, row.small_sample)).collect();
    assert_eq!(rows, [("D2", true), ("D1", false)], "the small one has its own tier");
    assert_eq!(sheet.cell("D1", "rank").unwrap().to_string(), "1");
    assert_eq!(sheet.cell("D1", "timeliness").unwrap().to_string(), "10.323");
    assert_eq!(explained.rows.len(), 1, "a notice costs nothing and is no line");
    assert_eq!(explained.cell("a", "cost").unwrap().to_string(), "-9.677");
    assert_eq!(Standing::Final, Standing::Final.min(Standing::Provisional));
}

/// The host says of a source what a rule says as well: that it is silent, or its clock wrong.
#[test]
fn one_fact_of_which_the_host_and_a_rule_speak_costs_once() {
    let pairs = [("HOST-S01", "NET-S01"), ("HOST-S04", "NET-D02")];
    // A county's own patterns fit both of a pair.
    let county = "[dimension.service]\nrules = [\"VID-*\", \"APPR-C*\", \"*-S*\", \"*-D02\"]\n";
    for changes in ["", county] {
        let scheme = || Scheme::load(changes, []).unwrap();
        let alert = |rule: &str| card(rule, rule, Yellow, "2026-03-03 10:00");
        let of_rules = pairs.iter().map(|(_, rule)| alert(rule)).collect();
        let of_both = pairs.iter().flat_map(|(host, rule)| [alert(host), alert(rule)]).collect();
        let total = |cards: Vec<Card>| {
            let given =
                Given { cases: cases(50, "2026-03"), cards, scheme: scheme(), ..Given::default() };
            given.score(&dept(), MARCH).total
        };
        let (without, once): (Milli, Milli) = (total(Vec::new()), total(of_rules));
        assert_eq!(once, total(of_both), "{changes}");
        assert!(once < without, "{changes}");
    }
    // And no county can make it cost by naming the host's rule.
    for rule in ["HOST-S01", "HOST-*"] {
        let changes = format!("[dimension.service]\nrules = [\"{rule}\"]\n");
        assert!(Scheme::load(&changes, []).is_err(), "{rule}");
    }
}
