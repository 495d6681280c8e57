//! Step 2: the emulator's virtual environment, from pinned and hashed requirements. Made once, and again when the
//! requirements or the Python change.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::digest;
use super::progress::Step;
use super::tools::Tools;
use crate::exit::{Exit, Failure};
use crate::state_dir::StateDir;

const REQUIREMENTS: &str = include_str!("../../emulator/requirements.txt");
/// What a failed installation prints is cut to this many lines.
const LINES_SHOWN: usize = 12;

/// The interpreter of the virtual environment, and whether it had to be made.
#[derive(Debug)]
pub(crate) struct Venv {
    pub(crate) python: PathBuf,
    pub(crate) made: bool,
}

/// Makes the virtual environment unless the one there is current.
pub(crate) async fn ensure(state: &StateDir, tools: &Tools, step: &Step) -> anyhow::Result<Venv> {
    let folder = state.venv();
    let python = folder.join("bin/python");
    let stamp = folder.join("shopwatch-stamp");
    if is_current(&python, &stamp).await {
        return Ok(Venv { python, made: false });
    }
    step.message("making the virtual environment");
    run(
        Command::new(&tools.python)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
        step,
    )
    .await
    .map_err(|cause| {
        Failure::new(
            Exit::Environment,
            "install the emulator: make a virtual environment",
        )
        .cure("is the disk full, or the Python without venv? `apt install python3-venv`")
        .caused_by(cause)
    })?;
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENTS)
        .with_context(|| format!("write {}", requirements.display()))?;
    run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--require-hashes",
                "--no-input",
                "--disable-pip-version-check",
            ])
            .args(["--progress-bar", "off", "-r"])
            .arg(&requirements),
        step,
    )
    .await
    .map_err(|cause| {
        Failure::new(
            Exit::Environment,
            "install the emulator: install its Python packages",
        )
        .cure(
            "the machine must reach a Python package index (PIP_INDEX_URL, PIP_CERT and proxies are \
                 honoured); then run it again",
        )
        .caused_by(cause)
    })?;
    let content = stamp_content(&python).await?;
    std::fs::write(&stamp, content).with_context(|| format!("write {}", stamp.display()))?;
    Ok(Venv { python, made: true })
}

/// The stamp is written last, so a half-made environment is never current.
async fn is_current(python: &Path, stamp: &Path) -> bool {
    let Ok(written) = std::fs::read_to_string(stamp) else {
        return false;
    };
    stamp_content(python)
        .await
        .is_ok_and(|content| content == written)
}

/// What the environment was made from: requirements, and the Python behind its link, which an upgrade replaces.
async fn stamp_content(python: &Path) -> anyhow::Result<String> {
    let output = Command::new(python).arg("--version").output().await?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(format!("{} {version}\n", digest::of(REQUIREMENTS.as_bytes())))
}

/// Runs it, shows what it is busy with, and fails with the end of what it printed.
async fn run(command: &mut Command, step: &Step) -> anyhow::Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().context("its output is piped")?;
    let stderr = child.stderr.take().context("its errors are piped")?;
    let shown = async {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            step.message(line.trim());
        }
    };
    let errors = async {
        let mut lines = BufReader::new(stderr).lines();
        let mut last = std::collections::VecDeque::new();
        while let Ok(Some(line)) = lines.next_line().await {
            last.push_back(line);
            if last.len() > LINES_SHOWN {
                last.pop_front();
            }
        }
        Vec::from(last).join("\n")
    };
    let ((), errors) = tokio::join!(shown, errors);
    let status = child.wait().await?;
    anyhow::ensure!(status.success(), "it ended with {status}:\n{errors}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        let joined = REQUIREMENTS.replace("\\\n", " ");
        let lines: Vec<&str> = joined
            .lines()
            .filter(|l| !l.starts_with('#') && !l.trim().is_empty())
            .collect();
        assert!(lines.len() > 30, "{} requirements", lines.len());
        for line in lines {
            assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
        }
    }

    #[test]
    fn the_requirements_are_made_from_their_source() {
        let source = include_str!("../../emulator/requirements.in");
        let pinned = source
            .lines()
            .find(|l| !l.starts_with('#'))
            .unwrap()
            .replace("[full]", "");
        assert!(REQUIREMENTS.contains(&format!("\n{pinned} \\\n")), "{pinned}");
    }
}
