//! Metrics of the history of rooms.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Label;

/// The metrics of histories.
pub(crate) struct History {
    recoveries: Family<[Label; 1], Counter>,
    bytes: Gauge,
}

impl History {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (recoveries, bytes) = (Family::<[Label; 1], Counter>::default(), Gauge::default());
        for recovered in [true, false] {
            // The series exists from the start.
            drop(recoveries.get_or_create(&[("result", label(recovered))]));
        }
        let about = "Clients that joined a room again with a position in its history";
        registry.register("recoveries", about, recoveries.clone());
        let about = "Messages in the histories of rooms";
        registry.register_with_unit("history", about, Unit::Bytes, bytes.clone());
        Self { recoveries, bytes }
    }

    /// A client asked for what it has missed.
    pub(crate) fn recover(&self, recovered: bool) {
        self.recoveries.get_or_create(&[("result", label(recovered))]).inc();
    }

    pub(super) fn set_bytes(&self, bytes: usize) {
        self.bytes.set(bytes as i64);
    }
}

fn label(recovered: bool) -> &'static str {
    if recovered { "recovered" } else { "lost" }
}
