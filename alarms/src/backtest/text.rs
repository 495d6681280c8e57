//! A report as text.

use std::fmt;

use crate::scenario::duration::written;

use super::plot;
use super::report::{Fire, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let fired = match self.fires.len() {
            0 => "never fired".to_owned(),
            count => format!("fired {}, {}", times(count, "time"), times(self.flaps, "flap")),
        };
        let no_data = if self.no_data {
            "; the recording has none of its metrics"
        } else {
            ""
        };
        writeln!(f, "{}: {fired}{no_data}", self.alarm)?;
        writeln!(
            f,
            "  {} to {}, {}",
            self.from,
            self.to,
            times(self.evaluations, "evaluation")
        )?;
        if self.range_sensitive > 0 {
            let evaluations = times(self.range_sensitive, "evaluation");
            let depend = if self.range_sensitive == 1 {
                "depends"
            } else {
                "depend"
            };
            writeln!(f, "  {evaluations} {depend} on how many periods AWS retrieves")?;
        }
        if self.beyond_recording > 0 {
            let evaluations = times(self.beyond_recording, "evaluation");
            writeln!(
                f,
                "  {evaluations} not counted: in ALARM only for what was not recorded"
            )?;
        }
        if let Some(suppressor) = &self.unknown_suppressor {
            writeln!(f, "  {suppressor} is not known, as if it had held nothing back")?;
        }
        let values = plot::values(&self.plot);
        if !values.trim().is_empty() {
            writeln!(f, "  {}", values.trim_end())?;
        }
        writeln!(f, "  {}", plot::states(&self.plot))?;
        self.fires.iter().try_for_each(|fire| writeln!(f, "  {fire}"))
    }
}

impl fmt::Display for Fire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ALARM", self.at)?;
        if let Some(seconds) = self.seconds_to_detect {
            write!(f, " {} after the first breach", written(seconds))?;
        }
        match (self.cleared_at, self.seconds_to_clear) {
            (Some(at), Some(seconds)) => write!(f, ", until {at}, {} after the last", written(seconds))?,
            (Some(at), None) => write!(f, ", until {at}")?,
            (None, _) => write!(f, ", to the end")?,
        }
        match self.held_back_seconds {
            _ if self.is_suppressed => write!(f, ", held back by the suppressor: nobody was told")?,
            Some(seconds) => write!(
                f,
                ", told {} later: the suppressor held it back",
                written(seconds)
            )?,
            None => {}
        }
        if self.is_flap {
            write!(f, " (flap)")?;
        }
        if !self.depends_on.is_empty() {
            write!(f, " (AWS leaves open {})", self.depends_on.join(" and "))?;
        }
        Ok(())
    }
}
