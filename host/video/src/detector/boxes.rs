//! What the model says, as boxes around persons; the best of those that lie on one another; and in
//! which zones they stand.

use super::letterbox::Fit;
use crate::grid::{HEIGHT, WIDTH};
use crate::zone::{Place, Zones};

/// Pixels between the places of each of the model's three nets.
const STRIDES: [usize; 3] = [8, 16, 32];
/// Classes that the model tells apart: those of COCO.
const CLASSES: usize = 80;
/// Which of them is "person".
const PERSON: usize = 0;
/// Numbers of one place: middle, size, whether there is anything, and the classes.
pub(super) const NUMBERS: usize = 5 + CLASSES;
/// From which score on, 0 to 1, a box is taken for a person. Below it chairs with coats come in.
const SCORE_MIN: f32 = 0.35;
/// Two boxes that share more than this part of what they cover together are one person: people in a
/// queue hide one another by half at most.
const OVERLAP_MAX: f32 = 0.45;
/// Boxes that are looked at, the best ones: a hall does not hold more.
const BOXES_MAX: usize = 300;
/// Zones where people are seen down to a desk: there the middle of a box tells the place. Elsewhere
/// it is where they stand.
const BEHIND_DESKS: [&str; 2] = ["seat", "counter"];

/// A box around somebody, in parts of the picture from the left and the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
    /// 0 to 1.
    pub(super) score: f32,
}

/// Places of all three nets on a square.
pub(super) fn places(side: usize) -> usize {
    STRIDES.iter().map(|stride| (side / stride).pow(2)).sum()
}

/// The persons of an answer: [`places`] rows of [`NUMBERS`].
#[expect(clippy::cast_precision_loss, reason = "a side has a few hundred pixels")]
pub(super) fn persons(answer: &[f32], side: usize, fit: &Fit) -> Vec<Found> {
    let across = |stride: usize| side / stride;
    let nets = STRIDES.iter().flat_map(|stride| {
        (0..across(*stride).pow(2))
            .map(move |at| (*stride, at % across(*stride), at / across(*stride)))
    });
    let (width, height) = (fit.width as f32, fit.height as f32);
    let found = answer.chunks_exact(NUMBERS).zip(nets).filter_map(|(row, (stride, x, y))| {
        let score = row[4] * row[5 + PERSON];
        // What is no number is no person either.
        if !(SCORE_MIN..=1.0).contains(&score) || !row[..4].iter().all(|one| one.is_finite()) {
            return None;
        }
        let stride = stride as f32;
        let middle = [(row[0] + x as f32) * stride, (row[1] + y as f32) * stride];
        let half = [row[2].exp() * stride / 2.0, row[3].exp() * stride / 2.0];
        let part = |pixels: f32, of: f32| (pixels / of).clamp(0.0, 1.0);
        Some(Found {
            left: part(middle[0] - half[0], width),
            top: part(middle[1] - half[1], height),
            right: part(middle[0] + half[0], width),
            bottom: part(middle[1] + half[1], height),
            score,
        })
    });
    best(found.filter(|found| found.area() > 0.0).collect())
}

/// One box for each person: the best of those that overlap.
fn best(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(BOXES_MAX);
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        if kept.iter().all(|better| better.overlap(&one) <= OVERLAP_MAX) {
            kept.push(one);
        }
    }
    kept
}

/// How many stand or sit in each zone that is measured.
pub(super) fn count(found: &[Found], zones: &Zones) -> Vec<u32> {
    let within = |(place, cells): &(Place, Vec<u32>)| {
        let inside = found.iter().filter(|one| cells.binary_search(&one.cell(place)).is_ok());
        u32::try_from(inside.count()).unwrap_or(u32::MAX)
    };
    zones.measured.iter().map(within).collect()
}

impl Found {
    fn area(&self) -> f32 {
        (self.right - self.left) * (self.bottom - self.top)
    }

    /// What both cover, as a part of what one of them covers, 0 to 1.
    fn overlap(&self, other: &Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        let both = width.max(0.0) * height.max(0.0);
        both / (self.area() + other.area() - both)
    }

