//! Programs besides `shopwatch` and `aws`: which pages may use, and which of their options write files, send something, or do
//! not end.

use super::{Refusal, Typed};
use crate::expectation::is_filter;
use crate::near::suggestion;

/// They only look, and are there on every machine (jq is asked for by the README). `awk` and `tee` write files from within.
const FILTERS: &[&str] = &[
    "cat", "curl", "cut", "date", "echo", "grep", "head", "jq", "printf", "sed", "sort", "tail", "test",
    "tr", "true", "uniq", "wc", "xargs",
];

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// It writes the file that it names.
    Writes,
    /// It writes a file that it does not name.
    WritesSomewhere,
    /// It sends something, or sets it.
    Changes,
    /// It says the method of a request.
    Method,
    /// It goes on for ever.
    Follows,
    /// It has a value, and is harmless.
    Value,
}

/// An option that matters, of one character or a long one.
type Known = (&'static str, Does);

/// Options of curl 8. Those that are not here have no value when they are of one character.
const CURL: &[Known] = &[
    ("X", Does::Method),
    ("request", Does::Method),
    ("d", Does::Changes),
    ("data", Does::Changes),
    ("data-ascii", Does::Changes),
    ("data-binary", Does::Changes),
    ("data-raw", Does::Changes),
    ("data-urlencode", Does::Changes),
    ("json", Does::Changes),
    ("F", Does::Changes),
    ("form", Does::Changes),
    ("form-string", Does::Changes),
    ("T", Does::Changes),
    ("upload-file", Does::Changes),
    ("Q", Does::Changes),
    ("quote", Does::Changes),
    ("K", Does::Changes),
    ("config", Does::Changes),
    ("o", Does::Writes),
    ("output", Does::Writes),
    ("D", Does::Writes),
    ("dump-header", Does::Writes),
    ("c", Does::Writes),
    ("cookie-jar", Does::Writes),
    ("trace", Does::Writes),
    ("trace-ascii", Does::Writes),
    ("stderr", Does::Writes),
    ("O", Does::WritesSomewhere),
    ("remote-name", Does::WritesSomewhere),
    ("remote-name-all", Does::WritesSomewhere),
    ("A", Does::Value),
    ("b", Does::Value),
    ("C", Does::Value),
    ("E", Does::Value),
    ("e", Does::Value),
    ("H", Does::Value),
    ("h", Does::Value),
    ("m", Does::Value),
    ("P", Does::Value),
    ("r", Does::Value),
    ("t", Does::Value),
    ("U", Does::Value),
    ("u", Does::Value),
    ("w", Does::Value),
    ("x", Does::Value),
    ("Y", Does::Value),
    ("y", Does::Value),
    ("z", Does::Value),
];
const SED: &[Known] = &[
    ("i", Does::WritesSomewhere),
    ("in-place", Does::WritesSomewhere),
    ("e", Does::Value),
    ("f", Does::Value),
    ("l", Does::Value),
];
const SORT: &[Known] = &[
    ("o", Does::Writes),
    ("output", Does::Writes),
    ("compress-program", Does::Changes),
    ("k", Does::Value),
    ("S", Does::Value),
    ("t", Does::Value),
    ("T", Does::Value),
];
const TAIL: &[Known] = &[
    ("f", Does::Follows),
    ("F", Does::Follows),
    ("follow", Does::Follows),
    ("retry", Does::Follows),
    ("c", Does::Value),
    ("n", Does::Value),
    ("s", Does::Value),
];
const DATE: &[Known] = &[
    ("s", Does::Changes),
    ("set", Does::Changes),
    ("d", Does::Value),
    ("f", Does::Value),
    ("r", Does::Value),
];

/// What a filter does. The first word is its name.
pub(super) fn typed(name: &str, words: &[String]) -> Typed {
    if !FILTERS.contains(&name) {
        let near = suggestion(name, FILTERS.iter().copied().chain(["shopwatch", "aws"]));
        let known = FILTERS.join(", ");
        let message = format!("`{name}` is no program of pages, which are shopwatch, aws, {known}{near}");
        return refused("unknown-program", 0, message);
    }
    let known = match name {
        "curl" => CURL,
        "sed" => SED,
        "sort" => SORT,
        "tail" => TAIL,
        "date" => DATE,
        "uniq" => return uniq(words),
        "jq" => return jq(words),
        _ => return Typed::Looks,
    };
    let mut changes = false;
    for given in options(known, words) {
        match given.does {
            Does::Follows => {
                let message = "it follows and does not end".to_owned();
                return refused("endless-command", given.word, message);
            }
            Does::Writes if matches!(given.value, "/dev/null" | "-") => {}
            Does::Writes | Does::WritesSomewhere => return writes(given.word),
            Does::Method if matches!(given.value, "GET" | "HEAD" | "OPTIONS") => {}
            Does::Method | Does::Changes => changes = true,
            Does::Value => {}
        }
    }
    if changes { Typed::Changes } else { Typed::Looks }
}

fn refused(check: &'static str, word: usize, message: String) -> Typed {
    Typed::Refused(Refusal { check, word, message })
}

fn writes(word: usize) -> Typed {
    let message = "writes a file; what a step prints goes into the incident log anyway";
    refused("unreadable-command", word, message.to_owned())
}

/// Options of jq that take words behind them, with how many.
const JQ_WITH_VALUES: &[(&str, usize)] = &[
    ("--arg", 2),
    ("--argjson", 2),
    ("--slurpfile", 2),
    ("--rawfile", 2),
    ("--indent", 1),
];

/// `jq [OPTION…] FILTER`: the filter must be one.
fn jq(words: &[String]) -> Typed {
    let mut at = 1;
    while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
        let values = JQ_WITH_VALUES.iter().find(|(name, _)| name == option);
        at += 1 + values.map_or(0, |(_, count)| *count);
    }
    let Some(filter) = words.get(at) else {
        return refused("broken-filter", 0, "jq has no filter; `.` shows all".to_owned());
    };
    match is_filter(filter) {
        true => Typed::Looks,
        false => refused(
            "broken-filter",
            at,
            format!("jq cannot read the filter `{filter}`"),
        ),
    }
}

