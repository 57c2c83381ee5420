use crate::http::{self, HeaderMap, Method, StatusCode};
use anyhow::{Context, Result, bail, ensure};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime},
};

/// The token that reads scores in these tests.
pub const TOKEN: &str = "journeys-token";

/// `candor serve` on a free port with a database and a surveys folder of its own; killed and removed on drop.
#[derive(Debug)]
pub struct Candor {
    child: Child,
    address: String,
    folder: PathBuf,
    arguments: Vec<OsString>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Candor {
    /// A server that knows only the presets.
    ///
    /// # Errors
    /// When the binary is missing or does not come up.
    pub fn start() -> Result<Self> {
        Self::spawn(temporary_folder()?, Vec::new())
    }

    /// A server with these files in its surveys folder: name (`shop.toml`) and source.
    ///
    /// # Errors
    /// When the binary is missing or does not come up.
    pub fn with_sites(sites: &[(&str, &str)]) -> Result<Self> {
        let folder = temporary_folder()?;
        for (name, source) in sites {
            std::fs::write(folder.join("surveys").join(name), source)?;
        }
        let surveys = folder.join("surveys").into();
        Self::spawn(folder, vec!["--surveys".into(), surveys])
    }

    /// The demo as `cargo xtask demo` serves it, page, widget and endpoint on one origin.
    ///
    /// # Errors
    /// When the binary is missing or does not come up.
    pub fn demo() -> Result<Self> {
        Self::spawn_demo(temporary_folder()?)
    }

    /// The demo with its made-up answers.
    ///
    /// # Errors
    /// When they can't be kept, or as for [`demo`](Self::demo).
    pub async fn demo_with_answers() -> Result<Self> {
        let folder = temporary_folder()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        candor_demo::fill(&database(&folder), i64::try_from(now.as_millis())?).await?;
        Self::spawn_demo(folder)
    }

    fn spawn_demo(folder: PathBuf) -> Result<Self> {
        let root = crate::root();
        let given = [("--surveys", "surveys"), ("--demo", "www/demo"), ("--playground", "index.html")];
        let paths = given.iter().flat_map(|(flag, path)| [OsString::from(flag), root.join(path).into()]);
        Self::spawn(folder, paths.collect())
    }

    fn spawn(folder: PathBuf, arguments: Vec<OsString>) -> Result<Self> {
        let log = Arc::default();
        let (child, address) = serve(&folder, "127.0.0.1:0", &arguments, &log)?;
        Ok(Self { child, address, folder, arguments, log })
    }

    /// A server with the demo's sites, each open to pages of this one origin.
    ///
    /// # Errors
    /// When the binary is missing or does not come up.
    pub fn with_demo_sites(origin: &str) -> Result<Self> {
        let folder = crate::root().join("surveys");
        let mut sites = Vec::new();
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("no surveys at {}", folder.display()))?
        {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if !name.ends_with(".toml") {
                continue;
            }
            let open = |line: &str| {
                if line.starts_with("origins") {
                    format!("origins = [\"{origin}\"]\n")
                } else {
                    format!("{line}\n")
                }
            };
            sites.push((name, std::fs::read_to_string(&path)?.lines().map(open).collect::<String>()));
        }
        Self::with_sites(
            &sites.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect::<Vec<_>>(),
        )
    }

    /// Ends the server with SIGKILL, as a power cut would. The database stays.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        // On Unix this is SIGKILL.
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts the killed server again, on the same address and database.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        let (child, address) = serve(&self.folder, &self.address, &self.arguments, &self.log)?;
        self.child = child;
        ensure!(address == self.address, "the server came back on {address} instead of {}", self.address);
        Ok(())
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a path on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The script tag that a site owner pastes, with these attributes.
    #[must_use]
    pub fn tag(&self, attributes: &str) -> String {
        format!("<script async src=\"{}\" {attributes}></script>", self.url("/candor.js"))
    }

