use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{command, output, succeeds};
use crate::conformance::python2::{self, Python2};
use crate::failure::{Context as _, Result, bail};
use crate::{stamp, workspace};

const REQUIREMENTS: &str = include_str!("../../conformance/requirements.txt");

/// The number of cases in version 0.8.2.
const CASES: usize = 517;

/// The Autobahn Testsuite in a Python 2.7 environment under `target/`.
pub(crate) struct Suite {
    folder: PathBuf,
    python2: Python2,
    /// The names of all cases. The suite hangs if an unknown case is requested.
    pub(crate) cases: Vec<String>,
}

impl Suite {
    /// Installs it if necessary.
    pub(crate) fn install() -> Result<Self> {
        let folder = workspace::scratch("autobahn")?.join("suite");
        let mut suite = Self { folder, python2: python2::find()?, cases: Vec::new() };
        let description = format!("{}\n{REQUIREMENTS}", suite.python2.program.display());
        // Its programs contain the path of the folder that they were installed in, and the checkout
        // may have moved.
        let runs = || succeeds(suite.program("wstest").arg("--autobahnversion"));
        if !stamp::is_current(&suite.folder, &description) || !runs() {
            stamp::clear(&suite.folder)?;
            suite.python2.make_environment(&suite.folder)?;
            suite.python2.install(&suite.folder, REQUIREMENTS)?;
            stamp::write(&suite.folder, &description)?;
        }
        let list = output(suite.program("python").args(["-W", "ignore", "-c", LIST_CASES]))?;
        suite.cases = list.split_whitespace().map(str::to_owned).collect();
        if suite.cases.len() != CASES {
            bail!("the suite has {} cases, not {CASES}", suite.cases.len());
        }
        Ok(suite)
    }

    /// The suite with its specification, which is written into `folder`, where its report goes, too.
    pub(crate) fn command(&self, mode: &str, mut spec: Value, folder: &Path) -> Result<Command> {
        spec["outdir"] = json!(folder);
        let file = folder.join("spec.json");
        fs::write(&file, format!("{spec:#}")).context(file.display())?;
        let mut wstest = self.program("wstest");
        wstest.args(["--webport", "0", "--mode", mode, "--spec"]).arg(file);
        Ok(wstest)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = command(self.folder.join("bin").join(name));
        // The last cryptography for Python 2 prints a deprecation warning at each start.
        command.env("PYTHONWARNINGS", "ignore").env("PYTHONUNBUFFERED", "1");
        self.python2.clean(&mut command);
        command
    }
}

const LIST_CASES: &str = r#"
from autobahntestsuite.case import Cases
for case in Cases:
    print(case.__name__[4:].replace("_", "."))
"#;
