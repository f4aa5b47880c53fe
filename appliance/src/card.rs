//! The life of a card after it was raised: answered, appealed against, decided, closed. Each step is
//! an act of a person and a leaf of the ledger; which steps may follow on which is decided here.
//!
//! Whether the facts still bear the card out is not: that is `AlertState`, and the plugins' business.
//! Nor is anybody identified: who acts is named by whoever runs the command, and is on record.

use crate::alert::{Alert, AlertState};
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{act, platform};
use plumbline_contract::table::Tables;
use plumbline_contract::time::{Day, Millis};
use plumbline_ledger::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest reason, in characters: two pages. Longer papers belong into a file of their own.
pub const REASON_CHARS_MAX: usize = 2_000;
/// Longest name of a person or department, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Rules of the host itself: their alerts close when the condition is over, and by nobody's word.
const HOST_RULES: &str = "HOST-";

/// What a leaf of kind `card` does to its card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardWord {
    /// 说明: the unit has answered.
    Explained,
    /// 申诉: the unit asks for a decision.
    Appealed,
    /// 维持: the supervisor upholds the card; its points are final.
    Upheld,
    /// 撤销: the supervisor takes the card back; its points are restored.
    Withdrawn,
    /// 整改: what the card is about has been put right.
    Rectified,
    /// 办结: nothing is left to do.
    Closed,
}

/// One act on a card. The order of the fields is that of the bytes in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardAct {
    /// Always `card`.
    leaf: String,
    pub act: CardWord,
    /// Identity of the alert, and what it is about.
    pub alert: String,
    pub rule: String,
    pub region: String,
    pub dept: String,
    /// RFC 3339, in log time.
    pub done_at: String,
    /// Who acted, and for which department.
    pub by: String,
    pub by_dept: String,
    /// Who signed with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    pub reason: String,
    /// SHA-256 of the reason, in hexadecimal.
    pub reason_sha256: String,
    /// The same of its letters and digits alone: equal for one reason in other clothes.
    pub reason_hash: String,
}

/// How far the handling of a card has come.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Nobody has answered yet.
    #[default]
    Open,
    Answered,
    /// An appeal waits for its decision.
    Appealed,
    /// The supervisor has said what becomes of it.
    Decided,
    Closed,
}

/// What became of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// 维持 / The card stands
    Upheld,
    /// 撤销 / The card was wrong
    Rejected,
    /// 已整改 / Put right
    Rectified,
}

impl Outcome {
    fn word(self) -> CardWord {
        match self {
            Self::Upheld => CardWord::Upheld,
            Self::Rejected => CardWord::Withdrawn,
            Self::Rectified => CardWord::Rectified,
        }
    }
}

/// What was done with a card so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Handling {
    pub stage: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<CardAct>,
}

/// A step that somebody wants to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Answer,
    Appeal,
    /// Decide on an appeal.
    Decide(Outcome),
    Close(Outcome),
}

impl Step {
    /// Whether it is the supervised unit's to take; the others are the supervisor's.
    fn is_of_unit(self) -> bool {
        matches!(self, Self::Answer | Self::Appeal)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Appeal => "appeal",
            Self::Decide(_) => "decide-appeal",
            Self::Close(_) => "close",
        }
    }
}

impl Handling {
    /// Takes in an act that is on record.
    pub(crate) fn take(&mut self, act: CardAct) {
        (self.stage, self.outcome) = match act.act {
            CardWord::Explained => (Stage::Answered, self.outcome),
            CardWord::Appealed => (Stage::Appealed, self.outcome),
            CardWord::Upheld => (Stage::Decided, Some(Outcome::Upheld)),
            CardWord::Withdrawn => (Stage::Decided, Some(Outcome::Rejected)),
            CardWord::Rectified => (Stage::Decided, Some(Outcome::Rectified)),
            CardWord::Closed => (Stage::Closed, self.outcome),
        };
        self.acts.push(act);
    }

    /// Whether a step may follow on what was done. A card that nobody answered can be upheld or
    /// taken back, so that silence is no way out; nothing can be put right before an answer says so.
    #[must_use]
    pub fn allows(&self, step: Step) -> bool {
        use Outcome::{Rectified, Rejected, Upheld};
        match (self.stage, step) {
            (Stage::Open | Stage::Answered, Step::Answer)
            | (Stage::Answered, Step::Appeal | Step::Close(_))
            | (Stage::Appealed, Step::Decide(Upheld | Rejected))
            | (Stage::Open, Step::Close(Upheld | Rejected)) => true,
            (Stage::Decided, Step::Close(Rejected)) => self.outcome == Some(Rejected),
            (Stage::Decided, Step::Close(Upheld | Rectified)) => self.outcome == Some(Upheld),
            _ => false,
        }
    }

