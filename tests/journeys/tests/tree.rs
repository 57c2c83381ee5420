//! What assistive technology is told of a survey, step by step: the tree that Chromium gives it equals the files in `tests/tree/`.
//!
//! A change that is meant is taken over with `CANDOR_BLESS=1`; read the difference before as someone who hears it.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result};
use candor_journeys::{Browser, Candor, Page, Pages, root, word};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, fs};

/// States that are told of a node where they are true, or have a value.
const STATES: [&str; 7] = ["checked", "disabled", "invalid", "required", "focused", "live", "expanded"];

/// The survey's part of the tree, a node a line, indented by its depth: role, name, description, states.
async fn tree(browser: &Browser) -> Result<String> {
    let tree = browser.cdp("Accessibility.getFullAXTree", json!({})).await?;
    let nodes: BTreeMap<_, _> = tree["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["nodeId"].as_str()?.to_owned(), node)))
        .collect();
    let is_survey = |node: &&&Value| {
        ["region", "complementary"].contains(&node["role"]["value"].as_str().unwrap_or_default())
    };
    let survey = nodes.values().find(is_survey).context("no region is in the tree")?;
    let mut told = String::new();
    tell(survey, &nodes, "", 0, &mut told)?;
    Ok(told)
}

/// In the place of a name: all texts within are another node's name.
const LABEL: &str = "\0";

/// Tells a node and what is in it; `name` is that of the node around it.
fn tell(
    node: &Value,
    nodes: &BTreeMap<String, &Value>,
    name: &str,
    depth: usize,
    told: &mut String,
) -> Result<()> {
    let text =
        |key: &str| node[key]["value"].as_str().unwrap_or_default().replace(['\u{2068}', '\u{2069}'], "");
    // The words of a name are told again as texts, of labels too.
    if text("role") == "StaticText" && (name == LABEL || name.contains(text("name").trim())) {
        return Ok(());
    }
    // What is ignored and what says nothing by itself leads to its children.
    let role = text("role");
    let is_told =
        node["ignored"] == false && !["none", "generic", "LabelText", "Legend"].contains(&role.as_str());
    if is_told {
        write!(told, "{}{}", "  ".repeat(depth), text("role"))?;
        for (mark, said) in [("", text("name")), ("– ", text("description")), ("= ", text("value"))] {
            if !said.is_empty() {
                write!(told, " {mark}“{said}”")?;
            }
        }
        for property in node["properties"].as_array().into_iter().flatten() {
            let name = property["name"].as_str().unwrap_or_default();
            let value = property["value"]["value"].to_string();
            let value = value.trim_matches('"');
            if STATES.contains(&name) && !["false", ""].contains(&value) {
                write!(
                    told,
                    " [{name}{}]",
                    if value == "true" { String::new() } else { format!(": {value}") }
                )?;
            }
        }
        told.push('\n');
    }
    // The boxes of a text's lines say it again; what the live region says comes and goes, and has a test of its own.
    let children = node["childIds"].as_array().filter(|_| !["StaticText", "status"].contains(&role.as_str()));
    let inner = match role.as_str() {
        "LabelText" | "Legend" => LABEL.to_owned(),
        _ if is_told => text("name"),
        _ => name.to_owned(),
    };
    for child in children.into_iter().flatten().filter_map(|id| nodes.get(id.as_str()?)) {
        tell(child, nodes, &inner, depth + usize::from(is_told), told)?;
    }
    Ok(())
}

async fn told(survey: &str, display: &str, rating: u8, languages: &[&str]) -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    browser.cdp("Accessibility.enable", json!({})).await?;
    let mut changed = Vec::new();
    for language in languages {
        let tag = candor.tag(&format!(
            "data-survey=\"{survey}\" data-display=\"{display}\" data-quiet=\"0\" data-privacy=\"/privacy\" data-product=\"Acme\""
        ));
        pages.set("/", Page::in_language(language, &tag));
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        // It announces itself, and takes that back.
        let region = "$('[role=status]').textContent";
        browser.widget_until("the announcement", &format!("!!{region}")).await?;
        let mut steps = format!("ask\n{}", tree(&browser).await?);
        browser.choose(rating).await?;
        browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
        browser.widget("($('textarea').value = 'a'.repeat(5001), 0)").await?;
        browser.send().await?;
        browser.widget_until("the error", "$('#error').textContent").await?;
        let error = tree(&browser).await?.replace(&"a".repeat(5001), "aaa…");
        write!(steps, "\nfollow-up, with an error\n{error}")?;
        browser.widget("($('textarea').value = '', 0)").await?;
        browser.send().await?;
        browser.widget_until("the thanks", "$('.thanks') && seen($('.thanks'))").await?;
        browser
            .until("the receipt", "journey.events.some(e => e.type === 'sent' && e.revision >= 3)")
            .await?;
        let sent = json!(word(language, "sent")?);
        browser.widget_until("word that it is sent", &format!("{region} === {sent}")).await?;
        write!(steps, "\nthanks\n{}", tree(&browser).await?)?;

        let name = format!("{survey}-{display}-{language}.txt");
        let path = root().join("tests/tree").join(&name);
        if std::env::var_os("CANDOR_BLESS").is_some() {
            fs::create_dir_all(root().join("tests/tree"))?;
            fs::write(&path, &steps)?;
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        if golden != steps {
            let (mut before, mut now) = (golden.lines(), steps.lines());
            let differing =
                std::iter::from_fn(|| Some((before.next(), now.next())).filter(|pair| *pair != (None, None)))
                    .find(|(before, now)| before != now);
            changed.push(format!("{name}: {differing:#?}"));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
    Ok(())
}

#[tokio::test]
async fn the_tree_of_a_recommendation_is_as_it_was_read_in_every_language() -> Result<()> {
    told("nps", "popover", 9, &LANGUAGES).await
}

#[tokio::test]
async fn the_tree_of_a_satisfaction_and_of_an_effort_in_the_page_is_as_it_was_read() -> Result<()> {
    told("csat", "inline", 2, &["en", "ar"]).await?;
    told("ces", "inline", 4, &["en", "fa"]).await
}
