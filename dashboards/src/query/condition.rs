//! Which lines a filter lets through.

use super::line::LogLine;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    Present(String),
    In(String, Vec<String>),
    Like(String, String),
    Compare(String, Sign, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// A line without the field passes no comparison but `!=`.
    pub(super) fn holds(&self, line: &LogLine) -> bool {
        match self {
            Self::Any(all) => all.iter().any(|one| one.holds(line)),
            Self::All(all) => all.iter().all(|one| one.holds(line)),
            Self::Not(one) => !one.holds(line),
            Self::Present(field) => line.get(field).is_some(),
            Self::In(field, values) => line
                .get(field)
                .is_some_and(|value| values.iter().any(|one| one == value)),
            Self::Like(field, text) => line.get(field).is_some_and(|value| value.contains(text.as_str())),
            Self::Compare(field, sign, value) => match line.get(field) {
                Some(there) => sign.holds(there, value),
                None => *sign == Sign::Unequal,
            },
        }
    }
}

impl Sign {
    /// Numbers as numbers, everything else as text.
    fn holds(self, left: &str, right: &str) -> bool {
        let order = match (left.parse::<f64>(), right.parse::<f64>()) {
            (Ok(left), Ok(right)) => left.partial_cmp(&right),
            _ => Some(left.cmp(right)),
        };
        let Some(order) = order else {
            return false;
        };
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}
