//! The metrics of the server, for Prometheus.
//!
//! No label contains anything that a client chose, so the number of series is bounded, and with it the
//! memory of the server and of Prometheus.

mod access;
mod api;
mod exposition;
mod history;
mod process;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use ws_tokio::CloseCode;

use crate::engine::status::Status;
use crate::refused::Refused;
use access::Access;
use api::ApiMetrics;
use history::History;
use process::ProcessCollector;
use ws_hub::Published;

pub(crate) use api::ApiRoute;
pub(crate) use exposition::Format;

type Label = (&'static str, &'static str);

/// All metrics.
pub(crate) struct Metrics {
    registry: Registry,
    started: Instant,
    accepted: Counter,
    refused: Family<[Label; 1], Counter>,
    disconnected: Family<[Label; 1], Counter>,
    pub(crate) received: Traffic,
    pub(crate) sent: Traffic,
    broadcast_time: Histogram,
    rtt: Histogram,
    slow: Family<[Label; 1], Counter>,
    missed: Counter,
    rate_limited: Counter,
    pub(crate) access: Access,
    pub(crate) api: ApiMetrics,
    clients: Gauge,
    connections: Gauge,
    rooms: Gauge,
    queued: Gauge,
    nodes: Gauge,
    engine_up: Gauge,
    log_dropped: Counter,
    pub(crate) history: History,
    engine: EngineCounters,
}

/// Current values that are not counted here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Now {
    /// The clients of all nodes.
    pub(crate) clients: usize,
    pub(crate) clients_here: usize,
    /// The WebSockets that are open, clients or not.
    pub(crate) connections: usize,
    pub(crate) rooms_here: usize,
    pub(crate) queued_bytes: usize,
    pub(crate) history_bytes: usize,
    pub(crate) log_lines_lost: u64,
    pub(crate) engine: Status,
}

/// One direction, by the kind of message.
pub(crate) struct Traffic {
    pub(crate) text: Flow,
    pub(crate) binary: Flow,
}

/// Messages, and the bytes of their payloads.
#[derive(Clone)]
pub(crate) struct Flow {
    messages: Counter,
    bytes: Counter,
}

impl Flow {
    pub(crate) fn add(&self, messages: u64, bytes: u64) {
        if messages > 0 {
            self.messages.inc_by(messages);
            self.bytes.inc_by(bytes);
        }
    }
}

impl Traffic {
    fn messages(&self) -> u64 {
        self.text.messages.get() + self.binary.messages.get()
    }

    fn bytes(&self) -> u64 {
        self.text.bytes.get() + self.binary.bytes.get()
    }
}

