//! What an administrator may set per region; units and defaults stand in the manifest.

use plumbline_guest::Parameters;

const PER_MILLE: f64 = 1e3;
const PER_MILLION: f64 = 1e6;
const PER_CENT: f64 = 100.0;

/// The parameters.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// The recorded legal ground for looking at the conduct of staff; empty: nobody does.
    pub discipline_ground: String,
    /// Off post: share of the zone below which it is empty (0 to 1); minutes until notice, yellow, red.
    pub occ_min: f64,
    pub post_min: [i64; 3],
    /// Late or early: minutes that are borne; days of a month from which it is yellow.
    pub late_grace_min: i64,
    pub month_yellow: usize,
    /// No motion: share below which there is none; minutes until notice and yellow; minutes before
    /// in which there must have been some.
    pub motion_eps: f64,
    pub still_min: [i64; 2],
    pub still_before_min: i64,
    /// Idle window: waiting tickets, minutes of the longest wait, idle minutes.
    pub queue_n: usize,
    pub queue_wait_min: i64,
    pub idle_min: i64,
    /// Crowding: persons of a zone, minutes until notice and yellow; minutes of waiting.
    pub crowd_cap: i64,
    pub crowd_min: i64,
    pub crowd_yellow_min: i64,
    pub crowd_wait_min: i64,
    /// Tickets: minutes of waiting, times the median service, tickets that make a median.
    pub ticket_wait_min: i64,
    pub service_factor: i64,
    pub service_n: usize,
    /// Offline: minutes until notice, yellow, red; cameras of a hall together that are red.
    pub offline_min: [i64; 3],
    pub offline_cams: usize,
    /// Covered: limits of the picture (0 to 255), of its sharpness; minutes until yellow and red;
    /// minutes within which a drop is sudden, and after opening until lights are on.
    pub cover_std: f64,
    pub cover_dark: f64,
    pub cover_bright: f64,
    pub sharp_min: f64,
    pub cover_min: i64,
    pub cover_red_min: i64,
    pub sudden_min: u16,
    pub lights_min: u16,
    /// Moved: likeness with the reference (0 to 1), minutes; minutes within which a registered
    /// change excuses.
    pub ref_sim_min: f64,
    pub moved_min: i64,
    pub relearn_min: i64,
    /// Frozen: seconds of one picture, minutes without any motion in open hours, likeness of a loop
    /// (0 to 1) and its minutes.
    pub frozen_s: i64,
    pub dead_min: i64,
    pub loop_corr: f64,
    pub loop_min: i64,
    /// Clock: seconds it may be off.
    pub clock_s: i64,
    /// Recordings: days that are kept, minutes of a day that may lack.
    pub keep_d: i32,
    pub gap_min: i64,
    /// Wrong hours: minutes of activity. Evaluation room: minutes after the start in which people
    /// still come in.
    pub active_min: i64,
    pub entry_grace_min: i64,
    /// Punch: minutes of an empty seat that contradict it.
    pub punch_min: i64,
    /// Coverage of a month, per cent.
    pub coverage_pct: i64,
    /// Classes of places and zones, and fields, that supervision may not have.
    pub private_places: Vec<String>,
    pub identity_fields: Vec<String>,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        let part =
            |name, whole: f64| Ok::<_, String>(f64::from(parameters.int::<i32>(name)?) / whole);
        let int = |name| parameters.int::<i64>(name);
        Ok(Self {
            off: parameters.off(),
            discipline_ground: parameters.text("discipline_ground")?.trim().to_owned(),
            occ_min: part("occ_min_pct", PER_CENT)?,
            post_min: [int("post_notice_min")?, int("post_yellow_min")?, int("post_red_min")?],
            late_grace_min: int("late_grace_min")?,
            month_yellow: parameters.int("month_yellow")?,
            motion_eps: part("motion_eps_ppm", PER_MILLION)?,
            still_min: [int("still_notice_min")?, int("still_yellow_min")?],
            still_before_min: int("still_before_min")?,
            queue_n: parameters.int("queue_n")?,
            queue_wait_min: int("queue_wait_min")?,
            idle_min: int("idle_min")?,
            crowd_cap: int("crowd_cap")?,
            crowd_min: int("crowd_min")?,
            crowd_yellow_min: int("crowd_yellow_min")?,
            crowd_wait_min: int("crowd_wait_min")?,
            ticket_wait_min: int("ticket_wait_min")?,
            service_factor: int("service_factor")?,
            service_n: parameters.int("service_n")?,
            offline_min: [
                int("offline_notice_min")?,
                int("offline_yellow_min")?,
                int("offline_red_min")?,
            ],
            offline_cams: parameters.int("offline_cams")?,
            cover_std: part("cover_std", 1.0)?,
            cover_dark: part("cover_dark", 1.0)?,
            cover_bright: part("cover_bright", 1.0)?,
            sharp_min: part("sharp_min", 1.0)?,
            cover_min: int("cover_min")?,
            cover_red_min: int("cover_red_min")?,
            sudden_min: parameters.int("sudden_min")?,
            lights_min: parameters.int("lights_min")?,
            ref_sim_min: part("ref_sim_pct", PER_CENT)?,
            moved_min: int("moved_min")?,
            relearn_min: int("relearn_min")?,
            frozen_s: int("frozen_s")?,
            dead_min: int("dead_min")?,
            loop_corr: part("loop_permille", PER_MILLE)?,
            loop_min: int("loop_min")?,
            clock_s: int("clock_s")?,
            keep_d: parameters.int("keep_d")?,
            gap_min: int("gap_min")?,
            active_min: int("active_min")?,
            entry_grace_min: int("entry_grace_min")?,
            punch_min: int("punch_min")?,
            coverage_pct: int("coverage_pct")?,
            private_places: parameters.texts("private_places")?,
            identity_fields: parameters.texts("identity_fields")?,
        })
    }

    /// Whether an administrator has recorded on which ground the conduct of staff is looked at.
    pub(crate) fn is_discipline(&self) -> bool {
        !self.discipline_ground.is_empty()
    }
}
