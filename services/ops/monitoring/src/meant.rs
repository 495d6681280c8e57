//! What somebody may have meant who looks for a part of a name: a name, or a name without what all of them begin with.

use alarms::near::nearest;

/// The nearest name or end of one, when it is near.
pub(crate) fn meant<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let ends = |name: &'a str| [Some(name), name.split_once('-').map(|(_, end)| end)];
    let known: Vec<&str> = names.flat_map(ends).flatten().collect();
    nearest(word, &known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_end() {
        let names = ["shop-order-errors", "shop-backlog"];
        let check = |word: &str, expect: Option<&str>| assert_eq!(meant(word, names.into_iter()), expect);
        check("order-erors", Some("order-errors"));
        check("shop-oder-errors", Some("shop-order-errors"));
        check("payment", None);
    }
}
