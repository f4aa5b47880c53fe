//! One officer in one year: PEN-P03 分身取证, two places at once or faster than anybody travels.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Entry, Event, Facts, Fire, Level, Local, Look, MS_PER_DAY, MS_PER_MINUTE, Rule, Stream, Why,
    apply,
};

/// Most records of one officer and year: five on every working day.
const VISITS_MAX: usize = 1_200;
/// Records after one that are compared with it: more cannot overlap with it one by one.
const NEIGHBOURS_MAX: usize = 8;
/// Kinds of evidence that show no officer at a place.
const AWAY: [&str; 3] = ["e_device", "doc", "appraisal"];
/// Metres of one degree of latitude.
const DEGREE_M: f64 = 111_195.0;
/// How far apart two records of one place may lie by the accuracy of positioning, metres.
const PLACE_M: i64 = 500;

/// An officer at a place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Visit {
    number: String,
    start: Local,
    end: Local,
    /// Latitude and longitude in millionths of a degree.
    place: (i32, i32),
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Presences;

impl Stream for Presences {
    const NAME: &'static str = "presence";
    type State = Facts<Visit>;
    type Params = Params;

    fn take(visits: &mut Facts<Visit>, event: &Event<'_>, _: &Params) {
        if let Some(visit) = visit(event)
            && visits.len() < VISITS_MAX
        {
            visits.put(event, visit);
        }
    }

    fn check(visits: &Facts<Visit>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Visit>, Params>] = &[("PEN-P03", twice)];
        apply(rules, &params.off, visits, params, look);
    }
}

/// Without place or times it proves nothing; by video the officers were not there.
fn visit(event: &Event<'_>) -> Option<Visit> {
    let is_away = event.text("kind").is_some_and(|kind| AWAY.contains(&&*kind));
    if is_away || event.flag("remote") == Some(true) {
        return None;
    }
    let (start, end) = (event.stamp("start")?, event.stamp("end")?);
    let geo = event.text("place_geo")?;
    let (latitude, longitude) = geo.split_once(',')?;
    let place = (millionths(latitude)?, millionths(longitude)?);
    Some(Visit { number: event.text("ev_no")?, start, end: end.max(start), place })
}

fn millionths(degrees: &str) -> Option<i32> {
    let degrees: f64 = degrees.trim().parse().ok()?;
    (-180.0..=180.0).contains(&degrees).then_some((degrees * 1e6) as i32)
}

/// Metres between two places, on a plane: exact enough for a county and its neighbours.
fn metres(a: (i32, i32), b: (i32, i32)) -> i64 {
    let degrees = |a: i32, b: i32| (f64::from(a) - f64::from(b)) / 1e6;
    let middle = (f64::from(a.0) + f64::from(b.0)) / 2e6;
    // A short series, so that the result does not depend on the machine's library.
    let x = middle.to_radians().powi(2);
    let cosine = 1.0 - x / 2.0 + x * x / 24.0 - x * x * x / 720.0 + x * x * x * x / 40_320.0;
    let (north, east) = (degrees(a.0, b.0), degrees(a.1, b.1) * cosine);
    (DEGREE_M * (north * north + east * east).sqrt()) as i64
}

/// Two records that do not go together.
struct Clash<'a> {
    first: &'a Entry<Visit>,
    second: &'a Entry<Visit>,
    metres: i64,
    /// Minutes between them; negative if they overlap.
    gap: i64,
}

/// PEN-P03: yellow; red for the `presence_red`th and later ones within the window.
fn twice(visits: &Facts<Visit>, params: &Params, look: &mut Look<'_>) {
    let clashes = clashes(visits, params);
    if clashes.is_empty() {
        let count = visits.len();
        return look.quiet(|| {
            Why::new(
                format!("本年现场取证 {count} 次，时间地点不冲突"),
                format!("{count} records on site this year, none clash"),
            )
            .count("visits", count)
        });
    }
    let limits = &params.limits;
    let window = i64::from(limits.presence_cal) * MS_PER_DAY;
    for (nth, clash) in clashes.iter().enumerate() {
        let at = clash.second.fact.start;
        let since = clashes[..nth].iter().filter(|one| at.0 - one.second.fact.start.0 < window);
        let count = since.count() as i64 + 1;
        let level = if count >= limits.presence_red { Level::Red } else { Level::Yellow };
        let (a, b) = (&clash.first.fact.number, &clash.second.fact.number);
        let (metres, gap) = (clash.metres, clash.gap);
        let fire = Fire::new(level, at)
            .episode(format!("{a}+{b}"))
            .dept(&*clash.second.dept)
            .evidence([clash.first.seq, clash.second.seq])
            .text("first", a)
            .text("second", b)
            .int("metres", metres)
            .int("gap_min", gap)
            .int("nth", count);
        look.fire_because(fire, || {
            Why::new(
                format!("相距 {metres} 米，间隔 {gap} 分钟，窗口内第 {count} 次"),
                format!("{metres} m apart, {gap} minutes between, number {count} of the window"),
            )
            .int("vmax_kmh", limits.vmax_kmh)
            .int("tolerance_min", limits.min_gap_min)
        });
    }
}

fn clashes<'a>(visits: &'a Facts<Visit>, params: &Params) -> Vec<Clash<'a>> {
    let mut sorted: Vec<_> = visits.iter().collect();
    sorted.sort_by_key(|entry| (entry.fact.start, &entry.fact.number));
    let mut clashes = Vec::new();
    for (index, first) in sorted.iter().enumerate() {
        for second in sorted[index + 1..].iter().take(NEIGHBOURS_MAX) {
            let metres = metres(first.fact.place, second.fact.place);
            let gap = (second.fact.start.0 - first.fact.end.0).div_euclid(MS_PER_MINUTE);
            // Minutes that the way takes at the highest speed.
            let needed = metres * 60 / (params.limits.vmax_kmh * 1000);
            let impossible =
                needed > gap + params.limits.min_gap_min || gap + params.limits.min_gap_min < 0;
            if metres > PLACE_M && impossible {
                clashes.push(Clash { first, second, metres, gap });
            }
        }
    }
    clashes.sort_by_key(|clash| clash.second.fact.start);
    clashes
}
