use crate::spawn::{Spawned, config, nps, problem, spawn_with};
use serde_json::{Value, json};
use std::fs;

const SHOP: &str = r#"
site = "shop"
origins = ["*"]
[[survey]]
id = "how"
version = 1
metric = "nps"
segments = ["plan", "page", "plan×country", "plan×locale"]
"#;

async fn serve(files: &[(&str, &str)]) -> Spawned {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("surveys").join(name), text).unwrap();
    }
    let config = config(&folder);
    spawn_with(folder, config).await
}

fn answer(n: u64, site: &str, survey: &str, rating: u8) -> Value {
    let mut answer = nps(n, 2, rating);
    (answer["site"], answer["survey"]) = (json!(site), json!(survey));
    answer
}

/// What each value of a segment has, as name and number of ratings.
async fn each(server: &Spawned, path: &str) -> Vec<(String, u64)> {
    let scores = server.read_json(path).await;
    let periods = scores["periods"].as_array().unwrap().iter();
    periods.map(|p| (p["segment"].as_str().unwrap().to_owned(), p["n"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn segments_that_a_survey_declares_are_counted_by_value_and_in_pairs() {
    let server = serve(&[("shop.toml", SHOP)]).await;
    for (n, attributes, page) in [
        (1, json!({"plan": "pro", "country": "th"}), Some("/cart?order=7")),
        (2, json!({"plan": "pro", "country": "vn"}), Some("/cart")),
        (3, json!({"plan": "free"}), None),
        (4, json!({"country": "th"}), None),
    ] {
        let mut answer = answer(n, "shop", "how", 9);
        answer["answers"][0]["question"] = json!("nps");
        answer["respondent"] = json!({"attributes": attributes});
        if let Some(page) = page {
            answer["page"] = json!(page);
        }
        server.expect(&answer, "stored").await;
    }
    let counted = async |segment: &str| {
        let found = each(&server, &format!("/v1/surveys/how/scores?segment={segment}")).await;
        found.into_iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>()
    };
    assert_eq!(counted("attr:plan").await, ["attr:plan:free 1", "attr:plan:pro 2"]);
    assert_eq!(counted("attr:page").await, ["attr:page:/cart 2"]);
    let pairs = ["attr:plan×country:pro×th 1", "attr:plan×country:pro×vn 1"];
    assert_eq!(counted("attr:plan×country").await, pairs);
    assert_eq!(
        counted("attr:plan×locale").await,
        ["attr:plan×locale:free×en 1", "attr:plan×locale:pro×en 2"]
    );
    let one = server.read_json("/v1/surveys/how/scores?segment=attr:plan×country:pro×th").await;
    assert_eq!(
        (&one["total"]["n"], &one["total"]["segment"]),
        (&json!(1), &json!(pairs[0].trim_end_matches(" 1")))
    );
    let none = server.read_json("/v1/surveys/how/scores?segment=attr:plan:gold").await;
    assert_eq!(none["total"]["n"], 0);

    for (path, named) in [
        ("/v1/surveys/how/scores?segment=attr:country", "attr:plan×country"),
        ("/v1/surveys/how/scores?segment=plan", "attr:plan,"),
        ("/v1/surveys/nps/scores?segment=attr:plan", "one of site, locale, touchpoint, display, alone"),
    ] {
        let refused = problem(server.read(path).await).await;
        assert_eq!(refused["field"], "segment");
        assert!(refused["expected"].as_str().unwrap().contains(named), "{refused}");
    }
    // A later revision is counted where it belongs then.
    let mut moved = answer(1, "shop", "how", 9);
    (moved["revision"], moved["respondent"]) =
        (json!(3), json!({"attributes": {"plan": "free", "country": "th"}}));
    server.expect(&moved, "stored").await;
    assert_eq!(counted("attr:plan").await, ["attr:plan:free 2", "attr:plan:pro 1"]);
    server.stored().await;
}

#[tokio::test]
async fn sites_of_another_workspace_are_not_read_with_ones_own() {
    let acme = SHOP.replace("\"shop\"", "\"acme\"\nworkspace = \"acme\"");
    let server = serve(&[("shop.toml", SHOP), ("acme.toml", &acme)]).await;
    server.expect(&answer(1, "shop", "nps", 9), "stored").await;
    server.expect(&answer(1, "acme", "nps", 3), "stored").await;
    server.expect(&answer(2, "acme", "how", 3), "stored").await;
    let ratings = async |path: &str| {
        let scores = server.read_json(&format!("/v1/surveys/{path}")).await;
        let counts = scores["total"]["counts"].as_array().unwrap().clone();
        counts
            .iter()
            .enumerate()
            .flat_map(|(point, n)| vec![point; n.as_u64().unwrap() as usize])
            .collect::<Vec<_>>()
    };
    assert_eq!(ratings("nps/scores").await, [9]);
    assert_eq!(ratings("nps/scores?workspace=acme").await, [3]);
    assert_eq!(ratings("nps/scores?site=acme").await, [3]);
    // In each workspace there is one survey of this id.
    assert!(ratings("how/scores").await.is_empty());
    assert_eq!(ratings("how/scores?workspace=acme").await, [3]);
    let listed = server.read_json("/v1/surveys/nps/responses?workspace=acme").await;
    assert_eq!(listed["responses"].as_array().unwrap().len(), 1);
    assert_eq!(listed["responses"][0]["site"], "acme");

    for (path, field, expected) in [
        ("nps/scores?workspace=other", "workspace", "one of default, acme"),
        ("nps/scores?workspace=default&site=acme", "site", "one of default, shop"),
        ("nps/scores?workspace=acme&site=shop", "site", "one of acme"),
        ("nps/responses?workspace=acme&site=default", "site", "one of acme"),
        ("nps/scores?workspace=acme&segment=site:shop", "segment", "one of acme"),
    ] {
        let refused = problem(server.read(&format!("/v1/surveys/{path}")).await).await;
        assert_eq!((&refused["field"], &refused["expected"]), (&json!(field), &json!(expected)), "{path}");
    }
}
