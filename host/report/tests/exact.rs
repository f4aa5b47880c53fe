//! Figures: cutting off, rounding, intervals, periods.

use plumbline_report::exact::{Milli, Share, divide_rounded, quantile, wilson};
use plumbline_report::period::Period;
use plumbline_report::statistics::{GridCounts, grid_score, limit_saved};

#[test]
fn percentages_are_cut_off_never_rounded() {
    for (part, whole, percent) in [
        (35, 36, "97.22%"),
        (2, 3, "66.66%"),
        (999_999, 1_000_000, "99.99%"),
        (1, 1, "100.00%"),
        (7, 5, "140.00%"),
        (-1, 3, "-33.33%"),
        (0, 5, "0.00%"),
        (0, 0, "–"),
    ] {
        assert_eq!(Share { part, whole }.percent(), percent, "{part} of {whole}");
    }
}

/// Against the formula in floating point, and at the ends.
#[test]
fn wilson_intervals_hold_the_formula_and_round_outward() {
    for (part, whole) in
        [(0, 1), (1, 1), (0, 30), (30, 30), (1, 2), (95, 100), (3, 7), (49_999, 50_000)]
    {
        let found = wilson(Share { part, whole }).unwrap();
        let (k, n, z) = (part as f64, whole as f64, 1.96_f64);
        let root = z * (z * z + 4.0 * k * (n - k) / n).sqrt();
        let bottom = 2.0 * (n + z * z);
        let low = ((2.0 * k + z * z - root) / bottom).max(0.0) * 10_000.0;
        let high = ((2.0 * k + z * z + root) / bottom).min(1.0) * 10_000.0;
        assert!(found.low as f64 <= low + 1e-6 && low - (found.low as f64) < 1.0, "{part} {whole}");
        assert!(
            found.high as f64 >= high - 1e-6 && found.high as f64 - high < 1.0,
            "{part} {whole}"
        );
    }
    assert_eq!(wilson(Share { part: 95, whole: 100 }).unwrap().to_string(), "88.82%–97.85%");
    assert_eq!(wilson(Share { part: 0, whole: 0 }), None);
    let most = wilson(Share { part: i64::MAX - 1, whole: i64::MAX }).unwrap();
    assert!(most.low > 9_999 || most.high == 10_000);
}

#[test]
fn limits_saved_are_sums_over_cases_with_both() {
    // (limit, used) of each case -> percent
    let rows = [
        (vec![(Some(20), Some(5)), (Some(10), Some(10))], "50.00%"),
        (vec![(Some(20), Some(25))], "-25.00%"),
        (vec![(Some(20), None), (None, Some(3)), (Some(3), Some(1))], "66.66%"),
        (vec![], "–"),
    ];
    for (cases, percent) in rows {
        assert_eq!(limit_saved(cases).percent(), percent);
    }
}

#[test]
fn the_grid_score_is_the_published_formula() {
    let counts = |all, done, done_in_time, reworked, open_overdue, extended| GridCounts {
        all,
        done,
        done_in_time,
        reworked,
        open_overdue,
        extended,
    };
    let rows = [
        (counts(10, 10, 10, 0, 0, 0), Some(100_000)),
        // 0.8*30 + 6/8*20 + (1-2/8)*20 + (1-1/10)*20 + (1-1/10)*10 = 24+15+15+18+9
        (counts(10, 8, 6, 2, 1, 1), Some(81_000)),
        // 1/3*30 + 0 + 20 + (1-2/3)*20 + 10 = 46.667
        (counts(3, 1, 0, 0, 2, 0), Some(46_667)),
        (counts(4, 0, 0, 0, 0, 0), Some(50_000)),
        (counts(0, 0, 0, 0, 0, 0), None),
    ];
    for (counts, score) in rows {
        assert_eq!(grid_score(counts), score.map(Milli), "{counts:?}");
    }
}

#[test]
fn numbers_are_shown_and_rounded_by_whole_arithmetic() {
    for (milli, text) in
        [(18_500, "18.5"), (-125, "-0.125"), (10_000, "10"), (1, "0.001"), (0, "0")]
    {
        assert_eq!(Milli(milli).to_string(), text);
        let number: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(Milli(milli)).unwrap(), number);
    }
    for (number, by, rounded) in
        [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (1, 0, 0), (0, 7, 0), (-4, -3, 1)]
    {
        assert_eq!(divide_rounded(number, by), rounded, "{number} / {by}");
    }
    let values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    assert_eq!((quantile(&values, 500), quantile(&values, 900)), (Some(5), Some(9)));
    assert_eq!((quantile(&values[..1], 900), quantile(&[], 500)), (Some(1), None));
}

#[test]
fn periods_are_read_written_and_moved() {
    for (text, first, last, months) in [
        ("2026-02", "2026-02-01", "2026-02-28", 1),
        ("2024-02", "2024-02-01", "2024-02-29", 1),
        ("2026-H1", "2026-01-01", "2026-06-30", 6),
        ("2026-H2", "2026-07-01", "2026-12-31", 6),
        ("2026", "2026-01-01", "2026-12-31", 12),
    ] {
        let period = Period::parse(text).unwrap();
        let (from, to) = period.days();
        assert_eq!(
            (period.to_string(), from.to_string(), to.to_string()),
            (text.into(), first.into(), last.into())
        );
        assert_eq!(period.months().len(), months);
        assert_eq!(period.shifted(5).shifted(-5), period);
    }
    for wrong in [
        "",
        "26",
        "2026-13",
        "2026-00",
        "2026-3",
        "2026-H3",
        "2026-h1",
        "2026-03-01",
        "x026",
        "0000",
    ] {
        assert_eq!(Period::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Period::parse("2026-01").unwrap().shifted(-1).to_string(), "2025-12");
}
