//! What tells one series from another: its name and the values of its dimensions.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use metrics::Key;

/// Longest name of a metric or a dimension, in characters (CloudWatch API, `MetricDatum` and `Dimension`).
const LONGEST_NAME: usize = 255;
/// Longest dimension value, in characters (EMF specification).
const LONGEST_VALUE: usize = 1024;
/// Dimensions of a set beside `Service`, which takes one of the 30 (EMF specification).
const MOST_DIMENSIONS: usize = 29;

/// A dimension and its value, `Service` never among them.
pub(super) type Dimension = (Cow<'static, str>, String);

/// A series of the facade.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) dimensions: Mended,
}

impl Identity {
    pub(super) fn of(key: &Key) -> Self {
        let dimensions = key
            .labels()
            .map(|label| (label.key().to_owned().into(), label.value().to_owned()));
        // A declared one is never changed by it.
        let mut name = key.name().to_owned();
        mend(&mut name, LONGEST_NAME);
        Self {
            name,
            dimensions: Mended::of(dimensions.collect()),
        }
    }
}

/// Dimensions as CloudWatch takes them, sorted.
#[derive(Debug)]
pub(super) struct Mended {
    pub(super) dimensions: Vec<Dimension>,
    /// There were more than a metric may have.
    pub(super) is_cut: bool,
}

impl Mended {
    pub(super) fn of(mut dimensions: Vec<Dimension>) -> Self {
        dimensions.retain(|(name, _)| name != "Service");
        for (name, value) in &mut dimensions {
            if let Cow::Owned(name) = name {
                mend_name(name);
            }
            mend(value, LONGEST_VALUE);
        }
        dimensions.sort();
        let is_cut = dimensions.len() > MOST_DIMENSIONS;
        dimensions.truncate(MOST_DIMENSIONS);
        Self { dimensions, is_cut }
    }
}

/// CloudWatch refuses what is blank, too long, or has other characters than ASCII's visible ones and the blank; the whole metric is
/// lost then, and nobody is told. So it is mended here.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
fn mend(text: &mut String, longest: usize) {
    if text.trim().is_empty() {
        return "none".clone_into(text);
    }
    if text.bytes().any(|byte| !matches!(byte, b' '..=b'~')) {
        *text = text
            .chars()
            .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
            .collect();
    }
    // ASCII by now: each byte is a character.
    text.truncate(longest);
}

/// The name of a dimension that a library chose.
fn mend_name(name: &mut String) {
    mend(name, LONGEST_NAME);
    if name.starts_with(':') {
        name.replace_range(..1, "?");
    }
}

/// The dimensions of a series in one invocation.
#[derive(Debug)]
pub(super) enum Dimensions {
    Own(Vec<Dimension>),
    /// Those of the facade's handle, which outlives the invocation.
    Shared(Arc<Identity>),
}

impl Deref for Dimensions {
    type Target = [Dimension];

    fn deref(&self) -> &[Dimension] {
        match self {
            Self::Own(dimensions) => dimensions,
            Self::Shared(identity) => &identity.dimensions.dimensions,
        }
    }
}
