//! Reconnecting.

mod backoff;
mod retry_after;
mod verdict;

use std::fmt;
use std::io;
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::time::{Instant, sleep};
use ws_futures::Error;
use ws_futures::client::{ClientRequest, Response, Uri};

use crate::{ClientStream, ConnectError, Connector, WebSocket};

pub use backoff::Backoff;
pub use retry_after::retry_after;
pub use verdict::{Failure, Verdict};

const STABLE_AFTER: Duration = Duration::from_secs(30);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

type Judge = dyn Fn(&Failure<'_>, Verdict) -> Verdict + Send + Sync;

/// A client that reconnects after transient failures, after increasing delays (see [`Backoff`]): up to
/// 1 s before the second attempt, up to 2 s before the third, and at most 60 s by default.
///
/// [`Verdict`] has the table of transient failures; [`judge`](Self::judge) overrides it. Messages are not
/// sent again: messages sent on a failed connection may or may not have arrived.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ws_tokio::{Connector, Reconnect};
///
/// let mut reconnect = Reconnect::new(Connector::new(), "ws://127.0.0.1:9001/".parse()?);
/// loop {
///     let (mut socket, _response) = reconnect.connect().await?;
///     let error = loop {
///         match socket.recv().await {
///             Ok(Some(message)) => println!("{message:?}"),
///             Ok(None) => break None,
///             Err(error) => break Some(error),
///         }
///     };
///     if reconnect.ended(&socket, error.as_ref()).is_final() {
///         break;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a client does nothing until `connect` is called"]
pub struct Reconnect {
    connector: Connector,
    uri: Uri,
    backoff: Backoff,
    max_attempts: Option<u32>,
    stable_after: Duration,
    max_retry_after: Duration,
    judge: Option<Box<Judge>>,
    /// The delay before the next attempt.
    delay: Duration,
    /// The time at which the latest connection was opened.
    opened: Option<Instant>,
}

impl Reconnect {
    /// Connects to this URI with this connector.
    pub fn new(connector: Connector, uri: Uri) -> Self {
        Self {
            connector,
            uri,
            backoff: Backoff::default(),
            max_attempts: None,
            stable_after: STABLE_AFTER,
            max_retry_after: MAX_RETRY_AFTER,
            judge: None,
            delay: Duration::ZERO,
            opened: None,
        }
    }

    /// Sets the delays between attempts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets the maximum number of consecutive transient failures: the next one is final. No limit by default.
    pub fn max_attempts(mut self, max_attempts: Option<u32>) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// Sets how long a connection must have lasted to reset the delays, so that the client does not
    /// reconnect in a tight loop to a server that accepts and fails at once. 30 s by default.
    pub fn stable_after(mut self, duration: Duration) -> Self {
        self.stable_after = duration;
        self
    }

    /// Sets the maximum delay that a server's `Retry-After` can request. 5 min by default.
    pub fn max_retry_after(mut self, duration: Duration) -> Self {
        self.max_retry_after = duration;
        self
    }

    /// Sets a function that decides on each failure, given the failure and the verdict of the table.
    pub fn judge(
        mut self,
        judge: impl Fn(&Failure<'_>, Verdict) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// Returns the connector of subsequent attempts, to change a header field such as a token.
    pub fn connector_mut(&mut self) -> &mut Connector {
        &mut self.connector
    }

    /// Connects: the first time at once, later after the current delay, and again as long as the
    /// failures are transient.
    ///
    /// # Errors
    ///
    /// The first failure that is final.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt; the next call begins with the same delay.
    pub async fn connect(&mut self) -> Result<(WebSocket<ClientStream>, Response), ConnectError> {
        if self.opened.is_some() {
            // The end of the last connection was not reported: the reason is unknown.
            self.note_end();
            self.draw_delay(None)?;
        }
        loop {
            sleep(self.delay).await;
            let request = ClientRequest::for_uri(&self.uri);
            match self.connector.connect_with(&self.uri, request).await {
                Ok(open) => {
                    self.opened = Some(Instant::now());
                    return Ok(open);
                }
                Err(error) => {
                    if self.weigh(&Failure::Connect(&error))?.is_final() {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Reports how the latest connection ended, with the error of the call that returned it, if any.
    /// Returns whether to [`connect`](Self::connect) again, which then waits for the delay.
    pub fn ended<S>(&mut self, socket: &WebSocket<S>, error: Option<&Error>) -> Verdict {
        self.note_end();
        let failure = Failure::Ended { closed: socket.closed(), error };
        self.weigh(&failure).unwrap_or(Verdict::Final)
    }

    /// Decides on a failure, and draws the delay before the next attempt.
    fn weigh(&mut self, failure: &Failure<'_>) -> io::Result<Verdict> {
        let verdict = failure.verdict();
        let verdict = self.judge.as_ref().map_or(verdict, |judge| judge(failure, verdict));
        let Verdict::Transient { retry_after } = verdict else { return Ok(Verdict::Final) };
        if self.max_attempts.is_some_and(|most| self.backoff.attempts() >= most) {
            return Ok(Verdict::Final);
        }
        self.draw_delay(retry_after)?;
        Ok(verdict)
    }

    fn draw_delay(&mut self, retry_after: Option<Duration>) -> io::Result<()> {
        let random = SysRng.try_next_u64().map_err(io::Error::other)?;
        let asked_for = retry_after.unwrap_or_default().min(self.max_retry_after);
        // The jitter is added: clients with the same `Retry-After` would reconnect together.
        self.delay = asked_for.saturating_add(self.backoff.next_delay(random));
        Ok(())
    }

    fn note_end(&mut self) {
        if self.opened.take().is_some_and(|opened| opened.elapsed() >= self.stable_after) {
            self.backoff.reset();
        }
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnect")
            .field("uri", &self.uri)
            .field("backoff", &self.backoff)
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ws_futures::proto::ErrorKind;

    use super::*;

    fn reconnect() -> Reconnect {
        Reconnect::new(Connector::new(), "ws://localhost/".parse().expect("an address"))
    }

    fn lost() -> Error {
        Error::Protocol(ErrorKind::UnexpectedEof.into())
    }

    fn fail(reconnect: &mut Reconnect) -> Verdict {
        let failure = Failure::Ended { closed: None, error: Some(&lost()) };
        reconnect.weigh(&failure).expect("randomness")
    }

    #[test]
    fn delays_grow_up_to_their_limit() {
        let mut reconnect = reconnect();
        assert_eq!(reconnect.delay, Duration::ZERO);
        let mut delays = Vec::new();
        for ceiling in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(!fail(&mut reconnect).is_final());
            assert!(reconnect.delay <= Duration::from_secs(ceiling), "{:?}", reconnect.delay);
            delays.push(reconnect.delay);
        }
        delays.dedup();
        assert_eq!(delays.len(), 8, "drawn at random");
    }

    #[test]
    fn a_wish_of_the_server_is_bounded() {
        for (asked_for, least) in [(20, 20), (1_000_000, 300)] {
            let asked_for = Some(Duration::from_secs(asked_for));
            let mut reconnect =
                reconnect().judge(move |_, _| Verdict::Transient { retry_after: asked_for });
            fail(&mut reconnect);
            let least = Duration::from_secs(least);
            let range = least..=least + Duration::from_secs(1);
            assert!(range.contains(&reconnect.delay), "{:?}", reconnect.delay);
        }
    }

    #[test]
    fn attempts_are_counted() {
        let mut reconnect = reconnect().max_attempts(Some(2));
        let verdicts = [(); 3].map(|()| fail(&mut reconnect).is_final());
        assert_eq!(verdicts, [false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_connection_that_lasted_begins_anew() {
        for (lasted, attempts) in [(29, 3), (30, 0)] {
            let mut reconnect = reconnect();
            assert_eq!([(); 3].map(|()| fail(&mut reconnect)), [Verdict::TRANSIENT; 3]);
            reconnect.opened = Some(Instant::now());
            tokio::time::advance(Duration::from_secs(lasted)).await;
            reconnect.note_end();
            assert_eq!(reconnect.backoff.attempts(), attempts, "{lasted} s");
        }
    }
}
