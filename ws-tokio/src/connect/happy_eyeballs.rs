//! Happy Eyeballs: connects to the first of several addresses that answers (RFC 8305).

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// No address accepted the connection.
#[derive(Debug)]
pub struct Unreachable {
    attempts: Vec<(SocketAddr, io::Error)>,
}

impl Unreachable {
    /// Returns the error of each attempt, in the order of failure.
    pub fn attempts(&self) -> &[(SocketAddr, io::Error)] {
        &self.attempts
    }

    /// Whether each attempt has timed out.
    pub(super) fn is_timeout(&self) -> bool {
        let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        !self.attempts.is_empty() && self.attempts.iter().all(|(_, error)| timed_out(error))
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect")?;
        for (number, (address, error)) in self.attempts.iter().enumerate() {
            write!(f, "{} {address}: {error}", if number == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.attempts.last().and_then(|(_, error)| error.source())
    }
}

/// Tries the addresses in order, the next one when the previous one has failed or `delay` has passed,
/// and returns the first success; the other attempts are dropped (RFC 8305 §5).
pub(super) async fn race<S, F>(
    addresses: Vec<SocketAddr>,
    delay: Duration,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<S, Unreachable>
where
    F: Future<Output = io::Result<S>>,
{
    let mut waiting = interleaved(addresses).into_iter();
    let mut running: Vec<(SocketAddr, Pin<Box<F>>)> = Vec::new();
    let mut failed = Vec::new();
    let mut pause = pin!(sleep_until(Instant::now()));
    poll_fn(|cx| {
        loop {
            let failures = failed.len();
            let mut index = 0;
            while let Some((address, attempt)) = running.get_mut(index) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        failed.push((*address, error));
                        drop(running.remove(index));
                    }
                    Poll::Pending => index += 1,
                }
            }
            let has_failed = failed.len() > failures;
            if !running.is_empty() && !has_failed && pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            match waiting.next() {
                Some(address) => {
                    running.push((address, Box::pin(attempt(address))));
                    pause.as_mut().reset(Instant::now() + delay);
                }
                None if running.is_empty() => {
                    return Poll::Ready(Err(Unreachable { attempts: mem::take(&mut failed) }));
                }
                None => return Poll::Pending,
            }
        }
    })
    .await
}

/// Returns the addresses in their order, with alternating families (RFC 8305 §4).
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let v6_first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let count = addresses.len();
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == v6_first);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut mixed = Vec::with_capacity(count);
    while mixed.len() < count {
        mixed.extend(first.next());
        mixed.extend(second.next());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::pending;
    use std::io::ErrorKind;

    use tokio::time::sleep;

    use super::*;

    const DELAY: Duration = Duration::from_millis(250);

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    fn numbered(count: u8) -> Vec<SocketAddr> {
        (1..=count).map(|last| SocketAddr::from(([192, 0, 2, last], 80))).collect()
    }

    /// The outcome of an attempt.
    #[derive(Clone, Copy)]
    enum Does {
        Hang,
        Refuse(u64),
        Accept(u64),
    }

    /// Races addresses with these outcomes and delays in milliseconds; returns the winner, the time, and
    /// the start of each attempt, in milliseconds.
    async fn run(does: &[Does]) -> (Result<u8, Unreachable>, u128, Vec<u128>) {
        let start = Instant::now();
        let begun = RefCell::new(Vec::new());
        let won = race(numbered(does.len() as u8), DELAY, async |address: SocketAddr| {
            begun.borrow_mut().push(start.elapsed().as_millis());
            let SocketAddr::V4(address) = address else { panic!("{address}") };
            let number = address.ip().octets()[3];
            match does[usize::from(number) - 1] {
                Does::Hang => pending().await,
                Does::Refuse(after) => {
                    sleep(Duration::from_millis(after)).await;
                    Err(ErrorKind::ConnectionRefused.into())
                }
                Does::Accept(after) => {
                    sleep(Duration::from_millis(after)).await;
                    Ok(number)
                }
            }
        })
        .await;
        (won, start.elapsed().as_millis(), begun.into_inner())
    }

    #[test]
    fn families_take_turns() {
        for (given, expected) in [
            (&[][..], &[][..]),
            (&["1.0.0.1:1"], &["1.0.0.1:1"]),
            (
                &["[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1"],
                &["[::1]:1", "1.0.0.1:1", "[::2]:1", "[::3]:1"],
            ),
            (
                &["1.0.0.1:1", "1.0.0.2:1", "[::1]:1", "[::2]:1"],
                &["1.0.0.1:1", "[::1]:1", "1.0.0.2:1", "[::2]:1"],
            ),
        ] {
            assert_eq!(interleaved(addresses(given)), addresses(expected));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn behind_an_address_that_hangs_the_second_is_there_within_300_ms() {
        let (won, time, begun) = run(&[Does::Hang, Does::Accept(20)]).await;
        assert_eq!(won.expect("a connection"), 2);
        assert_eq!((time, begun), (270, vec![0, 250]));
    }

    #[tokio::test(start_paused = true)]
    async fn behind_one_that_fails_the_next_is_tried_at_once() {
        let (won, time, begun) = run(&[Does::Refuse(5), Does::Refuse(5), Does::Accept(5)]).await;
        assert_eq!(won.expect("a connection"), 3);
        assert_eq!((time, begun), (15, vec![0, 5, 10]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_one_may_still_win() {
        let (won, time, begun) = run(&[Does::Accept(300), Does::Accept(100)]).await;
        assert_eq!(won.expect("a connection"), 1);
        assert_eq!((time, begun), (300, vec![0, 250]));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_soon_is_the_only_one() {
        let (won, time, begun) = run(&[Does::Accept(249), Does::Accept(0)]).await;
        assert_eq!(won.expect("a connection"), 1);
        assert_eq!((time, begun), (249, vec![0]));
    }

    #[tokio::test(start_paused = true)]
    async fn all_failures_are_in_the_error() {
        let (won, time, _) = run(&[Does::Refuse(400), Does::Refuse(10)]).await;
        let failures = won.expect_err("no connection");
        assert_eq!(time, 400);
        let order: Vec<_> = failures.attempts().iter().map(|(address, _)| *address).collect();
        assert_eq!(order, addresses(&["192.0.2.2:80", "192.0.2.1:80"]));
        let text = failures.to_string();
        assert_eq!(
            text,
            "cannot connect: 192.0.2.2:80: connection refused; 192.0.2.1:80: connection refused"
        );
    }
}
