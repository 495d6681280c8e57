//! Whose debug lines are written: decided once, where a chain begins, and carried along in its context.

use telemetry_core::CorrelationContext;

/// A part of all chains.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    /// Hashes below this are in.
    below: u64,
}

impl Sampling {
    /// `rate` from 0 (none) to 1 (all).
    pub(crate) fn new(rate: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "saturates at both ends, and a rate needs no 64 bits"
        )]
        let below = (rate * u64::MAX as f64) as u64;
        Self { below }
    }

    /// Decides for a chain that begins here. One that comes from elsewhere was decided there.
    pub(crate) fn decide(self, context: &mut CorrelationContext) {
        if self.below > 0 && context.chain_length == 1 {
            context.debug |= hash(context.id.as_str()) <= self.below;
        }
    }
}

/// The same for the same chain, wherever it begins again: FNV-1a, with its bits mixed (MurmurHash3's finalizer).
fn hash(id: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(rate: f64, chain_length: u32, debug: bool) -> usize {
        let sampling = Sampling::new(rate);
        let chain = |n| {
            let mut context = CorrelationContext::new(format!("order-{n}").parse().unwrap());
            context.chain_length = chain_length;
            context.debug = debug;
            sampling.decide(&mut context);
            context.debug
        };
        (0..10_000).filter(|n| chain(*n)).count()
    }

    #[test]
    fn so_many_chains_are_sampled_where_they_begin() {
        assert_eq!(sampled(0.0, 1, false), 0);
        assert_eq!(sampled(1.0, 1, false), 10_000);
        let tenth = sampled(0.1, 1, false);
        assert!((900..1_100).contains(&tenth), "{tenth}");
        assert_eq!(sampled(0.1, 1, false), tenth, "the same chains each time");
    }

    #[test]
    fn a_decision_from_elsewhere_stays() {
        assert_eq!(sampled(1.0, 2, false), 0);
        assert_eq!(sampled(0.0, 2, true), 10_000);
        assert_eq!(sampled(0.0, 1, true), 10_000);
    }
}