/// `uniq INPUT OUTPUT`.
fn uniq(words: &[String]) -> Typed {
    let is_file = |(_, word): &(usize, &String)| !word.starts_with('-') || word.as_str() == "-";
    let file = words.iter().enumerate().skip(1).filter(is_file).nth(1);
    file.map_or(Typed::Looks, |(word, _)| writes(word))
}

/// An option that matters, as it was given.
struct Given<'a> {
    does: Does,
    /// `-XPOST`, `-X POST`, `--request=POST`, `--request POST`.
    value: &'a str,
    word: usize,
}

fn options<'a>(known: &[Known], words: &'a [String]) -> Vec<Given<'a>> {
    let does = |name: &str| {
        known
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, does)| *does)
    };
    let mut given = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1).map_or("", String::as_str);
        if let Some(long) = word.strip_prefix("--") {
            if long.is_empty() {
                break;
            }
            let (name, value) = long.split_once('=').unwrap_or((long, next));
            given.extend(does(name).map(|does| Given {
                does,
                value,
                word: at,
            }));
        } else if let Some(short) = word.strip_prefix('-') {
            // `-sSo FILE`: what has a value is the last of its word.
            for (index, c) in short.char_indices() {
                let Some(does) = does(c.encode_utf8(&mut [0; 4])) else {
                    continue;
                };
                let behind = &short[index + c.len_utf8()..];
                let value = if behind.is_empty() { next } else { behind };
                given.push(Given {
                    does,
                    value,
                    word: at,
                });
                if !matches!(does, Does::Follows | Does::WritesSomewhere) {
                    at += usize::from(behind.is_empty());
                    break;
                }
            }
        }
        at += 1;
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let shown = match typed(&words[0], &words) {
            Typed::Looks => "looks".to_owned(),
            Typed::Changes => "changes".to_owned(),
            Typed::Refused(refusal) => format!("{} {}", refusal.check, words[refusal.word]),
        };
        assert_eq!(shown, expected, "{line}");
    }

    #[test]
    fn what_only_looks_looks() {
        check("curl -fsS http://localhost", "looks");
        check("curl -s -o /dev/null -w %{http_code} http://localhost", "looks");
        check("curl -so/dev/null http://localhost", "looks");
        check("curl -H X-Data:d http://localhost", "looks");
        check("curl -HX:o http://localhost", "looks");
        check("curl -X GET http://localhost", "looks");
        check("curl -G http://localhost", "looks");
        check("sed s/a/b/", "looks");
        check("sed -n -e i -e p", "looks");
        check("sort -rn -k 2 -t o", "looks");
        check("sort -- -o", "looks");
        check("tail -n 1", "looks");
        check("tail -nf", "looks");
        check("date -u +%s", "looks");
        check("uniq -c", "looks");
        check("grep -o a", "looks");
    }

    #[test]
    fn a_request_that_changes_something_is_a_change() {
        for options in [
            "-X POST",
            "-XPOST",
            "-sXDELETE",
            "--request PUT",
            "--request=PUT",
            "-d a",
            "-da=b",
            "-sSd a",
            "--data a",
            "--data=a",
            "--data-binary @a",
            "--data-urlencode a",
            "--json {}",
            "-F a=b",
            "--form a=b",
            "-T a",
            "--upload-file a",
            "-K a",
        ] {
            check(&format!("curl {options} http://localhost"), "changes");
        }
        check("date -s 12:00", "changes");
        check("date --set=12:00", "changes");
    }

    #[test]
    fn files_that_are_written_are_refused() {
        for (line, word) in [
            ("curl -o a http://localhost", "-o"),
            ("curl -oa http://localhost", "-oa"),
            ("curl -sSo a http://localhost", "-sSo"),
            ("curl --output a http://localhost", "--output"),
            ("curl --output=a http://localhost", "--output=a"),
            ("curl -O http://localhost/a", "-O"),
            ("curl -sO http://localhost/a", "-sO"),
            ("curl -D a http://localhost", "-D"),
            ("sed -i s/a/b/ a", "-i"),
            ("sed -i.bak s/a/b/ a", "-i.bak"),
            ("sed -ni p a", "-ni"),
            ("sed --in-place s/a/b/ a", "--in-place"),
            ("sed --in-place=.bak s/a/b/ a", "--in-place=.bak"),
            ("sort -o a", "-o"),
            ("sort -uo a", "-uo"),
            ("sort -oa", "-oa"),
            ("sort --output=a", "--output=a"),
            ("uniq -c a b", "b"),
        ] {
            check(line, &format!("unreadable-command {word}"));
        }
    }

    #[test]
    fn what_follows_is_refused() {
        for word in ["-f", "-F", "-fn5", "-qf", "--follow", "--follow=name"] {
            check(&format!("tail {word} a"), &format!("endless-command {word}"));
        }
        check("awk {print}", "unknown-program awk");
    }
}
