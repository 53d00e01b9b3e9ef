//! The command: a run and its reports.

use std::error::Error;
use std::process::ExitCode;

use ws_cli::stop_signal;

use crate::options::Bench;
use crate::output::Output;
use crate::plan::Plan;
use crate::run;
use crate::{chart, table};

impl Bench {
    /// Puts load on the server, and writes the reports. Returns the exit status of the program, which the
    /// help lists; options that contradict each other are reported on standard error, with status 2.
    ///
    /// Must be called within a Tokio runtime. The clients run on threads of their own. From this call on,
    /// SIGINT and SIGTERM end the run early; a second one ends the process.
    ///
    /// # Errors
    ///
    /// The address of the server cannot be resolved, its certificate or the proxy cannot be used, a limit of
    /// this machine is too low for the clients, or a report cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it leaves the clients running: end the process.
    pub async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let plan = match Plan::new(&self) {
            Ok(plan) => plan,
            Err(mistake) => {
                eprintln!("error: {mistake}\n\nFor more information, try '--help'.");
                return Ok(ExitCode::from(2));
            }
        };
        let to_stdout = self.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
        // Before the run, so that a file that cannot be written costs no run.
        let json = self.json.as_deref().filter(|_| !to_stdout).map(Output::create).transpose()?;
        let svg = self.svg.as_deref().map(Output::create).transpose()?;
        let stop = stop_signal()?;
        let report = run::run(&self, plan, stop).await?;
        let text = serde_json::to_string_pretty(&report)? + "\n";
        if let Some(json) = json {
            json.write(&text)?;
        }
        if let Some(svg) = svg {
            svg.write(&chart::draw(&report))?;
        }
        let shown = if to_stdout { text } else { table::lay_out(&report) };
        Output::stdout().write(&shown)?;
        Ok(ExitCode::from(report.status()))
    }
}
