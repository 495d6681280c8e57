//! How often only the ID changes and the group does too: random IDs of usual alphabets, as a table. The figures are exact: the IDs
//! are the same in each run.
//!
//! An ID of letters only cannot be told from a word, nor one of digits only from a number, nor `TASK12` from the twelfth task. Those are
//! what is left; the columns say how many are letters and digits only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use error_report_domain::message::parameterize;
use expect_test::{Expect, expect};

const IDS: u32 = 20_000;

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn id(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut one = || alphabet[(self.next() % alphabet.len() as u64) as usize] as char;
        (0..length).map(|_| one()).collect()
    }
}

/// IDs that are not in the largest group, in per cent of all: all of them, of letters only, of digits only.
fn split(alphabet: &[u8], length: usize) -> [f64; 3] {
    let mut random = Random(7);
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..IDS {
        let id = random.id(alphabet, length);
        let mut text = String::new();
        parameterize(&format!("order {id} is not there"), &mut text);
        groups.entry(text).or_default().push(id);
    }
    let largest = groups.values().map(Vec::len).max().unwrap_or_default();
    let others: Vec<&String> = groups
        .values()
        .filter(|ids| ids.len() < largest)
        .flatten()
        .collect();
    let share = |is_so: &dyn Fn(&u8) -> bool| {
        let count = others
            .iter()
            .filter(|id| id.bytes().all(|byte| is_so(&byte)))
            .count();
        100.0 * count as f64 / f64::from(IDS)
    };
    [
        share(&|_| true),
        share(&u8::is_ascii_alphabetic),
        share(&u8::is_ascii_digit),
    ]
}

#[track_caller]
fn check(expected: &Expect) {
    const UPPER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const HEX: &[u8] = b"0123456789abcdef";
    let mut table = String::from("alphabet              split  letters   digits\n");
    for (name, alphabet, length) in [
        ("base36, upper case", UPPER, 6),
        ("base62", BASE62, 10),
        ("hexadecimal", HEX, 7),
        ("hexadecimal", HEX, 8),
    ] {
        let [all, letters, digits] = split(alphabet, length);
        let name = format!("{name}, {length}");
        let _ = writeln!(table, "{name:<21} {all:4.1} %  {letters:4.1} %   {digits:4.1} %");
    }
    expected.assert_eq(&table);
}

#[test]
fn another_id_is_the_same_group() {
    check(&expect![[r#"
        alphabet              split  letters   digits
        base36, upper case, 6 20.9 %  14.4 %    0.0 %
        base62, 10            20.2 %  16.7 %    0.0 %
        hexadecimal, 7         3.8 %   0.1 %    3.7 %
        hexadecimal, 8         2.3 %   0.0 %    2.3 %
    "#]]);
}
