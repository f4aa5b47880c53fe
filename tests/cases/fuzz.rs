//! Every parser of foreign bytes on good inputs and on thousands of spoilt ones: none may panic,
//! none may run for ever, and none may take what nobody signed.
//!
//! `PLUMBLINE_ROUNDS` sets the number of inputs for each parser, `PLUMBLINE_SEED` which,
//! `PLUMBLINE_FUZZ` names one parser only. A failing input is printed as it is.

use plumbline_parsers::targets;
use plumbline_tests::fault::{rounds, seed};
use plumbline_tests::fuzz::mutated;
use plumbline_tests::random::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};

const ROUNDS: u64 = 400;
const SEED: u64 = 20_261_122;

#[test]
fn no_parser_of_foreign_bytes_panics() {
    let (rounds, seed) = (rounds(ROUNDS), seed(SEED));
    let only = std::env::var("PLUMBLINE_FUZZ").ok();
    for target in targets().filter(|one| only.as_deref().is_none_or(|only| only == one.name)) {
        let seeds = (target.seeds)();
        assert!(seeds.iter().any(|seed| (target.run)(seed)), "{}: no good input", target.name);
        let mut random = Random::new(seed);
        let mut taken = 0;
        for round in 0..rounds {
            let input = mutated(&seeds, &mut random);
            let ran = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
            let Ok(was_taken) = ran else {
                let shown = input.escape_ascii();
                panic!("{}: seed {seed}, input {round}: b\"{shown}\"", target.name)
            };
            taken += u64::from(was_taken);
        }
        println!("{}: {rounds} inputs, {taken} taken", target.name);
    }
}
