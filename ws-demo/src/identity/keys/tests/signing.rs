//! Issuers of tokens: what this server never does itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData as _,
};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use ring::{hmac, rsa};
use serde_json::{Value, json};

pub(super) const RSA_PUBLIC: &str = include_str!("rsa_public.pem");

/// It signs nothing but tokens of these tests.
pub(super) const RSA_PRIVATE: &str = include_str!("rsa_private.pem");

pub(super) const SECRET: &[u8] = b"a secret of 32 bytes, or of more";

/// A key that signs tokens with one algorithm.
pub(super) struct Issuer {
    pub(super) algorithm: &'static str,
    signer: Signer,
    /// The key that verifies: PEM, or the secret.
    pub(super) file: Vec<u8>,
    pub(super) jwk: Value,
}

enum Signer {
    Hmac(hmac::Key),
    Rsa(Box<RsaKeyPair>, &'static dyn signature::RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

pub(super) fn hmac(algorithm: &'static str, secret: &[u8]) -> Issuer {
    let hash = match algorithm {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        other => panic!("{other}"),
    };
    Issuer {
        algorithm,
        signer: Signer::Hmac(hmac::Key::new(hash, secret)),
        file: secret.to_vec(),
        jwk: json!({"kty": "oct", "k": BASE64.encode(secret)}),
    }
}

pub(super) fn rsa(algorithm: &'static str) -> Issuer {
    let encoding: &dyn signature::RsaEncoding = match algorithm {
        "RS256" => &signature::RSA_PKCS1_SHA256,
        "RS384" => &signature::RSA_PKCS1_SHA384,
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "PS256" => &signature::RSA_PSS_SHA256,
        "PS384" => &signature::RSA_PSS_SHA384,
        "PS512" => &signature::RSA_PSS_SHA512,
        other => panic!("{other}"),
    };
    let lines = RSA_PRIVATE.lines().filter(|line| !line.starts_with("---"));
    let der = base64::engine::general_purpose::STANDARD.decode(lines.collect::<String>());
    let pair = RsaKeyPair::from_pkcs8(&der.expect("base64")).expect("a key");
    let public = rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
    let jwk = json!({
        "kty": "RSA", "n": BASE64.encode(public.n), "e": BASE64.encode(public.e),
    });
    Issuer {
        algorithm,
        signer: Signer::Rsa(Box::new(pair), encoding),
        file: RSA_PUBLIC.into(),
        jwk,
    }
}

pub(super) fn ecdsa(algorithm: &'static str) -> Issuer {
    let (kind, signing, curve) = match algorithm {
        "ES256" => (&PKCS_ECDSA_P256_SHA256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
        "ES384" => (&PKCS_ECDSA_P384_SHA384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        other => panic!("{other}"),
    };
    let pair = KeyPair::generate_for(kind).expect("a key");
    let (x, y) = pair.der_bytes()[1..].split_at(pair.der_bytes().len() / 2);
    let jwk = json!({
        "kty": "EC", "crv": curve, "x": BASE64.encode(x), "y": BASE64.encode(y),
    });
    let file = pair.public_key_pem().into_bytes();
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(signing, &pair.serialize_der(), &random);
    Issuer { algorithm, signer: Signer::Ecdsa(pair.expect("a key")), file, jwk }
}

pub(super) fn ed25519() -> Issuer {
    let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(pair.der_bytes())});
    let file = pair.public_key_pem().into_bytes();
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pair.serialize_der());
    Issuer { algorithm: "EdDSA", signer: Signer::Ed25519(pair.expect("a key")), file, jwk }
}

impl Issuer {
    /// A token with these claims.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_with_header(&json!({"typ": "JWT", "alg": self.algorithm}), claims)
    }

    pub(super) fn token_with_header(&self, header: &Value, claims: &Value) -> String {
        self.token_of_text(&header.to_string(), &claims.to_string())
    }

    pub(super) fn token_of_text(&self, header: &str, claims: &str) -> String {
        let message = unsigned(header, claims);
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", BASE64.encode(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.signer {
            Signer::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Signer::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).expect("a signature");
                signature
            }
            Signer::Ecdsa(pair) => {
                pair.sign(&random, message).expect("a signature").as_ref().to_vec()
            }
            Signer::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// A token without its signature.
pub(super) fn unsigned(header: &str, claims: &str) -> String {
    format!("{}.{}", BASE64.encode(header), BASE64.encode(claims))
}
