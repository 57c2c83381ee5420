use crate::spawn::{SHOP, Spawned, config, nps, problem, spawn, spawn_with, wire, wire_json};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const BLOG: &str = "https://blog.example";
const ALL: &str = "can=choice,pages,rules,scale,more";

/// A server with these files of sites.
async fn serve(files: &[(&str, &str)]) -> Spawned {
    again(tempfile::tempdir().unwrap(), files).await
}

/// A server with these files, on what is in the folder.
async fn again(folder: TempDir, files: &[(&str, &str)]) -> Spawned {
    let surveys = folder.path().join("surveys");
    fs::create_dir_all(&surveys).unwrap();
    for (name, text) in files {
        fs::write(surveys.join(name), text).unwrap();
    }
    let config = config(&folder);
    spawn_with(folder, config).await
}

/// An answer to a survey of a site.
fn answer(n: u64, site: &str, survey: &str, version: u32, answers: Value) -> Value {
    let mut response = nps(n, 2, 0);
    (response["site"], response["survey"]) = (json!(site), json!(survey));
    (response["survey_version"], response["answers"]) = (json!(version), answers);
    response
}

async fn from(server: &Spawned, origin: &str, path: &str) -> Response {
    server.request(Method::GET, path).header("origin", origin).send().await.unwrap()
}

#[track_caller]
fn names_the_sites(problem: &Value) {
    assert_eq!((&problem["status"], &problem["field"]), (&json!(404), &json!("site")), "{problem}");
    assert_eq!(problem["expected"], "blog or shop");
}

// ---- Two sites with a survey of one id ----

async fn two_sites() -> Spawned {
    let site = |name: &str, origin: &str, metric: &str| {
        format!(
            "site = \"{name}\"\norigins = [\"{origin}\"]\n[[survey]]\nid = \"visit\"\nversion = 1\nmetric = \"{metric}\"\n"
        )
    };
    let (blog, shop) = (site("blog", BLOG, "nps"), site("shop", SHOP, "csat"));
    serve(&[("blog.toml", &blog), ("shop.toml", &shop)]).await
}

#[tokio::test]
async fn surveys_of_one_id_are_answered_scored_and_listed_apart() {
    let server = two_sites().await;
    let nps = |rating: u8| json!([{"question": "nps", "rating": rating}]);
    server.expect(&answer(1, "blog", "visit", 1, nps(9)), "stored").await;
    server.expect(&answer(2, "blog", "visit", 1, nps(3)), "stored").await;
    server.expect(&answer(3, "shop", "visit", 1, json!([{"question": "csat", "rating": 5}])), "stored").await;
    let wrong = server.post(answer(4, "shop", "visit", 1, nps(9)).to_string()).await;
    assert_eq!(problem(wrong).await["field"], "answers[0].question");

    for (site, metric, counts, n) in [
        ("blog", "nps", json!([0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]), 2),
        ("shop", "csat", json!([0, 0, 0, 0, 1]), 1),
    ] {
        let scores = server.read_json(&format!("/v1/surveys/visit/scores?site={site}")).await;
        assert_eq!((&scores["metric"], &scores["question"]), (&json!(metric), &json!(metric)));
        let total = &scores["total"];
        assert_eq!(
            (&total["counts"], &total["n"], &total["shown"]),
            (&counts, &json!(n), &json!(n)),
            "{site}"
        );
        let list = server.read_json(&format!("/v1/surveys/visit/responses?site={site}")).await;
        let sites = list["responses"].as_array().unwrap().iter().map(|response| &response["site"]);
        assert_eq!(sites.collect::<Vec<_>>(), vec![site; n], "{site}");
    }
    for what in ["scores", "responses"] {
        names_the_sites(&problem(server.read(&format!("/v1/surveys/visit/{what}")).await).await);
    }
    let elsewhere = problem(server.read("/v1/surveys/visit/scores?site=default").await).await;
    assert_eq!((&elsewhere["status"], &elsewhere["field"]), (&json!(404), &json!("site")), "{elsewhere}");
    assert_eq!(elsewhere["expected"], "blog or shop, whose survey this is");
}

