//! The whole story of an ID, from the live store and the log archive together. Either may be empty or away: then it is told from the
//! other, with a note.

use std::time::{SystemTime, UNIX_EPOCH};

use log_archive_domain::OwnedLine;
use ops_archive::{Buckets, Location};
use ops_story::{Input, Story, id};

use super::fetch::{CLOCK_SKEW, Live, Material, Range, Searched};
use super::resolve::Resolved;
use super::since::{Since, milliseconds};
use super::sources::{Archived, Asking, Counts, RETENTION, Scan, merged};
use crate::context::Context;
use crate::monitoring_commands::refused;

/// How far back is looked for an ID that does not say when it was made.
pub(super) const DEFAULT_SINCE: Since = Since::hours(24);

/// Which archive is asked besides the live store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// None.
    None,
    /// That of the stack, if there is one.
    OfStack,
    /// This one.
    At(Location),
}

/// Everything that is asked.
#[derive(Debug)]
pub(super) struct Sources {
    live: Option<Live>,
    archived: Option<Archived>,
    /// What could not be asked, and why.
    notes: Vec<String>,
}

/// What was found, and how.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// `None` when nothing is known of the ID.
    pub(super) story: Option<Story>,
    pub(super) searched: Searched,
    /// Log lines by where they came from, and the archive's place, if it was asked.
    pub(super) lines: Option<(Counts, String)>,
    /// What could not be asked, and why.
    pub(super) notes: Vec<String>,
}

impl Sources {
    /// # Errors
    /// Neither the live store nor an archive can be asked; or not the archive that was named.
    pub(super) async fn new(
        context: &Context,
        buckets: &dyn Buckets,
        choice: &Choice,
        scan: Option<Scan>,
    ) -> anyhow::Result<Self> {
        let live = Live::new(context).await;
        let opened = match choice {
            Choice::None => None,
            Choice::OfStack => Some(ops_archive::open(None, buckets).await),
            Choice::At(location) => Some(Ok(refused(ops_archive::open(Some(location), buckets).await)?)),
        };
        let mut notes = Vec::new();
        let (live, opened) = match (live, opened) {
            // Without a live store there is no stack either: that it does not run says more.
            (Err(error), None | Some(Err(_))) => return Err(error),
            (Err(error), Some(Ok(opened))) => {
                notes.push(format!("only the archive is asked: {error:#}"));
                (None, Some(opened))
            }
            (Ok(live), Some(Err(error))) => {
                notes.push(format!("the archive is not asked: {error}"));
                (Some(live), None)
            }
            (Ok(live), Some(Ok(opened))) => (Some(live), Some(opened)),
            (Ok(live), None) => (Some(live), None),
        };
        let archived = opened.map(|opened| Archived::new(opened, scan));
        Ok(Self {
            live,
            archived,
            notes,
        })
    }

    /// The story of an ID.
    ///
    /// # Errors
    /// Nothing could be asked to the end, or what was found is nothing and something could not be asked.
    pub(super) async fn story(&self, wanted: &str, since: Option<Since>) -> anyhow::Result<Told> {
        let now = SystemTime::now();
        let range = Range {
            from: range_start(wanted, since),
            to: now + CLOCK_SKEW,
        };
        let asking = self
            .archived
            .as_ref()
            .map(|archived| archived.ask(since.map(|_| (range.from, range.to))));
        let mut telling = Telling {
            live: self.live.as_ref(),
            asking,
            failed: None,
            told: Told {
                notes: self.notes.clone(),
                ..Told::default()
            },
        };
        telling.story(wanted, range).await?;
        let mut told = telling.ended(wanted)?;
        told.searched
            .add(format!("between {} and now", shown(range.from)));
        if now.duration_since(range.from).is_ok_and(|ago| ago > RETENTION) {
            told.searched.add("of which X-Ray keeps the last 30 days");
        }
        Ok(told)
    }
}

/// A story while it is put together.
struct Telling<'s> {
    live: Option<&'s Live>,
    asking: Option<Asking<'s>>,
    /// Why the live store was asked no further.
    failed: Option<anyhow::Error>,
    told: Told,
}

