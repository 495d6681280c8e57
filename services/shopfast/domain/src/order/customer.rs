//! Who ordered and where it goes: texts that were checked once. They are personal data: none of these types shows its
//! text in `Debug`.

use std::fmt;

/// Longest e-mail address (RFC 5321, §4.5.3.1: 64 + 1 + 255, of which 254 fit a path).
const LONGEST_EMAIL: usize = 254;
const LONGEST_NAME: usize = 100;
const LONGEST_LINE: usize = 200;
const LONGEST_POSTCODE: usize = 16;

/// Why a contact was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not `local@domain.tld`, too long, or with spaces or control characters.
    #[error("customer.email is not an e-mail address")]
    Email,
    /// Empty, too long, or with control characters.
    #[error("{0} must be 1 to {1} printable characters")]
    Text(&'static str, usize),
}

/// An e-mail address to which a mail can be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Checks an address: enough that no header can be injected and no obvious mistake accepted.
    ///
    /// # Errors
    /// [`ContactError::Email`].
    pub fn try_new(text: &str) -> Result<Self, ContactError> {
        let allowed = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
        let well_formed = text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && domain.contains('.')
                && !domain.contains('@')
                && domain.split('.').all(|label| !label.is_empty())
        });
        if text.len() <= LONGEST_EMAIL && text.chars().all(allowed) && well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(ContactError::Email)
        }
    }

    /// The address. Never for a log line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person's name: any printable text.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Checks a name; `field` is named in the error.
    ///
    /// # Errors
    /// [`ContactError::Text`].
    pub fn try_new(text: &str, field: &'static str) -> Result<Self, ContactError> {
        printable(text, field, LONGEST_NAME).map(Self)
    }

    /// The name. Never for a log line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Where mails go.
    pub email: EmailAddress,
    /// Given name.
    pub first_name: PersonName,
    /// Family name.
    pub last_name: PersonName,
    /// The pseudonym by which failures are counted; none on orders of earlier releases.
    pub pseudonym: Option<String>,
}

/// Where it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Street and number.
    pub line: String,
    /// City.
    pub city: String,
    /// State or province.
    pub state: String,
    /// Postcode.
    pub postcode: String,
}

impl Address {
    /// Checks the lines.
    ///
    /// # Errors
    /// [`ContactError::Text`] naming the field.
    pub fn try_new(line: &str, city: &str, state: &str, postcode: &str) -> Result<Self, ContactError> {
        Ok(Self {
            line: printable(line, "shippingAddress.address", LONGEST_LINE)?,
            city: printable(city, "shippingAddress.city", LONGEST_NAME)?,
            state: printable(state, "shippingAddress.state", LONGEST_NAME)?,
            postcode: printable(postcode, "shippingAddress.zipCode", LONGEST_POSTCODE)?,
        })
    }
}

fn printable(text: &str, field: &'static str, longest: usize) -> Result<String, ContactError> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=longest).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(ContactError::Text(field, longest))
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        for good in [
            "ada@example.com",
            "a.b+c@mail.example.co.uk",
            "o'brien@example.com",
        ] {
            assert!(EmailAddress::try_new(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "nobody",
            "@example.com",
            "a@b",
            "a@b..c",
            "a b@example.com",
            "a@example.com\r\nBcc: x@y.z",
            "a@b@c.d",
            "<a@b.c>",
            &long,
        ] {
            assert!(EmailAddress::try_new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_any_printable_text() {
        for good in ["Ada", "Łukasz", "李", "O'Neil <b>", "Anne Marie"] {
            assert!(PersonName::try_new(good, "customer.firstName").is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\r\nb", "a\0", &"a".repeat(101)] {
            assert!(PersonName::try_new(bad, "customer.firstName").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn personal_data_is_not_shown() {
        let email = EmailAddress::try_new("ada@example.com").unwrap();
        assert!(!format!("{email:?}").contains("ada"));
    }
}
