//! Numbers that look random and are the same in every run: SplitMix64.

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let at = usize::try_from(self.below(texts.len() as u64)).unwrap_or_default();
        texts.get(at).copied().unwrap_or_default()
    }

    pub(crate) fn uuid_v4(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        uuid(high >> 16, 4, high & 0xfff, low)
    }

    pub(crate) fn uuid_v7(&mut self, ms: u64) -> String {
        let (high, low) = (self.next(), self.next());
        uuid(ms, 7, high & 0xfff, low)
    }
}

fn uuid(first: u64, version: u8, middle: u64, last: u64) -> String {
    let first = first & 0xffff_ffff_ffff;
    let variant = 0x8000 | (last >> 48 & 0x3fff);
    format!(
        "{:08x}-{:04x}-{version}{middle:03x}-{variant:04x}-{:012x}",
        first >> 16,
        first & 0xffff,
        last & 0xffff_ffff_ffff
    )
}
