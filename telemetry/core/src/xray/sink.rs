//! Datagrams to the X-Ray daemon. Nobody waits for them: UDP to loopback either fits the socket's buffer or is dropped.

use std::net::{SocketAddr, ToSocketAddrs as _, UdpSocket};

/// The line before each document (X-Ray daemon).
pub(super) const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// Where documents go.
pub trait Datagrams: Send + Sync {
    /// Sends one datagram: the daemon's header line and a document. False when it could not be sent.
    fn send(&self, datagram: &[u8]) -> bool;
}

/// The daemon's UDP socket.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
}

impl Udp {
    /// For `AWS_XRAY_DAEMON_ADDRESS`: `host:port`, or `tcp:host:port udp:host:port`. `None` when that names no address,
    /// or no socket is to be had: then there is no daemon.
    #[must_use]
    pub fn connect(daemon: &str) -> Option<Self> {
        let address = udp_address(daemon)?;
        let local: SocketAddr = if address.is_ipv4() {
            ([0, 0, 0, 0], 0).into()
        } else {
            ([0_u16; 8], 0).into()
        };
        let socket = UdpSocket::bind(local).ok()?;
        socket.connect(address).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket })
    }
}

impl Datagrams for Udp {
    fn send(&self, datagram: &[u8]) -> bool {
        self.socket.send(datagram).is_ok()
    }
}

fn udp_address(daemon: &str) -> Option<SocketAddr> {
    let parts = daemon.split_whitespace();
    let named = parts.clone().find_map(|part| part.strip_prefix("udp:"));
    let plain = parts.clone().find(|part| !part.starts_with("tcp:"));
    named.or(plain)?.to_socket_addrs().ok()?.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_address_are_read() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                udp_address(text).map(|a| a.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("127.0.0.1:2000", Some("127.0.0.1:2000"));
        check("tcp:127.0.0.1:2000 udp:127.0.0.1:2001", Some("127.0.0.1:2001"));
        check("udp:127.0.0.1:2001 tcp:127.0.0.1:2000", Some("127.0.0.1:2001"));
        check("", None);
        check("nonsense", None);
    }

    #[test]
    fn an_absent_daemon_is_no_failure() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let udp = Udp::connect(&address).unwrap();
        assert!(udp.send(b"{}"));
        drop(socket);
        // The first send after the daemon went may be told, or not; neither is an error of the caller.
        let _ = udp.send(b"{}");
        let _ = udp.send(b"{}");
    }
}
