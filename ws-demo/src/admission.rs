//! Limits on clients: their number, and their rate per address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::rate::{Bucket, Rate};
use crate::refused::Refused;

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Allowed {
    /// The number of WebSockets at a time.
    pub(crate) connections: usize,
    /// The same from one address, if there is a limit. An IPv6 address stands for its /64 network,
    /// which belongs to one customer.
    pub(crate) per_address: Option<usize>,
    /// The rate at which one address may open WebSockets, if there is a limit.
    pub(crate) rate: Option<Rate>,
}

/// Counts the clients.
pub(crate) struct Admission {
    allowed: Allowed,
    draining: AtomicBool,
    open: AtomicUsize,
    /// Of those that have ended since draining began.
    clean: AtomicUsize,
    cut: AtomicUsize,
    emptied: Notify,
    addresses: Mutex<Addresses>,
}

#[derive(Default)]
struct Addresses {
    known: HashMap<IpAddr, Address>,
    /// The number of known addresses at which those without any state are removed.
    sweep_at: usize,
}

struct Address {
    open: usize,
    bucket: Bucket,
}

impl Admission {
    pub(crate) fn new(allowed: Allowed) -> Self {
        Self {
            allowed,
            draining: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            clean: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
            emptied: Notify::new(),
            addresses: Mutex::default(),
        }
    }

    /// Admits a client, which counts until the result is dropped.
    ///
    /// # Errors
    ///
    /// The limit that is reached.
    pub(crate) fn admit(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Admitted, Refused> {
        if self.is_draining() {
            return Err(Refused::Draining);
        }
        let address = address.filter(|_| self.counts_addresses()).map(network);
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.allowed.connections {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused::Full);
        }
        let mut admitted =
            Admitted { admission: Arc::clone(self), address: None, end: End::NoClient };
        if let Some(address) = address {
            self.admit_from(address, now)?;
            admitted.address = Some(address);
        }
        Ok(admitted)
    }

    fn admit_from(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        let mut addresses = self.addresses();
        addresses.sweep(now);
        let known = addresses.known.entry(address);
        let known = known.or_insert_with(|| Address { open: 0, bucket: Bucket::new(now) });
        if self.allowed.per_address.is_some_and(|max| known.open >= max) {
            return Err(Refused::TooManyFromAddress);
        }
        if self.allowed.rate.is_some_and(|rate| !known.bucket.take(rate, now)) {
            return Err(Refused::ConnectRate);
        }
        known.open += 1;
        Ok(())
    }

    /// Admits no client from now on.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// The number of clients admitted and not gone.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Waits until no client is admitted; for use after [`drain`](Self::drain).
    pub(crate) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.open() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// The number of clients that have closed cleanly since draining began, and of those that were cut
    /// or are still connected.
    pub(crate) fn goodbyes(&self) -> (usize, usize) {
        let cut = self.cut.load(Ordering::SeqCst) + self.open();
        (self.clean.load(Ordering::SeqCst), cut)
    }

    fn counts_addresses(&self) -> bool {
        self.allowed.per_address.is_some() || self.allowed.rate.is_some()
    }

    /// A panic elsewhere leaves the counts valid.
    fn addresses(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Addresses {
    /// Removes addresses without connections whose bucket is full; rarely, so that its cost is spread
    /// over many calls.
    fn sweep(&mut self, now: Instant) {
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, address| address.open > 0 || !address.bucket.is_full(now));
            self.sweep_at = (2 * self.known.len()).max(1024);
        }
    }
}

/// A client that was admitted. It counts until this is dropped.
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
    end: End,
}

/// How a client is counted when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It has not become a WebSocket.
    NoClient,
    Cut,
    /// Both Close frames have passed.
    Clean,
}

impl Admitted {
    pub(crate) fn set_end(&mut self, end: End) {
        self.end = end;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(address) = self.address
            && let Some(known) = self.admission.addresses().known.get_mut(&address)
        {
            known.open -= 1;
        }
        let Admission { clean, cut, open, emptied, .. } = &*self.admission;
        if self.admission.is_draining() {
            match self.end {
                End::NoClient => {}
                End::Clean => drop(clean.fetch_add(1, Ordering::SeqCst)),
                End::Cut => drop(cut.fetch_add(1, Ordering::SeqCst)),
            }
        }
        if open.fetch_sub(1, Ordering::SeqCst) == 1 {
            emptied.notify_waiters();
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALLOWED: Allowed = Allowed { connections: 3, per_address: None, rate: None };

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    fn refused(result: Result<Admitted, Refused>) -> Option<Refused> {
        result.err()
    }

    #[test]
    fn a_number_at_a_time() {
        let now = Instant::now();
        let admission = Arc::new(Admission::new(ALLOWED));
        let mut inside: Vec<_> = (0..3).map(|_| admission.admit(None, now).ok()).collect();
        assert_eq!(refused(admission.admit(None, now)), Some(Refused::Full));
        assert_eq!(admission.open(), 3);
        inside.pop();
        assert_eq!(refused(admission.admit(None, now)), None);
        admission.drain();
        assert_eq!(refused(admission.admit(None, now)), Some(Refused::Draining));
        for (admitted, end) in inside.iter_mut().flatten().zip([End::Clean, End::Cut]) {
            admitted.set_end(end);
        }
        inside.truncate(1);
        assert_eq!((admission.open(), admission.goodbyes()), (1, (0, 2)));
        inside.clear();
        assert_eq!((admission.open(), admission.goodbyes()), (0, (1, 1)));
    }

    #[test]
    fn a_number_from_an_address() {
        let now = Instant::now();
        let admission = Arc::new(Admission::new(Allowed { per_address: Some(1), ..ALLOWED }));
        let first = admission.admit(address("2001:db8::1"), now);
        let second = admission.admit(address("2001:db8::ffff:1"), now);
        assert_eq!(refused(second), Some(Refused::TooManyFromAddress));
        assert_eq!(admission.open(), 1);
        assert_eq!(refused(admission.admit(address("2001:db8:0:1::1"), now)), None);
        drop(first);
        assert_eq!(refused(admission.admit(address("2001:db8::2"), now)), None);
    }

    #[test]
    fn a_rate_from_an_address() {
        let now = Instant::now();
        let admission = Arc::new(Admission::new(Allowed { rate: Rate::new(1, 2), ..ALLOWED }));
        let admit = |text, seconds| {
            refused(admission.admit(address(text), now + Duration::from_secs(seconds)))
        };
        assert_eq!(admit("192.0.2.1", 0), None);
        assert_eq!(admit("192.0.2.1", 0), None);
        assert_eq!(admit("192.0.2.1", 0), Some(Refused::ConnectRate));
        assert_eq!(admit("192.0.2.2", 0), None);
        assert_eq!(admit("192.0.2.1", 1), None);
    }

    #[test]
    fn addresses_are_forgotten() {
        let now = Instant::now();
        let admission = Arc::new(Admission::new(Allowed { rate: Rate::new(1000, 1), ..ALLOWED }));
        for number in 0..100_000 {
            let address = Some(IpAddr::V4(std::net::Ipv4Addr::from_bits(number)));
            let now = now + Duration::from_millis(u64::from(number));
            assert_eq!(refused(admission.admit(address, now)), None);
        }
        assert!(admission.addresses().known.len() <= 1024);
    }
}
