//! The command line: what can be typed, and where it goes. No command's work is done here.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::context::Context;
use crate::exit::{EXIT_CODES, Exit};
use crate::{
    archive_commands, control, dlq, drill, load, monitoring_commands, runbook_commands, status,
    story_commands, token, up,
};

const EXAMPLES: &str = "\
Examples:
  shopwatch                          start everything, stay in the foreground
  shopwatch up --detach              start everything in the background
  shopwatch status --json            what runs, where, healthy or not
  shopwatch trace ORDER_ID           what happened to this order
  shopwatch runbooks show ALARM      what to do about this alarm
  shopwatch load --orders 1000 --concurrency 20
  shopwatch stop                     stop what `up` started
";

/// Runs ShopFast on one machine and tells what happened to an order.
///
/// Without a command it is `up`.
#[derive(Debug, Parser)]
#[command(name = "shopwatch", version, after_help = EXIT_CODES, after_long_help = format!("{EXAMPLES}\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// Where the platform keeps its state [default: .shopwatch in the workspace]
    #[arg(long, global = true, env = "SHOPWATCH_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Ask AWS, with this profile of the AWS configuration, instead of the platform on this machine
    #[arg(
        long,
        global = true,
        env = "SHOPWATCH_PROFILE",
        hide_env = true,
        value_name = "NAME",
        help_heading = "AWS instead of this machine"
    )]
    pub(crate) profile: Option<String>,
    /// Ask the AWS APIs at this address instead of the platform on this machine
    #[arg(
        long,
        global = true,
        env = "SHOPWATCH_ENDPOINT_URL",
        hide_env = true,
        value_name = "URL",
        help_heading = "AWS instead of this machine"
    )]
    pub(crate) endpoint_url: Option<String>,
    /// Ask AWS in this region, instead of the platform on this machine
    #[arg(
        long,
        global = true,
        env = "SHOPWATCH_REGION",
        hide_env = true,
        value_name = "REGION",
        help_heading = "AWS instead of this machine"
    )]
    pub(crate) region: Option<String>,
    /// Never colour, whatever its value (<https://no-color.org>)
    #[arg(long = "no-color-variable", hide = true, env = "NO_COLOR")]
    pub(crate) no_color: Option<String>,
}

