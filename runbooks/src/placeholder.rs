//! Placeholders in commands: `{{outputs.OrderQueueUrl}}` is an output of the stack, `{{alarm.name}}` and
//! `{{alarm.dimensions.QueueName}}` are the alarm's. Values are quoted for the shell: a name from elsewhere is part of the word in
//! which its placeholder stands, whatever is in it, inside quotes too.

use std::collections::BTreeMap;

use crate::near::nearest;

/// What placeholders stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings {
    values: BTreeMap<String, String>,
}

/// A placeholder that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// Nothing has this name.
    #[error("`{{{{{name}}}}}` stands for nothing{}", suggestion(.near))]
    Unbound {
        /// The name.
        name: String,
        /// The most similar name there is.
        near: Option<String>,
    },
    /// No end.
    #[error("a placeholder does not end: `}}}}` is missing behind `{0}`")]
    Open(String),
}

fn suggestion(near: &Option<String>) -> String {
    near.as_ref()
        .map(|near| format!("; did you mean `{{{{{near}}}}}`?"))
        .unwrap_or_default()
}

impl Bindings {
    /// An output of the stack.
    pub fn output(&mut self, name: &str, value: &str) {
        self.values.insert(format!("outputs.{name}"), value.to_owned());
    }

    /// The alarm's name.
    pub fn alarm(&mut self, name: &str) {
        self.values.insert("alarm.name".to_owned(), name.to_owned());
    }

    /// A dimension of the alarm's metrics.
    pub fn dimension(&mut self, name: &str, value: &str) {
        self.values
            .insert(format!("alarm.dimensions.{name}"), value.to_owned());
    }

    /// A command with its values.
    ///
    /// ```
    /// use runbooks::placeholder::Bindings;
    ///
    /// let mut bindings = Bindings::default();
    /// bindings.output("QueueUrl", "http://localhost/a b");
    /// assert_eq!(bindings.bind("aws sqs purge-queue --queue-url {{outputs.QueueUrl}}")?,
    ///     "aws sqs purge-queue --queue-url 'http://localhost/a b'");
    /// let error = bindings.bind("{{outputs.QueueURL}}").unwrap_err();
    /// assert_eq!(error.to_string(), "`{{outputs.QueueURL}}` stands for nothing; did you mean `{{outputs.QueueUrl}}`?");
    /// # Ok::<(), runbooks::placeholder::PlaceholderError>(())
    /// ```
    ///
    /// # Errors
    /// A placeholder stands for nothing, or does not end.
    pub fn bind(&self, command: &str) -> Result<String, PlaceholderError> {
        let mut bound = String::with_capacity(command.len());
        let mut quotes = Quotes::default();
        let mut rest = command;
        while let Some((before, behind)) = rest.split_once("{{") {
            bound.push_str(before);
            quotes.pass(before);
            let (name, behind) = ended(behind)?;
            bound.push_str(&quotes.quoted(self.value(name)?));
            rest = behind;
        }
        bound.push_str(rest);
        Ok(bound)
    }

    /// A word with its values, as a program is given it. What stands for nothing stays.
    #[must_use]
    pub fn filled(&self, word: &str) -> String {
        let mut filled = String::with_capacity(word.len());
        let mut rest = word;
        while let Some((before, behind)) = rest.split_once("{{") {
            let Ok((name, behind)) = ended(behind) else { break };
            filled.push_str(before);
            match self.value(name) {
                Ok(value) => filled.push_str(value),
                Err(_) => filled.push_str(&format!("{{{{{name}}}}}")),
            }
            rest = behind;
        }
        filled + rest
    }

    /// The placeholders that stand for nothing, each with its byte.
    #[must_use]
    pub fn unbound(&self, command: &str) -> Vec<(usize, PlaceholderError)> {
        let mut found = Vec::new();
        let mut rest = command;
        while let Some((_, behind)) = rest.split_once("{{") {
            let at = command.len() - behind.len() - 2;
            match ended(behind) {
                Ok((name, behind)) => {
                    found.extend(self.value(name).err().map(|error| (at, error)));
                    rest = behind;
                }
                Err(error) => {
                    found.push((at, error));
                    break;
                }
            }
        }
        found
    }

