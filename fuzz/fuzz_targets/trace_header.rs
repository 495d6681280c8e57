#![no_main]

#[path = "../properties/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each target checks one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::trace_header(data));
