//! Calls of the functions behind custom widgets, for who asked for them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use dashboards::draw::{self, CustomAnswer, CustomAsk};
use ops_monitoring::dashboards::render::Drawing;
use serde_json::Value;

use crate::aws::told;

/// A function that takes longer is given up: a picture is wanted now.
const LONGEST: Duration = Duration::from_secs(30);
/// An answer is drawn in a widget: more has no room in it.
const MOST_BYTES: usize = 256 * 1024;

/// What each answered, by the place of its widget. One that fails is no reason for no picture.
pub(super) async fn answers(client: &Client, drawing: &Drawing) -> BTreeMap<usize, CustomAnswer> {
    let mut answers = BTreeMap::new();
    for ask in draw::calls(&drawing.name, &drawing.body, drawing.range) {
        let answer = match tokio::time::timeout(LONGEST, answer(client, &ask)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => CustomAnswer::Failed(format!("{error:#}")),
            Err(_) => CustomAnswer::Failed(format!("no answer in {} s", LONGEST.as_secs())),
        };
        answers.insert(ask.widget, answer);
    }
    answers
}

async fn answer(client: &Client, ask: &CustomAsk) -> anyhow::Result<CustomAnswer> {
    let event = Blob::new(ask.event.to_string());
    let call = client.invoke().function_name(&ask.function).payload(event);
    let output = call.send().await.map_err(told)?;
    let bytes = output.payload().map_or(&[][..], Blob::as_ref);
    if bytes.len() > MOST_BYTES {
        anyhow::bail!(
            "its answer has {} bytes, and {MOST_BYTES} are the most",
            bytes.len()
        );
    }
    let payload: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if let Some(error) = output.function_error() {
        let message = payload["errorMessage"].as_str().unwrap_or_default();
        anyhow::bail!("{error}: {message}");
    }
    Ok(match &payload {
        Value::String(html) => CustomAnswer::Html(html.clone()),
        Value::Object(members) => match members.get("markdown").and_then(Value::as_str) {
            Some(text) => CustomAnswer::Markdown(text.to_owned()),
            None => CustomAnswer::Json(format!("{payload:#}")),
        },
        _ => CustomAnswer::Json(format!("{payload:#}")),
    })
}
