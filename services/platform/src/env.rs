//! Configuration from environment variables, read once at init. This is the one place of a function that looks at the
//! process environment; everything else takes a [`Source`]. What a variable means stands with the struct that reads it.

use std::collections::HashMap;
use std::str::FromStr;

/// Where configuration comes from: [`Process`] in a function, [`Fixed`] in a test.
pub trait Source: Send + Sync {
    /// The value of a variable; unset and empty are both `None`.
    fn get(&self, name: &str) -> Option<String>;

    /// A value that must be there.
    ///
    /// # Errors
    /// [`EnvError::Missing`] with the variable's name.
    fn required(&self, name: &'static str) -> Result<String, EnvError> {
        self.get(name).ok_or(EnvError::Missing { name })
    }

    /// A value that is parsed when it is there.
    ///
    /// # Errors
    /// [`EnvError::Invalid`] with the variable's name and why it was refused.
    fn parsed<T>(&self, name: &'static str) -> Result<Option<T>, EnvError>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
        Self: Sized,
    {
        self.get(name)
            .map(|text| text.parse())
            .transpose()
            .map_err(|source: T::Err| EnvError::Invalid {
                name,
                source: Box::new(source),
            })
    }
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Source for Process {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of a function that reads its environment"
    )]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}

/// Given values, for tests and tools.
#[derive(Debug, Clone, Default)]
pub struct Fixed(HashMap<String, String>);

impl Fixed {
    /// From pairs of name and value.
    #[must_use]
    pub fn new(values: &[(&str, &str)]) -> Self {
        Self(
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }
}

impl Source for Fixed {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }
}

/// Why configuration was refused. It stops the function's init.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// A variable that must be set is not.
    #[error("environment variable {name} is not set")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// A variable has a value that cannot be used.
    #[error("environment variable {name} has a value that cannot be used")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn every_error_names_its_variable() {
        let source = Fixed::new(&[("LIMIT", "many"), ("EMPTY", ""), ("TABLE", "products")]);
        assert_eq!(source.required("TABLE").unwrap(), "products");
        for name in ["EMPTY", "ABSENT"] {
            let error = source.required(name).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("environment variable {name} is not set")
            );
        }
        let error = source.parsed::<u32>("LIMIT").unwrap_err();
        assert!(error.to_string().contains("LIMIT"), "{error}");
        assert!(error.source().is_some());
        assert_eq!(source.parsed::<u32>("ABSENT").unwrap(), None);
    }
}
