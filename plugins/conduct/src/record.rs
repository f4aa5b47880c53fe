//! Records that a source sent again with other content, by source and day: NET-D03 篡改.

use crate::Params;
use crate::shelf::{Item, Shelf};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Look, Rule, Stream, Why, apply};

/// Most changed records of a source and day that are kept.
const RECORDS_MAX: usize = 300;
/// Most cards of a source and day; the rest stand in the last card's count.
const CARDS_MAX: usize = 20;

/// Most fields of a record that are named, and the longest name, characters: a state is bounded.
const FIELDS_MAX: usize = 8;
const FIELD_CHARS_MAX: usize = 40;

/// One record that came again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Change {
    source: String,
    record: String,
    kind: String,
    fields: Option<Vec<String>>,
    /// Whether there are more fields than are named.
    has_more: bool,
    /// Whether its content differs; `None` if a digest is missing.
    differs: Option<bool>,
    corrected: Option<bool>,
    approver: Option<String>,
}

/// What a change is.
enum Verdict {
    Edited,
    Unknown(&'static str),
    Lawful(&'static str, &'static str),
}

impl Change {
    fn judge(&self, params: &Params) -> Verdict {
        match self.differs {
            None => return Verdict::Unknown("hash_after"),
            Some(false) => return Verdict::Lawful("内容摘要相同", "the digest is the same"),
            Some(true) => {}
        }
        let is_ignored = |field: &String| params.ignored_fields.contains(field);
        let named = self.fields.as_deref().unwrap_or_default();
        if !named.is_empty() && !self.has_more && named.iter().all(is_ignored) {
            return Verdict::Lawful("只有同步字段变化", "only fields of synchronization differ");
        }
        match (self.corrected, self.approver.as_deref()) {
            (None, _) => Verdict::Unknown("corrected"),
            (Some(false), _) | (Some(true), Some("")) => Verdict::Edited,
            (Some(true), None) => Verdict::Unknown("approver"),
            (Some(true), Some(_)) => {
                Verdict::Lawful("经批准的更正", "a correction that was approved")
            }
        }
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Records;

impl Stream for Records {
    const NAME: &'static str = "record";
    type State = Shelf<Change>;
    type Params = Params;

    fn take(changes: &mut Shelf<Change>, event: &Event<'_>, _: &Params) {
        let hashes = event.text("hash_before").zip(event.text("hash_after"));
        let fields = event.texts("fields");
        let change = Change {
            source: event.text("source").unwrap_or_default(),
            record: event.text("record").unwrap_or_default(),
            kind: event.text("type").unwrap_or_default(),
            has_more: fields.as_ref().is_some_and(|fields| fields.len() > FIELDS_MAX),
            fields: fields.map(|fields| named(&fields)),
            differs: hashes.map(|(before, after)| before != after),
            corrected: event.flag("corrected"),
            approver: event.text("approver"),
        };
        changes.put(event, change, RECORDS_MAX);
    }

    fn check(changes: &Shelf<Change>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Shelf<Change>, Params>] = &[("NET-D03", edited)];
        apply(rules, &params.off, changes, params, look);
    }
}

fn named(fields: &[String]) -> Vec<String> {
    let short = |field: &String| field.chars().take(FIELD_CHARS_MAX).collect();
    fields.iter().take(FIELDS_MAX).map(short).collect()
}

/// NET-D03: content that differs without a correction.
fn edited(changes: &Shelf<Change>, params: &Params, look: &mut Look<'_>) {
    let mut edits: Vec<&Item<Change>> = Vec::new();
    for item in changes.iter() {
        match item.fact.judge(params) {
            // A record that comes again and again has one card, for its first change of the day.
            Verdict::Edited => {
                if edits.iter().all(|known| known.fact.record != item.fact.record) {
                    edits.push(item);
                }
            }
            Verdict::Unknown(field) => look.unknown(field),
            Verdict::Lawful(zh, en) => {
                look.quiet(|| Why::new(zh, en).text("record", &item.fact.record));
            }
        }
    }
    let more = edits.len().saturating_sub(CARDS_MAX);
    for (index, item) in edits.iter().take(CARDS_MAX).enumerate() {
        let change = &item.fact;
        let fields = change.fields.as_deref().unwrap_or_default();
        let beyond = if index + 1 == CARDS_MAX { more } else { 0 };
        let fire = Fire::new(Level::Red, item.time)
            .subject(&change.record)
            .episode(&change.record)
            .dept(&item.dept)
            .evidence([item.seq])
            .text("source", &change.source)
            .text("record", &change.record)
            .text("type", &change.kind)
            .texts("fields", fields.iter().map(String::as_str))
            .int("more", beyond as i64);
        look.fire_because(fire, || {
            let (zh, en) = match change.corrected {
                Some(true) => ("更正无批准人", "a correction that nobody approved"),
                _ => ("内容不同而未作更正", "other content and no correction"),
            };
            Why::new(zh, en).flag("corrected", change.corrected == Some(true))
        });
    }
}
