//! Time zones by name, from the IANA database that is compiled in: the machine's own copy may be
//! missing or old.

use crate::error::IngestError;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZoneDatabase};
use plumbline_contract::time::{Millis, Zone};

/// Transitions are taken from 1900 to 2100, in seconds since 1970: no record is older, and beyond
/// it no law is known.
const FROM_SECOND: i64 = -2_208_988_800;
const TO_SECOND: i64 = 4_102_444_800;

/// The rules of a zone such as `Asia/Shanghai`. Offsets are rounded to minutes, which only matters
/// for local mean time before about 1940.
pub fn load(name: &str) -> Result<Zone, IngestError> {
    let unknown = || IngestError::UnknownZone(name.to_owned());
    let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| unknown())?;
    let from = Timestamp::from_second(FROM_SECOND).map_err(|_| unknown())?;
    let mut transitions = vec![(Millis(i64::MIN), minutes(zone.to_offset(from)))];
    for transition in zone.following(from) {
        let at = transition.timestamp();
        if at.as_second() >= TO_SECOND {
            break;
        }
        transitions.push((Millis(at.as_millisecond()), minutes(transition.offset())));
    }
    Ok(Zone::new(name, transitions))
}

fn minutes(offset: Offset) -> i32 {
    let seconds = offset.seconds();
    (seconds + 30 * seconds.signum()) / 60
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use plumbline_contract::time::parse_stamp;

    #[test]
    fn zones_have_their_offsets() {
        let rows = [
            ("Asia/Shanghai", "2026-02-10T09:30:00", "2026-02-10T09:30:00+08:00"),
            ("Asia/Shanghai", "1988-07-01T12:00:00", "1988-07-01T12:00:00+09:00"),
            ("Europe/Amsterdam", "2011-10-11T13:42:22", "2011-10-11T13:42:22+02:00"),
            ("Europe/Amsterdam", "2011-12-06T13:41:31", "2011-12-06T13:41:31+01:00"),
            ("Europe/Amsterdam", "2099-07-01T00:00:00", "2099-07-01T00:00:00+02:00"),
            ("Europe/Rome", "2006-07-24T00:00:00", "2006-07-24T00:00:00+02:00"),
            ("UTC", "1950-01-01T00:00:00", "1950-01-01T00:00:00+00:00"),
        ];
        for (name, local, want) in rows {
            let zone = load(name).unwrap();
            let instant = zone.instant_of(parse_stamp(local).unwrap());
            assert_eq!(zone.rfc3339(instant), want, "{name} {local}");
        }
    }

    #[test]
    fn a_wrong_name_is_named() {
        let error = load("Asia/Shanghi").unwrap_err();
        assert_eq!(error.to_string(), "no time zone is named `Asia/Shanghi`");
    }
}
