use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Cases for which the suite only reports what the peer did: the RFC leaves the behaviour open.
const INFORMATIONAL: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

/// The result of a case in the index that the suite writes. The suite judges twice: the exchanged messages, and how
/// the connection ended.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    behavior: String,
    behavior_close: String,
    remote_close_code: Option<u16>,
    reportfile: PathBuf,
}

/// The suite's explanations in the report of a case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    result: String,
    result_close: String,
}

/// Checks that each case was finished and passed. A suite that wrote nothing has finished no case.
pub(super) fn check(peer: &str, cases: &[String], folder: &Path) {
    let index = fs::read(folder.join("index.json")).expect("an index");
    let mut index: HashMap<String, HashMap<String, Entry>> =
        serde_json::from_slice(&index).expect("an index");
    let entries = index.remove(peer).unwrap_or_default();
    let (mut counts, mut failures) = (BTreeMap::<_, u32>::new(), Vec::new());
    for case in cases {
        let Some(entry) = entries.get(case) else {
            failures.push(format!("{case}: unfinished"));
            continue;
        };
        *counts.entry((&entry.behavior, &entry.behavior_close)).or_default() += 1;
        if !entry.passed(case) {
            failures.push(format!("{case}: {}", entry.explain(folder)));
        }
    }
    println!("results, with those of closing: {counts:?}");
    assert!(failures.is_empty(), "{}\n{}/index.html", failures.join("\n"), folder.display());
}

impl Entry {
    /// Anything but OK fails, also NON-STRICT and UNIMPLEMENTED.
    fn passed(&self, case: &str) -> bool {
        let informational = INFORMATIONAL.contains(&case);
        [&self.behavior, &self.behavior_close]
            .iter()
            .all(|word| *word == "OK" || (informational && *word == "INFORMATIONAL"))
    }

    fn explain(&self, folder: &Path) -> String {
        let Self { behavior, behavior_close, remote_close_code: code, reportfile } = self;
        let details = fs::read(folder.join(reportfile)).expect("a report");
        let Details { result, result_close } = serde_json::from_slice(&details).expect("a report");
        format!(
            "{behavior}, closing {behavior_close} (the peer's code: {code:?}); {result}; {result_close}"
        )
    }
}

#[test]
fn only_ok_passes() {
    let passes = |case: &str, behavior: &str, behavior_close: &str| {
        let [behavior, behavior_close] = [behavior, behavior_close].map(str::to_owned);
        let reportfile = PathBuf::new();
        Entry { behavior, behavior_close, remote_close_code: None, reportfile }.passed(case)
    };
    assert!(passes("1.1.1", "OK", "OK"));
    for word in ["NON-STRICT", "UNIMPLEMENTED", "FAILED", "INFORMATIONAL", "WRONG CODE"] {
        assert!(!passes("1.1.1", word, "OK"), "{word}");
        assert!(!passes("1.1.1", "OK", word), "{word}");
    }
    for case in INFORMATIONAL {
        assert!(passes(case, "INFORMATIONAL", "INFORMATIONAL"));
        assert!(!passes(case, "NON-STRICT", "OK"));
    }
}
