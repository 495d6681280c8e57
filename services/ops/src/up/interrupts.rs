//! Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly stop, the second ends the program at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::console;
use crate::exit::Exit;

/// Tells whether a stop was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Interrupts {
    asked: watch::Receiver<bool>,
}

impl Interrupts {
    /// Starts to listen; from now on signals no longer end the program by themselves.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let signals = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let [interrupt, terminate, hangup] = signals.map(signal);
        let (send, asked) = watch::channel(false);
        tokio::spawn(relay([interrupt?, terminate?, hangup?], send));
        Ok(Self { asked })
    }

    /// Waits until a stop is asked for.
    pub(crate) async fn asked(&self) {
        let mut asked = self.asked.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // The listening task is gone, so nobody can ask.
            std::future::pending::<()>().await;
        }
    }
}

async fn relay(signals: [Signal; 3], send: watch::Sender<bool>) {
    let [mut interrupt, mut terminate, mut hangup] = signals;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            // A closed terminal sends it once or twice; it never forces.
            _ = hangup.recv() => { send.send_replace(true); continue; }
        }
        if send.send_replace(true) {
            console::error("stopped at once; the emulator's last state is not saved\n");
            // The emulator and the functions end by themselves when their input closes.
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        console::error("\nstopping ... (once more to stop at once)\n");
    }
}
