//! `Retry-After` (RFC 9110 §10.2.3).

use std::time::Duration;

use httpdate::parse_http_date;
use ws_futures::client::Response;

/// Returns the delay before the next attempt that a server requests in the `Retry-After` field of its
/// response. A date is relative to the response's own `Date`. The value is not limited: apply a limit.
///
/// `None`: the field is missing or malformed.
pub fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.header("retry-after")?;
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let sent = parse_http_date(response.header("date")?).ok()?;
    let until = parse_http_date(value).ok()?;
    Some(until.duration_since(sent).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use ws_futures::Config;
    use ws_futures::client::{ClientProgress, ClientRequest};

    use super::*;

    fn response(fields: &[(&str, &str)]) -> Response {
        let mut text = String::from("HTTP/1.1 503 X\r\nContent-Length: 0\r\n");
        for (name, value) in fields {
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        let sent = ClientRequest::new("a", "/").send(Config::default(), [7; 32], &mut Vec::new());
        match sent.expect("valid").receive(&mut text.into_bytes().as_mut_slice()) {
            Ok(ClientProgress::Refused(response)) => response,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn waits() {
        let cases = [
            ("120", Some(120)),
            ("0", Some(0)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("99999999999999999999", None),
            ("soon", None),
        ];
        for (value, seconds) in cases {
            let fields = [("Retry-After", value)];
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&response(&fields)), expected, "{value}");
        }
        assert_eq!(retry_after(&response(&[])), None);
        let twice = [("Retry-After", "1"), ("Retry-After", "2")];
        assert_eq!(retry_after(&response(&twice)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn dates_count_from_the_responses_own() {
        let cases = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Wed, 28 Feb 2024 00:00:00 GMT", "Fri, 01 Mar 2024 00:00:00 GMT", Some(2 * 86400)),
            ("Wed, 31 Dec 2025 23:59:59 GMT", "Thu, 01 Jan 2026 00:00:01 GMT", Some(2)),
            // Obsolete formats, which recipients must accept (RFC 9110 §5.6.7).
            ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:47 1994", Some(10)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", None),
            ("yesterday", "Sun, 06 Nov 1994 08:49:37 GMT", None),
        ];
        for (date, value, seconds) in cases {
            let response = response(&[("Retry-After", value), ("Date", date)]);
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&response), expected, "{date}, {value}");
        }
        let without_date = response(&[("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        assert_eq!(retry_after(&without_date), None);
    }
}
