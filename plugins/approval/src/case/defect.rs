//! What a rule finds wrong with a case, gathered into one alert.

use plumbline_guest::{Day, Fire, Level, Local, Look, Why};

/// Several defects of one kind: the alert has the highest level and the earliest time of them.
#[derive(Debug, Default)]
pub(crate) struct Defects {
    worst: Option<(Level, Local)>,
    /// The last lawful day, if that is what was missed.
    pub(crate) due: Option<Day>,
    zh: Vec<String>,
    en: Vec<String>,
    evidence: Vec<u64>,
}

impl Defects {
    /// Adds a defect: its level, when it came about, the event that proves it, and its names.
    pub(crate) fn add(
        &mut self,
        (level, at, seq): (Level, Local, u64),
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        let worst = self.worst.get_or_insert((level, at));
        *worst = (worst.0.max(level), worst.1.min(at));
        let zh = zh.into();
        if !self.zh.contains(&zh) {
            self.zh.push(zh);
            self.en.push(en.into());
        }
        if !self.evidence.contains(&seq) {
            self.evidence.push(seq);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.worst.is_none()
    }

    /// Raises the level of what was found, if anything was.
    pub(crate) fn escalate(&mut self, to: Level) {
        if let Some((level, _)) = &mut self.worst {
            *level = (*level).max(to);
        }
    }

    /// Fires if there is a defect; `finish` says whom it goes to and adds what the text of the rule
    /// names besides, `looked` says for an explanation what was looked at.
    pub(crate) fn fire(
        self,
        look: &mut Look<'_>,
        finish: impl FnOnce(Fire) -> Fire,
        looked: impl FnOnce(&Look<'_>) -> Why,
    ) {
        let looked = if look.is_tracing() { looked(look) } else { Why::default() };
        let Some((level, at)) = self.worst else { return look.quiet(|| looked) };
        let (zh, en) = (|| self.zh.join("；"), || self.en.join("; "));
        let fill = |fire: Fire| {
            let fire = fire.evidence(self.evidence);
            finish(fire.text("reasons_zh", &zh()).text("reasons_en", &en()))
        };
        let mut fire = Fire::new(level, at);
        if let Some(due) = self.due {
            fire = fire.due(due);
        }
        look.fire_filled(fire, fill, || Why::new(zh(), en()).and(looked));
    }
}
