//! Agreement with an outside implementation: every request of tests/reference/cases.json (made by make.py
//! beside it from scipy, statsmodels and exact fractions), answered as `candor score` answers it.
#![cfg(not(target_arch = "wasm32"))]

// The server's own file, so that changes of this crate are held against the table without building the
// server.
#[path = "../../server/src/score/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "this is no part of the server here, and lines are read elsewhere"
)]
mod score;

use serde_json::{Number, Value};
use std::collections::BTreeMap;

#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("reference/cases.json")).unwrap()
}

/// Numbers that go through a t or beta quantile or chance agree to 1 part in 10^9, all others to 1 in 10^10.
fn tolerance(path: &str) -> f64 {
    let quantiles = ["trinomial_t", "clopper_pearson", "jeffreys", "welch_t.ci", "welch_t.p", "ci.t."];
    if quantiles.iter().any(|key| path.contains(key)) { 1e-9 } else { 1e-10 }
}

/// Whether a number agrees. Nothing is forgiven where it is small: what cancels in the code would hide there.
/// A zero is a zero, but a chance below 10^−300 may have become one.
fn agrees(path: &str, given: &Number, expected: &Number) -> bool {
    if let Some((given, expected)) = given.as_u64().zip(expected.as_u64()) {
        return given == expected;
    }
    given.as_f64().zip(expected.as_f64()).is_some_and(|(given, expected)| {
        given == expected
            || (expected != 0.0 && (given - expected).abs() <= tolerance(path) * expected.abs() + 1e-300)
    })
}

/// Every key that is expected must be there and agree; there may be more.
fn compare(path: &str, given: &Value, expected: &Value, faults: &mut Vec<String>) {
    match (given, expected) {
        (Value::Object(given), Value::Object(expected)) => {
            for (key, value) in expected {
                let path = format!("{path}.{key}");
                match given.get(key) {
                    Some(given) => compare(&path, given, value, faults),
                    None => faults.push(format!("{path}: missing, expected {value}")),
                }
            }
        }
        (Value::Array(given), Value::Array(expected)) if given.len() == expected.len() => {
            for (place, (given, expected)) in given.iter().zip(expected).enumerate() {
                compare(&format!("{path}.{place}"), given, expected, faults);
            }
        }
        (Value::Number(given), Value::Number(expected)) if agrees(path, given, expected) => {}
        _ if given == expected => {}
        _ => faults.push(format!("{path}: {given}, expected {expected}")),
    }
}

#[test]
fn every_answer_agrees_with_the_outside_implementation() {
    let mut faults = Vec::new();
    for (place, case) in cases().iter().enumerate() {
        let request = &case["request"];
        let before = faults.len();
        match score::answer(request) {
            Ok(answer) => {
                compare("", &answer, &case["answer"], &mut faults);
                assert!(case["error"].is_null(), "{request} should have been refused");
                assert_eq!(answer["receipt"]["version"], env!("CARGO_PKG_VERSION"));
            }
            Err(refusal) => compare("", &refusal["error"], &case["error"], &mut faults),
        }
        if faults.len() > before {
            faults.insert(before, format!("case {place}: {request}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_table_is_large_and_has_five_cases_of_each_kind() {
    let mut kinds = BTreeMap::<String, usize>::new();
    for case in cases().iter().filter(|case| !case["answer"].is_null()) {
        let request = &case["request"];
        let shape: Vec<&str> =
            ["metric", "lam", "k", "satisfied", "weeks", "variance_a", "new", "referring_customers"]
                .into_iter()
                .filter(|key| request.get(key).is_some())
                .collect();
        let metric = request["metric"].as_str().unwrap_or_default();
        *kinds.entry(format!("{} {metric} {shape:?}", request["kind"])).or_default() += 1;
    }
    assert!(kinds.values().sum::<usize>() >= 200);
    assert!(kinds.values().all(|count| *count >= 5), "{kinds:#?}");
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/score.md");

/// Objects and lists that do not fit a line, one entry a line.
fn layout(value: &Value, indent: usize) -> String {
    let compact = value.to_string().replace("\":", "\": ").replace(",\"", ", \"").replace("],[", "], [");
    if compact.len() + indent <= 110 {
        return compact;
    }
    let (open, close, entries): (_, _, Vec<String>) = match value {
        Value::Object(object) => {
            let entry = |(key, value): (&String, &Value)| format!("\"{key}\": {}", layout(value, indent + 2));
            ('{', '}', object.iter().map(entry).collect())
        }
        Value::Array(list) => ('[', ']', list.iter().map(|value| layout(value, indent + 2)).collect()),
        _ => return compact,
    };
    let pad = " ".repeat(indent);
    let entries = entries.into_iter().map(|entry| format!("{pad}  {entry}")).collect::<Vec<_>>().join(",\n");
    format!("{open}\n{entries}\n{pad}{close}")
}

/// The page has blocks of JSON in pairs: a request and its answer, which is shown without its receipt unless
/// the receipt is the matter. Rewritten with `UPDATE_DOCS=1`.
#[test]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
fn the_documented_examples_are_answered_as_documented() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut parts: Vec<String> = page.split("```").map(str::to_owned).collect();
    let blocks: Vec<usize> = (0..parts.len()).filter(|place| parts[*place].starts_with("json\n")).collect();
    assert!(blocks.len() >= 2 * 25 && blocks.len().is_multiple_of(2), "{} blocks", blocks.len());
    for pair in blocks.chunks(2) {
        let request: Value = serde_json::from_str(&parts[pair[0]][5..]).unwrap();
        let mut answer = score::answer(&request).unwrap_or_else(|refusal| refusal);
        if !parts[pair[1]].contains("\"receipt\"") {
            answer.as_object_mut().unwrap().remove("receipt");
        }
        parts[pair[1]] = format!("json\n{}\n", layout(&answer, 0));
    }
    let current = parts.join("```");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, current).unwrap();
    } else {
        assert!(page == current, "docs/score.md is not current");
    }
}
