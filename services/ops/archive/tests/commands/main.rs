//! The commands of `shopwatch archive`, as a person types them.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod bucket;
mod directory;
mod fixture;
mod loopback;

use std::path::Path;

use clap::Parser;
use expect_test::Expect;
use ops_archive::{Buckets, Command};
use tempfile::TempDir;

use fixture::{NoBuckets, REQUEST, STORY, archive, printed};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn run(archive: &Path, line: &str) -> (u8, String) {
    run_with(
        &NoBuckets,
        &format!("{line} --archive {}", archive.to_str().unwrap()),
    )
}

fn run_with(buckets: &dyn Buckets, line: &str) -> (u8, String) {
    let words: Vec<&str> = std::iter::once("archive")
        .chain(line.split_whitespace())
        .collect();
    run_words(buckets, &words)
}

fn run_words(buckets: &dyn Buckets, words: &[&str]) -> (u8, String) {
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    printed(async |terminal| ops_archive::run(cli.command, buckets, terminal).await)
}

fn compacted() -> TempDir {
    let directory = archive();
    let (code, _) = run(directory.path(), "compact --now 2025-11-21T21:00:00Z");
    assert_eq!(code, 0);
    directory
}

fn check(archive: &Path, line: &str, code: u8, expected: &Expect) {
    let (own, out) = run(archive, line);
    let path = archive.to_str().unwrap();
    expected.assert_eq(&format!(
        "{}exit {own}\n",
        out.replace(path, "ARCHIVE").replace('\r', "<CR>")
    ));
    assert_eq!(own, code, "{line}");
}
