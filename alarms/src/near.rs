//! The word that somebody may have meant.

/// The known word with the fewest edits, when they are few.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(2);
    let ranked = known.iter().map(|one| (edits(word, one), *one));
    let (distance, nearest) = ranked.min()?;
    (distance <= most).then_some(nearest)
}

/// Insertions, deletions and substitutions from one to the other, whatever the case.
pub(crate) fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let kept = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_near() {
        let known = ["errors", "error-rate", "throttles"];
        let check = |word: &str, expect: Option<&str>| assert_eq!(nearest(word, &known), expect, "{word}");
        check("erors", Some("errors"));
        check("Throttle", Some("throttles"));
        check("latency", None);
        check("", None);
    }
}
