//! What a byte is to the reader of a message.

/// What a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Space, tab, line end and other control characters: one run is one space.
    Blank,
    /// `"`, `'`, a backtick.
    Quote,
    /// What stands between words: brackets, commas, …
    Mark,
    /// What words, numbers, addresses and IDs are made of. Everything beyond ASCII too.
    Word,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Word; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte as u8 {
            0..=b' ' | 127 => Class::Blank,
            b'"' | b'\'' | b'`' => Class::Quote,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b',' | b';' | b'=' | b'|' | b'!'
            | b'?' | b'*' | b'^' | b'\\' | b'~' => Class::Mark,
            _ => Class::Word,
        };
        byte += 1;
    }
    classes
}

pub(super) fn class(byte: u8) -> Class {
    CLASSES[byte as usize]
}

/// What the bytes of a chunk have, one bit each: most questions about a chunk are answered without reading it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes(u8);

impl Bytes {
    pub(super) const DIGIT: Self = Self(1);
    /// No hex digit.
    pub(super) const OTHER: Self = Self(2);
    pub(super) const LOWER: Self = Self(4);
    pub(super) const UPPER: Self = Self(8);
    pub(super) const COLON: Self = Self(16);
    pub(super) const SLASH: Self = Self(32);
    pub(super) const AT: Self = Self(64);
    pub(super) const FULL_STOP: Self = Self(128);

    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(0, |all, &byte| all | BITS[byte as usize]))
    }

    pub(super) fn has(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const BITS: [u8; 256] = bits();

const fn bits() -> [u8; 256] {
    let mut bits = [Bytes::OTHER.0; 256];
    let mut byte = 0;
    while byte < 128 {
        let hex = if (byte as u8).is_ascii_hexdigit() {
            0
        } else {
            Bytes::OTHER.0
        };
        bits[byte as usize] = hex
            | match byte as u8 {
                b'0'..=b'9' => Bytes::DIGIT.0,
                b'a'..=b'z' => Bytes::LOWER.0,
                b'A'..=b'Z' => Bytes::UPPER.0,
                b':' => Bytes::COLON.0,
                b'/' => Bytes::SLASH.0,
                b'@' => Bytes::AT.0,
                b'.' => Bytes::FULL_STOP.0,
                _ => 0,
            };
        byte += 1;
    }
    bits
}
