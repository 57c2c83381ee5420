use crate::spawn::{config, nps, spawn_with};
use candor_server::Server;
use candor_survey::{Ability, AuthoredSite, LANGUAGES};
use serde_json::json;
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    write(&folder, files);
    folder
}

fn write(folder: &TempDir, files: &[(&str, &str)]) {
    for (name, text) in files {
        fs::write(folder.path().join("surveys").join(name), text).unwrap();
    }
}

async fn refused(folder: &TempDir) -> String {
    format!("{:#}", Server::bind(config(folder)).await.expect_err("the server should not start"))
}

const SHOP: &str =
    "site = \"shop\"\norigins = [\"*\"]\n[[survey]]\nid = \"a\"\nversion = 1\nmetric = \"nps\"\n";

#[tokio::test]
async fn a_mistake_is_named_by_file_line_key_and_what_was_expected() {
    for (toml, expect) in [
        ("site = \"shop\"\norigins = [\n", &["shop.toml: line 2: syntax"][..]),
        ("site = \"shop\"", &["shop.toml: origins: expected, but missing"]),
        (&SHOP.replace("site = \"shop\"", "site = 5"), &["shop.toml: line 1: site:", "expected a string"]),
        (
            &SHOP.replace("\"nps\"", "\"npss\""),
            &["line 6: survey[0].metric:", "`npss`", "`nps`, `csat`, `ces`"],
        ),
        (&SHOP.replace("version = 1", "version = 1.5"), &["line 5: survey[0].version:", "1.5"]),
        (
            &SHOP.replace("version", "verion"),
            &["line 5: survey[0].verion:", "unknown field `verion`", "`version`"],
        ),
        (&SHOP.replace("\"*\"", "\"shop.example\""), &["shop.toml: line 2: origins[0]: expected an origin"]),
        (&SHOP.replace("\"a\"", "\"nps\""), &["shop.toml: line 4: survey[0].id: expected another name"]),
        (
            &format!("{SHOP}[survey.options]\ndelay = 2\n"),
            &["line 8: survey[0].options.delay:", "expected a string"],
        ),
        (
            &format!("{SHOP}[survey.options]\ntriger = \"load\"\n"),
            &["shop.toml: line 8: survey[0].options.triger: expected one of product,"],
        ),
        (
            &format!("{SHOP}[survey.options]\ndisplay = \"sheet\"\n"),
            &["shop.toml: line 8: survey[0].options.display: expected popover or inline"],
        ),
    ] {
        let message = refused(&folder(&[("shop.toml", toml)])).await;
        for part in expect {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }
}

#[test]
fn what_is_given_twice_too_long_or_out_of_place_is_refused() {
    let question =
        |lines: &str| format!("{SHOP}[[survey.question]]\nid = \"q\"\nkind = \"rating\"\n{lines}\n");
    let text =
        |lines: &str| question(&format!("[[survey.question]]\nid = \"why\"\nkind = \"text\"\n{lines}"));
    let of_length = |n: usize| question(&format!("text.en = \"{}\"", "快".repeat(n)));
    let rows = [
        (
            format!("{SHOP}[[survey]]\nid = \"a\"\nversion = 2\nmetric = \"nps\"\n"),
            "survey[1].id: expected each id once",
        ),
        (text("").replace("\"why\"", "\"q\""), "survey[0].question[1].id: expected each id once"),
        (
            question("text.zh-Hant = \"x\"\ntext.zh_hant = \"y\""),
            "question[0].text.zh_hant: expected each language once",
        ),
        (text("low.en = \"x\""), "question[1].low: expected no such key for this kind of question"),
        (
            question("neutral.en = \"x\""),
            "question[0].neutral: expected no such key for this kind of question",
        ),
        (of_length(0), "question[0].text.en: expected a text of 1 to 500 characters"),
        (of_length(501), "question[0].text.en: expected a text of 1 to 500 characters"),
        (
            format!("{SHOP}options.trigger = \"scroll=inf\"\n"),
            "expected scroll followed by = and a number from 0 to 100 instead of scroll=inf",
        ),
    ];
    let mut wrong = Vec::new();
    for (toml, expected) in rows {
        let (_, said, _) = check(&folder(&[("shop.toml", &toml)]), &[]);
        if !(said.contains(expected) && said.ends_with("\n1 mistake\n")) {
            wrong.push((expected, said));
        }
    }
    assert_eq!(wrong, []);
    let longest = folder(&[("shop.toml", &of_length(500))]);
    assert!(check(&longest, &[]).1.starts_with("1 site, 1 survey: no mistakes\n"));
}

#[tokio::test]
async fn the_sites_words_and_looks_come_with_its_surveys_and_what_is_missing_is_told_before() {
    let site = format!(
        "{SHOP}options.theme = \"harvest\"\n[words.de]\nsend = \"Absenden\"\n[themes.harvest]\nscheme = \"dark\"\nsurface = \"#210\"\n"
    );
    let two = folder(&[("shop.toml", &site)]);
    let (is_good, said, _) = check(&two, &[]);
    let missing =
        "shop.toml: a: English stands in de for change, close, comment-hint, done, ends, followup, ";
    let file = format!("{}/surveys/", two.path().display());
    assert!(said.replace(&file, "").starts_with(missing), "{said}");
    assert!(is_good && said.ends_with("\n1 site, 1 survey: no mistakes\n"), "{said}");
    let config = config(&two);
    let server = spawn_with(two, config).await;
    let survey = server.read_json("/v1/surveys/a?locale=de-CH,en").await;
    assert_eq!(survey["words"], json!({"dir": "ltr", "lang": "de", "send": "Absenden"}));
    assert_eq!(server.read_json("/v1/surveys/a?locale=th").await.get("words"), None);
    let options = &server.read_json("/v1/sites/shop").await["surveys"][0]["options"];
    assert_eq!(*options, json!({"--candor-surface": "#210", "theme": "dark"}));
}

#[tokio::test]
async fn two_files_of_one_site_are_refused_by_name_and_two_of_one_survey_are_not() {
    let message = refused(&folder(&[("a.toml", SHOP), ("b.toml", SHOP)])).await;
    assert!(message.contains("b.toml: line 1: site:") && message.contains("a.toml"), "{message}");
    let blog = SHOP.replace("shop", "blog");
    let two = folder(&[("a.toml", SHOP), ("b.toml", &blog)]);
    assert_eq!(check(&two, &[]), (true, "2 sites, 2 surveys: no mistakes\n".into(), String::new()));
    let config = config(&two);
    let server = spawn_with(two, config).await;
    for site in ["blog", "shop"] {
        let list = server.read_json(&format!("/v1/sites/{site}")).await;
        assert_eq!(list["surveys"][0]["id"], "a", "{site}");
    }
}

#[test]
fn the_example_sites_have_no_mistakes_and_ask_in_every_language() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../surveys");
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("surveys")).unwrap();
    for entry in fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join("surveys").join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(check(&folder, &[]), (true, "2 sites, 2 surveys: no mistakes\n".into(), String::new()));
    let of_help = [Ability::Choice, Ability::Pages, Ability::Rules, Ability::Scale];
    for (name, needs) in [("help", &of_help[..]), ("shop", &[])] {
        let site = fs::read_to_string(folder.path().join(format!("surveys/{name}.toml"))).unwrap();
        let site: AuthoredSite = toml::from_str(&site).unwrap();
        for language in LANGUAGES {
            for survey in &site.surveys {
                let survey = survey.localized(name, [language]);
                assert_eq!(survey.locale.as_deref(), Some(language), "{name}: {}", survey.id);
                assert_eq!(survey.needs(), needs, "{name}: {}", survey.id);
            }
        }
    }
}

