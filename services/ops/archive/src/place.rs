//! Where the archive is: in a directory, or in a bucket that [`Buckets`] opens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use log_archive_domain::restore::{Restoring, Speed};
use log_archive_store::{Archive, ArchiveError, chain};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Prefix;
use object_store::prefix::PrefixStore;
use ops_monitoring::Refused;

/// Opens buckets. Whoever has the commands knows profiles, endpoints and the running platform; they are not known here.
#[async_trait]
pub trait Buckets: Sync {
    /// The bucket of this name; `None` stands for that of the stack.
    ///
    /// # Errors
    /// Nobody says which stack, region or credentials are meant.
    async fn open(&self, name: Option<&str>) -> Result<Bucket, Refused>;
}

/// A bucket that was opened; nothing was asked of it yet.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub store: Arc<dyn ObjectStore>,
    /// Who brings it back from Glacier, for commands that do.
    pub glacier: Option<Arc<dyn Glacier>>,
}

/// Asks for copies of what lies in Glacier.
#[async_trait]
pub trait Glacier: fmt::Debug + Send + Sync {
    /// Asks for a copy of an object of the bucket that can be read for so many days.
    ///
    /// # Errors
    /// Why it was not asked for.
    async fn restore(&self, key: &str, days: u32, speed: Speed) -> Result<Restoring, String>;
}

/// Where an archive can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In this directory.
    Directory(PathBuf),
    /// In a bucket.
    Bucket {
        /// Which.
        name: String,
        /// In which folder of it; empty: in the bucket itself.
        prefix: Prefix,
    },
}

/// Which archive.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// Where the archive is: a directory, or s3://BUCKET[/PREFIX] [default: the stack's bucket]
    #[arg(long, env = "SHOPWATCH_ARCHIVE", value_name = "PLACE")]
    archive: Option<Location>,
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("s3://") else {
            return match text.split_once("://") {
                Some((scheme, _)) => Err(format!(
                    "{scheme}:// is not known: write a directory or s3://BUCKET[/PREFIX]"
                )),
                None => Ok(Self::Directory(PathBuf::from(text))),
            };
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(name) {
            return Err(format!(
                "{name:?} is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens"
            ));
        }
        let prefix = Prefix::parse(prefix).map_err(|error| format!("{prefix:?} is no prefix: {error}"))?;
        let name = name.to_owned();
        Ok(Self::Bucket { name, prefix })
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket(name: &str) -> bool {
    let is_inside =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().copied().all(is_inside)
        && is_end(bytes.first())
        && is_end(bytes.last())
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Bucket { name, prefix } if prefix.is_root() => write!(f, "s3://{name}"),
            Self::Bucket { name, prefix } => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

/// An archive that can be asked.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The archive.
    pub archive: Archive,
    /// Where it is.
    pub location: Location,
    /// Who brings it back from Glacier; nothing of a directory is there.
    pub glacier: Option<Arc<dyn Glacier>>,
}

impl Opened {
    /// The key in its bucket of an object of the archive.
    pub(crate) fn key_in_bucket(&self, key: &str) -> String {
        match &self.location {
            Location::Bucket { prefix, .. } if !prefix.is_root() => format!("{prefix}/{key}"),
            _ => key.to_owned(),
        }
    }
}

/// Opens an archive; without a location, that of the stack.
///
/// # Errors
/// There is no such directory, or the bucket cannot be opened.
pub async fn open(location: Option<&Location>, buckets: &dyn Buckets) -> Result<Opened, Refused> {
    match location {
        Some(Location::Directory(path)) => directory(path),
        Some(Location::Bucket { name, prefix }) => {
            Ok(in_bucket(buckets.open(Some(name)).await?, prefix.clone()))
        }
        None => Ok(in_bucket(buckets.open(None).await?, Prefix::default())),
    }
}

impl Place {
    pub(crate) fn location(&self) -> Option<&Location> {
        self.archive.as_ref()
    }

    pub(crate) async fn open(&self, buckets: &dyn Buckets) -> Result<Opened, Refused> {
        open(self.archive.as_ref(), buckets).await
    }
}

fn directory(path: &Path) -> Result<Opened, Refused> {
    let told = path.display();
    if !path.is_dir() {
        return Err(Refused::usage(format!("open the archive {told}"))
            .because("there is no such directory")
            .cure("name it with --archive or SHOPWATCH_ARCHIVE"));
    }
    let store = LocalFileSystem::new_with_prefix(path)
        .map_err(|error| Refused::failed(format!("open the archive {told}")).because(error))?;
    // A directory has no empty folders that an object store would not have; and what is written is on the disk before raw objects
    // go.
    let store = store.with_automatic_cleanup(true).with_fsync(true);
    Ok(Opened {
        archive: Archive::new(Arc::new(store)),
        location: Location::Directory(path.to_owned()),
        glacier: None,
    })
}

fn in_bucket(bucket: Bucket, prefix: Prefix) -> Opened {
    let Bucket { name, store, glacier } = bucket;
    let archive = if prefix.is_root() {
        Archive::new(store)
    } else {
        Archive::new(Arc::new(PrefixStore::new(store, prefix.clone())))
    };
    Opened {
        archive,
        location: Location::Bucket { name, prefix },
        glacier,
    }
}

pub(crate) fn refused(attempted: &str, error: &ArchiveError) -> Refused {
    Refused::failed(attempted).because(chain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_shown() {
        let check = |text: &str, expected: Result<&str, &str>| match (text.parse::<Location>(), expected) {
            (Ok(location), Ok(expected)) => assert_eq!(location.to_string(), expected, "{text}"),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{text}: {error}"),
            (read, expected) => panic!("{text}: {read:?}, not {expected:?}"),
        };
        check("/var/archive", Ok("/var/archive"));
        check("s3", Ok("s3"));
        check("s3://logs", Ok("s3://logs"));
        check("s3://logs/", Ok("s3://logs"));
        check("s3://logs/old/2025/", Ok("s3://logs/old/2025"));
        check("s3://Logs", Err("no name of a bucket"));
        check("s3:///old", Err("no name of a bucket"));
        check("s3://-logs", Err("no name of a bucket"));
        check("s3://logs/a//b", Err("no prefix"));
        check("gs://logs", Err("gs:// is not known"));
    }
}
