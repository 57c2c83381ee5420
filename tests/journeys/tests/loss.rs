//! What becomes of a rating, and of a text that is typed and not sent, whatever ends the visit: stored exactly once, at the latest
//! from the next page of the site.
//!
//! `CANDOR_LOSS=all` tells every case in both browsers, which takes a quarter of an hour, `CANDOR_LOSS=Killed` those ends; without it
//! those are told that no other journey tells.
#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "the table is what it is told for; a test may fail loudly"
)]

use anyhow::{Context, Result, ensure};
use candor_journeys::{Browser, Candor, Endpoint, Page, Pages, Reply};
use serde_json::{Value, json};
use std::{env, fs, path::PathBuf, time::Duration};

/// How a visit ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// By going to another page, at once.
    Address,
    /// By a click on a link, at once.
    Link,
    /// By closing the tab, at once.
    Tab,
    /// After three seconds.
    Waits,
    /// The endpoint fails; the page is loaded again.
    FailsAndReloads,
    /// The endpoint fails; the tab is closed, the site visited again.
    FailsAndReturns,
    /// Chromium alone can take away the network.
    Offline,
    /// Nothing can be kept.
    StorageRefused,
    /// Another page of the site is open in a tab behind it.
    TwoTabs,
    /// SIGKILL so many seconds later, with the endpoint up, or down until then.
    Killed { seconds: u64, up: bool },
    /// The page puts another body in the place of its own.
    BodyReplaced,
    /// Back to the page that was left, which the browser may have kept.
    Back,
}

/// All of them, and whether every run of the tests tells it.
const ENDS: &[(End, bool)] = &[
    (End::Address, true),
    (End::Link, false),
    (End::Tab, true),
    (End::Waits, false),
    (End::FailsAndReloads, false),
    (End::FailsAndReturns, true),
    (End::Offline, false),
    (End::StorageRefused, false),
    (End::TwoTabs, false),
    (End::Killed { seconds: 0, up: true }, false),
    (End::Killed { seconds: 1, up: true }, false),
    (End::Killed { seconds: 6, up: true }, false),
    (End::Killed { seconds: 0, up: false }, false),
    (End::Killed { seconds: 1, up: false }, true),
    (End::Killed { seconds: 6, up: false }, false),
    (End::BodyReplaced, false),
    (End::Back, false),
];

/// What is asked: a preset, and what is chosen first. Three open questions have nothing to choose.
const ASKED: [(&str, &str); 8] = [
    ("nps", "7"),
    ("csat", "4"),
    ("ces", "5"),
    ("effort", "2"),
    ("enps", "7"),
    ("thumbs", "2"),
    ("pmf", "very"),
    ("start-stop-continue", ""),
];
const DISPLAYS: [&str; 4] = ["popover", "bar", "modal", "inline"];

/// One visit that ends too soon.
#[derive(Clone, Copy, Debug)]
struct Visit {
    end: End,
    types: bool,
    asked: (&'static str, &'static str),
    display: &'static str,
}

/// A profile of its own, gone with this.
struct Profile(PathBuf);

