//! What is decided about one failure mode, read with its bounds.

use crate::coverage::Severity;
use crate::document::{Fields, Node, Wrong};
use crate::scenario::duration;

use super::read::File;
use super::{Located, Tuning};

/// What a failure mode takes.
pub(super) const TUNING: &[&str] = &[
    "severity",
    "threshold",
    "factor",
    "min_samples",
    "objective",
    "period",
    "of",
    "description",
    "enabled",
    "accepted",
];

/// What may be said of everything at once.
pub(super) const PLATFORM: &[&str] = &["factor", "min_samples", "objective"];

pub(super) fn reason(file: File<'_>, fields: &Fields<'_>) -> Result<Option<Located<String>>, Wrong> {
    let reason: Option<Located<String>> = file.located(fields, "accepted")?;
    if let Some(reason) = reason.as_ref().filter(|reason| reason.value.trim().len() < 10) {
        let at = fields.node("accepted").map_or(fields.at, |node| node.at);
        return Err(Wrong::new(
            at,
            format!("`{}` is no reason: say why nobody wants to know", reason.value),
        ));
    }
    Ok(reason)
}

pub(super) fn tuning(file: File<'_>, node: &Node, known: &[&str]) -> Result<Tuning, Wrong> {
    let fields = Fields::of(node, "a failure mode", known)?;
    let place = |name: &str| fields.node(name).map_or(fields.at, |node| node.at);
    let parsed = |name: &str, read: fn(&str) -> Result<i64, String>| -> Result<Option<Located<u32>>, Wrong> {
        let number = fields.parse(name, read)?;
        let number = number.map(|number| {
            u32::try_from(number).map_err(|_| Wrong::new(place(name), format!("{name} is too large")))
        });
        Ok(number.transpose()?.map(|value| Located {
            value,
            at: file.at(place(name)),
        }))
    };
    let loudness = fields.parse("severity", severity)?;
    let of = fields.parse("of", m_of_n)?;
    let tuning = Tuning {
        at: Some(file.at(node.at)),
        severity: loudness.map(|value| Located {
            value,
            at: file.at(place("severity")),
        }),
        threshold: file.located(&fields, "threshold")?,
        factor: file.located(&fields, "factor")?,
        min_samples: file.located(&fields, "min_samples")?,
        objective: file.located(&fields, "objective")?,
        period: parsed("period", |text| {
            duration::seconds(text).map_err(|error| error.to_string())
        })?,
        of: of.map(|value| Located {
            value,
            at: file.at(place("of")),
        }),
        description: file.located(&fields, "description")?,
        enabled: file.located(&fields, "enabled")?,
        accepted: reason(file, &fields)?,
    };
    bounds(&fields, &tuning)?;
    Ok(tuning)
}

fn bounds(fields: &Fields<'_>, tuning: &Tuning) -> Result<(), Wrong> {
    let wrong = |name: &str, message: String| {
        let at = fields.node(name).map_or(fields.at, |node| node.at);
        Err(Wrong::new(at, format!("{name} {message}")))
    };
    // Counts, times, shares: nothing that the catalogue watches is below 0. NaN is no number.
    let below = tuning
        .threshold
        .as_ref()
        .filter(|one| one.value < 0.0 || one.value.is_nan());
    if let Some(threshold) = below {
        let message = format!(
            "is {}, and no value is below 0: the alarm would always fire, or never",
            threshold.value
        );
        return wrong("threshold", message);
    }
    if let Some(factor) = tuning
        .factor
        .as_ref()
        .filter(|one| !(one.value > 0.0 && one.value <= 1.0))
    {
        return wrong(
            "factor",
            format!("is {}, and must be above 0 and at most 1", factor.value),
        );
    }
    if let Some(objective) = tuning
        .objective
        .as_ref()
        .filter(|one| !(one.value > 0.0 && one.value < 100.0))
    {
        return wrong(
            "objective",
            format!(
                "is {}, and is in percent between 0 and 100: nothing is perfect",
                objective.value
            ),
        );
    }
    let is_off = tuning.enabled.as_ref().is_some_and(|enabled| !enabled.value);
    if is_off && tuning.accepted.is_none() {
        return wrong(
            "enabled",
            "is false: say in `accepted` why nobody wants to know".to_owned(),
        );
    }
    if tuning.accepted.is_some() && (tuning.severity.is_some() || tuning.given().next().is_some()) {
        return wrong(
            "accepted",
            "does not go with the settings of an alarm: there is none".to_owned(),
        );
    }
    Ok(())
}

pub(super) fn severity(word: &str) -> Result<Severity, String> {
    match word {
        "page" => Ok(Severity::Page),
        "ticket" => Ok(Severity::Ticket),
        _ => Err(format!("`{word}` is neither page nor ticket")),
    }
}

/// `3/5`: 3 of 5 periods.
pub(super) fn m_of_n(text: &str) -> Result<(u32, u32), String> {
    let read = || -> Option<(u32, u32)> {
        let (m, n) = text.split_once('/')?;
        let (m, n) = (m.trim().parse().ok()?, n.trim().parse().ok()?);
        (1 <= m && m <= n).then_some((m, n))
    };
    read().ok_or_else(|| format!("`{text}` is not M/N, like 3/5: 3 breaching periods of 5"))
}
