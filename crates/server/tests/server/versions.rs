use crate::spawn::{Spawned, config, spawn_with};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, fs, path::PathBuf};

/// A file of `tests/fixtures/45d38be`, which that build's widget and server wrote.
fn earlier(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/45d38be").join(name)
}

fn earlier_json(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(earlier(name)).unwrap()).unwrap()
}

/// Today's server on a copy of the earlier build's database, with the site's file of that time.
async fn upgraded() -> Spawned {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    fs::copy(earlier("shop.toml"), folder.path().join("surveys/shop.toml")).unwrap();
    fs::copy(earlier("candor.db"), folder.path().join("candor.sqlite")).unwrap();
    let config = config(&folder);
    spawn_with(folder, config).await
}

/// What the earlier server answered to each of these addresses, today's does. It may say more.
async fn answers_as_it_did(server: &Spawned) {
    let answers: Map<String, Value> = serde_json::from_value(earlier_json("answers.json")).unwrap();
    assert!(answers.len() > 10, "{}", answers.len());
    for (path, then) in answers {
        holds(&then, &server.read_json(&path).await, &path);
    }
}

#[track_caller]
fn holds(then: &Value, now: &Value, place: &str) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            // A receipt names the version of Candor that wrote it.
            for (key, then) in
                then.iter().filter(|(key, _)| !(place.ends_with("receipt") && *key == "version"))
            {
                // The one name that has changed; in the request `interval` is the length of periods.
                let name = if key == "interval" { "ci" } else { key };
                // The list leaves out what was not sent.
                holds(then, now.get(name).unwrap_or(&Value::Null), &format!("{place} {key}"));
            }
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            for (i, (then, now)) in then.iter().zip(now).enumerate() {
                holds(then, now, &format!("{place} {i}"));
            }
        }
        // A name that says nothing is none by now.
        (Value::String(then), Value::Null) => assert_eq!(then.trim(), "", "{place}"),
        _ => assert_eq!(then, now, "{place}"),
    }
}

/// All that the widget posted, in its order.
fn posts() -> Vec<Value> {
    serde_json::from_value(earlier_json("posts.json")).unwrap()
}

#[tokio::test]
async fn a_database_of_an_earlier_build_takes_its_sites_file_and_answers_as_it_did() {
    answers_as_it_did(&upgraded().await).await;
}

#[tokio::test]
async fn what_an_earlier_widget_sends_again_is_known_and_counts_once() {
    let server = upgraded().await;
    let posts = posts();
    let mut kept = HashMap::new();
    for post in &posts {
        kept.insert(post["id"].to_string(), post["revision"].as_u64());
    }
    for mut post in posts {
        let is_kept = kept[&post["id"].to_string()] == post["revision"].as_u64();
        // The age is told when a request leaves.
        post["age_ms"] = json!(86_400_000);
        server.expect(&post, if is_kept { "duplicate" } else { "superseded" }).await;
    }
    assert_eq!(server.stored().await.len(), kept.len());
    answers_as_it_did(&server).await;
}

#[tokio::test]
async fn an_answer_that_an_earlier_build_began_goes_on_and_counts_once() {
    let server = upgraded().await;
    let responses = server.stored().await.len();
    for survey in ["nps", "relationship-nps"] {
        let path = format!("/v1/surveys/{survey}/scores");
        let before = server.read_json(&path).await;
        let partial = |post: &&Value| post["survey"] == survey && post["state"] == "partial";
        // The last, because the others were completed then.
        let mut post = posts().iter().rfind(partial).unwrap().clone();
        (post["revision"], post["state"]) = (json!(9), json!("complete"));
        server.expect(&post, "stored").await;
        let after = server.read_json(&path).await;
        for field in ["counts", "n", "score", "shown"] {
            assert_eq!(after["total"][field], before["total"][field], "{survey} {field}");
        }
    }
    assert_eq!(server.stored().await.len(), responses);
}