impl Profile {
    fn new(name: &str) -> Result<Self> {
        let path = env::temp_dir().join(format!("candor-loss-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Answers, ends the visit in its way, and gives what the server has of it once the site was visited again.
async fn told(visit: Visit, name: &str) -> Result<Vec<Value>> {
    let Visit { end, types, asked: (survey, first), display } = visit;
    let (widget, store) = (Candor::start()?, Candor::start()?);
    let up = Reply::Forward(store.origin(), Duration::ZERO);
    let fails = matches!(end, End::FailsAndReloads | End::FailsAndReturns | End::Killed { up: false, .. });
    let endpoint = Endpoint::start(if fails { Reply::Status(503) } else { up.clone() }).await?;
    let pages = Pages::start().await?;
    let tag = |trigger: &str| {
        let attributes = format!(
            "data-survey=\"{survey}\" data-display=\"{display}\" data-endpoint=\"{}\" data-trigger=\"{trigger}\"",
            endpoint.url()
        );
        let refuse =
            "<script>for (const name of ['localStorage', 'indexedDB']) Object.defineProperty(window, name,
            {get() { throw new DOMException('refused', 'SecurityError') }})</script>";
        let refuse = if end == End::StorageRefused { refuse } else { "" };
        Page::with_body(&format!("{refuse}{}", widget.tag(&attributes)))
    };
    pages.set("/", tag("load"));
    pages.set("/quiet", tag("event=never"));
    let profile = Profile::new(name)?;
    let browser = Browser::open_in(&profile.0).await?;
    if end == End::TwoTabs {
        browser.goto(&pages.url("/quiet")).await?;
        let other = browser.client().new_window(true).await?;
        browser.client().switch_to_window(other.handle).await?;
    }
    browser.goto(&pages.url("/")).await?;
    if first.is_empty() {
        browser.widget_until("the question", "$('textarea') && $('.send')").await?;
    } else {
        browser.click(&format!("$('input[value=\"{first}\"]').labels[0]")).await?;
    }
    if types {
        browser.write_comment("half a sen").await?;
    }
    if end == End::Offline {
        let offline =
            json!({"offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        browser.cdp("Network.enable", json!({})).await?;
        browser.cdp("Network.emulateNetworkConditions", offline).await?;
    }
    match end {
        End::Address | End::Back | End::StorageRefused => browser.goto(&pages.url("/elsewhere")).await?,
        End::Link => browser.click_page("#link").await?,
        End::Tab | End::TwoTabs => browser.close_tab().await?,
        End::Waits => pass(3_000).await,
        End::FailsAndReloads => {
            pass(1_000).await;
            browser.reload().await?;
        }
        End::FailsAndReturns => {
            pass(1_000).await;
            browser.close_tab().await?;
        }
        End::Offline => {
            pass(2_500).await;
            browser.cdp("Network.disable", json!({})).await?;
        }
        End::BodyReplaced => {
            browser.run("document.body.outerHTML = '<body>next</body>'", &[]).await?;
            pass(300).await;
        }
        End::Killed { seconds, .. } => pass(seconds * 1_000).await,
    }
    let browser = if matches!(end, End::Killed { .. }) {
        browser.kill(&profile.0)?;
        pass(500).await;
        Browser::open_in(&profile.0).await?
    } else {
        browser
    };
    endpoint.set(up);
    if end == End::Back {
        browser.client().back().await?;
        pass(500).await;
    }
    browser.goto(&pages.url("/quiet")).await?;
    let mut stored = Vec::new();
    // The response that was begun has its last revision when it answers what was asked.
    for _ in 0..100 {
        let list = store.responses(survey).await?;
        stored = list["responses"].as_array().cloned().unwrap_or_default();
        stored.retain(|response| response["state"] != "shown");
        if stored.iter().any(|response| visit.is_whole(response)) {
            break;
        }
        pass(100).await;
    }
    Ok(stored)
}

impl Visit {
    fn is_whole(self, response: &Value) -> bool {
        let first = self.asked.1;
        let answers = response["answers"].as_array().cloned().unwrap_or_default();
        let is_first = |answer: &Value| {
            first.parse::<u8>().is_ok_and(|first| answer["rating"] == first)
                || answer["choices"] == json!([first])
        };
        let is_chosen = first.is_empty() || answers.iter().any(is_first);
        let is_written = answers.iter().any(|answer| answer["text"] == "half a sen");
        is_chosen && is_written == self.types && response["presentation"]["display"] == self.display
    }
}

async fn no_answer_is_lost(browser: &str) -> Result<()> {
    let which = env::var("CANDOR_LOSS").unwrap_or_default();
    let (mut lost, mut turn) = (Vec::new(), 0);
    for (end, always) in ENDS {
        let is_told = match which.as_str() {
            "" => *always,
            which => which == "all" || format!("{end:?}").contains(which),
        };
        if !is_told || (*end == End::Offline && browser == "firefox") {
            continue;
        }
        for types in [false, true] {
            // Each with another question and display than the one before, and than in the other browser.
            let asked = ASKED[(turn * 3 + usize::from(browser == "firefox")) % ASKED.len()];
            let display = DISPLAYS[(turn + turn / DISPLAYS.len()) % DISPLAYS.len()];
            turn += 1;
            let visit = Visit { end: *end, types: types || asked.1.is_empty(), asked, display };
            let name = format!("{browser}-{end:?}-{types}").replace([' ', '{', '}', ':', ','], "");
            let stored = told(visit, &name).await.with_context(|| format!("{visit:?}"))?;
            let once = matches!(&stored[..], [response] if visit.is_whole(response));
            let outcome = if once { "once" } else { "LOST" };
            println!("{browser}, {visit:?}: {outcome}");
            if !once {
                lost.push(format!("{name}: {stored:?}"));
            }
        }
    }
    ensure!(lost.is_empty(), "{}", lost.join("\n"));
    Ok(())
}

#[tokio::test]
async fn no_answer_is_lost_in_chromium() -> Result<()> {
    no_answer_is_lost("chromium").await
}

#[test]
fn no_answer_is_lost_in_firefox() -> Result<()> {
    #[tokio::main(flavor = "current_thread")]
    async fn told() -> Result<()> {
        no_answer_is_lost("firefox").await
    }
    candor_journeys::in_firefox(told)
}
