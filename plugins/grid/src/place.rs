//! Where something happened, and how far apart two places are.
//!
//! Distances decide cards, so they must be the same bits natively and in WebAssembly: `sin` and
//! `cos` of a platform's library are not, while `+ - * /` and `sqrt` are by IEEE 754. Therefore the
//! equirectangular formula with a polynomial for the cosine. Against the great circle on the same
//! sphere it is off by less than 0.1 % up to 100 km between 18 and 54 degrees of latitude, and by
//! 0.5 % up to 300 km; the sphere itself is off the ellipsoid by up to 0.6 %. A county is smaller,
//! and GPS in a street is worse.

use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};

/// Mean radius of the earth, metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;
/// Millionths of a degree in a radian.
const MICRO_PER_RADIAN: f64 = 180.0e6 / core::f64::consts::PI;
const MICRO: f64 = 1e6;

/// A position in millionths of a degree (a tenth of a metre), WGS-84.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Place {
    pub(crate) lat: i32,
    pub(crate) lon: i32,
}

impl Place {
    /// The place at a latitude and longitude in degrees; none outside the globe. A source that
    /// sends 0/0 for "no fix" has sent none.
    pub(crate) fn new(lat: f64, lon: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        let is_fix = on_globe && (lat != 0.0 || lon != 0.0);
        // Truncating casts are exact on both platforms; half a unit makes them round.
        let micro =
            |degrees: f64| (degrees * MICRO + if degrees < 0.0 { -0.5 } else { 0.5 }) as i32;
        is_fix.then(|| Self { lat: micro(lat), lon: micro(lon) })
    }

    /// Distance in metres.
    pub(crate) fn metres_to(self, other: Self) -> f64 {
        let (x, y) = other.offset_from(self);
        (x * x + y * y).sqrt()
    }

    /// East and north of `origin` in metres.
    fn offset_from(self, origin: Self) -> (f64, f64) {
        let middle = (f64::from(self.lat) + f64::from(origin.lat)) / 2.0 / MICRO_PER_RADIAN;
        let mut east = f64::from(self.lon) - f64::from(origin.lon);
        // The shorter way around.
        if east > 180.0 * MICRO {
            east -= 360.0 * MICRO;
        } else if east < -180.0 * MICRO {
            east += 360.0 * MICRO;
        }
        let north = f64::from(self.lat) - f64::from(origin.lat);
        (east / MICRO_PER_RADIAN * cosine(middle) * EARTH_M, north / MICRO_PER_RADIAN * EARTH_M)
    }
}

/// The cosine of an angle between -pi/2 and pi/2: its power series to the 14th power, whose rest is
/// below 1e-10 there.
fn cosine(angle: f64) -> f64 {
    let square = angle * angle;
    let factors = [182.0, 132.0, 90.0, 56.0, 30.0, 12.0, 2.0];
    factors.iter().fold(1.0, |sum, factor| 1.0 - square / factor * sum)
}

/// The ground of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Site {
    pub(crate) centre: Option<Place>,
    /// Metres around the centre; none if the object names none.
    pub(crate) radius_m: Option<i64>,
    /// Corners of a large site, in place of a radius.
    pub(crate) corners: Vec<Place>,
}

impl Site {
    /// Metres from the site to a place: from its border where it has one (0 inside), else from its
    /// centre. None if the site is nowhere.
    pub(crate) fn metres_to(&self, place: Place) -> Option<f64> {
        if self.corners.len() >= 3 {
            return Some(if self.contains(place) { 0.0 } else { self.border_m(place) });
        }
        self.centre.map(|centre| centre.metres_to(place))
    }

