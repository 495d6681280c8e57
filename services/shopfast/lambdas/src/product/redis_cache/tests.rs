//! The cache against a server that speaks Redis' protocol over a real connection, with faults.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use platform::clock::SystemClock;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::product::contract::product;

/// Keys, values and what was asked.
#[derive(Default)]
struct Server {
    kept: Mutex<HashMap<String, String>>,
    asked: Mutex<Vec<String>>,
    /// `GET`s whose connection is closed instead of answered.
    hang_ups: AtomicUsize,
}

impl Server {
    async fn start() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let server = Arc::new(Self::default());
        let accepting = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&accepting), stream));
            }
        });
        (server, url)
    }

    /// The answer to a command; `None` closes the connection.
    fn answer(&self, command: &[String]) -> Option<String> {
        let mut kept = self.kept.lock().unwrap();
        match command.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["PING"] => Some("+PONG\r\n".to_owned()),
            ["SET", key, value, "EX", "300"] => {
                kept.insert((*key).to_owned(), (*value).to_owned());
                Some("+OK\r\n".to_owned())
            }
            ["GET", key] => {
                let left = self.hang_ups.load(Ordering::SeqCst);
                if left > 0 {
                    self.hang_ups.store(left - 1, Ordering::SeqCst);
                    return None;
                }
                let bulk = |value: &String| format!("${}\r\n{value}\r\n", value.len());
                Some(kept.get(*key).map_or_else(|| "$-1\r\n".to_owned(), bulk))
            }
            // What the client tells of itself.
            _ => Some("+OK\r\n".to_owned()),
        }
    }
}

async fn serve(server: Arc<Server>, stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    while let Some(command) = read_command(&mut stream).await {
        server
            .asked
            .lock()
            .unwrap()
            .push(command.first().cloned().unwrap_or_default());
        match server.answer(&command) {
            Some(answer) => stream.get_mut().write_all(answer.as_bytes()).await.unwrap(),
            None => return,
        }
    }
}

/// An array of bulk strings: `*2\r\n$3\r\nGET\r\n$1\r\na\r\n`.
async fn read_command(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let count = read_number(stream, '*').await?;
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let mut part = vec![0; read_number(stream, '$').await? + 2];
        stream.read_exact(&mut part).await.ok()?;
        part.truncate(part.len() - 2);
        parts.push(String::from_utf8(part).ok()?);
    }
    Some(parts)
}

async fn read_number(stream: &mut BufReader<TcpStream>, sign: char) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.trim_end().strip_prefix(sign)?.parse().ok()
}

fn cache(url: &str) -> RedisCache {
    RedisCache::new(url, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn a_product_is_kept_for_every_environment() {
    let (_server, url) = Server::start().await;
    let item = product("prod-001", "books", 1999);
    let first = cache(&url);
    assert_eq!(first.get(&item.id).await.unwrap(), None);
    first.set(&item).await.unwrap();
    let second = cache(&url);
    second.ping().await.unwrap();
    assert_eq!(second.get(&item.id).await.unwrap(), Some(item));
}

#[tokio::test]
async fn what_is_no_product_is_refused() {
    let (server, url) = Server::start().await;
    let item = product("prod-001", "books", 1999);
    let cache = cache(&url);
    let other = serde_json::to_string(&ProductBody::from(&product("prod-002", "books", 1))).unwrap();
    for stored in ["no json", "{}", other.as_str()] {
        server
            .kept
            .lock()
            .unwrap()
            .insert(cache_key(&item.id), stored.to_owned());
        assert!(
            matches!(cache.get(&item.id).await, Err(CacheError::Malformed)),
            "{stored}"
        );
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let (server, url) = Server::start().await;
    let item = product("prod-001", "books", 1999);
    let cache = cache(&url);
    cache.set(&item).await.unwrap();
    server.hang_ups.store(1, Ordering::SeqCst);
    assert!(cache.get(&item.id).await.is_err());
    assert_eq!(cache.get(&item.id).await.unwrap(), Some(item.clone()));
    assert_eq!(
        server
            .asked
            .lock()
            .unwrap()
            .iter()
            .filter(|asked| *asked == "GET")
            .count(),
        2
    );
}
