//! Makes the table of the runbooks' dashboards and first steps, and of those that show that all is over, which the mails have inline: the function reads no files. How a page is written
//! stands in `runbooks`; a test holds this reader to that one.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Steps of a page that a mail has.
const TOLD: usize = 3;
const PAGES: &str = "../../../runbooks/shopfast";

fn main() -> Result<(), Box<dyn Error>> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "cargo::rerun-if-changed={PAGES}")?;
    let mut table = String::from("&[\n");
    for (alarm, text) in pages()? {
        let [steps, over] = ["Diagnosis", "Verification"].map(|section| {
            let steps = steps(&text, section).into_iter();
            steps.take(TOLD).collect::<Vec<(String, String)>>()
        });
        let dashboard = dashboard(&text);
        if !steps.is_empty() || !dashboard.is_empty() {
            writeln!(table, "    ({alarm:?}, {dashboard:?}, &{steps:?}, &{over:?}),")?;
        }
    }
    table.push_str("]\n");
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a build script where to write in a variable"
    )]
    let folder = std::env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("steps.rs"), table)?;
    Ok(())
}

/// Alarm and page, by name. Without the folder there are none.
fn pages() -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let folder = Path::new(PAGES);
    let mut pages = Vec::new();
    if !folder.is_dir() {
        return Ok(pages);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let alarm = path.file_stem().and_then(|name| name.to_str());
        if let Some(alarm) = alarm.filter(|_| path.extension().is_some_and(|end| end == "md")) {
            pages.push((alarm.to_owned(), fs::read_to_string(&path)?));
        }
    }
    pages.sort();
    Ok(pages)
}

/// The name in the generated row `| Dashboard | shopfast-incident-functions: ... |`; empty without one.
fn dashboard(text: &str) -> &str {
    let row = text.lines().find_map(|line| line.strip_prefix("| Dashboard | "));
    row.and_then(|row| row.split(':').next()).unwrap_or_default()
}

/// The steps of a section: heading and command.
fn steps(text: &str, section: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let (mut is_meant, mut is_code, mut has_command) = (false, false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            // The first block of a step is its command.
            has_command |= is_code;
            is_code = !is_code;
        } else if is_code {
            if let Some((_, command)) = steps.last_mut().filter(|_| is_meant && !has_command) {
                command.push_str(if command.is_empty() { "" } else { "\n" });
                command.push_str(line);
            }
        } else if let Some(title) = line.strip_prefix("## ") {
            is_meant = title.trim() == section;
        } else if let Some(title) = line.strip_prefix("### ").filter(|_| is_meant) {
            steps.push((title.trim().replace('`', ""), String::new()));
            has_command = false;
        }
    }
    steps.retain(|(_, command)| !command.is_empty());
    steps
}
