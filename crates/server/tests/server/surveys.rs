use crate::spawn::{config, nps, spawn_with};
use candor_server::Server;
use serde_json::json;
use std::fs;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    write(&folder, files);
    folder
}

fn write(folder: &TempDir, files: &[(&str, &str)]) {
    for (name, text) in files {
        fs::write(folder.path().join("surveys").join(name), text).unwrap();
    }
}

async fn refused(folder: &TempDir) -> String {
    format!("{:#}", Server::bind(config(folder)).await.expect_err("the server should not start"))
}

const SHOP: &str =
    "site = \"shop\"\norigins = [\"*\"]\n[[survey]]\nid = \"a\"\nversion = 1\nmetric = \"nps\"\n";

#[tokio::test]
async fn a_mistake_is_named_by_file_line_key_and_what_was_expected() {
    for (toml, expect) in [
        ("site = \"shop\"\norigins = [\n", &["shop.toml: line 2: syntax"][..]),
        ("site = \"shop\"", &["shop.toml", "missing field `origins`"]),
        (&SHOP.replace("site = \"shop\"", "site = 5"), &["shop.toml: line 1: site:", "expected a string"]),
        (
            &SHOP.replace("\"nps\"", "\"npss\""),
            &["line 6: survey[0].metric:", "`npss`", "`nps`, `csat`, `ces`"],
        ),
        (&SHOP.replace("version = 1", "version = 1.5"), &["line 5: survey[0].version:", "1.5"]),
        (
            &SHOP.replace("version", "verion"),
            &["line 5: survey[0].verion:", "unknown field `verion`", "`version`"],
        ),
        (&SHOP.replace("\"*\"", "\"shop.example\""), &["shop.toml: origins[0]: expected an origin"]),
        (&SHOP.replace("\"a\"", "\"nps\""), &["shop.toml: survey[0].id: expected another name"]),
        (
            &format!("{SHOP}[survey.options]\ndelay = 2\n"),
            &["line 8: survey[0].options.delay:", "expected a string"],
        ),
        (
            &format!("{SHOP}[survey.options]\ntriger = \"load\"\n"),
            &["shop.toml: survey[0].options.triger: expected one of trigger,"],
        ),
        (
            &format!("{SHOP}[survey.options]\ndisplay = \"modal\"\n"),
            &["shop.toml: survey[0].options.display: expected popover or inline"],
        ),
    ] {
        let message = refused(&folder(&[("shop.toml", toml)])).await;
        for part in expect {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }
}

#[tokio::test]
async fn two_files_of_one_site_or_survey_are_refused_by_name() {
    let message = refused(&folder(&[("a.toml", SHOP), ("b.toml", SHOP)])).await;
    assert!(message.contains("b.toml: site:") && message.contains("a.toml"), "{message}");
    let blog = SHOP.replace("shop", "blog");
    let message = refused(&folder(&[("a.toml", SHOP), ("b.toml", &blog)])).await;
    assert!(message.contains(".toml: survey[0].id: the site shop has a survey a"), "{message}");
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.surveys.surveys = Some(folder.path().join("nowhere"));
    let message = format!("{:#}", Server::bind(config).await.err().unwrap());
    assert!(message.contains("nowhere"), "{message}");
}

#[tokio::test]
async fn an_edited_version_with_answers_is_refused_with_what_to_do() {
    let folder = folder(&[("shop.toml", SHOP)]);
    let first = config(&folder);
    let server = spawn_with(folder, first).await;
    let mut response = nps(1, 2, 9);
    (response["survey"], response["site"]) = (json!("a"), json!("shop"));
    server.expect(&response, "stored").await;
    let folder = server.stop().await;
    let edited = format!("{SHOP}[[survey.question]]\nid = \"nps\"\nkind = \"rating\"\ntext.en = \"Well?\"\n");
    write(&folder, &[("shop.toml", &edited)]);
    let message = refused(&folder).await;
    for part in ["shop.toml: survey[0].version:", "version 1 of a was edited", "raise version to 2"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }

    write(&folder, &[("shop.toml", &edited.replace("version = 1", "version = 2"))]);
    let raised = config(&folder);
    let server = spawn_with(folder, raised).await;
    // The old version's late answers are still welcome, and both versions are one trend.
    response["revision"] = json!(3);
    server.expect(&response, "stored").await;
    let mut newer = nps(2, 2, 8);
    (newer["survey"], newer["site"], newer["survey_version"]) = (json!("a"), json!("shop"), json!(2));
    server.expect(&newer, "stored").await;
    assert_eq!(server.read_json("/v1/surveys/a/scores").await["total"]["n"], 2);
    assert_eq!(server.stored().await.len(), 2, "whatever the survey is called");
}