    /// The words that a step adds to the record.
    fn words(&self, step: Step) -> Vec<CardWord> {
        match step {
            Step::Answer => vec![CardWord::Explained],
            Step::Appeal => vec![CardWord::Appealed],
            Step::Decide(outcome) => vec![outcome.word()],
            Step::Close(outcome) if self.outcome == Some(outcome) => vec![CardWord::Closed],
            Step::Close(outcome) => vec![outcome.word(), CardWord::Closed],
        }
    }
}

/// Who takes a step, and why.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    pub by: &'a str,
    pub dept: &'a str,
    /// Who signs with them.
    pub second: Option<&'a str>,
    pub reason: &'a str,
}

/// Takes a step with a card: one or two acts in the ledger, and the observation of them in the log.
/// Returns the alert as it stands then.
///
/// # Errors
/// If there is no such alert, it does not stand, the step cannot follow on what was done, or it is
/// not this person's to take. An attempt of the supervised unit to decide on its own card is an act
/// in the ledger as well.
pub fn take(app: &App, id: &str, step: Step, person: Person<'_>) -> Result<Alert, AppError> {
    // Two people at once must not both find the card as it was.
    let _turn = app.take_turn();
    let missing = || AppError::new(Kind::NotFound, "no-alert", id);
    let alert = app.alert(id)?.ok_or_else(missing)?;
    check_words(&person)?;
    if alert.rule.starts_with(HOST_RULES) || alert.state != AlertState::Open {
        return Err(AppError::new(Kind::Refused, "card-over", id));
    }
    if !alert.handling.allows(step) {
        let stage = json!(alert.handling.stage);
        let detail = format!("{id}: {} → {}", stage.as_str().unwrap_or_default(), step.name());
        return Err(AppError::new(Kind::Refused, "card-step", detail));
    }
    let now = app.log_time();
    refuse_wrong_side(app, &alert, step, &person, now)?;
    let acts = alert.handling.words(step).into_iter();
    let acts: Vec<_> = acts.map(|word| card_act(app, &alert, word, &person, now)).collect();
    let bytes = |act: &CardAct| {
        serde_json::to_vec(act).map_err(|error| AppError::new(Kind::Failed, "store", error))
    };
    app.record(&acts.iter().map(bytes).collect::<Result<Vec<_>, _>>()?)?;
    app.settle()?;
    app.alert(id)?.ok_or_else(missing)
}

fn card_act(app: &App, alert: &Alert, act: CardWord, person: &Person<'_>, now: Millis) -> CardAct {
    CardAct {
        leaf: "card".to_owned(),
        act,
        alert: alert.id.clone(),
        rule: alert.rule.clone(),
        region: alert.region.clone(),
        dept: alert.dept.clone(),
        done_at: app.zone().rfc3339(now),
        by: person.by.to_owned(),
        by_dept: person.dept.to_owned(),
        second: person.second.map(str::to_owned),
        reason: person.reason.to_owned(),
        reason_sha256: sha256_hex(person.reason.as_bytes()),
        reason_hash: sha256_hex(essence(person.reason).as_bytes()),
    }
}

fn check_words(person: &Person<'_>) -> Result<(), AppError> {
    let wrong = |what: &str| Err(AppError::new(Kind::Usage, "card-words", what));
    if person.reason.chars().count() > REASON_CHARS_MAX {
        return wrong(&format!("--text: {REASON_CHARS_MAX}"));
    }
    if essence(person.reason).is_empty() {
        return wrong("--text");
    }
    let names =
        [("--by", Some(person.by)), ("--dept", Some(person.dept)), ("--second", person.second)];
    for (name, text) in names {
        let Some(text) = text else { continue };
        let is_name = !text.trim().is_empty()
            && text.chars().count() <= NAME_CHARS_MAX
            && !text.chars().any(char::is_control);
        if !is_name {
            return wrong(name);
        }
    }
    if person.second == Some(person.by) {
        return wrong("--second");
    }
    Ok(())
}

