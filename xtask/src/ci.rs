mod features;
mod fuzz;
mod msrv;
mod no_std;
mod package;
pub(crate) mod stage;
mod stage_run;
mod summary;

use std::process;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::ci::stage::{Output, STAGES, Stage, When};
use crate::ci::summary::Summary;
use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// The stages to run, of `ci` and of `nightly`
    #[arg(value_name = "STAGE", value_parser = PossibleValuesParser::new(STAGES.iter().map(|stage| stage.name)))]
    stages: Vec<String>,
}

impl Options {
    fn wants(&self, stage: &Stage, when: When) -> bool {
        match &*self.stages {
            [] => stage.when == when,
            named => named.iter().any(|name| name == stage.name),
        }
    }
}

/// Runs the stages that are named, or otherwise those for `when`.
pub(crate) fn run(options: &Options, when: When) -> Result<()> {
    let mut summary = Summary::default();
    for stage in STAGES.iter().filter(|stage| options.wants(stage, when)) {
        println!("==== {}: {}", stage.name, stage.about);
        if stage.output == Output::Logged {
            println!("     output in {}", workspace::relative(&stage.log()?).display());
        }
        let run = stage_run::run(stage)?;
        print!("{}", run.report());
        summary.push(run);
    }
    print!("\n{summary}");
    if summary.failed() {
        // The counts remain the last line.
        process::exit(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(stages: &[&str], when: When) -> Vec<&'static str> {
        let options = Options { stages: stages.iter().map(|name| (*name).to_owned()).collect() };
        let wanted = STAGES.iter().filter(|stage| options.wants(stage, when));
        wanted.map(|stage| stage.name).collect()
    }

    #[test]
    fn each_stage_has_its_time() {
        let [changes, nights] = [When::Change, When::Night].map(|when| wanted(&[], when));
        assert!(changes.contains(&"test") && nights.contains(&"msrv"));
        assert_eq!(changes.len() + nights.len(), STAGES.len());
    }

    #[test]
    fn any_stage_can_be_named() {
        for when in [When::Change, When::Night] {
            assert_eq!(wanted(&["msrv", "fmt"], when), ["fmt", "msrv"]);
        }
    }
}
