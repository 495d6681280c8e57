//! The word that somebody may have meant.

/// The known word that goes on where the word ends, or the one with the fewest edits, when they are few.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(2);
    let lower = word.to_lowercase();
    let ranked = known.into_iter().map(|one| {
        let known = one.to_lowercase();
        let goes_on = !lower.is_empty() && known.starts_with(&lower);
        (
            if goes_on {
                0
            } else {
                strsim::osa_distance(&lower, &known)
            },
            one,
        )
    });
    let (distance, nearest) = ranked.min()?;
    (distance <= most).then_some(nearest)
}

/// `; did you mean X?`, or nothing.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
