//! A bucket on loopback, for tests of whoever keeps an archive on S3: a server that speaks as much of S3's protocol as the archive
//! uses. Objects in memory, signed requests only, listings in pages of three, faults in the order that they are asked for.
//!
//! Not here: whether S3 itself behaves so. That is asked of the running platform's.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use futures::stream;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_NONE_MATCH, LAST_MODIFIED, RANGE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Objects on a page of a listing.
const PAGE: usize = 3;
/// The name of the bucket.
pub const BUCKET: &str = "logs";

const COPY_SOURCE: &str = "x-amz-copy-source";

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status and changes nothing.
    Status(u16),
    /// The connection is closed before it has an effect.
    Closed,
    /// The connection is closed after it had its effect.
    ClosedAfter,
    /// It is never answered.
    Silent,
    /// Half of the body comes, and then nothing.
    Half,
    /// None.
    Fine,
}

/// The bucket.
#[derive(Debug, Default)]
pub struct Bucket {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    faults: VecDeque<Fault>,
    /// Do the faults begin again when they are used up?
    is_failing_on: bool,
    requests: Vec<String>,
    /// Objects that cannot be read, or could not before.
    frozen: BTreeMap<String, Frozen>,
}

/// An object in Deep Archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frozen {
    Cold,
    Thawing,
    /// Its copy is there.
    Thawed,
}

impl Bucket {
    /// A server on a free port, and the configuration of the SDK that leads to it.
    ///
    /// # Errors
    /// Loopback has no port left.
    pub async fn serve() -> io::Result<(Arc<Self>, SdkConfig)> {
        let bucket = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let served = Arc::clone(&bucket);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let bucket = Arc::clone(&served);
                let service = service_fn(move |request| Arc::clone(&bucket).answer(request));
                // Ends with an error when a fault closes it.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
            }
        });
        let credentials = aws_credential_types::Credentials::new("id", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .region(Region::new("eu-west-1"))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        Ok((bucket, config))
    }

    /// The next requests have these faults, those after them none.
    pub fn fail(&self, faults: &[Fault]) {
        self.state().faults = faults.iter().copied().collect();
    }

    /// The same faults in turn for every request from now on.
    pub fn keep_failing(&self, faults: &[Fault]) {
        self.fail(faults);
        self.state().is_failing_on = true;
    }

    /// Puts an object into it.
    pub fn put(&self, key: &str, bytes: Bytes) {
        self.state().objects.insert(key.to_owned(), bytes);
    }

    /// Moves an object to Deep Archive.
    pub fn freeze(&self, key: &str) {
        self.state().frozen.insert(key.to_owned(), Frozen::Cold);
    }

    /// The hours are over: copies that were asked for are there.
    pub fn thaw(&self) {
        let mut state = self.state();
        let asked = state
            .frozen
            .values_mut()
            .filter(|state| **state == Frozen::Thawing);
        asked.for_each(|state| *state = Frozen::Thawed);
    }

    /// What is in it.
    pub fn objects(&self) -> BTreeMap<String, Bytes> {
        self.state().objects.clone()
    }

    /// Every request so far: method and target.
    pub fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_fault(&self) -> Fault {
        let mut state = self.state();
        let fault = state.faults.pop_front().unwrap_or(Fault::Fine);
        if state.is_failing_on {
            state.faults.push_back(fault);
        }
        fault
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Answer> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        self.state()
            .requests
            .push(format!("{} {}", head.method, head.uri));
        let fault = self.next_fault();
        match fault {
            Fault::Status(status) => {
                let status = StatusCode::from_u16(status).map_err(io::Error::other)?;
                return Ok(plain(status, "<Error/>"));
            }
            Fault::Closed => return Err(io::ErrorKind::ConnectionReset.into()),
            Fault::Silent => std::future::pending::<()>().await,
            _ => {}
        }
        let answer = self.answer_to(&head, body);
        match fault {
            Fault::ClosedAfter => Err(io::ErrorKind::ConnectionReset.into()),
            Fault::Half => half(answer).await,
            _ => Ok(answer),
        }
    }

    fn answer_to(&self, head: &http::request::Parts, body: Bytes) -> Answer {
        let signature = head
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if !signature.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=id/")) {
            return plain(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>");
        }
        let path = decoded(head.uri.path());
        let Some(key) = path.strip_prefix(&format!("/{BUCKET}")) else {
            return plain(StatusCode::NOT_FOUND, "<Error><Code>NoSuchBucket</Code></Error>");
        };
        let key = key.trim_start_matches('/');
        let mut state = self.state();
        let State { objects, frozen, .. } = &mut *state;
        match head.method {
            Method::GET if matches!(frozen.get(key), Some(Frozen::Cold | Frozen::Thawing)) => invalid_state(),
            Method::POST if head.uri.query() == Some("restore") && objects.contains_key(key) => {
                restore(frozen.get_mut(key), &body)
            }
            Method::POST if head.uri.query() == Some("restore") => missing(),
            Method::GET if key.is_empty() => list(objects, head.uri.query().unwrap_or_default()),
            Method::GET => objects.get(key).map_or_else(missing, |object| got(head, object)),
            Method::PUT if head.headers.contains_key(COPY_SOURCE) => copy(objects, head, key),
            Method::PUT if head.headers.contains_key(IF_NONE_MATCH) && objects.contains_key(key) => {
                plain(StatusCode::PRECONDITION_FAILED, "<Error/>")
            }
            Method::PUT => {
                objects.insert(key.to_owned(), body);
                let mut answer = plain(StatusCode::OK, "");
                answer.headers_mut().insert(ETAG, HeaderValue::from_static("x"));
                answer
            }
            Method::DELETE => {
                objects.remove(key);
                plain(StatusCode::NO_CONTENT, "")
            }
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }
}

