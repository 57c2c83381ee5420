use crate::{bidi::Bidi, driver::Driver};
use anyhow::{Context, Result, bail, ensure};
use fantoccini::{
    Client, ClientBuilder,
    actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction, TouchActions},
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{cell::Cell, path::Path, sync::Arc, time::Duration};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two browsers at once are what a machine of two cores carries without the tests waiting for each other.
static PLACES: Semaphore = Semaphore::const_new(2);

/// WebKitGTK's own browser, which its driver would look for among GNOME's.
const MINI_BROWSER: &str = if cfg!(target_arch = "aarch64") {
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
} else {
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Chromium,
    Firefox,
    /// WebKitGTK, with neither a DevTools protocol nor BiDi: what needs one can't be told in it.
    WebKit,
}

impl Kind {
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Chromium => "On Debian: apt install chromium chromium-driver",
            Self::Firefox => {
                "`cargo xtask test journeys` installs Firefox and, below ~/.cache/candor, geckodriver: name it in GECKODRIVER"
            }
            Self::WebKit => "On Debian: apt install webkit2gtk-driver xvfb",
        }
    }

    fn capabilities(self, options: Options, profile: Option<&Path>) -> Value {
        let mut capabilities = self.without_profile(options);
        let (options, flags) = match (self, profile) {
            (_, None) | (Self::WebKit, _) => return capabilities,
            (Self::Chromium, Some(profile)) => {
                ("goog:chromeOptions", vec![format!("--user-data-dir={}", profile.display())])
            }
            (Self::Firefox, Some(profile)) => {
                ("moz:firefoxOptions", vec!["-profile".to_owned(), profile.display().to_string()])
            }
        };
        if let Some(Value::Array(arguments)) = capabilities.pointer_mut(&format!("/{options}/args")) {
            arguments.extend(flags.into_iter().map(Value::String));
        }
        capabilities
    }

    fn without_profile(self, options: Options) -> Value {
        match self {
            Self::Chromium => json!({
                "browserName": "chrome",
                "goog:chromeOptions": {"args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--lang=en-US", "--force-device-scale-factor=1", "--hide-scrollbars",
                    // A page that was left is gone: kept in this cache it would go on sending.
                    "--disable-features=BackForwardCache",
                    // A mouse, which a machine without a screen does not have.
                    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
                    format!("--window-size={},{}", options.width.max(600), options.height.max(600)),
                ]},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }),
            Self::WebKit => {
                json!({"webkitgtk:browserOptions": {"binary": MINI_BROWSER, "args": ["--automation"]}})
            }
            // The same for the same reasons.
            Self::Firefox => json!({
                "browserName": "firefox",
                "webSocketUrl": true,
                "moz:firefoxOptions": {"args": ["-headless"], "prefs": {
                    "intl.accept_languages": "en-US, en",
                    // A policy may refuse the icon that no page named.
                    "browser.chrome.site_icons": false,
                    "ui.useOverlayScrollbars": 1,
                    "browser.sessionhistory.max_total_viewers": 0,
                    "ui.primaryPointerCapabilities": 6,
                    "ui.allPointerCapabilities": 6,
                    "ui.prefersReducedMotion": 1,
                    "layout.css.prefers-color-scheme.content-override": if options.dark { 0 } else { 1 },
                }},
            }),
        }
    }
}

thread_local! {
    static KIND: Cell<Kind> = const { Cell::new(Kind::Chromium) };
}

/// Tells a story whose browsers are Firefox.
pub fn in_firefox<T>(story: impl FnOnce() -> T) -> T {
    told_in(Kind::Firefox, story)
}

/// Tells a story whose browsers are WebKitGTK's.
pub fn in_webkit<T>(story: impl FnOnce() -> T) -> T {
    told_in(Kind::WebKit, story)
}

fn told_in<T>(kind: Kind, story: impl FnOnce() -> T) -> T {
    /// A story that fails must not leave its browser to the next one of this thread.
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            KIND.set(Kind::Chromium);
        }
    }
    let _back = Back;
    KIND.set(kind);
    story()
}

