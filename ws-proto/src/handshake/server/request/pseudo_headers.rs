/// The pseudo-header fields of a request over HTTP/2 or HTTP/3 (RFC 9113 §8.3.1, RFC 8441 §4),
/// `:scheme` left out: who reaches this server has decided on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PseudoHeaders<'a> {
    /// `:method`: `CONNECT` for a WebSocket.
    pub method: &'a str,
    /// `:protocol`: `websocket` for one.
    pub protocol: Option<&'a str>,
    /// `:authority`, or empty: then it is the `Host` field that counts.
    pub authority: &'a str,
    /// `:path`, with the query.
    pub path: &'a str,
}
