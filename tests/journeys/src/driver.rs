use crate::browser::Kind;
use anyhow::{Context, Result, bail, ensure};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    time::{Duration, Instant},
};

/// chromedriver, geckodriver or WebKitWebDriver on a free port, ended on drop.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    port: u16,
    /// The screen of a browser that can't do without.
    screen: Option<Child>,
}

impl Driver {
    /// A driver with room for one more browser: chromedriver drives all of a test binary, a geckodriver one.
    pub(crate) fn get(kind: Kind) -> Result<Arc<Self>> {
        static CHROMEDRIVER: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        if kind != Kind::Chromium {
            return Ok(Arc::new(Self::start(kind)?));
        }
        let mut current = CHROMEDRIVER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = current.upgrade() {
            return Ok(driver);
        }
        let driver = Arc::new(Self::start(kind)?);
        *current = Arc::downgrade(&driver);
        Ok(driver)
    }

    /// Once more if it hangs before it says anything, as a driver of a busy machine does now and then.
    fn start(kind: Kind) -> Result<Self> {
        Self::start_once(kind).or_else(|_| Self::start_once(kind))
    }

    fn start_once(kind: Kind) -> Result<Self> {
        if kind == Kind::WebKit {
            return Self::start_webkit();
        }
        // What each prints before its port: "ChromeDriver was started successfully on port 38141."
        let (variable, name, arguments, before) = match kind {
            Kind::Chromium => ("CHROMEDRIVER", "chromedriver", &["--port=0"][..], "successfully on port "),
            Kind::Firefox => (
                "GECKODRIVER",
                "geckodriver",
                &["--port=0", "--websocket-port=0"][..],
                "Listening on 127.0.0.1:",
            ),
            Kind::WebKit => bail!("WebKitWebDriver says no port"),
        };
        let program = std::env::var(variable).unwrap_or_else(|_| name.into());
        let mut child = Command::new(&program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} does not start. {}", kind.advice()))?;
        let out = child.stdout.take().with_context(|| format!("{program} has no output"))?;
        let (found, port) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to its end, so that the pipe never fills.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let port = line.split(before).nth(1);
                if let Some(port) = port.and_then(|rest| rest.trim_end_matches('.').parse().ok()) {
                    let _ = found.send(port);
                }
            }
        });
        match port.recv_timeout(crate::PATIENCE) {
            Ok(port) => Ok(Self { child, port, screen: None }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                bail!("{program} did not say which port it listens on")
            }
        }
    }

    /// It says nothing, so it is given a port that was free a moment ago; and a screen in memory.
    fn start_webkit() -> Result<Self> {
        let advice = || Kind::WebKit.advice();
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("Xvfb does not start. {}", advice()))?;
        let mut display = String::new();
        let out = screen.stdout.take().context("Xvfb has no output")?;
        BufReader::new(out).read_line(&mut display)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("DISPLAY", format!(":{}", display.trim()))
            // No graphics card.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("WebKitWebDriver does not start. {}", advice()))?;
        let driver = Self { child, port, screen: Some(screen) };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(begun.elapsed() < crate::PATIENCE, "WebKitWebDriver does not listen on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(driver)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn end(&self, session: &str) -> std::io::Result<()> {
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
        for process in [Some(&mut self.child), self.screen.as_mut()].into_iter().flatten() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
