//! What tells one series from another: its name and the values of its dimensions.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use metrics::Key;

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
        Self {
            name: key.name().to_owned(),
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
        for (_, value) in &mut dimensions {
            mend(value);
        }
        dimensions.sort();
        let is_cut = dimensions.len() > MOST_DIMENSIONS;
        dimensions.truncate(MOST_DIMENSIONS);
        Self { dimensions, is_cut }
    }
}

/// CloudWatch refuses an empty value and cuts none: both are mended here.
fn mend(value: &mut String) {
    if value.trim().is_empty() {
        "none".clone_into(value);
    } else if value.len() > LONGEST_VALUE
        && let Some((end, _)) = value.char_indices().nth(LONGEST_VALUE)
    {
        value.truncate(end);
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
