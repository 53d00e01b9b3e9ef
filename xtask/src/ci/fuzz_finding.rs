/// The part of a fuzzer's output that concerns an input that failed, without its stack traces.
#[derive(Default)]
pub(crate) struct FuzzFinding {
    lines: Vec<String>,
    following: usize,
}

/// Lines that report the failure, with the lines that follow.
const CAUSES: &[&str] = &["panicked at ", "ERROR: "];

/// Lines that identify the input, also for readers who only have the log.
const INPUTS: &[&str] = &["Test unit written to ", "Base64: "];

/// The lines of a message that follow a cause, at most.
const FOLLOWING: usize = 4;

impl FuzzFinding {
    pub(crate) fn push(&mut self, line: &str) {
        if CAUSES.iter().any(|cause| line.contains(cause)) {
            self.following = 1 + FOLLOWING;
        } else if line.starts_with("stack backtrace:") || line.trim_start().starts_with("#0 ") {
            self.following = 0;
        }
        let kept = self.following > 0 || INPUTS.iter().any(|input| line.contains(input));
        self.following = self.following.saturating_sub(1);
        if kept {
            self.lines.push(line.to_owned());
        }
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_and_the_input_are_kept() {
        let output = "\
#2\tINITED cov: 18 ft: 18 corp: 1/6b exec/s: 0 rss: 33Mb
thread '<unnamed>' (14462) panicked at src/compare.rs:29:9:
other messages
stack backtrace:
   0: __rustc::rust_begin_unwind
==14462== ERROR: libFuzzer: deadly signal
    #0 0x5584 in __sanitizer_print_stack_trace
SUMMARY: libFuzzer: deadly signal
artifact_prefix='./'; Test unit written to ./crash-1
Base64: AAE=
";
        let mut finding = FuzzFinding::default();
        output.lines().for_each(|line| finding.push(line));
        let expected = [
            "thread '<unnamed>' (14462) panicked at src/compare.rs:29:9:",
            "other messages",
            "==14462== ERROR: libFuzzer: deadly signal",
            "artifact_prefix='./'; Test unit written to ./crash-1",
            "Base64: AAE=",
        ];
        assert_eq!(finding.lines(), expected);
    }
}
