use crate::spawn::{config, nps, spawn, spawn_with};
use candor_store::{Arrival, Scope, Store};
use candor_survey::{NewResponse, Response};
use serde_json::json;
use std::{fs, path::Path, process::Command, time::Duration};

/// Runs a command on the database of a folder: whether it was content, and what it said.
pub(crate) fn candor(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let database = format!("sqlite://{}", folder.join("candor.sqlite").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    let output = command.args(arguments).args(["--database", &database]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn counts_are_verified_and_made_anew_beside_a_server_that_goes_on() {
    let server = spawn().await;
    let folder = server.folder.path();
    for n in 0..20 {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
    assert_eq!(candor(folder, &["verify"]), (true, "all counts agree with the responses\n".into()));
    let harm = rusqlite::Connection::open(folder.join("candor.sqlite")).unwrap();
    harm.execute("DELETE FROM rollup WHERE segment = 0", []).unwrap();
    let (agree, said) = candor(folder, &["verify"]);
    assert!(!agree && said.contains("counted 0, but the responses are 20"), "{said}");
    assert!(
        said.contains("2 differences between counts and responses") && said.contains("candor rebuild"),
        "{said}"
    );
    assert_eq!(candor(folder, &["rebuild"]), (true, "all counts agree with the responses\n".into()));
    // The server counts on from what was made anew.
    server.expect(&nps(99, 2, 9), "stored").await;
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await["total"]["n"], 21);
    assert!(candor(folder, &["verify"]).0);
    let (ok, said) = candor(&folder.join("nowhere"), &["verify"]);
    assert!(!ok && said.contains("--database"), "{said}");
}

#[tokio::test]
async fn the_doctor_says_what_is_well_and_what_needs_somebody() {
    let server = spawn().await;
    let folder = server.folder.path();
    for n in 0..3 {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
    let (is_well, said) = candor(folder, &["doctor"]);
    assert!(is_well, "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    for (line, begins) in
        lines.iter().zip(["schema: of this version; 3 responses", "disk: ", "clock: 20", "rollup: "])
    {
        assert!(line.strip_prefix("well  ").is_some_and(|line| line.starts_with(begins)), "{line}");
    }
    assert!(lines[1].contains("3 responses in 30 days"), "{said}");
    let harm = rusqlite::Connection::open(folder.join("candor.sqlite")).unwrap();
    harm.execute("DELETE FROM rollup WHERE segment = 1", []).unwrap();
    let (is_well, said) = candor(folder, &["doctor"]);
    assert!(!is_well && said.contains("WRONG rollup: ") && said.contains("candor rebuild"), "{said}");
    harm.execute("UPDATE rollup SET day = day + 40", []).unwrap();
    let (is_well, said) = candor(folder, &["doctor"]);
    assert!(!is_well && said.contains("WRONG clock: ") && said.contains("was ahead then"), "{said}");
}

#[tokio::test]
async fn what_is_erased_beside_a_server_is_gone_there_and_stays_away() {
    let server = spawn().await;
    let folder = server.folder.path();
    let by = |n, respondent: &str| {
        let mut response = nps(n, 2, 3);
        response["respondent"] = json!({"id": respondent});
        response
    };
    for (n, respondent) in [(1, "anna"), (2, "anna"), (3, "ben"), (4, "ben")] {
        server.expect(&by(n, respondent), "stored").await;
    }
    let (ok, said) = candor(folder, &["erase", "--respondent", "anna"]);
    assert!(ok && said.starts_with("2 responses erased"), "{said}");
    let id = nps(3, 2, 3)["id"].as_str().unwrap().to_owned();
    let (ok, said) = candor(folder, &["erase", "--response", &id]);
    assert!(ok && said.starts_with("1 response erased"), "{said}");
    for late in [by(1, "anna"), by(3, "ben")] {
        server.expect(&late, "erased").await;
    }
    let mut waited = by(7, "anna");
    waited["age_ms"] = json!(3_600_000);
    server.expect(&waited, "erased").await;
    server.expect(&by(8, "anna"), "stored").await;
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await["total"]["n"], 2);
    assert_eq!(server.stored().await.len(), 2);
    for (arguments, expected) in [
        (&["erase", "--response", "7"][..], "--response: expected a UUID"),
        (&["erase", "--respondent", " "], "--respondent: expected the site's own name"),
        (&["erase", "--respondent", "x", "--workspace", "acme"], "--workspace: expected one of default"),
        (&["erase"], "--respondent"),
        (&["erase", "--respondent", "x", "--response", "y"], "cannot be used with"),
    ] {
        let (ok, said) = candor(folder, arguments);
        assert!(!ok && said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn what_cannot_be_wiped_yet_is_said_and_done_by_the_next() {
    let server = spawn().await;
    let folder = server.folder.path();
    for n in 1..3 {
        server.expect(&nps(n, 2, 3), "stored").await;
    }
    // Whatever becomes of what it says.
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    let database = format!("sqlite://{}", folder.join("candor.sqlite").display());
    command.args(["erase", "--respondent", "nobody", "--database", &database]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = full {
        assert!(!command.stdout(full).status().unwrap().success(), "that it could not be said is told");
    }
    let erase = |n| candor(folder, &["erase", "--response", nps(n, 2, 3)["id"].as_str().unwrap()]);
    let reader = rusqlite::Connection::open(folder.join("candor.sqlite")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM responses").unwrap();
    let (ok, said) = erase(1);
    assert!(!ok && said.contains("1 response erased") && said.contains("not wiped"), "{said}");
    assert!(said.contains("something reads an earlier state"), "{said}");
    reader.execute_batch("COMMIT").unwrap();
    let (ok, said) = erase(2);
    assert!(ok && said.contains("1 response erased"), "{said}");
    let due = |sql| reader.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((due("SELECT COUNT(*) FROM scrub"), due("SELECT COUNT(*) FROM responses")), (0, 0));
}

#[tokio::test]
async fn a_response_that_cannot_be_read_is_named_and_the_rest_goes_on() {
    let server = spawn().await;
    let folder = server.folder.path();
    for n in 1..4 {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
    let harm = rusqlite::Connection::open(folder.join("candor.sqlite")).unwrap();
    harm.execute("UPDATE responses SET content = '{x' WHERE seq = 2", []).unwrap();
    let id = nps(2, 2, 9)["id"].as_str().unwrap().to_owned();
    for command in ["verify", "rebuild"] {
        let (ok, said) = candor(folder, &[command]);
        assert!(!ok && said.contains(&id) && said.contains("candor erase --response"), "{command}: {said}");
    }
    assert_eq!(server.read_json("/v1/surveys/nps/scores").await["total"]["n"], 2);
    let listed = server.read_json("/v1/surveys/nps/responses").await;
    assert_eq!(listed["responses"].as_array().unwrap().len(), 2, "{listed}");
    let (ok, said) = candor(folder, &["doctor"]);
    assert!(!ok && said.contains("1 difference;"), "{said}");
    assert!(candor(folder, &["erase", "--response", &id]).0);
    assert!(candor(folder, &["verify"]).0);
}

#[tokio::test]
async fn responses_lose_what_says_whose_they_are_when_their_survey_says_so() {
    let left = |folder: &Path, words: &str| {
        let files =
            fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap_or_default());
        files
            .flat_map(|bytes| bytes.windows(words.len()).map(|w| w == words.as_bytes()).collect::<Vec<_>>())
            .any(|is| is)
    };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    let file =
        "site = \"shop\"\norigins = [\"*\"]\n[[survey]]\nid = \"how\"\nversion = 1\nmetric = \"nps\"\n";
    fs::write(folder.path().join("surveys/shop.toml"), format!("{file}retention_days = 8\n")).unwrap();
    let config = config(&folder);
    let now_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let store = Store::open(&config.store.database).await.unwrap();
    for (n, days) in [(1, 9), (2, 7), (3, 0)] {
        let mut response = nps(n, 2, 9);
        (response["site"], response["survey"], response["page"]) =
            (json!("shop"), json!("how"), json!(format!("/{days}-days")));
        let new: NewResponse = serde_json::from_value(response).unwrap();
        let mut survey = candor_survey::preset("nps").unwrap();
        (survey.id, survey.site) = ("how".into(), Some("shop".into()));
        let response = new.check(&survey).unwrap();
        let received_ms = now_ms - days * 86_400_000;
        let arrival = Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms };
        store.save(vec![arrival]).await.unwrap();
    }
    store.close().await;
    drop(store);
    let server = spawn_with(folder, config).await;
    let folder = server.folder.path();
    for _ in 0..100 {
        let pages: Vec<_> = server.stored().await.into_iter().map(|Response { page, .. }| page).collect();
        if pages == [Some("/0-days".to_owned()), Some("/7-days".to_owned()), None] && !left(folder, "/9-days")
        {
            assert!(left(folder, "/7-days"), "the test can see them");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", server.stored().await);
}
