//! Units: all that CloudWatch knows, and those that our metrics have. Whoever checks a unit, in a log line, an alarm or a template,
//! asks here.

/// CloudWatch's names of units (`StandardUnit` of the CloudWatch API).
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
pub const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// The unit of a metric, as CloudWatch names it (`MetricDatum` of the CloudWatch API).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are CloudWatch's and say it")]
pub enum Unit {
    Seconds,
    Microseconds,
    Milliseconds,
    Bytes,
    Kilobytes,
    Megabytes,
    Gigabytes,
    Percent,
    Count,
    BytesPerSecond,
    CountPerSecond,
    /// Without a unit, such as amounts of money in minor units.
    None,
}

impl Unit {
    /// CloudWatch's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "Seconds",
            Self::Microseconds => "Microseconds",
            Self::Milliseconds => "Milliseconds",
            Self::Bytes => "Bytes",
            Self::Kilobytes => "Kilobytes",
            Self::Megabytes => "Megabytes",
            Self::Gigabytes => "Gigabytes",
            Self::Percent => "Percent",
            Self::Count => "Count",
            Self::BytesPerSecond => "Bytes/Second",
            Self::CountPerSecond => "Count/Second",
            Self::None => "None",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_ours_is_one_of_cloudwatch() {
        let ours = [
            Unit::Seconds,
            Unit::Microseconds,
            Unit::Milliseconds,
            Unit::Bytes,
            Unit::Kilobytes,
            Unit::Megabytes,
            Unit::Gigabytes,
            Unit::Percent,
            Unit::Count,
            Unit::BytesPerSecond,
            Unit::CountPerSecond,
            Unit::None,
        ];
        for unit in ours {
            assert!(UNITS.contains(&unit.as_str()), "{unit:?}");
        }
        let mut names = UNITS.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), UNITS.len(), "a name is there twice");
    }
}
