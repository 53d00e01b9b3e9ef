//! Why a connection did not become a client.

/// A reason, as it appears in the metrics and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refused {
    Full,
    Draining,
    TooManyFromAddress,
    ConnectRate,
    ForeignOrigin,
    /// The request was not valid.
    BadHandshake,
    /// A plain request for the path of WebSockets.
    UpgradeRequired,
    /// No request arrived in time.
    Timeout,
    /// Too many other connections had not sent a request.
    TooManyHandshakes,
    Tls,
    Unauthenticated,
}

impl Refused {
    pub(crate) const ALL: [Self; 11] = [
        Self::Full,
        Self::Draining,
        Self::TooManyFromAddress,
        Self::ConnectRate,
        Self::ForeignOrigin,
        Self::BadHandshake,
        Self::UpgradeRequired,
        Self::Timeout,
        Self::TooManyHandshakes,
        Self::Tls,
        Self::Unauthenticated,
    ];

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Draining => "draining",
            Self::TooManyFromAddress => "per_ip",
            Self::ConnectRate => "connect_rate",
            Self::ForeignOrigin => "origin",
            Self::BadHandshake => "handshake",
            Self::UpgradeRequired => "upgrade_required",
            Self::Timeout => "timeout",
            Self::TooManyHandshakes => "handshakes",
            Self::Tls => "tls",
            Self::Unauthenticated => "auth",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reasons_differ() {
        let reasons: HashSet<_> = Refused::ALL.into_iter().map(Refused::reason).collect();
        assert_eq!(reasons.len(), Refused::ALL.len());
    }
}
