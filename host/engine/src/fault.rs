//! From what wasmtime reports to a [`Fault`] that a vendor can act on.

use crate::host::Guard;
use plumbline_contract::task::Fault;
use std::fmt;
use wasmtime::{Trap, WasmBacktrace};

/// Frames named in the text of a trap: where it happened and how it came there.
const FRAMES_SHOWN: usize = 4;

/// How wasmtime says that a plugin hands over more than [`Limits::output_bytes`]; it has no type
/// for it. A test notices should the words change.
///
/// [`Limits::output_bytes`]: crate::Limits
const TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";

/// A fault that a host function found; it passes through wasmtime as an error.
#[derive(Debug)]
pub(crate) struct Stop(pub(crate) Fault);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Stop {}

/// Explains why a call ended early. `fuel` is what the call was given.
pub(crate) fn explain(error: &wasmtime::Error, guard: &Guard, fuel: u64) -> Fault {
    if let Some(Stop(fault)) = error.downcast_ref() {
        return fault.clone();
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        return Fault::FuelSpent { fuel };
    }
    // A program that is denied memory aborts by whatever instruction its language chose.
    if guard.memory_denied() {
        return Fault::MemoryFull { bytes_max: guard.memory_bytes() };
    }
    if let Some(trap) = trap {
        return Fault::Trap(trap_text(*trap, error, guard));
    }
    let cause = error.root_cause().to_string();
    if cause.contains(TOO_MUCH) {
        let max = guard.output_bytes();
        return Fault::BadOutput(format!("more than {max} bytes are handed over in one call"));
    }
    Fault::BadOutput(cause)
}

fn trap_text(trap: Trap, error: &wasmtime::Error, guard: &Guard) -> String {
    let text = trap.to_string();
    let mut text = text.strip_prefix("wasm trap: ").unwrap_or(&text).to_string();
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        let names = backtrace.frames().iter().filter_map(|frame| frame.func_name());
        let names: Vec<_> = names.take(FRAMES_SHOWN).collect();
        if !names.is_empty() {
            text = format!("{text} in {}", names.join(" < "));
        }
    }
    match guard.messages().last() {
        Some(message) => format!("{text}; its last message: {message}"),
        None => text,
    }
}

/// An error with all its causes, as one line.
pub(crate) fn chain(error: &wasmtime::Error) -> String {
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
}
