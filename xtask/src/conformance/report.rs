use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Context as _, Result};
use crate::workspace;

/// Cases for which the suite only reports what the peer did: the RFC leaves the behaviour open.
const INFORMATIONAL: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

/// The result of a peer.
pub(crate) struct Report {
    peer: &'static str,
    folder: PathBuf,
    time: Duration,
    /// Each case with its entry in the index that the suite writes, if it was finished.
    cases: Vec<(String, Option<Entry>)>,
    /// Failures outside of any case.
    failures: Vec<String>,
}

/// The result of a case. The suite judges twice: the exchanged messages, and how the connection
/// ended.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    behavior: String,
    behavior_close: String,
    remote_close_code: Option<u16>,
    reportfile: PathBuf,
}

impl Report {
    /// Reads the files that the suite has written.
    pub(crate) fn read(
        peer: &'static str,
        cases: Vec<String>,
        folder: PathBuf,
        time: Duration,
    ) -> Result<Self> {
        let index = folder.join("index.json");
        let mut index: HashMap<String, HashMap<String, Entry>> = match fs::read(&index) {
            Ok(text) => serde_json::from_slice(&text).context(index.display())?,
            // A suite that wrote nothing has finished no case.
            Err(_) => HashMap::new(),
        };
        let mut entries = index.remove(peer).unwrap_or_default();
        let cases = cases.into_iter().map(|case| (entries.remove(&case), case));
        let cases = cases.map(|(entry, case)| (case, entry)).collect();
        Ok(Self { peer, folder, time, cases, failures: Vec::new() })
    }

    pub(crate) fn fail(&mut self, reason: String) {
        self.failures.push(reason);
    }

    pub(crate) fn passed(&self) -> bool {
        let passed = |(case, entry): &(String, Option<Entry>)| verdict(case, entry.as_ref()).0;
        self.failures.is_empty() && self.cases.iter().all(passed)
    }
}

/// Returns whether a case passed, and the name under which it is counted. Anything but OK fails,
/// also NON-STRICT and UNIMPLEMENTED.
fn verdict<'e>(case: &str, entry: Option<&'e Entry>) -> (bool, &'e str) {
    let Some(Entry { behavior, behavior_close, .. }) = entry else {
        return (false, "unfinished");
    };
    let accepted =
        |word: &str| word == "OK" || (word == "INFORMATIONAL" && INFORMATIONAL.contains(&case));
    let word = if behavior == "OK" { behavior_close } else { behavior };
    (accepted(behavior) && accepted(behavior_close), word)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = BTreeMap::<_, u32>::new();
        for (case, entry) in &self.cases {
            let (passed, word) = verdict(case, entry.as_ref());
            *counts.entry(word).or_default() += 1;
            if passed {
                continue;
            }
            let Some(entry) = entry else {
                writeln!(f, "  {case:<8} {word}")?;
                continue;
            };
            let code = entry.remote_close_code.map_or("none".to_owned(), |code| code.to_string());
            let (behavior, closing) = (&entry.behavior, &entry.behavior_close);
            writeln!(f, "  {case:<8} {behavior}, closing {closing} (the peer's code: {code})")?;
            let file = self.folder.join(&entry.reportfile);
            reasons(&file).iter().try_for_each(|reason| writeln!(f, "           {reason}"))?;
            let page = file.with_extension("html");
            writeln!(f, "           {}", workspace::relative(&page).display())?;
        }
        self.failures.iter().try_for_each(|failure| writeln!(f, "  {failure}"))?;
        let counts = counts.iter().map(|(word, count)| format!("{count} {word}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let word = if self.passed() { "passed" } else { "FAILED" };
        writeln!(f, "  {word}: {counts} in {:.1} s", self.time.as_secs_f64())?;
        writeln!(f, "  {}/index.html ({})", workspace::relative(&self.folder).display(), self.peer)
    }
}

/// The suite's results for a case.
fn reasons(file: &Path) -> Vec<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Details {
        result: String,
        result_close: String,
    }

    let details = fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let reasons = details.map(|details: Details| vec![details.result, details.result_close]);
    let mut reasons = reasons.unwrap_or_default();
    reasons.dedup();
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(case: &str, behavior: &str, closing: &str) -> bool {
        let entry = json!({
            "behavior": behavior, "behaviorClose": closing, "duration": 1,
            "remoteCloseCode": 1002, "reportfile": "peer_case.json",
        });
        verdict(case, Some(&serde_json::from_value(entry).unwrap())).0
    }

    #[test]
    fn only_ok_passes() {
        assert!(passes("1.1.1", "OK", "OK"));
        for word in ["NON-STRICT", "UNIMPLEMENTED", "FAILED", "INFORMATIONAL", "WRONG CODE"] {
            assert!(!passes("1.1.1", word, "OK"), "{word}");
            assert!(!passes("1.1.1", "OK", word), "{word}");
        }
        assert!(!verdict("1.1.1", None).0, "a case without a result is unfinished");
    }

    #[test]
    fn three_cases_may_be_informational() {
        for case in INFORMATIONAL {
            assert!(passes(case, "INFORMATIONAL", "OK"));
            assert!(passes(case, "INFORMATIONAL", "INFORMATIONAL"));
            assert!(!passes(case, "NON-STRICT", "OK"));
        }
    }
}
