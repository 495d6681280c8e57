//! Memory of a process as the kernel counts it.

/// Resident memory of an environment's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident now (`VmRSS`), in bytes.
    pub resident_bytes: u64,
    /// Highest resident so far (`VmHWM`), in bytes: what Lambda reports as "Max Memory Used".
    pub peak_bytes: u64,
}

impl Memory {
    /// `None` when the process is gone or the system has no `/proc`.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        parse(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
    }
}

fn parse(status: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some(Memory {
        resident_bytes: field("VmRSS")?,
        peak_bytes: field("VmHWM")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_two_lines_and_nothing_else() {
        let status = "Name:\tshop\nVmPeak:\t  9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(
            parse(status),
            Some(Memory {
                resident_bytes: 1 << 20,
                peak_bytes: 2 << 20
            })
        );
        assert_eq!(parse("Name:\tzombie\n"), None);
    }

    #[test]
    fn knows_its_own_process() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.peak_bytes >= memory.resident_bytes && memory.resident_bytes > 0);
    }
}
