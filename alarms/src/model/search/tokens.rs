//! Tokens: the parts of a name that a search without quotes finds. `CustomCount1` has `custom`, `count`, `1`, and itself.

/// A part of a name, with the way it is set off from the part before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Something that is neither letter nor digit is between this part and the one before.
    pub(super) is_behind_sign: bool,
}

/// The parts of a name: they begin with a capital letter, with a digit, and behind what is neither letter nor digit. Of several
/// capital letters the last begins the next part if a small one follows: `SDBFailure` is `SDB` and `Failure`.
pub(super) fn tokens(name: &str) -> Vec<Token> {
    let chars: Vec<char> = name.chars().collect();
    let mut found: Vec<Token> = Vec::new();
    let mut is_behind_sign = false;
    let mut is_open = false;
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            is_open = false;
            is_behind_sign = true;
            continue;
        }
        let begins = !is_open || begins(at.checked_sub(1).map(|n| chars[n]), c, chars.get(at + 1).copied());
        match found.last_mut().filter(|_| !begins) {
            Some(last) => last.text.push(c),
            None => {
                found.push(Token {
                    text: c.to_string(),
                    is_behind_sign: is_behind_sign && !found.is_empty(),
                });
                is_behind_sign = false;
            }
        }
        is_open = true;
    }
    found
}

/// Does a part begin with `c`, which is right behind another letter or digit?
fn begins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return true };
    if c.is_numeric() != before.is_numeric() {
        return true;
    }
    let is_end_of_capitals = before.is_uppercase() && after.is_some_and(char::is_lowercase);
    c.is_uppercase() && (!before.is_uppercase() || is_end_of_capitals)
}

/// What is looked for, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partial {
    parts: Vec<Token>,
    /// All of it, small and without signs.
    whole: String,
    /// Whether capital letters count. One part is found whatever its case, and so are parts that signs set off
    /// (`network-errors` finds `NetworkErrors2`); parts that only their case or a digit sets off are found with their case
    /// (`count1` does not find `CustomCount1`), as the examples of the user guide have it.
    is_case_sensitive: bool,
}

impl Partial {
    /// None when there is neither letter nor digit in it.
    pub(super) fn new(text: &str) -> Option<Self> {
        let parts = tokens(text);
        let is_case_sensitive = parts.iter().skip(1).any(|part| !part.is_behind_sign);
        (!parts.is_empty()).then(|| Self {
            whole: whole(text),
            is_case_sensitive,
            parts,
        })
    }

    /// Is it a token of this name, or several that follow each other?
    pub(super) fn is_in(&self, name: &str) -> bool {
        let of_name = tokens(name);
        let same = |mine: &Token, other: &Token| {
            if self.is_case_sensitive {
                mine.text == other.text
            } else {
                mine.text.to_lowercase() == other.text.to_lowercase()
            }
        };
        let follows = |window: &[Token]| {
            self.parts
                .iter()
                .zip(window)
                .all(|(mine, other)| same(mine, other))
        };
        of_name.windows(self.parts.len()).any(follows) || whole(name) == self.whole
    }
}

fn whole(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
