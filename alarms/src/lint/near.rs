//! Which known name somebody meant.

/// The name that differs in fewest letters; none when all differ in more than a third of them.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distances = known.iter().map(|one| (distance(name, one), *one));
    let (distance, nearest) = distances.min()?;
    (distance <= (name.chars().count() / 3).max(1)).then_some(nearest)
}

/// How many letters are to be changed, added or taken away; a change of case is half of one, rounded down.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).map(|n| n * 2).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) * 2;
        for (j, y) in b.iter().enumerate() {
            let change = match x {
                x if x == y => 0,
                x if x.eq_ignore_ascii_case(y) => 1,
                _ => 2,
            };
            let best = (diagonal + change).min(row[j] + 2).min(row[j + 1] + 2);
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[b.len()] / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_letters() {
        assert_eq!(
            (
                distance("Errors", "Error"),
                distance("5xxError", "5XXError"),
                distance("", "abc")
            ),
            (1, 1, 3)
        );
        let known = ["ExecutionsFailed", "ExecutionsAborted", "ExecutionTime"];
        assert_eq!(nearest("ExecutionsFailedCount", &known), Some("ExecutionsFailed"));
        assert_eq!(nearest("Throttles", &known), None);
    }
}