#[test]
fn the_survey_in_the_documentation_has_no_mistakes() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md")).unwrap();
    let (_, block) = page.split_once("```toml\n[[identity]]").unwrap();
    let (survey, _) = block.split_once("```").unwrap();
    let site = format!("site = \"help\"\norigins = [\"*\"]\n[[identity]]{survey}");
    let said = check(&folder(&[("help.toml", &site)]), &[]);
    assert_eq!(said, (true, "1 site, 1 survey: no mistakes\n".into(), String::new()));
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.surveys.surveys = Some(folder.path().join("nowhere"));
    let message = format!("{:#}", Server::bind(config).await.err().unwrap());
    assert!(message.contains("nowhere"), "{message}");
}

#[tokio::test]
async fn an_edited_version_with_answers_is_refused_with_what_to_do() {
    let folder = folder(&[("shop.toml", SHOP)]);
    let first = config(&folder);
    let server = spawn_with(folder, first).await;
    let mut response = nps(1, 2, 9);
    (response["survey"], response["site"]) = (json!("a"), json!("shop"));
    server.expect(&response, "stored").await;
    let folder = server.stop().await;
    let edited = format!("{SHOP}[[survey.question]]\nid = \"nps\"\nkind = \"rating\"\ntext.en = \"Well?\"\n");
    write(&folder, &[("shop.toml", &edited)]);
    let message = refused(&folder).await;
    for part in ["shop.toml: line 5: survey[0].version:", "version 1 of a was edited", "raise version to 2"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }

    write(&folder, &[("shop.toml", &edited.replace("version = 1", "version = 2"))]);
    let raised = config(&folder);
    let server = spawn_with(folder, raised).await;
    // The old version's late answers are still welcome, and both versions are one trend.
    response["revision"] = json!(3);
    server.expect(&response, "stored").await;
    let mut newer = nps(2, 2, 8);
    (newer["survey"], newer["site"], newer["survey_version"]) = (json!("a"), json!("shop"), json!(2));
    server.expect(&newer, "stored").await;
    assert_eq!(server.read_json("/v1/surveys/a/scores").await["total"]["n"], 2);
    assert_eq!(server.stored().await.len(), 2, "whatever the survey is called");
}

