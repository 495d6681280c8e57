//! Where a string ends: most of an event is strings that nobody asks for. Most of them are short and plain; the body of a message
//! is JSON in a string, with an escape every few bytes. What stands between two strings is not looked at here.

// Lambda's two kinds of processors, without memchr's choice of the widest instructions at run time: a string has about 20 bytes,
// choosing costs more than it saves.
#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::memchr::Two;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::Two;

/// Bytes that are looked at together, behind the one before them.
const BLOCK: usize = 32;

/// A string that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Bytes before its closing quote.
    pub(super) length: usize,
    pub(super) is_escaped: bool,
}

/// The end of the string whose opening quote stands before these bytes; `None` where it does not end.
pub(super) fn end_of_text(bytes: &[u8]) -> Option<End> {
    let found = first_special(bytes)?;
    if bytes.get(found) == Some(&b'"') {
        return Some(End {
            length: found,
            is_escaped: false,
        });
    }
    end_after(bytes, found).map(|length| End {
        length,
        is_escaped: true,
    })
}

fn first_special(bytes: &[u8]) -> Option<usize> {
    #[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
    if let Some(specials) = Two::new(b'"', b'\\') {
        return specials.find(bytes);
    }
    memchr::memchr2(b'"', b'\\', bytes)
}

/// The end of a string whose first escape stands at `at`.
#[inline(never)]
fn end_after(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut looked_at = 0;
    loop {
        // Past an escape.
        at += 2;
        if at >= looked_at {
            at += calm(bytes.get(at - 1..).unwrap_or_default());
            looked_at = at + BLOCK;
        }
        loop {
            match bytes.get(at)? {
                b'"' => return Some(at),
                b'\\' => break,
                _ => at += 1,
            }
        }
    }
}

/// How many bytes after the first, which ends an escape, can be passed over: every quote among them is escaped, no backslash is.
fn calm(bytes: &[u8]) -> usize {
    // An escaped backslash would be taken for one that escapes.
    if bytes.first() == Some(&b'\\') {
        return 0;
    }
    let mut at = 0;
    while let Some(block) = bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<{ BLOCK + 1 }>())
    {
        if is_eventful(block) {
            break;
        }
        at += BLOCK;
    }
    // What follows is escaped where the last one is a backslash, which then has to be seen.
    if bytes.get(at) == Some(&b'\\') { at - 1 } else { at }
}

/// Is there, behind the first byte, a quote that no backslash stands before, or a backslash that one does? Without a branch, so
/// that it is compiled to a few instructions for all bytes at once.
fn is_eventful(block: &[u8; BLOCK + 1]) -> bool {
    let mut found = 0;
    for at in 0..BLOCK {
        let (before, byte) = (block[at], block[at + 1]);
        let is_after = before == b'\\';
        found |= u8::from((byte == b'"') & !is_after | (byte == b'\\') & is_after);
    }
    found != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, byte by byte.
    fn plainly(bytes: &[u8]) -> Option<End> {
        let mut at = 0;
        let mut is_escaped = false;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    return Some(End {
                        length: at,
                        is_escaped,
                    });
                }
                b'\\' => {
                    is_escaped = true;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        None
    }

    #[test]
    fn runs_of_backslashes_end_where_they_should_at_every_place() {
        for before in 0..20 {
            for backslashes in 0..20 {
                for after in ["\"", "\"\"", "x\"", "\\\"#\"", "", "\"\\"] {
                    let text = format!("{}{}{after}", "]".repeat(before), "\\".repeat(backslashes));
                    assert_eq!(end_of_text(text.as_bytes()), plainly(text.as_bytes()), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_ends_where_it_does_byte_by_byte(text in "[\"\\\\\\\\\\\\#\\[\\]a!é\u{80}\u{1}]{0,90}", skipped in 0..16_usize) {
            let bytes = text.as_bytes().get(skipped..).unwrap_or_default();
            prop_assert_eq!(end_of_text(bytes), plainly(bytes));
        }

        #[test]
        fn any_bytes_end_where_they_do_byte_by_byte(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(end_of_text(&bytes), plainly(&bytes));
        }
    }
}
