//! Placeholder until the scenarios stand.
fn main() {}
