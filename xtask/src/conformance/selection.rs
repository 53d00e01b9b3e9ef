use crate::failure::{Result, bail};

/// All cases, but of those for compression only a small, a large and a fragmented size of each
/// kind.
pub(crate) const QUICK: &str = "1,2,3,4,5,6,7,9,10,12.*.2,12.*.7,12.*.12,13.*.2,13.*.7,13.*.12";

pub(crate) const FULL: &str = "1,2,3,4,5,6,7,9,10,12,13";

/// Returns the cases that a list of patterns, separated by commas, selects. A pattern is a case, or
/// the beginning of some up to a dot; `*` stands for any part between two dots.
pub(crate) fn select(cases: &[String], list: &str) -> Result<Vec<String>> {
    let patterns: Vec<_> = list.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    for pattern in &patterns {
        if !cases.iter().any(|case| matches(pattern, case)) {
            bail!("no case matches `{pattern}`");
        }
    }
    let selected = |case: &&String| patterns.iter().any(|pattern| matches(pattern, case));
    Ok(cases.iter().filter(selected).cloned().collect())
}

fn matches(pattern: &str, case: &str) -> bool {
    let mut parts = case.split('.');
    pattern
        .split('.')
        .all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_parts() {
        assert!(matches("7.1.5", "7.1.5"));
        assert!(matches("7.1", "7.1.5"));
        assert!(matches("7.*", "7.1.5"));
        assert!(matches("12.*.5", "12.3.5"));
        assert!(!matches("1", "10.1.1"));
        assert!(!matches("2.1", "2.10"));
        assert!(!matches("12.*.5", "12.3.15"));
        assert!(!matches("7.1.5.1", "7.1.5"));
    }

    #[test]
    fn a_pattern_without_a_case_is_an_error() {
        let cases = ["1.1.1", "2.1", "2.10"].map(str::to_owned);
        assert_eq!(select(&cases, "2.1, 1").unwrap(), ["1.1.1", "2.1"]);
        assert_eq!(select(&cases, "8").unwrap_err().to_string(), "no case matches `8`");
    }
}
