//! One inspection and its record. A story changes fields of it before it is reported.

use super::{Grids, Object, Team};
use crate::people::cert_of;
use crate::town::Town;
use plumbline_contract::time::Local;

/// An inspection.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) object: Object,
    pub(super) team: Team,
    pub(super) started: Local,
    pub(super) minutes: i64,
    pub(super) recorded: Local,
    /// How far north of the object the record was made, in millionths of a degree.
    pub(super) off: i64,
    pub(super) text: String,
    pub(super) items: usize,
    pub(super) failed: bool,
    pub(super) sha: String,
    pub(super) kind: &'static str,
    pub(super) basis: &'static str,
    pub(super) task: &'static str,
    pub(super) plan_no: String,
    pub(super) offline: bool,
}

impl Grids {
    pub(super) fn next(&mut self) -> usize {
        self.nth += 1;
        self.nth
    }

    pub(super) fn visit(&mut self, object: &Object, team: &Team, started: Local) -> Visit {
        let minutes = self.rng.range(22, 35);
        let sha = (0..4).map(|_| self.rng.hex()).collect();
        Visit {
            object: object.clone(),
            team: team.clone(),
            started,
            minutes,
            recorded: started.plus_minutes(minutes + 6),
            off: self.rng.range(0, 200),
            text: "现场检查，未见异常".to_owned(),
            items: 12,
            failed: false,
            sha,
            kind: "inspection",
            basis: "plan",
            task: "full",
            plan_no: format!("JH-{}", started.day()),
            offline: false,
        }
    }

    /// Reports the inspection; returns its number.
    pub(super) fn inspect(&mut self, town: &mut Town, visit: &Visit) -> String {
        let no = format!("JC2025{:07}", self.next());
        let Visit { object, team, started, .. } = visit;
        let ended = started.plus_minutes(visit.minutes);
        let mut checklist = String::from("[");
        for nth in 1..=visit.items {
            let result = if visit.failed && nth == 3 { "fail" } else { "pass" };
            let comma = if nth > 1 { "," } else { "" };
            checklist.push_str(&format!(r#"{comma}{{"item":"I{nth}","result":"{result}"}}"#));
        }
        checklist.push(']');
        let mut taken = String::new();
        crate::line::push_time(&mut taken, started.plus_minutes(2));
        let photos = format!(
            r#"[{{"sha256":"{}","phash":"{}","exif_at":"{taken}","camera_h":"h:cam-{}","kind":"scene"}}]"#,
            visit.sha,
            &visit.sha[..16],
            team.officers[0]
        );
        let mut line = town
            .book
            .line("grid.inspection.done", &team.office, *started)
            .recorded(visit.recorded)
            .actor(&team.officers[0])
            .text("insp_no", &no)
            .text("object", &object.code)
            .texts("officers", &team.officers)
            .time("started", *started)
            .time("ended", ended)
            .micro("lat", object.lat + visit.off)
            .micro("lon", object.lon)
            .int("acc_m", 15)
            .json("checklist", &checklist)
            .text("text", &visit.text)
            .json("photos", &photos)
            .text("sign_hash", &format!("h:qm-{no}"))
            .text("signer_party", "负责人")
            .text("scan_code", &format!("SM-{no}"))
            .text("officer", &team.officers[0])
            .text("kind", visit.kind)
            .text("task", visit.task)
            .text("plan_no", &visit.plan_no)
            .text("basis", visit.basis)
            .text("domain", &team.domain)
            .text("checklist_code", "JC01")
            .text("checklist_ver", "1")
            .texts("cert_nos", team.officers.iter().map(|officer| cert_of(officer)))
            .text("device_h", &format!("h:sj-{}", team.officers[0]));
        if visit.offline {
            line = line.flag("offline", true);
        }
        line.done();
        no
    }

    /// An object of a story: nobody else inspects it.
    pub(super) fn new_object(&mut self, town: &mut Town, team: &Team, at: Local) -> Object {
        let nth = self.next();
        let village = &town.people.villages[nth % town.people.villages.len()];
        let object = Object {
            code: format!("DXT{nth:05}"),
            desk: 0,
            lat: 36_200_000 + self.rng.range(0, 9_000),
            lon: 120_250_000 + self.rng.range(0, 9_000),
            grid: format!("{village}01"),
        };
        self.register(town, &object, team, at);
        self.assign(town, &object, team, at.plus_minutes(5), 1);
        object
    }

    pub(super) fn register(&mut self, town: &mut Town, object: &Object, team: &Team, at: Local) {
        town.book
            .line("grid.object.registered", &team.office, at)
            .text("object", &object.code)
            .text("kind", "shop")
            .text("risk_level", "B")
            .micro("lat", object.lat)
            .micro("lon", object.lon)
            .text("grid_id", &object.grid)
            .text("status", "active")
            .int("radius", 100)
            .text("domain", &team.domain)
            .done();
    }

    /// The object becomes the duty of its grid's worker, who acknowledges it so many working days
    /// later; returns the worker.
    pub(super) fn assign(
        &mut self,
        town: &mut Town,
        object: &Object,
        team: &Team,
        at: Local,
        ack_wd: i32,
    ) -> String {
        let worker = format!("WG-{}", &object.grid[6..]);
        town.book
            .line("grid.duty.assigned", &team.office, at)
            .text("grid_id", &object.grid)
            .text("object", &object.code)
            .text("officer", &worker)
            .text("domain", &team.domain)
            .json("tasks", r#"[{"task_code":"routine","freq_d":500,"checklist_ver":"1"}]"#)
            .day("from", at.day())
            .int("duty_ver", 1)
            .done();
        let seen = crate::clock::at(town.clock.wd(at.day(), ack_wd), 16, 0);
        town.book
            .line("grid.duty.acknowledged", &team.office, seen)
            .text("grid_id", &object.grid)
            .text("officer", &worker)
            .time("at", seen)
            .int("duty_ver", 1)
            .done();
        worker
    }
}
