//! Certificates that are trusted themselves: they are the server's, and their own issuer.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SanType,
};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};
use ws_tokio::{CloseCode, Message, TlsAcceptor, TlsConnector, TlsErrorKind};

use crate::reaching::certificates::{Authority, NAME, SelfSigned, Valid};
use crate::reaching::tls::{connector, refused, serve, uri};
use crate::support::on_both_runtimes;

async fn accepted(acceptor: TlsAcceptor, tls: TlsConnector) {
    let address = serve(acceptor).await;
    let connected = connector(address, tls).connect(&uri()).await;
    let (mut socket, _) = connected.expect("a connection");
    socket.send("hello").await.expect("sent");
    assert_eq!(socket.recv().await.expect("no error"), Some(Message::text("hello")));
    socket.close(CloseCode::NORMAL).await.expect("closed");
}

/// A server with this chain and any key, for one version of TLS.
fn presenting(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    version: &'static SupportedProtocolVersion,
) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let key = ring::sign::any_supported_type(&key).expect("a key");
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    Arc::new(config).into()
}

#[test]
fn a_certificate_of_openssl_req_is_accepted_where_it_is_trusted() {
    on_both_runtimes(async || {
        let own = SelfSigned::new(|_| {});
        accepted(own.server(), own.trusted()).await;
        for version in [&TLS12, &TLS13] {
            accepted(presenting(vec![own.der()], own.key(), version), own.trusted()).await;
        }
        let among_others = [Authority::new().pem(), own.pem(), SelfSigned::new(|_| {}).pem()];
        let trusting = TlsConnector::trusting(among_others.concat()).expect("certificates");
        accepted(own.server(), trusting).await;
    });
}

#[test]
fn what_it_says_of_itself_counts() {
    on_both_runtimes(async || {
        type Change = fn(&mut CertificateParams);
        let changes: [(&str, Change, TlsErrorKind); 5] = [
            (
                "another name",
                |params| {
                    let other = "other.example".try_into().expect("a name");
                    params.subject_alt_names = vec![SanType::DnsName(other)];
                },
                TlsErrorKind::WrongName,
            ),
            ("a common name", |params| params.subject_alt_names.clear(), TlsErrorKind::WrongName),
            ("expired", |params| Valid::Earlier.set(params), TlsErrorKind::Expired),
            ("not valid yet", |params| Valid::Later.set(params), TlsErrorKind::NotYetValid),
            (
                "for clients",
                |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
                TlsErrorKind::Certificate,
            ),
        ];
        for (case, change, kind) in changes {
            // Of an authority, or of a server alone: the result is the same.
            for is_ca in [true, false] {
                let own = SelfSigned::new(|params| {
                    change(params);
                    if !is_ca {
                        params.is_ca = IsCa::NoCa;
                    }
                });
                let error = refused(own.server(), own.trusted()).await;
                assert_eq!(error.kind(), kind, "{case}, of an authority: {is_ca}: {error}");
            }
        }
        let own = SelfSigned::new(|params| {
            params.extended_key_usages =
                vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        });
        accepted(own.server(), own.trusted()).await;
    });
}

/// The server must have the key of the certificate, not the certificate alone.
#[test]
fn who_does_not_have_the_key_is_refused() {
    on_both_runtimes(async || {
        let own = SelfSigned::new(|_| {});
        let other = KeyPair::generate().expect("a key");
        for version in [&TLS12, &TLS13] {
            let error = refused(presenting(vec![own.der()], &other, version), own.trusted()).await;
            assert_eq!(error.kind(), TlsErrorKind::Certificate, "{version:?}: {error}");
        }
    });
}

/// The same names, validity and purposes, but another key.
#[test]
fn one_that_looks_alike_is_refused() {
    on_both_runtimes(async || {
        for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::NoCa] {
            let own = SelfSigned::new(|_| {});
            let other = SelfSigned::new(|params| params.is_ca = is_ca);
            for chain in [vec![other.der()], vec![other.der(), own.der()]] {
                let acceptor = presenting(chain, other.key(), &TLS13);
                let error = refused(acceptor, own.trusted()).await;
                let kind = match &is_ca {
                    IsCa::Ca(_) => TlsErrorKind::CaUsedAsEndEntity,
                    // The issuer matches by its name, but not by its signature.
                    _ => TlsErrorKind::Certificate,
                };
                assert_eq!(error.kind(), kind, "{error}");
            }
        }
    });
}

/// A root, an intermediate authority, and a server's certificate from the latter.
struct Chain {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    leaf: CertificateDer<'static>,
    leaf_pem: String,
    key: KeyPair,
}

impl Chain {
    fn new() -> Self {
        let key = || KeyPair::generate().expect("a key");
        let authority = |name: &str| {
            let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            params
        };
        let root = CertifiedIssuer::self_signed(authority("root.example"), key()).expect("a root");
        // Its name is the server's: it may be presented as the server's certificate.
        let intermediate =
            CertifiedIssuer::signed_by(authority(NAME), key(), &root).expect("an issuer");
        let leaf_key = key();
        let leaf = CertificateParams::new([NAME.to_owned()]).expect("a name");
        let leaf = leaf.signed_by(&leaf_key, &intermediate).expect("a certificate");
        let (leaf, leaf_pem) = (leaf.der().clone(), leaf.pem());
        Self { root, intermediate, leaf, leaf_pem, key: leaf_key }
    }

    fn server(&self) -> TlsAcceptor {
        let chain = vec![self.leaf.clone(), self.intermediate.der().clone()];
        presenting(chain, &self.key, &TLS13)
    }
}

#[test]
fn chains_are_verified_as_ever() {
    on_both_runtimes(async || {
        let chain = Chain::new();
        let trusting = |pem: String| TlsConnector::trusting(pem).expect("a certificate");
        accepted(chain.server(), trusting(chain.root.pem())).await;
        accepted(chain.server(), trusting(chain.intermediate.pem())).await;

        // Without the intermediate certificate there is no path.
        let alone = presenting(vec![chain.leaf.clone()], &chain.key, &TLS13);
        let error = refused(alone, trusting(chain.root.pem())).await;
        assert_eq!(error.kind(), TlsErrorKind::UnknownIssuer, "{error}");

        // An authority that is not trusted itself is not accepted as a server, even if a trusted
        // one issued it.
        let issued =
            presenting(vec![chain.intermediate.der().clone()], chain.intermediate.key(), &TLS13);
        let error = refused(issued, trusting(chain.root.pem())).await;
        assert_eq!(error.kind(), TlsErrorKind::CaUsedAsEndEntity, "{error}");
    });
}

/// A trusted certificate need not be self-signed.
#[test]
fn a_servers_certificate_alone_may_be_trusted() {
    on_both_runtimes(async || {
        let chain = Chain::new();
        let trusting = TlsConnector::trusting(&chain.leaf_pem).expect("a certificate");
        accepted(chain.server(), trusting.clone()).await;

        // It is trusted for no other certificate, not even one from the same authority.
        let key = KeyPair::generate().expect("a key");
        let other = CertificateParams::new([NAME.to_owned()]).expect("a name");
        let other = other.signed_by(&key, &chain.intermediate).expect("a certificate");
        let others = vec![other.der().clone(), chain.leaf.clone()];
        let error = refused(presenting(others, &key, &TLS13), trusting).await;
        assert_eq!(error.kind(), TlsErrorKind::UnknownIssuer, "{error}");
    });
}
