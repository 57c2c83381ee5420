use crate::{
    process::Process,
    spawn::{Spawned, TOKEN, config, spawn, spawn_with, wire_json},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

const SECRET: &str = "a secret of the site, 32 bytes or";
const HOUR: i64 = 3_600;

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A site that takes answers to the presets, with these lines in its file.
fn site(lines: &str) -> String {
    format!("site = \"shop\"\norigins = [\"*\"]\n{lines}")
}

fn eddsa_key(kid: &str) -> String {
    let start = BASE64.decode(b"MCowBQYDK2VwAyEA").unwrap();
    let der = [&start[..], signer().verifying_key().as_bytes()].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der));
    format!("[[identity]]\nkid = \"{kid}\"\nalgorithm = \"EdDSA\"\npublic_key = \"\"\"\n{pem}\"\"\"\n")
}

const HS256_KEY: &str =
    "[[identity]]\nkid = \"h\"\nalgorithm = \"HS256\"\nsecret_env = \"CANDOR_TEST_SECRET\"\n";

fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = BASE64URL_NOPAD.encode(&sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn eddsa(kid: &str, claims: &Value) -> String {
    token(&json!({"alg": "EdDSA", "kid": kid}), claims, |signed| signer().sign(signed).to_bytes().to_vec())
}

fn hs256(claims: &Value) -> String {
    token(&json!({"alg": "HS256", "kid": "h"}), claims, |signed| {
        let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.chain_update(signed).finalize().into_bytes().to_vec()
    })
}

fn folder(toml: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    write(&folder, toml);
    folder
}

fn write(folder: &TempDir, toml: &str) {
    fs::write(surveys(folder).join("shop.toml"), toml).unwrap();
}

fn surveys(folder: &TempDir) -> PathBuf {
    folder.path().join("surveys")
}

async fn serve(toml: &str) -> Spawned {
    let folder = folder(toml);
    let config = config(&folder);
    spawn_with(folder, config).await
}

/// An answer of this respondent on the site `shop`.
fn by(n: u64, respondent: &Value) -> Value {
    let mut response = crate::spawn::nps(n, 2, 9);
    (response["site"], response["respondent"]) = (json!("shop"), respondent.clone());
    response
}

/// Respondents as the list of answers has them, by the last digit of the answer's id.
async fn listed(server: &Spawned) -> Vec<Value> {
    let list = server.read_json("/v1/surveys/nps/responses").await;
    let mut responses = list["responses"].as_array().unwrap().clone();
    responses.sort_by_key(|response| response["id"].to_string());
    responses.into_iter().map(|response| response["respondent"].clone()).collect()
}

#[tokio::test]
async fn what_the_site_has_signed_is_kept_as_signed_and_a_token_that_does_not_hold_costs_no_answer() {
    let server = serve(&site(&eddsa_key("e"))).await;
    let claims = json!({"sub": "u-77", "exp": now() + HOUR});
    let good = eddsa("e", &claims);
    let late = eddsa("e", &json!({"sub": "u-77", "exp": now() - HOUR}));
    let early = eddsa("e", &json!({"sub": "u-77", "exp": now() + HOUR, "nbf": now() + HOUR}));
    let unknown = eddsa("old", &claims);
    let none = token(&json!({"alg": "none", "kid": "e"}), &claims, |_| Vec::new());
    let public = signer().verifying_key();
    let confused = token(&json!({"alg": "HS256", "kid": "e"}), &claims, |signed| {
        let mac = Hmac::<Sha256>::new_from_slice(public.as_bytes()).unwrap();
        mac.chain_update(signed).finalize().into_bytes().to_vec()
    });
    let long = format!("{good}{}", "x".repeat(4_096));
    for (n, sent, kept) in [
        (1, json!({"token": good}), json!({"id": "u-77", "signed": true})),
        (2, json!({"token": good, "id": "u-1"}), json!({"id": "u-77", "signed": true})),
        (3, json!({"id": "u-1"}), json!({"id": "u-1", "signed": false})),
        (4, json!({"id": "u-1", "signed": true}), json!({"id": "u-1", "signed": false})),
        (5, json!({"id": "u-1", "token": late}), json!({"id": "u-1", "signed": false})),
        (6, json!({"id": "u-1", "token": early}), json!({"id": "u-1", "signed": false})),
        (7, json!({"id": "u-1", "token": unknown}), json!({"id": "u-1", "signed": false})),
        (8, json!({"id": "u-1", "token": none, "signed": true}), json!({"id": "u-1", "signed": false})),
        (9, json!({"token": confused}), Value::Null),
        (10, json!({"id": "u-1", "token": long}), json!({"id": "u-1", "signed": false})),
        (11, json!({"id": "u-1", "token": 7}), json!({"id": "u-1", "signed": false})),
    ] {
        server.expect(&by(n, &sent), "stored").await;
        server.expect(&by(n, &sent), "duplicate").await;
        assert_eq!(listed(&server).await.last(), Some(&kept), "{n}: {sent}");
    }
    let metrics = server.read("/metrics").await.text().await.unwrap();
    for (outcome, count) in [
        ("signed", 4),
        ("unsigned", 4),
        ("wrong_signature", 4),
        ("expired", 4),
        ("unknown_key", 2),
        ("malformed", 4),
    ] {
        let sample = format!("candor_identity_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&sample), "{sample}: {metrics}");
    }
    let folder = server.stop().await;
    for file in ["candor.sqlite", "candor.sqlite-wal"] {
        let bytes = fs::read(folder.path().join(file)).unwrap_or_default();
        let header = good.split('.').next().unwrap().as_bytes();
        assert!(!bytes.windows(header.len()).any(|part| part == header), "{file} has a token");
    }
}

#[tokio::test]
async fn a_site_without_keys_keeps_what_it_is_told_and_signs_nothing() {
    let server = serve(&site("")).await;
    let token = eddsa("e", &json!({"sub": "u-77", "exp": now() + HOUR}));
    server.expect(&by(1, &json!({"id": "u-1", "token": token})), "stored").await;
    server.expect(&by(2, &json!({"id": "u-2", "attributes": {"plan": "pro"}})), "stored").await;
    let kept = [
        json!({"id": "u-1", "signed": false}),
        json!({"id": "u-2", "signed": false, "attributes": {"plan": "pro"}}),
    ];
    assert_eq!(listed(&server).await, kept);
    let metrics = server.read("/metrics").await.text().await.unwrap();
    for sample in ["outcome=\"unknown_key\"} 1\n", "outcome=\"unsigned\"} 0\n"] {
        assert!(metrics.contains(&format!("candor_identity_total{{{sample}")), "{metrics}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_days_later_is_signed_as_when_it_was_given() {
    let server = serve(&site(&eddsa_key("e"))).await;
    let token = eddsa("e", &json!({"sub": "u-77", "exp": now() - 4 * 24 * HOUR}));
    let mut answer = by(1, &json!({"token": token}));
    answer["age_ms"] = json!(5 * 24 * HOUR * 1_000);
    server.expect(&answer, "stored").await;
    // Seven days, and not a token that has ended long ago.
    let token = eddsa("e", &json!({"sub": "u-77", "exp": now() - 8 * 24 * HOUR}));
    let mut older = by(2, &json!({"token": token}));
    older["age_ms"] = json!(u32::MAX);
    server.expect(&older, "stored").await;
    assert_eq!(listed(&server).await, [json!({"id": "u-77", "signed": true}), Value::Null]);
}

#[tokio::test]
async fn a_revision_that_is_judged_otherwise_when_it_comes_again_is_a_duplicate_and_stays_as_it_was() {
    let server = serve(&site(&eddsa_key("e"))).await;
    // It held at the first sending and, told without its age, no more at the second.
    let token = eddsa("e", &json!({"sub": "u-77", "exp": now() - HOUR}));
    let mut first = by(1, &json!({"id": "u-1", "token": token}));
    first["age_ms"] = json!(2 * HOUR * 1_000);
    let mut again = first.clone();
    again["age_ms"] = json!(0);
    server.expect(&first, "stored").await;
    server.expect(&again, "duplicate").await;
    // And the other way round.
    (first["id"], again["id"]) = (by(2, &json!({}))["id"].clone(), by(2, &json!({}))["id"].clone());
    server.expect(&again, "stored").await;
    server.expect(&first, "duplicate").await;
    // Privacy that is asked for in between.
    let good = by(3, &json!({"token": eddsa("e", &json!({"sub": "u-77", "exp": now() + HOUR}))}));
    let private = |body: &Value| {
        let request = server.request(Method::POST, "/v1/responses").header("sec-gpc", "1");
        request.header("content-type", "text/plain").body(body.to_string()).send()
    };
    server.expect(&good, "stored").await;
    let status = private(&good).await.unwrap().json::<Value>().await.unwrap()["status"].clone();
    assert_eq!(status, "duplicate");
    let kept = [
        json!({"id": "u-77", "signed": true}),
        json!({"id": "u-1", "signed": false}),
        json!({"id": "u-77", "signed": true}),
    ];
    assert_eq!(listed(&server).await, kept);
    // Other content stays a conflict.
    let mut other = good.clone();
    other["answers"][0]["rating"] = json!(1);
    assert_eq!(server.post(other.to_string()).await.status(), StatusCode::CONFLICT);
    // Keys that are changed in between change nothing of it either.
    let folder = server.stop().await;
    write(&folder, &site(""));
    let config = config(&folder);
    let server = spawn_with(folder, config).await;
    server.expect(&again, "duplicate").await;
    server.expect(&good, "duplicate").await;
    assert_eq!(listed(&server).await, kept);
}

#[tokio::test]
async fn of_whoever_asks_for_privacy_no_id_is_kept_and_the_rules_still_see_their_attributes() {
    let server = serve(&site(&eddsa_key("e"))).await;
    let token = eddsa("e", &json!({"sub": "u-77", "exp": now() + HOUR}));
    let respondent = json!({"id": "u-1", "token": token, "attributes": {"plan": "pro"}});
    for (n, value) in [(1, "1"), (2, "0"), (3, "true")] {
        let request = server.request(Method::POST, "/v1/responses").header("Sec-GPC", value);
        let request = request.header("content-type", "text/plain");
        let response = request.body(by(n, &respondent).to_string()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    let signed = json!({"id": "u-77", "signed": true, "attributes": {"plan": "pro"}});
    let private = json!({"signed": false, "attributes": {"plan": "pro"}});
    assert_eq!(listed(&server).await, [private, signed.clone(), signed]);

    let statement = server.get("/.well-known/gpc.json").await;
    assert_eq!(statement.headers()["content-type"], "application/json");
    assert_eq!(statement.json::<Value>().await.unwrap(), json!({"gpc": true, "lastUpdate": "2026-11-28"}));
}

#[tokio::test]
async fn a_shared_secret_comes_from_the_environment_and_the_log_says_no_word_of_a_token() {
    let folder = folder(&site(HS256_KEY));
    let surveys = surveys(&folder);
    let args = ["--surveys", surveys.to_str().unwrap(), "--log", "trace"];
    let mut process = Process::start_in(&folder, &args, &[("CANDOR_TEST_SECRET", SECRET)]);
    let (client, url) = (Client::new(), format!("http://{}/v1/responses", process.address));
    let good = hs256(&json!({"sub": "u-77", "exp": now() + HOUR}));
    let wrong = format!("{good}AAAA");
    for (n, token) in [(1, &good), (2, &wrong)] {
        let request = client.post(&url).header("content-type", "text/plain");
        let response = request.body(by(n, &json!({"token": token})).to_string()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    let list = format!("http://{}/v1/surveys/nps/responses", process.address);
    let list: Value = client.get(list).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
    let signed: Vec<_> =
        list["responses"].as_array().unwrap().iter().map(|one| one["respondent"]["signed"].clone()).collect();
    assert_eq!(signed, [Value::Null, json!(true)]);
    process.terminate();
    assert!(process.wait().await.success());
    let mut log = String::new();
    std::io::Read::read_to_string(&mut process.log, &mut log).unwrap();
    assert!(log.contains("an identity was not believed") && log.contains("wrong_signature"), "{log}");
    for secret in good.split('.').chain([SECRET]) {
        assert!(!log.contains(secret), "{secret}");
    }
}

fn candor(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    command.args(args).env_remove("CANDOR_TEST_SECRET").envs(variables.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A server that starts against expectation would never end.
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), [stdout, stderr].map(|out| String::from_utf8(out).unwrap()).concat())
}

#[test]
fn a_server_does_not_start_without_a_secret_and_a_check_elsewhere_only_warns() {
    let folder = folder(&site(HS256_KEY));
    let surveys = surveys(&folder);
    let (surveys, database) =
        (surveys.to_str().unwrap(), format!("sqlite://{}", folder.path().join("candor.sqlite").display()));
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--token", TOKEN, "--surveys", surveys, "--database", &database];
    let expected = "shop.toml: line 6: identity[0].secret_env: expected a secret of at least 32 bytes in the \
                    environment variable CANDOR_TEST_SECRET, which";
    for (variables, but) in [(&[][..], "is not set"), (&[("CANDOR_TEST_SECRET", "short")][..], "has 5")] {
        let (code, said) = candor(&serve, variables);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("{expected} {but}")) && !said.contains("short"), "{said}");
        let (code, said) = candor(&["check", surveys], variables);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("{expected} {but}: candor serve would not start here")), "{said}");
        assert!(said.ends_with("1 site, 0 surveys: no mistakes\n"), "{said}");
    }
    let (_, said) = candor(&["check", surveys], &[("CANDOR_TEST_SECRET", SECRET)]);
    assert_eq!(said, "1 site, 0 surveys: no mistakes\n");
}

#[test]
fn what_is_wrong_with_a_key_in_a_file_is_named_once() {
    let key = |lines: &str| site(&format!("[[identity]]\n{lines}\n"));
    let (hs256, eddsa) = ("kid = \"k\"\nalgorithm = \"HS256\"\n", "kid = \"k\"\nalgorithm = \"EdDSA\"\n");
    let rows = [
        (key("kid = \"k\"\nalgorithm = \"RS256\""), "line 5: identity[0].algorithm: unknown variant `RS256`"),
        (key("kid = \"k\"\nalgorithm = \"none\""), "expected `HS256` or `EdDSA`"),
        (key("kid = \"k\"\npublic_key = \"x\""), "identity[0].algorithm: expected, but missing"),
        (key("algorithm = \"HS256\"\nsecret_env = \"PATH\""), "identity[0].kid: expected, but missing"),
        (key(&format!("{hs256}secret_env = \"\"")), "identity[0].secret_env: expected the name of an env"),
        (key(&format!("{hs256}secret_env = \"a-b\"")), "identity[0].secret_env: expected the name of an env"),
        (key(&format!("{hs256}secret_env = \"1A\"")), "identity[0].secret_env: expected the name of an env"),
        (key(hs256), "identity[0].secret_env: expected the name of the environment variable"),
        (
            key(&format!("{hs256}secret_env = \"PATH\"\nsecret = \"x\"")),
            "identity[0].secret: unknown field `secret`, expected one of",
        ),
        (
            key(&format!("{hs256}secret_env = \"PATH\"\npublic_key = \"x\"")),
            "identity[0].public_key: expected no such key for HS256",
        ),
        (key(eddsa), "identity[0].public_key: expected an Ed25519 key in PEM"),
        (
            key(&format!("{eddsa}public_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"")),
            "line 6: identity[0].public_key: expected an Ed25519 key in PEM",
        ),
        (
            site(&eddsa_key("k").replace("\npublic", "\nsecret_env = \"A\"\npublic")),
            "identity[0].secret_env: expected no such key for EdDSA",
        ),
        (site(&(eddsa_key("k") + &eddsa_key("k"))), "identity[1].kid: expected each kid once"),
        (site(&eddsa_key(&"k".repeat(129))), "identity[0].kid: expected 1 to 128 characters"),
        (site(&eddsa_key("")), "identity[0].kid: expected 1 to 128 characters"),
        (site("identity = 5\n"), "identity: invalid type"),
    ];
    let mut wrong = Vec::new();
    for (toml, expected) in rows {
        let folder = folder(&toml);
        let (_, said) = candor(&["check", surveys(&folder).to_str().unwrap()], &[]);
        if !(said.contains(expected) && said.ends_with("\n1 mistake\n")) {
            wrong.push((expected, said));
        }
    }
    assert_eq!(wrong, []);
    for toml in [eddsa_key("k"), eddsa_key("快") + &eddsa_key(&"k".repeat(128))] {
        let folder = folder(&site(&toml));
        let (_, said) = candor(&["check", surveys(&folder).to_str().unwrap()], &[]);
        assert_eq!(said, "1 site, 0 surveys: no mistakes\n");
    }
}

#[tokio::test]
async fn a_token_for_the_site_that_is_built_in_is_of_no_use() {
    let server = spawn().await;
    let mut response = wire_json("partial.json");
    response["respondent"] = json!({"id": "u-1", "token": "a.b.c"});
    server.expect(&response, "stored").await;
    let kept = server.stored().await.remove(0).respondent.unwrap();
    assert_eq!((kept.id.as_deref(), kept.signed), (Some("u-1"), false));
}