/// Kept by the engine, shown here.
#[derive(Default)]
struct EngineCounters {
    published: Counter,
    received: Counter,
    dropped: Counter,
    gaps: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut all = Registry::default();
        let registry = all.sub_registry_with_prefix("ws");
        let messages = Family::<[Label; 2], Counter>::default();
        let bytes = Family::<[Label; 2], Counter>::default();
        let flow = |direction, kind| {
            let labels = [("direction", direction), ("kind", kind)];
            Flow {
                messages: messages.get_or_create(&labels).clone(),
                bytes: bytes.get_or_create(&labels).clone(),
            }
        };
        let traffic = |direction| Traffic {
            text: flow(direction, "text"),
            binary: flow(direction, "binary"),
        };
        let (received, sent) = (traffic("in"), traffic("out"));
        registry.register("messages", "Messages", messages);
        registry.register_with_unit("payload", "Payloads of messages", Unit::Bytes, bytes);

        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);
        let metrics = Self {
            registry: Registry::default(),
            started: Instant::now(),
            accepted: Counter::default(),
            refused: Family::default(),
            disconnected: Family::default(),
            received,
            sent,
            broadcast_time: Histogram::new(exponential_buckets(10e-6, 4.0, 9)),
            rtt: Histogram::new(exponential_buckets(250e-6, 4.0, 9)),
            slow: Family::default(),
            missed: Counter::default(),
            rate_limited: Counter::default(),
            access: Access::register(registry),
            api: ApiMetrics::register(registry),
            clients: Gauge::default(),
            connections: Gauge::default(),
            rooms: Gauge::default(),
            queued: Gauge::default(),
            nodes: Gauge::default(),
            engine_up: Gauge::default(),
            log_dropped: Counter::default(),
            history: History::register(registry),
            engine: EngineCounters::default(),
        };
        let m = &metrics;
        // All series exist before their first event.
        for refused in Refused::ALL {
            drop(m.refused.get_or_create(&[("reason", refused.reason())]));
        }
        for code in CODES.map(|(_, label)| label).into_iter().chain(["3xxx", "4xxx"]) {
            drop(m.disconnected.get_or_create(&[("code", code)]));
        }
        for action in ["closed", "missed"] {
            drop(m.slow.get_or_create(&[("action", action)]));
        }
        registry.register("accepted", "WebSockets opened", m.accepted.clone());
        registry.register("refused", "Connections that did not become clients", m.refused.clone());
        registry.register(
            "disconnects",
            "Disconnected clients, by close code",
            m.disconnected.clone(),
        );
        registry.register_with_unit(
            "broadcast",
            "Time to queue a broadcast for all its receivers",
            Unit::Seconds,
            m.broadcast_time.clone(),
        );
        let about_rtt = "Round-trip times of pings";
        registry.register_with_unit("ping_rtt", about_rtt, Unit::Seconds, m.rtt.clone());
        registry.register("slow_clients", "Clients that did not keep up", m.slow.clone());
        registry.register("missed_messages", "Messages that slow clients missed", m.missed.clone());
        let about_rate = "Messages over the rate limit of their client";
        registry.register("rate_limited", about_rate, m.rate_limited.clone());
        registry.register("clients", "Clients of this node", m.clients.clone());
        registry.register("connections", "Open WebSockets", m.connections.clone());
        registry.register("rooms", "Rooms with members on this node", m.rooms.clone());
        let about_queue = "Messages queued for clients";
        registry.register_with_unit("queue", about_queue, Unit::Bytes, m.queued.clone());
        registry.register("nodes", "Known nodes, this one included", m.nodes.clone());
        registry.register("engine_up", "Whether other nodes can be reached", m.engine_up.clone());
        let about_log = "Lines of the log that were not written";
        registry.register("log_dropped", about_log, m.log_dropped.clone());
        let EngineCounters { published, received, dropped, gaps } = &m.engine;
        registry.register(
            "engine_published",
            "Broadcasts published to the broker",
            published.clone(),
        );
        registry.register(
            "engine_received",
            "Broadcasts received from other nodes",
            received.clone(),
        );
        registry.register(
            "engine_dropped",
            "Broadcasts that could not be published to the broker",
            dropped.clone(),
        );
        registry.register(
            "engine_gaps",
            "Broadcasts of other nodes that were not received",
            gaps.clone(),
        );
        all.register_collector(Box::new(ProcessCollector));
        Self { registry: all, ..metrics }
    }

    pub(crate) fn accept(&self) {
        self.accepted.inc();
    }

    pub(crate) fn refuse(&self, refused: Refused) {
        self.refused.get_or_create(&[("reason", refused.reason())]).inc();
    }

    /// A client has disconnected; the code is that of the side that began to close the connection.
    pub(crate) fn disconnect(&self, code: CloseCode) {
        self.disconnected.get_or_create(&[("code", code_label(code))]).inc();
    }

    /// A broadcast was queued for its receivers on this node.
    pub(crate) fn broadcast(&self, time: Duration, published: Published) {
        self.broadcast_time.observe(time.as_secs_f64());
        if published.dropped > 0 {
            self.miss(published.dropped, published.dropped);
        }
    }

    pub(crate) fn round_trip(&self, time: Duration) {
        self.rtt.observe(time.as_secs_f64());
    }

    /// A client that did not keep up was closed.
    pub(crate) fn close_slow(&self) {
        self.slow.get_or_create(&[("action", "closed")]).inc();
    }

    /// Clients that did not keep up miss messages.
    pub(crate) fn miss(&self, clients: usize, messages: usize) {
        self.slow.get_or_create(&[("action", "missed")]).inc_by(clients as u64);
        self.missed.inc_by(messages as u64);
    }

    pub(crate) fn limit_rate(&self) {
        self.rate_limited.inc();
    }

    /// All metrics. Reads from `/proc`.
    pub(crate) fn render(&self, now: &Now, format: Format) -> String {
        self.clients.set(now.clients_here as i64);
        self.connections.set(now.connections as i64);
        self.rooms.set(now.rooms_here as i64);
        self.queued.set(now.queued_bytes as i64);
        self.history.set_bytes(now.history_bytes);
        let Status { up, nodes, published, received, dropped, gaps } = now.engine;
        self.nodes.set(nodes as i64);
        self.engine_up.set(i64::from(up));
        let store = |counter: &Counter<u64, AtomicU64>, value| {
            counter.inner().store(value, Ordering::Relaxed);
        };
        store(&self.log_dropped, now.log_lines_lost);
        store(&self.engine.published, published);
        store(&self.engine.received, received);
        store(&self.engine.dropped, dropped);
        store(&self.engine.gaps, gaps);
        format.render(&self.registry)
    }

    /// The short version, for people and scripts.
    pub(crate) fn stats(&self, now: &Now) -> serde_json::Value {
        let Status { up, nodes, .. } = now.engine;
        serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.started.elapsed().as_secs(),
            "clients": now.clients,
            "clients_here": now.clients_here,
            "connections": now.connections,
            "rooms_here": now.rooms_here,
            "nodes": nodes,
            "engine_up": up,
            "queued_bytes": now.queued_bytes,
            "accepted": self.accepted.get(),
            "messages_in": self.received.messages(),
            "messages_out": self.sent.messages(),
            "bytes_in": self.received.bytes(),
            "bytes_out": self.sent.bytes(),
        })
    }
}

