//! The programs under measurement: examples of this crate in the profile that ships.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failed;

/// One way to do it.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// What the reader of the table is told.
    pub(crate) what: &'static str,
    /// Needs the feature `compare`.
    others: bool,
}

/// The first is what the others are compared with.
pub(crate) const VARIANTS: &[Variant] = &[
    Variant {
        name: "bare",
        what: "lambda_runtime alone; `tracing` and `metrics` lead nowhere",
        others: false,
    },
    Variant {
        name: "floor",
        what: "the same bytes formatted by hand, one write, one datagram",
        others: false,
    },
    Variant {
        name: "ours",
        what: "telemetry-lambda: logs, metrics, traces, correlation",
        others: false,
    },
    Variant {
        name: "embedded",
        what: "metrics_cloudwatch_embedded + tracing-subscriber JSON; no traces",
        others: true,
    },
    Variant {
        name: "otel-aws",
        what: "the same + tracing-opentelemetry, batch processor, opentelemetry-aws's X-Ray exporter, flushed per invocation",
        others: true,
    },
];

/// A variant as it is deployed.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
}

/// Where programs go, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// As they ship.
    Measure,
    /// With names and lines: the same code.
    Profile,
}

/// Builds these variants. Those of others in a run of their own: what their features bring must not reach ours.
pub(crate) fn build(names: &[&'static str], purpose: Purpose) -> Result<Vec<Program>, Failed> {
    let of = |others: bool| -> Vec<&'static str> {
        let wanted = VARIANTS
            .iter()
            .filter(|variant| variant.others == others && names.contains(&variant.name));
        wanted.map(|variant| variant.name).collect()
    };
    let mut programs = cargo(&of(false), &[], purpose)?;
    programs.extend(cargo(&of(true), &["--features", "compare"], purpose)?);
    Ok(programs)
}

fn cargo(variants: &[&'static str], options: &[&str], purpose: Purpose) -> Result<Vec<Program>, Failed> {
    if variants.is_empty() {
        return Ok(Vec::new());
    }
    let mut target = target()?;
    let mut command = Command::new(env!("CARGO"));
    if purpose == Purpose::Profile {
        target.push("profile");
        command
            .env("CARGO_PROFILE_LAMBDA_STRIP", "none")
            .env("CARGO_PROFILE_LAMBDA_DEBUG", "line-tables-only");
    }
    command
        .args(["build", "--profile", "lambda", "-p", "telemetry-bench"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .arg("--target-dir")
        .arg(&target)
        .args(options);
    for variant in variants {
        command.args(["--example", &format!("cost-{variant}")]);
    }
    if !command.status()?.success() {
        return Err("the variants do not build".into());
    }
    let examples = target.join("lambda").join("examples");
    Ok(variants
        .iter()
        .map(|name| Program {
            name,
            path: examples.join(format!("cost-{name}")),
        })
        .collect())
}

/// The target directory that this program was built in: `<target>/<profile>/deps/cost-…`.
pub(crate) fn target() -> Result<PathBuf, Failed> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).map(Path::to_path_buf);
    target.ok_or_else(|| "this program is in no target directory".into())
}