/// What a page says itself where no browser puts it in: [`WITNESS`].
pub(crate) fn witness() -> String {
    if KIND.get() == Kind::WebKit { format!("<script>{WITNESS}</script>") } else { String::new() }
}

/// Tells these stories of the file in Firefox, too.
#[macro_export]
macro_rules! also_in_firefox {
    ($($story:ident),+ $(,)?) => {
        mod firefox {
            $(
                #[test]
                fn $story() -> anyhow::Result<()> {
                    candor_journeys::in_firefox(super::$story)
                }
            )+
        }
    };
}

/// How a browser looks at the page.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The viewport's width in CSS pixels.
    pub width: u32,
    /// The viewport's height in CSS pixels.
    pub height: u32,
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 1280, height: 800, dark: false }
    }
}

/// Runs before every page's own scripts and notes what the page could notice: `journey.events` holds Candor's events,
/// each with its `type`, `journey.violations` what a Content-Security-Policy refused, `journey.errors` what was thrown.
const WITNESS: &str = "window.journey = {events: [], violations: [], errors: []};
    for (const type of ['shown', 'answered', 'sent', 'closed', 'error'])
        addEventListener('candor:' + type, e => journey.events.push({...e.detail, type}));
    addEventListener('securitypolicyviolation', e =>
        journey.violations.push([e.effectiveDirective, e.blockedURI, e.sourceFile, e.sample].join(' ')));
    addEventListener('error', e => journey.errors.push(String(e.message)));
    addEventListener('unhandledrejection', e => journey.errors.push(String(e.reason)));";

/// A Chromium, or a Firefox in what [`in_firefox`] tells, with an empty profile of its own, ended on drop.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    options: Options,
    session: String,
    driver: Arc<Driver>,
    /// Firefox by WebDriver BiDi; Chromium has its DevTools protocol.
    bidi: Option<Bidi>,
    kind: Kind,
    _place: SemaphorePermit<'static>,
}

impl Browser {
    /// A browser as most people have it: 1280 × 800, light.
    ///
    /// # Errors
    /// When the browser or its driver is missing or does not start.
    pub async fn open() -> Result<Self> {
        Self::open_with(Options::default()).await
    }

    /// A browser that looks so at the page.
    ///
    /// # Errors
    /// When the browser or its driver is missing or does not start.
    pub async fn open_with(options: Options) -> Result<Self> {
        Self::start(options, None).await
    }

    /// A browser with its profile in this folder, which another one may have left.
    ///
    /// # Errors
    /// When the browser or its driver is missing or does not start.
    pub async fn open_in(profile: &Path) -> Result<Self> {
        Self::start(Options::default(), Some(profile)).await
    }

