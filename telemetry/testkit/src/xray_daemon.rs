//! The X-Ray daemon of a function under test: receives documents over loopback UDP, refuses what X-Ray would refuse,
//! keeps the rest.
//!
//! ```no_run
//! # async fn demo() -> std::io::Result<()> {
//! use telemetry_testkit::xray_daemon::Daemon;
//!
//! let daemon = Daemon::start().await?;
//! // … run a function with `EnvironmentConfig { xray_daemon: Some(daemon.address()), .. }` …
//! let received = daemon.until(|received| received.documents.len() == 3).await;
//! assert_eq!(received.violations, Vec::<String>::new());
//! # Ok(()) }
//! ```
//!
//! What does not belong here: whether documents are one connected story ([`crate::trace_assert`]), and storing traces.

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use document::{MAX_ANNOTATIONS, MAX_DOCUMENT_BYTES, MAX_LINKS, MAX_NAME, check};

/// First line of a datagram.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon>
const HEADER: &str = r#"{"format": "json", "version": 1}"#;
/// How long [`Daemon::until`] waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that arrived so far.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Documents in the order of arrival, valid or not; datagrams that are no document at all are only violations.
    pub documents: Vec<Value>,
    /// Every rule that was broken, one sentence each.
    pub violations: Vec<String>,
}

/// A running daemon; it ends when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    address: SocketAddr,
    received: watch::Receiver<Received>,
    drains: mpsc::UnboundedSender<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Daemon {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// The system has no port left.
    pub async fn start() -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let (sender, received) = watch::channel(Received::default());
        let (drains, orders) = mpsc::unbounded_channel();
        let task = tokio::spawn(receive(socket, sender, orders));
        Ok(Self {
            address,
            received,
            drains,
            task,
        })
    }

    /// Value for `AWS_XRAY_DAEMON_ADDRESS`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What arrived so far. Datagrams may still be on their way: prefer [`Daemon::until`].
    pub fn received(&self) -> Received {
        self.received.borrow().clone()
    }

    /// Everything that was sent before the call: on loopback a datagram is in the socket when its sender goes on. No need
    /// to know how many there are.
    pub async fn drained(&self) -> Received {
        let (reply, done) = oneshot::channel();
        if self.drains.send(reply).is_ok() {
            // An error means that the task is gone, and nothing is read any more.
            let _ = done.await;
        }
        self.received()
    }

    /// Waits until what arrived satisfies the condition, 10 s at most, and returns it either way: an assertion on
    /// the returned value then shows what is missing.
    pub async fn until(&self, condition: impl Fn(&Received) -> bool) -> Received {
        let mut received = self.received.clone();
        let found = tokio::time::timeout(PATIENCE, received.wait_for(|received| condition(received))).await;
        match found {
            Ok(Ok(received)) => received.clone(),
            _ => self.received(),
        }
    }
}

async fn receive(
    socket: UdpSocket,
    sender: watch::Sender<Received>,
    mut drains: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
) {
    let mut buffer = vec![0; 65_536];
    let mut traces = Traces::default();
    let mut waiting: Vec<oneshot::Sender<()>> = Vec::new();
    loop {
        // The socket itself is asked: readiness known to the runtime may lag behind what was sent.
        if !waiting.is_empty() && rustix::io::ioctl_fionread(&socket).unwrap_or(0) == 0 {
            for drain in waiting.drain(..) {
                // Whoever asked may have given up.
                let _ = drain.send(());
            }
        }
        let length = tokio::select! {
            biased;
            length = socket.recv(&mut buffer) => length,
            Some(drain) = drains.recv() => {
                waiting.push(drain);
                continue;
            }
        };
        // A datagram that was cut or refused by the system is gone, as with the real daemon.
        let Ok(length) = length else {
            continue;
        };
        let (document, violations) = read(&buffer[..length]);
        sender.send_modify(|received| {
            received.violations.extend(violations);
            if let Some(document) = document {
                received.violations.extend(traces.add(&document));
                received.documents.push(document);
            }
        });
    }
}

/// Takes a datagram apart. A function sends subsegments only: its segment is Lambda's.
fn read(datagram: &[u8]) -> (Option<Value>, Vec<String>) {
    let Some(end) = datagram.iter().position(|byte| *byte == b'\n') else {
        return (None, vec!["a datagram without the header line".to_owned()]);
    };
    let header: Option<Value> = serde_json::from_slice(&datagram[..end]).ok();
    if header != serde_json::from_str(HEADER).ok() {
        let seen = String::from_utf8_lossy(&datagram[..end]).into_owned();
        return (None, vec![format!("a datagram with the header {seen:?}")]);
    }
    let text = &datagram[end + 1..];
    let document = match serde_json::from_slice::<Value>(text) {
        Ok(document @ Value::Object(_)) => document,
        Ok(_) => return (None, vec!["a document that is no object".to_owned()]),
        Err(error) => {
            return (
                None,
                vec![format!("a datagram without exactly one document: {error}")],
            );
        }
    };
    let mut violations = check(&document);
    if text.len() > MAX_DOCUMENT_BYTES {
        violations.push(format!(
            "a document of {} bytes, at most {MAX_DOCUMENT_BYTES}",
            text.len()
        ));
    }
    if document["type"] != "subsegment" {
        violations
            .push("a segment from a function: Lambda writes it, the function sends subsegments".to_owned());
    }
    (Some(document), violations)
}

