//! A link of the chain: which manifest was committed when, and what the link before was.

use serde::{Deserialize, Serialize};

use crate::ManifestError;
use crate::manifest::seal_of;

/// A link of the chain: manifests in the order in which they were committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chained {
    /// From 1, without a gap.
    pub sequence: u64,
    /// SHA-256 of the link before; none for the first.
    pub previous: Option<String>,
    /// The manifest.
    pub manifest: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Checksum of the link without this field: damage is seen in the link itself, where the next one's digest only says that one of both is
    /// not as it was. Links that were written before there was one have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Chained {
    /// Reads a link.
    ///
    /// # Errors
    /// It is something else, or altered.
    pub fn read(json: &[u8]) -> Result<Self, ManifestError> {
        let link: Self = serde_json::from_slice(json)?;
        if !link.seal.is_empty() && link.seal != link.unsealed_sum()? {
            return Err(ManifestError::AlteredLink);
        }
        Ok(link)
    }

    /// As it is stored, sealed.
    ///
    /// # Errors
    /// None that is known: numbers and texts can always be written.
    pub fn write(&mut self) -> Result<Vec<u8>, ManifestError> {
        self.seal = self.unsealed_sum()?;
        Ok(serde_json::to_vec_pretty(self)?)
    }

    fn unsealed_sum(&self) -> Result<String, ManifestError> {
        let unsealed = Self {
            seal: String::new(),
            ..self.clone()
        };
        seal_of(&unsealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Chained {
        Chained {
            sequence: 7,
            previous: Some("ab12".to_owned()),
            manifest: "manifests/dt=2026-11-21/hour=19/000001.json".to_owned(),
            sha256: "cd34".to_owned(),
            seal: String::new(),
        }
    }

    #[test]
    fn a_bit_that_flips_anywhere_is_seen_in_the_link() {
        let mut link = link();
        let json = link.write().unwrap();
        assert_eq!(Chained::read(&json).unwrap(), link);
        for bit in 0..json.len() * 8 {
            let mut altered = json.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(Chained::read(&altered).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_link_without_a_seal_is_read() {
        let json = serde_json::to_vec(&link()).unwrap();
        assert_eq!(Chained::read(&json).unwrap(), link());
    }
}
