//! What Candor's popover NPS costs a page beside PostHog's, and beside a page with neither: `cargo xtask bench widget`.
//!
//! One Chromium, as a visitor's has long been running; for each measurement a new tab, an empty cache, empty storage, and a
//! processor slowed down by the factor `--cpu`; `--net slow4g` slows the network down too. The pages take turns, one at a
//! time. Page, Candor and PostHog are three origins on this machine; PostHog's bundle is the published one, its backend is
//! `rival.rs`.
//!
//! "Shown" is the first frame in which eleven controls say 0 to 10, are visible and get a click in their middle, timed in
//! the task after that frame (`probe.js`). As soon as the bench learns of it, it clicks in the middle of the 9 through the
//! browser's own input, and looks whether the answer was taken. Limits: the word goes from the page to the bench and back,
//! so the click comes after that frame (the report says how much), and what a page does in between is not seen; and what
//! the click costs is in all that is counted after "shown": processor, bytes, requests, nodes, heap.
//!
//! Bytes are `encodedDataLength` of the DevTools protocol: bodies as compressed and their headers, without the page's HTML.
#![allow(clippy::print_stdout, reason = "a bench talks to its terminal")]

mod report;
mod rival;
mod traffic;

use anyhow::{Context, Result, bail};
use candor_journeys::{Browser, Candor, Page, Pages};
use report::{Run, Runs};
use rival::Rival;
use serde_json::{Value, json};
use std::{process::ExitCode, time::Duration};
use traffic::Traffic;

const PROBE: &str = include_str!("probe.js");
/// How long a page is watched after it has shown, or was loaded when nothing is to show.
const SETTLE: Duration = Duration::from_millis(1_500);
/// A new tab's renderer has more to do in its first moments than to load a page.
const STARTED: Duration = Duration::from_millis(500);

/// A page to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Empty,
    PostHog,
    Candor,
    PostHogIdle,
    CandorIdle,
}

impl Target {
    const ALL: [Self; 5] = [Self::Empty, Self::PostHog, Self::Candor, Self::PostHogIdle, Self::CandorIdle];

    fn path(self) -> &'static str {
        match self {
            Self::Empty => "/empty",
            Self::PostHog => "/posthog",
            Self::Candor => "/candor",
            Self::PostHogIdle => "/posthog-idle",
            Self::CandorIdle => "/candor-idle",
        }
    }

    fn asks(self) -> bool {
        matches!(self, Self::PostHog | Self::Candor)
    }
}

/// What `cargo xtask bench widget` was told.
struct Settings {
    rounds: u32,
    cpu: f64,
    net: String,
}

impl Settings {
    fn read() -> Result<Self> {
        let var = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let net = var("CANDOR_NET", "none");
        if !["none", "slow4g"].contains(&net.as_str()) {
            bail!("CANDOR_NET: expected none or slow4g, not {net}");
        }
        let rounds = var("CANDOR_ROUNDS", "9").parse().context("CANDOR_ROUNDS: expected a whole number")?;
        let cpu = var("CANDOR_CPU", "4").parse().context("CANDOR_CPU: expected a number from 1")?;
        Ok(Self { rounds, cpu, net })
    }
}

/// The three origins.
struct Sites {
    pages: Pages,
    candor: Candor,
    rival: Rival,
}

impl Sites {
    async fn start() -> Result<Self> {
        let (pages, candor, rival) = (Pages::start().await?, Candor::start()?, Rival::start().await?);
        let nps = |more: &str| candor.tag(&format!("data-survey=\"nps\" data-product=\"Acme\" {more}"));
        for target in Target::ALL {
            let body = match target {
                Target::Empty => String::new(),
                Target::PostHog => rival.tag(true),
                Target::Candor => nps(""),
                Target::PostHogIdle => rival.tag(false),
                Target::CandorIdle => nps("data-trigger=\"event=never\""),
            };
            pages.set(target.path(), Page::with_body(&body));
        }
        Ok(Self { pages, candor, rival })
    }

