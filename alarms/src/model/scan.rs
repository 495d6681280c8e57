//! From text to tokens with their places, for the languages of definitions: white space between tokens, an end behind the last. What a
//! token is, each language says.

/// All tokens, each with its place in characters from 1; the last is `end`. `token` reads the one at the start of characters, which are
/// not empty, and says its length; it is told the place.
///
/// # Errors
/// Those of `token`.
pub(super) fn tokens<T, E>(
    text: &str,
    end: T,
    token: impl Fn(&[char], usize) -> Result<(T, usize), E>,
) -> Result<Vec<(T, usize)>, E> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = chars.get(at) {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let (token, length) = token(&chars[at..], at + 1)?;
        found.push((token, at + 1));
        at += length;
    }
    found.push((end, chars.len() + 1));
    Ok(found)
}
