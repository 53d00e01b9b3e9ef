use core::fmt;

use serde_json::Value;

use crate::conformance::cases::INFORMATIONAL;

/// How a case ended. The suite judges twice: what was exchanged, and how the connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    Informational,
    /// Anything else, in the suite's words: also NON-STRICT and UNIMPLEMENTED.
    Failed {
        behavior: String,
        closing: String,
        close_code: Option<u64>,
        report_file: Option<String>,
    },
    Unfinished,
}

impl Verdict {
    /// Reads a case's entry in the index that the suite writes.
    pub(crate) fn of(case: &str, result: Option<&Value>) -> Self {
        let Some(result) = result else {
            return Self::Unfinished;
        };
        let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or("missing");
        let (behavior, closing) = (text("behavior"), text("behaviorClose"));
        let known = |verdict| {
            verdict == "OK" || (verdict == "INFORMATIONAL" && INFORMATIONAL.contains(&case))
        };
        if !known(behavior) || !known(closing) {
            return Self::Failed {
                behavior: behavior.to_owned(),
                closing: closing.to_owned(),
                close_code: result.get("remoteCloseCode").and_then(Value::as_u64),
                report_file: result.get("reportfile").and_then(Value::as_str).map(str::to_owned),
            };
        }
        if behavior == "OK" && closing == "OK" { Self::Ok } else { Self::Informational }
    }

    pub(crate) fn passed(&self) -> bool {
        matches!(self, Self::Ok | Self::Informational)
    }

    /// What cases of the same kind are counted under.
    pub(crate) fn summary(&self) -> &str {
        match self {
            Self::Ok => "OK",
            Self::Informational => "INFORMATIONAL",
            Self::Failed { behavior, closing, .. } => {
                if behavior == "OK" {
                    closing
                } else {
                    behavior
                }
            }
            Self::Unfinished => "unfinished",
        }
    }

    pub(crate) fn report_file(&self) -> Option<&str> {
        match self {
            Self::Failed { report_file, .. } => report_file.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { behavior, closing, close_code, .. } => {
                write!(f, "{behavior}, closing {closing}")?;
                match close_code {
                    Some(code) => write!(f, " (the peer's code: {code})"),
                    None => write!(f, " (no code from the peer)"),
                }
            }
            verdict => f.write_str(verdict.summary()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(case: &str, behavior: &str, closing: &str) -> Verdict {
        let result = json!({
            "behavior": behavior, "behaviorClose": closing,
            "remoteCloseCode": 1002, "reportfile": "peer_case.json",
        });
        Verdict::of(case, Some(&result))
    }

    #[test]
    fn only_ok_passes() {
        assert!(verdict("1.1.1", "OK", "OK").passed());
        for word in ["NON-STRICT", "UNIMPLEMENTED", "FAILED", "INFORMATIONAL", "WRONG CODE"] {
            assert!(!verdict("1.1.1", word, "OK").passed(), "{word}");
        }
        for word in ["UNCLEAN", "FAILED BY CLIENT", "WRONG CODE", "INFORMATIONAL"] {
            assert!(!verdict("1.1.1", "OK", word).passed(), "{word}");
        }
    }

    #[test]
    fn three_cases_may_be_informational() {
        for case in ["7.1.6", "7.13.1", "7.13.2"] {
            assert_eq!(verdict(case, "INFORMATIONAL", "OK"), Verdict::Informational);
            assert_eq!(verdict(case, "INFORMATIONAL", "INFORMATIONAL"), Verdict::Informational);
            assert!(!verdict(case, "NON-STRICT", "OK").passed());
        }
    }

    #[test]
    fn a_case_without_a_result_is_unfinished() {
        assert_eq!(Verdict::of("1.1.1", None), Verdict::Unfinished);
        assert!(!Verdict::Unfinished.passed());
    }

    #[test]
    fn an_entry_without_verdicts_fails() {
        assert!(!Verdict::of("1.1.1", Some(&json!({}))).passed());
    }

    #[test]
    fn a_failure_says_why() {
        let failed = verdict("7.9.1", "OK", "WRONG CODE");
        assert_eq!(failed.to_string(), "OK, closing WRONG CODE (the peer's code: 1002)");
        assert_eq!(failed.summary(), "WRONG CODE");
        assert_eq!(failed.report_file(), Some("peer_case.json"));
    }
}
