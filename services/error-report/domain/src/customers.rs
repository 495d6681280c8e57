//! How many customers a failure hit, without knowing who they are. What comes in are hashes (keyed, by whoever knows the
//! customer); what is kept are the smallest of them, a [KMV sketch](https://doi.org/10.1007/3-540-45726-7_1): exact up to
//! [`EXACT`] customers, and with a standard error of 6 % beyond. Sketches of two places are joined without counting anybody twice.

/// So many customers are counted exactly. A sketch is at most eight times as many bytes.
pub const EXACT: usize = 256;

/// Customers, as the smallest of their hashes.
///
/// ```
/// use error_report_domain::customers::Customers;
///
/// let mut customers = Customers::default();
/// for hash in [7, 9, 7] {
///     customers.add(hash);
/// }
/// assert_eq!((customers.count(), customers.is_exact()), (2, true));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customers {
    /// Ascending, each once, at most [`EXACT`].
    smallest: Vec<u64>,
}

impl Customers {
    /// One more, or one that is known. Hashes must be evenly distributed over all 64 bits.
    pub fn add(&mut self, hash: u64) {
        if let Err(place) = self.smallest.binary_search(&hash)
            && place < EXACT
        {
            self.smallest.truncate(EXACT - 1);
            self.smallest.insert(place, hash);
        }
    }

    /// Everybody of another sketch.
    pub fn join(&mut self, other: &Self) {
        for &hash in &other.smallest {
            self.add(hash);
        }
    }

    /// How many there are, or about.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self.smallest.last() {
            Some(&largest) if self.smallest.len() == EXACT => {
                // The k smallest of n even hashes lie below k / n of the range.
                let share = largest as f64 / u64::MAX as f64;
                ((EXACT - 1) as f64 / share).round() as u64
            }
            _ => self.smallest.len() as u64,
        }
    }

    /// Is the count exact?
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.smallest.len() < EXACT
    }

    /// The hashes, for storage.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.smallest.iter().flat_map(|hash| hash.to_be_bytes()).collect()
    }

    /// From storage. What is no whole hash, and hashes out of order, are as good as any: they are added.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut customers = Self::default();
        for hash in bytes.as_chunks::<8>().0 {
            customers.add(u64::from_be_bytes(*hash));
        }
        customers
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    fn of(range: std::ops::Range<u32>) -> Customers {
        let mut customers = Customers::default();
        for n in range {
            customers.add(xxh3_64(&n.to_be_bytes()));
        }
        customers
    }

    #[test]
    fn few_are_exact_many_are_about_right() {
        for count in [0, 1, 255] {
            let customers = of(0..count);
            assert_eq!(
                (customers.count(), customers.is_exact()),
                (u64::from(count), true)
            );
        }
        for count in [1_000_u32, 50_000, 1_000_000] {
            let found = of(0..count).count() as f64;
            let off = (found / f64::from(count) - 1.0).abs();
            // Three standard errors.
            assert!(off < 0.19, "{count}: {found}");
        }
    }

    #[test]
    fn joining_counts_nobody_twice() {
        let mut one = of(0..600);
        one.join(&of(300..1_000));
        assert_eq!(one, of(0..1_000));
    }

    proptest! {
        #[test]
        fn it_is_a_set(hashes in proptest::collection::vec(any::<u64>(), 0..600)) {
            let mut customers = Customers::default();
            for &hash in &hashes {
                customers.add(hash);
            }
            let smallest: Vec<u64> = hashes.iter().copied().collect::<BTreeSet<_>>().into_iter().take(EXACT).collect();
            prop_assert_eq!(&customers.smallest, &smallest);
            prop_assert_eq!(Customers::from_bytes(&customers.to_bytes()), customers);
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(Customers::from_bytes(&bytes).count() <= 12);
        }
    }
}
