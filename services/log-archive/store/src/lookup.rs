//! Finding the lines of an ID in a few range reads.
//!
//! An ID that carries its time names its hour; the filter of the day says which other hours of the day may know it, and whether any
//! line names it as something else than its correlation ID (one read). If none does, its lines stand together in each hour, and the
//! cached index of the part says where: one read for everything but the messages, one for the messages. Another ID is
//! looked for in the hour's filter over row groups (one read), and then in those row groups: in two reads each, or in one each where that
//! would be more than six reads for all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use log_archive_domain::filter::{self, HEADER, Shape};
use log_archive_domain::{Day, Hour, Id, OwnedLine, layout};
use log_archive_format::{Part, PartIndex, Rows};

use crate::day::{Candidate, DayFilter};
use crate::parts::Reading;
use crate::{Archive, ArchiveError, Hours, OpenHour, parts};

/// Days that are asked at once.
const AT_ONCE: usize = 16;

/// A story that says nothing for so many days is over: a carrier is asked for sixty hours, and a person takes a weekend. Days that nobody
/// carried the ID to cost no read once their filters are known.
const STORY_DAYS: i64 = 4;

/// Reads that a lookup takes at most, as long as one for each row group is not more. What is left when the filters have been asked goes
/// where a second one spares bytes.
const READS: usize = 6;

/// Where an ID is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// In all hours of the day that it names, of the one before and of four behind, and as long behind them as its lines go on. An ID without a
    /// time is looked for in all days.
    Everywhere,
    /// In these hours of the archive, both included.
    Hours(Hour, Hour),
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Lines by time.
    pub lines: Vec<OwnedLine>,
    /// Hours that were looked into.
    pub hours: Vec<Hour>,
    /// Days whose filters were asked.
    pub days: Vec<Day>,
}

/// Rows that may have the ID.
#[derive(Debug)]
struct Place {
    open: Arc<OpenHour>,
    /// Which part of the hour, from 0.
    part: usize,
    rows: Rows,
}

impl Place {
    fn new(open: &Arc<OpenHour>, part: usize, rows: Rows) -> Self {
        let open = Arc::clone(open);
        Self { open, part, rows }
    }
}

/// Does the hour name the ID only as a correlation ID? Then the index of its parts has the place.
fn is_story(id: &Id, candidate: &Candidate) -> bool {
    id.is_uuid_v7() && !candidate.is_elsewhere
}

/// Finds lines. Keeps what never changes: manifests, indexes of parts, shapes of filters; and which hours there were when a day was
/// first asked: what is compacted later is found by a new one.
#[derive(Debug)]
pub struct Lookup<'a> {
    archive: &'a Archive,
    days: BTreeMap<Day, (Hours, Option<DayFilter>)>,
    open: BTreeMap<Hour, Arc<OpenHour>>,
    indexes: BTreeMap<String, PartIndex>,
    shapes: BTreeMap<String, Shape>,
}

impl<'a> Lookup<'a> {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(archive: &'a Archive) -> Self {
        Self {
            archive,
            days: BTreeMap::new(),
            open: BTreeMap::new(),
            indexes: BTreeMap::new(),
            shapes: BTreeMap::new(),
        }
    }

