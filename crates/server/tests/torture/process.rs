use serde_json::Value;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

pub(crate) const TOKEN: &str = "a-token-of-tests";

/// The real binary, killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// The server's own, also when a tracer started it.
    pub(crate) pid: u32,
    pub(crate) address: String,
}

/// How it is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// The folder of the folder `surveys`, and of the database, `candor.sqlite`, unless that has one of its own.
    pub(crate) folder: PathBuf,
    pub(crate) data: Option<PathBuf>,
    /// Whether `--surveys` is given.
    pub(crate) surveys: bool,
    /// Settings, by their environment variables: a server that doesn't know one ignores it.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// strace writes all that matters for durability to this file.
    pub(crate) traced: Option<PathBuf>,
    /// With `traced`: the disk has no room for the write-ahead log. Of other files nothing is traced then.
    pub(crate) is_full: bool,
}

/// What strace is told, apart from what to run: the calls that write to sockets and files, and those that sync.
pub(crate) const TRACE: [&str; 5] = [
    "--follow-forks",
    "--decode-fds=path",
    "--string-limit=8192",
    "--signal=none",
    "--trace=execve,fsync,fdatasync,pwrite64,write,writev,sendto",
];

impl Start {
    pub(crate) fn new(folder: &Path) -> Self {
        let surveys = folder.join("surveys");
        if !surveys.exists() {
            std::fs::create_dir(&surveys).unwrap();
            let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wire/shop.toml");
            std::fs::copy(shop, surveys.join("shop.toml")).unwrap();
        }
        Self { folder: folder.to_owned(), surveys: true, ..Self::default() }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data.as_ref().unwrap_or(&self.folder).join("candor.sqlite")
    }

    fn log(&self) -> PathBuf {
        self.database().with_extension("sqlite-wal")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}", self.database().display())
    }

    fn spawn(&self) -> Child {
        let binary = env!("CARGO_BIN_EXE_candor");
        let mut command = match &self.traced {
            None => Command::new(binary),
            Some(file) => {
                let mut strace = Command::new("strace");
                strace.args(TRACE).arg("--output").arg(file);
                if self.is_full {
                    strace.args(["--inject=pwrite64:error=ENOSPC", "--trace-path"]).arg(self.log());
                }
                strace.arg(binary);
                strace
            }
        };
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--token", TOKEN]);
        command.args(["--database", &self.url()]);
        if self.surveys {
            command.arg("--surveys").arg(self.folder.join("surveys"));
        }
        // All answers come from one address. An earlier build does not know the flag.
        command.env("CANDOR_ANSWERS_PER_MINUTE", "0");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let child = command.stdout(Stdio::piped()).spawn();
        child.unwrap_or_else(|error| panic!("{error}: {}", NO_STRACE))
    }

    /// Starts it and waits until it listens.
    pub(crate) fn listening(&self) -> Process {
        let mut child = self.spawn();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let Some(address) = address(&mut log) else {
            panic!(
                "the server has ended without an address{}",
                self.traced.as_ref().map_or("", |_| NO_STRACE)
            )
        };
        // A log that nobody reads would stop the process once the pipe is full.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let pid = match &self.traced {
            None => child.id(),
            Some(_) => {
                let strace = child.id();
                let children = std::fs::read_to_string(format!("/proc/{strace}/task/{strace}/children"));
                children.unwrap().split_whitespace().next().unwrap().parse().unwrap()
            }
        };
        Process { child, pid, address }
    }

    /// Starts it and waits for nothing.
    pub(crate) fn starting(&self) -> Process {
        let mut child = self.spawn();
        let mut log = child.stdout.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Process { pid: child.id(), child, address: String::new() }
    }

    /// Starts it and kills it at once, which may be before it listens.
    pub(crate) fn killed_after(&self, time: Duration) {
        let mut child = self.spawn();
        std::thread::sleep(time);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

pub(crate) const NO_STRACE: &str = " (this test needs strace, which `cargo xtask test` installs, and the right to trace: in a \
    container give it the capability SYS_PTRACE, elsewhere run `sysctl kernel.yama.ptrace_scope=0` as root)";

fn address(log: &mut BufReader<ChildStdout>) -> Option<String> {
    loop {
        let mut line = String::new();
        if log.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        let entry: Value = serde_json::from_str(&line).unwrap();
        if let Some(address) = entry["address"].as_str() {
            return Some(address.to_owned());
        }
    }
}

impl Process {
    /// Sends `KILL` or `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid.to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end, at most so long.
    pub(crate) async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if Instant::now() > deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The most memory that it has held so far, in MB.
    pub(crate) fn peak_memory_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024 / 1_000_000
    }

    /// Connections that it holds or has yet to accept, seen from its own side: a client that never reads learns nothing of
    /// a close.
    pub(crate) fn connections(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap();
        let is_socket = |link: PathBuf| link.to_string_lossy().starts_with("socket:");
        let sockets = files
            .filter_map(|file| file.ok()?.path().read_link().ok())
            .filter(|link| is_socket(link.clone()));
        let port: u16 = self.address.rsplit_once(':').unwrap().1.parse().unwrap();
        let listening = format!(":{port:04X} 00000000:0000 0A ");
        // Those that listen come first, and to list all others takes a server's worth of time.
        let mut rows = BufReader::new(File::open("/proc/net/tcp").unwrap()).lines();
        let row = rows.find_map(|row| Some(row.unwrap().split_once(&listening)?.1.to_owned()));
        let row = row.unwrap_or_default();
        // Of a socket that listens, this is how many wait to be accepted.
        let waiting = row.split([':', ' ']).nth(1).and_then(|hex| usize::from_str_radix(hex, 16).ok());
        // The one that listens, and a pair through which tokio hears of signals: it holds the end that it reads twice.
        sockets.count().saturating_sub(4) + waiting.unwrap_or(0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A tracer that is killed would leave the server behind.
        let _ = Command::new("kill").args(["-KILL", &self.pid.to_string()]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}
