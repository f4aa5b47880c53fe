//! What a whole year costs: lines a second, bytes a line. `PLUMBLINE_BENCH_SCALE` sets the size in
//! per cent.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

use plumbline_county::{Options, year};
use std::time::Instant;

fn main() {
    let percent = std::env::var("PLUMBLINE_BENCH_SCALE").ok().and_then(|text| text.parse().ok());
    let options = Options { scale: percent.unwrap_or(100.0) / 100.0, ..Options::default() };
    let (mut lines, mut bytes) = (0_u64, 0_u64);
    let start = Instant::now();
    let made = year(&options, &mut |line| {
        lines += 1;
        bytes += line.len() as u64;
        Ok(())
    });
    let took = start.elapsed().as_secs_f64();
    let made = made.unwrap();
    println!(
        "{lines} lines, {} bytes each, {} labels, {took:.2} s, {:.0} lines a second",
        bytes / lines,
        made.labels.len(),
        lines as f64 / took
    );
    for (kind, count) in made.volumes {
        println!("  {count:>8} {kind}");
    }
}
