//! Who is connected, and how they reach each other. No socket is known here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use ws_tokio::{Close, Message};

use crate::id::ClientId;
use crate::outbox::Outbox;

/// All clients.
pub(crate) struct Hub {
    state: Mutex<State>,
}

struct State {
    clients: HashMap<ClientId, Arc<Outbox>>,
    ids: StdRng,
    /// How everybody is asked to leave, those who still come included.
    closing: Option<Close<'static>>,
}

/// A client that has joined.
pub(crate) struct Joined {
    pub(crate) id: ClientId,
    pub(crate) outbox: Arc<Outbox>,
    /// The number of clients, this one included.
    pub(crate) total: usize,
}

impl Hub {
    /// Nobody. The names of clients are drawn from `seed`.
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let state = State { clients: HashMap::new(), ids: StdRng::from_seed(seed), closing: None };
        Self { state: Mutex::new(state) }
    }

    /// Adds a client, with a name that nobody has.
    pub(crate) fn join(&self) -> Joined {
        let mut state = self.lock();
        let id = loop {
            let id = ClientId::new(state.ids.next_u32());
            if !state.clients.contains_key(&id) {
                break id;
            }
        };
        let outbox = Arc::new(Outbox::default());
        if let Some(close) = &state.closing {
            outbox.close(close);
        }
        state.clients.insert(id, Arc::clone(&outbox));
        Joined { id, outbox, total: state.clients.len() }
    }

    /// Removes a client; returns how many are left.
    pub(crate) fn leave(&self, id: ClientId) -> usize {
        let mut state = self.lock();
        state.clients.remove(&id);
        state.clients.len()
    }

    /// Hands a message to everybody but its sender.
    ///
    /// Nothing in here waits for a client, so the lock is short; and since it is held, all see
    /// broadcasts in the same order.
    pub(crate) fn broadcast(&self, from: ClientId, message: &Message) {
        for (id, outbox) in &self.lock().clients {
            if *id != from {
                outbox.push(message.clone());
            }
        }
    }

    /// Asks everybody to leave, now and from now on; returns how many are there.
    pub(crate) fn close(&self, close: Close<'static>) -> usize {
        let mut state = self.lock();
        for outbox in state.clients.values() {
            outbox.close(&close);
        }
        state.closing = Some(close);
        state.clients.len()
    }

    /// How many clients there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().clients.len()
    }

    /// A panic elsewhere leaves the state valid.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ws_tokio::CloseCode;

    use super::*;
    use crate::outbox::{CAPACITY, End, Next};

    fn waiting(client: &Joined) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(Next::Send(message)) = client.outbox.next() {
            texts.push(message.as_text().unwrap_or_default().to_owned());
        }
        texts
    }

    #[test]
    fn clients_are_counted_and_have_names_of_their_own() {
        let hub = Hub::new([1; 32]);
        let joined: Vec<_> = (0..1000).map(|_| hub.join()).collect();
        let totals: Vec<_> = joined.iter().map(|client| client.total).collect();
        assert_eq!(totals, (1..=1000).collect::<Vec<_>>());
        let ids: HashSet<_> = joined.iter().map(|client| client.id).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.to_string().len() == 8));

        assert_eq!(hub.leave(joined[0].id), 999);
        assert_eq!(hub.leave(joined[0].id), 999);
        assert_eq!(hub.len(), 999);
    }

    #[test]
    fn a_broadcast_reaches_everybody_else() {
        let hub = Hub::new([2; 32]);
        let (alice, bob, carol) = (hub.join(), hub.join(), hub.join());
        hub.broadcast(alice.id, &"one".into());
        hub.broadcast(bob.id, &"two".into());
        hub.leave(carol.id);
        hub.broadcast(alice.id, &"three".into());
        assert_eq!(waiting(&alice), ["two"]);
        assert_eq!(waiting(&bob), ["one", "three"]);
        assert_eq!(waiting(&carol), ["one", "two"]);
    }

    #[test]
    fn a_broadcast_is_kept_once() {
        let hub = Hub::new([3; 32]);
        let (alice, bob, carol) = (hub.join(), hub.join(), hub.join());
        hub.broadcast(alice.id, &Message::text("x".repeat(100)));
        let address = |client: &Joined| match client.outbox.next() {
            Some(Next::Send(message)) => message.as_bytes().as_ptr(),
            other => panic!("{other:?}"),
        };
        assert_eq!(address(&bob), address(&carol));
    }

    #[test]
    fn only_the_slow_one_is_given_up() {
        let hub = Hub::new([4; 32]);
        let (alice, slow, quick) = (hub.join(), hub.join(), hub.join());
        let message = Message::text("x".repeat(CAPACITY / 4));
        for _ in 0..4 {
            hub.broadcast(alice.id, &message);
            assert_eq!(waiting(&quick).len(), 1);
        }
        assert_eq!(slow.outbox.next(), Some(Next::End(End::TooSlow)));
        hub.broadcast(slow.id, &message);
        assert_eq!(waiting(&quick).len(), 1);
        assert_eq!(waiting(&alice).len(), 1);
    }

    #[test]
    fn everybody_is_asked_to_leave_even_who_comes_late() {
        let hub = Hub::new([5; 32]);
        let alice = hub.join();
        let away = Close::new(CloseCode::GOING_AWAY, "bye");
        assert_eq!(hub.close(away.clone()), 1);
        for client in [alice, hub.join()] {
            assert_eq!(client.outbox.next(), Some(Next::End(End::Close(away.clone()))));
        }
    }
}
