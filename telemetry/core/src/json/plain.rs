//! Does a text need escapes in JSON? Asked of every name and value that is written, and nearly always answered with no: eight bytes
//! at a time.

/// Does this byte need an escape in a string (RFC 8259, section 7)?
pub(crate) fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Is there no byte that needs an escape?
pub(crate) fn is_plain(text: &[u8]) -> bool {
    if let Some(last) = text.last_chunk::<8>() {
        // The last eight overlap those before them.
        let (words, _) = text.as_chunks::<8>();
        return words.iter().all(|word| is_plain_word(u64::from_le_bytes(*word)))
            && is_plain_word(u64::from_le_bytes(*last));
    }
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            is_plain_word(u64::from(first) << 32 | u64::from(last))
        }
        _ => !text.iter().any(|byte| needs_escape(*byte)),
    }
}

/// A byte that is subtracted from borrows where it is smaller: its highest bit is set, which it was not before. What is borrowed
/// from the next byte does not matter, the answer is already no.
fn is_plain_word(word: u64) -> bool {
    const ONE: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONE;
    let is_control = word.wrapping_sub(0x20 * ONE);
    let is_quote = (word ^ (b'"' as u64 * ONE)).wrapping_sub(ONE);
    let is_backslash = (word ^ (b'\\' as u64 * ONE)).wrapping_sub(ONE);
    (is_control | is_quote | is_backslash) & !word & HIGH == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_at_every_place_is_seen() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=255 {
                    let mut text = vec![b'a'; length];
                    text[at] = byte;
                    assert_eq!(is_plain(&text), !needs_escape(byte), "{text:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_told_byte_by_byte(text in proptest::collection::vec(0x1e_u8.., 0..40)) {
            prop_assert_eq!(is_plain(&text), !text.iter().any(|byte| needs_escape(*byte)));
        }
    }
}
