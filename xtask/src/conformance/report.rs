use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::conformance::verdict::Verdict;
use crate::failure::{Context as _, Result};
use crate::workspace;

/// What the suite found out about a peer.
pub(crate) struct Report {
    peer: &'static str,
    folder: PathBuf,
    time: Duration,
    verdicts: Vec<(String, Verdict)>,
    /// What went wrong apart from any case.
    failures: Vec<String>,
}

impl Report {
    /// Judges the cases that were run by the files that the suite has written.
    pub(crate) fn read(
        peer: &'static str,
        cases: Vec<String>,
        folder: PathBuf,
        time: Duration,
    ) -> Result<Self> {
        let index = folder.join("index.json");
        let results: Value = match fs::read(&index) {
            Ok(text) => serde_json::from_slice(&text).context(index.display())?,
            // A suite that wrote nothing has finished no case.
            Err(_) => Value::Null,
        };
        let verdicts = cases
            .into_iter()
            .map(|case| {
                let result = results.get(peer).and_then(|results| results.get(&case));
                let verdict = Verdict::of(&case, result);
                (case, verdict)
            })
            .collect();
        Ok(Self { peer, folder, time, verdicts, failures: Vec::new() })
    }

    pub(crate) fn fail(&mut self, reason: String) {
        self.failures.push(reason);
    }

    pub(crate) fn passed(&self) -> bool {
        self.failures.is_empty() && self.verdicts.iter().all(|(_, verdict)| verdict.passed())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = BTreeMap::<_, u32>::new();
        for (case, verdict) in &self.verdicts {
            *counts.entry(verdict.summary()).or_default() += 1;
            if verdict.passed() {
                continue;
            }
            writeln!(f, "  {case:<8} {verdict}")?;
            if let Some(file) = verdict.report_file() {
                let file = self.folder.join(file);
                for reason in reasons(&file) {
                    writeln!(f, "           {reason}")?;
                }
                let page = file.with_extension("html");
                writeln!(f, "           {}", workspace::relative(&page).display())?;
            }
        }
        for failure in &self.failures {
            writeln!(f, "  {failure}")?;
        }
        let counts: Vec<_> =
            counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let word = if self.passed() { "passed" } else { "FAILED" };
        let seconds = self.time.as_secs_f64();
        writeln!(f, "  {word}: {} in {seconds:.1} s", counts.join(", "))?;
        writeln!(f, "  {}/index.html ({})", workspace::relative(&self.folder).display(), self.peer)
    }
}

/// What the suite has to say of a case.
fn reasons(file: &Path) -> Vec<String> {
    let Some(details) = fs::read(file).ok() else {
        return Vec::new();
    };
    let Ok(details) = serde_json::from_slice::<Value>(&details) else {
        return Vec::new();
    };
    let texts = ["result", "resultClose"].map(|name| details.get(name).and_then(Value::as_str));
    let mut reasons: Vec<String> = texts.into_iter().flatten().map(str::to_owned).collect();
    reasons.dedup();
    reasons
}
