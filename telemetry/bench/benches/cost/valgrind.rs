//! What valgrind counts: user-space instructions with callgrind, allocations with DHAT. Both count the whole life of a
//! process, so that a warm invocation is the difference of two runs of different length.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Failed;
use crate::function::{Event, run_only};
use crate::options::Effort;

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// User-space instructions per warm invocation.
    pub(crate) instructions: f64,
    /// Blocks allocated per warm invocation.
    pub(crate) allocations: f64,
    /// Bytes allocated per warm invocation.
    pub(crate) allocated_bytes: f64,
    /// User-space instructions from the start of the process to its first request for an event.
    pub(crate) init_instructions: u64,
}

/// `None` where there is no valgrind.
pub(crate) async fn count(
    program: &Path,
    event: Event,
    effort: Effort,
    work: &Path,
) -> Result<Option<Counted>, Failed> {
    let Some(valgrind) = installed("valgrind") else {
        return Ok(None);
    };
    let lengths = [effort.warm_up, effort.warm_up + effort.counted];
    let callgrind = format!("{} --tool=callgrind --callgrind-out-file=", valgrind.display());
    let init_instructions = totals(&under(&callgrind, program, event, 0, work).await?)?;
    let mut instructions = Vec::new();
    for invocations in lengths {
        instructions.push(totals(
            &under(&callgrind, program, event, invocations, work).await?,
        )?);
    }
    let dhat = format!("{} --tool=dhat --dhat-out-file=", valgrind.display());
    let mut heap = Vec::new();
    for invocations in lengths {
        heap.push(allocated(
            &under(&dhat, program, event, invocations, work).await?,
        )?);
    }
    let ([short, long], [few, many]) = (instructions.as_slice(), heap.as_slice()) else {
        return Err("valgrind ran a wrong number of times".into());
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark fit 53 bits")]
    let per = |short: u64, long: u64| long.saturating_sub(short) as f64 / f64::from(effort.counted);
    Ok(Some(Counted {
        instructions: per(*short, *long),
        allocations: per(few.blocks, many.blocks),
        allocated_bytes: per(few.bytes, many.bytes),
        init_instructions,
    }))
}

/// A tool by its name, where systems put it.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/usr/local/bin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
}

/// A script that becomes `line`, without output of its own: an environment runs a program without arguments.
pub(crate) fn launcher(script: &Path, line: &str) -> Result<(), Failed> {
    std::fs::write(script, format!("#!/bin/sh\nexec {line} 2>/dev/null\n"))?;
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// What the tool wrote about a run of so many invocations. `tool` ends with the option that names the file.
pub(crate) async fn under(
    tool: &str,
    program: &Path,
    event: Event,
    invocations: u32,
    work: &Path,
) -> Result<String, Failed> {
    let script = work.join("under-valgrind");
    let out = work.join("valgrind.out");
    launcher(&script, &format!("{tool}{} {}", out.display(), program.display()))?;
    run_only(&script, event, invocations).await?;
    Ok(std::fs::read_to_string(&out)?)
}

/// Callgrind's format: `summary:` or `totals:` has the instructions of the run.
fn totals(profile: &str) -> Result<u64, Failed> {
    let total = |line: &str| {
        let number = line
            .strip_prefix("totals:")
            .or_else(|| line.strip_prefix("summary:"))?;
        number.trim().parse().ok()
    };
    profile
        .lines()
        .find_map(total)
        .ok_or_else(|| "callgrind wrote no total".into())
}

struct Heap {
    bytes: u64,
    blocks: u64,
}

/// DHAT's format: one object per place that allocates, `tb` its bytes and `tbk` its blocks over the whole run.
fn allocated(profile: &str) -> Result<Heap, Failed> {
    let profile: Value = serde_json::from_str(profile)?;
    let places = profile["pps"].as_array().ok_or("DHAT wrote no places")?;
    let sum = |key: &str| places.iter().filter_map(|place| place[key].as_u64()).sum();
    Ok(Heap {
        bytes: sum("tb"),
        blocks: sum("tbk"),
    })
}
