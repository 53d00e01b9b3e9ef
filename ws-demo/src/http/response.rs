//! An answer of plain HTTP.

use std::borrow::Cow;

/// A status, header fields and a body.
pub(super) struct Response {
    status: u16,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Cow<'static, str>,
}

impl Response {
    pub(super) fn new(
        status: u16,
        content_type: &'static str,
        body: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.into())], body: body.into() }
    }

    pub(super) fn text(status: u16, body: impl Into<Cow<'static, str>>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    /// Adds a header field; no value of a client's.
    pub(super) fn header(
        mut self,
        name: &'static str,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Whether another request may follow on the same connection.
    pub(super) fn allows_more(&self) -> bool {
        matches!(self.status, 200 | 404 | 405 | 426)
    }

    /// Appends the answer to a request with this method. `keep`: the connection stays open.
    pub(super) fn write(&self, method: &str, keep: bool, out: &mut Vec<u8>) {
        let Self { status, headers, body } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(*status));
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let upgrade = headers.iter().any(|(name, _)| *name == "Upgrade");
        // HTTP/1.1 stays open unless it says otherwise (RFC 9112 §9.3).
        match (upgrade, keep) {
            (true, true) => head += "Connection: Upgrade\r\n",
            (true, false) => head += "Connection: Upgrade, close\r\n",
            (false, false) => head += "Connection: close\r\n",
            (false, true) => {}
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        out.extend_from_slice(head.as_bytes());
        // RFC 9110 §9.3.2.
        if method != "HEAD" {
            out.extend_from_slice(body.as_bytes());
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(method: &str, keep: bool) -> String {
        let mut out = Vec::new();
        Response::text(200, "ok\n").write(method, keep, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_length_is_that_of_the_body_even_without_it() {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n";
        assert_eq!(written("GET", true), format!("{head}Content-Length: 3\r\n\r\nok\n"));
        assert_eq!(written("HEAD", true), format!("{head}Content-Length: 3\r\n\r\n"));
        let closing = format!("{head}Connection: close\r\nContent-Length: 3\r\n\r\nok\n");
        assert_eq!(written("GET", false), closing);
    }
}
