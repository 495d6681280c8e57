//! Command lines as a POSIX shell reads them, as far as pages need: programs with their words, in pipelines, lists and `$(…)`.
//! What a reader at 2 AM cannot check at a glance (loops, files that are written, background jobs) is refused.
//!
//! Not here: running anything, and what the words mean to a program.

use std::iter::Peekable;
use std::str::CharIndices;

/// A program and what is given to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// What is set for it alone: `NAME=value` before its name.
    pub assignments: Vec<Word>,
    /// The program's name first. Never empty.
    pub words: Vec<Word>,
}

/// A word, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What the program is given. `$(…)` and `$NAME` stand as they are written.
    pub text: String,
    /// The byte of the command at which it begins.
    pub at: usize,
}

/// Why a command is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ShellError {
    /// What, and what to do.
    pub message: String,
    /// The byte of the command.
    pub at: usize,
}

/// Words that begin what is no simple command.
const RESERVED: &[&str] = &[
    "if", "for", "while", "until", "case", "function", "{", "!", "do", "done", "then", "fi",
];
/// Files that output may go to.
const NOWHERE: &[&str] = &["/dev/null", "&1", "&2"];

/// The programs of a command, those in `$(…)` included, in order.
///
/// ```
/// let programs = runbooks::shell::read("shopwatch dlq list --json | jq '.[] | .queue'")?;
/// let words: Vec<Vec<&str>> = programs
///     .iter()
///     .map(|program| program.words.iter().map(|word| word.text.as_str()).collect())
///     .collect();
/// assert_eq!(words, [vec!["shopwatch", "dlq", "list", "--json"], vec!["jq", ".[] | .queue"]]);
/// # Ok::<(), runbooks::shell::ShellError>(())
/// ```
///
/// # Errors
/// A quote does not end, or it is more than commands in pipelines.
pub fn read(command: &str) -> Result<Vec<Invocation>, ShellError> {
    let mut reader = Reader {
        text: command,
        chars: command.char_indices().peekable(),
        programs: Vec::new(),
    };
    reader.list(false)?;
    Ok(reader.programs)
}

fn error<T>(at: usize, message: impl Into<String>) -> Result<T, ShellError> {
    Err(ShellError {
        message: message.into(),
        at,
    })
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    programs: Vec<Invocation>,
}