/// What `candor check` says: whether it ended well, standard output without the folder's name, standard error.
fn check(folder: &TempDir, args: &[&str]) -> (bool, String, String) {
    let surveys = folder.path().join("surveys");
    let output = Command::new(env!("CARGO_BIN_EXE_candor"))
        .arg("check")
        .arg(&surveys)
        .args(args)
        .env_remove("CANDOR_DATABASE")
        .output()
        .unwrap();
    let path = format!("{}/", surveys.display());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&path, "");
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Where the mistakes are: `shop.toml: line 1: site`.
fn places(text: &str) -> Vec<String> {
    let place = |line: &str| {
        let parts = if line.contains(": line ") { 3 } else { 2 };
        line.splitn(parts + 1, ": ").take(parts).collect::<Vec<_>>().join(": ")
    };
    text.lines().map(place).collect()
}

#[tokio::test]
async fn every_mistake_of_every_file_is_named_at_once() {
    let a = "site = 5\norigins = [\"https://a.example\", 7]\ncolour = \"red\"\n\
        [[survey]]\nverion = 1\nid = \"a\"\nmetric = \"npss\"\n\
        [survey.options]\ndelay = 2\ntriger = \"load\"\ndisplay = \"sheet\"\n\
        [[survey]]\nid = \"b\"\nversion = 0\nmetric = \"nps\"\n\
        [[survey.question]]\nkind = \"ratin\"\ntext = \"x\"\nlow.en = 5\n\"we\\nird\" = 1\n\
        [[survey.question]]\nid = \"t\"\ntext.en = \"{shop}\"\nlow.en = \"x\"\n";
    let b = "site = \"b\"\norigins = \"*\"\nsurvey = [1, {id = \"b\", version = 1, metric = \"nps\"}, \
        {id = \"a b\", version = 1, metric = \"nps\"}]\n";
    let files = [("a.toml", a), ("b.toml", b), ("c.toml", "site = \"c"), ("d.toml", ""), ("e.toml", SHOP)];
    let folder = folder(&files);
    let (well, text, _) = check(&folder, &[]);
    let expected = [
        "a.toml: line 1: site",
        "a.toml: line 2: origins[1]",
        "a.toml: line 3: colour",
        "a.toml: line 4: survey[0].version",
        "a.toml: line 5: survey[0].verion",
        "a.toml: line 7: survey[0].metric",
        "a.toml: line 9: survey[0].options.delay",
        "a.toml: line 10: survey[0].options.triger",
        "a.toml: line 11: survey[0].options.display",
        "a.toml: line 14: survey[1].version",
        "a.toml: line 16: survey[1].question[0].id",
        "a.toml: line 17: survey[1].question[0].kind",
        "a.toml: line 18: survey[1].question[0].text",
        "a.toml: line 19: survey[1].question[0].low.en",
        "a.toml: line 20: survey[1].question[0].we\\nird",
        "a.toml: line 21: survey[1].question[1].kind",
        "a.toml: line 23: survey[1].question[1].text.en",
        "a.toml: line 24: survey[1].question[1].low",
        "b.toml: line 2: origins",
        "b.toml: line 3: survey[0]",
        "b.toml: line 3: survey[2].id",
        "c.toml: line 1: syntax",
        "d.toml: site",
        "d.toml: origins",
        "24 mistakes",
    ];
    assert_eq!(places(&text), expected, "{text}");
    assert!(!well);
    // The server says the same.
    let path = format!("{}/", folder.path().join("surveys").display());
    assert_eq!(refused(&folder).await.replace(&path, ""), text.trim_end());
}

