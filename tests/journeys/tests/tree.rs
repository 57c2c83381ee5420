//! What assistive technology is told of a survey, step by step: the tree that Chromium gives it equals the files in `tests/tree/`.
//!
//! A change that is meant is taken over with `CANDOR_BLESS=1`; read the difference before as someone who hears it.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result};
use candor_journeys::{Browser, Candor, Page, Pages, root, without_isolates, word};
use candor_survey::LANGUAGES;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, fs};

/// What is told of a node where it is true, or has a value.
const STATES: [&str; 8] =
    ["checked", "disabled", "invalid", "required", "focused", "live", "expanded", "level"];

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
    tell(survey, &nodes, 0, "", &mut told)?;
    Ok(told)
}

fn text(node: &Value, key: &str) -> String {
    without_isolates(node[key]["value"].as_str().unwrap_or_default())
}

/// Tells of a node within one of this name.
fn tell(
    node: &Value,
    nodes: &BTreeMap<String, &Value>,
    depth: usize,
    within: &str,
    told: &mut String,
) -> Result<()> {
    let (role, name) = (text(node, "role"), text(node, "name"));
    // The words of a name are its texts, too, and what is written in a field.
    if role == "StaticText" && within.contains(name.trim()) {
        return Ok(());
    }
    // The boxes of a text's lines say it again; what the live region says comes and goes, and has a test of its own.
    let children = node["childIds"].as_array().filter(|_| !["StaticText", "status"].contains(&role.as_str()));
    let children: Vec<&Value> =
        children.into_iter().flatten().filter_map(|id| nodes.get(id.as_str()?).copied()).collect();
    // What is ignored and what says nothing by itself leads to its children.
    let is_told =
        node["ignored"] == false && !["none", "generic", "LabelText", "Legend"].contains(&role.as_str());
    if is_told {
        write!(told, "{}{role}", "  ".repeat(depth))?;
        for (mark, said) in
            [("", name.clone()), ("– ", text(node, "description")), ("= ", text(node, "value"))]
        {
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
    // A label around what it labels is heard as that one's name.
    let labelled =
        children.iter().find(|child| ["radio", "checkbox"].contains(&text(child, "role").as_str()));
    let within = match labelled {
        _ if is_told => format!("{name}\n{}", text(node, "value")),
        Some(labelled) if role == "LabelText" => text(labelled, "name"),
        _ => within.to_owned(),
    };
    for child in children {
        tell(child, nodes, depth + usize::from(is_told), &within, told)?;
    }
    Ok(())
}

/// The lines that went and came, each with the step that it stands in; empty if the texts are equal.
fn difference(before: &str, now: &str) -> String {
    let (before, now): (Vec<_>, Vec<_>) = (before.lines().collect(), now.lines().collect());
    // How many lines the rests from here on have in common.
    let mut common = vec![vec![0; now.len() + 1]; before.len() + 1];
    for (i, was) in before.iter().enumerate().rev() {
        for (j, is) in now.iter().enumerate().rev() {
            common[i][j] =
                if was == is { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut step, mut difference) = (0, 0, "", String::new());
    while i < before.len() || j < now.len() {
        let (was, is) = (before.get(i), now.get(j));
        if was == is {
            step = if i == 0 || before[i - 1].is_empty() { before[i] } else { step };
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let goes = was.is_some() && (is.is_none() || common[i + 1][j] >= common[i][j + 1]);
        let (sign, line) = if goes { ('-', before[i]) } else { ('+', now[j]) };
        difference.extend([step, ": ", sign.encode_utf8(&mut [0; 4]), " ", line, "\n"]);
        (i, j) = (i + usize::from(goes), j + usize::from(!goes));
    }
    difference
}

#[test]
fn a_difference_is_told_line_by_line_with_its_step() {
    let before = "ask\nregion\n  radio\n  status\n\nthanks\nregion\n  heading\n";
    assert_eq!(difference(before, before), "");
    let now = before.replace("  status\n", "  note\n  status\n").replace("heading", "text");
    assert_eq!(difference(before, &now), "ask: +   note\nthanks: -   heading\nthanks: +   text\n");
    assert_eq!(difference("", "ask\nregion\n"), ": + ask\n: + region\n", "there was none");
    assert_eq!(difference("ask\nregion\n", "ask\n"), "ask: - region\n");
}

async fn told(survey: &str, display: &str, rating: u8, languages: &[&str]) -> Result<()> {
    let (pages, candor, browser) = (Pages::start().await?, Candor::start()?, Browser::open().await?);
    browser.cdp("Accessibility.enable", json!({})).await?;
    let mut changed = String::new();
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
        write!(steps, "\nfollow-up\n{}", tree(&browser).await?)?;
        browser.write_comment("…").await?;
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
        let difference = difference(&fs::read_to_string(&path).unwrap_or_default(), &steps);
        if !difference.is_empty() {
            write!(changed, "tests/tree/{name}\n{difference}\n")?;
        }
    }
    assert!(changed.is_empty(), "If this is how it should be heard, CANDOR_BLESS=1 writes it.\n{changed}");
    Ok(())
}

#[tokio::test]
async fn the_tree_of_a_recommendation_is_as_it_was_read_in_every_language() -> Result<()> {
    told("nps", "popover", 9, &LANGUAGES).await
}

#[tokio::test]
async fn the_tree_of_a_satisfaction_and_of_an_effort_in_the_page_is_as_it_was_read() -> Result<()> {
    told("csat", "inline", 2, &["en", "ar"]).await?;
    told("ces", "inline", 4, &["en", "fa", "ar"]).await
}
