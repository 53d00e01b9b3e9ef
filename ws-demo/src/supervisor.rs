//! What systemd, or another service manager, is notified of (`sd_notify`).

/// A state of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It accepts connections.
    Ready,
    /// It is shutting down.
    Stopping,
}

/// Notifies the service manager that started this process, if `NOTIFY_SOCKET` names one.
pub(crate) fn notify(state: State) {
    #[cfg(unix)]
    {
        let state = match state {
            State::Ready => sd_notify::NotifyState::Ready,
            State::Stopping => sd_notify::NotifyState::Stopping,
        };
        if let Err(error) = sd_notify::notify(&[state]) {
            tracing::warn!("[ws] cannot notify the service manager: {error}");
        }
    }
    #[cfg(not(unix))]
    let _ = state;
}