#[test]
fn every_mistake_in_a_survey_of_several_questions_is_named_at_once() {
    let wrong = "site = \"help\"\norigins = [\"*\"]\n\
        [[survey]]\nid = \"visit\"\nversion = 1\n\
        [[survey.question]]\nid = \"csat\"\nkind = \"rating\"\nmetric = \"cast\"\nscale = \"1-7\"\n\
        [[survey.question]]\nid = \"c\"\nkind = \"choice\"\ntext.en = \"Which?\"\nmany = \"yes\"\n\
        option = [{text.en = \"A\"}, {id = \"b\", txt = 1}]\n\
        [[survey.question]]\nid = \"low\"\nkind = \"text\"\nwhen.all = [{question = \"csat\", bnd = \"neutral\"}]\n\
        [[survey.question]]\nid = \"nps\"\nkind = \"rating\"\nmetric = \"nps\"\nscale = \"1-10\"\n\
        [[survey.question]]\nid = \"ces\"\nkind = \"rating\"\n\
        [[survey]]\nid = \"empty\"\nversion = 1\n\
        [[survey]]\nid = \"m\"\nversion = 1\nmetric = \"npss\"\n\
        [[survey.question]]\nid = \"r\"\nkind = \"rating\"\n\
        [[survey.question]]\nid = \"t\"\nkind = \"text\"\nwhen.all = [{question = \"r\", band = \"neutral\"}]\n";
    let (well, text, _) = check(&folder(&[("help.toml", wrong)]), &[]);
    let expected = [
        "help.toml: line 9: survey[0].question[0].metric",
        "help.toml: line 15: survey[0].question[1].many",
        "help.toml: line 16: survey[0].question[1].option[0].id",
        "help.toml: line 16: survey[0].question[1].option[1].text",
        "help.toml: line 16: survey[0].question[1].option[1].txt",
        "help.toml: line 20: survey[0].question[2].when.all[0].bnd",
        "help.toml: line 25: survey[0].question[3].scale",
        "help.toml: line 26: survey[0].question[4].metric",
        "help.toml: line 29: survey[1].metric",
        "help.toml: line 35: survey[2].metric",
        "10 mistakes",
    ];
    assert_eq!(places(&text), expected, "{text}");
    assert!(!well);
    let metrics_of_their_own = "site = \"help\"\norigins = [\"*\"]\n[[survey]]\nid = \"visit\"\nversion = 1\n\
        [[survey.question]]\nid = \"nps\"\nkind = \"rating\"\nmetric = \"nps\"\n";
    let right = check(&folder(&[("help.toml", metrics_of_their_own)]), &[]);
    assert_eq!(right, (true, "1 site, 1 survey: no mistakes\n".into(), String::new()));
}

