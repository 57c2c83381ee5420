//! Requests that are not answered as asked and tokens that are not believed, for the operator: each is counted by its reason, and the
//! log says so without being flooded.

use crate::{identity::Identity, metrics::counters};
use axum::http::StatusCode;
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tracing::Level;

/// For so long after a line of the log further refusals of its reason are only counted; then their number is said.
const WINDOW: Duration = Duration::from_secs(10);
/// How often it is seen whether windows have ended.
const TICK: Duration = Duration::from_secs(1);

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $name:literal, $level:ident;)*) => {
        /// Why a request is refused. The level says whose trouble it is: at error the server is at fault, at warn the
        /// operator can do something, at info they may want to know, and at debug it is the client's business alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reason { $($(#[$doc])* $reason,)* }

        impl Reason {
            const ALL: [Self; [$(Self::$reason),*].len()] = [$(Self::$reason),*];

            const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name),* }
            }

            const fn level(self) -> Level {
                match self { $(Self::$reason => Level::$level),* }
            }
        }
    };
}

reasons! {
    /// The database failed: nothing is kept until that is repaired.
    Database = "database", ERROR;
    /// A handler panicked.
    Panic = "panic", ERROR;
    /// What should not happen did.
    Fault = "fault", ERROR;
    /// More answers wait than there is room for: the disk is too slow for the traffic.
    Busy = "busy", WARN;
    /// The widget's files are not in the binary.
    NoFiles = "no_files", WARN;
    /// A wrong token: someone guesses, or a program still has an old one.
    Token = "token", WARN;
    /// A page that the site does not let in: another's, or an origin is missing in the site's file.
    Origin = "origin", WARN;
    /// Browsers keep the answers to a site that isn't here for some days, so its file is still worth adding.
    UnknownSite = "unknown_site", WARN;
    /// Likewise a survey, or a version of it.
    UnknownSurvey = "unknown_survey", WARN;
    /// More answers from one address to one site than may be: an attack, or many people behind one address.
    TooMany = "too_many", WARN;
    /// No token where one is needed.
    NoToken = "no_token", INFO;
    /// The body took too long. One is a bad connection, many are an attack.
    TooSlow = "too_slow", INFO;
    /// The body ended too early.
    CutOff = "cut_off", DEBUG;
    /// The body is not JSON.
    NotJson = "not_json", DEBUG;
    /// The body is declared as something else than JSON.
    ContentType = "content_type", DEBUG;
    /// The body is too large.
    TooLarge = "too_large", DEBUG;
    /// A field or parameter has a wrong value.
    Invalid = "invalid", DEBUG;
    /// The id or the revision was used for something else.
    Conflict = "conflict", DEBUG;
    /// There is nothing at the address.
    NotFound = "not_found", DEBUG;
    /// The method does not work at the address.
    Method = "method", DEBUG;
}

impl Reason {
    /// What a status means where nothing more exact is said.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::NotJson,
            StatusCode::UNAUTHORIZED => Self::Token,
            StatusCode::FORBIDDEN => Self::Origin,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::REQUEST_TIMEOUT => Self::TooSlow,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::ContentType,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            status if status.is_server_error() => Self::Fault,
            _ => Self::Invalid,
        }
    }

    const fn subject(self) -> Subject {
        Subject { reason: self.name(), level: self.level(), what: "refused" }
    }
}

impl Identity {
    /// What the log says of a token that is not believed; `None` of what is as it should be.
    fn subject(self) -> Option<Subject> {
        let level = match self {
            Self::Signed | Self::Unsigned => return None,
            // One is a page that was long open, many are a site whose tokens end too soon.
            Self::Expired => Level::INFO,
            // The site signs otherwise than its file says, or somebody tries.
            Self::WrongSignature | Self::UnknownKey | Self::Malformed => Level::WARN,
        };
        Some(Subject { reason: self.name(), level, what: "an identity was not believed" })
    }
}

/// What lines of the log are about.
#[derive(Clone, Copy, Debug)]
struct Subject {
    reason: &'static str,
    level: Level,
    what: &'static str,
}

impl Subject {
    fn say(self, Line { count, detail }: Line) {
        let (Self { reason, level, what }, detail) = (self, detail.as_str());
        match level {
            Level::ERROR => tracing::error!(reason, count, detail, "{what}"),
            Level::WARN => tracing::warn!(reason, count, detail, "{what}"),
            Level::INFO => tracing::info!(reason, count, detail, "{what}"),
            _ => tracing::debug!(reason, count, detail, "{what}"),
        }
    }
}

/// One refusal. It travels in the response's extensions from where it is made to where all responses pass.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// For the log: no visitor's address, token or answer.
    pub(crate) detail: String,
}

/// The one place that counts refusals and says them.
#[derive(Debug)]
pub(crate) struct Refusals {
    requests: Vec<(Reason, Entry)>,
    identities: Vec<(Identity, Entry)>,
}

#[derive(Debug)]
struct Entry {
    /// `None`: it is only counted.
    subject: Option<Subject>,
    total: Counter,
    window: Mutex<Window>,
}

