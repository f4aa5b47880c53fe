//! The key of a stream: where in an event the entity's name is found.

use serde::{Deserialize, Serialize};

/// Parts of a key. Written in the manifest as a list of texts:
///
/// | text | taken from |
/// |---|---|
/// | `data.NAME` | the payload's field, a text or a number |
/// | `data.NAME[]` | each element of the payload's list: the event goes to many keys |
/// | `dept`, `region`, `actor`, `source`, `subject` | the envelope |
/// | `year`, `month`, `day` | the local date on which it happened |
///
/// Where a part is missing or empty the event has no key in that stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct KeyTemplate(pub Vec<KeyPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    Data { name: String, each: bool },
    Dept,
    Region,
    Actor,
    Source,
    Subject,
    Year,
    Month,
    Day,
}

impl TryFrom<Vec<String>> for KeyTemplate {
    type Error = String;

    fn try_from(parts: Vec<String>) -> Result<Self, String> {
        if parts.is_empty() {
            return Err("a key needs at least one part".into());
        }
        let parts: Vec<_> = parts.iter().map(|part| parse(part)).collect::<Result<_, _>>()?;
        let fans = parts.iter().filter(|part| matches!(part, KeyPart::Data { each: true, .. }));
        if fans.count() > 1 {
            return Err("a key may have one list part at most".into());
        }
        Ok(Self(parts))
    }
}

impl From<KeyTemplate> for Vec<String> {
    fn from(template: KeyTemplate) -> Self {
        template.0.iter().map(show).collect()
    }
}

fn parse(part: &str) -> Result<KeyPart, String> {
    Ok(match part {
        "dept" => KeyPart::Dept,
        "region" => KeyPart::Region,
        "actor" => KeyPart::Actor,
        "source" => KeyPart::Source,
        "subject" => KeyPart::Subject,
        "year" => KeyPart::Year,
        "month" => KeyPart::Month,
        "day" => KeyPart::Day,
        _ => {
            let name = part.strip_prefix("data.").unwrap_or("");
            let (name, each) = match name.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (name, false),
            };
            if name.is_empty() || name.contains(['.', '[', ']', '/']) {
                return Err(format!("`{part}` is no key part"));
            }
            KeyPart::Data { name: name.into(), each }
        }
    })
}

fn show(part: &KeyPart) -> String {
    match part {
        KeyPart::Dept => "dept".into(),
        KeyPart::Region => "region".into(),
        KeyPart::Actor => "actor".into(),
        KeyPart::Source => "source".into(),
        KeyPart::Subject => "subject".into(),
        KeyPart::Year => "year".into(),
        KeyPart::Month => "month".into(),
        KeyPart::Day => "day".into(),
        KeyPart::Data { name, each } => {
            format!("data.{name}{}", if *each { "[]" } else { "" })
        }
    }
}