impl Reader<'_> {
    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    /// Commands up to the end, or up to the parenthesis that ends `$(`.
    fn list(&mut self, inside: bool) -> Result<(), ShellError> {
        let opened = self.at();
        let mut words: Vec<Word> = Vec::new();
        // Something must follow `|`, `&&` and `||`.
        let mut joined: Option<usize> = None;
        loop {
            let Some((at, c)) = self.chars.peek().copied() else {
                if inside {
                    return error(opened, "`$(` does not end: `)` is missing");
                }
                return self.program(&mut words, joined);
            };
            match c {
                ' ' | '\t' => drop(self.chars.next()),
                '\n' if words.is_empty() => drop(self.chars.next()),
                '\\' if self.text[at..].starts_with("\\\n") => {
                    self.chars.next();
                    self.chars.next();
                }
                '#' => while self.chars.next_if(|(_, c)| *c != '\n').is_some() {},
                ')' if inside => {
                    self.chars.next();
                    return self.program(&mut words, joined);
                }
                '|' | ';' | '\n' | '&' => {
                    self.program(&mut words, Some(at))?;
                    joined = self.operator(at)?;
                }
                '(' | ')' => return error(at, "a group in parentheses: write a pipeline"),
                '>' | '<' => self.redirection(at)?,
                _ => {
                    let word = self.word(at)?;
                    // `2>/dev/null`
                    let is_stream = matches!(word.text.as_str(), "1" | "2");
                    if is_stream && self.chars.peek().is_some_and(|(_, c)| *c == '>') {
                        continue;
                    }
                    words.push(word);
                }
            }
        }
    }

    /// Behind a command: the place of an operator that wants another one.
    fn operator(&mut self, at: usize) -> Result<Option<usize>, ShellError> {
        match self.chars.next() {
            Some((_, '|')) => {
                self.take_if('|');
                Ok(Some(at))
            }
            Some((_, '&')) if self.take_if('&') => Ok(Some(at)),
            Some((_, '&')) => error(at, "a job in the background: its result is not seen"),
            _ => Ok(None),
        }
    }

    /// Ends a program. It must be there when an operator stands beside it.
    fn program(&mut self, words: &mut Vec<Word>, operator: Option<usize>) -> Result<(), ShellError> {
        let assigned = words.iter().take_while(|word| is_assignment(&word.text)).count();
        let Some(first) = words.get(assigned) else {
            return match (words.first(), operator) {
                (Some(word), _) => error(
                    word.at,
                    "sets a variable that no other step sees: write the value where it is used",
                ),
                (None, Some(at)) => error(at, "a command is missing beside the operator"),
                (None, None) => Ok(()),
            };
        };
        if RESERVED.contains(&first.text.as_str()) {
            let message = format!("`{}`: a step is one command line or a short pipeline", first.text);
            return error(first.at, message);
        }
        let mut assignments = std::mem::take(words);
        let words = assignments.split_off(assigned);
        self.programs.push(Invocation { assignments, words });
        Ok(())
    }

    fn redirection(&mut self, at: usize) -> Result<(), ShellError> {
        let is_output = self.take_if('>');
        if !is_output {
            return error(at, "input from a file: a step needs nothing that is not there");
        }
        self.take_if('>');
        while self.take_if(' ') {}
        let rest = &self.text[self.at()..];
        // The whole word: `/dev/nullx` is a file.
        let ends = |rest: &str| rest.chars().next().is_none_or(|c| " \t\n|&;()<>".contains(c));
        let is_it = |target: &&&str| rest.strip_prefix(**target).is_some_and(ends);
        let Some(target) = NOWHERE.iter().find(is_it) else {
            return error(
                at,
                "writes a file; what a step prints goes into the incident log anyway",
            );
        };
        for _ in 0..target.len() {
            self.chars.next();
        }
        Ok(())
    }

    fn word(&mut self, at: usize) -> Result<Word, ShellError> {
        let mut text = String::new();
        while let Some((here, c)) = self.chars.peek().copied() {
            match c {
                ' ' | '\t' | '\n' | '|' | '&' | ';' | '(' | ')' | '<' | '>' => break,
                '\'' => self.single(here, &mut text)?,
                '"' => self.double(here, &mut text)?,
                '\\' => {
                    self.chars.next();
                    match self.chars.next() {
                        Some((_, '\n')) => {}
                        Some((_, escaped)) => text.push(escaped),
                        None => return error(here, "a backslash at the end"),
                    }
                }
                '`' => return error(here, "a command in backticks: write $(…)"),
                '{' if self.text[here..].starts_with("{{") => self.placeholder(here, &mut text),
                '$' => self.dollar(&mut text)?,
                _ => {
                    text.push(c);
                    self.chars.next();
                }
            }
        }
        Ok(Word { text, at })
    }

    /// As it is written, up to its end if it has one.
    fn placeholder(&mut self, at: usize, text: &mut String) {
        let rest = &self.text[at..];
        let length = rest.find("}}").map_or(2, |end| end + 2);
        text.push_str(&rest[..length]);
        while self.at() < at + length {
            self.chars.next();
        }
    }

    fn single(&mut self, at: usize, text: &mut String) -> Result<(), ShellError> {
        self.chars.next();
        for (_, c) in self.chars.by_ref() {
            if c == '\'' {
                return Ok(());
            }
            text.push(c);
        }
        error(at, "a quote `'` does not end")
    }

    fn double(&mut self, at: usize, text: &mut String) -> Result<(), ShellError> {
        self.chars.next();
        while let Some((here, c)) = self.chars.peek().copied() {
            match c {
                '"' => {
                    self.chars.next();
                    return Ok(());
                }
                '\\' => {
                    self.chars.next();
                    match self.chars.next() {
                        Some((_, c @ ('"' | '\\' | '$' | '`'))) => text.push(c),
                        Some((_, '\n')) => {}
                        Some((_, c)) => text.extend(['\\', c]),
                        None => break,
                    }
                }
                '`' => return error(here, "a command in backticks: write $(…)"),
                '$' => self.dollar(text)?,
                _ => {
                    text.push(c);
                    self.chars.next();
                }
            }
        }
        error(at, "a quote `\"` does not end")
    }

    /// Up to `))`. Commands in it are commands.
    fn arithmetic(&mut self, opened: usize) -> Result<(), ShellError> {
        let mut depth = 2_usize;
        let mut within = String::new();
        while let Some((_, c)) = self.chars.peek().copied() {
            if c == '$' {
                self.dollar(&mut within)?;
                continue;
            }
            self.chars.next();
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        error(opened, "`$((` does not end: `))` is missing")
    }

    /// `$NAME`, `$(…)`, `$((…))`, or a dollar.
    fn dollar(&mut self, text: &mut String) -> Result<(), ShellError> {
        let at = self.at();
        self.chars.next();
        if self.take_if('(') {
            if self.take_if('(') {
                self.arithmetic(at)?;
            } else {
                self.list(true)?;
            }
            let end = self.at();
            text.push_str(&self.text[at..end]);
            return Ok(());
        }
        text.push('$');
        Ok(())
    }
}

