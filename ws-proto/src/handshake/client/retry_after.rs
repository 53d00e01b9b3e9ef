//! `Retry-After` (RFC 9110 §10.2.3).

use core::time::Duration;

use super::Response;

impl Response {
    /// How long the server asks to wait before the next attempt, by its `Retry-After` field. A date
    /// counts from the response's own `Date`. It is a wish of the server's: put a limit to it.
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.header("retry-after")?;
        let seconds = match value.bytes().all(|byte| byte.is_ascii_digit()) {
            true => value.parse().ok()?,
            false => seconds(value)?.saturating_sub(seconds(self.header("date")?)?),
        };
        Some(Duration::from_secs(seconds))
    }
}

/// A date of the form `Sun, 06 Nov 1994 08:49:37 GMT`, the only one that may still be written
/// (RFC 9110 §5.6.7), in seconds since some epoch.
fn seconds(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_weekday, date) = date.split_once(", ")?;
    let mut parts = date.strip_suffix(" GMT")?.split(' ');
    let day = number(parts.next()?, 31)?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64;
    let year = number(parts.next()?, 9999)?;
    let mut time = parts.next()?.split(':');
    let (hour, minute) = (number(time.next()?, 23)?, number(time.next()?, 59)?);
    let second = number(time.next()?, 60)?;
    if parts.next().is_some() || time.next().is_some() || day == 0 || year == 0 {
        return None;
    }
    // A year that begins in March has its leap day at the end.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn number(digits: &str, max: u64) -> Option<u64> {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| all_digits && *number <= max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Headers;

    type Fields<'f> = &'f [(&'f str, &'f str)];

    fn response(fields: Fields<'_>) -> Response {
        let mut headers = Headers::new();
        for (name, value) in fields {
            headers.push_valid(name, value);
        }
        Response { status: 503, headers, body: alloc::vec![] }
    }

    #[test]
    fn waits() {
        let date = "Date";
        let after = "Retry-After";
        let cases: [(Fields<'_>, Option<u64>); 11] = [
            (&[], None),
            (&[(after, "120")], Some(120)),
            (&[(after, "0")], Some(0)),
            (&[(after, "-1")], None),
            (&[(after, "99999999999999999999")], None),
            (&[(after, "soon")], None),
            (&[(after, "Sun, 06 Nov 1994 08:49:37 GMT")], None),
            (
                &[
                    (after, "Sun, 06 Nov 1994 08:50:37 GMT"),
                    (date, "Sun, 06 Nov 1994 08:49:37 GMT"),
                ],
                Some(60),
            ),
            (
                &[
                    (after, "Sun, 06 Nov 1994 08:49:37 GMT"),
                    (date, "Sun, 06 Nov 1994 08:50:37 GMT"),
                ],
                Some(0),
            ),
            (
                &[
                    (after, "Fri, 01 Mar 2024 00:00:00 GMT"),
                    (date, "Wed, 28 Feb 2024 00:00:00 GMT"),
                ],
                Some(2 * 86400),
            ),
            (
                &[
                    (after, "Thu, 01 Jan 2026 00:00:01 GMT"),
                    (date, "Wed, 31 Dec 2025 23:59:59 GMT"),
                ],
                Some(2),
            ),
        ];
        for (fields, seconds) in cases {
            assert_eq!(
                response(fields).retry_after(),
                seconds.map(Duration::from_secs),
                "{fields:?}"
            );
        }
    }

    #[test]
    fn every_day_is_longer_than_the_last() {
        let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let names =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut last = seconds("Fri, 31 Dec 1999 00:00:00 GMT").expect("a date");
        for year in 2000..2005 {
            for (month, (name, len)) in names.iter().zip(months).enumerate() {
                let leap = u64::from(month == 1 && year % 4 == 0);
                for day in 1..=len + leap {
                    let date = alloc::format!("X, {day:02} {name} {year} 00:00:00 GMT");
                    let next = seconds(&date).expect("a date");
                    assert_eq!(next - last, 86400, "{date}");
                    last = next;
                }
            }
        }
    }

    #[test]
    fn no_dates() {
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:1 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
