//! One variant in an execution environment of its own: invoked so many times, then ended so that tools around it can
//! write what they saw.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use telemetry_bench::events;
use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig, Invocation, Lines, Outcome};
use tokio::net::UdpSocket;

use crate::Failed;

/// What the function is invoked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Api,
    Sqs,
}

impl Event {
    pub(crate) const ALL: [Self; 2] = [Self::Api, Self::Sqs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Sqs => "sqs-10",
        }
    }

    fn payload(self) -> String {
        match self {
            Self::Api => events::api(),
            Self::Sqs => events::sqs(),
        }
    }
}

/// What was seen from outside, per warm invocation unless it says otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) lines: f64,
    pub(crate) log_bytes: f64,
    pub(crate) datagrams: f64,
    pub(crate) datagram_bytes: f64,
    /// User and system.
    pub(crate) cpu_us: f64,
    /// Of the process, highest; the median of several processes, because what is mapped of a program's file depends on what of it is
    /// in the system's cache, and where.
    pub(crate) peak_bytes: u64,
    /// Of that, what is not read from the program's file: heap, stacks, relocated data.
    pub(crate) anonymous_bytes: u64,
}

/// Runs `program` and averages over `counted` invocations after `warm_up` others.
pub(crate) async fn run(program: &Path, event: Event, warm_up: u32, counted: u32) -> Result<Seen, Failed> {
    let mut function = Function::start(program).await?;
    function.invoke(event, warm_up).await?;
    let before = function.totals().await;
    function.invoke(event, counted).await?;
    let after = function.totals().await;
    let memory = function.memory();
    function.end().await;
    let (peak_bytes, anonymous_bytes) = memories(program, event, warm_up, memory).await?;
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark fit 53 bits")]
    let per = |read: fn(&Totals) -> u64| (read(&after) - read(&before)) as f64 / f64::from(counted);
    Ok(Seen {
        lines: per(|t| t.lines),
        log_bytes: per(|t| t.log_bytes),
        datagrams: per(|t| t.datagrams),
        datagram_bytes: per(|t| t.datagram_bytes),
        cpu_us: per(|t| t.cpu_ns) / 1e3,
        peak_bytes,
        anonymous_bytes,
    })
}

/// Processes whose memory is looked at.
const PROCESSES: usize = 9;

/// The median of the peaks and of the anonymous memory of several processes, this one's among them.
async fn memories(
    program: &Path,
    event: Event,
    invocations: u32,
    own: (u64, u64),
) -> Result<(u64, u64), Failed> {
    let (mut peaks, mut anonymous) = (vec![own.0], vec![own.1]);
    while peaks.len() < PROCESSES {
        let mut function = Function::start(program).await?;
        function.invoke(event, invocations).await?;
        let (peak, own) = function.memory();
        peaks.push(peak);
        anonymous.push(own);
        function.end().await;
    }
    Ok((median(peaks), median(anonymous)))
}

fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// From the start of a process to its first request for an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Init {
    /// As Lambda would measure it; the fastest of several starts, as others use the machine too.
    pub(crate) wall_ms: f64,
    /// User and system; of the start with the least.
    pub(crate) cpu_ms: f64,
}

/// Starts `program` so many times.
pub(crate) async fn init(program: &Path, starts: u32) -> Result<Init, Failed> {
    let mut wall = Vec::new();
    let mut cpu = Vec::new();
    for _ in 0..starts {
        let function = Function::start(program).await?;
        let took = function.environment.initialized().await;
        wall.push(took.map_err(|outcome| format!("{outcome:?}"))?.as_secs_f64() * 1e3);
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of an init fit 53 bits")]
        cpu.push(cpu_ns(function.environment.pid()) as f64 / 1e6);
        function.end().await;
    }
    Ok(Init {
        wall_ms: least(wall),
        cpu_ms: least(cpu),
    })
}

fn least(numbers: Vec<f64>) -> f64 {
    numbers.into_iter().min_by(f64::total_cmp).unwrap_or_default()
}

/// What the second, warm invocation wrote and sent.
pub(crate) async fn said(program: &Path, event: Event) -> Result<Vec<String>, Failed> {
    let mut function = Function::start(program).await?;
    function.invoke(event, 1).await?;
    function.totals().await;
    function.said.clear();
    function.invoke(event, 1).await?;
    function.totals().await;
    let mut said = std::mem::take(&mut function.said);
    said.extend(function.received.last.lock().map(|last| last.clone()));
    function.end().await;
    Ok(said)
}

