//! Programs of the workspace, built by cargo with the profile and the build folder of this program, so that nothing is compiled
//! twice: the functions' (step 3), and what this program calls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::progress::Step;
use crate::exit::{Exit, Failure};

/// What a failed build prints is cut to this many lines.
const LINES_SHOWN: usize = 60;

/// The programs by name; the name is the function's.
pub(crate) type Programs = BTreeMap<String, PathBuf>;

/// Where cargo puts programs: profile, and build folder when it can be told from where this program lies.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    profile: String,
    target_dir: Option<PathBuf>,
}

/// Builds those of these packages.
pub(crate) async fn build(
    workspace: &Path,
    packages: &BTreeSet<String>,
    step: &Step,
) -> anyhow::Result<Programs> {
    let mut command = cargo_build(workspace);
    command
        .arg("--bins")
        .args(packages.iter().flat_map(|package| ["--package", package]));
    run(&mut command, step).await.map_err(|cause| {
        let packages: Vec<String> = packages.iter().map(|package| format!(" -p {package}")).collect();
        Failure::new(Exit::Environment, "build the functions")
            .cure(format!(
                "run `cargo build{}` to see everything; `shopwatch up --no-build` starts with the programs of the last build",
                packages.concat()
            ))
            .caused_by(cause)
            .into()
    })
}

/// Builds one program, of a package with a feature.
pub(crate) async fn program(
    workspace: &Path,
    package: &str,
    feature: &str,
    name: &str,
    step: &Step,
) -> anyhow::Result<PathBuf> {
    let words = ["--package", package, "--features", feature, "--bin", name];
    let built = run(cargo_build(workspace).args(words), step).await;
    let found = built.and_then(|mut programs| programs.remove(name).context("cargo built another program"));
    found.map_err(|cause| {
        Failure::new(Exit::Environment, format!("build {name}"))
            .cure(format!("run `cargo build {}` to see everything", words.join(" ")))
            .caused_by(cause)
            .into()
    })
}

/// Does this program lie where cargo built it?
pub(crate) fn is_built_here() -> bool {
    Place::of_this_program().target_dir.is_some()
}

fn cargo_build(workspace: &Path) -> Command {
    let place = Place::of_this_program();
    let mut command = Command::new("cargo");
    command
        .args(["build", "--locked", "--profile", &place.profile])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace)
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    if let Some(folder) = &place.target_dir {
        command.arg("--target-dir").arg(folder);
    }
    command
}

/// The programs of an earlier build.
pub(crate) fn existing(names: &[String]) -> anyhow::Result<Programs> {
    let program = std::env::current_exe()?;
    let folder = program.parent().context("this program lies in a folder")?;
    names
        .iter()
        .map(|name| {
            let path = folder.join(name);
            if path.is_file() {
                return Ok((name.clone(), path));
            }
            Err(
                Failure::new(Exit::Environment, format!("find the program {}", path.display()))
                    .cure("leave out --no-build")
                    .into(),
            )
        })
        .collect()
}

impl Place {
    fn of_this_program() -> Self {
        std::env::current_exe().map_or_else(|_| Self::unknown(), |path| Self::of(&path))
    }

    /// `<target>/debug/shopwatch` tells both; a program installed elsewhere tells nothing.
    fn of(program: &Path) -> Self {
        let folder = program.parent();
        let target = folder.and_then(Path::parent);
        match (
            folder.and_then(Path::file_name).and_then(|name| name.to_str()),
            target,
        ) {
            (Some(name), Some(target)) if target.join(".rustc_info.json").is_file() => Self {
                profile: if name == "debug" {
                    "dev".to_owned()
                } else {
                    name.to_owned()
                },
                target_dir: Some(target.to_path_buf()),
            },
            _ => Self::unknown(),
        }
    }

    fn unknown() -> Self {
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        Self {
            profile: profile.to_owned(),
            target_dir: None,
        }
    }
}

/// The two of cargo's messages that matter here.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    target: Option<Target>,
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    fresh: bool,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

async fn run(command: &mut Command, step: &Step) -> anyhow::Result<Programs> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("start cargo")?;
    let messages = child.stdout.take().context("its output is piped")?;
    let diagnostics = child.stderr.take().context("its errors are piped")?;
    let programs = async {
        let mut lines = BufReader::new(messages).lines();
        let mut programs = Programs::new();
        let mut compiled = 0_u32;
        while let Ok(Some(line)) = lines.next_line().await {
            let Some(message) = artifact(&line) else { continue };
            let Some(target) = message.target else { continue };
            if !message.fresh {
                compiled += 1;
                step.message(format!("{compiled} compiled, {}", target.name));
            }
            if let Some(path) = message.executable {
                programs.insert(target.name, path);
            }
        }
        programs
    };
    let errors = async {
        let mut lines = BufReader::new(diagnostics).lines();
        let mut last = VecDeque::new();
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains("Blocking waiting for file lock") {
                step.message("waiting for another cargo");
            }
            last.push_back(line);
            if last.len() > LINES_SHOWN {
                last.pop_front();
            }
        }
        Vec::from(last).join("\n")
    };
    let (programs, errors) = tokio::join!(programs, errors);
    let status = child.wait().await?;
    anyhow::ensure!(status.success(), "cargo ended with {status}:\n{errors}");
    Ok(programs)
}

fn artifact(line: &str) -> Option<Message> {
    serde_json::from_str::<Message>(line)
        .ok()
        .filter(|message| message.reason == "compiler-artifact")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_told_by_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().to_path_buf();
        std::fs::write(target.join(".rustc_info.json"), "{}").unwrap();
        let check = |path: PathBuf, profile: &str, known: bool| {
            let place = Place::of(&path);
            assert_eq!(place.profile, profile, "{}", path.display());
            assert_eq!(place.target_dir.is_some(), known, "{}", path.display());
        };
        check(target.join("debug/shopwatch"), "dev", true);
        check(target.join("release/shopwatch"), "release", true);
        check(target.join("local/shopwatch"), "local", true);
        check(PathBuf::from("/home/ada/.cargo/bin/shopwatch"), "dev", false);
    }

    #[test]
    fn programs_are_told_from_other_messages() {
        let line = r#"{"reason":"compiler-artifact","package_id":"x","target":{"kind":["bin"],"name":"shopfast-order-relay"},"executable":"/t/debug/shopfast-order-relay","fresh":true}"#;
        let message = artifact(line).unwrap();
        assert_eq!(
            message.executable.unwrap(),
            Path::new("/t/debug/shopfast-order-relay")
        );
        assert!(message.fresh);
        assert!(artifact(r#"{"reason":"build-finished","success":true}"#).is_none());
        assert!(artifact("warning: not JSON").is_none());
    }
}
