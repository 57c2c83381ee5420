use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// A site whose survey has five segments of its own, and which signs who answers.
const SITE: &str = r#"
site = "bench"
origins = ["*"]
[[identity]]
kid = "bench"
algorithm = "HS256"
secret_env = "CANDOR_BENCH_SECRET"
[[survey]]
id = "bench"
version = 1
metric = "nps"
segments = ["plan", "country", "device", "page", "plan×country"]
"#;
const SECRET: (&str, &str) = ("CANDOR_BENCH_SECRET", "0123456789abcdef0123456789abcdef");

/// A token that the site has signed, for a thousand years.
pub(crate) fn token() -> String {
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let parts = [r#"{"alg":"HS256","kid":"bench"}"#, r#"{"sub":"u-77","exp":33000000000}"#];
    let signed = parts.map(|part| encode(part.as_bytes())).join(".");
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.1.as_bytes()).unwrap().chain_update(&signed);
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

/// Which of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Real,
    WithoutStore,
}

/// A server on core 0 with a new database, killed when dropped.
pub(crate) struct Served {
    pub(crate) address: String,
    child: Child,
    folder: TempDir,
    /// Kept open: a log that can't be written would stop the process.
    _log: BufReader<ChildStdout>,
}

/// A program that runs on this core alone, as long as there are two.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, core: usize) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &(core % cores).to_string()]).arg(name);
    command
}

impl Served {
    pub(crate) fn start(kind: Kind, folder: &Path) -> Self {
        let folder = tempfile::tempdir_in(folder).unwrap();
        let mut command = match kind {
            Kind::Real => {
                let mut command = program(env!("CARGO_BIN_EXE_candor"), 0);
                command.arg("serve");
                command
            }
            Kind::WithoutStore => {
                let mut command = program(std::env::current_exe().unwrap(), 0);
                command.arg("without-store");
                command
            }
        };
        std::fs::write(folder.path().join("bench.toml"), SITE).unwrap();
        command.arg("--surveys").arg(folder.path()).env(SECRET.0, SECRET.1);
        let database = format!("sqlite://{}", folder.path().join("candor.sqlite").display());
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--token",
            "a-token-of-benches",
            "--answers-per-minute",
            "0",
        ]);
        let mut child = command.args(["--database", &database]).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server has ended without an address");
            let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
            if let Some(address) = entry["address"].as_str() {
                break address.to_owned();
            }
        };
        Self { address, child, folder, _log: log }
    }

    /// What the process has used of processors, its own time and the system's for it.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name, in brackets, may have spaces; utime and stime are the 12th and 13th after it.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11..=12].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
        // Linux counts these in hundredths of a second whatever its own clock is.
        ticks / 100.0
    }

    /// Ends it and gives the number of responses that its database holds.
    pub(crate) fn stop_and_count(mut self) -> u64 {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success(), "the server ends well");
        let database = rusqlite::Connection::open(self.folder.path().join("candor.sqlite")).unwrap();
        let rows: i64 = database.query_row("SELECT COUNT(*) FROM responses", [], |row| row.get(0)).unwrap();
        u64::try_from(rows).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The commit of this checkout.
pub(crate) fn commit() -> String {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--exclude", "*"]).output();
    git.ok()
        .filter(|git| git.status.success())
        .map_or_else(|| "unknown".to_owned(), |git| String::from_utf8_lossy(&git.stdout).trim().to_owned())
}

/// How many processes have wanted a processor, over the last minute.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
