//! Connecting again, and when not to.

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

/// A client that connects again when it makes sense, after delays that grow (see [`Backoff`]): up to
/// 1 s before the second attempt, up to 2 s before the third, and never more than 60 s by default.
///
/// [`Verdict`] has the table of what makes sense; [`judge`](Self::judge) changes it. Messages are not
/// repeated: what was sent on a connection that has failed may have arrived or not.
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
#[must_use = "it connects nothing by itself"]
pub struct Reconnect {
    connector: Connector,
    uri: Uri,
    backoff: Backoff,
    max_attempts: Option<u32>,
    stable_after: Duration,
    max_retry_after: Duration,
    judge: Option<Box<Judge>>,
    /// What must pass before the next attempt.
    delay: Duration,
    /// When the latest connection was opened.
    opened: Option<Instant>,
}

impl Reconnect {
    /// Connects to this address by this connector.
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

    /// The delays between attempts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How many failures in a row are borne: the one after them is final. No limit by default.
    pub fn max_attempts(mut self, max_attempts: Option<u32>) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// How long a connection must have lasted for the delays to begin anew, so that a server which
    /// accepts and fails at once is not asked again and again. 30 s by default.
    pub fn stable_after(mut self, duration: Duration) -> Self {
        self.stable_after = duration;
        self
    }

    /// The longest wait that a server's `Retry-After` can ask for. 5 min by default.
    pub fn max_retry_after(mut self, duration: Duration) -> Self {
        self.max_retry_after = duration;
        self
    }

    /// Has the last word on each failure: it gets what happened and the verdict of the table.
    pub fn judge(
        mut self,
        judge: impl Fn(&Failure<'_>, Verdict) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// The connector of the following attempts, to change a header field such as a token.
    pub fn connector_mut(&mut self) -> &mut Connector {
        &mut self.connector
    }

    /// Connects: at once the first time, later after the delay that is due, and again as long as the
    /// failures are transient.
    ///
    /// # Errors
    ///
    /// The first failure that is final.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it ends the attempt; the next call begins with the same delay.
    pub async fn connect(&mut self) -> Result<(WebSocket<ClientStream>, Response), ConnectError> {
        if self.opened.is_some() {
            // Nobody has told how the last one ended; it is over, and that is all we know.
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

    /// Tells how the latest connection has ended, with the error of the call that found out, if there
    /// was one. The verdict says whether to [`connect`](Self::connect) again, which then waits.
    pub fn ended<S>(&mut self, socket: &WebSocket<S>, error: Option<&Error>) -> Verdict {
        self.note_end();
        let failure = Failure::Ended { closed: socket.closed(), error };
        self.weigh(&failure).unwrap_or(Verdict::Final)
    }

    /// Judges a failure, and draws the delay before the next attempt.
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
        // The jitter comes on top: those who were told the same time would come together.
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