    /// The cell of the grid that tells in which zone of this kind somebody is.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "parts of 160 by 90 cells, from 0 to 1"
    )]
    fn cell(&self, place: &Place) -> u32 {
        let x = f32::midpoint(self.left, self.right);
        let y = match BEHIND_DESKS.contains(&place.kind.as_str()) {
            true => f32::midpoint(self.top, self.bottom),
            false => self.bottom,
        };
        let column = ((x * WIDTH as f32) as usize).min(WIDTH - 1);
        let row = ((y * HEIGHT as f32) as usize).min(HEIGHT - 1);
        (row * WIDTH + column) as u32
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::zone::Zone;

    const SIDE: usize = 416;
    /// A picture of 16 to 9.
    const FIT: Fit = Fit { width: 416, height: 234 };

    /// An answer with these rows: place, middle and size in pixels of the square, score.
    fn answer(rows: &[(usize, [f32; 2], [f32; 2], f32)]) -> Vec<f32> {
        let mut answer = vec![0.0; places(SIDE) * NUMBERS];
        for &(stride, [x, y], [width, height], score) in rows {
            let across = SIDE / stride;
            let before: usize =
                STRIDES.iter().filter(|one| **one < stride).map(|one| (SIDE / one).pow(2)).sum();
            let stride = stride as f32;
            let (column, row) = ((x / stride).floor(), (y / stride).floor());
            let at = (before + row as usize * across + column as usize) * NUMBERS;
            answer[at..at + 6].copy_from_slice(&[
                x / stride - column,
                y / stride - row,
                (width / stride).ln(),
                (height / stride).ln(),
                score,
                1.0,
            ]);
        }
        answer
    }

    fn zone(name: &str, kind: &str, top: f64, bottom: f64) -> Zone {
        let place = Place { zone: name.to_owned(), kind: kind.to_owned(), seat: None };
        let polygon = vec![[0.0, top], [0.5, top], [0.5, bottom], [0.0, bottom]];
        Zone { place, polygon }
    }

    #[test]
    fn each_net_gives_boxes_where_they_are() {
        assert_eq!(places(SIDE), 3549);
        for stride in STRIDES {
            let found =
                persons(&answer(&[(stride, [104.0, 117.0], [40.0, 80.0], 0.9)]), SIDE, &FIT);
            let [one] = found[..] else { panic!("{found:?}") };
            let near = |found: f32, pixels: f32, of: f32| (found * of - pixels).abs() < 0.1;
            assert!(near(one.left, 84.0, 416.0) && near(one.right, 124.0, 416.0), "{one:?}");
            assert!(near(one.top, 77.0, 234.0) && near(one.bottom, 157.0, 234.0), "{one:?}");
        }
    }

    #[test]
    fn what_is_weak_of_another_class_or_no_number_is_nobody() {
        let at = ([104.0, 117.0], [40.0, 80.0]);
        assert!(persons(&answer(&[(8, at.0, at.1, SCORE_MIN - 0.01)]), SIDE, &FIT).is_empty());
        let mut chair = answer(&[(8, at.0, at.1, 0.9)]);
        let place = chair.iter().position(|number| *number == 1.0).unwrap();
        chair.swap(place, place + 56);
        assert!(persons(&chair, SIDE, &FIT).is_empty());
        for wrong in [f32::NAN, f32::INFINITY] {
            let mut answer = answer(&[(8, at.0, at.1, 0.9)]);
            for number in 0..5 {
                answer[place - 5 + number] = wrong;
                let found = persons(&answer, SIDE, &FIT);
                assert!(found.is_empty(), "{number}: {found:?}");
            }
        }
        // Beyond the picture, in the grey below it.
        assert!(persons(&answer(&[(8, [104.0, 400.0], [40.0, 40.0], 0.9)]), SIDE, &FIT).is_empty());
    }

    #[test]
    fn of_boxes_on_one_another_the_best_stays() {
        let size = [40.0, 80.0];
        let found = persons(
            &answer(&[
                (8, [100.0, 117.0], size, 0.6),
                (8, [108.0, 117.0], size, 0.8),
                (16, [104.0, 121.0], size, 0.7),
                // Half hidden, and another person.
                (8, [132.0, 117.0], size, 0.5),
            ]),
            SIDE,
            &FIT,
        );
        let scores: Vec<_> = found.iter().map(|one| one.score).collect();
        assert_eq!(scores, [0.8, 0.5]);
    }

    #[test]
    fn people_count_where_they_stand_and_behind_desks_where_their_middle_is() {
        let upper = |name: &str, kind: &str| zone(name, kind, 0.0, 0.55);
        let lower = |name: &str, kind: &str| zone(name, kind, 0.55, 1.0);
        let zones = [
            upper("s1", "seat"),
            lower("s2", "counter"),
            upper("q1", "queue"),
            lower("q2", "entrance"),
        ];
        let body = Found { left: 0.2, top: 0.2, right: 0.3, bottom: 0.8, score: 1.0 };
        let elsewhere = Found { left: 0.6, right: 0.9, ..body };
        let low = Found { top: 0.7, bottom: 1.0, ..body };
        let zones = Zones::new(&zones).unwrap();
        assert_eq!(count(&[body, elsewhere], &zones), [1, 0, 0, 1]);
        assert_eq!(count(&[body, elsewhere, low], &zones), [1, 1, 0, 2]);
        assert_eq!(count(&[], &zones), [0; 4]);
    }

    #[test]
    fn nobody_is_counted_under_a_mask() {
        let zones = [zone("q", "queue", 0.0, 1.0), zone("m", "mask", 0.5, 1.0)];
        let body = Found { left: 0.2, top: 0.2, right: 0.3, bottom: 0.8, score: 1.0 };
        assert_eq!(count(&[body], &Zones::new(&zones).unwrap()), [0]);
    }
}
