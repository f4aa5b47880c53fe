//! Quartiles against figures that others published, and against their own definition.

use plumbline_ocds::quantile::{Quartiles, Sorted};

/// Values of `quantile(x, type = 8)` in R for small cases, and what the crate statrs documents.
#[test]
fn small_cases_of_the_median_unbiased_estimate() {
    let ten: Vec<f64> = (1..=10).map(f64::from).collect();
    let rows: [(&[f64], f64, f64); 11] = [
        (&ten, 0.25, 2.916_666_666_666_667),
        (&ten, 0.5, 5.5),
        (&ten, 0.75, 8.083_333_333_333_334),
        (&ten, 0.0, 1.0),
        (&ten, 1.0, 10.0),
        (&[7.0], 0.25, 7.0),
        (&[1.0, 2.0], 0.25, 1.0),
        (&[1.0, 2.0], 0.75, 2.0),
        (&[1.0, 2.0, 3.0], 0.25, 1.166_666_666_666_667),
        (&[1.0, 2.0, 3.0, 4.0], 0.25, 1.416_666_666_666_667),
        (&[1.0, 2.0, 3.0, 4.0], 0.75, 3.583_333_333_333_333),
    ];
    for (values, share, want) in rows {
        let got = Sorted::new(values.iter().rev().copied()).quantile(share).unwrap();
        assert!((got - want).abs() < 1e-12, "{values:?} at {share}: {got}, not {want}");
    }
}

#[test]
fn nothing_has_no_quantile() {
    assert_eq!(Sorted::new([]).quantile(0.5), None);
    assert_eq!(Sorted::new([f64::NAN]).quantile(0.5), None);
    assert_eq!(Sorted::new([1.0]).quantile(1.1), None);
    assert_eq!(Quartiles::of(&Sorted::new([])), None);
}

/// The figures that the documentation of the published tool shows for its own sample.
#[test]
fn fences_of_the_published_sample() {
    let values = Sorted::new([0.0, 0.0].into_iter().chain([100.0; 7]));
    let quartiles = Quartiles::of(&values).unwrap();
    assert_eq!(format!("{:.4}", quartiles.q1), "66.6667");
    assert_eq!(format!("{:.4}", quartiles.q3), "100.0000");
    assert_eq!(format!("{:.4}", quartiles.lower_fence()), "16.6667");
    assert_eq!(format!("{:.4}", quartiles.upper_fence()), "150.0000");
    assert!(!quartiles.is_degenerate());
    assert!(Quartiles::of(&Sorted::new([1.0; 5])).unwrap().is_degenerate());
}
