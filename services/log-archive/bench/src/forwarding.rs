//! What the forwarder does with an event but for the call: unpacks it, takes out what must not be kept, and cuts it into records.

use std::io::{BufRead as _, BufReader, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use log_archive_domain::layout;
use log_archive_forwarder::cut;
use log_archive_intake::Envelope;
use log_archive_store::Archive;

use crate::table::{bytes, float, print, row};

/// Text that is forwarded, at most: all events of it wait in memory.
const MOST: u64 = 64_000_000;

/// Forwards envelopes of the raw objects as if they came from a subscription filter. Says how many megabytes of text one core forwards in a
/// second.
pub(crate) async fn measured(archive: &Archive) -> Result<f64> {
    let (mut text, mut lines, mut records, mut payloads) = (0, 0, 0, 0);
    let mut time = Duration::ZERO;
    for object in archive.list(layout::RAW).await? {
        let raw = archive.get(&object.key).await?.unwrap_or_default();
        for envelope in BufReader::new(GzDecoder::new(&raw[..])).lines() {
            let payload = packed(&envelope?)?;
            let started = Instant::now();
            let json = Envelope::unpack(&payload)?;
            let cut = Envelope::read(&json)?
                .map(|envelope| cut(&envelope))
                .transpose()?;
            time += started.elapsed();
            let cut = cut.unwrap_or_default();
            ensure!(cut.redactions == 0, "a generated line was redacted: {payload}");
            payloads += 1;
            lines += cut.lines;
            text += cut.text_bytes;
            records += cut.records.len();
            if text >= MOST {
                break;
            }
        }
    }
    let rate = float(text) / 1e6 / time.as_secs_f64();
    print(
        "Forwarding, without the call",
        &[
            row(["text", "lines", "events", "records", "per core"]),
            row([
                &bytes(text),
                &lines.to_string(),
                &payloads.to_string(),
                &records.to_string(),
                &format!("{rate:.0} MB/s"),
            ]),
        ],
    )?;
    Ok(rate)
}

/// As CloudWatch Logs packs it.
fn packed(envelope: &str) -> Result<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(envelope.as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}
