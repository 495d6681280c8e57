//! The AWS CLI for steps of runbooks: the one that whoever starts the tests names, or one that is installed here, pinned and
//! hashed, once per build folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::platform::{target_dir, workspace_root};

/// Names the program, as `.ci/run` does.
const VARIABLE: &str = "SHOPWATCH_AWS_CLI";

/// The folder that has the program `aws`.
///
/// # Errors
/// It is not there and cannot be installed.
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = named() {
        return Ok(folder);
    }
    let requirements = workspace_root().join(".ci/requirements.txt");
    let venv = std::path::absolute(target_dir().join("aws-cli"))?;
    let wanted = std::fs::read(&requirements).context("read .ci/requirements.txt")?;
    let stamp = venv.join("requirements.txt");
    if std::fs::read(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(venv.join("bin"));
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let pip = venv.join("bin/pip");
    let options = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
    ];
    run(Command::new(pip).args(options).arg(&requirements))?;
    std::fs::write(stamp, wanted)?;
    Ok(venv.join("bin"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the tests: where the AWS CLI is says who starts them"
)]
fn named() -> Option<PathBuf> {
    let program = std::env::var_os(VARIABLE).filter(|program| !program.is_empty())?;
    Path::new(&program).parent().map(Path::to_path_buf)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {errors}",
        output.status
    );
    Ok(())
}