#[tokio::test]
async fn a_check_counts_what_is_right_and_names_what_it_cannot_read() {
    let two = SHOP.replace("shop", "blog").replace("\"a\"", "\"b\"")
        + "[[survey]]\nid = \"c\"\nversion = 1\nmetric = \"ces\"\n";
    let right = folder(&[("shop.toml", SHOP), ("blog.toml", &two), ("notes.txt", "site = 5")]);
    assert_eq!(check(&right, &[]), (true, "2 sites, 3 surveys: no mistakes\n".into(), String::new()));
    let one = folder(&[("shop.toml", SHOP)]);
    assert_eq!(check(&one, &[]), (true, "1 site, 1 survey: no mistakes\n".into(), String::new()));
    let (nowhere, empty) = (tempfile::tempdir().unwrap(), folder(&[("shop.json", SHOP)]));
    for (folder, args, words) in [
        (&empty, &[][..], "holds no file that ends in .toml"),
        (&nowhere, &[], "can't be read"),
        (&one, &["--database", "mysql://x"], "expected sqlite://"),
        (&one, &["--database", "sqlite:///nowhere/x.sqlite"], "--database sqlite:///nowhere/x.sqlite"),
    ] {
        let (well, out, error) = check(folder, args);
        assert!(!well && out.is_empty() && error.contains(words), "{words} is not in: {error}");
    }
    assert!(refused(&empty).await.contains("holds no file that ends in .toml"));
}

#[tokio::test]
async fn a_check_says_what_a_database_would_refuse_and_leaves_it_as_it_is() {
    let survey = |id: &str, version: u32, metric: &str| {
        format!("[[survey]]\nid = \"{id}\"\nversion = {version}\nmetric = \"{metric}\"\n")
    };
    let asks = "[[survey.question]]\nid = \"how\"\nkind = \"rating\"\n";
    let folder = folder(&[("shop.toml", &format!("{SHOP}{}{asks}", survey("b", 1, "nps")))]);
    let config = config(&folder);
    let database = config.store.database.clone();
    let args = ["--database", database.as_str()];
    let server = spawn_with(folder, config).await;
    let mut response = nps(1, 2, 9);
    (response["survey"], response["site"]) = (json!("a"), json!("shop"));
    server.expect(&response, "stored").await;
    let right = "1 site, 2 surveys: no mistakes\n".to_owned();
    assert_eq!(check(&server.folder, &args), (true, right, String::new()), "while the server runs");
    let folder = server.stop().await;
    let file = folder.path().join("candor.sqlite");
    let before = fs::read(&file).unwrap();

    let edited = format!("{SHOP}[survey.options]\nquiet = \"0\"\n{}{asks}", survey("b", 2, "ces"));
    write(&folder, &[("shop.toml", &edited)]);
    let (well, text, _) = check(&folder, &args);
    let expected =
        ["shop.toml: line 5: survey[0].version", "shop.toml: line 12: survey[1].metric", "2 mistakes"];
    assert_eq!(places(&text), expected, "{text}");
    assert!(!well && check(&folder, &[]).0);

    // A survey that another site has, too; and one with a mistake, without which it may be no edit.
    let blog = SHOP.replace("shop", "blog").replace("\"a\"", "\"b\"") + &survey("d d", 1, "nps");
    let wrong = format!("{SHOP}[survey.options]\nquiet = \"x\"\n");
    write(&folder, &[("shop.toml", &wrong), ("blog.toml", &blog)]);
    let (_, text, _) = check(&folder, &args);
    let expected =
        ["blog.toml: line 8: survey[1].id", "shop.toml: line 8: survey[0].options.quiet", "2 mistakes"];
    assert_eq!(places(&text), expected, "{text}");
    assert!(fs::read(&file).unwrap() == before, "the database changed");
}