    fn edges(&self) -> impl Iterator<Item = (Place, Place)> + '_ {
        let next = self.corners.iter().cycle().skip(1);
        self.corners.iter().copied().zip(next.copied())
    }

    /// Counts the edges that a ray to the east crosses.
    fn contains(&self, place: Place) -> bool {
        let (lat, lon) = (i64::from(place.lat), i64::from(place.lon));
        let crossings = self.edges().filter(|(a, b)| {
            let (a_lat, a_lon) = (i64::from(a.lat), i64::from(a.lon));
            let (b_lat, b_lon) = (i64::from(b.lat), i64::from(b.lon));
            if (a_lat > lat) == (b_lat > lat) {
                return false;
            }
            // In whole numbers: lon < a_lon + (lat - a_lat) * (b_lon - a_lon) / (b_lat - a_lat)
            let left = (lon - a_lon) * (b_lat - a_lat);
            let right = (lat - a_lat) * (b_lon - a_lon);
            if b_lat > a_lat { left < right } else { left > right }
        });
        crossings.count() % 2 == 1
    }

    fn border_m(&self, place: Place) -> f64 {
        let to_edge = |(a, b): (Place, Place)| {
            let ((ax, ay), (bx, by)) = (a.offset_from(place), b.offset_from(place));
            let (dx, dy) = (bx - ax, by - ay);
            let length = dx * dx + dy * dy;
            let along = if length > 0.0 { -(ax * dx + ay * dy) / length } else { 0.0 };
            let along = along.clamp(0.0, 1.0);
            let (x, y) = (ax + along * dx, ay + along * dy);
            (x * x + y * y).sqrt()
        };
        self.edges().map(to_edge).fold(f64::INFINITY, f64::min)
    }
}

/// Corners of a polygon as the reference table writes it: a list of [longitude, latitude].
pub(crate) fn corners(value: Value<'_>) -> Vec<Place> {
    let corner = |pair: Value<'_>| {
        let mut numbers = pair.items().filter_map(Value::float);
        let (lon, lat) = (numbers.next()?, numbers.next()?);
        Place::new(lat, lon)
    };
    value.items().filter_map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::{Place, Site, cosine};

    fn place(lat: f64, lon: f64) -> Place {
        Place::new(lat, lon).expect("on the globe")
    }

    /// The great circle by the haversine formula of the platform's library.
    fn great_circle(a: (f64, f64), b: (f64, f64)) -> f64 {
        let (dlat, dlon) = ((b.0 - a.0).to_radians() / 2.0, (b.1 - a.1).to_radians() / 2.0);
        let cosines = a.0.to_radians().cos() * b.0.to_radians().cos();
        let h = dlat.sin().powi(2) + cosines * dlon.sin().powi(2);
        2.0 * super::EARTH_M * h.sqrt().asin()
    }

    #[test]
    fn cosine_is_close_to_the_real_one() {
        for degree in -90..=90 {
            let angle = f64::from(degree).to_radians();
            assert!((cosine(angle) - angle.cos()).abs() < 1e-10, "{degree}");
        }
    }

    #[test]
    fn distances_are_close_to_the_great_circle() {
        let rows =
            [(0.01, 0.9e3, 0.001), (0.3, 30e3, 0.001), (0.9, 100e3, 0.001), (2.5, 300e3, 0.005)];
        for lat in [18.0, 25.0, 30.0, 36.0, 45.0, 54.0] {
            for (step, _, allowed) in rows {
                for (north, east) in [(step, 0.0), (0.0, step), (step, step), (-step, step)] {
                    let (a, b) = ((lat, 118.0), (lat + north, 118.0 + east));
                    let real = great_circle(a, b);
                    let ours = place(a.0, a.1).metres_to(place(b.0, b.1));
                    let off = (ours - real).abs() / real;
                    assert!(off < allowed, "{a:?} to {b:?}: {ours} for {real}, off by {off}");
                }
            }
        }
    }

    #[test]
    fn the_date_line_is_no_wall() {
        assert!(place(10.0, 179.999).metres_to(place(10.0, -179.999)) < 300.0);
    }

    #[test]
    fn no_fix_is_no_place() {
        for (lat, lon) in [(0.0, 0.0), (91.0, 10.0), (10.0, 181.0), (f64::NAN, 1.0)] {
            assert_eq!(Place::new(lat, lon), None, "{lat} {lon}");
        }
    }

    #[test]
    fn a_polygon_is_measured_from_its_border() {
        let corners = [(36.0, 118.0), (36.0, 118.1), (36.1, 118.1), (36.1, 118.0)];
        let corners = corners.map(|(lat, lon)| place(lat, lon)).to_vec();
        let site = Site { corners, ..Site::default() };
        assert_eq!(site.metres_to(place(36.05, 118.05)), Some(0.0));
        let outside = site.metres_to(place(36.05, 118.11)).expect("it is somewhere");
        assert!((outside - 899.0).abs() < 5.0, "{outside}");
        assert_eq!(Site::default().metres_to(place(36.0, 118.0)), None);
    }
}
