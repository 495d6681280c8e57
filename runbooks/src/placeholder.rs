//! Placeholders in commands: `{{outputs.OrderQueueUrl}}` is an output of the stack, `{{alarm.name}}` and
//! `{{alarm.dimensions.QueueName}}` are the alarm's. Values are quoted for the shell: a name from elsewhere is one word, whatever is in it.

use std::collections::BTreeMap;

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
        let mut rest = command;
        while let Some((before, behind)) = rest.split_once("{{") {
            bound.push_str(before);
            let (name, behind) = behind
                .split_once("}}")
                .ok_or_else(|| PlaceholderError::Open(behind.trim().to_owned()))?;
            bound.push_str(&quoted(self.value(name.trim())?));
            rest = behind;
        }
        bound.push_str(rest);
        Ok(bound)
    }

    fn value(&self, name: &str) -> Result<&str, PlaceholderError> {
        self.values
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| PlaceholderError::Unbound {
                name: name.to_owned(),
                near: self
                    .values
                    .keys()
                    .find(|known| known.eq_ignore_ascii_case(name))
                    .cloned(),
            })
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
    }
}
