//! Step 1: what the machine must have. Each missing tool is named with how to get it.

use std::path::Path;

use tokio::process::Command;

use crate::exit::{Exit, Failure};

/// The oldest Python the emulator runs on.
const OLDEST_PYTHON: (u32, u32) = (3, 10);
/// Tried in this order: the customary name first, then versioned ones where that is too old.
const PYTHONS: &[&str] = &[
    "python3",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];
const PYTHON_PROBE: &str = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])";
const PYTHON_CURE: &str = "install Python 3.10 or newer with venv: `apt install python3 python3-venv`, `dnf install python3`, `brew install python`";

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    /// A Python that can make virtual environments.
    pub(crate) python: String,
    /// For people: "Python 3.11, cargo 1.95.0".
    pub(crate) found: String,
}

/// Looks for Python, cargo (unless nothing is built) and a C compiler.
pub(crate) async fn check(build: bool, workspace: &Path) -> Result<Tools, Failure> {
    let (python, (major, minor)) = python().await?;
    let mut found = format!("Python {major}.{minor}");
    if build {
        let cargo = version("cargo", workspace).await.ok_or_else(|| {
            missing("cargo").cure("install Rust: https://rustup.rs (cargo must be in the PATH)")
        })?;
        found.push_str(", ");
        found.push_str(cargo.split(" (").next().unwrap_or(&cargo));
        version("cc", workspace).await.ok_or_else(|| {
            missing("a C compiler (`cc`)").cure(
                "install one: `apt install build-essential`, `dnf install gcc`, `xcode-select --install`",
            )
        })?;
        found.push_str(", cc");
    }
    Ok(Tools { python, found })
}

async fn python() -> Result<(String, (u32, u32)), Failure> {
    let mut seen = Vec::new();
    for name in PYTHONS {
        let Ok(output) = Command::new(name).args(["-c", PYTHON_PROBE]).output().await else {
            continue;
        };
        match parse_version(&String::from_utf8_lossy(&output.stdout)) {
            Some(version) if version >= OLDEST_PYTHON => return Ok(((*name).to_owned(), version)),
            Some((major, minor)) => seen.push(format!("{name} is {major}.{minor}")),
            None => seen.push(format!("{name}: {}", last_line(&output.stderr))),
        }
    }
    let seen = if seen.is_empty() {
        "no python3 in the PATH".to_owned()
    } else {
        seen.join("; ")
    };
    Err(missing("Python 3.10 or newer with venv")
        .caused_by(anyhow::anyhow!(seen))
        .cure(PYTHON_CURE))
}

async fn version(program: &str, folder: &Path) -> Option<String> {
    let output = Command::new(program)
        .arg("--version")
        .current_dir(folder)
        .output()
        .await
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().to_owned())
}

fn missing(what: &str) -> Failure {
    Failure::new(Exit::Environment, format!("check tools: {what} is missing"))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn last_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_not_text() {
        assert_eq!(parse_version("3 9\n"), Some((3, 9)));
        assert!(parse_version("3 10").unwrap() >= OLDEST_PYTHON);
        assert!(parse_version("3 9").unwrap() < OLDEST_PYTHON);
        assert_eq!(parse_version("ModuleNotFoundError"), None);
    }
}
