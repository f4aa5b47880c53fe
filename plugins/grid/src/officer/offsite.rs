//! GRID-R04 未到场: records made somewhere else.

use super::{CARDS_MAX, Diary, Made};
use crate::Params;
use plumbline_guest::{Fire, Level, Look, MS_PER_DAY, Why};

/// How a record proves that somebody was there.
enum Presence {
    Here(&'static str, &'static str),
    Away(&'static str, &'static str),
    Unknown(&'static str),
}

fn presence(made: &Made, params: &Params) -> Presence {
    if made.mock {
        return Presence::Away("模拟定位", "a mock position");
    }
    if !made.located {
        return match (made.no_gps, made.scan) {
            (_, Some(true)) => Presence::Here("已扫码", "the code was scanned"),
            (true, Some(false)) => Presence::Away("既无定位也未扫码", "neither position nor code"),
            _ => Presence::Unknown("lat"),
        };
    }
    let Some(away) = made.away_m else { return Presence::Unknown("object") };
    if away > made.radius_m.unwrap_or(params.radius_m) + made.acc_m {
        Presence::Away("定位远离监管对象", "the position is far from the object")
    } else {
        Presence::Here("定位在监管对象处", "the position is at the object")
    }
}

/// GRID-R04: yellow for each record that was not made on the premises, red from the third in some
/// weeks on.
pub(super) fn absent(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    if !diary.own().any(|(_, made)| made.site) {
        return look.exempt(|| {
            Why::new("没有入企检查", "no inspection on the premises").count("inspections", 0)
        });
    }
    let window = i64::from(params.repeat_d) * MS_PER_DAY;
    let mut cards = Vec::new();
    for (record, made) in diary.own().filter(|(_, made)| made.site) {
        let (zh, en) = match presence(made, params) {
            Presence::Away(zh, en) => (zh, en),
            Presence::Unknown(missing) => {
                look.unknown(missing);
                continue;
            }
            Presence::Here(zh, en) => {
                look.quiet(|| {
                    let why = Why::new(format!("{} {zh}", record.insp_no), en);
                    why.int("away_m", made.away_m.unwrap_or(0)).int("acc_m", made.acc_m)
                });
                continue;
            }
        };
        if cards.len() >= CARDS_MAX {
            return;
        }
        cards.push(record.started.0);
        let recent = cards.iter().rev().take_while(|at| record.started.0 - **at <= window).count();
        let level = if recent >= params.offsite_red { Level::Red } else { Level::Yellow };
        let away = made.away_m.unwrap_or(0);
        let fire = Fire::new(level, record.started)
            .episode(&record.insp_no)
            .subject(&diary.officer)
            .dept(&made.dept)
            .evidence([record.seq])
            .text("insp_no", &record.insp_no)
            .int("away_m", away)
            .text("zh", zh)
            .text("en", en);
        look.fire_because(fire, || {
            let radius = made.radius_m.unwrap_or(params.radius_m);
            Why::new(
                format!("距对象 {away} 米，允许 {radius} 米加精度 {} 米", made.acc_m),
                format!("{away} m away, {radius} m and {} m of accuracy allowed", made.acc_m),
            )
            .int("radius_m", radius)
            .int("acc_m", made.acc_m)
            .count("recent", recent)
        });
    }
}
