//! What a person reads when the store's engine panics over damaged bytes.
//!
//! A panic ends the process, and that stays so. But damage is something that an operator must act
//! on, so it is said in words and ends with the exit code of damage, not with a backtrace.

use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use std::panic::{self, PanicHookInfo};

/// Installs the hook. Panics that are our own mistakes are reported as ever.
pub fn report_panics() {
    let otherwise = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !plumbline_store::is_engine_panic(panic) {
            return otherwise(panic);
        }
        let error = AppError::new(Kind::Integrity, "store-corrupt", account(panic));
        let key = format!("error.{}", error.message);
        for lang in [Lang::Zh, Lang::En] {
            say(&text::say(lang, &key, &[("detail", &error.detail)]));
        }
        std::process::exit(error.kind.exit_code().into())
    }));
}

#[expect(clippy::print_stderr, reason = "the process ends here, and its streams are not at hand")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The engine's own words, in one line.
fn account(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("panic").split_whitespace().collect::<Vec<_>>().join(" ");
    match panic.location() {
        Some(at) => {
            let file = at.file().rsplit("/src/").next().unwrap_or_default();
            format!("{text} (sled {file}:{})", at.line())
        }
        None => text,
    }
}
