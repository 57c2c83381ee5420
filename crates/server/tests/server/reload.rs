use crate::{
    process::{Process, hammer},
    spawn::wire,
};
use candor_store::Store;
use serde_json::Value;
use std::{fs, io::BufRead};
use tempfile::TempDir;

const SHOP: &str = "site = \"shop\"\norigins = [\"*\"]\n";

fn survey(id: &str, version: u32) -> String {
    format!("[[survey]]\nid = \"{id}\"\nversion = {version}\nmetric = \"nps\"\n")
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join("surveys").join(name), text).unwrap();
}

/// Sends SIGHUP and gives what the log says of it.
fn hang_up(process: &mut Process) -> Vec<Value> {
    process.signal("-HUP");
    let mut entries: Vec<Value> = Vec::new();
    loop {
        let mut line = String::new();
        assert!(process.log.read_line(&mut line).unwrap() > 0, "it has ended: {entries:?}");
        entries.push(serde_json::from_str(&line).unwrap());
        let last = entries.last().unwrap()["message"].as_str().unwrap();
        if last.starts_with("surveys reloaded") || last.starts_with("the surveys were not reloaded") {
            return entries;
        }
    }
}

async fn running(process: &Process, site: &str) -> Vec<(String, u64)> {
    let url = format!("http://{}/v1/sites/{site}", process.address);
    let list: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let surveys = list["surveys"].as_array().into_iter().flatten();
    surveys.map(|s| (s["id"].as_str().unwrap().to_owned(), s["version"].as_u64().unwrap())).collect()
}

fn surveys<const N: usize>(expected: [(&str, u64); N]) -> Vec<(String, u64)> {
    expected.map(|(id, version)| (id.to_owned(), version)).to_vec()
}

#[tokio::test]
async fn a_hangup_brings_new_surveys_and_a_mistake_leaves_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder);
    write(&folder, "shop.toml", &format!("{SHOP}{}{}", survey("a", 1), survey("relationship-nps", 4)));
    let log = hang_up(&mut process);
    assert_eq!(log.len(), 1, "{log:?}");
    for (field, expected) in [
        ("level", "INFO"),
        ("started", "[\"shop/a\"]"),
        ("stopped", "[\"shop/checkout-csat\"]"),
        ("changed", "[\"shop/relationship-nps\"]"),
    ] {
        assert_eq!(log[0][field], expected, "{log:?}");
    }
    let shop = surveys([("a", 1), ("relationship-nps", 4)]);
    assert_eq!(running(&process, "shop").await, shop);

    write(&folder, "shop.toml", &format!("{SHOP}{}{}", survey("b", 0), survey("nps", 1)));
    write(&folder, "blog.toml", "site = ");
    let log = hang_up(&mut process);
    assert!(log.iter().all(|entry| entry["level"] == "ERROR"), "{log:?}");
    for (entry, part) in log.iter().zip([
        "blog.toml: line 1: syntax:",
        "shop.toml: line 5: survey[0].version: expected an integer from 1",
        "shop.toml: line 8: survey[1].id: expected another name",
        "3 mistakes",
        "were not reloaded",
    ]) {
        assert!(entry["message"].as_str().unwrap().contains(part), "{part} is not in: {log:?}");
    }
    assert_eq!((log.len(), running(&process, "shop").await), (5, shop.clone()));

    // What the database refuses, and a folder without files, are no end either.
    fs::remove_file(folder.path().join("surveys/blog.toml")).unwrap();
    let other_metric = survey("a", 2).replace("metric = \"nps\"", "metric = \"csat\"");
    let question = "[[survey.question]]\nid = \"nps\"\nkind = \"rating\"\n";
    write(&folder, "shop.toml", &format!("{SHOP}{other_metric}{question}"));
    let log = hang_up(&mut process);
    assert!(
        log[0]["message"].as_str().unwrap().contains("the question nps measures something else"),
        "{log:?}"
    );
    fs::remove_file(folder.path().join("surveys/shop.toml")).unwrap();
    assert!(hang_up(&mut process)[0]["message"].as_str().unwrap().contains("no file that ends in .toml"));
    assert_eq!(running(&process, "shop").await, shop);

    write(&folder, "shop.toml", &wire("shop.toml"));
    assert_eq!(hang_up(&mut process)[0]["level"], "INFO");
    assert_eq!(running(&process, "shop").await, surveys([("checkout-csat", 1), ("relationship-nps", 3)]));
    process.signal("-TERM");
    assert!(process.wait().await.success());
}

#[tokio::test]
async fn without_a_folder_a_hangup_reads_the_database_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start_with(&folder, &[]);
    assert_eq!(running(&process, "shop").await, []);
    let path = folder.path().join("candor.sqlite");
    let store = Store::open_beside(&format!("sqlite://{}", path.display())).await.unwrap();
    let site = serde_json::json!({"site": "shop", "origins": ["*"],
        "survey": [{"id": "a", "version": 2, "metric": "nps"}]});
    store.import(vec![serde_json::from_value(site).unwrap()]).await.unwrap();
    assert_eq!(hang_up(&mut process).last().unwrap()["started"], "[\"shop/a\"]");
    assert_eq!(running(&process, "shop").await, surveys([("a", 2)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hangups_cost_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder);
    let acknowledged = hammer(&process, || {
        for version in 4..24 {
            write(&folder, "shop.toml", &format!("{SHOP}{}", survey("relationship-nps", version)));
            process.signal("-HUP");
            process.signal("-HUP");
        }
        process.signal("-TERM");
    })
    .await;
    assert!(process.wait().await.success());
    assert!(acknowledged.len() > 8, "{} acknowledged", acknowledged.len());
    let restarted = Process::start(&folder);
    assert!(acknowledged.is_subset(&restarted.ids().await));
}
