//! What the function writes: stdout and stderr, line by line, none lost, in order per stream.

use std::time::SystemTime;

use rustix::fd::AsFd;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};

/// Longest line kept in one piece; Lambda splits what is longer. One CloudWatch log event is at most 1 MB.
pub(crate) const MAX_LINE_BYTES: usize = 1_048_576 - 26;

/// Stream that a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line that the function wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it was written.
    pub source: Source,
    /// When it arrived here.
    pub arrived: SystemTime,
    /// The line without its end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// Lines of one environment. The channel has no bound: a function must never block because a test does not read.
pub type Lines = mpsc::UnboundedReceiver<Line>;

type Done = oneshot::Sender<()>;

/// What the reader of a stream is asked.
#[derive(Debug)]
enum Order {
    /// To tell when everything written is in the channel.
    Drain(Done),
    /// To read nothing, until it is told otherwise.
    Pause(Done),
    Resume,
    /// To close its end of the stream.
    Close(Done),
}

/// The readers of both streams.
#[derive(Debug)]
pub(crate) struct Output {
    readers: [mpsc::UnboundedSender<Order>; 2],
}

impl Output {
    pub(crate) fn read<O, E>(stdout: O, stderr: E) -> (Self, Lines)
    where
        O: AsyncRead + AsFd + Unpin + Send + 'static,
        E: AsyncRead + AsFd + Unpin + Send + 'static,
    {
        let (sink, lines) = mpsc::unbounded_channel();
        let out = spawn(stdout, Source::Stdout, sink.clone());
        let err = spawn(stderr, Source::Stderr, sink);
        (Self { readers: [out, err] }, lines)
    }

    /// Reads nothing more of standard output: it fills up, and then blocks the function.
    pub(crate) async fn pause(&self) {
        self.ask(Order::Pause).await;
    }

    /// Reads on.
    pub(crate) fn resume(&self) {
        // An error means that the stream ended.
        let _ = self.readers[0].send(Order::Resume);
    }

    /// Closes standard output: what the function writes from now on fails.
    pub(crate) async fn close(&self) {
        self.ask(Order::Close).await;
    }

    async fn ask(&self, order: fn(Done) -> Order) {
        ask(&self.readers[0], order).await;
    }

    /// Returns when every complete line that was written before the call is in the channel.
    pub(crate) async fn drained(&self) {
        for reader in &self.readers {
            ask(reader, Order::Drain).await;
        }
    }
}

/// Returns when the order was carried out, or the stream ended: then everything was read.
async fn ask(reader: &mpsc::UnboundedSender<Order>, order: fn(Done) -> Order) {
    let (reply, done) = oneshot::channel();
    if reader.send(order(reply)).is_ok() {
        // An order that is sent while the reader ends may stay in the channel, unread and not dropped: its answer alone would be
        // waited for without end.
        tokio::select! {
            _ = done => {}
            () = reader.closed() => {}
        }
    }
}

fn spawn<R>(stream: R, source: Source, sink: mpsc::UnboundedSender<Line>) -> mpsc::UnboundedSender<Order>
where
    R: AsyncRead + AsFd + Unpin + Send + 'static,
{
    let (reader, orders) = mpsc::unbounded_channel();
    tokio::spawn(read(
        stream,
        orders,
        Splitter {
            source,
            sink,
            partial: Vec::new(),
        },
    ));
    reader
}

async fn read<R: AsyncRead + AsFd + Unpin>(
    mut stream: R,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut lines: Splitter,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut waiting: Vec<Done> = Vec::new();
    let mut is_paused = false;
    loop {
        // The pipe itself is asked: readiness known to the runtime may lag behind what the function wrote.
        if !waiting.is_empty() && (is_paused || rustix::io::ioctl_fionread(&stream).unwrap_or(0) == 0) {
            for drain in waiting.drain(..) {
                let _ = drain.send(());
            }
        }
        tokio::select! {
            biased;
            count = stream.read(&mut buffer), if !is_paused => match count {
                Ok(0) | Err(_) => break,
                Ok(count) => lines.push(&buffer[..count]),
            },
            Some(order) = orders.recv() => match order {
                Order::Drain(done) => waiting.push(done),
                Order::Pause(done) => {
                    is_paused = true;
                    let _ = done.send(());
                }
                Order::Resume => is_paused = false,
                Order::Close(done) => {
                    drop(stream);
                    lines.end();
                    let _ = done.send(());
                    return;
                }
            },
            // Nobody is left to resume it.
            else => break,
        }
    }
    lines.end();
}

struct Splitter {
    source: Source,
    sink: mpsc::UnboundedSender<Line>,
    partial: Vec<u8>,
}

impl Splitter {
    fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(&bytes[..end]);
            self.send();
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
        while self.partial.len() > MAX_LINE_BYTES {
            let rest = self.partial.split_off(MAX_LINE_BYTES);
            self.send();
            self.partial = rest;
        }
    }

    fn end(&mut self) {
        if !self.partial.is_empty() {
            self.send();
        }
    }

    fn send(&mut self) {
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(&bytes)).into_owned();
        // Nobody listens any more: the function goes on all the same.
        let _ = self.sink.send(Line {
            source: self.source,
            arrived: SystemTime::now(),
            text,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chunks: &[&[u8]], expected: &[&str]) {
        let (sink, mut lines) = mpsc::unbounded_channel();
        let mut splitter = Splitter {
            source: Source::Stdout,
            sink,
            partial: Vec::new(),
        };
        for chunk in chunks {
            splitter.push(chunk);
        }
        splitter.end();
        let mut seen = Vec::new();
        while let Ok(line) = lines.try_recv() {
            seen.push(line.text);
        }
        assert_eq!(seen, expected);
    }

    /// Many times, since what it is about takes two threads and one moment: an order that is sent while the reader ends.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_waits_for_a_reader_that_ends_is_told() {
        for _ in 0..2_000 {
            let (out, stdout) = tokio::net::unix::pipe::pipe().unwrap();
            let (err, stderr) = tokio::net::unix::pipe::pipe().unwrap();
            let (output, mut lines) = Output::read(stdout, stderr);
            let writer = tokio::spawn(async move { drop((out, err)) });
            let drained = tokio::time::timeout(std::time::Duration::from_secs(20), output.drained());
            drained.await.expect("it is told");
            writer.await.unwrap();
            assert_eq!(lines.recv().await, None);
        }
    }

    #[test]
    fn lines_are_split_at_line_ends_only() {
        check(&[b"a\nb\n"], &["a", "b"]);
        check(&[b"a", b"b\r\n", b"\n", b"c"], &["ab", "", "c"]);
        check(&[b"\xff\n"], &["\u{fffd}"]);
        check(&[], &[]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_not_kept_forever() {
        let (sink, mut lines) = mpsc::unbounded_channel();
        let mut splitter = Splitter {
            source: Source::Stdout,
            sink,
            partial: Vec::new(),
        };
        splitter.push(&vec![b'x'; 2 * MAX_LINE_BYTES + 1]);
        splitter.end();
        let lengths: Vec<usize> = std::iter::from_fn(|| lines.try_recv().ok())
            .map(|l| l.text.len())
            .collect();
        assert_eq!(lengths, [MAX_LINE_BYTES, MAX_LINE_BYTES, 1]);
    }
}
