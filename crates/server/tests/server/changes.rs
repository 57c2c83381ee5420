use crate::{
    keeping::candor,
    spawn::{config, nps, problem, spawn, spawn_with},
};
use candor_store::{Arrival, Scope, Store};
use candor_survey::NewResponse;
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn an_analyst_takes_answers_out_puts_them_back_and_corrects_them_beside_a_server() {
    let server = spawn().await;
    let folder = server.folder.path();
    for n in 1..4 {
        server.expect(&nps(n, 2, 9), "stored").await;
    }
    let score = async || server.read_json("/v1/surveys/nps/scores").await["total"]["counts"].clone();
    let id = nps(1, 2, 9)["id"].as_str().unwrap().to_owned();
    let why = ["--reason", "a bot", "--author", "ines"];
    let run = |arguments: &[&str]| candor(folder, &[arguments, &why].concat());

    let of_today = ["--survey", "nps", "--from", "2026-01-01", "--to", "2099-01-01"];
    assert_eq!(
        run(&[&["exclude"], &of_today[..]].concat()),
        (true, "3 responses taken out of the counts\n".into())
    );
    assert_eq!(score().await, json!([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    server.expect(&nps(4, 2, 8), "stored").await;
    assert_eq!(score().await, json!([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "what arrives later is out, too");
    let bursts = server.read_json("/v1/surveys/nps/bursts").await;
    let excluded = json!([{"from": "2026-01-01T00:00:00+00:00", "to": "2099-01-01T00:00:00+00:00"}]);
    assert_eq!((&bursts["excluded"], &bursts["bursts"]), (&excluded, &json!([])));
    let listed = server.read_json("/v1/surveys/nps/responses").await;
    assert!(listed["responses"].as_array().unwrap().iter().all(|kept| kept["counted"] == false), "{listed}");
    assert_eq!(
        run(&[&["include"], &of_today[..]].concat()),
        (true, "4 responses put back into the counts\n".into())
    );
    assert_eq!(score().await, json!([0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0]));

    assert_eq!(run(&["exclude", "--response", &id]), (true, "1 response taken out of the counts\n".into()));
    assert_eq!(score().await, json!([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]));
    assert!(run(&["include", "--response", &id]).0);
    let correct =
        |given: &[&str]| run(&[&["correct", "--response", &id, "--question", "nps"], given].concat());
    let (ok, said) = correct(&["--rating", "2"]);
    assert!(ok && said.starts_with("corrected"), "{said}");
    assert_eq!(score().await, json!([0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 0]));
    server.expect(&nps(1, 3, 10), "superseded").await;
    let listed = server.read_json("/v1/surveys/nps/responses").await;
    let corrected = listed["responses"].as_array().unwrap().iter().filter(|kept| kept["corrected"] == true);
    assert_eq!(
        corrected.map(|kept| kept["answers"].clone()).collect::<Vec<_>>(),
        [json!([{"question": "nps", "rating": 2}])]
    );
    let (ok, said) = run(&["correct", "--response", &id, "--question", "why", "--text", "it broke"]);
    assert!(ok, "{said}");

    let (ok, said) = candor(folder, &["changes"]);
    let lines: Vec<_> = said.lines().collect();
    assert!(ok && lines.len() == 6, "{said}");
    assert!(
        lines[1].contains(r#"ines: nps of default: a response corrected from [["nps",9]] to [["nps",2]]"#),
        "{said}"
    );
    assert!(
        lines[5].contains("taken out from 2026-01-01T00:00:00+00:00")
            && lines[5].contains("3 responses: a bot"),
        "{said}"
    );
    assert!(candor(folder, &["verify"]).0);

    for (arguments, expected) in [
        (&["exclude", "--response", "7"][..], "--response: expected a UUID"),
        (&["exclude", "--response", "0192f5e4-7c1b-7a44-8000-0000000000ff"], "there is no response"),
        (&["exclude", "--survey", "nps", "--from", "x", "--to", "2099-01-01"], "--from: expected a time"),
        (
            &["exclude", "--survey", "nps", "--from", "2099-01-02", "--to", "2099-01-01"],
            "--from: expected a time before",
        ),
        (
            &["include", "--survey", "csat", "--from", "2026-01-01", "--to", "2099-01-01"],
            "no answers to a survey csat",
        ),
        (&["exclude", "--survey", "nps", "--from", "2026-01-01"], "--to"),
        (&["exclude"], "--survey"),
        (&["correct", "--response", &id, "--question", "nps", "--rating", "2"], "what it says already"),
        (&["correct", "--response", &id, "--question", "nps"], "--rating"),
        (
            &["correct", "--response", &id, "--question", "nps", "--rating", "11"],
            "answers[0].rating: expected an integer from 0 to 10",
        ),
        (
            &["correct", "--response", &id, "--question", "how", "--rating", "1"],
            "--question: expected nps or why",
        ),
    ] {
        let (ok, said) = run(arguments);
        assert!(!ok && said.contains(expected), "{arguments:?}: {said}");
    }
    let forged = ["exclude", "--response", &id, "--author", "ines", "--reason", "ok\n2026 boss: fake"];
    let (ok, said) = candor(folder, &forged);
    assert!(!ok && said.contains("in one line"), "{said}");
    let store =
        Store::open_beside(&format!("sqlite://{}", folder.join("candor.sqlite").display())).await.unwrap();
    assert_eq!(store.anonymise(Scope::DEFAULT, "default", "nps", i64::MAX).await, Ok(4));
    let anonymous = server.read_json("/v1/surveys/nps/responses").await["responses"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (ok, said) = run(&["correct", "--response", &anonymous, "--question", "nps", "--rating", "1"]);
    assert!(!ok && said.contains("is anonymous"), "{said}");
    let (ok, said) = candor(folder, &["exclude", "--response", &id, "--author", "ines"]);
    assert!(!ok && said.contains("--reason"), "{said}");
}

#[tokio::test]
async fn many_more_answers_than_usual_are_flagged() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let now_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let slot = now_ms.div_euclid(900_000) * 900_000 - 2 * 900_000;
    let store = Store::open(&config.store.database).await.unwrap();
    let at = |n: u64, ms: i64| {
        let new: NewResponse = serde_json::from_value(nps(n, 2, 9)).unwrap();
        let response = new.check(&candor_survey::preset("nps").unwrap()).unwrap();
        Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms: ms }
    };
    // Two answers on each of ten days at this time, and now eighty.
    let before = (0..20).map(|n| at(n, slot - (1 + n as i64 / 2) * 86_400_000));
    store.save(before.chain((100..180).map(|n| at(n, slot + n as i64))).collect()).await.unwrap();
    store.close().await;
    drop(store);
    let server = spawn_with(folder, config).await;
    let found = server.read_json("/v1/surveys/nps/bursts").await;
    let bursts = found["bursts"].as_array().unwrap();
    assert!(bursts.len() == 1 && bursts[0]["n"] == 80 && bursts[0]["usual"] == 2, "{found}");
    let moment =
        |name: &str| bursts[0][name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!((moment("from"), moment("to")), (slot, slot + 900_000));
    for (query, field) in
        [("from=2026-01-01&to=2026-06-01", "from"), ("to=x", "to"), ("question=why", "question")]
    {
        let response = server.read(&format!("/v1/surveys/nps/bursts?{query}")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(problem(response).await["field"], field);
    }
}

#[tokio::test]
async fn a_range_is_counted_exactly() {
    let server = spawn().await;
    server.expect(&nps(1, 2, 9), "stored").await;
    let listed = server.read_json("/v1/surveys/nps/responses").await;
    let dated: jiff::Timestamp = listed["responses"][0]["dated"].as_str().unwrap().parse().unwrap();
    let at = |ms: i64| jiff::Timestamp::from_millisecond(dated.as_millisecond() + ms).unwrap();
    for (from, to, n) in [(0, 1, 1), (-5, 0, 0), (1, 9, 0), (-5, 9, 1)] {
        let path = format!("/v1/surveys/nps/scores?from={}&to={}", at(from), at(to));
        assert_eq!(server.read_json(&path).await["total"]["n"], n, "{from} to {to}");
    }
}
