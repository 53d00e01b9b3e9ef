use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::QUICK;
use crate::process::run;

/// The Autobahn Testsuite in the Python environment that `AUTOBAHN` names.
pub(super) struct Suite {
    folder: PathBuf,
}

impl Suite {
    pub(super) fn installed() -> Self {
        let folder = env::var_os("AUTOBAHN").expect("AUTOBAHN: an environment with the suite");
        Self { folder: folder.into() }
    }

    /// The names of the selected cases among those that `applicable` matches. The suite hangs if an unknown case
    /// is requested.
    pub(super) fn cases(&self, applicable: &str) -> Vec<String> {
        let selected = env::var("CASES").unwrap_or_else(|_| QUICK.to_owned());
        let arguments = ["-c", LIST_CASES, &selected, applicable].map(OsStr::new);
        let (listed, output) = run(&mut self.python(&arguments));
        assert!(listed, "{output}");
        let cases: Vec<_> = output.split_whitespace().map(str::to_owned).collect();
        println!("{} cases", cases.len());
        cases
    }

    /// The suite with its specification, which is written into `folder`, where its report goes, too.
    pub(super) fn command(&self, mode: &str, mut spec: Value, folder: &Path) -> Command {
        spec["outdir"] = json!(folder);
        let file = folder.join("spec.json");
        fs::write(&file, spec.to_string()).expect("a file");
        let mut wstest = self.python(&[self.folder.join("bin/wstest").as_os_str()]);
        wstest.args(["--webport", "0", "--mode", mode, "--spec"]).arg(file);
        wstest
    }

    fn python(&self, arguments: &[&OsStr]) -> Command {
        // Without the variables for another Python, and without the warnings of the last `cryptography` for this one.
        let mut python = Command::new(self.folder.join("bin/python"));
        python.args(["-E", "-u", "-W", "ignore"]).args(arguments);
        python
    }
}

/// 517 is the number of cases in version 0.8.2.
const LIST_CASES: &str = r#"
import sys
from fnmatch import fnmatchcase
from autobahntestsuite.case import Cases
cases = [case.__name__[4:].replace("_", ".") for case in Cases]
assert len(cases) == 517, len(cases)
def match(case, pattern):
    return fnmatchcase(case + ".", pattern.strip() + ".*")
selected, applicable = [patterns.split(",") for patterns in sys.argv[1:]]
for pattern in selected:
    assert any(match(case, pattern) for case in cases), "no case matches " + pattern
for case in cases:
    if any(match(case, pattern) for pattern in selected) and any(match(case, pattern) for pattern in applicable):
        print(case)
"#;
