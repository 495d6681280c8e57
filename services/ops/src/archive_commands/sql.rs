//! `shopwatch archive sql`: hands the query over to the program that reads SQL, which takes this one's place. In a clone it is built when it
//! is first asked; elsewhere it lies beside this program or in the PATH.

use std::env;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use aws_config::SdkConfig;
use ops_archive::{Location, SqlArgs};
use ops_monitoring::Refused;

use super::AccountBuckets;
use super::buckets::Named;
use crate::context::LOCAL_KEY;
use crate::exit::{Exit, Failure};
use crate::monitoring_commands::refused;
use crate::up::build;
use crate::up::progress::Progress;
use crate::workspace;

/// The program.
const NAME: &str = "shopwatch-archive-sql";
/// The package that has it.
const PACKAGE: &str = "ops-archive-sql";
/// What it is built with.
const FEATURE: &str = "engine";

/// Asks. Returns only when the program could not be started.
///
/// # Errors
/// An option is wrong, nobody says which archive is meant, or the program cannot be found or built.
pub(super) async fn run(args: &SqlArgs, buckets: &AccountBuckets<'_>) -> anyhow::Result<Exit> {
    refused(args.hours())?;
    let asked = refused(asked(args, buckets).await)?;
    let program = program().await?;
    let mut command = Command::new(&program);
    command.args(asked.profile.map(|profile| format!("--profile={profile}")));
    command.args(args.words(&asked.location));
    for (variable, value) in asked.environment {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    let cause = command.exec();
    let failure = Failure::new(
        Exit::Environment,
        format!("start {}, which reads SQL", program.display()),
    );
    let failure = match cause.kind() {
        io::ErrorKind::NotFound => failure.cure(format!(
            "install it from a clone of the repository: `cargo install --locked --path services/ops/archive-sql --features {FEATURE}`"
        )),
        _ => failure,
    };
    Err(failure.caused_by(cause).into())
}

/// An archive, and what makes another program's SDK ask whom this one would.
struct Asked {
    location: Location,
    profile: Option<String>,
    environment: Vec<Variable>,
}

/// A variable that is set, or taken away.
type Variable = (&'static str, Option<String>);

async fn asked(args: &SqlArgs, buckets: &AccountBuckets<'_>) -> Result<Asked, Refused> {
    let (name, prefix) = match args.location() {
        Some(location @ Location::Directory(_)) => {
            // A directory that is not there is told before anything is built.
            args.open(buckets).await?;
            return Ok(Asked {
                location: location.clone(),
                profile: None,
                environment: Vec::new(),
            });
        }
        Some(Location::Bucket { name, prefix }) => (Some(name.as_str()), prefix.clone()),
        None => (None, Default::default()),
    };
    let Named { name, config } = buckets.named(name).await?;
    Ok(Asked {
        location: Location::Bucket { name, prefix },
        profile: buckets.profile().map(str::to_owned),
        environment: environment(&config, buckets.has_own_credentials()),
    })
}

/// Of AWS with this machine's own configuration, or of an emulator, in whose way that configuration must not stand.
fn environment(config: &SdkConfig, has_own_credentials: bool) -> Vec<Variable> {
    let own = |text: &str| Some(text.to_owned());
    let mut variables = vec![
        ("AWS_REGION", config.region().map(ToString::to_string)),
        ("AWS_ENDPOINT_URL", config.endpoint_url().and_then(own)),
    ];
    if !has_own_credentials {
        variables.extend([
            ("AWS_CONFIG_FILE", own("/dev/null")),
            ("AWS_SHARED_CREDENTIALS_FILE", own("/dev/null")),
            ("AWS_PROFILE", None),
            ("AWS_ACCESS_KEY_ID", own(LOCAL_KEY)),
            ("AWS_SECRET_ACCESS_KEY", own(LOCAL_KEY)),
            ("AWS_SESSION_TOKEN", None),
        ]);
    }
    variables
}

/// In a clone it is built anew if anything of it changed, which takes a moment to see; a terminal shows what it takes.
async fn program() -> anyhow::Result<PathBuf> {
    let beside = env::current_exe()?.with_file_name(NAME);
    if !build::is_built_here() {
        let in_path = PathBuf::from(NAME);
        return Ok(if beside.is_file() { beside } else { in_path });
    }
    let progress = Progress::new(beside.is_file() && !io::stderr().is_terminal());
    let step = progress.step("Build what reads SQL, for minutes the first time");
    let built = build::program(&workspace::root()?, PACKAGE, FEATURE, NAME, &step).await?;
    step.done(NAME);
    Ok(built)
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};

    use super::*;
    use crate::context::local_sdk_config;

    #[test]
    fn the_program_asks_whom_this_one_would() {
        let check = |config: &SdkConfig, has_own: bool, expected: &[&str]| {
            let told = environment(config, has_own).into_iter().map(|(name, value)| {
                let value = value.map_or_else(|| " is taken away".to_owned(), |value| format!("={value}"));
                format!("{name}{value}")
            });
            assert_eq!(told.collect::<Vec<_>>(), expected);
        };
        check(
            &local_sdk_config("http://127.0.0.1:4566"),
            false,
            &[
                "AWS_REGION=us-east-1",
                "AWS_ENDPOINT_URL=http://127.0.0.1:4566",
                "AWS_CONFIG_FILE=/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
                "AWS_PROFILE is taken away",
                "AWS_ACCESS_KEY_ID=test",
                "AWS_SECRET_ACCESS_KEY=test",
                "AWS_SESSION_TOKEN is taken away",
            ],
        );
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .build();
        check(
            &aws,
            true,
            &["AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL is taken away"],
        );
    }
}
