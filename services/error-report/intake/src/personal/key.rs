//! Keys, and what they say of their values.

use std::ops::Range;

/// Longer words are no keys.
const LONGEST: usize = 64;

/// What is behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A person's name.
    Name,
    /// A name; whose, its neighbours say.
    AnyName,
    /// A phone number.
    Phone,
    /// A postal address or its street, in one line.
    Address,
    /// A part of a postal address that has no commas.
    Place,
    /// A person, as an object.
    Person,
    /// What only people have, and what is redacted by its shape.
    Mail,
    /// Nothing that concerns us.
    Other,
}

/// Words before `name` with which it is a person's.
const WHOSE_NAME: [&str; 32] = [
    "first",
    "last",
    "middle",
    "full",
    "given",
    "family",
    "maiden",
    "nick",
    "display",
    "legal",
    "customer",
    "client",
    "user",
    "recipient",
    "sender",
    "receiver",
    "consignee",
    "contact",
    "buyer",
    "shopper",
    "payer",
    "guest",
    "person",
    "member",
    "holder",
    "cardholder",
    "owner",
    "billing",
    "shipping",
    "address",
    "employee",
    "patient",
];
/// The same in one word.
const NAMES: [&str; 12] = [
    "firstname",
    "lastname",
    "middlename",
    "fullname",
    "givenname",
    "familyname",
    "surname",
    "forename",
    "nickname",
    "username",
    "customername",
    "cardholder",
];
/// Objects that are people.
const PEOPLE: [&str; 14] = [
    "customer",
    "recipient",
    "user",
    "sender",
    "receiver",
    "consignee",
    "contact",
    "buyer",
    "shopper",
    "payer",
    "guest",
    "person",
    "member",
    "employee",
];
const PHONES: [&str; 10] = [
    "phone",
    "phonenumber",
    "telephone",
    "tel",
    "mobile",
    "mobilenumber",
    "cellphone",
    "fax",
    "msisdn",
    "whatsapp",
];
/// Words before `number` with which it is a phone's.
const WHOSE_NUMBER: [&str; 6] = ["phone", "telephone", "mobile", "cell", "contact", "fax"];
/// Words before `address` with which it is none that a carrier reads.
const TECHNICAL: [&str; 30] = [
    "ip",
    "ipv4",
    "ipv6",
    "mac",
    "memory",
    "remote",
    "local",
    "bind",
    "listen",
    "peer",
    "host",
    "server",
    "network",
    "mail",
    "web",
    "socket",
    "dns",
    "lookup",
    "base",
    "virtual",
    "physical",
    "pointer",
    "wallet",
    "contract",
    "queue",
    "topic",
    "source",
    "destination",
    "from",
    "reply",
];
const PLACES: [&str; 9] = [
    "city",
    "town",
    "zip",
    "zipcode",
    "postcode",
    "postalcode",
    "plz",
    "housenumber",
    "district",
];

/// Words before `name`, with a blank between them, with which it is no person's.
const THINGS: [&str; 32] = [
    "function",
    "queue",
    "topic",
    "table",
    "index",
    "bucket",
    "stream",
    "rule",
    "alarm",
    "metric",
    "workflow",
    "service",
    "host",
    "domain",
    "product",
    "item",
    "category",
    "brand",
    "field",
    "column",
    "key",
    "parameter",
    "variable",
    "attribute",
    "file",
    "event",
    "type",
    "class",
    "method",
    "resource",
    "role",
    "group",
];

/// What the value of this key is.
pub(super) fn meaning(key: &str) -> Meaning {
    let words = words(key);
    let Some((last, before)) = words.split_last() else {
        return Meaning::Other;
    };
    let previous = before.last().map(String::as_str);
    let follows = |these: &[&str]| previous.is_some_and(|word| these.contains(&word));
    match last.as_str() {
        "name" if previous.is_none() => Meaning::AnyName,
        "name" if follows(&["street"]) => Meaning::Address,
        "name" if follows(&WHOSE_NAME) => Meaning::Name,
        "address" if follows(&["email"]) => Meaning::Mail,
        "address" if !follows(&TECHNICAL) => Meaning::Address,
        "line" if follows(&["address", "street"]) => Meaning::Address,
        "street" | "streetaddress" | "addressline" => Meaning::Address,
        "number" if follows(&WHOSE_NUMBER) => Meaning::Phone,
        "number" if follows(&["house"]) => Meaning::Place,
        "code" if follows(&["postal", "zip", "post"]) => Meaning::Place,
        "email" => Meaning::Mail,
        word if NAMES.contains(&word) => Meaning::Name,
        word if PHONES.contains(&word) => Meaning::Phone,
        word if PLACES.contains(&word) => Meaning::Place,
        word if PEOPLE.contains(&word) => Meaning::Person,
        _ => Meaning::Other,
    }
}

/// The key before a sign, in quotes or not. A word before it belongs to it where it makes it another key: `queue name`, `first name`.
pub(super) fn before(text: &str, sign: usize) -> Range<usize> {
    let front = text[..sign].trim_end_matches(' ');
    let bare = front.trim_end_matches(['"', '\'', '`', '\\']);
    let one = word_start(bare)..bare.len();
    let is_quoted = bare.len() < front.len();
    let Some(more) = bare[..one.start]
        .strip_suffix(' ')
        .filter(|_| !is_quoted && !one.is_empty())
    else {
        return one;
    };
    let two = word_start(more)..bare.len();
    let (word, of) = (&bare[two.start..more.len()], meaning(&bare[two.clone()]));
    let is_its_word = match of {
        Meaning::Other => is_a_thing(word),
        of => of != meaning(&bare[one.clone()]),
    };
    if is_its_word { two } else { one }
}

/// Has what this word means a name or an address that is nobody's?
fn is_a_thing(word: &str) -> bool {
    let mut things = THINGS.iter().chain(&TECHNICAL);
    things.any(|thing| thing.eq_ignore_ascii_case(word))
}

/// Where the word at the end of the text begins.
pub(super) fn word_start(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let bytes = text.as_bytes().iter().rev();
    let length = bytes.take(LONGEST).take_while(|byte| is_part(byte)).count();
    text.len() - length
}

/// Words of a key, in lower case and without digits at their ends: `shippingAddress.line_1` has `shipping`, `address`, `line`.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in key.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    let without_digits = |word: String| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    words
        .into_iter()
        .map(without_digits)
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_its_value_is() {
        let check = |keys: &str, meaning: Meaning| {
            for key in keys.split(", ") {
                assert_eq!(super::meaning(key), meaning, "{key}");
            }
        };
        check(
            "firstName, FIRST_NAME, first name, customerName, customer.name, recipient-name, surname, userName, address.name",
            Meaning::Name,
        );
        check("name, Name, name1", Meaning::AnyName);
        check(
            "phone, customer.phoneNumber, phone_number, Tel, mobile2, contact number",
            Meaning::Phone,
        );
        check(
            "address, shippingAddress, billing_address, addressLine1, address_line_2, street, Street2, street_name",
            Meaning::Address,
        );
        check(
            "postalCode, zip, customer.address.city, zip_code, house number",
            Meaning::Place,
        );
        check("customer, Customer, order.recipient", Meaning::Person);
        check(
            "function name, queueName, productName, table_name, hostname, ip_address, macAddress, memory address, number, code, \
             errorCode, state, line, names, filename, , -",
            Meaning::Other,
        );
    }
}
