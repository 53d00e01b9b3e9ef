//! Tokens of every algorithm, and tokens that must be refused.

mod signing;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use serde_json::{Value, json};

use self::signing::{Issuer, RSA_PRIVATE, RSA_PUBLIC, SECRET, ecdsa, ed25519, hmac, rsa, unsigned};
use super::*;

/// A file, until it is dropped.
struct File(PathBuf);

impl File {
    fn new(content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ws-demo-keys-{}-{number}", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.write(content);
        file
    }

    fn write(&self, content: impl AsRef<[u8]>) {
        fs::write(&self.0, content).expect("a file");
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // It is only in a directory for temporary files.
        let _ = fs::remove_file(&self.0);
    }
}

fn load(source: Source, audience: &[&str]) -> Result<Keys, LoadError> {
    Keys::load(Setup { source, audience: audience.iter().copied().map(str::to_owned).collect() })
}

fn key_file(content: impl AsRef<[u8]>) -> Result<Keys, LoadError> {
    load(Source::Key(File::new(content).0.clone()), &[])
}

fn key_of(issuer: &Issuer) -> Keys {
    key_file(&issuer.file).expect("a key")
}

fn set_of(keys: &Value) -> Result<Keys, LoadError> {
    load(Source::Set(File::new(json!({"keys": keys}).to_string()).0.clone()), &[])
}

fn verify(keys: &Keys, token: &str) -> Result<Grant, Refusal> {
    keys.verify(token.as_bytes(), SystemTime::now())
}

fn refused(keys: &Keys, token: &str) -> Option<Refusal> {
    verify(keys, token).err()
}

/// Seconds since the Unix epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs()
}

fn alice() -> Value {
    json!({"sub": "alice"})
}

fn issuers() -> Vec<Issuer> {
    let mut issuers = vec![ecdsa("ES256"), ecdsa("ES384"), ed25519()];
    issuers.extend(["HS256", "HS384", "HS512"].map(|algorithm| hmac(algorithm, SECRET)));
    issuers.extend(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(rsa));
    issuers
}

#[test]
fn every_algorithm_as_a_file_and_as_a_jwk() {
    for issuer in issuers() {
        let algorithm = issuer.algorithm;
        let token = issuer.token(&alice());
        for keys in [key_of(&issuer), set_of(&json!([issuer.jwk])).expect("a set")] {
            let grant = verify(&keys, &token).unwrap_or_else(|_| panic!("{algorithm}"));
            assert_eq!(grant.user.as_deref(), Some("alice"), "{algorithm}");
            let Credential::Key(hash) = grant.credential else { panic!("{algorithm}") };
            assert!(keys.contains(&hash));
            // Another payload, another header, another signature, and none.
            let (message, signature) = token.rsplit_once('.').expect("a signature");
            let (header, payload) = message.split_once('.').expect("a payload");
            let other = unsigned("{}", r#"{"sub":"mallory"}"#);
            let (_, other) = other.split_once('.').expect("a payload");
            for forged in [
                format!("{header}.{other}.{signature}"),
                format!("{header}A.{payload}.{signature}"),
                format!("{message}.{}A", &signature[..signature.len() - 4]),
                format!("{message}.{}", &signature[..signature.len() - 4]),
                format!("{message}."),
                message.to_owned(),
            ] {
                assert_eq!(refused(&keys, &forged), Some(Refusal::Invalid), "{algorithm}");
            }
        }
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let issuers = issuers();
    for issuer in &issuers {
        let keys = key_of(issuer);
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"NONE"}"#,
            r#"{"alg":""}"#,
            r#"{"alg":null}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"typ":"JWT"}"#,
        ] {
            let message = unsigned(header, r#"{"sub":"mallory"}"#);
            for token in [format!("{message}."), format!("{message}.AA"), message] {
                assert_eq!(refused(&keys, &token), Some(Refusal::Invalid), "{header}");
            }
            // Also with a good signature of the key.
            let token = issuer.token_of_text(header, r#"{"sub":"mallory"}"#);
            assert_eq!(refused(&keys, &token), Some(Refusal::Invalid), "{header}");
        }
    }
}

/// The public key of the server as a secret that anyone knows.
#[test]
fn a_public_key_is_no_secret() {
    for issuer in [rsa("RS256"), ecdsa("ES256"), ecdsa("ES384"), ed25519()] {
        let pem = String::from_utf8(issuer.file.clone()).expect("text");
        let body: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
        let der = pem_contents(&body);
        let from_file = key_of(&issuer);
        let raw = match &from_file.set()[0].key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => bytes.clone(),
            DecodingKeyKind::RsaModulusExponent { .. } => panic!("a file has other parts"),
        };
        let from_set = set_of(&json!([issuer.jwk])).expect("a set");
        for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), body.as_bytes(), &der, &raw] {
            for algorithm in ["HS256", "HS384", "HS512"] {
                let token = hmac(algorithm, secret).token(&alice());
                assert_eq!(refused(&from_file, &token), Some(Refusal::Invalid));
                assert_eq!(refused(&from_set, &token), Some(Refusal::Invalid));
            }
        }
    }
}

