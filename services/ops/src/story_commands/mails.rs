//! `shopwatch mails`: mails that left the shop on this machine.

use ops_story::redact::printable;
use serde_json::json;

use super::sources::{KeptMail, Mailbox};
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Options of `shopwatch mails`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of this correlation or order ID
    #[arg(long)]
    id: Option<String>,
    /// Only to this address
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// At most this many, the newest
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// With their text
    #[arg(long)]
    text: bool,
    /// As JSON, with text and HTML
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When AWS is asked, which keeps no mails, or the platform does not answer.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    if context.asks_aws() {
        return Err(Failure::new(Exit::Usage, "read mails on AWS: SES keeps none")
            .cure("`shopwatch trace ID` shows that they were sent; without --profile, --region and --endpoint-url this machine's mailbox is read")
            .into());
    }
    let mails = Mailbox::new(context)?
        .find(args.id.as_deref(), args.to.as_deref(), args.limit)
        .await?;
    if args.json {
        let mails: Vec<_> = mails.iter().map(as_json).collect();
        console::json(&json!({ "mails": mails }));
        return Ok(Exit::Done);
    }
    if mails.is_empty() {
        console::error("no mails\n");
        return Ok(Exit::No);
    }
    if args.text {
        mails.iter().rev().for_each(whole);
    } else {
        let head = ["time (UTC)", "to", "subject"].map(str::to_owned).to_vec();
        let rows = std::iter::once(head).chain(mails.iter().rev().map(row));
        console::out(&console::table(&rows.collect::<Vec<_>>()));
    }
    Ok(Exit::Done)
}

fn as_json(mail: &KeptMail) -> serde_json::Value {
    let mut object = mail.rest.clone();
    object.insert("timestamp_ms".to_owned(), json!(mail.timestamp_ms));
    object.insert("to".to_owned(), json!(mail.to));
    object.insert("subject".to_owned(), json!(mail.subject));
    object.insert("text".to_owned(), json!(mail.text));
    object.into()
}

fn at(mail: &KeptMail) -> String {
    jiff::Timestamp::from_millisecond(mail.timestamp_ms)
        .unwrap_or_default()
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn row(mail: &KeptMail) -> Vec<String> {
    let subject = mail.subject.as_deref().unwrap_or_default();
    vec![at(mail), mail.to.join(", "), subject.to_owned()]
}

fn whole(mail: &KeptMail) {
    console::line(&printable(&row(mail).join("  ")));
    for line in mail.text.as_deref().unwrap_or_default().lines() {
        console::line(&format!("  {}", printable(line)));
    }
    console::line("");
}
