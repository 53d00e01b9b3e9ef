//! The meanings of close codes.

use ws_tokio::CloseCode;

/// Returns the meaning of a close code (RFC 6455 §7.4, the IANA registry, and the codes of `ws-demo`).
pub const fn describe_close_code(code: CloseCode) -> &'static str {
    match code.get() {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => "no code",
        1006 => "no Close frame",
        1007 => "invalid data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "extension required",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS failed",
        4501 => "authentication failed",
        4502 => "authentication took too long",
        4503 => "token expired or revoked, or disconnected by the backend",
        0..=999 | 5000.. => "not a code of the protocol",
        1004 | 1016..=2999 => "reserved",
        3000..=3999 => "registered by an application",
        4000..=4500 | 4504..=4999 => "private to the application",
    }
}