    fn value(&self, name: &str) -> Result<&str, PlaceholderError> {
        self.values
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| PlaceholderError::Unbound {
                name: name.to_owned(),
                near: nearest(name, self.values.keys().map(String::as_str)).map(str::to_owned),
            })
    }
}

/// The name behind `{{`, and what stands behind its end.
fn ended(behind: &str) -> Result<(&str, &str), PlaceholderError> {
    let (name, behind) = behind
        .split_once("}}")
        .ok_or_else(|| PlaceholderError::Open(behind.trim().to_owned()))?;
    Ok((name.trim(), behind))
}

/// In which quotes a place of a command is: `"a $(b 'c` is in double quotes, in a command, in single quotes.
#[derive(Debug, Default)]
struct Quotes {
    inside: Vec<Quote>,
    /// The next character has lost its meaning.
    escaped: bool,
    dollar: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
    Command,
}

impl Quotes {
    fn pass(&mut self, text: &str) {
        for c in text.chars() {
            let dollar = std::mem::take(&mut self.dollar);
            if std::mem::take(&mut self.escaped) {
                continue;
            }
            match (self.inside.last(), c) {
                (Some(Quote::Single), '\'') | (Some(Quote::Double), '"') | (Some(Quote::Command), ')') => {
                    self.inside.pop();
                }
                (Some(Quote::Single), _) => {}
                (_, '\\') => self.escaped = true,
                (_, '$') => self.dollar = true,
                (_, '(') if dollar => self.inside.push(Quote::Command),
                (Some(Quote::Double), _) => {}
                (_, '\'') => self.inside.push(Quote::Single),
                (_, '"') => self.inside.push(Quote::Double),
                _ => {}
            }
        }
    }

    /// A value for this place.
    fn quoted(&mut self, value: &str) -> String {
        self.dollar = false;
        // The backslash before a placeholder would take the meaning from the quote that begins the value: it becomes a word's own.
        let escaped = std::mem::take(&mut self.escaped);
        match self.inside.last() {
            Some(Quote::Single) => value.replace('\'', r"'\''"),
            Some(Quote::Double) => {
                let mut text = String::with_capacity(value.len());
                for c in value.chars() {
                    if matches!(c, '"' | '\\' | '$' | '`') {
                        text.push('\\');
                    }
                    text.push(c);
                }
                if escaped { format!("\\{text}") } else { text }
            }
            _ if escaped => format!("\\{}", quoted(value)),
            _ => quoted(value),
        }
    }
}

/// One word for a POSIX shell.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '%' | '+' | '=' | ',')
    };
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_end_is_told() {
        let error = Bindings::default().bind("a {{outputs.X").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a placeholder does not end: `}}` is missing behind `outputs.X`"
        );
        assert_eq!(
            Bindings::default().bind("jq '{a: 1}' }}").as_deref(),
            Ok("jq '{a: 1}' }}")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// The shell itself says what the word is.
        #[test]
        fn a_value_is_one_word(value in "[^\0]{0,20}") {
            let mut bindings = Bindings::default();
            bindings.alarm(&value);
            let command = bindings.bind("printf %s {{alarm.name}}").unwrap();
            let output = Command::new("sh").arg("-c").arg(&command).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), value.as_str(), "{}", command);
        }

        /// Inside quotes and commands too.
        #[test]
        fn a_value_stays_inside_its_quotes(value in "[a-c'\"\\\\$`() ;|]{0,12}", form in 0_usize..4) {
            let mut bindings = Bindings::default();
            bindings.alarm(&value);
            let command = [
                "printf %s 'a {{alarm.name}} b'",
                "printf %s \"a {{alarm.name}} b\"",
                "printf %s \"a $(printf %s {{alarm.name}}) b\"",
                "printf %s \"a $(printf %s '{{alarm.name}}') b\"",
            ][form];
            let command = bindings.bind(command).unwrap();
            let output = Command::new("sh").arg("-c").arg(&command).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), format!("a {value} b"), "{}", command);
        }
    }
}