#[tokio::test]
async fn a_page_gets_the_survey_of_the_site_that_lets_it_in() {
    let server = two_sites().await;
    for (origin, site, metric) in [(BLOG, "blog", "nps"), (SHOP, "shop", "csat")] {
        let response = from(&server, origin, "/v1/surveys/visit?locale=en").await;
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
        let survey: Value = response.json().await.unwrap();
        assert_eq!((&survey["site"], &survey["metric"]), (&json!(site), &json!(metric)));
        // Who says whose is meant gets that one, if it lets the page in.
        let named = from(&server, origin, "/v1/surveys/visit?site=shop").await;
        assert_eq!(named.status().is_success(), site == "shop", "{origin}");
        let anyone: Value = server.get(&format!("/v1/surveys/visit?site={site}")).await.json().await.unwrap();
        assert_eq!(anyone["site"], site);
    }
    names_the_sites(&problem(server.get("/v1/surveys/visit").await).await);
    names_the_sites(&problem(from(&server, "https://evil.example", "/v1/surveys/visit").await).await);
}

#[tokio::test]
async fn a_cache_keeps_the_surveys_of_one_id_apart() {
    let site = |name: &str, origins: &str, id: &str| {
        format!(
            "site = \"{name}\"\norigins = [{origins}]\n[[survey]]\nid = \"{id}\"\nversion = 1\nmetric = \"nps\"\n"
        )
    };
    let blog = site("blog", "\"*\"", "visit") + "[[survey]]\nid = \"own\"\nversion = 1\nmetric = \"nps\"\n";
    let shop = site("shop", &format!("{SHOP:?}"), "visit");
    let server = serve(&[("blog.toml", &blog), ("shop.toml", &shop)]).await;
    let varies = |response: &Response| {
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().get_all("vary").iter().any(|vary| vary == "Origin")
    };
    assert!(varies(&from(&server, BLOG, "/v1/surveys/visit").await));
    assert!(varies(&from(&server, BLOG, "/v1/surveys/own").await));
    // The shop's page may mean either.
    names_the_sites(&problem(from(&server, SHOP, "/v1/surveys/visit").await).await);
}

#[tokio::test]
async fn a_preset_is_scored_by_site_and_segment() {
    let server = spawn().await;
    for (n, site, locale) in [(1, "shop", "fa"), (2, "shop", "en"), (3, "default", "fa"), (4, "shop", "fa")] {
        let mut response = nps(n, 2, 9);
        (response["site"], response["locale"]) = (json!(site), json!(locale));
        server.expect(&response, "stored").await;
    }
    for (query, n, periods) in [
        ("", 4, vec![]),
        ("?site=shop", 3, vec![]),
        ("?segment=locale", 4, vec![("locale:en", 1), ("locale:fa", 3)]),
        ("?site=shop&segment=locale", 3, vec![("locale:en", 1), ("locale:fa", 2)]),
        ("?site=default&segment=locale", 1, vec![("locale:fa", 1)]),
        ("?site=shop&segment=locale:fa", 2, vec![]),
        ("?segment=site", 4, vec![("site:default", 1), ("site:shop", 3)]),
    ] {
        let scores = server.read_json(&format!("/v1/surveys/nps/scores{query}")).await;
        let found = scores["periods"].as_array().unwrap().iter();
        let found: Vec<_> =
            found.map(|p| (p["segment"].as_str().unwrap(), p["n"].as_u64().unwrap())).collect();
        assert_eq!((&scores["total"]["n"], found), (&json!(n), periods), "{query}");
    }
}

// ---- What a widget can draw ----

