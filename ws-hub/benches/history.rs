//! The cost of publishing to a room with history, compared with one without: `cargo bench -p ws-hub`.
//!
//! Members have no sockets, whose cost is the same for both and would hide the difference. For counts of
//! instructions, run one of both under callgrind, with argument `without` or `with`.

use std::time::{Duration, Instant};

use ws_futures::Prepared;
use ws_hub::{HistoryLimits, Hub, HubConfig, OutboxLimits};

const MEMBERS: u32 = 100;
const MESSAGES: usize = 2000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let is_chosen = |name: &str| arguments.iter().any(|argument| argument == name);
    match (is_chosen("without"), is_chosen("with")) {
        (true, _) => _ = run(None),
        (_, true) => _ = run(Some(HistoryLimits::default())),
        _ => compare(),
    }
}

fn compare() {
    let best = |history| (0..20).map(|_| run(history)).min().unwrap_or_default();
    let (without, with) = (best(None), best(Some(HistoryLimits::default())));
    let each = |time: Duration| time.as_nanos() / (MESSAGES as u128 * u128::from(MEMBERS));
    println!("without history: {} ns for each delivery", each(without));
    println!("with history:    {} ns for each delivery", each(with));
    println!("ratio:           {:.3}", with.as_secs_f64() / without.as_secs_f64());
}

fn run(history: Option<HistoryLimits>) -> Duration {
    let bounds = OutboxLimits { capacity: usize::MAX, ..OutboxLimits::default() };
    let hub: Hub<u32, &'static str> =
        Hub::new(HubConfig { bounds, history, ..HubConfig::default() });
    let members: Vec<_> = (0..MEMBERS)
        .map(|key| {
            let mut member = hub.enter(key, ()).expect("a free key");
            member.join("room").expect("the first room");
            member
        })
        .collect();
    let text = "x".repeat(200);
    let started = Instant::now();
    for _ in 0..MESSAGES {
        let published = members[0].publish_to_room(&"room", |_| Prepared::new(text.as_str()));
        assert_eq!(published.expect("a member").queued, MEMBERS as usize - 1);
    }
    started.elapsed()
}
