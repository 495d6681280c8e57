//! Checksums of what is read alone: Parquet pages have none, and a bit that flips in storage must be seen by whoever reads a
//! range, not only by `verify`.

use std::ops::Range;

/// A sum of bytes. 32 bits: it finds damage, not forgery; for that a manifest has the SHA-256 of the file.
pub(crate) fn sum(bytes: &[u8]) -> u32 {
    log_archive_domain::sum64(bytes) as u32
}

/// A sum as text: eight hexadecimal digits.
pub(crate) fn text(bytes: &[u8]) -> String {
    format!("{:08x}", sum(bytes))
}

/// What is read at once, in the order of the file: of each row group the columns before the message, then each page of messages.
pub(crate) type Units = Vec<Vec<Range<u64>>>;

/// Sums of units as text: eight hexadecimal digits each.
pub(crate) fn of(file: &[u8], units: &Units) -> Vec<String> {
    let of_unit = |unit: &Range<u64>| {
        let bytes = usize::try_from(unit.start)
            .ok()
            .zip(usize::try_from(unit.end).ok())
            .and_then(|(start, end)| file.get(start..end));
        text(bytes.unwrap_or_default())
    };
    units
        .iter()
        .map(|group| group.iter().map(of_unit).collect())
        .collect()
}

/// The sum of a unit, as [`of`] wrote it.
pub(crate) fn expected(sums: &[String], row_group: usize, unit: usize) -> Option<u32> {
    let text = sums.get(row_group)?.get(unit * 8..unit * 8 + 8)?;
    u32::from_str_radix(text, 16).ok()
}