#[tokio::test]
async fn a_widget_is_not_offered_what_it_could_not_draw_in_full() {
    let server = serve(&[("help.toml", &wire("several.toml")), ("shop.toml", &wire("shop.toml"))]).await;
    let ids = async |query: &str| -> Vec<Value> {
        let site: Value = server.get(&format!("/v1/sites/help{query}")).await.json().await.unwrap();
        site["surveys"].as_array().unwrap().iter().map(|survey| survey["id"].clone()).collect()
    };
    for can in ["", "?can=", "?can=choice,rules,scale", "?can=choice,pages,rules,scales", "?can=all"] {
        assert_eq!(ids(can).await, [""; 0], "{can}");
    }
    for can in [ALL, "can=more,scale,pages,rules,choice", "can=stars,choice,pages,rules,scale,more,,x"] {
        assert_eq!(ids(&format!("?{can}")).await, ["help-visit"], "{can}");
        let survey: Value = server.get(&format!("/v1/surveys/help-visit?{can}")).await.json().await.unwrap();
        assert_eq!(survey, wire_json("survey-several.json"), "{can}");
    }
    for (query, missing) in [
        ("", "choice,pages,rules,scale,more"),
        ("?can=choice,scale", "pages,rules,more"),
        ("?can=choice,pages,rules,scales,more", "scale"),
        ("?can=choice,pages,rules,scale", "more"),
    ] {
        let origin = "https://help.example";
        let response = from(&server, origin, &format!("/v1/surveys/help-visit{query}")).await;
        assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE, "{query}");
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
        let problem = problem(response).await;
        assert_eq!((&problem["field"], &problem["expected"]), (&json!("can"), &json!(missing)), "{query}");
    }
    // What the first widgets could draw needs no word, and gets none.
    let shop: Value = server.get("/v1/sites/shop").await.json().await.unwrap();
    assert_eq!(shop, wire_json("site.json"));
    let survey: Value = server.get("/v1/surveys/checkout-csat?locale=zh-Hant").await.json().await.unwrap();
    assert_eq!(survey, wire_json("survey.json"));
}

// ---- Several questions ----

#[tokio::test]
async fn an_answer_to_the_longest_survey_with_every_field_at_its_limit_fits() {
    use std::fmt::Write;
    let id = |n: u32| format!("{n:064}");
    let mut file =
        String::from("site = \"help\"\norigins = [\"*\"]\n[[survey]]\nid = \"long\"\nversion = 1\n");
    writeln!(file, "[[survey.question]]\nid = \"{}\"\nkind = \"choice\"\ntext.en = \"?\"", id(0)).unwrap();
    writeln!(file, "many = true\nother = true\nshuffle = true").unwrap();
    for n in 0..20 {
        writeln!(file, "[[survey.question.option]]\nid = \"{}\"\ntext.en = \"?\"", id(n)).unwrap();
    }
    for n in 1..12 {
        writeln!(file, "[[survey.question]]\nid = \"{}\"\nkind = \"text\"", id(n)).unwrap();
    }
    let server = serve(&[("help.toml", &file)]).await;
    for (n, character) in [(1, "𠮷"), (2, "\u{1}")] {
        let options: Vec<_> = (0..20).map(id).collect();
        let mut answers =
            vec![json!({"question": id(0), "choices": options, "other": character.repeat(250)})];
        answers.extend((1..12).map(|n| json!({"question": id(n), "text": character.repeat(5_000)})));
        let mut response = answer(n, "help", "long", 1, json!(answers));
        response["presentation"]["order"] = json!({id(0): options});
        let entries: serde_json::Map<_, _> = (0..32)
            .map(|i| (format!("{}{}", character.repeat(62), 10 + i), json!(character.repeat(256))))
            .collect();
        response["respondent"] = json!({"id": character.repeat(128), "attributes": entries});
        (response["context"], response["page"]) = (json!(entries), json!(character.repeat(2_048)));
        response["touchpoint"] = json!(character.repeat(64));
        server.expect(&response, "stored").await;
    }
}

