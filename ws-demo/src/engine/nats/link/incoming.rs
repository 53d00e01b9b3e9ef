//! Messages of other nodes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Message;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::{Session, Source};
use crate::disconnect::Disconnect;
use crate::engine::nats::envelope::{HEADER, Header, Kind, NodeId};
use crate::engine::nats::lock;
use crate::engine::nats::members;
use crate::engine::nats::report::Part;
use crate::id::ClientId;
use crate::presence::RemoteChange;

/// How long it is remembered what a silent node sent last: it may only have been cut off, and then
/// what it sent meanwhile is missing.
const MEMORY: Duration = Duration::from_secs(600);

/// The number of deliveries after which clients have their turn.
const DELIVERIES: usize = 32;

impl Session {
    /// Delivers messages, those of each node in the order in which they were sent.
    pub(super) async fn receive(&mut self, batch: Vec<(Source, Message)>) {
        let mut envelopes = Vec::with_capacity(batch.len());
        for (source, message) in batch {
            match Header::split(&message.payload) {
                Ok((header, _)) if header.node == self.node => {}
                Ok((header, _)) => envelopes.push((source, header, message.payload)),
                Err(error) => self.refuse(&error),
            }
        }
        envelopes.sort_by_key(|(_, header, _)| (header.node, header.sequence));
        for (count, (source, header, payload)) in envelopes.into_iter().enumerate() {
            if lock(&self.shared.nodes).seen(header.node, Instant::now()) {
                // It knows nothing of this one yet.
                self.pulse.change();
            }
            let body = &payload[HEADER..];
            match (header.kind, source) {
                (Kind::Broadcast | Kind::ServerBroadcast, source) => {
                    self.deliver(&source, &header, body);
                }
                (Kind::Disconnect, Source::Nodes) => self.disconnect(body),
                (Kind::Disconnect, _) => self.refuse(&"it is for nodes"),
                (Kind::Presence, _) => match Part::parse(body) {
                    Some(part) => self.read_report(header.node, part),
                    None => self.refuse(&"it is no report"),
                },
                (Kind::Members, _) => match members::Part::parse(body) {
                    Some(part) => {
                        let changes = lock(&self.shared.nodes).list(header.node, part);
                        self.announce(&changes);
                    }
                    None => self.refuse(&"it is no list of members"),
                },
                (Kind::Bye, _) => {
                    let exited = lock(&self.shared.nodes).remove(header.node);
                    self.forget(header.node);
                    self.announce(&exited);
                }
            }
            if (count + 1) % DELIVERIES == 0 {
                yield_now().await;
            }
        }
    }

    fn announce(&self, changes: &[RemoteChange]) {
        changes.iter().for_each(|change| self.broadcasts.announce(change));
    }

    fn deliver(&mut self, source: &Source, header: &Header, body: &[u8]) {
        let (subject, room) = match source {
            Source::All => (self.all.as_mut(), None),
            Source::Room(room) => (self.rooms.get_mut(room), Some(room)),
            Source::Nodes => return self.refuse(&"it is no broadcast"),
        };
        let Some(subject) = subject else { return };
        let missing = subject.gaps.follow(header.node, header.index);
        self.shared.gaps.fetch_add(missing, Ordering::Relaxed);
        let Ok(message) = str::from_utf8(body) else { return self.refuse(&"it is no text") };
        self.shared.received.fetch_add(1, Ordering::Relaxed);
        match header.kind {
            Kind::ServerBroadcast => {
                let except = Some(header.sender).filter(|client| *client != ClientId::NONE);
                self.broadcasts.deliver_from_server(except, room, message);
            }
            _ => self.broadcasts.deliver(header.sender, room, message),
        }
    }

    fn disconnect(&mut self, body: &[u8]) {
        match Disconnect::parse(body) {
            Ok(request) => {
                let closed = request.apply(self.broadcasts.hub());
                if closed > 0 {
                    tracing::info!("[ws] API of another node: {closed} clients disconnected");
                }
                self.broadcasts.count_disconnected(closed);
            }
            Err(error) => self.refuse(&error),
        }
    }

    fn read_report(&mut self, node: NodeId, part: Part) {
        let mut missing = 0;
        if let Some(subject) = &mut self.all {
            missing += subject.gaps.catch_up(node, part.sent);
        }
        for room in &part.rooms {
            if let Some(subject) = self.rooms.get_mut(&room.name) {
                missing += subject.gaps.catch_up(node, room.sent);
            }
        }
        self.shared.gaps.fetch_add(missing, Ordering::Relaxed);
        lock(&self.shared.nodes).report(node, part);
    }

    /// A message arrived that no node of this version sends.
    fn refuse(&mut self, why: &dyn std::fmt::Display) {
        if !std::mem::replace(&mut self.was_malformed, true) {
            tracing::warn!("[ws] engine: ignoring malformed NATS message: {why}");
        }
    }

    pub(super) fn expire(&mut self, now: Instant) {
        let (expired, exited) = lock(&self.shared.nodes).expire(now);
        self.announce(&exited);
        self.silent.extend(expired.into_iter().map(|node| (node, now)));
        while let Some((node, since)) = self.silent.front().copied()
            && since + MEMORY <= now
        {
            self.silent.pop_front();
            if !lock(&self.shared.nodes).contains(node) {
                self.forget(node);
            }
        }
    }

    fn forget(&mut self, node: NodeId) {
        for subject in self.all.iter_mut().chain(self.rooms.values_mut()) {
            subject.gaps.forget(node);
        }
    }
}
