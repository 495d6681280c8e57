//! The kinds of failures of a function, as they are remembered.

use error_report_domain::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};

/// More kinds of one function are not listed: the oldest leave. The mail shows five.
const MOST: usize = 256;

/// Fingerprints of a function's failures, the newest last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredKinds {
    kinds: Vec<String>,
}

impl StoredKinds {
    /// With this one as the newest; none when it is that already.
    pub(crate) fn with(mut self, fingerprint: Fingerprint) -> Option<Self> {
        let text = fingerprint.to_string();
        if self.kinds.last() == Some(&text) {
            return None;
        }
        self.kinds.retain(|kind| *kind != text);
        self.kinds.push(text);
        let surplus = self.kinds.len().saturating_sub(MOST);
        self.kinds.drain(..surplus);
        Some(self)
    }

    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.kinds.iter().filter_map(|kind| kind.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leave() {
        let kind = |n: usize| format!("{n:016x}").parse::<Fingerprint>().expect("a fingerprint");
        let mut kinds = StoredKinds::default();
        for n in 0..MOST + 2 {
            kinds = kinds.with(kind(n)).expect("a new one");
        }
        assert!(kinds.clone().with(kind(MOST + 1)).is_none(), "it is the newest");
        let listed: Vec<Fingerprint> = kinds.with(kind(2)).expect("it moves").fingerprints().collect();
        assert_eq!(listed.len(), MOST);
        assert_eq!((listed[0], listed[MOST - 1]), (kind(3), kind(2)));
    }
}