impl Telling<'_> {
    async fn story(&mut self, wanted: &str, range: Range) -> anyhow::Result<()> {
        let mut found = match self.live {
            Some(live) => {
                let resolved = live.resolve(wanted, range, &mut self.told.searched).await;
                self.or_archive(resolved)?
            }
            None => Resolved::default(),
        };
        let mut archived = self.scanned(wanted).await?;
        if found.is_nothing() {
            archived.extend(self.archived(wanted).await);
            found = Resolved::of_archived(wanted, &archived);
        }
        if found.is_nothing() && archived.is_empty() {
            return Ok(());
        }
        let material = match self.live {
            Some(live) if self.failed.is_none() => {
                let fetched = live.fetch(&found, range, &mut self.told.searched).await;
                self.or_archive(fetched)?
            }
            _ => Material::default(),
        };
        let behind = found.correlation_ids.iter().chain(&found.trace_ids);
        for id in behind {
            archived.extend(self.archived(id).await);
        }
        self.put_together(found, material, archived).await
    }

    async fn put_together(
        &mut self,
        found: Resolved,
        material: Material,
        mut archived: Vec<OwnedLine>,
    ) -> anyhow::Result<()> {
        // Spans say which invocations went wrong; without them each one is asked about.
        if material.traces.is_empty()
            && let Some(asking) = &mut self.asking
        {
            archived.extend(asking.reports(&archived.clone()).await);
        }
        let (logs, counts) = merged(material.lines, archived);
        let mut input = Input {
            correlation_ids: found.correlation_ids,
            traces: material.traces,
            logs,
            mails: material.mails,
        };
        if let Some(live) = self.live.filter(|_| self.failed.is_none()) {
            let platform = live.platform_lines(&Story::new(input.clone())).await;
            input.logs.extend(self.or_archive(platform)?);
        }
        let story = Story::new(input);
        self.told.story = (!story.is_empty()).then_some(story);
        self.told.lines = self.asking.as_ref().map(|asking| (counts, asking.place()));
        Ok(())
    }

    async fn archived(&mut self, id: &str) -> Vec<OwnedLine> {
        match &mut self.asking {
            Some(asking) => asking.lines(id).await,
            None => Vec::new(),
        }
    }

    async fn scanned(&mut self, wanted: &str) -> anyhow::Result<Vec<OwnedLine>> {
        match &self.asking {
            Some(asking) => Ok(refused(asking.scanned(wanted).await)?),
            None => Ok(Vec::new()),
        }
    }

    /// What the live store answered. That it does not is an error where nothing else can be asked.
    fn or_archive<T: Default>(&mut self, answer: anyhow::Result<T>) -> anyhow::Result<T> {
        match answer {
            Err(error) if self.asking.is_some() => {
                self.failed = Some(error);
                Ok(T::default())
            }
            other => other,
        }
    }

    /// What there is to tell. Nothing found is no answer if something was not asked.
    fn ended(self, wanted: &str) -> anyhow::Result<Told> {
        let mut told = self.told;
        if let Some(asking) = &self.asking {
            told.searched.add(format!("the archive {}", asking.place()));
            if let Some(why) = asking.failed() {
                told.notes.push(archive_failed(wanted, &asking.place(), why));
            }
        }
        match self.failed {
            Some(error) if told.story.is_none() => return Err(error),
            Some(error) => {
                let note = format!(
                    "the live store was not asked to the end, lines are those of the archive: {error:#}"
                );
                told.notes.push(note);
            }
            None => {}
        }
        Ok(told)
    }
}

/// Why the archive was not asked to the end; what to do about it where that is known.
fn archive_failed(wanted: &str, place: &str, why: &str) -> String {
    let cure = if why.contains("InvalidObjectState") {
        format!("; `shopwatch archive restore {wanted}` brings it back from Glacier")
    } else {
        String::new()
    };
    format!("the archive {place} was not asked to the end: {why}{cure}")
}

fn range_start(wanted: &str, since: Option<Since>) -> SystemTime {
    match (since, id::made_at(wanted)) {
        (Some(since), _) => since.start(),
        (None, Some(at)) => (UNIX_EPOCH + at).checked_sub(CLOCK_SKEW).unwrap_or(UNIX_EPOCH),
        (None, None) => DEFAULT_SINCE.start(),
    }
}

fn shown(at: SystemTime) -> String {
    let at = jiff::Timestamp::from_millisecond(milliseconds(at)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