/// The letters and digits of a reason, full-width ones as ordinary ones: what stays the same when
/// somebody only moves a comma.
fn essence(reason: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    reason
        .chars()
        .map(narrow)
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The unit answers and appeals, the supervisor decides and closes; nobody does both.
fn refuse_wrong_side(
    app: &App,
    alert: &Alert,
    step: Step,
    person: &Person<'_>,
    now: Millis,
) -> Result<(), AppError> {
    if step.is_of_unit() {
        let is_own = alert.dept.is_empty() || alert.dept == person.dept;
        let detail = || format!("{}: {} ≠ {}", alert.id, person.dept, alert.dept);
        return if is_own {
            Ok(())
        } else {
            Err(AppError::new(Kind::Refused, "card-side", detail()))
        };
    }
    let today = app.zone().local(now).day();
    let mut why = None;
    for name in [Some(person.by), person.second].into_iter().flatten() {
        let has_spoken = |act: &CardAct| {
            matches!(act.act, CardWord::Explained | CardWord::Appealed) && act.by == name
        };
        let is_of_unit =
            || Ok::<_, AppError>(dept_of(app, name, today)?.as_deref() == Some(&*alert.dept));
        if platform::alert::officer(&alert.values) == Some(name) {
            why = why.or(Some("officer"));
        } else if alert.handling.acts.iter().any(has_spoken) {
            why = why.or(Some("answered"));
        } else if !alert.dept.is_empty() && (person.dept == alert.dept || is_of_unit()?) {
            why = why.or(Some("department"));
        }
    }
    let Some(why) = why else { return Ok(()) };
    let told = json!({
        "alert": alert.id, "step": step.name(), "by": person.by, "by_dept": person.dept,
        "second": person.second, "why": why,
    });
    app.record(&[act::leaf("card-refused", now, app.zone(), told)])?;
    let detail = format!("{}: {} {} ({why})", alert.id, person.dept, person.by);
    Err(AppError::new(Kind::Refused, "card-own", detail))
}

/// The department of an officer by the reference table, if it knows him.
fn dept_of(app: &App, officer: &str, on: Day) -> Result<Option<String>, AppError> {
    let tables = app.tables().view(app.store(), app.store().next_seq())?;
    let Some(row) = tables.lookup("officer", officer, on) else { return Ok(None) };
    let row: Value = serde_json::from_str(row).unwrap_or_default();
    Ok(row["dept"].as_str().map(str::to_owned))
}

/// An act on a card; `None` for leaves of other kinds.
///
/// # Errors
/// If it says it is one and is not.
pub fn as_card(index: u64, bytes: &[u8]) -> Result<Option<CardAct>, AppError> {
    if !bytes.starts_with(br#"{"leaf":"card","#) {
        return Ok(None);
    }
    let leaf = serde_json::from_slice(bytes);
    leaf.map(Some).map_err(|error| {
        AppError::new(Kind::Integrity, "ledger-damaged", format!("leaf {index}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_follows_only_on_what_it_may() {
        use Outcome::{Rectified, Rejected, Upheld};
        let steps = [
            Step::Answer,
            Step::Appeal,
            Step::Decide(Upheld),
            Step::Decide(Rejected),
            Step::Decide(Rectified),
            Step::Close(Upheld),
            Step::Close(Rejected),
            Step::Close(Rectified),
        ];
        let cases: [(Stage, Option<Outcome>, &[usize]); 6] = [
            (Stage::Open, None, &[0, 5, 6]),
            (Stage::Answered, None, &[0, 1, 5, 6, 7]),
            (Stage::Appealed, None, &[2, 3]),
            (Stage::Decided, Some(Upheld), &[5, 7]),
            (Stage::Decided, Some(Rejected), &[6]),
            (Stage::Closed, Some(Upheld), &[]),
        ];
        for (stage, outcome, allowed) in cases {
            let handling = Handling { stage, outcome, acts: Vec::new() };
            let found: Vec<_> = (0..steps.len()).filter(|at| handling.allows(steps[*at])).collect();
            assert_eq!(found, allowed, "{stage:?} {outcome:?}");
        }
    }

    #[test]
    fn one_reason_in_other_clothes_is_the_same() {
        let same = ["系统故障，已补录 Ｎo1。", "系统故障已补录No1", " 系统故障、已补录\nnO1!"];
        for reason in same {
            assert_eq!(essence(reason), "系统故障已补录no1", "{reason}");
        }
        assert_eq!(essence(" ，。!"), "");
    }
}
