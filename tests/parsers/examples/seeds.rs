//! Writes the good inputs of every parser into a folder, one subfolder each: what a fuzzer begins
//! with. `cargo run -p plumbline-parsers --example seeds -- tests/fuzz/corpus`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "tests/fuzz/corpus".to_owned());
    for target in plumbline_parsers::targets() {
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        let seeds = (target.seeds)();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
        println!("{}: {}", folder.display(), seeds.len());
    }
}
