use crate::conformance::cases;
use crate::failure::{Result, bail};

/// All but most of compression: a small, a large and a fragmented size of each kind.
pub(crate) const QUICK: &str = "1,2,3,4,5,6,7,9,10,12.*.2,12.*.7,12.*.12,13.*.2,13.*.7,13.*.12";

pub(crate) const FULL: &str = "1,2,3,4,5,6,7,9,10,12,13";

/// Cases that were asked for and are not left out.
#[derive(Debug)]
pub(crate) struct Selection {
    cases: Vec<String>,
}

impl Selection {
    /// Reads lists of patterns with commas between them. A pattern is a case, or the beginning of
    /// some up to a dot; `*` stands for any part between two dots.
    pub(crate) fn parse(included: &str, excluded: &str) -> Result<Self> {
        let (included, excluded) = (patterns(included)?, patterns(excluded)?);
        let chosen = |case: &String| {
            let is_in = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, case));
            is_in(&included) && !is_in(&excluded)
        };
        let cases: Vec<_> = cases::all().filter(chosen).collect();
        if cases.is_empty() {
            bail!("no cases are left to run");
        }
        Ok(Self { cases })
    }

    /// Those that some other list names, too.
    pub(crate) fn within(&self, list: &str) -> Result<Vec<String>> {
        let patterns = patterns(list)?;
        let listed = |case: &&String| patterns.iter().any(|pattern| matches(pattern, case));
        Ok(self.cases.iter().filter(listed).cloned().collect())
    }
}

fn patterns(list: &str) -> Result<Vec<&str>> {
    let patterns: Vec<_> = list.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    for pattern in &patterns {
        if !cases::all().any(|case| matches(pattern, &case)) {
            bail!("no case matches `{pattern}`");
        }
    }
    Ok(patterns)
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

    fn count(included: &str, excluded: &str) -> usize {
        Selection::parse(included, excluded).unwrap().cases.len()
    }

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
    fn the_named_selections() {
        assert_eq!(count(FULL, ""), 517);
        assert_eq!(count(QUICK, ""), 301 + 3 * 12);
    }

    #[test]
    fn cases_are_left_out() {
        assert_eq!(count("1, 2", "1.1,2.10"), 8 + 10);
        assert_eq!(Selection::parse("2", "").unwrap().within("2.1,3").unwrap(), ["2.1"]);
    }

    #[test]
    fn mistakes_are_told() {
        let failure = |included, excluded| Selection::parse(included, excluded).unwrap_err();
        assert_eq!(failure("8", "").to_string(), "no case matches `8`");
        assert_eq!(failure("1", "7.1.7").to_string(), "no case matches `7.1.7`");
        assert_eq!(failure("1", "1").to_string(), "no cases are left to run");
    }
}
