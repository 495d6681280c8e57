//! `shopwatch dashboards render` of the running platform or of AWS: CloudWatch is asked for datapoints and states of alarms, CloudWatch
//! Logs for lines; drawing is `dashboards`' and the same everywhere.

mod answers;
mod calls;
mod expressions;
mod lines;

use aws_sdk_cloudwatch::Client;
use ops_monitoring::dashboards::render::{Args, drawing, written};
use ops_monitoring::{Terminal, Workspace};

use crate::cli::Global;
use crate::context::Context;
use crate::exit::Exit;
use crate::{console, workspace};

use answers::Answers;

/// Asks first and draws then.
///
/// # Errors
/// There is no such dashboard, nothing runs, or a service does not answer.
pub(super) async fn render(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let context = Context::new(global.clone())?;
    let config = context.sdk_config().await?;
    let workspace = workspace::root().map_or_else(|_| Workspace::none(), Workspace::at);
    let drawing = super::refused(drawing(&args, &workspace, context.time_of_metrics()?))?;
    let logs = lines::Source::new(&config, context.asks_aws_itself());
    let mut answers = Answers::to(&Client::new(&config), &logs, &drawing).await?;
    if args.run_custom_widgets {
        answers.custom = calls::answers(&aws_sdk_lambda::Client::new(&config), &drawing).await;
    }
    for remark in &answers.remarks {
        console::error(&format!("{remark}\n"));
    }
    let mut out = ops_monitoring::Output;
    let mut terminal = Terminal {
        out: &mut out,
        colored: console::colored(global),
        progress: None,
    };
    Ok(super::ended(written(&args, &drawing, &answers, &mut terminal))?)
}