    /// Lines that name this ID, in the first of its spellings that any line names.
    ///
    /// # Errors
    /// The store refuses; a file is damaged or missing.
    pub async fn find(&mut self, id: &Id, scope: &Scope) -> Result<Found, ArchiveError> {
        let mut found = Found::default();
        for spelling in id.spellings() {
            found = self.find_spelled(&spelling, scope).await?;
            if !found.lines.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    async fn find_spelled(&mut self, id: &Id, scope: &Scope) -> Result<Found, ArchiveError> {
        match self.find_once(id, scope).await {
            // A compaction may have replaced files since they were looked up.
            Err(ArchiveError::Missing { .. } | ArchiveError::Filter { .. }) => {
                self.forget();
                self.find_once(id, scope).await
            }
            other => other,
        }
    }

    /// Parts that [`Lookup::find`] would read, from manifests and filters alone: what must be restored first if they are in Glacier.
    ///
    /// # Errors
    /// The store refuses; a manifest or a filter is damaged or missing.
    pub async fn parts(&mut self, id: &Id, scope: &Scope) -> Result<Vec<(OpenHour, Part)>, ArchiveError> {
        let mut needed: Vec<(OpenHour, Part)> = Vec::new();
        // Which spelling lines have nobody knows before they are read.
        for spelling in id.spellings() {
            for found in self.parts_spelled(&spelling, scope).await? {
                let is_known = needed
                    .iter()
                    .any(|(_, part)| part.object.key == found.1.object.key);
                if !is_known {
                    needed.push(found);
                }
            }
        }
        Ok(needed)
    }

    async fn parts_spelled(&mut self, id: &Id, scope: &Scope) -> Result<Vec<(OpenHour, Part)>, ArchiveError> {
        let mut needed = Vec::new();
        for Candidate { hour, .. } in self.places_of(id, scope).await?.1 {
            let Some(open) = self.open(hour).await? else {
                continue;
            };
            let slots = self.row_groups(id, &open).await?;
            let mut before = 0;
            for part in &open.manifest.parts {
                let own = before..before + part.sums.len();
                before = own.end;
                if slots.iter().any(|slot| own.contains(&(*slot as usize))) {
                    needed.push((OpenHour::clone(&open), part.clone()));
                }
            }
        }
        Ok(needed)
    }

    fn forget(&mut self) {
        self.days.clear();
        self.open.clear();
        self.shapes.clear();
    }

    async fn find_once(&mut self, id: &Id, scope: &Scope) -> Result<Found, ArchiveError> {
        let (days, candidates) = self.places_of(id, scope).await?;
        let (mut places, mut asked) = (Vec::new(), self.asked(id, &days));
        for candidate in &candidates {
            asked += usize::from(!is_story(id, candidate));
            places.append(&mut self.in_hour(id, candidate).await?);
        }
        let mut found = Found {
            lines: self.read(id, &places, READS.saturating_sub(asked)).await?,
            hours: candidates.iter().map(|candidate| candidate.hour).collect(),
            days,
        };
        found.lines.sort_by(|one, other| {
            let (one, other) = (one.as_line(), other.as_line());
            one.at.cmp(&other.at).then_with(|| one.order(&other))
        });
        Ok(found)
    }

    /// Which days are looked into, and which of their hours are worth it, earliest first.
    async fn places_of(
        &mut self,
        id: &Id,
        scope: &Scope,
    ) -> Result<(Vec<Day>, Vec<Candidate>), ArchiveError> {
        let mut days = self.days_of(id, scope).await?;
        let mut candidates = self.candidates(id, scope, &days).await?;
        if *scope == Scope::Everywhere && id.hour().is_some() {
            // While a story goes on in the last of these days it may go on behind them.
            while let Some(last) = days.last().copied()
                && candidates
                    .last()
                    .is_some_and(|newest| newest.hour.day() > last.plus(-STORY_DAYS))
            {
                let more: Vec<Day> = (1..=STORY_DAYS).map(|later| last.plus(later)).collect();
                candidates.extend(self.candidates(id, scope, &more).await?);
                days.extend(more);
            }
        }
        Ok((days, candidates))
    }

    async fn days_of(&self, id: &Id, scope: &Scope) -> Result<Vec<Day>, ArchiveError> {
        let (first, last) = match (scope, id.hour()) {
            (Scope::Hours(first, last), _) => (first.day(), last.day()),
            // A clock may be behind that of who made the ID; a story may go on for days.
            (Scope::Everywhere, Some(hour)) => {
                let day = hour.day();
                return Ok((-1..=STORY_DAYS).map(|later| day.plus(later)).collect());
            }
            (Scope::Everywhere, None) => return self.all_days().await,
        };
        let mut days = self.all_days().await?;
        days.retain(|day| (first..=last).contains(day));
        Ok(days)
    }

    /// Days with manifests or filters: one of them may be lost.
    async fn all_days(&self) -> Result<Vec<Day>, ArchiveError> {
        let folders = |prefix| self.archive.folders(prefix);
        let (manifests, ids) = futures::try_join!(folders(layout::MANIFESTS), folders(layout::IDS))?;
        let all = manifests.iter().chain(&ids);
        let days: BTreeSet<Day> = all.filter_map(|folder| layout::day_of_folder(folder)).collect();
        Ok(days.into_iter().collect())
    }

    /// Hours of these days that are worth looking into, earliest first.
    async fn candidates(
        &mut self,
        id: &Id,
        scope: &Scope,
        days: &[Day],
    ) -> Result<Vec<Candidate>, ArchiveError> {
        self.open_days(days).await?;
        let asked: Vec<_> = days.iter().map(|day| self.hours_of(id, *day)).collect();
        let asked = stream::iter(asked).buffered(AT_ONCE);
        let mut candidates = asked.try_collect::<Vec<_>>().await?.concat();
        if let Scope::Hours(first, last) = scope {
            candidates.retain(|candidate| (*first..=*last).contains(&candidate.hour));
        }
        Ok(candidates)
    }

    async fn open_days(&mut self, days: &[Day]) -> Result<(), ArchiveError> {
        let archive = self.archive;
        let open = |day: Day| async move {
            let hours = Hours::of_day(archive, day).await?;
            // Also of a day without a listed hour: its manifests may be lost.
            let filter = DayFilter::open(archive, day).await?;
            Ok::<_, ArchiveError>((day, (hours, filter)))
        };
        let unknown = days.iter().filter(|day| !self.days.contains_key(day));
        let opening: Vec<_> = unknown.map(|day| open(*day)).collect();
        let opened = stream::iter(opening).buffered(AT_ONCE);
        self.days.extend(opened.try_collect::<Vec<_>>().await?);
        Ok(())
    }

    async fn hours_of(&self, id: &Id, day: Day) -> Result<Vec<Candidate>, ArchiveError> {
        let Some((hours, filter)) = self.days.get(&day) else {
            return Ok(Vec::new());
        };
        match filter {
            Some(filter) => filter.hours(self.archive, hours, id).await,
            // It is made after the first commit of a day; a kill may have come between. Then any hour may know the ID.
            None => {
                let is_elsewhere = true;
                let all = hours.iter().map(|(hour, _)| Candidate { hour, is_elsewhere });
                Ok(all.collect())
            }
        }
    }

    /// How many filters of these days are read for the ID.
    fn asked(&self, id: &Id, days: &[Day]) -> usize {
        let filters = days.iter().filter_map(|day| self.days.get(day)?.1.as_ref());
        filters.filter(|filter| filter.is_asked(id)).count()
    }

    /// Where the ID may be in an hour.
    async fn in_hour(&mut self, id: &Id, candidate: &Candidate) -> Result<Vec<Place>, ArchiveError> {
        let Some(open) = self.open(candidate.hour).await? else {
            return Ok(Vec::new());
        };
        if is_story(id, candidate) {
            self.rows_of_correlation_id(id, &open).await
        } else {
            self.rows_of_any_id(id, &open).await
        }
    }

    async fn open(&mut self, hour: Hour) -> Result<Option<Arc<OpenHour>>, ArchiveError> {
        if let Some(open) = self.open.get(&hour) {
            return Ok(Some(Arc::clone(open)));
        }
        let Some((hours, filter)) = self.days.get(&hour.day()) else {
            return Ok(None);
        };
        let ahead = filter.as_ref().and_then(|filter| filter.generation(hour));
        let open = match (hours.generation(hour), ahead) {
            (None, None) => return Ok(None),
            (listed, Some(ahead)) if listed < Some(ahead) => {
                OpenHour::read_ahead(self.archive, hour, ahead).await?
            }
            (listed, _) => OpenHour::read(self.archive, hour, listed.unwrap_or(0)).await?,
        };
        let open = Arc::new(open);
        self.open.insert(hour, Arc::clone(&open));
        Ok(Some(open))
    }

    /// Lines that name the ID, in so many reads if there are not more places.
    async fn read(
        &mut self,
        id: &Id,
        places: &[Place],
        reads: usize,
    ) -> Result<Vec<OwnedLine>, ArchiveError> {
        let spare = reads.saturating_sub(places.len());
        let mut lines = Vec::new();
        for (number, place) in places.iter().enumerate() {
            let reading = if number < spare {
                Reading::Sparing
            } else {
                Reading::AtOnce
            };
            let Some(part) = place.open.manifest.parts.get(place.part) else {
                continue;
            };
            let index = self.index(part).await?;
            let found = parts::lines(self.archive, part, &index, (&place.rows, reading), id.as_str());
            lines.extend(found.await?);
        }
        Ok(lines)
    }

    /// Rows between the correlation IDs before and behind it: all its lines, if it is one.
    async fn rows_of_correlation_id(
        &mut self,
        id: &Id,
        open: &Arc<OpenHour>,
    ) -> Result<Vec<Place>, ArchiveError> {
        let mut places = Vec::new();
        for (number, part) in open.manifest.parts.iter().enumerate() {
            let text = Some(id.as_str());
            if part.first_id.as_deref() <= text && text <= part.last_id.as_deref() {
                let index = self.index(part).await?;
                let found = index.rows_of_correlation_id(id.as_str());
                let found = found.map_err(|cause| parts::failed(part, cause))?;
                places.extend(found.into_iter().map(|rows| Place::new(open, number, rows)));
            }
        }
        Ok(places)
    }

    /// Row groups that the filter of the hour does not rule out.
    async fn rows_of_any_id(&mut self, id: &Id, open: &Arc<OpenHour>) -> Result<Vec<Place>, ArchiveError> {
        let mut slots = self.row_groups(id, open).await?.into_iter().peekable();
        let (mut places, mut before) = (Vec::new(), 0);
        for (number, part) in open.manifest.parts.iter().enumerate() {
            let row_groups = part.sums.len();
            while let Some(slot) = slots.next_if(|slot| (*slot as usize) < before + row_groups) {
                let index = self.index(part).await?;
                let all = index.all_rows(slot as usize - before);
                let all = all.map_err(|cause| parts::failed(part, cause))?;
                places.push(Place::new(open, number, all));
            }
            before += row_groups;
        }
        Ok(places)
    }

    /// Row groups of an hour that may know an ID, counted over all parts.
    async fn row_groups(&mut self, id: &Id, open: &OpenHour) -> Result<Vec<u32>, ArchiveError> {
        let object = &open.manifest.parts_filter;
        let missing = || ArchiveError::Missing {
            key: object.key.clone(),
            named_by: "the manifest of its hour".to_owned(),
        };
        if !self.shapes.contains_key(&object.key) {
            let head = self.archive.get_range(&object.key, 0..HEADER as u64).await?;
            let shape = Shape::read(&head.ok_or_else(missing)?, 0).map_err(|cause| ArchiveError::Filter {
                key: object.key.clone(),
                cause,
            })?;
            self.shapes.insert(object.key.clone(), shape);
        }
        let Some(shape) = self.shapes.get(&object.key) else {
            return Ok(Vec::new());
        };
        let hash = filter::hash(id.as_str());
        let row = self.archive.get_range(&object.key, shape.range(hash)).await?;
        let slots = shape.slots_of(&row.ok_or_else(missing)?, hash);
        slots.map_err(|cause| ArchiveError::Filter {
            key: object.key.clone(),
            cause,
        })
    }

    async fn index(&mut self, part: &Part) -> Result<PartIndex, ArchiveError> {
        if let Some(index) = self.indexes.get(&part.object.key) {
            return Ok(index.clone());
        }
        let index = parts::index(self.archive, part).await?;
        self.indexes.insert(part.object.key.clone(), index.clone());
        Ok(index)
    }
}
