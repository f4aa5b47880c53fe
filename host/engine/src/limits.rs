//! The bounds of one plugin instance. The host sets them per deployment; a manifest cannot.
//!
//! Fuel is the only bound on running time. It counts instructions, so the same input ends in the
//! same place on every machine, and it also ends a loop that never returns.

/// Fuel of a call with several tasks, and of an instance that was called before, in units of about
/// one WebAssembly instruction: about one second of work, some hundred times what a batch of 256
/// ordinary tasks takes.
pub const FUEL_PER_BATCH: u64 = 1_000_000_000;
/// Fuel of the first call of an instance with one task, and of `configure`. Twice that of a batch, so
/// that a task that passes in company, or with what earlier calls looked up, also passes alone, and
/// only a task that fails alone becomes a gap.
pub const FUEL_PER_TASK: u64 = 2_000_000_000;
/// Linear memory of one instance, in bytes. A plugin keeps its parameters and what it looked up
/// between calls; a batch with its states is a few MiB.
pub const MEMORY_BYTES: usize = 64 * 1024 * 1024;
/// Linear memory for a plugin that brings an interpreter along (JavaScript), in bytes.
pub const MEMORY_BYTES_SCRIPT: usize = 256 * 1024 * 1024;
/// Data that one call may hand to the host, in bytes: 64 states of the largest size.
pub const OUTPUT_BYTES: usize = 16 * 1024 * 1024;
/// Messages to the vendor kept per call: enough to see a pattern, too few to fill a disk.
pub const LOG_LINES: usize = 32;
/// Longest message kept, in bytes; the rest is cut.
pub const LOG_LINE_BYTES: usize = 1024;
/// Entries of one function table: an ordinary plugin has hundreds, an interpreter ten thousands.
pub const TABLE_ENTRIES: usize = 200_000;
/// WebAssembly stack, in bytes. Deeper recursion traps; the host's threads have 2 MiB.
pub(crate) const STACK_BYTES: usize = 512 * 1024;

/// The bounds of one instance; see the constants of this module for units and reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub fuel_per_batch: u64,
    pub fuel_per_task: u64,
    pub memory_bytes: usize,
    pub output_bytes: usize,
    pub log_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_per_batch: FUEL_PER_BATCH,
            fuel_per_task: FUEL_PER_TASK,
            memory_bytes: MEMORY_BYTES,
            output_bytes: OUTPUT_BYTES,
            log_lines: LOG_LINES,
        }
    }
}

impl Limits {
    /// For a plugin that brings its interpreter along.
    #[must_use]
    pub fn script() -> Self {
        Self { memory_bytes: MEMORY_BYTES_SCRIPT, ..Self::default() }
    }

    /// Fuel of the first call of an instance, with that many tasks.
    #[must_use]
    pub fn fuel(&self, tasks: usize) -> u64 {
        if tasks > 1 { self.fuel_per_batch } else { self.fuel_per_task }
    }
}