/// When to colour the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// When it goes to a terminal and NO_COLOR is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the shop and the observability plane, until Ctrl-C
    Up(up::Args),
    /// Stop what `up` started in this state directory
    Stop(control::commands::StopArgs),
    /// What runs, where, healthy or not; exit code 1 when nothing runs
    Status(status::Args),
    /// Everything that happened under an ID: correlation, order, request or trace ID
    Trace(story_commands::trace::Args),
    /// Log lines
    Logs(story_commands::logs::Args),
    /// Metrics
    Metrics(story_commands::metrics::Args),
    /// Mails that left the shop
    Mails(story_commands::mails::Args),
    /// What lies in the dead-letter queues, and the way back
    Dlq(dlq::Args),
    /// Questions about alarms: what they do, whether they would have, what is wrong with them
    Alarms(monitoring_commands::AlarmsArgs),
    /// Dashboards, generated and drawn
    Dashboards(monitoring_commands::DashboardsArgs),
    /// What to do about an alarm: pages to read, and to run
    Runbooks(runbook_commands::Args),
    /// Questions to the log archive: lines of any ID, for years
    Archive(archive_commands::ArchiveArgs),
    /// Place many orders and check that nothing is lost or doubled
    Load(load::Args),
    /// Make something fail: functions, the emulator
    Fault(control::commands::FaultArgs),
    /// Break the shop on purpose, and check that the right alarms say so, once
    #[command(subcommand)]
    Drill(drill::Command),
    /// The emulator behind the platform
    Emulator(control::commands::EmulatorArgs),
    /// A signed-in user's token for the shop's API
    Token(token::Args),
    /// A completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command that was typed.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<Exit> {
    // Questions about alarms need no state directory, so none outside of a workspace either.
    let context = || Context::new(cli.global.clone());
    match cli.command.unwrap_or(Command::Up(up::Args::default())) {
        Command::Up(args) => up::run(args, &context()?).await,
        Command::Stop(args) => control::commands::stop(args, &context()?).await,
        Command::Status(args) => status::run(args, &context()?).await,
        Command::Trace(args) => story_commands::trace::run(args, &context()?).await,
        Command::Logs(args) => story_commands::logs::run(args, &context()?).await,
        Command::Metrics(args) => story_commands::metrics::run(args, &context()?).await,
        Command::Mails(args) => story_commands::mails::run(args, &context()?).await,
        Command::Dlq(args) => dlq::run(args, &context()?).await,
        Command::Alarms(args) => monitoring_commands::alarms(args, &cli.global).await,
        Command::Dashboards(args) => monitoring_commands::dashboards(args, &cli.global).await,
        Command::Runbooks(args) => runbook_commands::run(args, &cli.global).await,
        Command::Archive(args) => archive_commands::run(args, &cli.global).await,
        Command::Load(args) => load::run(args, &context()?).await,
        Command::Fault(args) => control::commands::fault(args, &context()?).await,
        Command::Drill(command) => Box::pin(drill::run(command, &context()?)).await,
        Command::Emulator(args) => control::commands::emulator(args, &context()?).await,
        Command::Token(args) => token::run(args, &context()?).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "shopwatch", &mut std::io::stdout());
            Ok(Exit::Done)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_cli() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_up() {
        assert!(Cli::try_parse_from(["shopwatch"]).unwrap().command.is_none());
        let cli = Cli::try_parse_from(["shopwatch", "up", "--fresh", "--port-api", "8080"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Up(_))));
    }

    #[test]
    fn every_command_can_be_typed() {
        let check = |line: &str| {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        };
        check("shopwatch --state-dir /tmp/a status --json");
        check("shopwatch up --detach --quiet --state-dir /tmp/a");
        check("shopwatch --profile production --region eu-west-1 --color never status");
        check("shopwatch load --orders 1000 --concurrency 20 --seed 7 --json");
        check("shopwatch fault set shopfast-order-service kill-after-call dynamodb TransactWriteItems");
        check("shopwatch fault set shopfast-payment-processor latency 500 --times 3");
        check("shopwatch fault list --json");
        check("shopwatch logs -n shopfast-order-service --allow-empty");
        check("shopwatch metrics get AWS/SQS NumberOfMessagesSent --json --allow-empty");
        check("shopwatch fault set shopfast-payment-processor latency 500 --times 3 --json");
        check("shopwatch fault set --json shopfast-payment-processor throttle");
        check("shopwatch fault clear --json");
        check(
            "shopwatch fault set * fail-call dynamodb PutItem ThrottlingException --resource shopfast-orders --every 2",
        );
        check("shopwatch fault set shopfast-order-service timeout --times 0");
        check("shopwatch drill list --json");
        check("shopwatch drill run --all --json --time-scale 60");
        check("shopwatch drill run product-service-fails dlq-* --running");
        check("shopwatch emulator restart");
        check("shopwatch dlq list --json");
        check("shopwatch dlq redrive shopfast-notification-dlq --limit 10");
        check("shopwatch alarms evaluate --range -X- --evaluation-periods 3 --json");
        check("shopwatch token --admin --json");
        check("shopwatch alarms status shopfast-order-service-errors --json");
        check("shopwatch alarms status --state ALARM --watch");
        check("shopwatch archive get 019aa7f4-9c00-7abc-8def-0123456789ab --archive /var/archive");
        check(
            "shopwatch archive export --archive a --since 2026-11-21T19 --until 2026-11-21 --form original",
        );
        check("shopwatch archive stats --archive s3://logs/old --profile production");
        check("shopwatch archive restore c-1 --archive s3://logs --days 3 --bulk --yes");
        check("shopwatch trace c-1 --archive s3://logs --scan --yes");
        check("shopwatch trace c-1 --no-archive --follow");
        check("shopwatch up --time-scale 60");
        check("shopwatch runbooks lint shopfast-order --json");
        check("shopwatch runbooks generate --check");
        check("shopwatch runbooks show shopfast-order-dlq-not-empty --json");
        check("shopwatch completions bash");
        assert!(Cli::try_parse_from(["shopwatch", "up", "--port-api", "99999"]).is_err());
    }
}
