use core::fmt;

/// The head of an HTTP response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    text: String,
}

impl Head {
    /// Takes the head off the front of what was received, once it is there.
    pub(crate) fn take(received: &mut Vec<u8>) -> Option<Self> {
        let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&received[..end]).into_owned();
        received.drain(..end + 4);
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        Some(Self { status: status.unwrap_or_default(), text })
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text.replace("\r\n", " | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_when_it_is_whole() {
        let mut received = b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n\r".to_vec();
        assert_eq!(Head::take(&mut received), None);
        received.extend(b"\nrest");
        let head = Head::take(&mut received).unwrap();
        assert_eq!(
            (head.status, head.field("allow"), head.field("Host")),
            (405, Some("GET"), None)
        );
        assert_eq!(received, b"rest");
    }
}
