//! Which case a card is about. Numbers are given by every office for itself, so that a card and a case
//! belong together by kind of case and number, never by the number alone.

use crate::cards::Card;
use crate::cases::Case;
use std::collections::BTreeMap;

/// What names a case: its kind and its number.
pub(crate) type Name<'a> = (&'a str, &'a str);

pub(crate) fn name(case: &Case) -> Name<'_> {
    (&case.kind, &case.no)
}

/// Cases by their names.
#[derive(Debug)]
pub(crate) struct Named<'a>(BTreeMap<Name<'a>, &'a Case>);

impl<'a> Named<'a> {
    pub(crate) fn new(cases: &'a [Case]) -> Self {
        Self(cases.iter().map(|case| (name(case), case)).collect())
    }

    /// The case that a card is about; of several kinds that its stream may be about, the first of the
    /// catalogue that has the number.
    pub(crate) fn of(&self, card: &'a Card) -> Option<&'a Case> {
        let found = |kind: &'a String| self.0.get(&(kind.as_str(), card.key.as_str()));
        card.kinds.iter().find_map(found).copied()
    }
}
