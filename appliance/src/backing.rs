//! What stands behind a change of settings: its ground, the law, and who signed in which role. It is
//! put on record with the act; whether that is enough is a rule's to say (NET-A03).

use crate::error::{AppError, Kind};
use serde::Serialize;
use serde_json::{Value, json};

/// Longest name or role, in characters: what a signature on paper may hold.
const NAME_CHARS_MAX: usize = 64;

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    pub by: String,
    /// The role in which it was given, if it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// See the module. Nothing of it has to be given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backing {
    /// In words.
    pub ground: Option<String>,
    /// Id in the table `law_ref` of a law that has changed.
    pub law: Option<String>,
    pub signed: Vec<Signature>,
}

/// Nothing was said.
pub static UNBACKED: Backing = Backing { ground: None, law: None, signed: Vec::new() };

impl Backing {
    /// Refuses signatures that say nothing.
    ///
    /// # Errors
    /// If a name or a role is blank or too long.
    pub fn check(&self) -> Result<(), AppError> {
        let blank = |text: &str| text.trim().is_empty() || text.chars().count() > NAME_CHARS_MAX;
        for Signature { by, role } in &self.signed {
            if blank(by) || role.as_deref().is_some_and(blank) {
                let detail = format!("{by} {}", role.as_deref().unwrap_or_default());
                return Err(AppError::new(Kind::Usage, "signature", detail));
            }
        }
        Ok(())
    }

    /// The particulars of an act on one region.
    #[must_use]
    pub fn particulars(&self, region: &str) -> Value {
        let mut told = self.particulars_of([region]);
        told["region"] = json!(region);
        told
    }

    /// The particulars of an act that changes the settings of several regions on the same ground.
    #[must_use]
    pub fn particulars_of<'a>(&self, regions: impl IntoIterator<Item = &'a str>) -> Value {
        let mut told = json!({});
        if let Some(ground) = &self.ground {
            let all = regions.into_iter().map(|region| (region.to_owned(), json!(ground)));
            told["ground"] = Value::Object(all.collect());
        }
        self.add_to(&mut told);
        told
    }

    /// Adds law and signatures; what was not given stays absent.
    pub fn add_to(&self, told: &mut Value) {
        if let Some(law) = &self.law {
            told["law"] = json!(law);
        }
        if !self.signed.is_empty() {
            told["signed"] = json!(self.signed);
        }
    }
}
