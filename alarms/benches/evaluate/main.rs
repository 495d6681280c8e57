//! `cargo bench -p alarms`: what a year of evaluations costs.

fn main() {}
