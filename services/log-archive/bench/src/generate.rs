//! Raw objects as the forwarder and Firehose leave them.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use log_archive_domain::{EventId, Hour, layout};
use log_archive_store::Archive;
use serde_json::{Value, json};

use crate::random::Random;
use crate::stories::{self, Story, Written};

/// Events in an envelope.
const BATCH: usize = 48;
/// Text in a raw object: Firehose buffers up to 128 MB.
const OBJECT: u64 = 64_000_000;

/// What was generated.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    pub(crate) lines: u64,
    pub(crate) text: u64,
    pub(crate) raw: u64,
    /// Some of the stories, over all the time.
    pub(crate) samples: Vec<Story>,
}

/// Text, in so many bytes over so many hours from `first` on.
pub(crate) async fn logs(
    archive: &Archive,
    first: Hour,
    hours: i64,
    text: u64,
    samples: usize,
) -> Result<Generated> {
    let mut writing = Writing {
        archive,
        random: Random::new(7),
        batches: BTreeMap::new(),
        object: None,
        objects: 0,
        generated: Generated::default(),
    };
    let mut random = Random::new(42);
    let start = first.start_ms().unsigned_abs();
    let span = u64::try_from(hours)? * 3_600_000;
    let mut lines: Vec<Written> = Vec::new();
    // Some 5 kB a story.
    let keep_every = (text / 5_000 / samples.max(1) as u64).max(1);
    let mut stories = 0_u64;
    while writing.generated.text < text {
        // The last seconds stay empty: what begins there would end in another hour.
        let at = start + writing.generated.text * (span - 5_000) / text;
        let story = stories::story(&mut random, at, &mut lines);
        if stories % keep_every == keep_every / 2 {
            writing.generated.samples.push(story);
        }
        stories += 1;
        for line in lines.drain(..) {
            writing.line(line).await?;
        }
    }
    writing.end().await
}

struct Writing<'a> {
    archive: &'a Archive,
    random: Random,
    batches: BTreeMap<(usize, u64), Vec<Written>>,
    object: Option<(Hour, u64, GzEncoder<Vec<u8>>)>,
    objects: u64,
    generated: Generated,
}

impl Writing<'_> {
    async fn line(&mut self, line: Written) -> Result<()> {
        self.generated.lines += 1;
        self.generated.text += line.message.len() as u64;
        let batch = self.batches.entry(line.stream).or_default();
        batch.push(line);
        if batch.len() >= BATCH {
            let batch = std::mem::take(batch);
            self.envelope(batch).await?;
        }
        Ok(())
    }

    async fn envelope(&mut self, batch: Vec<Written>) -> Result<()> {
        let Some(last) = batch.last() else {
            return Ok(());
        };
        let hour = Hour::of_ms(last.at.cast_signed());
        let id = u128::from(self.random.next()) << 64 | u128::from(self.random.next());
        let (service, stream) = last.stream;
        let events: Vec<Value> = (0_u16..)
            .zip(&batch)
            .map(|(count, line)| json!({"id": EventId { time: line.at, batch: id, number: count }.text(), "timestamp": line.at, "message": line.message}))
            .collect();
        let envelope = json!({
            "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": stories::log_group(service),
            "logStream": format!("2026/11/20/[$LATEST]{stream:032x}"), "subscriptionFilters": ["all"], "logEvents": events,
        });
        if self
            .object
            .as_ref()
            .is_some_and(|(own, text, _)| *own != hour || *text >= OBJECT)
        {
            self.store().await?;
        }
        let (_, text, gzip) = self
            .object
            .get_or_insert_with(|| (hour, 0, GzEncoder::new(Vec::new(), Compression::default())));
        *text += batch.iter().map(|line| line.message.len() as u64).sum::<u64>();
        // At once: what is formatted piece by piece is compressed piece by piece.
        gzip.write_all(format!("{envelope}\n").as_bytes())?;
        Ok(())
    }

    async fn store(&mut self) -> Result<()> {
        let Some((hour, _, gzip)) = self.object.take() else {
            return Ok(());
        };
        let bytes = gzip.finish()?;
        self.objects += 1;
        self.generated.raw += bytes.len() as u64;
        let key = format!("{}/{:06}.gz", layout::raw_prefix(hour), self.objects);
        self.archive.put(&key, bytes.into()).await?;
        Ok(())
    }

    async fn end(mut self) -> Result<Generated> {
        for batch in std::mem::take(&mut self.batches).into_values() {
            self.envelope(batch).await?;
        }
        self.store().await?;
        Ok(self.generated)
    }
}
