//! Programs that steps find before those of the machine: this very one, and an `aws` that asks at the address that steps are given.
//!
//! Version 1 of the AWS CLI asks AWS itself for SQS, whatever `AWS_ENDPOINT_URL` says
//! (awscli/customizations/overridesslcommonname.py); it obeys the option `--endpoint-url` only, which no page may name.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};
use crate::state_dir::{StateDir, private_folder};

/// The search path of steps. `has_address` when `AWS_ENDPOINT_URL` is set for them.
///
/// # Errors
/// This program is not found, or the folder cannot be written.
pub(super) fn path(state: &StateDir, has_address: bool) -> Result<OsString, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Environment,
            format!("put programs into the PATH of steps: {error}"),
        )
    };
    let own = std::env::current_exe().map_err(|error| failed(&error))?;
    let mut folders = vec![own.parent().unwrap_or(Path::new("/")).to_path_buf()];
    #[expect(
        clippy::disallowed_methods,
        reason = "the PATH is not configuration: it is what a shell would search, and steps search it too"
    )]
    let before = std::env::var_os("PATH").unwrap_or_default();
    let own = state.programs();
    folders.extend(std::env::split_paths(&before).filter(|folder| *folder != own));
    if let Some(aws) = has_address.then(|| found("aws", &folders)).flatten() {
        write(&own, "aws", &with_address(&aws))
            .map_err(|error| failed(&format!("{}: {error}", own.display())))?;
        folders.insert(0, own);
    }
    std::env::join_paths(folders).map_err(|error| failed(&error))
}

/// The first program of this name.
fn found(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    let path = folders.iter().map(|folder| folder.join(name)).find(is_program)?;
    std::path::absolute(path).ok()
}

/// A program that runs another one with the address as an option.
fn with_address(program: &Path) -> Vec<u8> {
    let mut script = b"#!/bin/sh\n# Written by `shopwatch runbooks run`: an address that version 1 of the AWS CLI obeys for SQS too.\nexec '".to_vec();
    for byte in program.as_os_str().as_bytes() {
        match byte {
            b'\'' => script.extend_from_slice(br"'\''"),
            _ => script.push(*byte),
        }
    }
    script.extend_from_slice(b"' --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n");
    script
}

/// Puts a program into a folder in one step: another run may be starting it right now.
fn write(folder: &Path, name: &str, script: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|there| there == script) {
        return Ok(());
    }
    private_folder(folder)?;
    let temporary = folder.join(format!("{name}.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o700);
    options.open(&temporary)?.write_all(script)?;
    fs::rename(&temporary, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The script is run: its quoting is the shell's affair.
    #[test]
    fn the_address_is_an_option() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("it's real");
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink("/bin/echo", real.join("aws")).unwrap();
        let aws = found("aws", &[folder.path().to_path_buf(), real]).unwrap();
        let own = folder.path().join("own");
        for _ in 0..2 {
            write(&own, "aws", &with_address(&aws)).unwrap();
        }
        // Started by a shell: another test's fork may still have the new file open for writing.
        let output = std::process::Command::new("sh")
            .arg(own.join("aws"))
            .args(["sqs", "list-queues", "a  b"])
            .env("AWS_ENDPOINT_URL", "http://localhost:1")
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "--endpoint-url http://localhost:1 sqs list-queues a  b\n"
        );
    }

    #[test]
    fn what_cannot_be_run_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("aws"), "no program").unwrap();
        assert_eq!(found("aws", &[folder.path().to_path_buf()]), None);
    }
}
