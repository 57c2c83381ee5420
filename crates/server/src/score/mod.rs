//! `candor score`: one JSON object in, one out. docs/score.md describes every kind, with an example each.
//!
//! Each kind has a file of its name (`score` is `scores.rs`). All read a request by `fields.rs`, and answer by `reply.rs` or refuse by `refusal.rs`.

mod anytime;
mod compare;
mod decompose;
mod display;
mod drivers;
mod fields;
mod keyword;
mod monitor;
mod multiplicity;
mod nonresponse_bounds;
mod operational;
mod refusal;
mod reply;
mod sample_size;
mod scores;
mod shares;
mod tag_impact;
mod weighting;

pub(crate) use reply::{CountedJson, RuleJson};

use fields::Fields;
use refusal::{Refusal, unknown};
use reply::Reply;
use serde_json::Value;
use std::io::{self, BufRead, Write};

/// Answers every request on the input, in order, each as soon as it is read, and says how many were refused.
/// Requests stand one on a line; a single one may also spread over lines.
///
/// # Errors
/// Only those of reading and writing: a bad request is answered with an error object.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<u64> {
    let mut refused = 0;
    let mut first = true;
    let mut line = Vec::new();
    while {
        line.clear();
        input.read_until(b'\n', &mut line)? > 0
    } {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let parsed = serde_json::from_slice::<Value>(&line);
        // A first line that is no request of its own may be the beginning of the only one.
        if first && parsed.as_ref().is_err_and(serde_json::Error::is_eof) {
            input.read_to_end(&mut line)?;
            if let Ok(request) = serde_json::from_slice::<Value>(&line) {
                refused += write_reply(&request, &mut output)?;
                break;
            }
            for line in line.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                refused += write_reply_to_line(serde_json::from_slice(line), &mut output)?;
            }
            break;
        }
        first = false;
        refused += write_reply_to_line(parsed, &mut output)?;
    }
    output.flush()?;
    Ok(refused)
}

fn write_reply_to_line(parsed: serde_json::Result<Value>, output: &mut impl Write) -> io::Result<u64> {
    match parsed {
        Ok(request) => write_reply(&request, output),
        Err(error) => {
            writeln!(output, "{}", Refusal::new("bad_json", error, "").json())?;
            Ok(1)
        }
    }
}

fn write_reply(request: &Value, output: &mut impl Write) -> io::Result<u64> {
    let answer = answer(request);
    writeln!(output, "{}", answer.as_ref().unwrap_or_else(|refusal| refusal))?;
    output.flush()?;
    Ok(u64::from(answer.is_err()))
}

/// The answer to one request.
///
/// # Errors
/// The error object that stands in its place.
pub fn answer(request: &Value) -> Result<Value, Value> {
    let fields = request
        .as_object()
        .map(Fields)
        .ok_or_else(|| Refusal::new("wrong_type", "a request is an object", ""));
    let reply = fields.and_then(|fields| by_kind(&fields));
    reply.map(Reply::json).map_err(|refusal| refusal.json())
}

fn by_kind(fields: &Fields<'_>) -> refusal::Result<Reply> {
    match fields.text("kind")? {
        "score" => scores::reply(fields),
        "compare" => compare::reply(fields),
        "multiplicity" => multiplicity::reply(fields),
        "shares" => shares::reply(fields),
        "sample_size" => sample_size::reply(fields),
        "weighting" => weighting::reply(fields),
        "nonresponse_bounds" => nonresponse_bounds::reply(fields),
        "decompose" => decompose::reply(fields),
        "tag_impact" => tag_impact::reply(fields),
        "drivers" => drivers::reply(fields),
        "monitor" => monitor::reply(fields),
        "anytime" => anytime::reply(fields),
        "keyword" => keyword::reply(fields),
        "operational" => operational::reply(fields),
        "display" => display::reply(fields),
        other => Err(unknown("kind", other, "one of those in docs/score.md")),
    }
}