    /// The address for `data-endpoint`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.url("/v1/responses")
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Posts one response and gives status and body.
    ///
    /// # Errors
    /// When the server does not answer with JSON.
    pub async fn post(&self, response: &Value) -> Result<(StatusCode, Value)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = http::send(Method::POST, &self.endpoint(), &headers, response.to_string()).await?;
        let body = serde_json::from_slice(answer.body()).context("the receipt is not JSON")?;
        Ok((answer.status(), body))
    }

    /// The survey's scores over everything.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn scores(&self, survey: &str) -> Result<Value> {
        self.read(&format!("/v1/surveys/{survey}/scores")).await
    }

    /// The survey's responses, newest first.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn responses(&self, survey: &str) -> Result<Value> {
        self.read(&format!("/v1/surveys/{survey}/responses")).await
    }

    /// The counts per point, ascending, over everything.
    ///
    /// # Errors
    /// When the server refuses or answers without counts.
    pub async fn counts(&self, survey: &str) -> Result<Vec<u64>> {
        let scores = self.scores(survey).await?;
        let counts = scores.pointer("/total/counts").and_then(Value::as_array);
        let counts = counts.with_context(|| format!("scores without total.counts: {scores}"))?;
        Ok(counts.iter().filter_map(Value::as_u64).collect())
    }

    /// Waits until the counts per point are these.
    ///
    /// # Errors
    /// When they are not in time; says what they were.
    pub async fn counted(&self, survey: &str, wanted: &[u64]) -> Result<()> {
        let deadline = tokio::time::Instant::now() + crate::PATIENCE;
        loop {
            let counts = self.counts(survey).await?;
            if counts == wanted {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                bail!("{survey} counts {counts:?} instead of {wanted:?}\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What an analyst gets at this path.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn read(&self, path: &str) -> Result<Value> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {TOKEN}"))?);
        let answer = http::send(Method::GET, &self.url(path), &headers, "").await?;
        let text = String::from_utf8_lossy(answer.body());
        ensure!(answer.status() == StatusCode::OK, "{path} answers {}: {text}", answer.status());
        serde_json::from_str(&text).with_context(|| format!("{path} is not JSON: {text}"))
    }
}

impl Drop for Candor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn temporary_folder() -> Result<PathBuf> {
    // Asked first, so that a missing server leaves no folder behind.
    binary()?;
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("candor-journey-{}-{count}", std::process::id()));
    std::fs::create_dir_all(folder.join("surveys"))?;
    Ok(folder)
}

fn binary() -> Result<PathBuf> {
    let path = match std::env::var_os("CANDOR_BIN") {
        Some(path) => PathBuf::from(path),
        None => crate::target()?.join("debug/candor"),
    };
    ensure!(
        path.is_file(),
        "There is no server at {}. Build it with `cargo xtask build && cargo build -p candor-server`, or name it in CANDOR_BIN.",
        path.display()
    );
    Ok(path)
}

fn database(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("candor.sqlite").display())
}

fn serve(
    folder: &Path,
    listen: &str,
    arguments: &[OsString],
    log: &Arc<Mutex<Vec<String>>>,
) -> Result<(Child, String)> {
    let mut child = Command::new(binary()?)
        .arg("serve")
        .args(["--listen", listen, "--token", TOKEN, "--log-format", "json"])
        .args(["--database", &database(folder)])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("the server does not start")?;
    let (found, address) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        follow(out, Arc::clone(log), found.clone());
    }
    if let Some(err) = child.stderr.take() {
        follow(err, Arc::clone(log), found);
    }
    match address.recv_timeout(crate::PATIENCE) {
        Ok(address) => Ok((child, address)),
        Err(_) => {
            let _ = child.kill();
            let _ = child.wait();
            bail!(
                "the server did not say where it listens:\n{}",
                log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
            )
        }
    }
}

/// Keeps every line of a log, so that the pipe never fills, and tells the address when a line names it.
fn follow(
    pipe: impl std::io::Read + Send + 'static,
    log: Arc<Mutex<Vec<String>>>,
    found: mpsc::Sender<String>,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Ok(entry) = serde_json::from_str::<Value>(&line) {
                let address = entry.get("address").or_else(|| entry.pointer("/fields/address"));
                if let Some(address) = address.and_then(Value::as_str) {
                    let _ = found.send(address.trim_start_matches("http://").into());
                }
            }
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}
