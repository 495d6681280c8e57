//! `shopwatch dlq`: what lies in the dead-letter queues, and the way back. Works on AWS and on the local platform.
//!
//! A dead-letter queue belongs to queues (their redrive policy names it), to functions (the target of failed asynchronous
//! invocations and batches), to subscriptions or to rules. SQS moves messages back only for the first kind; for the others there
//! is no command of AWS at all, so that what failed is done again here (`route`).

mod owners;
mod redrive;
mod route;
mod sources;

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use serde_json::{Value, json};

use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Options of `shopwatch dlq`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The dead-letter queues, how many messages lie there, and whose they are
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The messages of one, without taking them out
    Show {
        /// For example shopfast-notification-dlq
        queue: String,
        /// As JSON, one array
        #[arg(long)]
        json: bool,
    },
    /// Deliver its messages again to where they failed; each leaves the queue once it is accepted there
    #[command(after_help = "Example: shopwatch dlq redrive shopfast-notification-dlq")]
    Redrive {
        /// For example shopfast-notification-dlq
        queue: String,
        /// At the most this many messages [default: all]
        #[arg(long)]
        limit: Option<usize>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// The clients that these commands need.
#[derive(Debug, Clone)]
struct Clients {
    queues: aws_sdk_sqs::Client,
    functions: aws_sdk_lambda::Client,
    topics: aws_sdk_sns::Client,
    events: aws_sdk_eventbridge::Client,
}

impl Clients {
    async fn of(context: &Context) -> anyhow::Result<Self> {
        let config = context.sdk_config().await?;
        Ok(Self {
            queues: aws_sdk_sqs::Client::new(&config),
            functions: aws_sdk_lambda::Client::new(&config),
            topics: aws_sdk_sns::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
        })
    }
}

/// Delivers all messages of a queue again, for a drill that heals.
pub(crate) async fn redrive_all(context: &Context, queue: &str) -> anyhow::Result<()> {
    redrive::all(&Clients::of(context).await?, queue).await.map(drop)
}

pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let clients = Clients::of(context).await?;
    match args.command {
        Command::List { json } => list(&clients, json).await,
        Command::Show { queue, json } => show(&clients, &queue, json).await,
        Command::Redrive { queue, limit, json } => redrive::run(&clients, &queue, limit, json).await,
    }
}

/// One dead-letter queue. Exit code 0 even where messages lie: `list` answers, alarms judge.
async fn list(clients: &Clients, json: bool) -> anyhow::Result<Exit> {
    let found = sources::dead_letter_queues(clients).await?;
    let mut rows = vec![["queue", "messages", "of"].map(str::to_owned).to_vec()];
    let mut objects = Vec::new();
    for queue in found {
        let depth = depth(clients, &queue.url).await?;
        let owners = queue
            .owners
            .iter()
            .map(sources::Owner::to_string)
            .collect::<Vec<_>>();
        rows.push(vec![queue.name.clone(), depth.to_string(), owners.join(", ")]);
        objects.push(json!({"queue": queue.name, "url": queue.url, "messages": depth, "of": owners}));
    }
    if json {
        console::json(&Value::Array(objects));
    } else {
        console::out(&console::table(&rows));
    }
    Ok(Exit::Done)
}

async fn show(clients: &Clients, name: &str, json: bool) -> anyhow::Result<Exit> {
    let queue = sources::find(clients, name).await?;
    // A look must not hide the messages from others: they stay visible.
    let received = clients
        .queues
        .receive_message()
        .queue_url(&queue.url)
        .max_number_of_messages(10)
        .visibility_timeout(0)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .map_err(|error| failure(format!("read {name}"), error))?;
    let messages: Vec<Value> = received.messages().iter().map(describe).collect();
    if json {
        console::json(&Value::Array(messages));
        return Ok(Exit::Done);
    }
    for message in &messages {
        console::json(&format_args!("{message:#}"));
    }
    console::error(&format!(
        "{} of {} shown\n",
        messages.len(),
        depth(clients, &queue.url).await?
    ));
    Ok(Exit::Done)
}

/// A message without its receipt; attributes as plain text.
fn describe(message: &aws_sdk_sqs::types::Message) -> Value {
    let attributes: serde_json::Map<String, Value> = message
        .message_attributes()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), json!(value.string_value())))
        .collect();
    let body = message.body().unwrap_or_default();
    json!({
        "messageId": message.message_id(),
        "attributes": attributes,
        "body": serde_json::from_str::<Value>(body).unwrap_or_else(|_| json!(body)),
    })
}

async fn depth(clients: &Clients, url: &str) -> anyhow::Result<u64> {
    let answer = clients
        .queues
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .send()
        .await
        .map_err(|error| failure(format!("count the messages of {url}"), error))?;
    let text = answer
        .attributes()
        .and_then(|a| a.get(&QueueAttributeName::ApproximateNumberOfMessages));
    Ok(text.and_then(|n| n.parse().ok()).unwrap_or(0))
}

fn failure(attempted: String, error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::No, attempted).caused_by(error)
}
