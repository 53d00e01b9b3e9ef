//! A server's process, and what the system reports about it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::Result;
use crate::contestant::{Contestant, Server};
use crate::mode::Mode;
use crate::peers::Bun;

pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// A program that runs the server and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// `strace`: system calls.
    SystemCalls,
    /// `valgrind`: instructions in user space.
    Instructions,
}

impl Counter {
    fn program(self) -> &'static str {
        match self {
            Self::SystemCalls => "strace",
            Self::Instructions => "valgrind",
        }
    }

    /// Whether the program is installed and may trace.
    pub(crate) fn is_available(self) -> bool {
        let mut command = Command::new(self.program());
        match self {
            Self::SystemCalls => command.args(["-c", "true"]),
            Self::Instructions => command.arg("--version"),
        };
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn wrap(self, server: &Command, report: &Path) -> Command {
        let mut command = Command::new(self.program());
        match self {
            Self::SystemCalls => command.args(["-f", "-c", "-o"]).arg(report),
            Self::Instructions => command
                .args(["--tool=callgrind", "--quiet"])
                .arg(format!("--callgrind-out-file={}", report.display())),
        };
        command.arg(server.get_program()).args(server.get_args());
        command
    }

    fn total(self, report: &Path) -> Result<f64> {
        let text = fs::read_to_string(report).map_err(|error| format!("{report:?}: {error}"))?;
        let total = match self {
            // "100.00    0.001234           1       830        12 total"
            Self::SystemCalls => text
                .lines()
                .rfind(|line| line.ends_with("total"))
                .and_then(|line| line.split_whitespace().nth(3)),
            Self::Instructions => text
                .lines()
                .find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: "))),
        };
        Ok(total.ok_or("a report without a total")?.trim().parse()?)
    }
}

/// Returns the command of a server, if it serves this mode.
pub(crate) fn command(
    contestant: &Contestant,
    mode: Mode,
    bun: Option<&Bun>,
) -> Result<Option<Command>> {
    let mut command = match (contestant.server, mode) {
        (Some(Server::Bun), _) => match bun {
            Some(bun) => bun.command(),
            None => return Ok(None),
        },
        (Some(Server::Echo(_)), Mode::Echo)
        | (Some(Server::Broadcast(_)), Mode::Broadcast)
        | (Some(Server::Modes(_)), _) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["serve", contestant.name]);
            command
        }
        _ => return Ok(None),
    };
    command.arg(mode.name());
    Ok(Some(command))
}

impl Process {
    /// Starts a server, on the last core if there are several.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(core) = last_core() {
            pin(Pid::from_raw(child.id() as i32), core)?;
        }
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| format!("{command:?} did not start"))?;
        Ok(Self { child, address: (Ipv4Addr::LOCALHOST, port).into() })
    }

    /// Runs `load` on a server under a counter. Returns the total of the counter.
    pub(crate) fn counted(
        server: &Command,
        counter: Counter,
        load: impl FnOnce(SocketAddr) -> Result<()>,
    ) -> Result<f64> {
        let report = report_path(counter)?;
        let mut process = Self::start(counter.wrap(server, &report))?;
        load(process.address)?;
        process.stop()?;
        let total = counter.total(&report);
        drop(fs::remove_file(report));
        total
    }

    /// Lets the server exit, and waits for it.
    fn stop(&mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }

    /// Returns the CPU time of all threads so far.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().ok_or("an empty schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Returns the resident memory in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kibibytes.ok_or("no Rss in smaps_rollup")?.trim().parse::<u64>()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.stop().is_err() {
            drop(self.child.kill());
        }
    }
}

fn report_path(counter: Counter) -> Result<PathBuf> {
    let name = format!("{}.{}", counter.program(), std::process::id());
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// Keeps this process, which is the load, on the first core if there are several.
pub(crate) fn pin_load() -> Result<()> {
    match last_core() {
        Some(_) => pin(Pid::from_raw(0), 0),
        None => Ok(()),
    }
}

/// Lets this process use all cores again.
pub(crate) fn unpin_load() -> Result<()> {
    let mut all = CpuSet::new();
    for core in 0..cores() {
        all.set(core)?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &all)?)
}

fn pin(process: Pid, core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    Ok(sched_setaffinity(process, &cores)?)
}

fn last_core() -> Option<usize> {
    let cores = cores();
    (cores > 1).then(|| cores - 1)
}

/// Returns the number of cores, regardless of those that this process is kept on.
pub(crate) fn cores() -> usize {
    use std::sync::OnceLock;
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}
