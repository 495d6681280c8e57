//! Talking to the running platform from another terminal: one line of JSON each way over a socket that only this user
//! can open. The platform's side is [`server`], the commands' side [`client`].

pub(crate) mod client;
pub(crate) mod commands;
pub(crate) mod faults;
pub(crate) mod server;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest line either side reads.
const LONGEST_LINE: u64 = 1024 * 1024;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Request {
    /// What runs and how it is.
    Status,
    /// Stop orderly; answered when the stop has begun.
    Stop,
    /// Stop the emulator orderly and start it with its state; answered when it is ready.
    RestartEmulator,
    /// Arm a fault.
    SetFault(faults::Order),
    /// Put the clock of metrics and alarms forward to its next minute; answered when alarms were evaluated and did what they do.
    NextMinute,
    /// Wait until a function has nothing more to do; answered with whether it has.
    Quiet {
        /// The function.
        function: String,
        /// At most so long, on the wall clock.
        seconds: u32,
    },
    /// Disarm one fault, by its number.
    ClearFault {
        /// The number that arming it gave.
        id: u64,
    },
    /// Disarm all faults.
    ClearFaults,
    /// Write lines into the log of a function, as if it had.
    WriteLog {
        /// The function.
        function: String,
        /// The line, a JSON object.
        line: Value,
        /// How often.
        count: u32,
    },
    /// The armed faults.
    ListFaults,
}

/// What is answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// Was it done?
    pub(crate) ok: bool,
    /// What was asked for.
    #[serde(default)]
    pub(crate) result: Value,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl From<anyhow::Result<Value>> for Reply {
    fn from(outcome: anyhow::Result<Value>) -> Self {
        match outcome {
            Ok(result) => Self {
                ok: true,
                result,
                error: None,
            },
            Err(error) => Self {
                ok: false,
                result: Value::Null,
                error: Some(format!("{error:#}")),
            },
        }
    }
}
