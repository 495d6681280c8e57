//! What an hour consists of. A manifest is never changed: late lines make the next generation, which names the one before
//! by its SHA-256.

use log_archive_domain::Hour;
use log_archive_domain::filter::SplitBlock;
use serde::{Deserialize, Serialize};

/// The version of this form and of the files that it names. A reader refuses any other.
const VERSION: u32 = 2;

/// An hour of the archive, as one generation has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// `2026-11-21T19`.
    pub hour: String,
    /// From 1.
    pub generation: u32,
    /// SHA-256 of the generation before; none for the first.
    pub previous: Option<String>,
    /// The newest link of the chain when it was made, 0 if there was none: its own link stands behind it.
    pub chain_before: u64,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// Lines, each once.
    pub lines: u64,
    /// Lines of raw objects that were there already, counted when they were left out.
    pub repetitions: u64,
    /// Bytes of the lines' text.
    pub text_bytes: u64,
    /// Time of the earliest line, in milliseconds since the epoch.
    pub first_at: i64,
    /// Time of the latest line.
    pub last_at: i64,
    /// Sum of all lines' checksums, hexadecimal: the same whatever their order.
    pub checksum: String,
    /// Files with the lines, in the order of correlation IDs.
    pub parts: Vec<Part>,
    /// Which row groups may know an ID; its slots are the row groups of all parts, one after the other.
    pub parts_filter: Object,
    /// Whether the hour may know an ID.
    pub hour_filter: Object,
    /// Filter over the IDs that carry the time of another day, hexadecimal; empty if there are none.
    pub carried: String,
    /// Where the lines came from.
    pub raw: Vec<RawObject>,
    /// Checksum of the manifest without this field, so that whoever reads it alone sees damage. The chain sees forgery.
    #[serde(default)]
    pub seal: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Where it is.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Its digest, hexadecimal.
    pub sha256: String,
}

/// A Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where it is.
    pub object: Object,
    /// Bytes at its end with page index and footer.
    pub tail: u64,
    /// Checksum of these.
    pub tail_sum: String,
    /// Lines.
    pub lines: u64,
    /// The least correlation ID in it.
    pub first_id: Option<String>,
    /// The greatest.
    pub last_id: Option<String>,
    /// Checksums of what is read alone, a text for each row group.
    pub sums: Vec<String>,
}

/// A raw object, and what of it is in this hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawObject {
    /// Where it was.
    pub key: String,
    /// Its digest, hexadecimal.
    pub sha256: String,
    /// Lines of this hour, repetitions too.
    pub lines: u64,
}

/// A manifest cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not this form.
    #[error("the manifest is not JSON of the archive")]
    Json(#[from] serde_json::Error),
    /// Of another program.
    #[error("the manifest has version {0}; this program knows {VERSION}: use the program that wrote it")]
    Version(u32),
    /// Not as it was written.
    #[error("the manifest is altered: it has another checksum")]
    Altered,
    /// A link of the chain is not as it was written.
    #[error("the link is altered: it has another checksum")]
    AlteredLink,
    /// Of another hour.
    #[error("the manifest is of {found}, generation {generation}")]
    Other {
        /// What it says.
        found: String,
        /// What it says.
        generation: u32,
    },
}

/// What seals a document: a checksum of it while its seal is empty.
pub(crate) fn seal_of(unsealed: &impl Serialize) -> Result<String, ManifestError> {
    let json = serde_json::to_vec(unsealed)?;
    Ok(format!("{:016x}", log_archive_domain::sum64(&json)))
}

impl Manifest {
    /// The form that this program writes.
    pub const VERSION: u32 = VERSION;

    /// Reads the manifest of an hour.
    ///
    /// # Errors
    /// It is something else, or of something else.
    pub fn read(json: &[u8], hour: Hour, generation: u32) -> Result<Self, ManifestError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(json)?;
        if version != VERSION {
            return Err(ManifestError::Version(version));
        }
        let manifest: Self = serde_json::from_slice(json)?;
        if manifest.unsealed_sum()? != manifest.seal {
            return Err(ManifestError::Altered);
        }
        if manifest.hour != hour.to_string() || manifest.generation != generation {
            return Err(ManifestError::Other {
                found: manifest.hour,
                generation: manifest.generation,
            });
        }
        Ok(manifest)
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

    /// The filter over IDs of other days; `None` if there are none. What cannot be read knows everything.
    #[must_use]
    pub fn carried(&self) -> Option<SplitBlock> {
        let digits = self.carried.as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        let filter = bytes.and_then(|bytes| SplitBlock::from_le_bytes(&bytes));
        (!digits.is_empty()).then(|| filter.unwrap_or_else(SplitBlock::of_everything))
    }

    /// Bytes of everything that the hour needs in storage.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        let parts: u64 = self.parts.iter().map(|part| part.object.size).sum();
        parts + self.parts_filter.size + self.hour_filter.size
    }
}
