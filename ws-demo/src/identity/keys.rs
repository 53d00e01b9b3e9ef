//! The keys that signed tokens (JWT, RFC 7519) are verified with.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Header, Validation, decode,
    decode_header,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Refusal;
use super::claims::Claims;
use super::cryptography;
use super::grant::{Credential, Grant};

/// The number of keys in a set: a token that names none of them is verified with each.
const MAX_KEYS: usize = 64;

/// The size of a file of keys, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The size of a token, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// The length of a secret for HMAC below which it can be guessed (RFC 7518 §3.2), in bytes.
const MIN_SECRET: usize = 32;

/// How much earlier than `nbf` a token is accepted, in seconds: the clocks of its issuer and of this
/// server differ.
const LEEWAY: u64 = 5;

/// Where the keys are, and which tokens they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) source: Source,
    /// The names of this server, of which `aud` must have one. If there are none, a token must have
    /// no `aud` (RFC 7519 §4.1.3).
    pub(crate) audience: Vec<String>,
}

/// The file of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A secret for HMAC, or a public key in PEM.
    Key(PathBuf),
    /// A JWK Set (RFC 7517 §5).
    Set(PathBuf),
}

/// The keys, which can be read again.
pub(super) struct Keys {
    setup: Setup,
    set: RwLock<Arc<[Key]>>,
}

struct Key {
    /// The `kid` of a JWK.
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
    hash: [u8; 32],
}

impl Keys {
    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or contains no key that can be used.
    pub(super) fn load(setup: Setup) -> Result<Self, LoadError> {
        cryptography::install();
        let set = RwLock::new(read(&setup)?);
        Ok(Self { setup, set })
    }

    /// Reads the keys again; returns their number. If that fails the former ones stay in use.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load).
    pub(super) fn reload(&self) -> Result<usize, LoadError> {
        let set = read(&self.setup)?;
        let count = set.len();
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(count)
    }

    pub(super) fn contains(&self, hash: &[u8; 32]) -> bool {
        self.set().iter().any(|key| key.hash == *hash)
    }

    /// Verifies a token: its signature, and its claims at this time.
    pub(super) fn verify(&self, token: &[u8], now: SystemTime) -> Result<Grant, Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::Invalid);
        }
        let header = decode_header(token).map_err(|_| Refusal::Invalid)?;
        // This server understands no extension, and must refuse those that are critical (RFC 7515
        // §4.1.11).
        if header.crit.is_some() {
            return Err(Refusal::Invalid);
        }
        for key in self.set().iter().filter(|key| key.may_have_signed(&header)) {
            match decode::<Claims>(token, &key.key, &key.validation) {
                Ok(data) => return key.grant(data.claims, now),
                Err(error) => match error.kind() {
                    ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => {}
                    kind => return Err(refusal(kind)),
                },
            }
        }
        Err(Refusal::Invalid)
    }

    fn set(&self) -> Arc<[Key]> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The reason why a token whose signature is good is refused.
fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::NotYetValid,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => Refusal::Audience,
        _ => Refusal::Invalid,
    }
}

impl Key {
    /// The algorithms follow from the key, never from a token.
    fn new(
        id: Option<String>,
        key: DecodingKey,
        only: Option<Algorithm>,
        audience: &[String],
    ) -> Result<Self, &'static str> {
        let mut algorithms = algorithms(&key).ok_or("unsupported type or curve")?;
        if let Some(only) = only {
            algorithms.retain(|algorithm| *algorithm == only);
        }
        let mut validation = match algorithms.first() {
            Some(algorithm) => Validation::new(*algorithm),
            None => return Err("its alg does not belong to its type"),
        };
        validation.algorithms = algorithms;
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.required_spec_claims.clear();
        if !audience.is_empty() {
            validation.set_audience(audience);
            validation.set_required_spec_claims(&["aud"]);
        }
        let hash = hash(&key);
        Ok(Self { id, key, validation, hash })
    }

    fn may_have_signed(&self, header: &Header) -> bool {
        let ids = (&self.id, &header.kid);
        !matches!(ids, (Some(own), Some(named)) if own != named)
    }

    fn grant(&self, claims: Claims, now: SystemTime) -> Result<Grant, Refusal> {
        let user = claims.user().map_err(|_| Refusal::Invalid)?;
        let expiry = claims.expiry().map_err(|_| Refusal::Invalid)?;
        // Without the leeway: a client is disconnected at this time.
        if expiry.is_some_and(|expiry| expiry <= now) {
            return Err(Refusal::Expired);
        }
        let credential = Credential::Key(self.hash);
        Ok(Grant { user, permissions: claims.into_permissions(), expiry, credential })
    }
}

