//! The drill files of the workspace.

use std::path::Path;

use anyhow::Context as _;
use ops_drill::{AcceptedFile, AlarmFacts, Drill};

use crate::exit::{Exit, Failure};

/// Where they are, in the workspace.
pub(super) const FOLDER: &str = "tests/drills";
/// What is accepted not to be covered, beside them.
const ACCEPTED: &str = "accepted.yaml";

/// Which changes of runbooks no drill makes, beside them: a test reads it.
pub(super) const UNDONE: &str = "undone.yaml";

/// All that the files say.
#[derive(Debug)]
pub(super) struct Book {
    /// In the order of their files' names.
    pub(super) drills: Vec<Drill>,
    /// What is accepted not to be covered.
    pub(super) accepted: AcceptedFile,
}

/// Reads every file of the folder.
pub(super) fn read(folder: &Path) -> anyhow::Result<Book> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("read the drills in {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.sort();
    let mut book = Book {
        drills: Vec::new(),
        accepted: AcceptedFile::default(),
    };
    for path in paths {
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shown = format!("{FOLDER}/{name}");
        if name == UNDONE {
            continue;
        }
        if name == ACCEPTED {
            book.accepted = ops_drill::read_accepted(&shown, &text).map_err(wrong)?;
            continue;
        }
        for drill in ops_drill::read(&shown, &text).map_err(wrong)? {
            if let Some(other) = book.drills.iter().find(|other| other.name == drill.name) {
                let told = format!(
                    "{shown}:{}: the drill {} is in {} too",
                    drill.line, drill.name, other.file
                );
                return Err(wrong(told));
            }
            book.drills.push(drill);
        }
    }
    Ok(book)
}

fn wrong(error: impl std::fmt::Display) -> anyhow::Error {
    Failure::new(Exit::Usage, format!("read the drills: {error}"))
        .cure(format!("the format is in {FOLDER}/README.md"))
        .into()
}

impl Book {
    /// Those of these names, in which `*` stands for any text.
    pub(super) fn only(self, names: &[String]) -> anyhow::Result<Self> {
        let mut drills = Vec::new();
        for name in names {
            let mut named = self
                .drills
                .iter()
                .filter(|drill| ops_drill::matches(name, &drill.name))
                .peekable();
            if named.peek().is_none() {
                return Err(Failure::new(Exit::Usage, format!("there is no drill {name}"))
                    .cure("`shopwatch drill list` shows them")
                    .into());
            }
            for drill in named {
                if !drills.iter().any(|known: &Drill| known.name == drill.name) {
                    drills.push(drill.clone());
                }
            }
        }
        Ok(Self { drills, ..self })
    }
}

/// An expected alarm that does not exist could never come, and would be told after a long wait only.
pub(super) fn check_names(drills: &[Drill], known: &[AlarmFacts]) -> anyhow::Result<()> {
    for drill in drills {
        for name in &drill.expect.alarms {
            match known.iter().find(|alarm| alarm.name == *name) {
                None => {
                    let told = format!(
                        "{}:{}: {}: there is no alarm {name}",
                        drill.file, drill.line, drill.name
                    );
                    return Err(wrong(told));
                }
                Some(alarm) if !alarm.is_observable => {
                    let told = format!(
                        "{}:{}: {}: {name} cannot be seen on this machine, nothing sends its metric",
                        drill.file, drill.line, drill.name
                    );
                    return Err(wrong(told));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}
