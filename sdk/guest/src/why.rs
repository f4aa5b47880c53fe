//! The reason of an outcome in plain words: one sentence in each language and the figures behind
//! it, under names that stay. It is made only when somebody asks; it decides nothing.

use plumbline_contract::json::Writer;
use plumbline_contract::time::{Day, Local};

/// Why a rule fired or did not: what it compared with what.
#[derive(Clone, Debug, Default)]
pub struct Why {
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) values: Writer,
}

impl Why {
    /// Chinese and English, without a final stop.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into(), values: Writer::default() }
    }

    #[must_use]
    pub fn int(mut self, name: &str, value: impl Into<i64>) -> Self {
        self.values = self.values.int(name, value.into());
        self
    }

    /// How many there are of something.
    #[must_use]
    pub fn count(self, name: &str, value: usize) -> Self {
        self.int(name, i64::try_from(value).unwrap_or(i64::MAX))
    }

    #[must_use]
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.values = self.values.flag(name, value);
        self
    }

    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.values = self.values.text(name, value);
        self
    }

    #[must_use]
    pub fn day(self, name: &str, value: Day) -> Self {
        self.text(name, &value.to_string())
    }

    /// A moment, as the region's clock shows it.
    #[must_use]
    pub fn at(self, name: &str, value: Local) -> Self {
        self.text(name, &value.to_string())
    }

    #[must_use]
    pub fn texts<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.values = self.values.list(name, values);
        self
    }

    /// A list of things with figures of their own.
    #[must_use]
    pub fn objects(mut self, name: &str, values: impl IntoIterator<Item = Writer>) -> Self {
        self.values = self.values.objects(name, values);
        self
    }

    /// Says something more, figures included; a name must not come twice.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        let join = |first: String, separator: &str, second: String| match (&*first, &*second) {
            ("", _) => second,
            (_, "") => first,
            _ => format!("{first}{separator}{second}"),
        };
        Self {
            zh: join(self.zh, "；", more.zh),
            en: join(self.en, "; ", more.en),
            values: self.values.append(more.values),
        }
    }
}

impl<Z: Into<String>, E: Into<String>> From<(Z, E)> for Why {
    fn from((zh, en): (Z, E)) -> Self {
        Self::new(zh, en)
    }
}