fn copy(objects: &mut BTreeMap<String, Bytes>, head: &http::request::Parts, key: &str) -> Answer {
    let source = head
        .headers
        .get(COPY_SOURCE)
        .and_then(|source| source.to_str().ok());
    let source = decoded(source.unwrap_or_default());
    let source = source.trim_start_matches('/').strip_prefix(&format!("{BUCKET}/"));
    let Some(object) = source.and_then(|source| objects.get(source)).cloned() else {
        return missing();
    };
    objects.insert(key.to_owned(), object);
    plain(
        StatusCode::OK,
        "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>",
    )
}

/// As S3 answers to `RestoreObject`, if the request is the one that Deep Archive takes.
fn restore(frozen: Option<&mut Frozen>, body: &[u8]) -> Answer {
    if !is_restore_request(body) {
        return plain(
            StatusCode::BAD_REQUEST,
            "<Error><Code>MalformedXML</Code><Message>not well-formed</Message></Error>",
        );
    }
    match frozen {
        None => invalid_state(),
        Some(state @ Frozen::Cold) => {
            *state = Frozen::Thawing;
            plain(StatusCode::ACCEPTED, "")
        }
        Some(Frozen::Thawing) => plain(
            StatusCode::CONFLICT,
            "<Error><Code>RestoreAlreadyInProgress</Code></Error>",
        ),
        Some(Frozen::Thawed) => plain(StatusCode::OK, ""),
    }
}

fn is_restore_request(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let days = text.strip_prefix("<RestoreRequest xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Days>");
    let Some((days, rest)) = days.and_then(|rest| rest.split_once("</Days>")) else {
        return false;
    };
    let tier = rest.strip_prefix("<GlacierJobParameters><Tier>");
    let tier = tier.and_then(|rest| rest.strip_suffix("</Tier></GlacierJobParameters></RestoreRequest>"));
    days.parse::<u32>().is_ok_and(|days| days > 0) && matches!(tier, Some("Standard" | "Bulk"))
}

fn invalid_state() -> Answer {
    plain(
        StatusCode::FORBIDDEN,
        "<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's storage class</Message></Error>",
    )
}

fn plain(status: StatusCode, body: &str) -> Answer {
    let mut answer = Response::new(Full::from(body.to_owned()).boxed());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert("x-amz-request-id", HeaderValue::from_static("R-1"));
    answer
}

fn missing() -> Answer {
    plain(StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>")
}

fn got(head: &http::request::Parts, object: &Bytes) -> Answer {
    let range = head.headers.get(RANGE).and_then(|range| {
        let (from, to) = range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
        let last = to.parse().unwrap_or(usize::MAX).min(object.len() - 1);
        Some((from.parse::<usize>().ok()?, last))
    });
    let (from, last) = range.unwrap_or((0, object.len().wrapping_sub(1)));
    let body = if object.is_empty() {
        object.clone()
    } else {
        object.slice(from..=last)
    };
    let mut answer = Response::new(Full::from(body).boxed());
    let headers = answer.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static("\"x\""));
    headers.insert(
        LAST_MODIFIED,
        HeaderValue::from_static("Sat, 21 Nov 2026 19:00:00 GMT"),
    );
    let told = HeaderValue::try_from(format!("bytes {from}-{last}/{}", object.len()));
    if let (Some(_), Ok(told)) = (range, told) {
        headers.insert(CONTENT_RANGE, told);
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    answer
}

/// The beginning of an answer whose length promises more.
async fn half(answer: Answer) -> io::Result<Answer> {
    let (head, body) = answer.into_parts();
    let whole = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let first = Frame::data(whole.slice(..whole.len() / 2));
    let frames = stream::once(async { Ok(first) });
    let frames = futures::StreamExt::chain(frames, stream::pending());
    let mut answer = Response::from_parts(head, BodyExt::boxed(StreamBody::new(frames)));
    answer.headers_mut().insert(CONTENT_LENGTH, whole.len().into());
    Ok(answer)
}

fn list(objects: &BTreeMap<String, Bytes>, query: &str) -> Answer {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(own, _)| *own == name)
            .map(|(_, value)| decoded(value))
    };
    let prefix = value("prefix").unwrap_or_default();
    let after = value("continuation-token")
        .or(value("start-after"))
        .unwrap_or_default();
    let mut matching = objects
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix) && **key > after);
    let page: Vec<_> = matching.by_ref().take(PAGE).collect();
    let is_truncated = matching.next().is_some();
    let mut body = format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>");
    if let Some((key, _)) = page.last().filter(|_| is_truncated) {
        body += &format!("<NextContinuationToken>{key}</NextContinuationToken>");
    }
    body += &entries(&page, &prefix, value("delimiter").is_some());
    plain(StatusCode::OK, &(body + "</ListBucketResult>"))
}

/// Objects of a page, or the folders that they are in.
fn entries(page: &[(&String, &Bytes)], prefix: &str, has_delimiter: bool) -> String {
    let folder = |key: &str| {
        let (folder, _) = key.get(prefix.len()..)?.split_once('/')?;
        has_delimiter.then(|| format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>"))
    };
    let object = |key: &str, length: usize| {
        format!(
            "<Contents><Key>{key}</Key><Size>{length}</Size><LastModified>2026-11-21T19:00:00.000Z</LastModified><ETag>x</ETag></Contents>"
        )
    };
    let entries: BTreeSet<String> = page
        .iter()
        .map(|(key, bytes)| folder(key).unwrap_or_else(|| object(key, bytes.len())))
        .collect();
    entries.into_iter().collect()
}

/// A text without its percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let digits = part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(digits);
        bytes.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
