//! Size limits of what carries a context, as far as they decide whether a context is added: no call may fail because of it.
//!
//! AWS raised several limits from 256 KiB to 1 MiB (SQS, EventBridge, asynchronous Lambda; AWS Compute Blog, "serverless
//! services now support payloads up to 1 MB", 2026), but a queue's own `MaximumMessageSize` may still be the old one, and
//! the pages differ between kB and KiB. So a context is added only where it takes the payload over none of them.

use aws_sdk_dynamodb::types::AttributeValue;

/// Bytes that our reckoning may be off, in favour of the call.
const MARGIN: usize = 1024;

/// Limits in bytes of one kind of payload, rising.
pub(crate) type Limits = &'static [usize];

/// SQS message and batch, EventBridge entry and request, asynchronous invocation: 256 KiB, later 1 MiB.
pub(crate) const MESSAGE: Limits = &[256_000, 262_144, 1_000_000, 1_048_576];
/// SNS message and batch (SNS quotas: 256 KB), input of an execution (Step Functions quotas: 256 KiB).
pub(crate) const SMALL_MESSAGE: Limits = &[256_000, 262_144];
/// DynamoDB item, names included (DynamoDB quotas: 400 KB).
pub(crate) const ITEM: Limits = &[400_000, 409_600];
/// Puts of a transaction (DynamoDB quotas: 4 MB in all).
pub(crate) const TRANSACTION: Limits = &[4_000_000, 4_194_304];
/// Kinesis record, data and partition key (Kinesis Data Streams quotas: 1 MiB, since 2025 up to 10 MiB where the stream allows).
pub(crate) const KINESIS_RECORD: Limits = &[1_000_000, 1_048_576, 10_000_000, 10_485_760];
/// Records of one `PutRecords` (Kinesis Data Streams quotas: 5 MiB, since 2025 10 MiB).
pub(crate) const KINESIS_REQUEST: Limits = &[5_000_000, 5_242_880, 10_000_000, 10_485_760];
/// Firehose record before base64 (Firehose quotas: 1,000 KiB).
pub(crate) const FIREHOSE_RECORD: Limits = &[1_000_000, 1_024_000];
/// Records of one `PutRecordBatch` (Firehose quotas: 4 MiB).
pub(crate) const FIREHOSE_REQUEST: Limits = &[4_000_000, 4_194_304];

/// May `added` bytes join a payload of `before` bytes? Yes, unless that takes it over a limit that it met before. A payload
/// over the last limit fails by itself, and is left alone.
pub(crate) fn fits(before: usize, added: usize, limits: Limits) -> bool {
    let after = before.saturating_add(added).saturating_add(MARGIN);
    let last = limits.last().copied().unwrap_or(usize::MAX);
    after <= last && limits.iter().all(|limit| before > *limit || after <= *limit)
}

/// Bytes of an attribute's value (DynamoDB: item sizes). Numbers are reckoned by their digits, which is never too little.
pub(crate) fn of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Bs(all) => all.iter().map(|bytes| bytes.as_ref().len()).sum(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + of_value(value)).sum::<usize>(),
        AttributeValue::M(map) => {
            3 + map
                .iter()
                .map(|(key, value)| 1 + key.len() + of_value(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_fits_crosses_no_limit(before in 0..1_200_000_usize, added in 0..70_000_usize) {
            for limits in [MESSAGE, SMALL_MESSAGE, ITEM, KINESIS_RECORD, FIREHOSE_RECORD] {
                let crossed = limits.iter().any(|limit| before <= *limit && before + added > *limit);
                prop_assert!(!(crossed && fits(before, added, limits)));
            }
        }
    }

    #[test]
    fn no_limit_is_crossed() {
        let check = |before, added, limits, expected| {
            assert_eq!(fits(before, added, limits), expected, "{before} + {added}");
        };
        check(0, 500, MESSAGE, true);
        check(254_000, 900, MESSAGE, true);
        check(254_500, 900, MESSAGE, false);
        check(261_000, 500, MESSAGE, false);
        check(262_145, 500, MESSAGE, true);
        check(1_048_000, 500, MESSAGE, false);
        check(2_000_000, 500, MESSAGE, false);
        check(262_145, 500, SMALL_MESSAGE, false);
        check(398_000, 500, ITEM, true);
        check(409_000, 500, ITEM, false);
        check(usize::MAX, usize::MAX, ITEM, false);
    }

    #[test]
    fn values_are_reckoned_with_their_names() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let map = AttributeValue::M([("ab".to_owned(), text("xyz"))].into());
        assert_eq!(of_value(&map), 3 + 1 + 2 + 3);
        assert_eq!(
            of_value(&AttributeValue::L(vec![text("a"), AttributeValue::Bool(true)])),
            3 + 2 + 2
        );
    }
}
