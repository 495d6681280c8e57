//! Manifests: which hours there are, and what each consists of.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use log_archive_domain::{Day, Hour, layout};
use log_archive_format::Manifest;

use crate::archive::sha256;
use crate::day::DayFilter;
use crate::{Archive, ArchiveError};

/// Days that are asked at once.
const AT_ONCE: usize = 16;

/// The newest generation of every hour, by listing alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours(BTreeMap<Hour, u32>);

/// The newest manifest of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHour {
    /// Which hour.
    pub hour: Hour,
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's SHA-256.
    pub sha256: String,
}

impl Hours {
    /// Hours of a day that have lines.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn of_day(archive: &Archive, day: Day) -> Result<Self, ArchiveError> {
        Self::under(archive, &layout::manifests_of(day)).await
    }

    /// All hours that have lines.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn all(archive: &Archive) -> Result<Self, ArchiveError> {
        Self::under(archive, layout::MANIFESTS).await
    }

    /// Hours of this range that have lines. Also of those that the filter of a day knows, and nobody lists: to leave them out would be to say
    /// that they have no lines.
    ///
    /// # Errors
    /// The store refuses, or a manifest is missing.
    pub async fn within(archive: &Archive, range: &RangeInclusive<Hour>) -> Result<Self, ArchiveError> {
        let mut hours = Self::all(archive).await?;
        hours.0.retain(|hour, _| range.contains(hour));
        let days = archive.folders(layout::IDS).await?;
        let days = days.iter().filter_map(|folder| layout::day_of_folder(folder));
        let days = days.filter(|day| (range.start().day()..=range.end().day()).contains(day));
        let filters: Vec<_> = days.map(|day| DayFilter::open(archive, day)).collect();
        let mut filters = stream::iter(filters).buffered(AT_ONCE);
        while let Some(filter) = filters.try_next().await? {
            let ahead: Vec<_> = filter.iter().flat_map(|filter| filter.ahead_of(&hours)).collect();
            for (hour, generation) in ahead.into_iter().filter(|(hour, _)| range.contains(hour)) {
                OpenHour::read_ahead(archive, hour, generation).await?;
                hours.0.insert(hour, generation);
            }
        }
        Ok(hours)
    }

    async fn under(archive: &Archive, prefix: &str) -> Result<Self, ArchiveError> {
        let mut hours = BTreeMap::new();
        for object in archive.list(prefix).await? {
            if let Some((hour, generation)) = layout::manifest_of_key(&object.key) {
                let newest = hours.entry(hour).or_insert(generation);
                *newest = generation.max(*newest);
            }
        }
        Ok(Self(hours))
    }

    /// The newest generation of an hour.
    #[must_use]
    pub fn generation(&self, hour: Hour) -> Option<u32> {
        self.0.get(&hour).copied()
    }

    /// Hours with their newest generation, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (Hour, u32)> {
        self.0.iter().map(|(hour, generation)| (*hour, *generation))
    }
}

impl OpenHour {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub async fn read(archive: &Archive, hour: Hour, generation: u32) -> Result<Self, ArchiveError> {
        let key = layout::manifest(hour, generation);
        let json = archive.get(&key).await?.ok_or_else(|| ArchiveError::Missing {
            key: key.clone(),
            named_by: "the listing".to_owned(),
        })?;
        let manifest = Manifest::read(&json, hour, generation).map_err(|cause| ArchiveError::Manifest {
            key,
            cause: Box::new(cause),
        })?;
        let sha256 = sha256(&json);
        Ok(Self {
            hour,
            manifest,
            sha256,
        })
    }

    /// Reads a manifest that the filter of its day knows, and the listing does not: it was made since then, or is lost.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub(crate) async fn read_ahead(
        archive: &Archive,
        hour: Hour,
        generation: u32,
    ) -> Result<Self, ArchiveError> {
        let named_by = |error| match error {
            ArchiveError::Missing { key, .. } => ArchiveError::Missing {
                key,
                named_by: "the filter of its day".to_owned(),
            },
            other => other,
        };
        Self::read(archive, hour, generation).await.map_err(named_by)
    }

    /// Reads the newest manifest of an hour, if it has lines.
    ///
    /// # Errors
    /// The manifest is damaged, or the store refuses.
    pub async fn newest(archive: &Archive, hour: Hour) -> Result<Option<Self>, ArchiveError> {
        let hours = Hours::of_day(archive, hour.day()).await?;
        match hours.generation(hour) {
            Some(generation) => Self::read(archive, hour, generation).await.map(Some),
            None => Ok(None),
        }
    }
}