/// The algorithms of a key; `None` if it has none that is supported.
fn algorithms(key: &DecodingKey) -> Option<Vec<Algorithm>> {
    let len = key.try_get_as_bytes().map_or(0, <[u8]>::len);
    Some(match key.family() {
        // A point that is not compressed.
        AlgorithmFamily::Ec if len == 65 => vec![Algorithm::ES256],
        AlgorithmFamily::Ec if len == 97 => vec![Algorithm::ES384],
        AlgorithmFamily::Ed if len == 32 => vec![Algorithm::EdDSA],
        AlgorithmFamily::Ec | AlgorithmFamily::Ed => return None,
        family @ (AlgorithmFamily::Hmac | AlgorithmFamily::Rsa) => family.algorithms().to_vec(),
    })
}

/// Identifies a key; its parts have their lengths before them.
fn hash(key: &DecodingKey) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(format!("{:?}", key.family()).as_bytes());
    match key.kind() {
        DecodingKeyKind::SecretOrDer(bytes) => part(bytes),
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            part(n);
            part(e);
        }
    }
    hasher.finalize().into()
}

fn read(setup: &Setup) -> Result<Arc<[Key]>, LoadError> {
    let (Source::Key(path) | Source::Set(path)) = &setup.source;
    let bytes = bytes(path)?;
    let keys = match &setup.source {
        Source::Key(_) => key_file(&bytes).and_then(|key| {
            Ok(vec![Key::new(None, key, None, &setup.audience).map_err(str::to_owned)?])
        }),
        Source::Set(_) => key_set(&bytes, path, &setup.audience),
    };
    keys.map(Arc::from).map_err(|why| LoadError::Key { path: path.clone(), why })
}

fn bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let fail = |source| LoadError::File { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(fail)?;
    if metadata.len() > MAX_FILE {
        let why = format!("larger than {MAX_FILE} bytes");
        return Err(LoadError::Key { path: path.to_owned(), why });
    }
    fs::read(path).map_err(fail)
}

/// A public key in PEM; anything else is a secret, without the end of its line.
fn key_file(bytes: &[u8]) -> Result<DecodingKey, String> {
    let is_pem = bytes.windows(11).any(|part| part == b"-----BEGIN ");
    if !is_pem {
        let secret = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        return shared_secret(secret.strip_suffix(b"\r").unwrap_or(secret));
    }
    let text = str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    if text.contains("PRIVATE KEY-----") {
        return Err("a private key, which only the issuer of the tokens needs: expected its \
                    public key, as `openssl pkey -pubout` writes it"
            .to_owned());
    }
    if text.contains("CERTIFICATE-----") {
        return Err("a certificate: expected its public key, as `openssl x509 -pubkey -noout` \
                    writes it"
            .to_owned());
    }
    if text.matches("-----BEGIN ").count() > 1 {
        return Err("more than one key: several keys need a JWK Set (--jwks-file)".to_owned());
    }
    DecodingKey::from_ec_pem(bytes)
        .or_else(|_| DecodingKey::from_ed_pem(bytes))
        .or_else(|_| DecodingKey::from_rsa_pem(bytes))
        .map_err(|_| "expected a public key in PEM for RSA, ECDSA or Ed25519".to_owned())
}

