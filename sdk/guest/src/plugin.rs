//! A plugin as a whole: its parameters and its streams.

use crate::Host;
use crate::look::{eat_bytes, eat_word};
use crate::memory::Memory;
use crate::stream::{self, Setup, Stream};
use plumbline_contract::json::{Object, Value};
use plumbline_contract::task::{LookMode, Task, Verdict};

/// Runs one task of one stream.
pub type RunStream<P> = fn(&Setup<'_, P>, &Task<'_>) -> Verdict;

/// A stream of a plugin, made by [`stream`].
#[derive(Debug)]
pub struct StreamEntry<P> {
    pub name: &'static str,
    pub run: RunStream<P>,
}

/// Names a stream in [`Plugin::STREAMS`].
#[must_use]
pub const fn stream<S: Stream>() -> StreamEntry<S::Params> {
    StreamEntry { name: S::NAME, run: stream::run::<S> }
}

/// What [`crate::supervisor!`] exports.
pub trait Plugin {
    type Params: 'static;
    /// Version of the rules: `env!("CARGO_PKG_VERSION")`. An alert that another version no longer
    /// raises is withdrawn because the rules have changed, not because the facts have.
    const VERSION: &'static str;
    const STREAMS: &'static [StreamEntry<Self::Params>];

    /// Reads the parameters. The host has checked them against the manifest and filled in the
    /// defaults already; what remains is what a manifest cannot say.
    ///
    /// # Errors
    /// A message that names the wrong field and says why.
    fn configure(parameters: &Parameters<'_>) -> Result<Self::Params, String>;
}

/// The parameters of a deployment, by name.
#[derive(Debug)]
pub struct Parameters<'a> {
    fields: Object<'a>,
}

impl<'a> Parameters<'a> {
    #[must_use]
    pub fn parse(json: &'a str) -> Self {
        Self { fields: Object::parse(json) }
    }

    fn get(&self, name: &str) -> Result<Value<'a>, String> {
        self.fields.get(name).ok_or_else(|| format!("parameter `{name}` is missing"))
    }

    /// # Errors
    /// If it is missing or no whole number that fits.
    pub fn int<T: TryFrom<i64>>(&self, name: &str) -> Result<T, String> {
        let value = self.get(name)?.int().and_then(|value| T::try_from(value).ok());
        value.ok_or_else(|| format!("parameter `{name}` is no whole number in range"))
    }

    /// # Errors
    /// If it is missing or not true or false.
    pub fn flag(&self, name: &str) -> Result<bool, String> {
        self.get(name)?.bool().ok_or_else(|| format!("parameter `{name}` is not true or false"))
    }

    /// # Errors
    /// If it is missing or no text.
    pub fn text(&self, name: &str) -> Result<String, String> {
        let text = self.get(name)?.text().map(std::borrow::Cow::into_owned);
        text.ok_or_else(|| format!("parameter `{name}` is no text"))
    }

    /// # Errors
    /// If it is missing or no list.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let value = self.get(name)?;
        if !matches!(value, Value::Array(_)) {
            return Err(format!("parameter `{name}` is no list"));
        }
        let texts = value.items().filter_map(Value::text);
        Ok(texts.map(std::borrow::Cow::into_owned).collect())
    }

    /// The rules that the administrator switched off; none if the parameter is absent.
    #[must_use]
    pub fn off(&self) -> Vec<String> {
        self.texts(plumbline_contract::manifest::OFF_PARAMETER).unwrap_or_default()
    }
}

/// A plugin with its parameters, ready to run.
#[derive(Debug)]
pub struct Configured<P> {
    pub params: P,
    /// Fingerprint of the version and of the parameters as the host gave them. Each key remembers
    /// that of its latest look.
    pub mark: u64,
}

/// Reads the parameters.
///
/// # Errors
/// What the plugin says against them.
pub(crate) fn configure<P: Plugin>(parameters: &str) -> Result<Configured<P::Params>, String> {
    let mark = [P::VERSION, parameters]
        .iter()
        .fold(0, |mark, text| eat_bytes(eat_word(mark, text.len() as u64), text.as_bytes()));
    Ok(Configured { params: P::configure(&Parameters::parse(parameters))?, mark })
}

/// Runs tasks in order.
///
/// # Panics
/// If a task names a stream that the plugin does not have: manifest and code disagree.
pub fn supervise<P: Plugin>(
    configured: &Configured<P::Params>,
    host: &dyn Host,
    tasks: &[Task<'_>],
    mode: LookMode,
) -> Vec<Verdict> {
    supervise_with::<P>(configured, (host, &Memory::default()), tasks, mode)
}

/// The same with what was looked up before, and for those who come after.
pub(crate) fn supervise_with<P: Plugin>(
    configured: &Configured<P::Params>,
    (host, memory): (&dyn Host, &Memory),
    tasks: &[Task<'_>],
    mode: LookMode,
) -> Vec<Verdict> {
    let setup = Setup { configured, host, memory, mode };
    let run = |task: &Task<'_>| {
        let entry = P::STREAMS.iter().find(|entry| entry.name == task.stream);
        let entry = entry.expect("the manifest names the streams that the plugin has");
        (entry.run)(&setup, task)
    };
    tasks.iter().map(run).collect()
}

/// Makes a type that implements [`Plugin`] the plugin of this crate.
///
/// On WebAssembly it exports the contract's two functions; natively it does nothing, so that the
/// same crate can be tested with `cargo test`.
#[macro_export]
macro_rules! supervisor {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        mod plumbline_export {
            #[allow(unused_imports, reason = "the plugin's name may be a path of its own")]
            use super::*;
            use $crate::wasm;

            ::std::thread_local! {
                static CONFIGURED: ::std::cell::RefCell<
                    ::core::option::Option<
                        $crate::Configured<<$plugin as $crate::Plugin>::Params>,
                    >,
                > = const { ::std::cell::RefCell::new(None) };
            }

            struct Export;

            impl wasm::Guest for Export {
                fn configure(parameters: String) -> Result<(), String> {
                    let configured = wasm::configure::<$plugin>(&parameters)?;
                    CONFIGURED.with_borrow_mut(|kept| *kept = Some(configured));
                    wasm::keep();
                    Ok(())
                }

                fn supervise(
                    tasks: Vec<wasm::Task>,
                    look: wasm::LookMode,
                ) -> Vec<wasm::Verdict> {
                    CONFIGURED.with_borrow(|kept| {
                        let kept = kept.as_ref().expect("the host configures before it calls");
                        wasm::supervise::<$plugin>(kept, tasks, look)
                    })
                }
            }

            wasm::export!(Export with_types_in $crate::wasm);
        }
    };
}
