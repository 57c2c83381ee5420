//! A backup of a database that is written to, and its way back.

use crate::{header, is_long, nps, process::Start};
use candor_store::{Arrival, Store};
use candor_survey::{NewResponse, preset};
use reqwest::{Client, StatusCode};
use std::{
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How many responses one call of the store brings.
const CALL: u64 = 2_000;
/// 2026-11-01, in milliseconds since 1970.
const FIRST_DAY_MS: i64 = 1_793_491_200_000;
const DAY_MS: i64 = 86_400_000;

async fn fill(url: &str, responses: u64) {
    let store = Store::open(url).await.unwrap();
    let survey = preset("nps").unwrap();
    for first in (0..responses).step_by(usize::try_from(CALL).unwrap()) {
        let arrivals = (first..first + CALL).map(|n| {
            let mut json = nps(n, n % 11);
            json["touchpoint"] = ["cart", "checkout", "help"][usize::try_from(n % 3).unwrap()].into();
            let response: NewResponse = serde_json::from_value(json).unwrap();
            let received_ms =
                FIRST_DAY_MS + i64::try_from(n).unwrap() * 30 * DAY_MS / i64::try_from(responses).unwrap();
            Arrival {
                declared: Vec::new(),
                scope: candor_store::Scope::DEFAULT,
                response: response.check(&survey).unwrap(),
                received_ms,
            }
        });
        store.save(arrivals.collect()).await.unwrap();
    }
    store.close().await;
}

fn candor(command: &str, file: &Path, url: &str) -> Output {
    let mut candor = Command::new(env!("CARGO_BIN_EXE_candor"));
    candor.arg(command).arg(file).args(["--database", url]).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_ends_while_answers_come_and_its_restore_counts_the_same() {
    let responses = if is_long() { 1_000_000 } else { 10_000 };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let start = Start { surveys: false, ..Start::new(folder.path()) };
    fill(&start.url(), responses).await;
    let mut process = start.listening();

    let url = format!("http://{}/v1/responses", process.address);
    let (mut posted, mut posts, client) = (0, JoinSet::new(), Client::new());
    let (backup, live) = (folder.path().join("backup.sqlite"), start.url());
    let file = backup.clone();
    let begun = Instant::now();
    let mut copying = tokio::task::spawn_blocking(move || candor("backup", &file, &live));
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let output = loop {
        tokio::select! {
            output = &mut copying => break output.unwrap(),
            _ = tick.tick() => {
                let body = nps(responses + posted, 9).to_string();
                let post = client.post(&url).header("content-type", "text/plain").body(body);
                // None waits for the one before it, so that as many come as should.
                posts.spawn(async move { post.send().await.unwrap().status() });
                posted += 1;
            }
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    assert!(posts.join_all().await.iter().all(StatusCode::is_success));
    let text = said(&output);
    let count: u64 = text.split("holds ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((responses..=responses + posted).contains(&count), "{text}");
    let megabytes = std::fs::metadata(&backup).unwrap().len() / 1_000_000;
    process.signal("TERM");
    assert!(process.ended(Duration::from_secs(30)).await.is_some_and(|status| status.success()));

    let restored = format!("sqlite://{}", folder.path().join("restored.sqlite").display());
    let begun = Instant::now();
    let text = said(&candor("restore", &backup, &restored));
    assert!(
        text.contains(&format!("holds {count} responses")) && text.contains("all counts agree"),
        "{text}"
    );
    let restore_seconds = begun.elapsed().as_secs_f64();
    let store = Store::open(&restored).await.unwrap();
    assert_eq!(store.audit().await.unwrap(), []);
    println!(
        "{}: backup of {count} answers, {megabytes} MB, under 50 a second ({posted} came) took {seconds:.1} s; its restore, \
         recounted equal, {restore_seconds:.1} s",
        header()
    );
}
