//! Minimal proxies, for one user and one server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::support::listen;

/// The one user's name and password where there is authentication.
pub(crate) const USER: &str = "user:p%40ss";
const BASIC: &str = "Proxy-Authorization: Basic dXNlcjpwQHNz";

pub(crate) struct FakeProxy {
    pub(crate) address: SocketAddr,
    destinations: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Http,
    Socks5,
}

/// How it treats clients.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) kind: Kind,
    pub(crate) authenticates: bool,
    /// The destination of tunnels; the proxy refuses them if there is none.
    pub(crate) server: Option<SocketAddr>,
}

impl FakeProxy {
    pub(crate) async fn start(rules: Rules) -> Self {
        Self::start_over(rules, async |stream| Some(stream)).await
    }

    /// The same over TLS.
    #[cfg(feature = "rustls")]
    pub(crate) async fn start_secure(rules: Rules, acceptor: ws_tokio::TlsAcceptor) -> Self {
        let secure = move |stream| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(stream).await.ok() }
        };
        Self::start_over(rules, secure).await
    }

    async fn start_over<S, F>(
        rules: Rules,
        prepare: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let (listener, address) = listen().await;
        let destinations = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&destinations);
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let log = Arc::clone(&log);
                let preparing = prepare(stream);
                tokio::spawn(async move {
                    let stream = preparing.await?;
                    match rules.kind {
                        Kind::Http => http(stream, rules, &log).await,
                        Kind::Socks5 => socks5(stream, rules, &log).await,
                    }
                });
            }
        });
        Self { address, destinations }
    }

    pub(crate) fn uri(&self, scheme: &str, user: &str) -> String {
        match user {
            "" => format!("{scheme}://{}", self.address),
            _ => format!("{scheme}://{user}@{}", self.address),
        }
    }

    /// The requested destinations of tunnels since the last call.
    pub(crate) fn destinations(&self) -> Vec<String> {
        std::mem::take(&mut *self.destinations.lock().expect("no panic"))
    }
}

async fn http(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    rules: Rules,
    log: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    if rules.authenticates && !head.lines().any(|line| line == BASIC) {
        let refusal = "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
        return client.write_all(refusal.as_bytes()).await.ok();
    }
    log.lock().expect("no panic").push(target.to_owned());
    let Some(server) = rules.server else {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.ok();
    };
    client.write_all(b"HTTP/1.1 200 OK\r\nVia: a\r\n\r\n").await.ok()?;
    carry(client, server).await
}

async fn socks5(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    rules: Rules,
    log: &Mutex<Vec<String>>,
) -> Option<()> {
    let [5, count] = read(&mut client, 2).await?[..] else { return None };
    let methods = read(&mut client, count).await?;
    let method = if rules.authenticates { 2 } else { 0 };
    if !methods.contains(&method) {
        return client.write_all(&[5, 0xFF]).await.ok();
    }
    client.write_all(&[5, method]).await.ok()?;
    if rules.authenticates {
        let [1, len] = read(&mut client, 2).await?[..] else { return None };
        let username = read(&mut client, len).await?;
        let len = client.read_u8().await.ok()?;
        let password = read(&mut client, len).await?;
        let correct = username == b"user" && password == b"p@ss";
        client.write_all(&[1, if correct { 0 } else { 1 }]).await.ok()?;
        if !correct {
            return None;
        }
    }
    let [5, 1, 0, kind] = read(&mut client, 4).await?[..] else { return None };
    let host = match kind {
        1 => {
            let octets: [u8; 4] = read(&mut client, 4).await?.try_into().ok()?;
            std::net::Ipv4Addr::from(octets).to_string()
        }
        3 => {
            let len = client.read_u8().await.ok()?;
            String::from_utf8(read(&mut client, len).await?).ok()?
        }
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    log.lock().expect("no panic").push(format!("{host}:{port}"));
    let Some(server) = rules.server else {
        return client.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok();
    };
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    carry(client, server).await
}

async fn read(client: &mut (impl AsyncRead + Unpin), len: u8) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len.into()];
    client.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn carry(mut client: impl AsyncRead + AsyncWrite + Unpin, server: SocketAddr) -> Option<()> {
    let mut server = TcpStream::connect(server).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}
