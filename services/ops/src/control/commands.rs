//! `stop`, `fault` and `emulator`: the commands that only pass an order on.

use std::time::Duration;

use ops_story::redact::printable;
use serde_json::{Value, json};

use super::client::ask;
use super::{Request, faults};
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::lock_file;
use crate::run_file::RunFile;

/// An orderly stop takes this long at the most: the emulator saves, invocations under way end.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Options of `shopwatch stop`.
#[derive(Debug, clap::Args)]
pub(crate) struct StopArgs {}

/// Options of `shopwatch fault`.
#[derive(Debug, clap::Args)]
pub(crate) struct FaultArgs {
    #[command(subcommand)]
    command: FaultCommand,
}

#[derive(Debug, clap::Subcommand)]
enum FaultCommand {
    /// Arm a fault of a function
    #[command(
        after_help = "Example: shopwatch fault set shopfast-order-service kill-after-call dynamodb TransactWriteItems"
    )]
    Set {
        #[command(flatten)]
        order: faults::Order,
        /// As JSON
        #[arg(long, global = true)]
        json: bool,
    },
    /// Write lines into the log of a function, as if it had written them
    #[command(
        after_help = "Example: shopwatch fault lines shopfast-order-status --count 1000 --line '{\"level\":\"ERROR\",\"message\":\"no\"}'"
    )]
    Lines {
        /// For example shopfast-order-status
        function: String,
        /// A JSON object; each line gets a time and an ID of its own
        #[arg(long, value_parser = line)]
        line: Value,
        /// How often
        #[arg(long, default_value_t = 1)]
        count: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The armed faults, and how often each happened
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Disarm all faults
    Clear {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Options of `shopwatch emulator`.
#[derive(Debug, clap::Args)]
pub(crate) struct EmulatorArgs {
    #[command(subcommand)]
    command: EmulatorCommand,
}

#[derive(Debug, clap::Subcommand)]
enum EmulatorCommand {
    /// Stop it orderly and start it again with its state: an outage of the whole application plane
    Restart,
}

fn line(text: &str) -> Result<Value, String> {
    let line: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    line.is_object()
        .then_some(line)
        .ok_or_else(|| "a line is a JSON object".to_owned())
}

/// Stops the platform and waits until it is gone.
pub(crate) async fn stop(_args: StopArgs, context: &Context) -> anyhow::Result<Exit> {
    if !lock_file::is_held(&context.state().lock_file()) {
        console::error(&format!("nothing runs in {}\n", context.state().root().display()));
        return Ok(Exit::No);
    }
    end(context).await?;
    console::line("stopped");
    Ok(Exit::Done)
}

/// Stops the platform that runs, and waits until it is gone.
pub(crate) async fn end(context: &Context) -> anyhow::Result<()> {
    let lock = context.state().lock_file();
    ask(&context.state().control_socket(), &Request::Stop).await?;
    let gone = async {
        while lock_file::is_held(&lock) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(STOP_LIMIT, gone).await.is_err() {
        let pid = RunFile::of_running(context.state())
            .map_or_else(String::new, |file| format!(" (process {})", file.pid));
        return Err(Failure::new(
            Exit::Platform,
            format!("stop the platform{pid}: it is still there"),
        )
        .cure("its terminal or logs/up.log says why; SIGTERM twice ends it at once")
        .into());
    }
    Ok(())
}

/// Arms, lists and disarms faults.
pub(crate) async fn fault(args: FaultArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.command {
        FaultCommand::Set { order, json } => {
            let function = order.function.clone();
            let armed = order_of(context, Request::SetFault(order)).await?;
            if json {
                console::json(&json!({"armed": armed["id"], "function": function}));
            } else {
                let told = format!("armed fault {} of {function}", armed["id"]);
                console::line(&printable(&told));
            }
        }
        FaultCommand::Lines {
            function,
            line,
            count,
            json,
        } => {
            let request = Request::WriteLog {
                function: function.clone(),
                line,
                count,
            };
            order_of(context, request).await?;
            if json {
                console::json(&json!({"function": function, "lines": count}));
            } else {
                console::line(&printable(&format!("{count} lines of {function}")));
            }
        }
        FaultCommand::List { json } => {
            let plans = order_of(context, Request::ListFaults).await?;
            if json {
                console::json(&plans);
            } else {
                console::out(&console::table(&fault_rows(&plans)));
            }
        }
        FaultCommand::Clear { json } => {
            order_of(context, Request::ClearFaults).await?;
            if json {
                console::json(&json!({"armed": []}));
            } else {
                console::line("no fault is armed");
            }
        }
    }
    Ok(Exit::Done)
}

/// Passes an order for the emulator on.
pub(crate) async fn emulator(args: EmulatorArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.command {
        EmulatorCommand::Restart => {
            order_of(context, Request::RestartEmulator).await?;
            console::line("the emulator was restarted with its state");
        }
    }
    Ok(Exit::Done)
}

async fn order_of(context: &Context, request: Request) -> anyhow::Result<Value> {
    context.running()?;
    ask(&context.state().control_socket(), &request).await
}

fn fault_rows(plans: &Value) -> Vec<Vec<String>> {
    let head = ["id", "function", "fault", "remaining", "happened"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for plan in plans.as_array().into_iter().flatten() {
        let cell = |name: &str| match &plan[name] {
            Value::String(text) => text.clone(),
            Value::Null => "until cleared".to_owned(),
            other => other.to_string(),
        };
        rows.push(head.map(cell).to_vec());
    }
    rows
}
