//! One datapoint as it is published: a value, a statistic set, or values with counts.

/// A datapoint, as PutMetricData takes it. Immutable and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample(pub(super) Kind);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Value(f64),
    /// On the heap, as the values: a recording of a year is read at the speed of memory, and mostly it is of single values.
    Set(Box<Set>),
    Values(Vec<(f64, f64)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Set {
    pub(super) sample_count: f64,
    pub(super) sum: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
}

/// A datapoint that CloudWatch would refuse.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// Not a number, infinite, or too large (API reference, `MetricDatum`: -2^360 to 2^360).
    #[error("{0} is not a value: CloudWatch takes finite numbers from -2^360 to 2^360")]
    Value(f64),
    /// A count that is no count.
    #[error("{0} is not a count: it must be a finite number above 0")]
    Count(f64),
    /// The minimum is above the maximum.
    #[error("the minimum {minimum} is above the maximum {maximum}")]
    Order {
        /// Of the statistic set.
        minimum: f64,
        /// Of the statistic set.
        maximum: f64,
    },
    /// No value at all, or more than 150 (API reference, `MetricDatum`).
    #[error("{0} values: a datapoint has 1 to 150")]
    Values(usize),
}

impl Sample {
    /// One value.
    ///
    /// # Errors
    /// CloudWatch would refuse it.
    pub fn value(value: f64) -> Result<Self, SampleError> {
        Ok(Self(Kind::Value(checked(value)?)))
    }

    /// A statistic set: what many values were reduced to before they were published.
    ///
    /// # Errors
    /// CloudWatch would refuse it.
    pub fn set(sample_count: f64, sum: f64, minimum: f64, maximum: f64) -> Result<Self, SampleError> {
        let set = Set {
            sample_count: counted(sample_count)?,
            sum: checked(sum)?,
            minimum: checked(minimum)?,
            maximum: checked(maximum)?,
        };
        if minimum > maximum {
            return Err(SampleError::Order { minimum, maximum });
        }
        Ok(Self(Kind::Set(Box::new(set))))
    }

    /// Values, each with its count.
    ///
    /// # Errors
    /// CloudWatch would refuse them.
    pub fn values(values: impl IntoIterator<Item = (f64, f64)>) -> Result<Self, SampleError> {
        let values: Vec<(f64, f64)> = values
            .into_iter()
            .map(|(value, count)| Ok((checked(value)?, counted(count)?)))
            .collect::<Result<_, SampleError>>()?;
        match values.len() {
            1..=150 => Ok(Self(Kind::Values(values))),
            count => Err(SampleError::Values(count)),
        }
    }
}

fn checked(value: f64) -> Result<f64, SampleError> {
    let largest = 2_f64.powi(360);
    if (-largest..=largest).contains(&value) {
        Ok(value)
    } else {
        Err(SampleError::Value(value))
    }
}

fn counted(count: f64) -> Result<f64, SampleError> {
    if count > 0.0 && count.is_finite() {
        Ok(count)
    } else {
        Err(SampleError::Count(count))
    }
}
