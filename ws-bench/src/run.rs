//! A run from start to end: clients connect, put load on the server, wait for the messages in
//! flight, and close.

use std::error::Error;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::clock::{Clock, nanoseconds};
use crate::options::{Bench, Mode};
use crate::pacer::Schedule;
use crate::plan::Plan;
use crate::progress_display::ProgressDisplay;
use crate::recorder::Window;
use crate::report::Report;
use crate::server::Server;
use crate::shared::{Live, Shared, Stage};
use crate::tally::Tally;
use crate::usage::Usage;
use crate::{system_limits, worker};

/// The interval of the checks whether a stage has ended.
const TICK: Duration = Duration::from_millis(10);
/// The time without an arrival after which missing messages count as lost.
const QUIET: Duration = Duration::from_secs(1);
/// Bytes that the server may add to a message that it returns.
const REPLY_OVERHEAD: usize = 64 * 1024;

/// Runs the bench to its end, or until `stop` is ready.
pub(crate) async fn run(
    bench: &Bench,
    plan: Plan,
    stop: impl Future<Output = ()>,
) -> Result<Report, Box<dyn Error>> {
    let sources = bench.sources();
    system_limits::check(&plan, bench.target.uses_ports().then_some(&sources))?;
    let mut config = bench.target.config(2 * plan.size + REPLY_OVERHEAD);
    // Pings are not part of the load.
    config.ping_interval = None;
    let server = Server::resolve(&bench.target, config).await?;
    if (sources.any_is_ipv4() && !server.may_have(true))
        || (sources.any_is_ipv6() && !server.may_have(false))
    {
        return Err("--source: the server has no address of the same family".into());
    }
    let shared = Arc::new(Shared {
        clock: Clock::start(),
        server,
        sources,
        authentication: bench.target.authentication(),
        timeout: bench.target.timeout(),
        window: OnceLock::new(),
        sent: (0..plan.senders).map(|_| 0.into()).collect(),
        live: (0..plan.threads).map(|_| Live::default()).collect(),
        plan,
    });
    let (stage, stages) = watch::channel(Stage::Opening);
    let threads: Vec<_> = (0..shared.plan.threads)
        .map(|index| {
            let (shared, stages) = (Arc::clone(&shared), stages.clone());
            thread::spawn(move || worker::run(shared, index, stages))
        })
        .collect();

    let progress = ProgressDisplay::new(bench.quiet);
    let run = Run { shared: &shared, stage, progress };
    let usage = run.complete(pin!(stop)).await;
    let mut tally = Tally::new();
    for thread in threads {
        let ended = tokio::task::spawn_blocking(move || thread.join()).await?;
        tally.merge(ended.map_err(|_| "a thread of the bench panicked")??);
    }
    Ok(Report::new(bench, &shared, tally, &usage))
}

struct Run<'s> {
    shared: &'s Shared,
    stage: watch::Sender<Stage>,
    progress: ProgressDisplay,
}

impl Run<'_> {
    async fn complete(mut self, mut stop: Pin<&mut impl Future<Output = ()>>) -> Usage {
        let mut usage = Usage::default();
        tokio::select! {
            () = self.stages(&mut usage) => {}
            () = &mut stop => usage.interrupted = true,
        }
        // A run that was stopped reports what it has measured.
        usage.end(self.shared.clock.now());
        self.progress.finish();
        // It fails if all threads have ended.
        let _ = self.stage.send(Stage::Stopping);
        usage
    }

    async fn stages(&mut self, usage: &mut Usage) {
        self.opening().await;
        let (plan, clock) = (&self.shared.plan, self.shared.clock);
        usage.opened_after = clock.now();
        if self.shared.total(|live| &live.opened) == 0 {
            return;
        }
        let window = Window::new(clock.now(), plan.warmup, plan.duration);
        let window = *self.shared.window.get_or_init(|| window);
        let _ = self.stage.send(Stage::Running);
        self.running(window, window.from).await;
        usage.begin(clock.now());
        self.running(window, window.end).await;
        usage.end(clock.now());
        let _ = self.stage.send(Stage::Draining);
        self.draining(window).await;
    }

    /// Waits until each client is connected or has failed.
    async fn opening(&mut self) {
        let wanted = u64::from(self.shared.plan.clients);
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            let opened = self.shared.total(|live| &live.opened);
            let failed = self.shared.total(|live| &live.failed);
            if self.shared.plan.mode != Mode::Churn {
                self.progress.opening(opened, failed, wanted);
            }
            if opened + failed >= wanted {
                return;
            }
        }
    }

    /// Shows the progress until a time of the clock, or until all connections are lost.
    async fn running(&mut self, window: Window, until: u64) {
        let clock = self.shared.clock;
        let mut ticks = ticks();
        loop {
            let now = clock.now();
            if now >= until || self.all_lost() {
                return;
            }
            let arrived = self.shared.total(|live| &live.arrived);
            let live = &self.shared.live;
            let p99 = live.iter().map(|live| live.p99.load(Ordering::Relaxed)).max();
            self.progress.running(window, now, arrived, p99.unwrap_or(0));
            tokio::select! {
                _ = ticks.tick() => {}
                () = sleep_until(clock.instant(until).into()) => {}
            }
        }
    }

    /// Waits until every message has arrived, or no more arrive.
    async fn draining(&self, window: Window) {
        let plan = &self.shared.plan;
        let due = plan.rate.map_or(0, |rate| Schedule::new(&window, rate, plan.senders).len());
        let clock = self.shared.clock;
        let deadline = clock.now() + nanoseconds(self.shared.plan.drain);
        let (mut before, mut since) = (0, clock.now());
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            let now = clock.now();
            let arrived = self.shared.total(|live| &live.arrived);
            if arrived != before {
                (before, since) = (arrived, now);
            }
            let quiet = now - since > nanoseconds(QUIET);
            let complete = self.shared.total(|live| &live.sent) >= due
                && arrived >= self.shared.total(|live| &live.expected);
            if complete || self.all_lost() || quiet || now > deadline {
                return;
            }
        }
    }

    fn all_lost(&self) -> bool {
        let opened = self.shared.total(|live| &live.opened);
        self.shared.plan.mode != Mode::Churn && self.shared.total(|live| &live.lost) >= opened
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