fn pem_contents(body: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(body).expect("base64")
}

/// Each issuer names the algorithm of each other.
#[test]
fn the_algorithm_follows_from_the_key() {
    let issuers = issuers();
    for issuer in &issuers {
        let keys = key_of(issuer);
        for other in &issuers {
            if issuer.algorithm != other.algorithm {
                let header = json!({"alg": other.algorithm});
                let token = issuer.token_with_header(&header, &alice());
                let names = (issuer.algorithm, other.algorithm);
                assert_eq!(refused(&keys, &token), Some(Refusal::Invalid), "{names:?}");
            }
        }
    }
    // The `alg` of a JWK allows no other algorithm of its type.
    let mut jwk = rsa("RS256").jwk;
    jwk["alg"] = "RS256".into();
    let keys = set_of(&json!([jwk])).expect("a set");
    assert_eq!(refused(&keys, &rsa("RS256").token(&alice())), None);
    for algorithm in ["RS384", "RS512", "PS256"] {
        assert_eq!(refused(&keys, &rsa(algorithm).token(&alice())), Some(Refusal::Invalid));
    }
}

#[test]
fn times() {
    let issuer = hmac("HS256", SECRET);
    let keys = key_of(&issuer);
    let now = now();
    for (claims, expected) in [
        (json!({"exp": now + 60}), None),
        (json!({"exp": now as f64 + 60.5}), None),
        (json!({"exp": now - 1}), Some(Refusal::Expired)),
        (json!({"exp": now - 3600}), Some(Refusal::Expired)),
        (json!({"exp": 0}), Some(Refusal::Expired)),
        (json!({"exp": -1}), Some(Refusal::Invalid)),
        (json!({"exp": "soon"}), Some(Refusal::Invalid)),
        (json!({"exp": null}), Some(Refusal::Invalid)),
        (json!({"nbf": now}), None),
        // Clocks differ.
        (json!({"nbf": now + 2}), None),
        (json!({"nbf": now + 60}), Some(Refusal::NotYetValid)),
        (json!({"nbf": "now"}), Some(Refusal::Invalid)),
        (json!({"nbf": now - 60, "exp": now + 60, "iat": now}), None),
    ] {
        assert_eq!(refused(&keys, &issuer.token(&claims)), expected, "{claims}");
    }
    let claims = json!({"exp": now + 100});
    let grant = verify(&keys, &issuer.token(&claims)).expect("a good token");
    assert_eq!(grant.expiry, Some(UNIX_EPOCH + Duration::from_secs(now + 100)));
    let later = SystemTime::now() + Duration::from_secs(101);
    let refused = keys.verify(issuer.token(&claims).as_bytes(), later);
    assert_eq!(refused, Err(Refusal::Expired));
}

#[test]
fn audiences() {
    let issuer = hmac("HS256", SECRET);
    let file = File::new(&issuer.file);
    let keys = |audience: &[&str]| load(Source::Key(file.0.clone()), audience).expect("a key");
    let (none, one, two) = (keys(&[]), keys(&["chat"]), keys(&["chat", "news"]));
    for (claims, expected) in [
        (json!({}), [None, Some(Refusal::Audience), Some(Refusal::Audience)]),
        (json!({"aud": "chat"}), [Some(Refusal::Audience), None, None]),
        (json!({"aud": ["x", "chat"]}), [Some(Refusal::Audience), None, None]),
        (json!({"aud": "news"}), [Some(Refusal::Audience), Some(Refusal::Audience), None]),
        (json!({"aud": "cha"}), [Some(Refusal::Audience); 3]),
        (json!({"aud": []}), [Some(Refusal::Audience); 3]),
    ] {
        for (keys, expected) in [&none, &one, &two].into_iter().zip(expected) {
            assert_eq!(refused(keys, &issuer.token(&claims)), expected, "{claims}");
        }
    }
    assert!(refused(&one, &issuer.token(&json!({"aud": 7}))).is_some());
}

