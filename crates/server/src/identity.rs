//! Who answers, as far as the site has signed it: tokens in the form of a JWT (RFC 7519) and the keys of a site's file.
//!
//! A token never costs an answer: one that does not hold leaves the respondent unsigned.

use candor_survey::{Algorithm, IdentityKey, Object, PUBLIC_KEY, Response, limits};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, de::IgnoredAny};
use sha2::Sha256;
use std::{collections::BTreeMap, fmt};

/// The clocks of the site and of this server may differ by so much, in seconds.
const LEEWAY_S: f64 = 60.0;
/// The shortest secret, in bytes: as long as the hash (RFC 7518, section 3.2).
const MIN_SECRET: usize = 32;
/// What comes before the 32 bytes of an Ed25519 key in DER: a `SubjectPublicKeyInfo` (RFC 8410, section 4).
const DER_START: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What became of the identity that came with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The site has signed it.
    Signed,
    /// No token came, and the site has keys.
    Unsigned,
    /// The key that the token names has not signed it, or not by its algorithm.
    WrongSignature,
    /// It held no more, or not yet, when the answer was given.
    Expired,
    /// The site has no key of that name.
    UnknownKey,
    /// It is no such token, or says not whose it is and how long.
    Malformed,
}

impl Identity {
    pub(crate) const ALL: [Self; 6] = [
        Self::Signed,
        Self::Unsigned,
        Self::WrongSignature,
        Self::Expired,
        Self::UnknownKey,
        Self::Malformed,
    ];

    /// Its name for the operator.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Unsigned => "unsigned",
            Self::WrongSignature => "wrong_signature",
            Self::Expired => "expired",
            Self::UnknownKey => "unknown_key",
            Self::Malformed => "malformed",
        }
    }
}

/// Judges what a response says of its respondent, dated at this moment, in milliseconds since 1970, and leaves what may be kept: who
/// the site has signed, else who the page named. With `is_private` nobody is kept. `None` if there was nothing to judge.
pub(crate) fn judge(
    response: &mut Response,
    keys: &Keys,
    dated_ms: i64,
    is_private: bool,
) -> Option<Identity> {
    let none = || (!keys.0.is_empty() && !is_private).then_some(Identity::Unsigned);
    let Some(respondent) = response.respondent.as_mut() else { return none() };
    let token = respondent.token.take();
    respondent.signed = false;
    if is_private {
        respondent.id = None;
        return None;
    }
    let Some(token) = token else { return none() };
    Some(match keys.verify(&token) {
        Ok(claims) if claims.holds(dated_ms) => {
            (respondent.id, respondent.signed) = (Some(claims.sub), true);
            Identity::Signed
        }
        Ok(_) => Identity::Expired,
        Err(identity) => identity,
    })
}

/// The keys of a site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(BTreeMap<String, Key>);

#[derive(Clone)]
enum Key {
    Hs256(Hmac<Sha256>),
    EdDsa(Box<VerifyingKey>),
}

impl fmt::Debug for Key {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm())
    }
}

/// What a token says of itself.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    /// What whoever reads it must understand (RFC 7515, section 4.1.11), which is nothing here.
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// What a token says, signed.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
}

impl Claims {
    fn holds(&self, at_ms: i64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of some thousand years are exact")]
        let at = at_ms as f64 / 1_000.0;
        let has_begun = [self.nbf, self.iat].into_iter().flatten().all(|from| at >= from - LEEWAY_S);
        has_begun && at < self.exp + LEEWAY_S
    }

    /// Whether it names somebody as a response may.
    fn names_someone(&self) -> bool {
        let Self { sub, .. } = self;
        !sub.trim().is_empty() && !sub.contains('\0') && sub.chars().count() <= limits::MAX_RESPONDENT_CHARS
    }
}

