//! Our client through proxies of other projects.

use core::net::SocketAddr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ws_tokio::proto::proxy::{TunnelError, TunnelErrorKind};

use super::authority::Authority;
use super::client_run::ClientRun;
use crate::artifacts::Artifacts;
use crate::command::command;
use crate::failure::{Context as _, Result};
use crate::outcome::Outcome;
use crate::service::{Service, free_address};
use crate::{packages, workspace};

const USER: &str = "user";
const PASSWORD: &str = "correct-horse";

/// A kind of proxy, and the error of our client when it refuses.
struct Kind {
    name: &'static str,
    scheme: &'static str,
    start: fn(SocketAddr, authenticates: bool) -> Result<Command>,
    unreachable: TunnelErrorKind,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "tinyproxy",
        scheme: "http",
        start: tinyproxy,
        unreachable: TunnelErrorKind::Status(500),
    },
    Kind {
        name: "microsocks",
        scheme: "socks5",
        start: microsocks,
        unreachable: TunnelErrorKind::ConnectionRefused,
    },
];

/// The servers, and the clients that connect to them.
struct Peers {
    echo: Service,
    tls_echo: Service,
    client: PathBuf,
    tls_client: PathBuf,
    authority: Authority,
}

pub(crate) fn run() -> Result<Outcome> {
    let examples = ["tokio_echo", "proxy_client", "tls_echo", "tls_client"];
    let mut selection = vec!["--package", "ws-tokio", "--features", "rustls"];
    selection.extend(examples.iter().flat_map(|name| ["--example", *name]));
    let programs = Artifacts::build_unoptimized(&selection)?;
    let authority = Authority::create("proxies")?;
    let server = authority.certificate("server", "DNS:localhost,IP:127.0.0.1")?;
    let files = [&server.chain, &server.key].map(|path| path.display().to_string());
    let peers = Peers {
        echo: Service::echo(programs.path("tokio_echo")?, &[], "proxies")?,
        tls_echo: Service::echo(
            programs.path("tls_echo")?,
            &files.each_ref().map(|file| &**file),
            "proxies-tls",
        )?,
        client: programs.path("proxy_client")?.to_owned(),
        tls_client: programs.path("tls_client")?.to_owned(),
        authority,
    };
    for kind in &KINDS {
        for authenticates in [false, true] {
            test(kind, authenticates, &peers).context(kind.name)?;
        }
    }
    Ok(Outcome::Passed)
}

fn test(kind: &Kind, authenticates: bool, peers: &Peers) -> Result {
    let name = if authenticates { "with a password" } else { "without a password" };
    println!("{}, {name}:", kind.name);
    let address = free_address()?;
    let log = workspace::scratch("proxies")?.join(format!("{}.log", kind.name));
    let _proxy = Service::start(&mut (kind.start)(address, authenticates)?, address, &log)?;

    let at = |user: &str| format!("{}://{user}{address}", kind.scheme);
    let right = match authenticates {
        true => at(&format!("{USER}:{PASSWORD}@")),
        false => at(""),
    };
    let open = format!("open: by way of {address}");
    let echo = format!("ws://{}/", peers.echo.address);
    peers.plain(&echo, &right)?.expect_lines(&[&open, "hello", "closed: 1000"])?;
    println!("  ok: ws");
    peers.secure(&right)?.expect_lines(&["open: status 101", "hello", "closed: 1000"])?;
    println!("  ok: wss");
    let nobody = format!("ws://{}/", free_address()?);
    peers.plain(&nobody, &right)?.expect_error(&TunnelError::from(kind.unreachable))?;
    println!("  ok: a server that is not there");
    if authenticates {
        let wrong = at(&format!("{USER}:wrong@"));
        let error = TunnelError::from(TunnelErrorKind::WrongCredentials);
        peers.plain(&echo, &wrong)?.expect_error(&error)?;
        println!("  ok: a wrong password");
        let error = TunnelError::from(TunnelErrorKind::AuthenticationRequired);
        peers.plain(&echo, &at(""))?.expect_error(&error)?;
        println!("  ok: no password");
    }
    Ok(())
}

impl Peers {
    fn plain(&self, uri: &str, proxy: &str) -> Result<ClientRun> {
        let mut client = command(&self.client);
        client.args([uri, "--proxy", proxy, "hello"]);
        ClientRun::of(client)
    }

    fn secure(&self, proxy: &str) -> Result<ClientRun> {
        let uri = format!("wss://{}/", self.tls_echo.address);
        let mut client = command(&self.tls_client);
        client.args([&*uri, "--proxy", proxy, "--ca"]).arg(self.authority.certificates());
        client.arg("hello");
        ClientRun::of(client)
    }
}

fn tinyproxy(address: SocketAddr, authenticates: bool) -> Result<Command> {
    let file = workspace::scratch("proxies")?.join("tinyproxy.conf");
    let (ip, port) = (address.ip(), address.port());
    let mut text = format!("Listen {ip}\nPort {port}\nAllow {ip}\nTimeout 60\nMaxClients 20\n");
    if authenticates {
        text += &format!("BasicAuth {USER} {PASSWORD}\n");
    }
    fs::write(&file, text).context(file.display())?;
    let mut tinyproxy = command(packages::program("tinyproxy", "tinyproxy-bin")?);
    tinyproxy.args(["-d", "-c"]).arg(file);
    Ok(tinyproxy)
}

fn microsocks(address: SocketAddr, authenticates: bool) -> Result<Command> {
    let mut microsocks = command(packages::program("microsocks", "microsocks")?);
    microsocks.args(["-i", &address.ip().to_string(), "-p", &address.port().to_string()]);
    if authenticates {
        microsocks.args(["-u", USER, "-P", PASSWORD]);
    }
    Ok(microsocks)
}
