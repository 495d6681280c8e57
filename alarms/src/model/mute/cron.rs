//! Cron expressions of mute rules: five fields, each a set of numbers.
//!
//! The API reference (`Schedule`) has the fields and examples with names (`SUN`). It does not say how days are numbered:
//! 0 and 7 are Sunday here, as in every five-field cron. If both the day of the month and the day of the week are
//! restricted, either is enough, as in every five-field cron too.

use jiff::civil::Date;

/// Five fields as sets of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    last_day: bool,
    months: u64,
    weekdays: u64,
    /// The last such weekday of the month, 0 is Sunday.
    last_weekday: Option<u8>,
    /// The nth such weekday of the month.
    nth_weekday: Option<(u8, u8)>,
    any_day: bool,
    any_weekday: bool,
}

/// A text that is not such an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not five fields.
    #[error(
        "a cron expression has 5 fields (minutes, hours, day of month, month, day of week), this one {0}"
    )]
    Fields(usize),
    /// A field that cannot be read.
    #[error("`{found}` is no {field}: {expected}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What stands there.
        found: String,
        /// What may.
        expected: &'static str,
    },
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

struct Field {
    name: &'static str,
    expected: &'static str,
    least: u8,
    most: u8,
    words: &'static [&'static str],
}

const MINUTE: Field = Field {
    name: "minute",
    expected: "0 to 59, lists, ranges and steps of them, or *",
    least: 0,
    most: 59,
    words: &[],
};
const HOUR: Field = Field {
    name: "hour",
    expected: "0 to 23, lists, ranges and steps of them, or *",
    most: 23,
    ..MINUTE
};
const DAY: Field = Field {
    name: "day of month",
    expected: "1 to 31, lists, ranges and steps of them, *, ? or L",
    least: 1,
    most: 31,
    words: &[],
};
const MONTH: Field = Field {
    name: "month",
    expected: "1 to 12 or JAN to DEC, lists, ranges and steps of them, or *",
    least: 1,
    most: 12,
    words: MONTHS,
};
const WEEKDAY: Field = Field {
    name: "day of week",
    expected: "0 to 7 or SUN to SAT, lists, ranges and steps of them, *, ?, 5L or 5#2",
    least: 0,
    most: 7,
    words: WEEKDAYS,
};

impl Cron {
    /// Reads `0 2 * * SUN`, without the word `cron` and its brackets.
    ///
    /// # Errors
    /// A field is not of the form that its error says.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(CronError::Fields(fields.len()));
        };
        let mut cron = Self {
            minutes: MINUTE.read(minutes)?,
            hours: HOUR.read(hours)?,
            days: 0,
            last_day: days == "L",
            months: MONTH.read(months)?,
            weekdays: 0,
            last_weekday: None,
            nth_weekday: None,
            any_day: matches!(days, "*" | "?"),
            any_weekday: matches!(weekdays, "*" | "?"),
        };
        if !cron.any_day && !cron.last_day {
            cron.days = DAY.read(days)?;
        }
        if cron.any_weekday {
            return Ok(cron);
        }
        if let Some((weekday, nth)) = weekdays.split_once('#') {
            let nth = nth
                .parse()
                .ok()
                .filter(|nth| (1..=5).contains(nth))
                .ok_or_else(|| WEEKDAY.wrong(weekdays))?;
            cron.nth_weekday = Some((WEEKDAY.number(weekday, weekdays)? % 7, nth));
        } else if let Some(weekday) = weekdays.strip_suffix('L').filter(|weekday| !weekday.is_empty()) {
            cron.last_weekday = Some(WEEKDAY.number(weekday, weekdays)? % 7);
        } else {
            let read = WEEKDAY.read(weekdays)?;
            cron.weekdays = read & 0x7f | read >> 7;
        }
        Ok(cron)
    }

    /// Is there any time on this date?
    pub(crate) fn has_date(&self, date: Date) -> bool {
        if self.months & bit(date.month()) == 0 {
            return false;
        }
        match (self.any_day, self.any_weekday) {
            (true, true) => true,
            (true, false) => self.has_weekday(date),
            (false, true) => self.has_day(date),
            (false, false) => self.has_day(date) || self.has_weekday(date),
        }
    }

    fn has_day(&self, date: Date) -> bool {
        self.days & bit(date.day()) != 0 || self.last_day && date.day() == date.days_in_month()
    }

    fn has_weekday(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset().unsigned_abs();
        let nth = (date.day().unsigned_abs() - 1) / 7 + 1;
        let is_last = date.day() + 7 > date.days_in_month();
        self.weekdays >> weekday & 1 == 1
            || self.nth_weekday == Some((weekday, nth))
            || is_last && self.last_weekday == Some(weekday)
    }

    /// The times of a day, latest first, as (hour, minute).
    pub(crate) fn times_backwards(&self) -> impl Iterator<Item = (i8, i8)> + '_ {
        let hours = (0..24).rev().filter(|hour| self.hours & bit(*hour) != 0);
        hours.flat_map(|hour| {
            (0..60)
                .rev()
                .filter(|minute| self.minutes & bit(*minute) != 0)
                .map(move |minute| (hour, minute))
        })
    }
}

fn bit(number: i8) -> u64 {
    1 << number.unsigned_abs()
}

impl Field {
    fn wrong(&self, found: &str) -> CronError {
        CronError::Field {
            field: self.name,
            found: found.to_owned(),
            expected: self.expected,
        }
    }

    fn number(&self, text: &str, whole: &str) -> Result<u8, CronError> {
        let named = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = match named {
            Some(place) => u8::try_from(place).ok().map(|place| place + self.least),
            None if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            None => None,
        };
        number
            .filter(|n| (self.least..=self.most).contains(n))
            .ok_or_else(|| self.wrong(whole))
    }

    /// `*`, `*/5`, `1,2,10-20/3`.
    fn read(&self, text: &str) -> Result<u64, CronError> {
        let mut set = 0;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (
                    range,
                    step.parse()
                        .ok()
                        .filter(|s| *s > 0)
                        .ok_or_else(|| self.wrong(text))?,
                ),
                None => (part, 1_usize),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                Some((first, last)) => (self.number(first, text)?, self.number(last, text)?),
                None if part.contains('/') => (self.number(range, text)?, self.most),
                None => (self.number(range, text)?, self.number(range, text)?),
            };
            if first > last {
                return Err(self.wrong(text));
            }
            set = (first..=last)
                .step_by(step)
                .fold(set, |set, number| set | 1 << number);
        }
        Ok(set)
    }
}
