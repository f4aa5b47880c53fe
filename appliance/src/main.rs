//! The binary `plumbline`: standard streams and the exit code. The commands are in `plumbline::cli`.

use plumbline::{cli, damage};
use std::io::{self, IsTerminal};
use std::process::ExitCode;

/// A replay allocates and frees some dozen small pieces for each event; glibc's allocator took a
/// quarter of its time. Without huge pages (`no_thp`): a batch's memory is given back in small pieces,
/// and each that is taken again had a page of 2 MiB zeroed, a sixth of a replay and 50 MB more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    damage::report_panics();
    let terminal = cli::Terminal {
        colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        progress: io::stderr().is_terminal(),
    };
    let arguments = std::env::args_os();
    // Standard error is not locked: the log of `serve` writes to it from other threads.
    let code = cli::run(arguments, &mut io::stdout().lock(), &mut io::stderr(), terminal);
    ExitCode::from(code)
}
