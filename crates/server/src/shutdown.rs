//! When to stop.

/// Ends when the process is told to stop: Ctrl-C, or SIGTERM on Unix. It listens from the call on and not only once it is
/// awaited, so that a stop right after the start is one too.
#[cfg(unix)]
pub fn signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let told = |kind| {
        let signal = signal(kind);
        async {
            match signal {
                Ok(mut signal) => _ = signal.recv().await,
                // Without the signal's handler only SIGKILL ends the server.
                Err(_) => std::future::pending().await,
            }
        }
    };
    let (interrupt, terminate) = (told(SignalKind::interrupt()), told(SignalKind::terminate()));
    async {
        tokio::select! { () = interrupt => {}, () = terminate => {} }
    }
}

/// Ends when the process is told to stop: Ctrl-C.
#[cfg(not(unix))]
pub async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