impl Keys {
    /// The keys of a site's file, with the secrets that `variable` has.
    ///
    /// # Errors
    /// What is wrong of each that can't be had: the key in the file, and what was expected.
    pub(crate) fn of(
        keys: &[IdentityKey],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<(String, String)>> {
        let (mut all, mut wrong) = (BTreeMap::new(), Vec::new());
        for (i, key) in keys.iter().enumerate() {
            match Key::of(key, &variable) {
                Ok(made) => _ = all.insert(key.kid.clone(), made),
                Err((field, expected)) => wrong.push((format!("identity[{i}].{field}"), expected)),
            }
        }
        if wrong.is_empty() { Ok(Self(all)) } else { Err(wrong) }
    }

    /// What a token says, if the key that it names has signed it.
    fn verify(&self, token: &str) -> Result<Claims, Identity> {
        use Identity::{Malformed, UnknownKey, WrongSignature};
        if token.len() > limits::MAX_TOKEN_BYTES {
            return Err(Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Malformed)?;
        let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Malformed);
        let Object(Header { alg, kid, crit }) =
            serde_json::from_slice(&decoded(header)?).map_err(|_| Malformed)?;
        if crit.is_some() {
            return Err(Malformed);
        }
        let key = self.0.get(&kid).ok_or(UnknownKey)?;
        // The key says how it signs: whoever makes a token must not choose.
        if alg != key.algorithm() || !key.has_signed(signed.as_bytes(), &decoded(signature)?) {
            return Err(WrongSignature);
        }
        let Object(claims): Object<Claims> =
            serde_json::from_slice(&decoded(payload)?).map_err(|_| Malformed)?;
        if claims.names_someone() { Ok(claims) } else { Err(Malformed) }
    }
}

impl Key {
    fn of(
        key: &IdentityKey,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, (&'static str, String)> {
        match key.algorithm {
            Algorithm::Hs256 => {
                let name = key.secret_env.as_deref().unwrap_or_default();
                let wrong = |but: &str| {
                    let least = format!("a secret of at least {MIN_SECRET} bytes");
                    ("secret_env", format!("{least} in the environment variable {name}, {but}"))
                };
                let secret = variable(name).ok_or_else(|| wrong("which is not set"))?;
                if secret.len() < MIN_SECRET {
                    return Err(wrong(&format!("which has {}", secret.len())));
                }
                Hmac::new_from_slice(secret.as_bytes())
                    .map(Self::Hs256)
                    .map_err(|_| wrong("which has another"))
            }
            Algorithm::EdDsa => {
                let key = key.public_key.as_deref().and_then(public_key);
                key.map(|key| Self::EdDsa(Box::new(key))).ok_or(("public_key", PUBLIC_KEY.to_owned()))
            }
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => Algorithm::Hs256.name(),
            Self::EdDsa(_) => Algorithm::EdDsa.name(),
        }
    }

    fn has_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            // In constant time.
            Self::Hs256(mac) => mac.clone().chain_update(signed).verify_slice(signature).is_ok(),
            Self::EdDsa(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(signed, &signature).is_ok()),
        }
    }
}

