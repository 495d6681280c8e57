//! `shopwatch runbooks generate`: the generated block of each page, and a beginning for alarms that have no page.

use runbooks::generated::{block, refresh};
use runbooks::lint::Subject;
use runbooks::page::SectionKind;
use serde::Serialize;

use super::Book;
use crate::writing::Writing;
use crate::{Ended, Refused, Terminal, Workspace};

const AFTER: &str = "\
The rest of a page stays as it is. A page that is begun has every section and no words: `shopwatch runbooks lint` asks for them.

Examples:
  shopwatch runbooks generate                                pages that are there: their blocks
  shopwatch runbooks generate shopfast-order-dlq-not-empty   this one, begun if it is not there
  shopwatch runbooks generate --missing                      all, begun if they are not there
  shopwatch runbooks generate --check                        write nothing; exit code 1 when a block is not current
";

/// Options of `shopwatch runbooks generate`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Only pages of these alarms, begun if they are not there
    #[arg(value_name = "ALARM")]
    alarms: Vec<String>,
    /// Begin a page for every alarm that has none
    #[arg(long, conflicts_with = "check")]
    missing: bool,
    #[command(flatten)]
    writing: Writing,
}

/// What is with a file.
#[derive(Debug, Serialize)]
struct Seen {
    file: String,
    /// `current`, `changed`, `new`.
    state: &'static str,
}

/// Writes, or says what is stale.
///
/// # Errors
/// There is no such alarm, or a file cannot be read or written.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let book = Book::of(workspace)?;
    if let Some(name) = args.alarms.iter().find(|name| !book.alarms.contains_key(*name)) {
        return Err(book.unknown(name));
    }
    let mut seen = Vec::new();
    for (name, subject) in &book.alarms {
        let named = args.alarms.contains(name);
        if !args.alarms.is_empty() && !named {
            continue;
        }
        let before = book.sources.iter().find(|source| source.path == subject.path);
        let (state, text) = match before {
            Some(source) => {
                let text = refresh(&source.text, &subject.facts);
                (if text == source.text { "current" } else { "changed" }, text)
            }
            None if args.missing || (named && !args.writing.check) => ("new", begun(name, subject)),
            None => continue,
        };
        if !args.writing.check && state != "current" {
            write(&book, subject, &text)?;
        }
        let file = subject.path.clone();
        seen.push(Seen { file, state });
    }
    let stale = seen.iter().filter(|one| one.state != "current").count();
    if args.writing.json {
        terminal.json(&seen)?;
    } else {
        print(&seen, args.writing.check, stale, terminal)?;
    }
    Ok(if args.writing.check && stale > 0 {
        Ended::No
    } else {
        Ended::Done
    })
}

fn print(seen: &[Seen], check: bool, stale: usize, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    for one in seen {
        match (one.state, check) {
            ("current", _) => {}
            ("new", _) => terminal.line(format!("{} is begun", one.file))?,
            (_, true) => terminal.line(format!("{} is stale", one.file))?,
            (_, false) => terminal.line(format!("{} is written anew", one.file))?,
        }
    }
    terminal.line(format!(
        "{} pages, {} were current",
        seen.len(),
        seen.len() - stale
    ))?;
    Ok(())
}

/// A page with nothing but its form.
fn begun(name: &str, subject: &Subject) -> String {
    let mut text = format!("# {name}\n\n{}\n", block(&subject.facts));
    for section in SectionKind::ALL {
        text.push_str(&format!("\n## {}\n\nTODO\n", section.title()));
    }
    text
}

fn write(book: &Book, subject: &Subject, text: &str) -> Result<(), Refused> {
    let path = book.root().join(&subject.path);
    let folder = path.parent().unwrap_or(book.root());
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| Refused::failed(format!("write {}", path.display())).because(error))
}
