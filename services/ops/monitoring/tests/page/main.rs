//! The examples of README.md print what the page says, in this workspace. With `UPDATE_EXPECT=1` nothing is written: the page
//! is a text for people, and a test that wrote it would agree with anything.

use std::path::Path;

use ops_monitoring::Workspace;

#[path = "../commands/shell.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod shell;

use shell::shopwatch_in;

const PAGE: &str = include_str!("../../README.md");
/// Stands for any lines.
const ANY: &str = "…";

/// A command and the lines below it.
struct Example<'a> {
    command: &'a str,
    lines: Vec<&'a str>,
}

fn examples() -> Vec<Example<'static>> {
    let blocks = PAGE.split("```console\n").skip(1);
    let lines = blocks
        .filter_map(|block| block.split("```").next())
        .flat_map(str::lines);
    let mut examples: Vec<Example<'_>> = Vec::new();
    for line in lines {
        if let Some(command) = line.strip_prefix("$ shopwatch ") {
            let lines = Vec::new();
            examples.push(Example { command, lines });
        } else if let Some(example) = examples.last_mut() {
            example.lines.push(line);
        }
    }
    examples
}

/// Words, those in double quotes as one.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(n, part)| {
            if n % 2 == 0 {
                part.split_whitespace().collect()
            } else {
                vec![part]
            }
        })
        .collect()
}

/// Do the lines agree, where `…` is any number of them?
fn agree(expect: &[&str], found: &[&str]) -> bool {
    match (expect, found) {
        ([], []) => true,
        ([ANY, later @ ..], _) => (0..=found.len()).any(|n| agree(later, &found[n..])),
        ([line, later @ ..], [first, rest @ ..]) => line == first && agree(later, rest),
        _ => false,
    }
}

#[test]
fn the_examples_print_what_the_page_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    // Files in the examples are named from the root on.
    std::env::set_current_dir(&root).unwrap();
    let workspace = Workspace::at(root.canonicalize().unwrap());
    let examples = examples();
    assert!(examples.len() >= 9, "an example for each command");
    for example in examples {
        let output = shopwatch_in(&workspace, &words(example.command));
        let found: Vec<&str> = output.out.lines().collect();
        assert!(output.error.is_empty(), "{}: {}", example.command, output.error);
        assert!(
            agree(&example.lines, &found),
            "$ shopwatch {}\n{}",
            example.command,
            output.out
        );
    }
}
