//! The child process: started, stopped, frozen, and always reaped.
//!
//! One task owns the child. Only it reaps, so a process id is never used after the kernel may have given it to
//! somebody else. The child is a process group of its own: what it starts dies with it, and a Ctrl-C in the terminal
//! reaches the platform, which stops functions in order, and not the functions themselves.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::OnceLock;
use std::sync::mpsc as blocking;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this status.
    Status(i32),
    /// This signal ended it.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    /// As Lambda words it: `exit status 1`, `signal: killed`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(9) => f.write_str("signal: killed"),
            Self::Signal(11) => f.write_str("signal: segmentation fault"),
            Self::Signal(6) => f.write_str("signal: aborted"),
            Self::Signal(number) => write!(f, "signal: {number}"),
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Status(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

/// Handle of the task that owns the child. Dropping the last handle kills the process.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    signals: mpsc::UnboundedSender<Signal>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Process {
    pub(crate) fn watch(mut child: Child) -> io::Result<Self> {
        let pid = child
            .id()
            .ok_or_else(|| io::Error::other("the process ended while it was started"))?;
        let (signals, orders) = mpsc::unbounded_channel();
        let (ended, exit) = watch::channel(None);
        tokio::spawn(async move {
            let status = ward(&mut child, pid, orders).await;
            // Nobody is left to be told when every handle is gone: the process is reaped all the same.
            let _ = ended.send(Some(status.map_or(Exit::Signal(0), Exit::from)));
        });
        Ok(Self { pid, signals, exit })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // The task is gone only when the process is.
        let _ = self.signals.send(signal);
    }

    pub(crate) fn ended(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits until the process is reaped.
    pub(crate) async fn exited(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or(Exit::Signal(0)),
            Err(_) => Exit::Signal(0),
        }
    }
}

async fn ward(
    child: &mut Child,
    pid: u32,
    mut orders: mpsc::UnboundedReceiver<Signal>,
) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            order = orders.recv() => {
                let abandoned = order.is_none();
                send(pid, order.unwrap_or(Signal::KILL));
                if abandoned {
                    return child.wait().await;
                }
            }
        }
    }
}

fn send(pid: u32, signal: Signal) {
    if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // The group is gone when the process ended on its own a moment ago: `wait` reports it.
        let _ = kill_process_group(group, signal);
    }
}

type Start = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// Starts a command whose process dies when this process dies, however it dies.
///
/// The kernel sends the parent-death signal when the *thread* that forked ends, and a thread of an async runtime may
/// end early. So one thread that lives as long as the program starts them all.
pub(crate) async fn start(mut command: Command) -> io::Result<Child> {
    static STARTER: OnceLock<Option<blocking::Sender<Start>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, receiver) = blocking::channel::<Start>();
        let thread = std::thread::Builder::new()
            .name("environment-starter".to_owned())
            .spawn(move || {
                for (mut command, runtime, reply) in receiver {
                    let _entered = runtime.enter();
                    // The caller may have given up; the child is then killed when it is dropped.
                    let _ = reply.send(command.spawn());
                }
            });
        thread.ok().map(|_| sender)
    });
    die_with_parent(&mut command);
    command.kill_on_drop(true).process_group(0);
    let (reply, started) = oneshot::channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    let starter = starter.as_ref().ok_or_else(gone)?;
    starter
        .send((command, Handle::current(), reply))
        .map_err(|_| gone())?;
    started.await.map_err(|_| gone())?
}

/// The one place with unsafe code. A watcher process or a pipe to the child would be safe code but needs the child's
/// help, which a function that hangs or is frozen cannot give; `setpriv --pdeathsig` is not on every machine.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "pre_exec is unsafe; the hook makes two system calls and allocates nothing"
)]
fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    let hook = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died between fork and the line above.
        if rustix::process::getppid() == Some(parent) {
            Ok(())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    };
    // SAFETY: between fork and exec only async-signal-safe system calls run (prctl, getppid); no allocation, no lock.
    unsafe {
        command.pre_exec(hook);
    }
}

/// Elsewhere a function ends when its Runtime API is gone, which an idle runtime notices at once.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