fn shared_secret(secret: &[u8]) -> Result<DecodingKey, String> {
    if secret.is_empty() {
        return Err("an empty secret".to_owned());
    }
    if let Some(format) = other_format(secret) {
        return Err(format!("{format}, which must not be used as a secret"));
    }
    if secret.len() < MIN_SECRET {
        tracing::warn!(
            "[ws] the secret for tokens has {} bytes, which can be guessed: use {MIN_SECRET} random \
             bytes",
            secret.len()
        );
    }
    Ok(DecodingKey::from_secret(secret))
}

/// The format of a key that is no secret. With a public key as the secret anyone could sign tokens.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let starts_with = |start: &[u8]| bytes.trim_ascii_start().starts_with(start);
    if starts_with(b"{") {
        return Some("JSON (a JWK Set belongs to --jwks-file)");
    }
    if starts_with(b"ssh-") || starts_with(b"ecdsa-sha2-") {
        return Some("a key in the format of OpenSSH (`ssh-keygen -e -m PKCS8` converts it)");
    }
    // A sequence that has the whole length of the file, in one, two or three bytes.
    let is_der = match bytes {
        [0x30, len, rest @ ..] if *len < 0x80 => usize::from(*len) == rest.len(),
        [0x30, 0x81, len, rest @ ..] => usize::from(*len) == rest.len(),
        [0x30, 0x82, high, low, rest @ ..] => {
            usize::from(u16::from_be_bytes([*high, *low])) == rest.len()
        }
        _ => false,
    };
    is_der.then_some("a key in DER (`openssl pkey -pubin -inform DER` converts it to PEM)")
}

/// The keys of a set that can be used; the others are reported, and skipped as RFC 7517 §5 asks.
fn key_set(bytes: &[u8], path: &Path, audience: &[String]) -> Result<Vec<Key>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }

    // Its position, but not the text around it, which may be a secret.
    let set: Set = serde_json::from_slice(bytes)
        .map_err(|error| format!("no JWK Set: line {}, column {}", error.line(), error.column()))?;
    if set.keys.len() > MAX_KEYS {
        return Err(format!("{} keys: at most {MAX_KEYS} are allowed", set.keys.len()));
    }
    let is_empty = set.keys.is_empty();
    let mut keys = Vec::with_capacity(set.keys.len());
    for (index, value) in set.keys.into_iter().enumerate() {
        match key_of_set(value, audience) {
            Ok(key) => keys.push(key),
            Err(why) => {
                tracing::warn!("[ws] key {} of {} is not used: {why}", index + 1, path.display());
            }
        }
    }
    // An empty set is one: it revokes all keys.
    match keys.is_empty() && !is_empty {
        true => Err("no key that can be used".to_owned()),
        false => Ok(keys),
    }
}

fn key_of_set(value: serde_json::Value, audience: &[String]) -> Result<Key, &'static str> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| "not a JWK")?;
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return Err("it is for encryption");
    }
    let only = match jwk.common.key_algorithm.map(Algorithm::try_from) {
        Some(Err(_)) => return Err("unsupported alg"),
        Some(Ok(algorithm)) => Some(algorithm),
        None => None,
    };
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "unsupported type or curve")?;
    if key.try_get_as_bytes().is_ok_and(<[u8]>::is_empty) {
        return Err("it is empty");
    }
    Key::new(jwk.common.key_id, key, only, audience)
}

/// The keys cannot be loaded. No text contains a key.
#[derive(Debug)]
pub(crate) enum LoadError {
    File { path: PathBuf, source: io::Error },
    Key { path: PathBuf, why: String },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => {
                write!(f, "cannot read the key file {}: {source}", path.display())
            }
            Self::Key { path, why } => write!(f, "key file {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests;