    /// Ends all processes of the browser that has its profile in this folder with SIGKILL, as a power cut would.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn kill(self, profile: &Path) -> Result<()> {
        let of_profile = profile.display().to_string();
        let mut killed = 0;
        for process in std::fs::read_dir("/proc").context("there is no /proc")?.flatten() {
            let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&of_profile) {
                let status = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status()?;
                killed += u32::from(status.success());
            }
        }
        ensure!(killed > 0, "no process has its profile in {of_profile}");
        Ok(())
    }

    async fn start(options: Options, profile: Option<&Path>) -> Result<Self> {
        let place = PLACES.acquire().await?;
        let kind = KIND.get();
        let driver = Driver::get(kind)?;
        let Value::Object(capabilities) = kind.capabilities(options, profile) else {
            bail!("capabilities are an object")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url())
            .await
            .with_context(|| format!("{kind:?} does not start. {}", kind.advice()))?;
        let session = client.session_id().await?.context("the driver gave no session")?;
        let mut browser = Self { client, options, session, driver, bidi: None, kind, _place: place };
        if kind == Kind::Firefox {
            let url = browser.client.capabilities().and_then(|given| given.get("webSocketUrl")?.as_str());
            let bidi = Bidi::connect(url.context("geckodriver gave no webSocketUrl")?).await?;
            let events = json!({"events": ["log.entryAdded", "network.beforeRequestSent"]});
            bidi.command("session.subscribe", events).await?;
            browser.bidi = Some(bidi);
        }
        if kind == Kind::WebKit {
            // Its window has a bar above the page.
            browser.client.set_window_size(options.width, options.height + 70).await?;
            return Ok(browser);
        }
        browser.before_every_page(WITNESS).await?;
        browser.look(options).await?;
        Ok(browser)
    }

    /// Runs this script in every page from now on, before the page's own.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn before_every_page(&self, script: &str) -> Result<()> {
        if let Some(bidi) = &self.bidi {
            let script = format!("() => {{ {script} }}");
            bidi.command("script.addPreloadScript", json!({"functionDeclaration": script})).await?;
        } else {
            self.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await?;
        }
        Ok(())
    }

    /// Changes how this tab looks at the page.
    ///
    /// # Errors
    /// When the browser refuses: Firefox is told its colour scheme when it is opened.
    pub async fn look(&self, options: Options) -> Result<()> {
        // A window is never narrower than some 500 px; a viewport may be.
        let (width, height) = (options.width, options.height);
        if let Some(bidi) = &self.bidi {
            ensure!(options.dark == self.options.dark, "an open Firefox does not change its colour scheme");
            let viewport = json!({"width": width, "height": height});
            let params = json!({"context": self.tab().await?, "viewport": viewport, "devicePixelRatio": 1});
            bidi.command("browsingContext.setViewport", params).await?;
            return Ok(());
        }
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if options.dark { "dark" } else { "light" };
        self.media(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]).await
    }

    /// The tab's handle, which is its name in WebDriver BiDi, too.
    async fn tab(&self) -> Result<String> {
        Ok(self.client.window().await?.into())
    }

    /// Sets media features: `("forced-colors", "active")`. Chromium alone can.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn media(&self, features: &[(&str, &str)]) -> Result<()> {
        let features: Vec<_> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.cdp("Emulation.setEmulatedMedia", json!({"features": features})).await?;
        Ok(())
    }

    /// The WebDriver client, for what has no helper here.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Goes to this address and waits until it is loaded.
    ///
    /// # Errors
    /// When the page cannot be loaded.
    pub async fn goto(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("{url} cannot be loaded"))
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// When the page cannot be loaded.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.client.refresh().await?)
    }

    /// Closes the tab and gives an empty one in the same profile.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn close_tab(&self) -> Result<()> {
        // The new one first: a browser ends with its last tab.
        let new = self.client.new_window(true).await?;
        self.client.close_window().await?;
        self.client.switch_to_window(new.handle).await?;
        // In Firefox the witness is in every tab.
        if self.bidi.is_none() {
            self.before_every_page(WITNESS).await?;
        }
        self.look(self.options).await
    }

    /// The events of this type that the page has seen: `shown`, `answered`, `sent`, `closed` or `error`.
    ///
    /// # Errors
    /// When the page cannot be asked.
    pub async fn events(&self, kind: &str) -> Result<Vec<Value>> {
        let events =
            self.run("return journey.events.filter(e => e.type === arguments[0])", &[json!(kind)]).await?;
        Ok(events.as_array().cloned().unwrap_or_default())
    }

    /// Runs a function's body in the page and gives what it returns.
    ///
    /// # Errors
    /// When the script throws.
    pub async fn run(&self, script: &str, args: &[Value]) -> Result<Value> {
        let ran = self.client.execute(script, args.to_vec()).await;
        ran.with_context(|| format!("in the page: {script}"))
    }

    /// Runs a function's body in the page and waits until it calls its last argument, with what it gives it.
    ///
    /// # Errors
    /// When the script throws or never calls.
    pub async fn run_async(&self, script: &str) -> Result<Value> {
        let ran = self.client.execute_async(script, Vec::new()).await;
        ran.with_context(|| format!("in the page: {script}"))
    }

    /// Lets this much time pass in the page.
    ///
    /// # Errors
    /// When the page goes away meanwhile.
    pub async fn pass(&self, ms: u32) -> Result<()> {
        self.run_async(&format!("setTimeout(arguments[0], {ms})")).await.map(drop)
    }

    /// The value of an expression in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        self.run(&format!("return ({expression})"), &[]).await
    }

    /// Waits until the expression is truthy in the page and gives its value.
    ///
    /// # Errors
    /// When it is not in time; says `what` was waited for.
    pub async fn until(&self, what: &str, expression: &str) -> Result<Value> {
        let script = format!("return ({expression})");
        self.wait(what, &script).await
    }

    pub(crate) async fn wait(&self, what: &str, script: &str) -> Result<Value> {
        let deadline = tokio::time::Instant::now() + crate::PATIENCE;
        loop {
            // A page on its way out throws; the next one is asked again.
            let last = self.run(script, &[]).await;
            if let Ok(value) = &last
                && !matches!(value, Value::Null | Value::Bool(false))
                && value != 0
                && value != ""
            {
                return last;
            }
            if tokio::time::Instant::now() > deadline {
                let url = self.client.current_url().await.map(String::from).unwrap_or_default();
                let log = self.console().await.unwrap_or_default();
                bail!("waited in vain on {url} for {what}: {last:?}\nthe browser's log: {log:#?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Moves the mouse to this point of the viewport and clicks there: real events, with the hit test of the browser.
    ///
    /// # Errors
    /// When the point is outside the viewport.
    pub async fn click_at(&self, x: f64, y: f64) -> Result<()> {
        #[expect(clippy::cast_possible_truncation, reason = "a viewport's coordinates fit")]
        let (x, y) = (x.round() as i64, y.round() as i64);
        let button = fantoccini::actions::MOUSE_BUTTON_LEFT;
        let mouse = MouseActions::new("mouse".into())
            .then(PointerAction::MoveTo { duration: None, x: x as f64, y: y as f64 })
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        self.client.perform_actions(mouse).await.with_context(|| format!("a click at {x}, {y}"))
    }

    /// Puts a finger on this point of the viewport and lifts it.
    ///
    /// # Errors
    /// When the point is outside the viewport.
    pub async fn tap_at(&self, x: f64, y: f64) -> Result<()> {
        let button = fantoccini::actions::MOUSE_BUTTON_LEFT;
        let finger = TouchActions::new("finger".into())
            .then(PointerAction::MoveTo { duration: None, x: x.round(), y: y.round() })
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        self.client.perform_actions(finger).await.with_context(|| format!("a tap at {x}, {y}"))
    }

    /// Moves the mouse to this point of the viewport.
    ///
    /// # Errors
    /// When the point is outside the viewport.
    pub async fn hover_at(&self, x: f64, y: f64) -> Result<()> {
        let mouse = MouseActions::new("mouse".into()).then(PointerAction::MoveTo { duration: None, x, y });
        Ok(self.client.perform_actions(mouse).await?)
    }

    /// Clicks the page's own element, in the middle.
    ///
    /// # Errors
    /// When there is none.
    pub async fn click_page(&self, selector: &str) -> Result<()> {
        let script = "const e = document.querySelector(arguments[0]); if (!e) return null;
            e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]";
        let at = self.run(script, &[json!(selector)]).await?;
        let at = point(&at).with_context(|| format!("the page has no {selector}"))?;
        self.click_at(at.0, at.1).await
    }

    /// Presses these keys, one after the other, wherever the focus is.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn press(&self, keys: &[Key]) -> Result<()> {
        let keys: Vec<char> = keys.iter().map(|key| char::from(*key)).collect();
        self.strokes(&keys).await
    }

    /// Presses this key with Shift held.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn press_with_shift(&self, key: Key) -> Result<()> {
        let (shift, value) = (char::from(Key::Shift), char::from(key));
        let keys = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: shift })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: shift });
        Ok(self.client.perform_actions(keys).await?)
    }

    /// Types a text, wherever the focus is.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        self.strokes(&text.chars().collect::<Vec<_>>()).await
    }

    async fn strokes(&self, keys: &[char]) -> Result<()> {
        let mut actions = KeyActions::new("keyboard".into());
        for &value in keys {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// When Chromium refuses, or in Firefox.
    pub async fn cdp(&self, command: &str, params: Value) -> Result<Value> {
        let body = json!({"cmd": command, "params": params});
        self.chromium("goog/cdp/execute", body).await.with_context(|| format!("{command} failed"))
    }

    /// The entries of a log of Chromium's (`browser` or `performance`) since the last call.
    ///
    /// # Errors
    /// When chromedriver refuses, or in Firefox.
    pub async fn log(&self, kind: &str) -> Result<Vec<Value>> {
        let entries = self.chromium("se/log", json!({"type": kind})).await?;
        Ok(entries.as_array().cloned().unwrap_or_default())
    }

    /// What stands in the console since the last call. Firefox tells what scripts wrote or threw, Chromium all.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn console(&self) -> Result<Vec<Value>> {
        match &self.bidi {
            Some(bidi) => bidi.events("log.entryAdded", &self.tab().await?).await,
            None => self.log("browser").await,
        }
    }

    /// The addresses requested by the page since the last call, favicons aside.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn requested(&self) -> Result<Vec<String>> {
        let mut urls = Vec::new();
        let mut add = |request: Option<&Value>| {
            let url = request.and_then(|request| request.get("url")?.as_str());
            urls.extend(url.filter(|url| !url.ends_with("/favicon.ico")).map(str::to_owned));
        };
        if let Some(bidi) = &self.bidi {
            for event in bidi.events("network.beforeRequestSent", &self.tab().await?).await? {
                add(event.get("request"));
            }
            return Ok(urls);
        }
        for entry in self.log("performance").await? {
            let message = entry.get("message").and_then(Value::as_str).unwrap_or_default();
            let message: Value = serde_json::from_str(message)?;
            if message.pointer("/message/method").is_some_and(|m| m == "Network.requestWillBeSent") {
                add(message.pointer("/message/params/request"));
            }
        }
        Ok(urls)
    }

    /// A number of the browser's own, such as `Nodes`; after `Performance.enable`.
    ///
    /// # Errors
    /// When it tells none of that name.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let answer = self.cdp("Performance.getMetrics", json!({})).await?;
        let mut metrics = answer.get("metrics").and_then(Value::as_array).into_iter().flatten();
        let metric = metrics.find(|metric| metric.get("name").is_some_and(|is| is == name));
        let value = metric.and_then(|metric| metric.get("value")?.as_f64());
        value.with_context(|| format!("the browser tells no {name}"))
    }

    /// A screenshot of the viewport once the widget is at rest, kept at `target/candor/screenshots/{name}.png`, those of the other
    /// browsers in folders `firefox` and `webkit` there.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        self.widget_until("the widget to be at rest", "!root || !root.getAnimations().length").await?;
        let mut folder = crate::target()?.join("candor/screenshots");
        match self.kind {
            Kind::Chromium => {}
            Kind::Firefox => folder.push("firefox"),
            Kind::WebKit => folder.push("webkit"),
        }
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await?)?;
        Ok(())
    }

    async fn chromium(&self, path: &'static str, body: Value) -> Result<Value> {
        ensure!(
            self.kind == Kind::Chromium,
            "only Chromium can: leave the story out of its file's also_in_firefox!"
        );
        Ok(self.client.issue_cmd(Extension { path, body }).await?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Blocking and by hand, because a test that failed has no runtime left to close its browser with.
        let _ = self.driver.end(&self.session);
    }
}

pub(crate) fn point(value: &Value) -> Option<(f64, f64)> {
    Some((value.get(0)?.as_f64()?, value.get(1)?.as_f64()?))
}

/// A command that only chromedriver knows.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
