use crate::browser::Kind;
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    time::Duration,
};

/// chromedriver or geckodriver on a free port, ended on drop.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// A driver with room for one more browser: chromedriver drives all of a test binary, a geckodriver one.
    pub(crate) fn get(kind: Kind) -> Result<Arc<Self>> {
        static CHROMEDRIVER: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        if kind == Kind::Firefox {
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
        // What each prints before its port: "ChromeDriver was started successfully on port 38141."
        let (variable, name, arguments, before) = match kind {
            Kind::Chromium => ("CHROMEDRIVER", "chromedriver", &["--port=0"][..], "successfully on port "),
            Kind::Firefox => (
                "GECKODRIVER",
                "geckodriver",
                &["--port=0", "--websocket-port=0"][..],
                "Listening on 127.0.0.1:",
            ),
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
            Ok(port) => Ok(Self { child, port }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                bail!("{program} did not say which port it listens on")
            }
        }
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
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
