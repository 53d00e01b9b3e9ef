//! Counting what a client sends and gets.

use ws_tokio::Batch;
use ws_tokio::proto::Payload;

use crate::metrics::{Flow, Metrics, Traffic};

/// Counts locally what belongs together, and adds it up once.
pub(super) struct Tally<'m> {
    metrics: &'m Metrics,
    received: Counts,
    sent: Counts,
}

#[derive(Default)]
struct Counts {
    text: Count,
    binary: Count,
}

/// Messages of a kind and direction.
#[derive(Default)]
struct Count {
    messages: u64,
    bytes: u64,
}

impl<'m> Tally<'m> {
    pub(super) fn new(metrics: &'m Metrics) -> Self {
        Self { metrics, received: Counts::default(), sent: Counts::default() }
    }

    pub(super) fn text_received(&mut self, len: usize) {
        self.received.text.add(len);
    }

    pub(super) fn binary_received(&mut self, len: usize) {
        self.received.binary.add(len);
    }

    pub(super) fn text_sent(&mut self, len: usize) {
        self.sent.text.add(len);
    }

    /// Sends a message. It fails only while the connection is closing, when it is not needed.
    pub(super) fn send(&mut self, batch: &mut Batch<'_>, message: Payload<'static>) {
        let (count, len) = match &message {
            Payload::Text(text) => (&mut self.sent.text, text.len()),
            Payload::Binary(data) => (&mut self.sent.binary, data.len()),
        };
        if batch.send(message).is_ok() {
            count.add(len);
        }
    }
}

impl Count {
    fn add(&mut self, len: usize) {
        self.messages += 1;
        self.bytes += len as u64;
    }

    fn add_to(&self, flow: &Flow) {
        flow.add(self.messages, self.bytes);
    }
}

impl Counts {
    fn add_to(&self, traffic: &Traffic) {
        self.text.add_to(&traffic.text);
        self.binary.add_to(&traffic.binary);
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        self.received.add_to(&self.metrics.received);
        self.sent.add_to(&self.metrics.sent);
    }
}