#[test]
fn what_is_no_token_of_this_server() {
    let issuer = hmac("HS256", SECRET);
    let keys = key_of(&issuer);
    let critical = json!({"alg": "HS256", "crit": ["b64"], "b64": false});
    let long = "x".repeat(MAX_TOKEN);
    let long = issuer.token(&json!({"custom": long}));
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "static-token",
        &long,
        &issuer.token_with_header(&critical, &alice()),
        &issuer.token_of_text(r#"{"alg":"HS256"}"#, "not JSON"),
        &issuer.token_of_text(r#"{"alg":"HS256"}"#, "[]"),
        &issuer.token_of_text(r#"{"alg":"HS256"}"#, r#"{"sub":"a","sub":"b"}"#),
        &issuer.token_of_text(r#"{"alg":"HS256","alg":"HS256"}"#, "{}"),
        &issuer.token(&json!({"sub": "x".repeat(257)})),
        &issuer.token(&json!({"read": null})),
    ] {
        assert_eq!(refused(&keys, token), Some(Refusal::Invalid), "{token}");
    }
    assert_eq!(keys.verify(&[0xFF; 100], SystemTime::now()), Err(Refusal::Invalid));
    let other = hmac("HS256", b"another secret of 32 bytes or so");
    assert_eq!(refused(&keys, &other.token(&alice())), Some(Refusal::Invalid));
}

#[test]
fn a_secret_ends_before_the_end_of_its_line() {
    let token = hmac("HS256", SECRET).token(&alice());
    for end in ["", "\n", "\r\n"] {
        let keys = key_file([SECRET, end.as_bytes()].concat()).expect("a secret");
        assert_eq!(refused(&keys, &token), None, "{end:?}");
    }
    for other in [" ", "\n\n", " \n"] {
        let keys = key_file([SECRET, other.as_bytes()].concat()).expect("a secret");
        assert_eq!(refused(&keys, &token), Some(Refusal::Invalid), "{other:?}");
    }
}

#[test]
fn files_that_are_no_key() {
    let ec = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    for (content, explanation) in [
        (String::new(), "an empty secret"),
        ("\n".to_owned(), "an empty secret"),
        (RSA_PRIVATE.to_owned(), "a private key"),
        (RSA_PUBLIC.repeat(2), "more than one key"),
        (RSA_PUBLIC.replace("PUBLIC KEY", "CERTIFICATE"), "a certificate"),
        (RSA_PUBLIC.replace("MIIB", "AAAA"), "expected a public key in PEM"),
        (ec.to_owned(), "expected a public key in PEM"),
        (json!({"keys": []}).to_string(), "belongs to --jwks-file"),
        (format!(" {}", rsa("RS256").jwk), "belongs to --jwks-file"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@example".to_owned(), "OpenSSH"),
        ("ecdsa-sha2-nistp256 AAAA me@example".to_owned(), "OpenSSH"),
        ("x".repeat(MAX_FILE as usize + 1), "larger than"),
    ] {
        let error = key_file(&content).err().expect("no key").to_string();
        assert!(error.contains(explanation), "{explanation}: {error}");
        assert!(!error.contains("MIIB") && !error.contains("xxxx"), "{error}");
    }
    for issuer in [rsa("RS256"), ecdsa("ES256"), ecdsa("ES384"), ed25519()] {
        let pem = String::from_utf8(issuer.file).expect("text");
        let body: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
        let error = key_file(pem_contents(&body)).err().expect("DER is no secret").to_string();
        assert!(error.contains("a key in DER"), "{error}");
    }
    // A secret may begin like one.
    assert!(key_file([&[0x30, 0x20][..], SECRET, b"more"].concat()).is_ok());
    let missing = load(Source::Key("/no/such/file".into()), &[]);
    assert!(matches!(missing, Err(LoadError::File { .. })));
}

#[test]
fn the_id_of_a_token_selects_the_key() {
    let (first, second) = (ed25519(), ecdsa("ES256"));
    let named = |issuer: &Issuer, id: &str| {
        let mut jwk = issuer.jwk.clone();
        jwk["kid"] = id.into();
        jwk
    };
    let keys = set_of(&json!([named(&first, "1"), named(&second, "2")])).expect("a set");
    let token = |issuer: &Issuer, id: Option<&str>| {
        let mut header = json!({"alg": issuer.algorithm});
        if let Some(id) = id {
            header["kid"] = id.into();
        }
        issuer.token_with_header(&header, &alice())
    };
    for (issuer, id, expected) in [
        (&first, Some("1"), None),
        (&second, Some("2"), None),
        (&first, None, None),
        (&second, None, None),
        (&first, Some("2"), Some(Refusal::Invalid)),
        (&second, Some("1"), Some(Refusal::Invalid)),
        (&first, Some("3"), Some(Refusal::Invalid)),
    ] {
        assert_eq!(refused(&keys, &token(issuer, id)), expected, "{id:?}");
    }
    // A single key has no id of its own.
    assert_eq!(refused(&key_of(&first), &token(&first, Some("any"))), None);
}

#[test]
fn keys_of_a_set_that_cannot_be_used_are_skipped() {
    let good = ed25519();
    let mut encryption = rsa("RS256").jwk;
    encryption["use"] = "enc".into();
    let mut other_algorithm = ecdsa("ES256").jwk;
    other_algorithm["alg"] = "RS256".into();
    let mut for_encryption = rsa("RS256").jwk;
    for_encryption["alg"] = "RSA-OAEP".into();
    let useless = [
        encryption,
        other_algorithm,
        for_encryption,
        json!({"kty": "unknown"}),
        json!({"kty": "oct", "k": ""}),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "X25519", "x": "AA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        json!(7),
    ];
    let set: Vec<_> = useless.iter().chain([&good.jwk]).collect();
    let keys = set_of(&json!(set)).expect("a set");
    assert_eq!(keys.set().len(), 1);
    assert_eq!(refused(&keys, &good.token(&alice())), None);
    let error = set_of(&json!(useless)).err().expect("no key").to_string();
    assert!(error.contains("no key that can be used"), "{error}");
    let error = set_of(&json!(vec![&good.jwk; MAX_KEYS + 1])).err().expect("too many").to_string();
    assert!(error.contains("at most 64"), "{error}");
    let file = File::new(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}"#);
    let error = load(Source::Set(file.0.clone()), &[]).err().expect("no JSON").to_string();
    assert!(error.contains("no JWK Set: line 1") && !error.contains("c2VjcmV0"), "{error}");
}

#[test]
fn keys_are_read_again() {
    let (first, second) = (ed25519(), ed25519());
    let file = File::new(json!({"keys": [first.jwk]}).to_string());
    let keys = load(Source::Set(file.0.clone()), &[]).expect("a set");
    let grant = verify(&keys, &first.token(&alice())).expect("a good token");
    let Credential::Key(hash) = grant.credential else { panic!("a key") };
    assert_eq!(refused(&keys, &second.token(&alice())), Some(Refusal::Invalid));

    file.write(json!({"keys": [second.jwk, first.jwk]}).to_string());
    assert_eq!(keys.reload().expect("a set"), 2);
    assert!(keys.contains(&hash));
    assert_eq!(refused(&keys, &second.token(&alice())), None);

    file.write("{");
    assert!(keys.reload().is_err());
    assert!(keys.contains(&hash));

    file.write(r#"{"keys":[]}"#);
    assert_eq!(keys.reload().expect("an empty set"), 0);
    assert!(!keys.contains(&hash));
    assert_eq!(refused(&keys, &first.token(&alice())), Some(Refusal::Invalid));
}

/// Whether the list of a claim contains a room, written another way: character by character.
fn contains(listed: Option<&[String]>, room: &str) -> bool {
    fn matches(mut pattern: std::str::Chars<'_>, mut room: std::str::Chars<'_>) -> bool {
        loop {
            let is_last = pattern.clone().count() == 1;
            match (pattern.next(), room.next()) {
                (Some('*'), _) if is_last => return true,
                (None, None) => return true,
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    }
    listed.is_none_or(|listed| listed.iter().any(|one| matches(one.chars(), room.chars())))
}

proptest! {
    /// Over few characters, so that patterns and rooms often match.
    #[test]
    fn claims_allow_what_they_list(
        read in proptest::option::of(proptest::collection::vec("[ab*]{0,3}", 0..4)),
        write in proptest::option::of(proptest::collection::vec("[abé*]{0,3}", 0..4)),
        everyone in proptest::option::of(any::<bool>()),
        user in proptest::option::of("\\PC{1,20}"),
        rooms in proptest::collection::vec("[abé*]{1,4}", 1..8),
    ) {
        let mut claims = json!({});
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                claims[name] = value;
            }
        };
        set("read", read.clone().map(Value::from));
        set("write", write.clone().map(Value::from));
        set("everyone", everyone.map(Value::from));
        set("sub", user.clone().map(Value::from));
        let issuer = hmac("HS256", SECRET);
        let keys = key_of(&issuer);
        let grant = verify(&keys, &issuer.token(&claims)).expect("a good token");
        prop_assert_eq!(grant.user.as_deref(), user.as_deref());
        let permissions = grant.permissions;
        prop_assert_eq!(permissions.may_write_to_everyone(), everyone.unwrap_or(false));
        for room in &rooms {
            prop_assert_eq!(permissions.may_read(room), contains(read.as_deref(), room));
            prop_assert_eq!(permissions.may_write(room), contains(write.as_deref(), room));
        }
    }
}