/// The label of a code.
fn code_label(code: CloseCode) -> &'static str {
    let own = CODES.iter().find(|(own, _)| *own == code.get());
    own.map_or(if code.get() < 4000 { "3xxx" } else { "4xxx" }, |(_, label)| label)
}

/// The codes with a label of their own. Clients choose codes from 3000 on freely, so the others share
/// labels.
const CODES: [(u16, &str); 17] = [
    (1000, "1000"),
    (1001, "1001"),
    (1002, "1002"),
    (1003, "1003"),
    (1005, "1005"),
    (1006, "1006"),
    (1007, "1007"),
    (1008, "1008"),
    (1009, "1009"),
    (1010, "1010"),
    (1011, "1011"),
    (1012, "1012"),
    (1013, "1013"),
    (1014, "1014"),
    (4501, "4501"),
    (4502, "4502"),
    (4503, "4503"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The series of a text: its samples without their values.
    fn series(text: &str) -> Vec<&str> {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.rsplit_once(' ').expect("a value").0).collect()
    }

    /// Checks what `promtool check metrics` does, and that metadata come once and before their samples.
    fn check(text: &str, format: Format) {
        let body = match format {
            Format::Text => text,
            Format::OpenMetrics => text.strip_suffix("# EOF\n").expect("an end"),
        };
        assert!(body.ends_with('\n') && !body.contains("# EOF") && !body.contains("\n\n"));
        let (mut name, mut kind) = ("", "");
        let mut families = BTreeSet::new();
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let help;
                (name, help) = rest.split_once(' ').expect("a text");
                kind = "";
                assert!(families.insert(name), "{line}");
                assert!(help.ends_with('.') && !help.contains('\\'), "{line}");
                let snake = |c: char| c.is_ascii_lowercase() || c == '_';
                assert!(name.chars().all(snake), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                kind = rest.strip_prefix(name).expect("the same name").trim();
                let is_total = name.ends_with("_total");
                assert_eq!(is_total, format == Format::Text && kind == "counter", "{line}");
                assert!(!["_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end)));
            } else if let Some(rest) = line.strip_prefix("# UNIT ") {
                assert_eq!(format, Format::OpenMetrics);
                let unit = rest.strip_prefix(name).expect("the same name").trim();
                assert!(name.ends_with(&format!("_{unit}")), "{line}");
            } else {
                let (labels, value) = line.rsplit_once(' ').expect("a value");
                assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
                let end = labels.find('{').unwrap_or(labels.len());
                let suffix = labels[..end].strip_prefix(name).expect("a sample of the family");
                let expected: &[&str] = match (format, kind) {
                    (Format::OpenMetrics, "counter") => &["_total"],
                    (Format::OpenMetrics, "info") => &["_info"],
                    (_, "histogram") => &["_bucket", "_sum", "_count"],
                    (Format::Text, "counter") | (_, "gauge") => &[""],
                    _ => panic!("{kind}: {line}"),
                };
                assert!(expected.contains(&suffix), "{line}");
            }
        }
        let all = series(body);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "a series occurs twice");
    }

    /// The names of metrics in a query.
    fn names(query: &str) -> impl Iterator<Item = &str> {
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| word.starts_with("ws_") || word.starts_with("process_"))
    }

    #[test]
    fn the_board_for_grafana_shows_what_there_is() {
        let text = Metrics::new().render(&Now::default(), Format::Text);
        let existing: BTreeSet<_> =
            series(&text).into_iter().flat_map(|series| series.split('{').next()).collect();
        let board: serde_json::Value =
            serde_json::from_str(include_str!("../deploy/grafana.json")).expect("JSON");
        let panels = board["panels"].as_array().expect("panels");
        let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        let queries: Vec<_> =
            targets.map(|target| target["expr"].as_str().expect("a query")).collect();
        let shown: BTreeSet<_> = queries.iter().flat_map(|query| names(query)).collect();
        assert!(shown.len() > 20, "{shown:?}");
        for name in shown {
            let is_there = existing.contains(name)
                || cfg!(not(target_os = "linux")) && name.starts_with("process_");
            assert!(is_there, "{name}");
        }
    }

    #[test]
    fn the_formats_follow_their_rules_and_no_event_adds_a_series() {
        let engine = Status { up: true, nodes: 1, ..Status::default() };
        let now = Now { engine, ..Now::default() };
        for format in [Format::Text, Format::OpenMetrics] {
            let metrics = Metrics::new();
            let before = metrics.render(&now, format);
            check(&before, format);
            assert!(before.contains("\nws_engine_up 1\n"), "{before}");
            assert!(before.contains("\nws_log_dropped_total 0\n"), "{before}");

            metrics.accept();
            Refused::ALL.into_iter().for_each(|why| metrics.refuse(why));
            (1000..5000).for_each(|code| metrics.disconnect(CloseCode::new(code)));
            metrics.received.text.add(1, 10);
            metrics.sent.binary.add(1, 10);
            metrics.broadcast(Duration::from_millis(1), Published::default());
            metrics.round_trip(Duration::from_millis(1));
            metrics.close_slow();
            metrics.miss(1, 2);
            metrics.limit_rate();
            let after = metrics.render(&now, format);
            check(&after, format);
            assert_eq!(series(&after), series(&before));
            for line in [
                "ws_disconnects_total{code=\"1009\"} 1",
                "ws_disconnects_total{code=\"4501\"} 1",
                "ws_refused_total{reason=\"full\"} 1",
                "ws_slow_clients_total{action=\"missed\"} 1",
                "ws_missed_messages_total 2",
            ] {
                assert!(after.lines().any(|present| present == line), "{line}\n{after}");
            }
        }
    }
}
