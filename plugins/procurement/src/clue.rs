//! What a rule has found, before it becomes an alert: several grounds of one episode make one card.

use plumbline_guest::{Day, Fire, Level, Local, Look, Why};

/// Most cards of one rule on one key: a key with more is one matter for one human.
const CARDS_MAX: usize = 60;

/// One ground.
#[derive(Clone, Debug)]
pub(crate) struct Clue {
    pub(crate) level: Level,
    pub(crate) at: Local,
    pub(crate) due: Option<Day>,
    pub(crate) episode: String,
    pub(crate) subject: Option<String>,
    pub(crate) evidence: Vec<u64>,
    pub(crate) zh: String,
    pub(crate) en: String,
    /// Figures that were compared, under names that stay.
    pub(crate) figures: Vec<(&'static str, i64)>,
}

impl Clue {
    pub(crate) fn new(level: Level, at: Local, (zh, en): (String, String)) -> Self {
        Self {
            level,
            at,
            due: None,
            episode: String::new(),
            subject: None,
            evidence: Vec::new(),
            zh,
            en,
            figures: Vec::new(),
        }
    }

    /// Passing the last lawful day.
    pub(crate) fn overdue(level: Level, due: Day, words: (String, String)) -> Self {
        Self { due: Some(due), ..Self::new(level, due.plus(1).start(), words) }
    }

    pub(crate) fn episode(mut self, episode: impl Into<String>) -> Self {
        self.episode = episode.into();
        self
    }

    pub(crate) fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    pub(crate) fn evidence(mut self, seqs: impl IntoIterator<Item = u64>) -> Self {
        self.evidence.extend(seqs);
        self
    }

    pub(crate) fn figure(mut self, name: &'static str, value: i64) -> Self {
        if self.figures.iter().all(|(known, _)| *known != name) {
            self.figures.push((name, value));
        }
        self
    }

    /// Another ground of the same card: the higher level, the earlier time.
    fn join(&mut self, more: Self) {
        self.level = self.level.max(more.level);
        if more.at < self.at {
            (self.at, self.due) = (more.at, more.due);
        }
        self.evidence.extend(more.evidence);
        self.zh = format!("{}；{}", self.zh, more.zh);
        self.en = format!("{}; {}", self.en, more.en);
        for (name, value) in more.figures {
            if self.figures.iter().all(|(known, _)| *known != name) {
                self.figures.push((name, value));
            }
        }
    }

    fn fire(self, look: &mut Look<'_>) {
        let Self { level, at, due, episode, subject, mut evidence, zh, en, figures } = self;
        evidence.sort_unstable();
        evidence.dedup();
        let mut fire = Fire::new(level, at)
            .episode(episode)
            .evidence(evidence)
            .text("zh", &zh)
            .text("en", &en);
        if let Some(due) = due {
            fire = fire.due(due);
        }
        if let Some(subject) = subject {
            fire = fire.subject(subject);
        }
        for (name, value) in figures {
            fire = fire.int(name, value);
        }
        look.fire_because(fire, || (zh, en));
    }
}

/// What a rule says at the end of its look.
#[derive(Debug, Default)]
pub(crate) struct Clues {
    cards: Vec<Clue>,
    missing: bool,
    excused: bool,
}

impl Clues {
    pub(crate) fn put(&mut self, clue: Clue) {
        let known = self.cards.iter().position(|card| card.episode == clue.episode);
        match known {
            Some(known) => self.cards[known].join(clue),
            None if self.cards.len() < CARDS_MAX => self.cards.push(clue),
            None => {}
        }
    }

    pub(crate) fn missing(&mut self, field: &str, look: &mut Look<'_>) {
        self.missing = true;
        look.unknown(field);
    }

    pub(crate) fn provisional(&mut self, look: &mut Look<'_>) {
        self.missing = true;
        look.provisional();
    }

    pub(crate) fn exempt<W: Into<Why>>(&mut self, look: &mut Look<'_>, why: impl FnOnce() -> W) {
        self.excused = true;
        look.exempt(why);
    }

    /// Fires what was found; if nothing was said at all, why the rule is quiet.
    pub(crate) fn tell(self, look: &mut Look<'_>, quiet: impl FnOnce() -> Why) {
        if self.cards.is_empty() && !self.missing && !self.excused {
            look.quiet(quiet);
        }
        for card in self.cards {
            card.fire(look);
        }
    }
}