const MIXED: &str = r#"
site = "help"
origins = ["*"]
[[survey]]
id = "mixed"
version = 1
[[survey.question]]
id = "topic"
kind = "choice"
text.en = "What was it about?"
many = true
other = true
option = [{id = "order", text.en = "Order"}, {id = "returns", text.en = "Returns"}, {id = "account", text.en = "Account"}]
[[survey.question]]
id = "nps"
kind = "rating"
metric = "nps"
[[survey.question]]
id = "csat"
kind = "rating"
metric = "csat"
scale = "1-7"
favourable_points = 2
[[survey.question]]
id = "why"
kind = "text"
"#;

/// Three answers to it: two with a choice and both ratings, one with a choice alone, and one that was shown.
async fn answered() -> Spawned {
    let server = serve(&[("help.toml", MIXED)]).await;
    let rated = |nps: u8, csat: u8| {
        let csat = json!({"question": "csat", "scale": "1-7", "rating": csat});
        [json!({"question": "nps", "rating": nps}), csat]
    };
    let topic = |choices: Value| json!({"question": "topic", "choices": choices});
    let [promoter, satisfied] = rated(10, 6);
    let [detractor, neutral] = rated(5, 5);
    let other = json!({"question": "topic", "choices": ["order"], "other": "opening hours"});
    for (n, answers) in [
        (1, json!([promoter, satisfied, topic(json!(["order", "returns"]))])),
        (2, json!([detractor, neutral, other, {"question": "why", "text": "slow"}])),
        (3, json!([topic(json!(["returns"]))])),
    ] {
        server.expect(&answer(n, "help", "mixed", 1, answers), "stored").await;
    }
    let mut shown = answer(4, "help", "mixed", 1, json!([]));
    shown["state"] = json!("shown");
    server.expect(&shown, "stored").await;
    server
}

#[tokio::test]
async fn each_rating_of_a_survey_has_a_score_of_its_own() {
    let server = answered().await;
    let nps = server.read_json("/v1/surveys/mixed/scores").await;
    assert_eq!(
        server.read_json("/v1/surveys/mixed/scores?question=nps").await["total"]["counts"],
        nps["total"]["counts"]
    );
    assert_eq!((&nps["question"], &nps["metric"]), (&json!("nps"), &json!("nps")));
    assert_eq!(nps["scale"], json!({"min": 0, "max": 10}));
    let total = &nps["total"];
    assert_eq!(total["counts"], json!([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]));
    assert_eq!((&total["n"], &total["score"], &total["shown"]), (&json!(2), &json!(0.0), &json!(4)));
    assert_eq!((&total["response_rate"], &total["options"]), (&json!(0.5), &Value::Null));

    let csat = server.read_json("/v1/surveys/mixed/scores?question=csat").await;
    assert_eq!((&csat["question"], &csat["metric"]), (&json!("csat"), &json!("csat")));
    assert_eq!(csat["scale"], json!({"min": 1, "max": 7}));
    let total = &csat["total"];
    assert_eq!(total["counts"], json!([0, 0, 0, 0, 1, 1, 0]));
    assert_eq!((&total["n"], &total["score"]), (&json!(2), &json!(50.0)));
    let receipt = &total["receipt"];
    assert_eq!((&receipt["favourable_points"], &receipt["scale"]), (&json!(2), &csat["scale"]));
    assert_eq!(csat.get("versions"), None, "all are counted");
}