/// Runs `program` for so many invocations, for the sake of what a tool around it writes.
pub(crate) async fn run_only(program: &Path, event: Event, invocations: u32) -> Result<(), Failed> {
    let mut function = Function::start(program).await?;
    function.invoke(event, invocations).await?;
    function.end().await;
    Ok(())
}

struct Totals {
    lines: u64,
    log_bytes: u64,
    datagrams: u64,
    datagram_bytes: u64,
    cpu_ns: u64,
}

struct Function {
    environment: Environment,
    output: Lines,
    lines: u64,
    log_bytes: u64,
    /// Lines since the last look.
    said: Vec<String>,
    received: Arc<Received>,
    daemon: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Received {
    datagrams: AtomicU64,
    bytes: AtomicU64,
    last: Mutex<String>,
}

impl Function {
    async fn start(program: &Path) -> Result<Self, Failed> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut config = EnvironmentConfig::new(program);
        config.function_name = "cost".to_owned();
        config.xray_daemon = Some(socket.local_addr()?);
        config.init_timeout = Duration::from_secs(60);
        let received = Arc::new(Received::default());
        let daemon = tokio::spawn(receive(socket, Arc::clone(&received)));
        let (environment, output) = Environment::start(config).await?;
        environment
            .initialized()
            .await
            .map_err(|outcome| format!("{outcome:?}"))?;
        Ok(Self {
            environment,
            output,
            lines: 0,
            log_bytes: 0,
            said: Vec::new(),
            received,
            daemon,
        })
    }

    async fn invoke(&mut self, event: Event, times: u32) -> Result<(), Failed> {
        let mut invocation = Invocation::new(event.payload());
        invocation.trace_header = Some(events::TRACE.to_owned());
        invocation.timeout = Duration::from_secs(60);
        for _ in 0..times {
            self.said.clear();
            match self.environment.invoke(invocation.clone()).await {
                Outcome::Success(_) => {}
                other => return Err(format!("{other:?}").into()),
            }
            if let Some(exit) = self.environment.idle().await {
                return Err(exit.to_string().into());
            }
            self.read_output();
        }
        Ok(())
    }

    /// Highest resident memory, and the anonymous part of what is resident now.
    fn memory(&self) -> (u64, u64) {
        let peak = self.environment.memory().map_or(0, |memory| memory.peak_bytes);
        (peak, anonymous_bytes(self.environment.pid()))
    }

    fn read_output(&mut self) {
        while let Ok(line) = self.output.try_recv() {
            self.lines += 1;
            self.log_bytes += line.text.len() as u64 + 1;
            self.said.push(line.text);
        }
    }

    async fn totals(&mut self) -> Totals {
        self.environment.drained().await;
        self.read_output();
        // Datagrams on loopback are in the socket's buffer already; the task that reads them needs its turn.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        Totals {
            lines: self.lines,
            log_bytes: self.log_bytes,
            datagrams: self.received.datagrams.load(Ordering::Relaxed),
            datagram_bytes: self.received.bytes.load(Ordering::Relaxed),
            cpu_ns: cpu_ns(self.environment.pid()),
        }
    }

    /// Ends the process with a signal that valgrind and strace see as its end.
    async fn end(self) {
        if let Some(pid) = i32::try_from(self.environment.pid()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        while self.environment.idle().await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.daemon.abort();
    }
}

async fn receive(socket: UdpSocket, received: Arc<Received>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length) = socket.recv(&mut buffer).await {
        received.datagrams.fetch_add(1, Ordering::Relaxed);
        received.bytes.fetch_add(length as u64, Ordering::Relaxed);
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if let Ok(mut last) = received.last.lock() {
            *last = text;
        }
    }
}

/// Time on a CPU of all threads so far; 0 where the kernel does not tell.
fn cpu_ns(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// `RssAnon` of `/proc`, now; 0 where the kernel does not tell.
fn anonymous_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| {
        line.strip_prefix("RssAnon:")?
            .strip_suffix("kB")?
            .trim()
            .parse::<u64>()
            .ok()
    });
    kilobytes.unwrap_or_default() * 1024
}
