//! `--query` of the AWS CLI: JMESPath (<https://jmespath.org/specification.html>). Only its grammar is looked at: which functions there are
//! and what they take, running the pages shows.
//!
//! Between backticks stands JSON. The CLI still takes words there (`` [?Name == `orders`] ``), which JMESPath has given up (JEP-12); pages
//! write `'orders'`.

/// It cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`--query` is no JMESPath: {why}, at character {at} of `{query}`")]
pub(crate) struct Broken {
    why: String,
    /// From 1.
    at: usize,
    query: String,
}

/// Can it be read?
pub(crate) fn read(query: &str) -> Result<(), Broken> {
    let error = match jmespath::parse(query) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let why = match &error.reason {
        jmespath::ErrorReason::Parse(why) => why.clone(),
        jmespath::ErrorReason::Runtime(why) => why.to_string(),
    };
    Err(Broken {
        why: why.trim_end_matches('.').to_owned(),
        at: error.offset + 1,
        query: query.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn what_pages_ask_is_read() {
        for query in [
            "Timeout",
            "Attributes.Policy",
            "Stacks[0].[StackStatus,LastUpdatedTime]",
            "Table.{status: TableStatus, mode: BillingModeSummary.BillingMode}",
            "Stacks[0].Parameters[].{ParameterKey: ParameterKey, UsePreviousValue: `true`}",
            "sort(Summaries[?starts_with(ChangeSetName, 'back-to-template-')].ChangeSetName)[-1]",
            "Quotas[?contains(QuotaName, 'Invocations throttle limit')].QuotaCode | [0]",
            "Functions[?Timeout < `30` && !(State == 'Active')].FunctionName | sort(@)",
            "sort_by(Events, &timestamp)[-3:].message",
            "\"odd name\".*",
            "a[::2] || length(b) > `0`",
        ] {
            assert_eq!(read(query), Ok(()), "{query}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let check = |query: &str, expected: &Expect| {
            expected.assert_eq(&read(query).map_or_else(|error| error.to_string(), |()| "read".to_owned()));
        };
        check(
            "",
            &expect!["`--query` is no JMESPath: Unexpected nud token -- found Eof, at character 1 of ``"],
        );
        check(
            "Stacks[0",
            &expect![
                "`--query` is no JMESPath: Expected ':', or ']' -- found Eof, at character 9 of `Stacks[0`"
            ],
        );
        check(
            "Stacks[?Status = 'x']",
            &expect![
                "`--query` is no JMESPath: '=' is not valid. Did you mean '=='?, at character 16 of `Stacks[?Status = 'x']`"
            ],
        );
        check(
            "Stacks[].{a: b",
            &expect![
                "`--query` is no JMESPath: Expected '}' or ',' -- found Eof, at character 15 of `Stacks[].{a: b`"
            ],
        );
        check(
            "Stacks[].{a b}",
            &expect![[
                r#"`--query` is no JMESPath: Expected ':' to follow key -- found Identifier("b"), at character 13 of `Stacks[].{a b}`"#
            ]],
        );
        check(
            "sort(a",
            &expect![
                "`--query` is no JMESPath: Unexpected nud token -- found Eof, at character 7 of `sort(a`"
            ],
        );
        check(
            "a..b",
            &expect![
                "`--query` is no JMESPath: Expected identifier, '*', '{', '[', '&', or '[?' -- found Dot, at character 3 of `a..b`"
            ],
        );
        check(
            "a b",
            &expect![[
                r#"`--query` is no JMESPath: Did not parse the complete expression -- found Identifier("b"), at character 3 of `a b`"#
            ]],
        );
        check(
            "a['x']",
            &expect![[
                r#"`--query` is no JMESPath: Expected number, ':', or '*' -- found Literal(String("x")), at character 3 of `a['x']`"#
            ]],
        );
        check(
            "[?a == 'x]",
            &expect!["`--query` is no JMESPath: Unclosed ' delimiter: 'x], at character 8 of `[?a == 'x]`"],
        );
        check(
            "a == `{`",
            &expect![
                "`--query` is no JMESPath: Unable to parse literal JSON {: EOF while parsing an object at line 1 column 1, at character 6 of `a == `{``"
            ],
        );
    }
}