impl Refusals {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let help = "Requests that were not answered as asked";
        let totals = counters(registry, "refusals", help, "reason", Reason::ALL.map(Reason::name));
        let requests = Reason::ALL.into_iter().zip(totals);
        let help = "Answers to sites that sign who answers, and answers with a token, by what became of it";
        let totals = counters(registry, "identity", help, "outcome", Identity::ALL.map(Identity::name));
        let identities = Identity::ALL.into_iter().zip(totals);
        let entry = |subject, total| Entry { subject, total, window: Mutex::default() };
        Self {
            requests: requests
                .map(|(reason, total)| (reason, entry(Some(reason.subject()), total)))
                .collect(),
            identities: identities.map(|(one, total)| (one, entry(one.subject(), total))).collect(),
        }
    }

    /// Counts a refusal and says it, at once or together with those that follow.
    pub(crate) fn add(&self, Refusal { reason, detail }: Refusal) {
        if let Some((_, entry)) = self.requests.iter().find(|(known, _)| *known == reason) {
            entry.add(detail);
        }
    }

    /// Counts what became of an identity, and says it likewise if it was not believed. No word of the token is said.
    pub(crate) fn add_identity(&self, identity: Identity, site: &str) {
        if let Some((_, entry)) = self.identities.iter().find(|(known, _)| *known == identity) {
            entry.add(format!("for the site {site}"));
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let requests = self.requests.iter().map(|(_, entry)| entry);
        requests.chain(self.identities.iter().map(|(_, entry)| entry))
    }

    /// Says again and again what was only counted; never ends.
    pub(crate) async fn report(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            for entry in self.entries() {
                entry.say(|window| window.end(Instant::now()));
            }
        }
    }

    /// Says what has not been said, because nothing comes after.
    pub(crate) fn finish(&self) {
        for entry in self.entries() {
            entry.say(Window::take);
        }
    }
}

impl Entry {
    fn add(&self, detail: String) {
        self.total.inc();
        self.say(|window| window.add(detail, Instant::now()));
    }

    /// The log is written after the lock is given back.
    fn say(&self, change: impl FnOnce(&mut Window) -> Option<Line>) {
        let Some(subject) = self.subject else { return };
        let line = change(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(line) = line {
            subject.say(line);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    count: u64,
    detail: String,
}

/// What came since the last line about one reason.
#[derive(Debug, Default)]
struct Window {
    /// `None`: it has been quiet, so the next one is said at once.
    end: Option<Instant>,
    count: u64,
    last: String,
}

impl Window {
    fn add(&mut self, detail: String, now: Instant) -> Option<Line> {
        if self.end.is_some_and(|end| now < end || self.count > 0) {
            self.count += 1;
            self.last = detail;
            return None;
        }
        self.end = Some(now + WINDOW);
        Some(Line { count: 1, detail })
    }

    fn end(&mut self, now: Instant) -> Option<Line> {
        if self.end.is_none_or(|end| now < end) {
            return None;
        }
        let line = self.take();
        self.end = line.is_some().then(|| now + WINDOW);
        line
    }

    fn take(&mut self) -> Option<Line> {
        let count = std::mem::take(&mut self.count);
        (count > 0).then(|| Line { count, detail: std::mem::take(&mut self.last) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io, sync::Arc};

    #[tokio::test(start_paused = true)]
    async fn the_log_says_each_refusal_once_and_the_last_detail() {
        let (log, refusals) = (Log::default(), Refusals::new(&mut Registry::default()));
        let written = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time();
        let subscriber = subscriber.with_writer(move || written.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let add = |reason, detail: &str| refusals.add(Refusal { reason, detail: detail.into() });
        for detail in ["first", "second", "third"] {
            add(Reason::Busy, detail);
            add(Reason::Invalid, detail);
        }
        add(Reason::Token, "a\nb");
        for identity in Identity::ALL {
            refusals.add_identity(identity, "shop");
        }
        assert!(tokio::time::timeout(3 * WINDOW, refusals.report()).await.is_err());
        add(Reason::Busy, "fourth");
        add(Reason::Busy, "fifth");
        refusals.finish();
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> =
            text.lines().map(|line| line.trim().replace("candor_server::refusals: ", "")).collect();
        let expected = [
            r#"WARN refused reason="busy" count=1 detail="first""#,
            r#"WARN refused reason="token" count=1 detail="a\nb""#,
            r#"WARN an identity was not believed reason="wrong_signature" count=1 detail="for the site shop""#,
            r#"INFO an identity was not believed reason="expired" count=1 detail="for the site shop""#,
            r#"WARN an identity was not believed reason="unknown_key" count=1 detail="for the site shop""#,
            r#"WARN an identity was not believed reason="malformed" count=1 detail="for the site shop""#,
            r#"WARN refused reason="busy" count=2 detail="third""#,
            r#"WARN refused reason="busy" count=1 detail="fourth""#,
            r#"WARN refused reason="busy" count=1 detail="fifth""#,
        ];
        assert_eq!(lines, expected);
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(count: u64, detail: &str) -> Option<Line> {
        Some(Line { count, detail: detail.into() })
    }

    #[test]
    fn the_first_is_said_at_once_and_the_others_together() {
        let (mut window, start) = (Window::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut add = |detail: &str, seconds| window.add(detail.into(), at(seconds));
        assert_eq!(add("a", 0), line(1, "a"));
        assert_eq!((add("b", 1), add("c", 9)), (None, None));
        assert_eq!((window.end(at(9)), window.end(at(10))), (None, line(2, "c")));
        // The line that was said last opens the next window.
        assert_eq!(window.add("d".into(), at(19)), None);
        assert_eq!((window.end(at(19)), window.end(at(20)), window.end(at(21))), (None, line(1, "d"), None));
        assert_eq!(window.end(at(30)), None);
        assert_eq!(window.add("e".into(), at(31)), line(1, "e"));
        assert_eq!(
            (window.take(), window.add("f".into(), at(32)), window.take()),
            (None, None, line(1, "f"))
        );
    }

    #[test]
    fn what_comes_after_a_late_tick_is_not_said_before_what_came_earlier() {
        let (mut window, start) = (Window::default(), Instant::now());
        window.add("a".into(), start);
        window.add("b".into(), start);
        assert_eq!(window.add("c".into(), start + 2 * WINDOW), None);
        assert_eq!(window.end(start + 2 * WINDOW), line(2, "c"));
    }
}
