mod bits32;
mod deny;
mod features;
mod fuzz;
mod fuzz_finding;
mod msrv;
mod no_std;
pub(crate) mod stage;
mod stage_run;
mod summary;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::ci::stage::{Output, STAGES};
use crate::ci::summary::Summary;
use crate::failure::{Result, bail};
use crate::outcome::Outcome;
use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// The stages to run; all when none is named
    #[arg(value_name = "STAGE", value_parser = PossibleValuesParser::new(STAGES.iter().map(|stage| stage.name)))]
    stages: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let chosen = |name: &str| options.stages.is_empty() || options.stages.iter().any(|s| s == name);
    let mut summary = Summary::default();
    for stage in STAGES.iter().filter(|stage| chosen(stage.name)) {
        println!("==== {}: {}", stage.name, stage.about);
        if stage.output == Output::Logged {
            println!("     its output goes to {}", workspace::relative(&stage.log()?).display());
        }
        let run = stage_run::run(stage)?;
        print!("{}", run.report());
        summary.push(run);
    }
    print!("\n{summary}");
    match summary.failures() {
        0 => Ok(Outcome::Passed),
        1 => bail!("1 stage failed"),
        count => bail!("{count} stages failed"),
    }
}
