//! The command: a run, and its report.

use std::error::Error;
use std::process::ExitCode;

use ws_cli::stop_signal;

use crate::course;
use crate::options::Bench;
use crate::output::Output;
use crate::plan::Plan;
use crate::{chart, table};

impl Bench {
    /// Puts load on the server, and reports.
    ///
    /// # Errors
    ///
    /// When there is no server, this machine's limits do not allow so much, or the report cannot be
    /// written.
    pub async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let plan = match Plan::new(&self) {
            Ok(plan) => plan,
            Err(mistake) => {
                eprintln!("error: {mistake}\n\nFor more information, try '--help'.");
                return Ok(ExitCode::from(2));
            }
        };
        let to_stdout = self.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
        // Before the run: nobody wants to learn after it that its report is lost.
        let json = self.json.as_deref().filter(|_| !to_stdout).map(Output::create).transpose()?;
        let svg = self.svg.as_deref().map(Output::create).transpose()?;
        let stop = stop_signal()?;
        let report = course::run(&self, plan, stop).await?;
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
