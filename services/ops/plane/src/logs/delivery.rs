//! Lines that wait for a function, on their way: which filters there are is asked for, and what matched is handed over in batches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::subscription::{Matched, Pace, envelope};
use crate::gateway::LambdaRequest;
use crate::plane::Shared;

/// Between two looks at the filters; a deployment is looked at at once.
const LOOK: Duration = Duration::from_secs(10);
/// Lines that come together go together. AWS batches for seconds.
const SOON: Duration = Duration::from_millis(200);
const GATHERED: Duration = Duration::from_secs(1);
/// Bytes of lines in one batch: packed they are far below what an asynchronous event may have.
const MOST_BYTES: usize = 512 * 1_024;
/// Lines taken at once.
const MOST_LINES: usize = 10_000;
/// Log groups of one page.
const PAGE: usize = 50;

/// Looks and delivers until it is stopped. What waits then is lost, as the functions are: it is counted, for `/_shopwatch/stats`.
pub(crate) async fn run(shared: Shared, account: String, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = look(&shared) => {}
        () = deliver(&shared, &account, Pace::Soon, SOON) => {}
        () = deliver(&shared, &account, Pace::Gathered, GATHERED) => {}
    }
    shared.subscriptions.stop();
}

async fn look(shared: &Shared) {
    loop {
        read(shared).await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shared.deployed.notified() => {}
        }
    }
}

/// Takes the filters that are deployed. While the emulator is away they stay what they were.
pub(crate) async fn read(shared: &Shared) {
    if let Some(filters) = filters(shared).await {
        shared.subscriptions.replace(filters.iter());
    }
}

async fn filters(shared: &Shared) -> Option<Vec<Value>> {
    let mut filters = Vec::new();
    let mut names = BTreeSet::new();
    let mut input = json!({"limit": PAGE});
    loop {
        let groups = shared
            .forward
            .ask("Logs_20140328.DescribeLogGroups", &input)
            .await?;
        for group in groups["logGroups"].as_array()? {
            names.extend(group["logGroupName"].as_str().map(str::to_owned));
            let asked = json!({"logGroupName": group["logGroupName"]});
            let target = "Logs_20140328.DescribeSubscriptionFilters";
            let answer = shared.forward.ask(target, &asked).await?;
            filters.extend(
                answer["subscriptionFilters"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default(),
            );
        }
        match groups["nextToken"].as_str() {
            Some(token) => input["nextToken"] = json!(token),
            None => {
                shared.subscriptions.set_groups(names);
                return Some(filters);
            }
        }
    }
}

async fn deliver(shared: &Shared, account: &str, pace: Pace, gather: Duration) {
    let Some(mut lines) = shared.subscriptions.take(pace) else {
        return;
    };
    let mut taken = Vec::new();
    while lines.recv_many(&mut taken, MOST_LINES).await > 0 {
        if taken.len() < MOST_LINES {
            shared.subscriptions.gather(gather).await;
            while let Ok(line) = lines.try_recv() {
                taken.push(line);
                if taken.len() >= MOST_LINES {
                    break;
                }
            }
        }
        for batch in batches(std::mem::take(&mut taken)) {
            hand_over(shared, account, &batch).await;
        }
    }
}

/// Filter, group and stream: lines of one event have them in common.
type Source = (Arc<str>, Arc<str>, Arc<str>);

struct Batch {
    lines: Vec<Matched>,
    bytes: usize,
}

/// By filter and stream, each in order and no larger than an event may be.
fn batches(lines: Vec<Matched>) -> Vec<Vec<Matched>> {
    let mut by_source: BTreeMap<Source, Vec<Batch>> = BTreeMap::new();
    for line in lines {
        let source = (
            Arc::clone(&line.filter),
            Arc::clone(&line.group),
            Arc::clone(&line.stream),
        );
        let batches = by_source.entry(source).or_default();
        let length = line.message.len();
        match batches
            .last_mut()
            .filter(|batch| batch.bytes + length <= MOST_BYTES)
        {
            Some(batch) => {
                batch.bytes += length;
                batch.lines.push(line);
            }
            None => batches.push(Batch {
                lines: vec![line],
                bytes: length,
            }),
        }
    }
    by_source
        .into_values()
        .flatten()
        .map(|batch| batch.lines)
        .collect()
}

/// As an asynchronous event: the runner keeps it until the function took it.
async fn hand_over(shared: &Shared, account: &str, batch: &[Matched]) {
    let (Some(first), Some(invoker)) = (batch.first(), shared.invoker.get()) else {
        return shared.subscriptions.over(batch, false);
    };
    let request = LambdaRequest {
        function: first.function.to_string(),
        payload: event(&envelope(account, batch)).to_string().into(),
        client_context: None,
        trace_header: None,
        asynchronous: true,
    };
    let invoked = invoker.invoke(request).await;
    shared.subscriptions.over(batch, invoked.refusal.is_none());
}

/// What the function is invoked with.
fn event(envelope: &Value) -> Value {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes everything.
    let packed = packed
        .write_all(envelope.to_string().as_bytes())
        .and_then(|()| packed.finish());
    json!({"awslogs": {"data": STANDARD.encode(packed.unwrap_or_default())}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stream: &str, id: u64, length: usize) -> Matched {
        Matched {
            filter: "f".into(),
            function: "report".into(),
            group: "/shop".into(),
            stream: stream.into(),
            id,
            timestamp_ms: 7,
            message: "x".repeat(length).into(),
        }
    }

    #[test]
    fn a_batch_has_one_stream_and_is_not_too_large() {
        let lines = vec![
            line("b", 1, 10),
            line("a", 2, MOST_BYTES - 1),
            line("b", 3, 10),
            line("a", 4, 1),
            line("a", 5, 1),
        ];
        let ids: Vec<Vec<u64>> = batches(lines)
            .iter()
            .map(|batch| batch.iter().map(|line| line.id).collect())
            .collect();
        assert_eq!(ids, [vec![2, 4], vec![5], vec![1, 3]]);
    }

    #[test]
    fn an_event_is_packed_as_aws_packs_it() {
        use std::io::Read as _;
        let sent = envelope("1", &[line("a", 1, 3)]);
        let event = event(&sent);
        let packed = STANDARD
            .decode(event["awslogs"]["data"].as_str().unwrap())
            .unwrap();
        let mut json = String::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_string(&mut json)
            .unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), sent);
    }
}
