//! CPL-T01: the stages of a complaint with their limits. Each organ that gets it has to accept, to
//! pass on or to refuse; who accepts has to conclude; a review has to be answered.

use super::{Complaint, Word};
use crate::Params;
use crate::term::Term;
use plumbline_guest::{Entry, Level, Local, Look, Unit};
use std::collections::BTreeMap;

/// One stage.
struct Stage {
    episode: String,
    names: (&'static str, &'static str),
    level: Level,
    from: Local,
    limit: i32,
    done: Option<(Local, u64)>,
    dept: String,
    seq: u64,
}

/// CPL-T01: yellow for a late answer, red where the limit set for concluding or review is broken.
pub(super) fn overdue(complaint: &Complaint, params: &Params, look: &mut Look<'_>) {
    let words: Vec<_> = complaint.words.iter().collect();
    let filed = words.iter().find_map(|entry| match &entry.fact {
        Word::Filed { merged, .. } => Some((entry, *merged)),
        _ => None,
    });
    let Some((filed, is_merged)) = filed else { return look.unknown("complaint.filed") };
    if is_merged {
        return look.exempt(|| {
            let (zh, en) = ("已并入另一投诉办理", "handled with another complaint");
            plumbline_guest::Why::new(zh, en).flag("merged", true)
        });
    }
    let mut stages = vec![accept(&words, filed, &filed.dept, "accept".to_owned(), params)];
    let mut passed_to: BTreeMap<&str, u32> = BTreeMap::new();
    let mut segment = ("done".to_owned(), filed.time, filed.dept.as_str());
    for entry in &words {
        let Word::Transferred { to } = &entry.fact else { continue };
        let nth = passed_to.entry(to).or_default();
        *nth += 1;
        let tail = if *nth == 1 { to.clone() } else { format!("{to}/{nth}") };
        stages.push(accept(&words, entry, to, format!("accept/{tail}"), params));
        stages.extend(conclude(&words, &segment, Some(entry.time), params, look));
        segment = (format!("done/{tail}"), entry.time, to);
    }
    stages.extend(conclude(&words, &segment, None, params, look));
    stages.extend(reviews(&words, params));
    for stage in stages {
        judge(&stage, look);
    }
}

fn judge(stage: &Stage, look: &mut Look<'_>) {
    let term = Term::new(look, stage.from.day(), stage.limit, Unit::CalendarDay);
    let Some(term) = term else { return look.provisional() };
    let done = stage.done.map(|(at, _)| at);
    let is_late = term.passed(done, look);
    let why = term.why(stage.names, done, look);
    if !is_late {
        return look.quiet(|| why.text("stage", &stage.episode));
    }
    let fire = term
        .overdue(stage.level)
        .episode(&stage.episode)
        .dept(&stage.dept)
        .evidence([Some(stage.seq), stage.done.map(|(_, seq)| seq)].into_iter().flatten())
        .text("zh", stage.names.0)
        .text("en", stage.names.1);
    look.fire_because(fire, || why.text("stage", &stage.episode));
}

/// What ends the organ's part, whatever came before.
fn is_end(word: &Word) -> bool {
    matches!(word, Word::Done | Word::Rejected | Word::Withdrawn | Word::Merged)
}

fn accept(
    words: &[&Entry<Word>],
    opened: &Entry<Word>,
    dept: &str,
    episode: String,
    params: &Params,
) -> Stage {
    let answer =
        |word: &Word| is_end(word) || matches!(word, Word::Accepted | Word::Transferred { .. });
    let later = words.iter().skip_while(|entry| entry.seq != opened.seq).skip(1);
    let done = later.into_iter().find(|entry| answer(&entry.fact));
    Stage {
        episode,
        names: ("受理或转送", "to accept or transfer"),
        level: Level::Yellow,
        from: opened.time,
        limit: params.accept_d,
        done: done.map(|entry| (entry.time, entry.seq)),
        dept: dept.to_owned(),
        seq: opened.seq,
    }
}

/// The stage of concluding of the organ that has the complaint from `segment.1` until it passes it
/// on; none if it did not accept it.
fn conclude(
    words: &[&Entry<Word>],
    segment: &(String, Local, &str),
    until: Option<Local>,
    params: &Params,
    look: &Look<'_>,
) -> Option<Stage> {
    let (episode, from, dept) = segment;
    let inside = |entry: &&&Entry<Word>| {
        entry.time >= *from && until.is_none_or(|until| entry.time <= until)
    };
    let accepted =
        words.iter().filter(inside).find(|entry| matches!(entry.fact, Word::Accepted))?;
    let later = words.iter().filter(inside).filter(|entry| entry.time >= accepted.time);
    let mut done = None;
    let mut extension = 0;
    let mut is_extended = false;
    for entry in later {
        match &entry.fact {
            Word::Extended { days, told } if !is_extended && *told != Some(false) => {
                // What is granted after the last day cures nothing; of unknown length it is as long
                // as it may be.
                let due = look.add(accepted.time.day(), params.conclude_d, Unit::CalendarDay, true);
                is_extended = true;
                if due.provisional || entry.time.day() <= due.day {
                    let most = params.conclude_ext_d;
                    extension = days.unwrap_or(most).clamp(0, most);
                }
            }
            word if is_end(word) || matches!(word, Word::Transferred { .. }) => {
                done = done.or(Some((entry.time, entry.seq)));
            }
            _ => {}
        }
    }
    Some(Stage {
        episode: episode.clone(),
        names: ("办结", "to conclude"),
        level: Level::Red,
        from: accepted.time,
        limit: params.conclude_d.saturating_add(extension),
        done,
        // Who accepted it has it, unless it was passed on to somebody by name.
        dept: if until.is_some() || episode == "done" {
            accepted.dept.clone()
        } else {
            (*dept).to_owned()
        },
        seq: accepted.seq,
    })
}

fn reviews(words: &[&Entry<Word>], params: &Params) -> Vec<Stage> {
    let asked = words.iter().filter_map(|entry| match &entry.fact {
        Word::ReviewRequested(review_no) => Some((entry, review_no)),
        _ => None,
    });
    let mut stages: Vec<Stage> = Vec::new();
    for (entry, review_no) in asked {
        let episode = format!("review/{review_no}");
        if stages.iter().any(|stage| stage.episode == episode) {
            continue;
        }
        let done = words.iter().find(|other| {
            other.time >= entry.time
                && (matches!(&other.fact, Word::ReviewDone(no) if no == review_no)
                    || matches!(other.fact, Word::Withdrawn))
        });
        stages.push(Stage {
            episode,
            names: ("复查", "to review"),
            level: Level::Red,
            from: entry.time,
            limit: params.review_d,
            done: done.map(|done| (done.time, done.seq)),
            dept: entry.dept.clone(),
            seq: entry.seq,
        });
    }
    stages
}
