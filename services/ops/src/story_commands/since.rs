//! Spans of time as they are typed: `90s`, `15m`, `3h`, `2d`.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// How far back a question looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since(Duration);

impl Since {
    pub(super) const fn hours(hours: u64) -> Self {
        Self(Duration::from_secs(hours * 3600))
    }

    /// When that was.
    pub(super) fn start(self) -> SystemTime {
        SystemTime::now().checked_sub(self.0).unwrap_or(UNIX_EPOCH)
    }

    /// How long it is.
    pub(super) const fn length(self) -> Duration {
        self.0
    }

    /// So long before a time.
    pub(super) fn before(self, at: Timestamp) -> Timestamp {
        at.checked_sub(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            s if s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s % 3_600 == 0 => write!(f, "{}h", s / 3_600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no span of time: write 90s, 15m, 3h or 2d");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = text[..text.len() - unit.len_utf8()]
            .parse()
            .map_err(|_| wrong())?;
        let total = number
            .checked_mul(seconds)
            .filter(|total| *total > 0)
            .ok_or_else(wrong)?;
        Ok(Self(Duration::from_secs(total)))
    }
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read_and_shown() {
        let check = |text: &str, shown: Option<&str>| {
            let read = text.parse::<Since>().ok().map(|since| since.to_string());
            assert_eq!(read.as_deref(), shown, "{text}");
        };
        check("90s", Some("90s"));
        check("120m", Some("2h"));
        check("48h", Some("2d"));
        check("0s", None);
        check("h", None);
        check("", None);
        check("3", None);
        check("99999999999999999999d", None);
        check("5ü", None);
    }
}
