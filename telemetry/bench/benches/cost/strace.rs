//! System calls of a warm invocation, from two runs of different length under strace.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::Failed;
use crate::function::{Event, run_only};
use crate::options::Effort;
use crate::valgrind::{installed, launcher};

/// System calls per warm invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) all: f64,
    /// `write` and `writev` to standard output.
    pub(crate) writes: f64,
    /// By name, those that an invocation makes.
    pub(crate) by_name: BTreeMap<String, f64>,
}

/// `None` where there is no strace, or it may not trace.
pub(crate) async fn count(
    program: &Path,
    event: Event,
    effort: Effort,
    work: &Path,
) -> Result<Option<Calls>, Failed> {
    let Some(strace) = installed("strace") else {
        return Ok(None);
    };
    let script = work.join("under-strace");
    let mut seen = Vec::new();
    for invocations in [effort.warm_up, effort.warm_up + effort.counted] {
        let out = work.join(format!("strace-{invocations}.out"));
        // With -D the program keeps the process id that the environment knows.
        let line = format!(
            "{} -D -f -o {} {}",
            strace.display(),
            out.display(),
            program.display()
        );
        launcher(&script, &line)?;
        if run_only(&script, event, invocations).await.is_err() {
            return Ok(None);
        }
        seen.push(read(&out).await);
    }
    let [short, long] = seen.as_slice() else {
        return Ok(None);
    };
    let per = |short: u32, long: u32| f64::from(long.saturating_sub(short)) / f64::from(effort.counted);
    let by_name: BTreeMap<String, f64> = long
        .by_name
        .iter()
        .map(|(name, count)| {
            let before = short.by_name.get(name).copied().unwrap_or_default();
            (name.clone(), per(before, *count))
        })
        // What happens once in a while, such as more memory from the kernel, is no call of an invocation.
        .filter(|(_, count)| *count >= 0.1)
        .collect();
    Ok(Some(Calls {
        all: by_name.values().sum(),
        writes: per(short.writes, long.writes),
        by_name,
    }))
}

#[derive(Default)]
struct Seen {
    writes: u32,
    by_name: BTreeMap<String, u32>,
}

/// All calls; waits until strace has written the end of the process.
async fn read(out: &Path) -> Seen {
    let mut text = String::new();
    for _ in 0..200 {
        text = std::fs::read_to_string(out).unwrap_or_default();
        if text.contains("+++ killed") || text.contains("+++ exited") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut seen = Seen::default();
    for line in text.lines() {
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        // `<... read resumed>` is the second half of a call, `---` a signal.
        if let Some((name, _)) = call.split_once('(')
            && name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            *seen.by_name.entry(name.to_owned()).or_default() += 1;
            // Any descriptor: telemetry opens standard output anew. `writev` elsewhere is the answer to the Runtime API.
            seen.writes += u32::from(call.starts_with("write(") || call.starts_with("writev(1,"));
        }
    }
    seen
}