#[tokio::test]
async fn a_choice_is_counted_by_option_with_percent_and_interval() {
    let server = answered().await;
    let scores = server.read_json("/v1/surveys/mixed/scores?question=topic&segment=locale").await;
    assert_eq!(
        (&scores["question"], scores.get("metric"), scores.get("scale")),
        (&json!("topic"), None, None)
    );
    for period in [&scores["total"], &scores["periods"][0]] {
        let (two_thirds, one_third) = (200.0 / 3.0, 100.0 / 3.0);
        // Wilson's, which is as far from either end for what is left.
        let (low, high) = (20.765_960_080_204_77, 93.850_805_527_960_38);
        let expected = [
            ("order", 2, two_thirds, [low, high]),
            ("returns", 2, two_thirds, [low, high]),
            ("account", 0, 0.0, [0.0, 56.149_703_175_504_55]),
            ("other", 1, one_third, [100.0 - high, 100.0 - low]),
        ];
        let options = period["options"].as_array().unwrap();
        assert_eq!(options.len(), expected.len(), "{period}");
        for (found, (option, n, percent, ci)) in options.iter().zip(expected) {
            assert_eq!((&found["option"], &found["n"]), (&json!(option), &json!(n)), "{period}");
            let near = |found: &Value, expected: f64| (found.as_f64().unwrap() - expected).abs() < 1e-9;
            assert!(near(&found["percent"], percent), "{found}");
            assert!(near(&found["ci"][0], ci[0]) && near(&found["ci"][1], ci[1]), "{found}");
        }
        assert_eq!((&period["n"], &period["shown"]), (&json!(3), &json!(4)));
        for field in ["counts", "score", "ci", "method", "receipt"] {
            assert_eq!(period[field], Value::Null, "{field}");
        }
    }
    let held_back = &server.read_json("/v1/surveys/mixed/scores?question=topic&min_n=4").await["total"];
    assert_eq!((&held_back["reason"], &held_back["options"]), (&json!("too_few"), &Value::Null));
    let nobody = "/v1/surveys/mixed/scores?question=topic&from=2001-01-01&to=2001-01-02";
    let nobody = &server.read_json(nobody).await["total"];
    assert_eq!((&nobody["n"], &nobody["reason"]), (&json!(0), &json!("no_data")));
    let none = json!({"option": "order", "n": 0, "percent": null, "ci": null});
    assert_eq!(nobody["options"][0], none);
}

