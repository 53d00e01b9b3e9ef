use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{command, execute, output, succeeds};
use crate::conformance::{cases, python2};
use crate::failure::{Context as _, Result, bail};
use crate::{stamp, workspace};

const REQUIREMENTS: &str = include_str!("../../conformance/requirements.txt");

const IMAGE: &str = "crossbario/autobahn-testsuite";

/// A way to run `wstest`, the suite's program.
pub(crate) enum Suite {
    Installed {
        wstest: PathBuf,
        /// Where an interpreter that was unpacked by itself finds its shared libraries.
        libraries: Option<OsString>,
    },
    Docker,
}

impl Suite {
    /// The suite in a Python 2.7 environment under `target/`, put there if need be.
    pub(crate) fn installed() -> Result<Self> {
        let folder = workspace::scratch("autobahn")?.join("suite");
        let python2 = python2::find()?;
        let description = format!("{}\n{REQUIREMENTS}", python2.program.display());
        let suite = Self::Installed {
            wstest: folder.join("bin/wstest"),
            libraries: python2.libraries.clone(),
        };
        // Its programs know the folder that they were installed in, and the checkout may have moved.
        let runs =
            || -> Result<bool> { Ok(succeeds(suite.wstest(&folder)?.arg("--autobahnversion"))) };
        if !stamp::is_current(&folder, &description) || !runs()? {
            stamp::clear(&folder)?;
            python2.make_environment(&folder)?;
            python2.install(&folder, REQUIREMENTS)?;
            check_cases(&folder, &python2)?;
            stamp::write(&folder, &description)?;
        }
        if !runs()? {
            bail!("{} does not run", folder.join("bin/wstest").display());
        }
        Ok(suite)
    }

    pub(crate) fn docker() -> Result<Self> {
        if !succeeds(command("docker").arg("info")) {
            bail!("no Docker engine answers (`docker info`)");
        }
        execute(command("docker").args(["pull", "--quiet", IMAGE]))?;
        Ok(Self::Docker)
    }

    /// `wstest` with what it is to do, which is written into `folder`, where its report goes, too.
    pub(crate) fn command(&self, mode: &str, mut spec: Value, folder: &Path) -> Result<Command> {
        spec["outdir"] = json!(folder);
        let file = folder.join("spec.json");
        fs::write(&file, format!("{spec:#}")).context(file.display())?;
        let mut wstest = self.wstest(folder)?;
        wstest.args(["--webport", "0", "--mode", mode, "--spec"]).arg(file);
        Ok(wstest)
    }

    fn wstest(&self, folder: &Path) -> Result<Command> {
        match self {
            Self::Installed { wstest, libraries } => {
                let mut command = command(wstest);
                // The last cryptography for Python 2 warns of that at each start.
                command.env("PYTHONWARNINGS", "ignore");
                command.env("PYTHONUNBUFFERED", "1");
                python2::clean(&mut command, libraries.as_deref());
                Ok(command)
            }
            Self::Docker => {
                let mut docker = command("docker");
                // An init process, because nothing else would pass a signal on.
                docker.args(["run", "--rm", "--init", "--network", "host"]);
                // Whoever started this must be able to remove the report.
                let owner = fs::metadata(folder).context(folder.display())?;
                docker.arg(format!("--user={}:{}", owner.uid(), owner.gid())).arg("--volume");
                // The same path inside and outside, so that the specification holds for both.
                docker.arg(format!("{0}:{0}", folder.display()));
                docker.args([IMAGE, "wstest"]);
                Ok(docker)
            }
        }
    }
}

/// Our own list of cases is the suite's.
fn check_cases(folder: &Path, python2: &python2::Python2) -> Result {
    let mut list = command(folder.join("bin/python"));
    list.args(["-W", "ignore", "-c", LIST_CASES]);
    python2::clean(&mut list, python2.libraries.as_deref());
    if output(&mut list)?.split_whitespace().ne(cases::all()) {
        bail!("the suite has other cases than those that are known");
    }
    Ok(())
}

const LIST_CASES: &str = r#"
from autobahntestsuite.case import Cases
for case in Cases:
    print(case.__name__[4:].replace("_", "."))
"#;
