//! One application to the housing provident fund: FUND-H01 住房公积金.
//!
//! Who else draws on the same house is told by the stream `house`.

use crate::Params;
use crate::day::moment;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Fire, Level, Local, Look, Rule, Stream, Unit, Why, apply};

/// Reasons of a withdrawal that rest on one house and are lawful once. Rent and repayment recur.
const ONCE: [&str; 2] = ["purchase", "build"];

/// What is said of an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum Said {
    Applied(Box<Applied>),
    Decided { at: Local, is_over: bool },
}

/// An application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Applied {
    is_loan: bool,
    person: String,
    reason: String,
    house: String,
    household: String,
    co_owner: bool,
}

/// How the house looks from this application.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Drawn {
    turn: i64,
    households: i64,
    repeated: bool,
    seq: u64,
}

/// What is kept of an application.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Application {
    application_no: String,
    said: Facts<Said>,
    drawn: Drawn,
    rev: i64,
}

impl Application {
    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let drawn = Drawn {
            turn: event.int("turn")?,
            households: event.int("households")?,
            repeated: event.flag("repeated")?,
            seq: event.seq,
        };
        if drawn.turn >= self.drawn.turn {
            self.drawn = drawn;
        }
        Some(())
    }

    fn applied(&self) -> Option<(Local, u64, &str, &Applied)> {
        self.said.iter().find_map(|entry| match &entry.fact {
            Said::Applied(applied) => Some((entry.time, entry.seq, &*entry.dept, &**applied)),
            Said::Decided { .. } => None,
        })
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Applications;

impl Stream for Applications {
    const NAME: &'static str = "housing";
    type State = Application;
    type Params = Params;

    fn take(application: &mut Application, event: &Event<'_>, _: &Params) {
        if application.application_no.is_empty() {
            application.application_no = event.text("application_no").unwrap_or_default();
        }
        let text = |name| event.text(name).unwrap_or_default();
        let said = match event.kind {
            // A fact that lacks a field was not written by this plugin and says nothing.
            "fact.fund.drawn" => return application.told(event).unwrap_or_default(),
            "fund.housing.applied" => Said::Applied(Box::new(Applied {
                is_loan: text("kind") == "loan",
                person: text("person"),
                reason: text("reason"),
                house: text("house"),
                household: text("household_h"),
                co_owner: event.flag("co_owner") == Some(true),
            })),
            _ => Said::Decided { at: moment(event, "at"), is_over: text("result") != "grant" },
        };
        application.rev += 1;
        application.said.put(event, said);
    }

    fn check(application: &Application, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Application, Params>] = &[("FUND-H01", irregular)];
        apply(rules, &params.off, application, params, look);
        tell(application, look);
    }
}

/// FUND-H01: yellow if it was decided too late, red if the house was drawn on before.
fn irregular(application: &Application, params: &Params, look: &mut Look<'_>) {
    let Some((at, seq, dept, applied)) = application.applied() else {
        return look.unknown("fund.housing.applied");
    };
    let days = if applied.is_loan { params.loan_d } else { params.withdrawal_d };
    let due = look.add(at.day(), days, Unit::CalendarDay, true);
    let decided = application.said.iter().find_map(|entry| match entry.fact {
        Said::Decided { at, .. } => Some((at, entry.seq)),
        Said::Applied(_) => None,
    });
    let mut found = false;
    if due.provisional {
        look.provisional();
    } else if decided.is_none_or(|(at, _)| at.day() > due.day)
        && look.reached(due.day.plus(1).start())
    {
        found = true;
        let fire = Fire::overdue(Level::Yellow, due.day)
            .episode("late")
            .dept(dept)
            .evidence([Some(seq), decided.map(|(_, seq)| seq)].into_iter().flatten())
            .text("zh", &format!("受理后 {days} 日内（至 {}）未作决定", due.day))
            .text("en", &format!("not decided within {days} days (by {})", due.day));
        look.fire_because(fire, || Why::new("逾期", "overdue").int("limit_d", days));
    }
    let Drawn { households, repeated, seq: told, .. } = &application.drawn;
    let is_shared = *households >= params.house_persons as i64;
    if is_shared || *repeated {
        found = true;
        let (zh, en) = match repeated {
            true => {
                ("疑似以同一房屋重复提取".to_owned(), "the same house drawn on again".to_owned())
            }
            false => (
                format!("疑似一房多人提取：{households} 户"),
                format!("{households} households drew on one house"),
            ),
        };
        let fire = Fire::new(Level::Red, at)
            .episode("house")
            .dept(dept)
            .evidence([seq, *told])
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || {
            Why::new(zh, en)
                .int("households", *households)
                .count("house_persons", params.house_persons)
        });
    }
    if !found {
        look.quiet(|| {
            let last = due.day;
            Why::new(
                format!("应于 {last} 前决定；同一房屋 {households} 户"),
                format!("to be decided by {last}; {households} households on the house"),
            )
            .day("last_day", last)
            .int("households", *households)
        });
    }
}

/// Tells the house who draws on it; what was refused or withdrawn does not count.
fn tell(application: &Application, look: &mut Look<'_>) {
    let Some((at, _, _, applied)) = application.applied() else { return };
    let is_once = !applied.is_loan && ONCE.contains(&applied.reason.as_str());
    if applied.house.is_empty() || !is_once {
        return;
    }
    let is_over = |said: &Said| matches!(said, Said::Decided { is_over: true, .. });
    let is_live = !application.said.iter().any(|entry| is_over(&entry.fact));
    let tag = format!("{is_live}/{}/{}/{}", at.0, applied.person, applied.household);
    look.fact_of_turn(("claim", &applied.house), (&tag, application.rev), || {
        Writer::default()
            .text("house", &applied.house)
            .text("application_no", &application.application_no)
            .text("person", &applied.person)
            .text("household_h", &applied.household)
            .flag("co_owner", applied.co_owner)
            .flag("live", is_live)
            .int("at", at.0)
            .int("rev", application.rev)
    });
}