#[tokio::test]
async fn a_question_that_is_not_counted_is_refused_with_those_that_are() {
    let server = answered().await;
    for question in ["why", "mood", ""] {
        let response = server.read(&format!("/v1/surveys/mixed/scores?question={question}")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{question}");
        let problem = problem(response).await;
        assert_eq!(
            (&problem["field"], &problem["expected"]),
            (&json!("question"), &json!("topic or nps or csat"))
        );
    }
    let preset = problem(server.read("/v1/surveys/nps/scores?question=why").await).await;
    assert_eq!(preset["expected"], "nps");
}

#[tokio::test]
async fn a_survey_of_choices_alone_is_read_by_its_first() {
    let only = MIXED.split("[[survey.question]]\nid = \"nps\"").next().unwrap();
    let server = serve(&[("help.toml", only)]).await;
    let scores = server.read_json("/v1/surveys/mixed/scores").await;
    assert_eq!((&scores["question"], &scores["total"]["n"]), (&json!("topic"), &json!(0)));
}

#[tokio::test]
async fn a_preset_with_texts_speaks_and_never_takes_the_place_of_a_sites_own() {
    let site = |id: &str| format!("site = \"{id}\"\norigins = [\"*\"]\n");
    let own = "[[survey]]\nid = \"thumbs\"\nversion = 7\nmetric = \"ces\"\n";
    let server = serve(&[("shop.toml", &(site("shop") + own)), ("blog.toml", &site("blog"))]).await;
    let get = async |path: &str| -> Value { server.get(path).await.json().await.unwrap() };
    let blogs = get(&format!("/v1/surveys/thumbs?site=blog&locale=fa&{ALL}")).await;
    assert_eq!(
        (&blogs["version"], &blogs["site"], &blogs["locale"]),
        (&json!(1), &Value::Null, &json!("fa"))
    );
    assert_eq!(blogs["questions"][0]["labels"], json!(["خیر", "بله"]));
    let shops = get(&format!("/v1/surveys/thumbs?site=shop&{ALL}")).await;
    assert_eq!(
        (&shops["version"], &shops["site"], &shops["metric"]),
        (&json!(7), &json!("shop"), &json!("ces"))
    );
    let up = json!([{"question": "thumbs", "rating": 2, "scale": "1-2"}]);
    for (n, site, survey, version, answers) in [
        (1, "blog", "thumbs", 1, up),
        (2, "shop", "thumbs", 7, json!([{"question": "ces", "rating": 3}])),
        (3, "blog", "pmf", 1, json!([{"question": "pmf", "choices": ["very"]}])),
        (4, "blog", "start-stop-continue", 1, json!([{"question": "stop", "text": "meetings"}])),
        (5, "blog", "effort", 1, json!([{"question": "effort", "rating": 1, "scale": "5-1"}])),
        (6, "blog", "enps", 1, json!([{"question": "enps", "rating": 9}])),
    ] {
        server.expect(&answer(n, site, survey, version, answers), "stored").await;
    }
    let score = async |path: &str| server.read_json(&format!("/v1/surveys/{path}")).await["total"].clone();
    assert_eq!(score("thumbs/scores?site=blog").await["counts"], json!([0, 1]));
    assert_eq!(score("thumbs/scores?site=shop").await["counts"], json!([0, 0, 1, 0, 0, 0, 0]));
    assert_eq!(score("effort/scores").await["score"], 100.0, "little effort is good");
    assert_eq!(score("pmf/scores").await["options"][0]["n"], 1);
}

#[tokio::test]
async fn satisfaction_on_every_scale_and_in_every_look_is_never_summed_into_one_score() {
    let asked = [
        (5, "numbers"),
        (3, "numbers"),
        (7, "numbers"),
        (10, "numbers"),
        (5, "stars"),
        (3, "stars"),
        (10, "stars"),
        (5, "smileys"),
        (3, "smileys"),
        (2, "numbers"),
        (2, "thumbs"),
        (5, "numbers"),
    ];
    let mut folder = tempfile::tempdir().unwrap();
    for (version, (points, look)) in (1_u32..).zip(asked) {
        let file = format!(
            "site = \"help\"\norigins = [\"*\"]\n[[survey]]\nid = \"visit\"\nversion = {version}\n[[survey.question]]\n\
             id = \"csat\"\nkind = \"rating\"\nmetric = \"csat\"\nscale = \"1-{points}\"\nlook = \"{look}\"\n\
             favourable_points = 1\n"
        );
        let server = again(folder, &[("help.toml", &file)]).await;
        let rating = json!({"question": "csat", "rating": points, "scale": format!("1-{points}")});
        server.expect(&answer(version.into(), "help", "visit", version, json!([rating])), "stored").await;
        // An answer on another scale is none of this version.
        let other = json!([{"question": "csat", "rating": 1, "scale": "1-4"}]);
        let refused = server.post(answer(100, "help", "visit", version, other).to_string()).await;
        assert_eq!(problem(refused).await["field"], "answers[0].scale");
        let scores = server.read_json("/v1/surveys/visit/scores").await;
        let mut counts = vec![0; points];
        // The first asked as the last does.
        counts[points - 1] = if version == 12 { 2 } else { 1 };
        assert_eq!(scores["total"]["counts"], json!(counts), "{points} {look}");
        let versions = match version {
            1 => Value::Null,
            12 => json!([1, 12]),
            _ => json!([version]),
        };
        assert_eq!(scores["versions"], versions, "{points} {look}");
        folder = server.stop().await;
    }
}

#[tokio::test]
async fn versions_on_another_scale_are_left_out_and_the_answer_says_so() {
    let file = |version: u32, question: &str| {
        format!(
            "site = \"help\"\norigins = [\"*\"]\n[[survey]]\nid = \"visit\"\nversion = {version}\n[[survey.question]]\n{question}\n"
        )
    };
    let five = "id = \"csat\"\nkind = \"rating\"\nmetric = \"csat\"\n";
    let seven = format!("{five}scale = \"1-7\"\nfavourable_points = 2\n");
    let stricter = format!("{five}scale = \"1-7\"\nfavourable_points = 1\n");
    let choice = |options: &str| {
        format!(
            "{seven}[[survey.question]]\nid = \"topic\"\nkind = \"choice\"\ntext.en = \"What?\"\nother = true\noption = [{options}]\n"
        )
    };
    let (a, b, c) = ("{id=\"a\",text.en=\"A\"}", "{id=\"b\",text.en=\"B\"}", "{id=\"c\",text.en=\"C\"}");
    let mut folder = tempfile::tempdir().unwrap();
    let rows: [(String, Option<&str>, Value, Value); 5] = [
        (five.into(), None, Value::Null, json!([0, 0, 0, 0, 1])),
        (seven.clone(), Some("1-7"), json!([2]), json!([0, 0, 0, 0, 1, 0, 0])),
        (choice(&format!("{a}, {b}")), Some("1-7"), json!([2, 3]), json!([0, 0, 0, 0, 2, 0, 0])),
        (choice(&format!("{c}, {b}")), Some("1-7"), json!([2, 3, 4]), json!([0, 0, 0, 0, 3, 0, 0])),
        (stricter, Some("1-7"), json!([5]), json!([0, 0, 0, 0, 1, 0, 0])),
    ];
    for (version, (question, scale, versions, counts)) in (1..).zip(rows) {
        let server = again(folder, &[("help.toml", &file(version, &question))]).await;
        let mut rating = json!({"question": "csat", "rating": 5});
        if let Some(scale) = scale {
            rating["scale"] = json!(scale);
        }
        let n = u64::from(version);
        server.expect(&answer(n, "help", "visit", version, json!([rating])), "stored").await;
        let scores = server.read_json("/v1/surveys/visit/scores").await;
        assert_eq!((&scores["versions"], &scores["total"]["counts"]), (&versions, &counts), "{version}");
        let n = counts.as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
        assert_eq!((&scores["total"]["shown"], &scores["total"]["n"]), (&json!(n), &json!(n)), "{version}");
        folder = server.stop().await;
    }
    // A question of an earlier version can be read, with all options that there were.
    let server = again(folder, &[]).await;
    let scores = server.read_json("/v1/surveys/visit/scores?question=topic").await;
    assert_eq!(scores["versions"], json!([3, 4]));
    let options = scores["total"]["options"].as_array().unwrap().iter().map(|option| &option["option"]);
    assert_eq!(options.collect::<Vec<_>>(), ["c", "b", "a", "other"]);
}

#[tokio::test]
async fn an_answer_to_several_questions_is_kept_and_listed_as_it_was_given() {
    let server = serve(&[("help.toml", &wire("several.toml"))]).await;
    let mut sent = wire_json("several.json");
    server.expect(&sent, "stored").await;
    server.expect(&sent, "duplicate").await;
    sent["respondent"]["signed"] = json!(false);
    assert!(sent["respondent"].as_object_mut().unwrap().remove("token").is_some());
    let listed = &server.read_json("/v1/surveys/help-visit/responses").await["responses"][0];
    for field in ["answers", "presentation", "respondent", "context", "test"] {
        assert_eq!(listed[field], sent[field], "{field}");
    }
    // A widget that does not know the scale answers on another.
    let mut other = sent.clone();
    (other["revision"], other["answers"][0]["scale"]) = (json!(7), json!("1-5"));
    let refused = problem(server.post(other.to_string()).await).await;
    assert_eq!(
        (&refused["status"], &refused["field"]),
        (&json!(422), &json!("answers[0].scale")),
        "{refused}"
    );
    assert_eq!(server.stored().await[0].answers[0].rating, Some(6));
}