/// An Ed25519 key in PEM (RFC 7468). Keys with which anybody could sign anything are none.
fn public_key(pem: &str) -> Option<VerifyingKey> {
    let text = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let text = text.strip_suffix("-----END PUBLIC KEY-----")?;
    let base64: String = text.split_ascii_whitespace().collect();
    let der = BASE64.decode(base64.as_bytes()).ok()?;
    let bytes: [u8; 32] = der.strip_prefix(&DER_START)?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candor_survey::Respondent;
    use ed25519_dalek::{Signer, SigningKey};
    use serde_json::{Value, json};
    use std::fmt::Display;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    /// A moment in milliseconds, and in seconds as claims have it.
    const NOW_MS: i64 = 1_795_000_500_000;
    const NOW: i64 = NOW_MS / 1_000;

    fn signer() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn pem() -> String {
        let der = [&DER_START[..], signer().verifying_key().as_bytes()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der))
    }

    fn key(kid: &str, algorithm: Algorithm) -> IdentityKey {
        let (secret_env, public_key) = match algorithm {
            Algorithm::Hs256 => (Some("SECRET".to_owned()), None),
            Algorithm::EdDsa => (None, Some(pem())),
        };
        IdentityKey { kid: kid.into(), algorithm, secret_env, public_key }
    }

    fn keys() -> Keys {
        let keys = [key("h", Algorithm::Hs256), key("e", Algorithm::EdDsa)];
        Keys::of(&keys, |name| (name == "SECRET").then(|| SECRET.to_owned())).unwrap()
    }

    fn mac(secret: &[u8], signed: &str) -> Vec<u8> {
        let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.chain_update(signed).finalize().into_bytes().to_vec()
    }

    /// A token with this head and these claims, signed by this.
    fn token(header: &dyn Display, claims: &dyn Display, sign: impl Fn(&str) -> Vec<u8>) -> String {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let [header, claims] = [header, claims].map(|part| encode(part.to_string().as_bytes()));
        let signed = format!("{header}.{claims}");
        let signature = encode(&sign(&signed));
        format!("{signed}.{signature}")
    }

    fn hs256(claims: &Value) -> String {
        token(&json!({"alg": "HS256", "kid": "h"}), claims, |signed| mac(SECRET.as_bytes(), signed))
    }

    fn eddsa(claims: &Value) -> String {
        let sign = |signed: &str| signer().sign(signed.as_bytes()).to_bytes().to_vec();
        token(&json!({"alg": "EdDSA", "kid": "e", "typ": "JWT"}), claims, sign)
    }

    fn claims() -> Value {
        json!({"sub": "u-77", "exp": NOW + 600, "iat": NOW - 5, "aud": "candor"})
    }

    fn response(id: Option<&str>, token: Option<&str>) -> Response {
        let mut response: Response = serde_json::from_value(json!({
            "state": "shown", "site": "shop", "survey": "nps", "survey_version": 1, "locale": "en",
            "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
        }))
        .unwrap();
        response.respondent = Some(Respondent {
            id: id.map(Into::into),
            token: token.map(Into::into),
            ..Respondent::default()
        });
        response
    }

    fn judge_at(token: &str, dated_ms: i64) -> (Option<String>, Identity) {
        let mut response = response(Some("claimed"), Some(token));
        let identity = judge(&mut response, &keys(), dated_ms, false).unwrap();
        let respondent = response.respondent.unwrap();
        assert_eq!(respondent.token, None, "it is kept nowhere");
        assert_eq!(respondent.signed, identity == Identity::Signed);
        (respondent.id, identity)
    }

    #[track_caller]
    fn refused(token: &str, why: Identity) {
        assert_eq!(judge_at(token, NOW_MS), (Some("claimed".into()), why), "{token}");
    }

    #[test]
    fn a_key_of_either_kind_signs_and_the_signed_id_wins() {
        for token in [hs256(&claims()), eddsa(&claims())] {
            assert_eq!(judge_at(&token, NOW_MS), (Some("u-77".into()), Identity::Signed));
        }
    }

    #[test]
    fn the_key_says_how_it_signs_and_not_the_token() {
        // The public key of one algorithm is no secret of the other.
        let header = json!({"alg": "HS256", "kid": "e"});
        for secret in [pem().into_bytes(), signer().verifying_key().as_bytes().to_vec()] {
            let confused = token(&header, &claims(), |signed| mac(&secret, signed));
            refused(&confused, Identity::WrongSignature);
        }
        for alg in ["none", "None", "", "hs256", "HS512", "EdDSA", "ES256"] {
            let header = json!({"alg": alg, "kid": "h"});
            let right = token(&header, &claims(), |signed| mac(SECRET.as_bytes(), signed));
            refused(&right, Identity::WrongSignature);
            refused(&token(&header, &claims(), |_| Vec::new()), Identity::WrongSignature);
        }
    }

    #[test]
    fn what_another_has_signed_or_somebody_has_changed_is_not_signed() {
        let header = json!({"alg": "HS256", "kid": "h"});
        let other = token(&header, &claims(), |signed| mac(&[b'x'; 32], signed));
        refused(&other, Identity::WrongSignature);
        refused(&token(&header, &claims(), |_| vec![0; 32]), Identity::WrongSignature);
        let changed = |token: &str| {
            let forged = token_part(&json!({"sub": "admin", "exp": NOW + 600}));
            let parts: Vec<_> = token.split('.').collect();
            [parts[0], &forged, parts[2]].join(".")
        };
        refused(&changed(&hs256(&claims())), Identity::WrongSignature);
        refused(&changed(&eddsa(&claims())), Identity::WrongSignature);
        let start = |signed: &str| mac(SECRET.as_bytes(), signed)[..31].to_vec();
        refused(&token(&header, &claims(), start), Identity::WrongSignature);
        let elsewhere = json!({"alg": "HS256", "kid": "old"});
        let unknown = token(&elsewhere, &claims(), |signed| mac(SECRET.as_bytes(), signed));
        refused(&unknown, Identity::UnknownKey);
    }

    fn token_part(json: &Value) -> String {
        BASE64URL_NOPAD.encode(json.to_string().as_bytes())
    }

    #[test]
    fn a_token_is_judged_at_the_moment_of_the_answer_give_or_take_a_minute() {
        use Identity::{Expired, Signed};
        let at = |claims: Value, second: i64| judge_at(&hs256(&claims), second * 1_000).1;
        let until = json!({"sub": "u", "exp": NOW});
        assert_eq!([at(until.clone(), NOW + 59), at(until, NOW + 60)], [Signed, Expired]);
        for name in ["nbf", "iat"] {
            let mut from = json!({"sub": "u", "exp": NOW + 900});
            from[name] = json!(NOW);
            assert_eq!([at(from.clone(), NOW - 61), at(from, NOW - 60)], [Expired, Signed], "{name}");
        }
        // Numbers with a point are dates, too.
        assert_eq!(at(json!({"sub": "u", "exp": 1e12, "iat": 0.5}), NOW), Signed);
    }

    #[test]
    fn what_is_no_token_or_says_too_little_or_too_much_is_malformed() {
        let header = json!({"alg": "HS256", "kid": "h"});
        let sign = |signed: &str| mac(SECRET.as_bytes(), signed);
        for claims in [
            json!({"exp": NOW + 600}),
            json!({"sub": "u"}),
            json!({"sub": 7, "exp": NOW + 600}),
            json!({"sub": "u", "exp": "tomorrow"}),
            json!({"sub": "u", "exp": NOW + 600, "nbf": "now"}),
            json!({"sub": "", "exp": NOW + 600}),
            json!({"sub": " \u{3000}", "exp": NOW + 600}),
            json!({"sub": "a\u{0}", "exp": NOW + 600}),
            json!({"sub": "快".repeat(129), "exp": NOW + 600}),
            json!([]),
            json!(["u", NOW + 600]),
        ] {
            refused(&token(&header, &claims, sign), Identity::Malformed);
        }
        let twice = format!(r#"{{"sub":"u","exp":{0},"exp":{0}}}"#, NOW + 600);
        refused(&token(&header, &twice, sign), Identity::Malformed);
        let longest = "快".repeat(128);
        let named = hs256(&json!({"sub": longest, "exp": NOW + 600}));
        assert_eq!(judge_at(&named, NOW_MS), (Some(longest), Identity::Signed));
        for header in [
            json!({"alg": "HS256"}),
            json!({"kid": "h"}),
            json!({"alg": "HS256", "kid": 1}),
            json!(["HS256", "h"]),
            json!(1),
        ] {
            refused(&token(&header, &claims(), sign), Identity::Malformed);
        }
        let header = json!({"alg": "HS256", "kid": "h", "crit": ["b64"], "b64": false});
        refused(&token(&header, &claims(), sign), Identity::Malformed);
        let padded = hs256(&claims()) + "=";
        for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "€", &padded] {
            refused(text, Identity::Malformed);
        }
    }

    #[test]
    fn a_token_has_4096_bytes_at_most() {
        let of_length = |length: usize| {
            (0..)
                .map(|n| hs256(&json!({"sub": "u", "exp": NOW + 600, "x": "y".repeat(n)})))
                .find(|token| token.len() >= length)
                .unwrap()
        };
        let longest = of_length(4_095);
        assert!((4_095..=4_096).contains(&longest.len()));
        assert_eq!(judge_at(&longest, NOW_MS).1, Identity::Signed);
        refused(&of_length(4_097), Identity::Malformed);
    }

    #[test]
    fn without_keys_or_without_a_token_nobody_is_signed() {
        let token = hs256(&claims());
        for (keys, token, identity) in [
            (keys(), None, Some(Identity::Unsigned)),
            (Keys::default(), None, None),
            (Keys::default(), Some(&*token), Some(Identity::UnknownKey)),
        ] {
            let mut response = response(Some("7"), token);
            assert_eq!(judge(&mut response, &keys, NOW_MS, false), identity);
            let respondent = response.respondent.unwrap();
            assert_eq!((respondent.id.as_deref(), respondent.signed), (Some("7"), false));
        }
    }

    #[test]
    fn of_somebody_who_asks_for_privacy_no_name_is_kept() {
        for token in [None, Some(hs256(&claims()))] {
            let mut response = response(Some("7"), token.as_deref());
            let respondent = response.respondent.as_mut().unwrap();
            respondent.attributes.insert("plan".into(), "pro".into());
            assert_eq!(judge(&mut response, &keys(), NOW_MS, true), None);
            let kept = serde_json::to_value(response.respondent).unwrap();
            assert_eq!(kept, json!({"attributes": {"plan": "pro"}}));
        }
    }

    #[test]
    fn a_public_key_is_an_ed25519_key_in_pem() {
        assert_eq!(public_key(&pem()), Some(signer().verifying_key()));
        assert_eq!(public_key(&pem().replace('\n', "\r\n  ")), Some(signer().verifying_key()));
        let of = |der: &[u8]| {
            public_key(&format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
                BASE64.encode(der)
            ))
        };
        let bytes = signer().verifying_key().to_bytes();
        assert!(of(&[&DER_START[..], &bytes].concat()).is_some());
        let of_another_curve = [&DER_START[..8], &[0x6e, 0x03, 0x21, 0x00], &bytes].concat();
        let weak = [&DER_START[..], &[1], &[0; 31]].concat();
        for der in [&bytes[..], &of_another_curve, &weak, &[&DER_START[..], &bytes[..31]].concat()] {
            assert_eq!(of(der), None, "{der:?}");
        }
        for text in ["", "-----BEGIN PUBLIC KEY-----", &pem().replace("PUBLIC", "PRIVATE")] {
            assert_eq!(public_key(text), None, "{text}");
        }
    }

    #[test]
    fn a_secret_is_in_its_variable_and_long_enough_and_never_said() {
        let of = |value: Option<&str>| {
            Keys::of(&[key("h", Algorithm::Hs256)], |_| value.map(str::to_owned))
                .map_err(|wrong| wrong[0].clone())
        };
        let at = "identity[0].secret_env".to_owned();
        let expected = "a secret of at least 32 bytes in the environment variable SECRET, which";
        assert_eq!(of(None).unwrap_err(), (at.clone(), format!("{expected} is not set")));
        assert_eq!(of(Some(&SECRET[1..])).unwrap_err(), (at, format!("{expected} has 31")));
        assert_eq!(format!("{:?}", of(Some(SECRET)).unwrap()), r#"Keys({"h": HS256})"#);
    }
}
