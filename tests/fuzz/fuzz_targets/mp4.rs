//! The parser `mp4` of `plumbline-parsers`, as a fuzz target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plumbline_parsers::run("mp4", bytes);
});