/// Rules over several documents of a trace.
#[derive(Default)]
struct Traces {
    finished: BTreeSet<(String, String)>,
    annotations: BTreeMap<String, BTreeSet<String>>,
}

impl Traces {
    fn add(&mut self, document: &Value) -> Vec<String> {
        let mut violations = Vec::new();
        let trace = document["trace_id"].as_str().unwrap_or_default().to_owned();
        self.add_ids(document, &trace, 0, &mut violations);
        let keys = document["annotations"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.clone());
        let known = self.annotations.entry(trace.clone()).or_default();
        known.extend(keys);
        if known.len() > MAX_ANNOTATIONS {
            violations.push(format!(
                "trace {trace} has {} annotations, {MAX_ANNOTATIONS} are indexed",
                known.len()
            ));
        }
        violations
    }
}

impl Traces {
    /// Embedded subsegments count as well. What is in progress is replaced by what ends it.
    fn add_ids(&mut self, part: &Value, trace: &str, depth: usize, violations: &mut Vec<String>) {
        let id = part["id"].as_str().unwrap_or_default().to_owned();
        if part["in_progress"] != true && !self.finished.insert((trace.to_owned(), id.clone())) {
            violations.push(format!("id {id} is used twice in trace {trace}"));
        }
        // What is nested more deeply is a violation of its own.
        if depth < document::MAX_DEPTH {
            for child in part["subsegments"].as_array().into_iter().flatten() {
                self.add_ids(child, trace, depth + 1, violations);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subsegment(id: &str) -> Value {
        json!({
            "name": "## handler", "id": id, "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
            "parent_id": "53995c3f42cd8ad8", "type": "subsegment", "start_time": 1.5, "end_time": 2.5,
        })
    }

    async fn send(daemon: &Daemon, datagram: &str) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket
            .send_to(datagram.as_bytes(), daemon.address())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn documents_are_collected() {
        let daemon = Daemon::start().await.unwrap();
        send(&daemon, &format!("{HEADER}\n{}", subsegment("00f067aa0ba902b7"))).await;
        let mut open = subsegment("00f067aa0ba902b8");
        open["in_progress"] = json!(true);
        open.as_object_mut().unwrap().remove("end_time");
        send(&daemon, &format!("{{\"version\":1,\"format\":\"json\"}}\n{open}")).await;
        send(&daemon, &format!("{HEADER}\n{}", subsegment("00f067aa0ba902b8"))).await;
        let received = daemon.until(|received| received.documents.len() == 3).await;
        assert_eq!(received.violations, Vec::<String>::new());
        assert_eq!(received.documents[0]["id"], "00f067aa0ba902b7");
    }

    #[tokio::test]
    async fn all_that_was_sent_is_there_when_it_is_drained() {
        let daemon = Daemon::start().await.unwrap();
        assert!(daemon.drained().await.documents.is_empty());
        for n in 0..100 {
            send(
                &daemon,
                &format!("{HEADER}\n{}", subsegment(&format!("{n:016x}"))),
            )
            .await;
        }
        assert_eq!(daemon.drained().await.documents.len(), 100);
    }

    #[tokio::test]
    async fn what_x_ray_drops_is_a_violation() {
        let check = async |datagrams: &[String], reason: &str| {
            let daemon = Daemon::start().await.unwrap();
            for datagram in datagrams {
                send(&daemon, datagram).await;
            }
            let received = daemon.until(|received| !received.violations.is_empty()).await;
            assert!(
                received.violations.iter().any(|v| v.contains(reason)),
                "{reason}: {received:?}"
            );
        };
        let valid = format!("{HEADER}\n{}", subsegment("00f067aa0ba902b7"));
        check(&["no header".into()], "header line").await;
        check(&["{}\n{}".into()], "with the header").await;
        check(&[format!("{HEADER}\nnothing")], "exactly one document").await;
        check(
            &[format!("{valid}\n{}", subsegment("00f067aa0ba902b8"))],
            "exactly one document",
        )
        .await;
        check(&[valid.clone(), valid], "used twice").await;
        let mut twins = subsegment("00f067aa0ba902b7");
        let child = json!({"name": "a", "id": "00f067aa0ba902b9", "start_time": 1.5, "end_time": 2.0});
        twins["subsegments"] = json!([child, child]);
        check(&[format!("{HEADER}\n{twins}")], "00f067aa0ba902b9 is used twice").await;
        let mut segment = subsegment("00f067aa0ba902b7");
        segment.as_object_mut().unwrap().remove("type");
        check(&[format!("{HEADER}\n{segment}")], "Lambda writes it").await;
        let mut large = subsegment("00f067aa0ba902b7");
        large["metadata"] = json!({"default": {"filler": "x".repeat(64_500)}});
        check(&[format!("{HEADER}\n{large}")], "at most 64000").await;
        let mut annotated = subsegment("00f067aa0ba902b7");
        annotated["annotations"] = (0..51).map(|n| (format!("key_{n}"), json!(n))).collect();
        check(&[format!("{HEADER}\n{annotated}")], "51 annotations").await;
    }
}
