//! The daemon's UDP port. Datagram: a header line, then one document
//! (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>). What is neither is dropped, as there.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::Value;
use tokio::net::UdpSocket;
use tokio::sync::watch;

use super::document;
use crate::store::{Store, Write};

/// The largest datagram.
const LARGEST: usize = 65_536;

pub(crate) struct Daemon {
    socket: UdpSocket,
    address: SocketAddr,
    store: Store,
}

impl Daemon {
    pub(crate) async fn bind(store: Store) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        Ok(Self {
            socket,
            address,
            store,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut buffer = vec![0; LARGEST];
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                received = self.socket.recv(&mut buffer) => {
                    if let Some(document) = received.ok().and_then(|length| read(buffer.get(..length)?)) {
                        self.store.write(Write::Segment(document));
                    }
                }
            }
        }
    }
}

fn read(datagram: &[u8]) -> Option<Value> {
    let end = datagram.iter().position(|byte| *byte == b'\n')?;
    let header: Value = serde_json::from_slice(&datagram[..end]).ok()?;
    if header["format"] != "json" || header["version"] != 1 {
        return None;
    }
    let document: Value = serde_json::from_slice(&datagram[end..]).ok()?;
    document::keys(&document).is_some().then_some(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documents_behind_the_header_are_taken() {
        let document = r#"{"trace_id":"1-a-b","id":"c","start_time":1.5}"#;
        let check = |text: &str, taken: bool| assert_eq!(read(text.as_bytes()).is_some(), taken, "{text}");
        check(
            &format!("{{\"format\": \"json\", \"version\": 1}}\n{document}"),
            true,
        );
        check(
            &format!("{{\"format\": \"json\", \"version\": 2}}\n{document}"),
            false,
        );
        check(document, false);
        check("{\"format\": \"json\", \"version\": 1}\n{}", false);
        check("", false);
    }
}
