//! The text of `Fn::Sub`: literal parts and variables. What variables stand for does not belong here.

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// As it is.
    Literal(&'a str),
    /// `${!Name}`: the text `${Name}`.
    Escaped(&'a str),
    /// `${Name}` or `${Name.Attribute}`.
    Variable(&'a str),
}

/// Takes a text apart. A `${` that is never closed is text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = next(rest) {
        if !before.is_empty() {
            pieces.push(Piece::Literal(before));
        }
        pieces.push(match inside.strip_prefix('!') {
            Some(literal) => Piece::Escaped(literal),
            None => Piece::Variable(inside.trim()),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

/// The parameters and resources that variables of a text name.
pub(crate) fn names(text: &str) -> Vec<&str> {
    let named = |piece| match piece {
        Piece::Variable(name) => name.split('.').next(),
        Piece::Literal(_) | Piece::Escaped(_) => None,
    };
    pieces(text).into_iter().filter_map(named).collect()
}

fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, opened) = text.split_once("${")?;
    let (inside, after) = opened.split_once('}')?;
    Some((before, inside, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Piece::{Escaped, Literal, Variable};
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let check = |text: &str, expected: &[Piece<'_>]| assert_eq!(pieces(text), expected, "{text}");
        check("", &[]);
        check("a", &[Literal("a")]);
        check("${A}-${B.Arn}", &[Variable("A"), Literal("-"), Variable("B.Arn")]);
        check("${!Aws}$x", &[Escaped("Aws"), Literal("$x")]);
        check("${A", &[Literal("${A")]);
        check("${AWS::Region}", &[Variable("AWS::Region")]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "([$]|[{]|[}]|!|A|b|é){0,20}") {
            let again: String = pieces(&text)
                .iter()
                .map(|piece| match piece {
                    Literal(text) => (*text).to_owned(),
                    Escaped(name) => format!("${{!{name}}}"),
                    Variable(name) => format!("${{{name}}}"),
                })
                .collect();
            prop_assert_eq!(again, text);
        }
    }
}
