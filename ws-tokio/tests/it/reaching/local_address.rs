//! Clients that connect from an address of their choice.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ws_tokio::{ConnectError, Connector};

use crate::reaching::server::Server;
use crate::support::{listen, on_both_runtimes};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Only Linux has all of 127.0.0.0/8.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_comes_from_it() {
    use ws_tokio::Proxy;

    use crate::reaching::fake_proxy::{FakeProxy, Kind, Rules};

    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let rules = Rules { kind: Kind::Http, authenticates: false, server: Some(server.address) };
        let proxy = FakeProxy::start(rules).await;
        let connector = Connector::new().local_address([127, 0, 0, 2]);
        let proxied = connector.clone().proxy(Proxy::all(&proxy.uri("http", "")).expect("valid"));
        for (connector, peer) in [(connector, server.address), (proxied, proxy.address)] {
            let (socket, _) = connector.connect(&server.uri("/")).await.expect("a connection");
            let tcp = socket.get_ref().get_ref().tcp().expect("TCP");
            let local = tcp.local_addr().expect("open");
            assert_eq!((local.ip(), tcp.peer_addr().expect("open")), ([127, 0, 0, 2].into(), peer));
            assert!(tcp.nodelay().expect("open"));
        }
    });
}

#[test]
fn only_addresses_of_its_family_are_tried() {
    on_both_runtimes(async || {
        let (listener, v4) = listen().await;
        let v6 = SocketAddr::new(V6, v4.port());
        drop(listener);
        for (local, addresses) in [(V4, [v6, v4]), (V4, [v4, v6])] {
            let connector = Connector::new().resolve("a", addresses).local_address(local);
            let error = connector.connect("ws://a/").await.expect_err("no listener");
            let ConnectError::Unreachable(failures) = error else { panic!("{error}") };
            let tried: Vec<_> = failures.attempts().iter().map(|(address, _)| *address).collect();
            assert_eq!(tried, [v4]);
        }
        for (local, address, text) in [
            (V4, v6, "cannot resolve a: no IPv4 address for the local address 127.0.0.1"),
            (V6, v4, "cannot resolve a: no IPv6 address for the local address ::1"),
        ] {
            let connector = Connector::new().resolve("a", [address]).local_address(local);
            let error = connector.connect("ws://a/").await.expect_err("no address");
            assert!(error.to_string().starts_with(text), "{error}");
            let ConnectError::Resolve { error, .. } = error else { panic!("{error}") };
            assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        }
    });
}

#[test]
fn an_address_of_another_machine_is_none() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        // RFC 5737: an address of no machine.
        let connector = Connector::new().local_address([192, 0, 2, 1]);
        let error = connector.connect(&server.uri("/")).await.expect_err("no such address");
        let ConnectError::Unreachable(failures) = error else { panic!("{error}") };
        let [(tried, error)] = failures.attempts() else { panic!("{failures}") };
        assert_eq!((*tried, error.kind()), (server.address, ErrorKind::AddrNotAvailable));
        assert_eq!(server.asked(), []);
    });
}