    /// How many answers of 9 Candor's server has.
    async fn nines(&self) -> Result<u64> {
        Ok(self.candor.counts("nps").await?.get(9).copied().unwrap_or_default())
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let settings = Settings::read()?;
    println!("{}", report::header(&settings));
    let sites = Sites::start().await?;
    let browser = Browser::open().await?;
    let mut runs = Runs::default();
    for round in 0..=settings.rounds {
        // The first only warms up.
        if round > 0 {
            runs.next_round();
        }
        for target in Target::ALL {
            runs.add(target, measure(&browser, &sites, &settings, target).await);
        }
    }
    runs.print();
    let missing = sites.rival.missing();
    if !missing.is_empty() {
        bail!("PostHog asked for what its backend here does not have: {missing:?}");
    }
    Ok(if runs.all_shown() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(browser: &Browser, sites: &Sites, settings: &Settings, target: Target) -> Result<Run> {
    browser.close_tab().await?;
    prepare(browser, sites, settings).await?;
    let probe = format!("({PROBE})('{}')", if target.asks() { "numbers" } else { "paragraph" });
    browser.before_every_page(&probe).await?;
    let (before, nines) = (task_time(browser).await?, sites.nines().await?);
    browser.log("performance").await?;

    browser.goto(&sites.pages.url(target.path())).await?;
    let seen = browser.run("return bench.shown", &[]).await.context("it never showed")?;
    if target.asks() {
        browser.click_at(number(&seen, "/x")?, number(&seen, "/y")?).await?;
    }
    tokio::time::sleep(SETTLE).await;

    let cpu = task_time(browser).await? - before;
    let taken = match target {
        Target::Candor => sites.nines().await? == nines + 1,
        Target::PostHog => browser.eval(CHOSEN_AT_POSTHOG).await? == true,
        _ => true,
    };
    Ok(Run { cpu, taken, ..look(browser, &seen, target).await? })
}

/// What the page, its traffic and its memory tell once it has settled.
async fn look(browser: &Browser, seen: &Value, target: Target) -> Result<Run> {
    let shown = number(seen, "/shown")?;
    let (frame, until) =
        if target.asks() { (number(seen, "/frame")?, shown) } else { (f64::INFINITY, f64::INFINITY) };
    let told = browser.eval("({tasks: bench.tasks, click: bench.clicks[0], wasm: bench.wasm()})").await?;
    let tasks = long_tasks(&told, frame);
    let traffic = Traffic::of(&browser.log("performance").await?)?;
    browser.cdp("HeapProfiler.collectGarbage", json!({})).await?;
    let heap = browser.cdp("Runtime.getHeapUsage", json!({})).await?;
    Ok(Run {
        shown,
        blocking: tasks.iter().map(|duration| (duration - 50.0).max(0.0)).sum(),
        longest: tasks.iter().copied().fold(0.0, f64::max),
        until_shown: traffic.until(until),
        total: traffic.until(f64::INFINITY),
        requests: traffic.requests(),
        nodes: browser.metric("Nodes").await?,
        heap: number(&heap, "/usedSize")?,
        wasm: number(&told, "/wasm")?,
        clicked_after: number(&told, "/click").ok().map(|click| click - shown),
        ..Run::default()
    })
}

/// PostHog marks the number that was clicked and sends it with its button "Submit".
const CHOSEN_AT_POSTHOG: &str =
    "bench.all('.ratings-number.rating-active').map(number => number.textContent).join() == '9'";

/// Loads a page of the same site first, so that the tab's renderer has started, then puts the brakes on.
async fn prepare(browser: &Browser, sites: &Sites, settings: &Settings) -> Result<()> {
    browser.media(&[("prefers-color-scheme", "light"), ("prefers-reduced-motion", "no-preference")]).await?;
    browser.goto(&sites.pages.url("/elsewhere")).await?;
    tokio::time::sleep(STARTED).await;
    browser.cdp("Network.enable", json!({})).await?;
    browser.cdp("Network.setCacheDisabled", json!({"cacheDisabled": true})).await?;
    browser.cdp("Network.clearBrowserCache", json!({})).await?;
    let page = json!({"origin": sites.pages.url(""), "storageTypes": "all"});
    browser.cdp("Storage.clearDataForOrigin", page).await?;
    if settings.net == "slow4g" {
        let slow = json!({"offline": false, "latency": 150, "downloadThroughput": 1.6e6 / 8.0, "uploadThroughput": 750e3 / 8.0});
        browser.cdp("Network.emulateNetworkConditions", slow).await?;
    }
    browser.cdp("Emulation.setCPUThrottlingRate", json!({"rate": settings.cpu})).await?;
    browser.cdp("Performance.enable", json!({"timeDomain": "threadTicks"})).await?;
    Ok(())
}

/// Milliseconds of the processor that the main thread's tasks have used, slowed down as it is.
async fn task_time(browser: &Browser) -> Result<f64> {
    Ok(browser.metric("TaskDuration").await? * 1_000.0)
}

/// The durations of the long tasks that began before this moment.
fn long_tasks(told: &Value, before: f64) -> Vec<f64> {
    let tasks = told.get("tasks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let tasks = tasks.iter().filter_map(|task| Some((task.get(0)?.as_f64()?, task.get(1)?.as_f64()?)));
    tasks.filter(|(start, _)| *start < before).map(|(_, duration)| duration).collect()
}

fn number(value: &Value, pointer: &str) -> Result<f64> {
    value.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("no {pointer} in {value}"))
}
