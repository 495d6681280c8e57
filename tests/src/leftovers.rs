//! What a stopped platform must not leave behind: messages in dead-letter queues, processes that mention its state
//! folder, ports that still answer.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// Dead-letter queues with messages, from what `dlq list --json` prints: (queue, messages).
#[must_use]
pub fn dead_letters(queues: &Value) -> Vec<(String, u64)> {
    let queues = queues.as_array().into_iter().flatten();
    queues
        .map(|queue| {
            (
                queue["queue"].as_str().unwrap_or_default().to_owned(),
                queue["messages"].as_u64().unwrap_or(0),
            )
        })
        .filter(|(_, messages)| *messages > 0)
        .collect()
}

/// Processes whose command line or environment names this folder: (process id, command line).
#[must_use]
pub fn processes_of(state_dir: &Path) -> Vec<(u32, String)> {
    let needle = state_dir.display().to_string();
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return found;
    };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        if pid == std::process::id() {
            continue;
        }
        let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        let environment = String::from_utf8_lossy(&read("environ")).into_owned();
        if command.contains(&needle) || environment.contains(&needle) {
            found.push((pid, command));
        }
    }
    found
}

/// Does anything listen there?
#[must_use]
pub fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_ok()
}
