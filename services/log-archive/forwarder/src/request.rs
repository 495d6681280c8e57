//! Records put into requests: as many as one may have.

use std::ops::Range;

use bytes::Bytes;

/// Records of a request.
/// <https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html>
pub const REQUEST_RECORDS: usize = 500;
/// Bytes of a request: 4 MiB. Whether they are those before base64 nobody says; here they are those of the request as it is sent.
pub const REQUEST_BYTES: usize = 4 * 1_024 * 1_024;
/// What stands around the records, with the longest name of a stream (64 characters).
const AROUND: usize = 256;
/// What stands around a record: `{"Data":""},`.
const AROUND_RECORD: usize = 12;

/// Which records go together, in their order.
#[must_use]
pub fn requests(records: &[Bytes]) -> Vec<Range<usize>> {
    let mut requests = Vec::new();
    let (mut start, mut bytes) = (0, AROUND);
    for (at, record) in records.iter().enumerate() {
        let own = record.len().div_ceil(3) * 4 + AROUND_RECORD;
        if at > start && (at - start == REQUEST_RECORDS || bytes + own > REQUEST_BYTES) {
            requests.push(start..at);
            (start, bytes) = (at, AROUND);
        }
        bytes += own;
    }
    if start < records.len() {
        requests.push(start..records.len());
    }
    requests
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many records each request has.
    fn check(lengths: &[usize], expected: &[usize]) {
        let records: Vec<Bytes> = lengths.iter().map(|length| vec![b'x'; *length].into()).collect();
        let counts: Vec<usize> = requests(&records).iter().map(ExactSizeIterator::len).collect();
        assert_eq!(counts, expected, "{lengths:?}");
    }

    #[test]
    fn a_request_is_as_full_as_it_may_be() {
        check(&[], &[]);
        check(&[5], &[1]);
        check(&[1; 500], &[500]);
        check(&[1; 501], &[500, 1]);
        // 1,333,336 bytes each in base64.
        check(&[1_000_000; 4], &[3, 1]);
        check(&[1_000_000, 1_000_000, 1_000_000, 145_490, 1], &[4, 1]);
    }

    proptest! {
        #[test]
        fn every_record_is_in_one_request_that_is_within_the_limits(
            lengths in prop::collection::vec(prop_oneof![1..200_usize, 1..1_000_001_usize], 0..40),
            small in 0..1_200_usize,
        ) {
            let lengths = lengths.into_iter().chain(std::iter::repeat_n(3, small));
            let records: Vec<Bytes> = lengths.map(|length| vec![b'x'; length].into()).collect();
            let mut next = 0;
            for request in requests(&records) {
                prop_assert_eq!(request.start, next);
                next = request.end;
                let bytes: usize = records[request.clone()].iter().map(|record| record.len().div_ceil(3) * 4 + 12).sum();
                prop_assert!(!request.is_empty() && request.len() <= 500 && bytes <= 4_194_304);
            }
            prop_assert_eq!(next, records.len());
        }
    }
}
