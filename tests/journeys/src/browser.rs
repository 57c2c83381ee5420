use anyhow::{Context, Result, bail};
use fantoccini::{
    Client, ClientBuilder,
    actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction},
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two browsers at once are what a machine of two cores carries without the tests waiting for each other.
static PLACES: Semaphore = Semaphore::const_new(2);

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

/// A Chromium with an empty profile of its own, ended on drop.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    options: Options,
    session: String,
    driver: Arc<Driver>,
    _place: SemaphorePermit<'static>,
}

impl Browser {
    /// A browser as most people have it: 1280 × 800, light.
    ///
    /// # Errors
    /// When Chromium or chromedriver is missing or does not start.
    pub async fn open() -> Result<Self> {
        Self::open_with(Options::default()).await
    }

    /// A browser that looks so at the page.
    ///
    /// # Errors
    /// When Chromium or chromedriver is missing or does not start.
    pub async fn open_with(options: Options) -> Result<Self> {
        let place = PLACES.acquire().await?;
        let driver = Driver::get()?;
        let capabilities = json!({
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
        });
        let Value::Object(capabilities) = capabilities else { bail!("capabilities are an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url())
            .await
            .context("Chromium does not start. On Debian: apt install chromium chromium-driver")?;
        let session = client.session_id().await?.context("chromedriver gave no session")?;
        let browser = Self { client, options, session, driver, _place: place };
        browser.prepare().await?;
        Ok(browser)
    }

    async fn prepare(&self) -> Result<()> {
        self.before_every_page(WITNESS).await?;
        self.look(self.options).await
    }

    /// Runs this script in every page from now on, before the page's own.
    ///
    /// # Errors
    /// When chromedriver refuses.
    pub async fn before_every_page(&self, script: &str) -> Result<()> {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await?;
        Ok(())
    }

    /// Changes how this tab looks at the page.
    ///
    /// # Errors
    /// When chromedriver refuses.
    pub async fn look(&self, options: Options) -> Result<()> {
        // A window of Chromium is never narrower than some 500 px; a viewport may be.
        let metrics = json!({"width": options.width, "height": options.height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if options.dark { "dark" } else { "light" };
        self.media(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]).await
    }

    /// Sets media features: `("forced-colors", "active")`.
    ///
    /// # Errors
    /// When chromedriver refuses.
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
    /// When chromedriver refuses.
    pub async fn close_tab(&self) -> Result<()> {
        // The new one first: Chromium ends with its last tab.
        let new = self.client.new_window(true).await?;
        self.client.close_window().await?;
        self.client.switch_to_window(new.handle).await?;
        self.prepare().await
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
                let log = self.log("browser").await.unwrap_or_default();
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
    /// When chromedriver refuses.
    pub async fn press(&self, keys: &[Key]) -> Result<()> {
        let keys: Vec<char> = keys.iter().map(|key| char::from(*key)).collect();
        self.strokes(&keys).await
    }

    /// Presses this key with Shift held.
    ///
    /// # Errors
    /// When chromedriver refuses.
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
    /// When chromedriver refuses.
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
    /// When Chromium refuses.
    pub async fn cdp(&self, command: &str, params: Value) -> Result<Value> {
        let body = json!({"cmd": command, "params": params});
        self.command("goog/cdp/execute", body).await.with_context(|| format!("{command} failed"))
    }

    /// The entries of a log (`browser` or `performance`) since the last call.
    ///
    /// # Errors
    /// When chromedriver refuses.
    pub async fn log(&self, kind: &str) -> Result<Vec<Value>> {
        let entries = self.command("se/log", json!({"type": kind})).await?;
        Ok(entries.as_array().cloned().unwrap_or_default())
    }

    /// The addresses requested by the page since the last call, favicons aside.
    ///
    /// # Errors
    /// When chromedriver refuses.
    pub async fn requested(&self) -> Result<Vec<String>> {
        let mut urls = Vec::new();
        for entry in self.log("performance").await? {
            let message = entry.get("message").and_then(Value::as_str).unwrap_or_default();
            let message: Value = serde_json::from_str(message)?;
            let is_request =
                message.pointer("/message/method").is_some_and(|m| m == "Network.requestWillBeSent");
            let url = message.pointer("/message/params/request/url").and_then(Value::as_str);
            if let Some(url) = url.filter(|url| is_request && !url.ends_with("/favicon.ico")) {
                urls.push(url.to_owned());
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

    /// A screenshot of the viewport once the widget is at rest, kept at `target/candor/screenshots/{name}.png`.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        self.widget_until("the widget to be at rest", "!root || !root.getAnimations().length").await?;
        let folder = crate::target()?.join("candor/screenshots");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await?)?;
        Ok(())
    }

    async fn command(&self, path: &'static str, body: Value) -> Result<Value> {
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

/// chromedriver on a free port: one for all browsers of a test binary, ended with the last of them.
#[derive(Debug)]
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn get() -> Result<Arc<Self>> {
        static CURRENT: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = current.upgrade() {
            return Ok(driver);
        }
        let driver = Arc::new(Self::start()?);
        *current = Arc::downgrade(&driver);
        Ok(driver)
    }

    fn start() -> Result<Self> {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("{program} does not start. On Debian: apt install chromium chromium-driver")
            })?;
        let out = child.stdout.take().context("chromedriver has no output")?;
        let (found, port) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to its end, so that the pipe never fills.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // "ChromeDriver was started successfully on port 38141."
                let port = line.split("successfully on port ").nth(1);
                if let Some(port) = port.and_then(|rest| rest.trim_end_matches('.').parse().ok()) {
                    let _ = found.send(port);
                }
            }
        });
        match port.recv_timeout(crate::PATIENCE) {
            Ok(port) => Ok(Self { child, port }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                bail!("{program} did not say which port it listens on")
            }
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn end(&self, session: &str) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            self.port
        )?;
        // The answer comes when the browser has ended.
        stream.read(&mut [0]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
