//! The claims of a token (RFC 7519 §4), as far as they concern this server.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};

use super::permissions::{Permissions, Rooms};

/// The longest name of a user, in bytes: it is shown to others, and kept for as long as the client
/// is connected.
const MAX_USER: usize = 256;

/// A claim with another type than here makes the token invalid: a claim that is `null` too, as it
/// must not mean more rights than an empty one. `aud` and `nbf` are checked elsewhere.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    #[serde(default, deserialize_with = "present")]
    sub: Option<String>,
    /// In seconds since the Unix epoch, possibly with a fraction.
    #[serde(default, deserialize_with = "present")]
    exp: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    read: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    write: Option<Vec<String>>,
    #[serde(default)]
    everyone: bool,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Claims {
    pub(super) fn user(&self) -> Result<Option<Arc<str>>, BadClaim> {
        match &self.sub {
            Some(user) if user.is_empty() || user.len() > MAX_USER => Err(BadClaim),
            Some(user) => Ok(Some(user.as_str().into())),
            None => Ok(None),
        }
    }

    /// When the token expires, if it does.
    pub(super) fn expiry(&self) -> Result<Option<SystemTime>, BadClaim> {
        let Some(seconds) = self.exp else { return Ok(None) };
        let since_epoch = Duration::try_from_secs_f64(seconds).map_err(|_| BadClaim)?;
        SystemTime::UNIX_EPOCH.checked_add(since_epoch).map(Some).ok_or(BadClaim)
    }

    pub(super) fn into_permissions(self) -> Permissions {
        let rooms = |listed: Option<Vec<String>>| listed.map_or(Rooms::All, Rooms::Listed);
        Permissions { read: rooms(self.read), write: rooms(self.write), everyone: self.everyone }
    }
}

/// A claim has a value that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadClaim;

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).expect("claims")
    }

    #[test]
    fn absent_claims_allow_all_rooms_but_not_everyone() {
        let permissions = claims("{}").into_permissions();
        assert_eq!(permissions, Permissions { everyone: false, ..Permissions::ALL });
        let permissions = claims(r#"{"everyone":true,"iss":"x","custom":[1]}"#).into_permissions();
        assert_eq!(permissions, Permissions::ALL);
    }

    #[test]
    fn claims_of_other_types_are_errors() {
        for json in [
            r#"{"sub":null}"#,
            r#"{"sub":7}"#,
            r#"{"exp":null}"#,
            r#"{"exp":"1"}"#,
            r#"{"read":null}"#,
            r#"{"read":"news"}"#,
            r#"{"write":null}"#,
            r#"{"write":[1]}"#,
            r#"{"everyone":null}"#,
            r#"{"everyone":"true"}"#,
            r#"{"read":[],"read":["a"]}"#,
        ] {
            assert!(serde_json::from_str::<Claims>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn users() {
        let user = |name: &str| claims(&serde_json::json!({"sub": name}).to_string()).user();
        assert_eq!(claims("{}").user(), Ok(None));
        assert_eq!(user("alice"), Ok(Some("alice".into())));
        assert_eq!(user(&"x".repeat(256)), Ok(Some("x".repeat(256).into())));
        assert_eq!(user(&"x".repeat(257)), Err(BadClaim));
        assert_eq!(user(""), Err(BadClaim));
    }

    #[test]
    fn expiries() {
        let after = |seconds| SystemTime::UNIX_EPOCH + Duration::from_millis(seconds);
        assert_eq!(claims("{}").expiry(), Ok(None));
        assert_eq!(claims(r#"{"exp":0}"#).expiry(), Ok(Some(after(0))));
        assert_eq!(claims(r#"{"exp":1.5}"#).expiry(), Ok(Some(after(1500))));
        assert_eq!(claims(r#"{"exp":1e300}"#).expiry(), Err(BadClaim));
        assert_eq!(claims(r#"{"exp":-1}"#).expiry(), Err(BadClaim));
    }
}
