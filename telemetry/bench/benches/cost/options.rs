//! The command line: `cargo bench -p telemetry-bench -- [--quick] [--json] [--show] [--profile] [variant …]`.

use crate::Failed;
use crate::programs::VARIANTS;

/// How many invocations a number is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Before anything is counted: caches, lazily made state.
    pub(crate) warm_up: u32,
    /// Under valgrind and strace.
    pub(crate) counted: u32,
    /// For CPU time.
    pub(crate) timed: u32,
    /// Starts of the process, for the time of init.
    pub(crate) starts: u32,
}

const FULL: Effort = Effort {
    warm_up: 20,
    counted: 100,
    timed: 2_000,
    starts: 31,
};
const QUICK: Effort = Effort {
    warm_up: 5,
    counted: 20,
    timed: 200,
    starts: 5,
};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) effort: Effort,
    /// JSON instead of tables.
    pub(crate) json: bool,
    /// Print what a warm invocation writes and sends, and measure nothing.
    pub(crate) show: bool,
    /// Print where instructions are spent, by crate, and keep callgrind's files.
    pub(crate) profile: bool,
    /// Variants to run; `bare`, which the others are compared with, always.
    pub(crate) variants: Vec<&'static str>,
}

impl Options {
    /// Reads the arguments; `--bench` is cargo's own.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, Failed> {
        let mut options = Self {
            effort: FULL,
            json: false,
            show: false,
            profile: false,
            variants: Vec::new(),
        };
        for argument in arguments {
            match argument.as_str() {
                "--bench" => {}
                "--quick" => options.effort = QUICK,
                "--json" => options.json = true,
                "--show" => options.show = true,
                "--profile" => options.profile = true,
                name => match VARIANTS.iter().find(|variant| variant.name == name) {
                    Some(variant) => options.variants.push(variant.name),
                    None => return Err(format!("{name}: {}", usage()).into()),
                },
            }
        }
        if options.variants.is_empty() {
            options.variants = VARIANTS.iter().map(|variant| variant.name).collect();
        } else if !options.variants.contains(&"bare") {
            options.variants.insert(0, "bare");
        }
        Ok(options)
    }
}

fn usage() -> String {
    let names: Vec<&str> = VARIANTS.iter().map(|variant| variant.name).collect();
    format!(
        "--quick, --json, --show, --profile, or variants of {}",
        names.join(", ")
    )
}