#[tokio::test]
async fn what_the_field_advises_against_is_said_after_the_mistakes_and_is_none() {
    let survey = "options.quiet = \"0\"\n[[survey.question]]\nid = \"q\"\nkind = \"rating\"\nmetric = \"csat\"\n\
        text.en = \"How great are our price and service?\"\n";
    let site = format!("{SHOP}{survey}");
    let one = folder(&[("shop.toml", &site)]);
    let (well, text, _) = check(&one, &[]);
    let warned = [
        "shop.toml: line 7: survey[0].options.quiet",
        "shop.toml: line 12: survey[0].question[0].text.en",
        "shop.toml: line 12: survey[0].question[0].text.en",
        "shop.toml: line 12: survey[0].question[0].text.en",
        "4 warnings",
    ];
    assert_eq!(places(&text), [&["1 site, 1 survey: no mistakes"], &warned[..]].concat(), "{text}");
    assert!(
        well && text.contains(".text.en: warning: asks about price and service at once, so that"),
        "{text}"
    );
    // Nor does it keep a server from starting.
    let of_one = config(&one);
    spawn_with(one, of_one).await;

    let wrong =
        format!("{site}[[survey]]\nid = \"b b\"\nversion = 1\nmetric = \"nps\"\noptions.quiet = \"0\"\n");
    let (well, text, _) = check(&folder(&[("shop.toml", &wrong)]), &[]);
    let expected = [&["shop.toml: line 14: survey[1].id", "1 mistake"], &warned[..]].concat();
    assert_eq!(places(&text), expected, "of a survey with a mistake nothing is said: {text}");
    assert!(!well);

    let quiet = format!("{SHOP}options.quiet = \"0\"\n");
    let (_, text, _) = check(&folder(&[("shop.toml", &quiet)]), &[]);
    assert!(text.ends_with(" or set once\n1 warning\n"), "{text}");
}

#[tokio::test]
async fn a_check_with_a_database_warns_of_scales_that_have_answers_and_change() {
    let asks = |version: u32, scale: &str| {
        SHOP.replace("version = 1", &format!("version = {version}"))
            + &format!(
                "[[survey.question]]\nid = \"q\"\nkind = \"rating\"\nmetric = \"csat\"\nfavourable_points = 2\nscale = \"{scale}\"\n"
            )
    };
    let folder = folder(&[("shop.toml", &asks(1, "1-5"))]);
    let of_folder = config(&folder);
    let database = of_folder.store.database.clone();
    let args = ["--database", database.as_str()];
    let server = spawn_with(folder, of_folder).await;
    write(&server.folder, &[("shop.toml", &asks(2, "1-7"))]);
    let right = (true, "1 site, 1 survey: no mistakes\n".to_owned(), String::new());
    assert_eq!(check(&server.folder, &args), right, "nobody has answered yet");
    let mut response = nps(1, 2, 4);
    (response["survey"], response["site"]) = (json!("a"), json!("shop"));
    response["answers"] = json!([{"question": "q", "rating": 4, "scale": "1-5"}]);
    server.expect(&response, "stored").await;

    let (well, text, _) = check(&server.folder, &args);
    let expected =
        ["1 site, 1 survey: no mistakes", "shop.toml: line 12: survey[0].question[0].scale", "1 warning"];
    assert_eq!(places(&text), expected, "{text}");
    assert!(
        well && text.contains(
            "warning: version 1 asks q on 1-5 in numbers (2 favourable), this one on 1-7 in numbers (2"
        ),
        "{text}"
    );
    assert_eq!(check(&server.folder, &[]), right);
    write(&server.folder, &[("shop.toml", &asks(2, "1-7").replace("\"q\"", "\"q7\""))]);
    assert_eq!(check(&server.folder, &args), right);
}
