//! `candor score` as it is run: lines in, lines out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use serde_json::Value;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// The exit code and the answers to what is written to standard input.
fn candor_score(input: &[u8]) -> (i32, Vec<Value>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_candor"))
        .arg("score")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let (code, answers) = candor_score(
        br#"{"kind": "score", "metric": "nps", "ratings": [10, 9, 8, 3]}

{"kind": "display", "value": "-1/3", "decimals": 0}
{"kind": "operational", "start": 100, "end": 110, "new": 30}"#,
    );
    assert_eq!((code, answers.len()), (0, 3));
    assert_eq!(answers[0]["score"], 25.0);
    assert_eq!(answers[1]["text"], "0");
    assert_eq!(answers[2]["retention_pct"], 80.0);
    assert!(answers.iter().all(|answer| answer["receipt"]["formula"].is_string()));
}

#[test]
fn a_bad_request_is_answered_and_the_run_goes_on() {
    let (code, answers) = candor_score(
        b"[1]\n{\"kind\": \"mood\"}\n\xff\n{\"kind\"\n{\"kind\": \"multiplicity\", \"p\": [0.02]}\n",
    );
    assert_eq!(code, 2);
    let codes: Vec<_> = answers.iter().map(|answer| answer["error"]["code"].as_str().unwrap_or("")).collect();
    assert_eq!(codes, ["wrong_type", "unknown_kind", "bad_json", "bad_json", ""]);
    assert_eq!(answers[1]["error"]["field"], "kind");
}

#[test]
fn a_single_request_may_spread_over_lines() {
    let (code, answers) = candor_score(b"{\n  \"kind\": \"shares\",\n  \"counts\": [1, 1]\n}\n");
    assert_eq!((code, &answers[0]["pct"][0]), (0, &Value::from(50.0)));
}

#[test]
fn lines_after_a_broken_first_one_are_still_answered() {
    let (code, answers) = candor_score(b"{\"kind\":\n{\"kind\": \"shares\", \"counts\": [1, 1]}\n");
    assert_eq!((code, answers.len()), (2, 2));
    assert_eq!((&answers[0]["error"]["code"], &answers[1]["n"]), (&"bad_json".into(), &2.into()));
}

#[test]
fn whole_numbers_with_a_point_are_counted_to_the_last_one() {
    let (code, answers) = candor_score(
        b"{\"kind\": \"shares\", \"counts\": [9007199254740991.0, 4503599627370497.0]}\n\
        {\"kind\": \"shares\", \"counts\": [9007199254740993.0]}\n",
    );
    assert_eq!((code, &answers[0]["n"]), (2, &Value::from(13_510_798_882_111_488_u64)));
    // It reads as 2^53, and what was meant is not known.
    assert_eq!(answers[1]["error"]["code"], "overflow");
}

#[test]
fn zero_has_no_sign() {
    let (_, answers) = candor_score(
        br#"{"kind": "decompose", "segments_a": [[1, 0, 0]], "segments_b": [[1, 1, 0]]}
{"kind": "operational", "margin": -5, "retention": 0, "discount": 0.1}"#,
    );
    assert!(!answers.iter().any(|answer| answer.to_string().contains("-0.0")), "{answers:?}");
}

#[test]
fn every_receipt_has_every_entry() {
    let (_, answers) = candor_score(
        br#"{"kind": "multiplicity", "p": [0.02]}
{"kind": "weighting", "strata": [{"detractors": 1, "passives": 0, "promoters": 2, "population": 9}]}"#,
    );
    let entries = |answer: &Value| answer["receipt"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(entries(&answers[0]), entries(&answers[1]));
    assert_eq!(
        (&answers[0]["receipt"]["scale"], &answers[1]["receipt"]["scale"]["max"]),
        (&Value::Null, &10.into())
    );
    assert_eq!(
        (&answers[1]["receipt"]["exact"], &answers[1]["receipt"]["method"]),
        (&"100/3".into(), &"wald".into())
    );
}

#[test]
fn a_margin_in_points_is_taken_for_no_fraction() {
    let (code, answers) = candor_score(
        b"{\"kind\": \"sample_size\", \"variance\": 0.6, \"margin\": 5}\n\
        {\"kind\": \"sample_size\", \"variance\": 0.6, \"margin\": 0.05}\n",
    );
    assert_eq!((code, &answers[0]["error"]["field"], &answers[1]["n"]), (2, &"margin".into(), &922.into()));
}

#[test]
fn nothing_in_gives_nothing_out() {
    assert_eq!(candor_score(b"\n \n"), (0, Vec::new()));
}

#[cfg(unix)]
#[test]
fn what_stops_it_is_said_on_standard_error() {
    // A folder can be opened and not be read.
    let folder = std::fs::File::open("/").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_candor")).arg("score").stdin(folder).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "2 is for refused requests");
    assert!(error.starts_with("candor: ") && error.contains("directory"), "{error}");
}

/// Every key of an answer or a request, but for those that name what was asked and those of the receipt.
fn keys(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    if let Some(object) = value.as_object() {
        for (key, value) in object {
            if !["kind", "metric", "receipt", "error"].contains(&key.as_str()) {
                found.insert(key.clone());
                keys(value, found);
            }
        }
    }
    value.as_array().into_iter().flatten().for_each(|value| keys(value, found));
}

#[test]
fn the_glossary_names_every_key_of_the_documented_examples() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
    let read = |page: &str| std::fs::read_to_string(format!("{docs}{page}.md")).unwrap();
    let mut found = std::collections::BTreeSet::new();
    let (examples, glossary) = (read("score"), read("numbers"));
    for block in examples.split("```").filter_map(|part| part.strip_prefix("json\n")) {
        keys(&serde_json::from_str(block).unwrap(), &mut found);
    }
    assert!(found.len() > 100, "{found:?}");
    // What ends in _exact is the same before it was rounded.
    let is_named = |key: &str| glossary.contains(&format!("`{key}`"));
    found.retain(|key| !is_named(key) && !is_named(key.trim_end_matches("_exact")));
    assert_eq!(found, std::collections::BTreeSet::new());
}