/// `NAME=value` before a program.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn words(command: &str) -> Vec<Vec<String>> {
        let programs = read(command).unwrap();
        let words = |program: Invocation| program.words.into_iter().map(|word| word.text).collect();
        programs.into_iter().map(words).collect()
    }

    #[test]
    fn commands_are_words() {
        let check = |command: &str, expected: &[&[&str]]| assert_eq!(words(command), expected, "{command}");
        check("a b  c", &[&["a", "b", "c"]]);
        check("a 'b c' \"d e\"f g\\ h", &[&["a", "b c", "d ef", "g h"]]);
        check("a \\\n  --b 1", &[&["a", "--b", "1"]]);
        check("a 2>&1 | b >/dev/null", &[&["a"], &["b"]]);
        check("a && b || c; d", &[&["a"], &["b"], &["c"], &["d"]]);
        check(
            "a {{ x.y }}z '{a: 1}' {b}",
            &[&["a", "{{ x.y }}z", "{a: 1}", "{b}"]],
        );
        check(
            "a \"$(b 'c d')\" $E",
            &[&["b", "c d"], &["a", "$(b 'c d')", "$E"]],
        );
        check("E=1 a F=2", &[&["a", "F=2"]]);
        check("a >/dev/null|b 2>&1;c", &[&["a"], &["b"], &["c"]]);
        check(
            "a $(( ($(date +%s) - 1800) * 1000 )) b",
            &[
                &["date", "+%s"],
                &["a", "$(( ($(date +%s) - 1800) * 1000 ))", "b"],
            ],
        );
        check("a # b | c", &[&["a"]]);
        check("a \"\\$x \\n\"", &[&["a", "$x \\n"]]);
        check("a '' b", &[&["a", "", "b"]]);
        check("a 2 > /dev/null", &[&["a", "2"]]);
    }

    #[test]
    fn assignments_are_kept() {
        let programs = read("A=1 B='c d' a | E= b F=2").unwrap();
        let assigned = |program: &Invocation| -> Vec<(String, usize)> {
            let pair = |word: &Word| (word.text.clone(), word.at);
            program.assignments.iter().map(pair).collect()
        };
        let expected: [&[(&str, usize)]; 2] = [&[("A=1", 0), ("B=c d", 4)], &[("E=", 16)]];
        for (program, expected) in programs.iter().zip(expected) {
            let expected: Vec<_> = expected
                .iter()
                .map(|(text, at)| ((*text).to_owned(), *at))
                .collect();
            assert_eq!(assigned(program), expected);
        }
    }

    #[test]
    fn places_are_those_of_the_words() {
        let programs = read("ä 'b' | c").unwrap();
        let places: Vec<_> = programs
            .iter()
            .flat_map(|program| &program.words)
            .map(|word| word.at)
            .collect();
        assert_eq!(places, [0, 3, 9]);
    }

    #[test]
    fn what_is_more_is_refused() {
        let check = |command: &str, at: usize, message: &str| {
            let error = read(command).unwrap_err();
            assert_eq!(
                (error.at, error.message.starts_with(message)),
                (at, true),
                "{command}: {error}"
            );
        };
        check("a 'b", 2, "a quote `'` does not end");
        check("a \"b", 2, "a quote `\"` does not end");
        check("a > b", 2, "writes a file");
        check("a > /dev/nullx", 2, "writes a file");
        check("a 2>&1x", 3, "writes a file");
        check("a >> /dev/null/x", 2, "writes a file");
        check("A=1", 0, "sets a variable");
        check("a; B=1 C=2", 3, "sets a variable");
        check("a < b", 2, "input from a file");
        check("a &", 2, "a job in the background");
        check("a |", 2, "a command is missing");
        check("a && ", 2, "a command is missing");
        check("| a", 0, "a command is missing");
        check("for x in y; do z; done", 0, "`for`: a step is one command line");
        check("a `b`", 2, "a command in backticks");
        check("a $(b", 4, "`$(` does not end");
        check("(a)", 0, "a group in parentheses");
        check("a $((1+1)", 2, "`$((` does not end");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,60}") {
            if let Ok(programs) = read(&text) {
                prop_assert!(programs.iter().all(|program| !program.words.is_empty()));
            }
        }

        /// The shell itself says what the words are.
        #[test]
        fn words_are_the_shell_s(text in "[a-c\\\\'\" \\n]{0,16}") {
            let command = format!("printf %s\\\\n {text}");
            // An empty argument list prints one empty line, a trailing backslash is the shell's own affair.
            if let Ok(programs) = read(&command) && programs.len() == 1 && programs[0].words.len() > 2 {
                let expected: String = programs[0].words[2..].iter().map(|word| format!("{}\n", word.text)).collect();
                let output = Command::new("sh").arg("-c").arg(&command).output().unwrap();
                prop_assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", command);
            }
        }
    }
}
