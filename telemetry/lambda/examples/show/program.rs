//! Arguments, and where the example function comes from.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Error;

pub(crate) const HELP: &str = "\
Runs the example function orders-function on the Runtime API simulator, with an X-Ray daemon on loopback, and shows what
each invocation leaves: its answer, its log, its metrics, its trace.

Usage: cargo run -p telemetry-lambda --example show -- [--json] [--function PATH]

  --json           one JSON object per invocation and line: what was written, as it was written
  --function PATH  this executable instead of the one that cargo builds
  --help           this text

Exit codes: 0, 1 when a rule of CloudWatch's or X-Ray's was broken, 64 for wrong arguments, 69 when the function cannot be
built or run. Colour only on a terminal.
";

/// What the arguments ask for.
#[derive(Debug)]
pub(crate) enum Wanted {
    Help,
    Show(Options),
}

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) json: bool,
    /// `None`: cargo builds it.
    pub(crate) function: Option<PathBuf>,
}

/// # Errors
/// A sentence for whoever typed it.
pub(crate) fn wanted(arguments: impl IntoIterator<Item = String>) -> Result<Wanted, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Wanted::Help),
            "--json" => options.json = true,
            "--function" => {
                let path = arguments.next().ok_or("--function needs a path")?;
                options.function = Some(path.into());
            }
            other => return Err(format!("unknown argument {other:?}; --help tells the known ones")),
        }
    }
    Ok(Wanted::Show(options))
}

/// Builds the function; cargo tells where it is.
///
/// # Errors
/// There is no cargo, or it could not build it; what the compiler says goes to standard error.
pub(crate) fn build() -> Result<PathBuf, Error> {
    let output = Command::new("cargo")
        .args(["build", "--quiet", "--package", "telemetry-lambda"])
        .args([
            "--example",
            "orders-function",
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("build orders-function: cargo ended with {}", output.status).into());
    }
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_function = message["target"]["name"] == "orders-function";
        message["executable"]
            .as_str()
            .filter(|_| is_function)
            .map(PathBuf::from)
    });
    executable.ok_or_else(|| "build orders-function: cargo names no executable".into())
}
