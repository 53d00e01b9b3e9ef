use std::process::ExitCode;

/// How a command ended, unless a failure is still to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Nothing was checked, because the machine lacks something that is needed.
    Skipped,
    /// What failed has been reported.
    Failed,
}

impl Outcome {
    /// The exit status of a skipped command, as in Automake and Meson.
    pub(crate) const SKIPPED_STATUS: u8 = 77;

    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Passed => ExitCode::SUCCESS,
            Self::Skipped => ExitCode::from(Self::SKIPPED_STATUS),
            Self::Failed => ExitCode::FAILURE,
        }
    }
}
