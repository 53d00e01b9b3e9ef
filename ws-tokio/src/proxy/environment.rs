//! The environment variables for proxies, interpreted as by other programs.

use super::exceptions::Exceptions;
use super::{InvalidProxy, Proxy, ProxyServer};

pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Proxy, InvalidProxy> {
    let value = |name: &'static str| {
        let value = variable(name)?;
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| (name, trimmed.to_owned()))
    };
    let either = |lower, upper| value(lower).or_else(|| value(upper));
    let all = || either("all_proxy", "ALL_PROXY");
    let plain = match variable("REQUEST_METHOD") {
        None => either("http_proxy", "HTTP_PROXY"),
        Some(_) => value("http_proxy"),
    };
    let secure = either("https_proxy", "HTTPS_PROXY");

    let mut exceptions = Exceptions::default();
    if let Some((_, list)) = either("no_proxy", "NO_PROXY") {
        exceptions.add(&list);
    }
    Ok(Proxy {
        plain: server(plain.or_else(all))?,
        secure: server(secure.or_else(all))?,
        exceptions,
        ..Proxy::default()
    })
}

fn server(value: Option<(&'static str, String)>) -> Result<Option<ProxyServer>, InvalidProxy> {
    let Some((name, address)) = value else { return Ok(None) };
    address.parse().map(Some).map_err(|invalid: InvalidProxy| invalid.of(name))
}

#[cfg(test)]
mod tests {
    use ws_futures::client::Uri;

    use super::*;
    use crate::proxy::InvalidProxyKind;

    fn proxy(variables: &[(&str, &str)]) -> Result<Proxy, InvalidProxy> {
        read(|name| {
            let variable = variables.iter().find(|(other, _)| *other == name);
            variable.map(|(_, value)| (*value).to_owned())
        })
    }

    fn hosts(variables: &[(&str, &str)]) -> [Option<String>; 2] {
        let proxy = proxy(variables).expect("valid");
        ["ws://a/", "wss://a/"].map(|uri| {
            let uri: Uri = uri.parse().expect("valid");
            proxy.server_for(&uri).map(|server| server.host.clone())
        })
    }

    #[test]
    fn each_scheme_has_its_variable() {
        let some = |host: &str| Some(host.to_owned());
        for (variables, expected) in [
            (&[][..], [None, None]),
            (&[("HTTP_PROXY", "h")], [some("h"), None]),
            (&[("HTTPS_PROXY", "s")], [None, some("s")]),
            (&[("ALL_PROXY", "a")], [some("a"), some("a")]),
            (&[("ALL_PROXY", "a"), ("HTTPS_PROXY", "s")], [some("a"), some("s")]),
            (&[("http_proxy", "l"), ("HTTP_PROXY", "h")], [some("l"), None]),
            (&[("all_proxy", " a "), ("ALL_PROXY", "b")], [some("a"), some("a")]),
            (&[("https_proxy", ""), ("HTTPS_PROXY", "s")], [None, some("s")]),
            (&[("HTTP_PROXY", "h"), ("REQUEST_METHOD", "GET")], [None, None]),
            (&[("http_proxy", "h"), ("REQUEST_METHOD", "GET")], [some("h"), None]),
            (&[("ALL_PROXY", "p"), ("NO_PROXY", "b, a")], [None, None]),
            (&[("ALL_PROXY", "p"), ("no_proxy", "a:443"), ("NO_PROXY", "a")], [some("p"), None]),
        ] {
            assert_eq!(hosts(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn an_error_names_the_variable_and_no_secret() {
        let error = proxy(&[("HTTPS_PROXY", "ftp://me:secret@proxy")]).expect_err("a scheme");
        assert_eq!(error.kind(), InvalidProxyKind::Scheme);
        assert_eq!(error.variable(), Some("HTTPS_PROXY"));
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
