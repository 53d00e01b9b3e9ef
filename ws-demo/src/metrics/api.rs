//! Metrics of the API.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Label;

/// The metrics of the API.
pub(crate) struct ApiMetrics {
    requests: Family<[Label; 1], Counter>,
    errors: Family<[Label; 1], Counter>,
    disconnected: Counter,
}

/// A route of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiRoute {
    Publish,
    Disconnect,
    Rooms,
    Room,
    History,
}

impl ApiRoute {
    const ALL: [Self; 5] =
        [Self::Publish, Self::Disconnect, Self::Rooms, Self::Room, Self::History];

    fn label(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Disconnect => "disconnect",
            Self::Rooms => "rooms",
            Self::Room => "room",
            Self::History => "history",
        }
    }
}

/// The codes of errors.
const CODES: [&str; 8] = [
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "timeout",
    "too_large",
    "rate_limited",
];

impl ApiMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Family::<[Label; 1], Counter>::default();
        let errors = Family::<[Label; 1], Counter>::default();
        // All series exist from the start.
        for route in ApiRoute::ALL {
            drop(requests.get_or_create(&[("route", route.label())]));
        }
        for code in CODES {
            drop(errors.get_or_create(&[("code", code)]));
        }
        let disconnected = Counter::default();
        let about = "Requests to the API with a valid key";
        registry.register("api_requests", about, requests.clone());
        registry.register("api_errors", "Requests to the API that failed", errors.clone());
        let about = "Clients of this node that the API has disconnected";
        registry.register("api_disconnected", about, disconnected.clone());
        Self { requests, errors, disconnected }
    }

    /// A request with a valid key.
    pub(crate) fn request(&self, route: ApiRoute) {
        self.requests.get_or_create(&[("route", route.label())]).inc();
    }

    /// A request that fails with this code.
    pub(crate) fn fail(&self, code: &'static str) {
        self.errors.get_or_create(&[("code", code)]).inc();
    }

    /// This number of clients was disconnected.
    pub(crate) fn disconnect(&self, clients: usize) {
        self.disconnected.inc_by(clients as u64);
    }
}
