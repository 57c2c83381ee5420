//! How many answers may come from one address to one site, so that nobody drowns out the others by sending made-up ones.
//!
//! An address is looked at for that and forgotten: what is held for a while is a number made of it that leads nowhere.

use crate::config::LimitsConfig;
use axum::http::{HeaderMap, HeaderName};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

/// The most addresses that are held, some 2 MB. One goes as soon as what came from it lies back long enough, at the default a tenth of
/// a second for each answer: to fill this takes more answers a second than this server reads.
const MAX_HELD: usize = 65_536;
/// How often it is looked for those that may go.
const TICK: Duration = Duration::from_secs(1);

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

type Limiter<C> = RateLimiter<u64, Held, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// What of the answers that come has had its share.
#[derive(Debug)]
pub(crate) struct Limits<C: Clock = DefaultClock> {
    /// `None`: there is no limit.
    limiter: Option<Limiter<C>>,
    header: Option<HeaderName>,
    hasher: RandomState,
    told: Once,
}

impl Limits {
    pub(crate) fn new(config: &LimitsConfig) -> Self {
        Self::with(config, DefaultClock::default(), MAX_HELD)
    }
}

impl<C: Clock> Limits<C> {
    fn with(config: &LimitsConfig, clock: C, most: usize) -> Self {
        let limiter = NonZeroU32::new(config.answers_per_minute).map(|answers| {
            let held = Held { most, moments: Mutex::default() };
            RateLimiter::new(Quota::per_minute(answers), held, clock)
        });
        Self {
            limiter,
            header: config.client_address_header.clone(),
            hasher: RandomState::new(),
            told: Once::new(),
        }
    }

    /// Takes one answer to a site, or says for how many seconds its sender has to wait.
    pub(crate) fn take(&self, site: &str, headers: &HeaderMap, peer: Option<Peer>) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let Some(address) = self.client(headers, peer) else { return Ok(()) };
        let key = self.hasher.hash_one((site, prefix(address)));
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(limiter.clock().now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }

    /// Who is at the other end; `None` if that can't be told, because a proxy stands between.
    fn client(&self, headers: &HeaderMap, peer: Option<Peer>) -> Option<IpAddr> {
        let named = self.header.as_ref().and_then(|header| last(headers, header));
        let of_peer = || peer.map(|Peer(peer)| peer.to_canonical()).filter(|peer| !is_internal(*peer));
        let client = named.or_else(of_peer);
        if client.is_none() {
            self.told.call_once(|| match &self.header {
                Some(header) => tracing::warn!(
                    %header,
                    "--client-address-header: a request had no address there, so that --answers-per-minute did not limit it"
                ),
                None => tracing::info!(
                    "requests come from this network, as through a proxy: --answers-per-minute limits them once \
                     --client-address-header names the header in which the proxy says whose they are"
                ),
            });
        }
        client
    }

    /// Forgets again and again who has not sent for a while; never ends.
    pub(crate) async fn forget(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            self.forget_now();
        }
    }

    fn forget_now(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            if limiter.is_empty() {
                limiter.shrink_to_fit();
            }
        }
    }
}

/// The address that the proxy has added: the last of a list, because what stands before came with the request, and need not be text.
fn last(headers: &HeaderMap, header: &HeaderName) -> Option<IpAddr> {
    let value = headers.get_all(header).iter().next_back()?;
    let entry = value.as_bytes().rsplit(|byte| *byte == b',').next()?;
    let text = std::str::from_utf8(entry).ok()?.trim();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

/// Whether an address is of this machine or network, where a proxy stands and no visitor.
fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            // 100.64.0.0/10, where some hosts have their load balancers (RFC 6598).
            let [first, second, ..] = v4.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// What is one client's: an address of IPv4, because neighbours in a larger net are strangers; of IPv6 the first 64 bits, the least that
/// a connection gets, within which it takes any address it likes.
fn prefix(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
    }
}

/// By when what came from an address has had its time, for no more addresses than there is room for. Others are let in uncounted: who has so
/// many addresses must not keep everybody else out.
#[derive(Debug)]
struct Held {
    most: usize,
    moments: Mutex<HashMap<u64, Nanos>>,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Nanos>> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Held {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut moments = self.lock();
        let has_room = moments.len() < self.most;
        let (outcome, moment) = measure(moments.get(key).copied())?;
        if has_room || moments.contains_key(key) {
            moments.insert(*key, moment);
        }
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<u64> for Held {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().retain(|_, moment| *moment > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.lock().shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use governor::clock::FakeRelativeClock;

    fn limits(answers_per_minute: u32, most: usize) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let header = Some(HeaderName::from_static("x-real-ip"));
        let config = LimitsConfig { answers_per_minute, client_address_header: header };
        (Limits::with(&config, clock.clone(), most), clock)
    }

    fn from(address: &str) -> Option<Peer> {
        Some(Peer(address.parse().unwrap()))
    }

    /// How many answers of so many are taken.
    fn taken(limits: &Limits<FakeRelativeClock>, site: &str, address: &str, of: u32) -> u32 {
        let take = |_: &u32| limits.take(site, &HeaderMap::new(), from(address)).is_ok();
        u32::try_from((0..of).filter(take).count()).unwrap()
    }

    #[test]
    fn a_minutes_answers_may_come_at_once_and_then_as_many_as_a_minute_brings() {
        let (limits, clock) = limits(600, MAX_HELD);
        assert_eq!(taken(&limits, "shop", "203.0.113.7", 700), 600);
        let wait = limits.take("shop", &HeaderMap::new(), from("203.0.113.7"));
        assert_eq!(wait, Err(1), "a tenth of a second, in whole ones");
        clock.advance(Duration::from_secs(6));
        assert_eq!(taken(&limits, "shop", "203.0.113.7", 700), 60);
        // Of others nothing is taken away.
        for (site, address) in [("help", "203.0.113.7"), ("shop", "203.0.113.8"), ("shop", "2001:db8::7")] {
            assert_eq!(taken(&limits, site, address, 700), 600, "{site} {address}");
        }
        clock.advance(Duration::from_secs(60));
        assert_eq!(taken(&limits, "shop", "203.0.113.7", 700), 600);
    }

    #[test]
    fn the_wait_is_until_the_next_may_come() {
        let (limits, clock) = limits(2, MAX_HELD);
        assert_eq!(taken(&limits, "shop", "203.0.113.7", 2), 2);
        let wait = || limits.take("shop", &HeaderMap::new(), from("203.0.113.7"));
        assert_eq!(wait(), Err(30));
        clock.advance(Duration::from_millis(29_500));
        assert_eq!(wait(), Err(1));
        clock.advance(Duration::from_millis(500));
        assert_eq!(wait(), Ok(()));
    }

    #[test]
    fn without_a_limit_nothing_is_held() {
        let (limits, _) = limits(0, MAX_HELD);
        assert_eq!(taken(&limits, "shop", "203.0.113.7", 2_000), 2_000);
        assert!(limits.limiter.is_none());
    }

    #[test]
    fn one_client_is_an_address_of_ipv4_and_64_bits_of_ipv6() {
        let (limits, _) = limits(10, MAX_HELD);
        assert_eq!(taken(&limits, "shop", "2001:db8:1:2::1", 7), 7);
        assert_eq!(taken(&limits, "shop", "2001:db8:1:2:ffff:ffff:ffff:ffff", 7), 3);
        assert_eq!(taken(&limits, "shop", "2001:db8:1:3::1", 7), 7);
        assert_eq!(taken(&limits, "shop", "203.0.113.7", 7), 7);
        assert_eq!(taken(&limits, "shop", "::ffff:203.0.113.7", 7), 3);
    }

    #[test]
    fn who_has_many_addresses_keeps_nobody_out_and_fills_no_memory() {
        let (limits, clock) = limits(1, 3);
        let held = || limits.limiter.as_ref().unwrap().len();
        for n in 1..=9 {
            assert_eq!(taken(&limits, "shop", &format!("203.0.113.{n}"), 1), 1);
        }
        assert_eq!(held(), 3);
        // Those that are held stay limited, others come in.
        assert_eq!(taken(&limits, "shop", "203.0.113.1", 5), 0);
        assert_eq!(taken(&limits, "shop", "198.51.100.1", 5), 5);
        // They go when they have had their time.
        clock.advance(Duration::from_secs(30));
        limits.forget_now();
        assert_eq!(held(), 3);
        clock.advance(Duration::from_secs(91));
        limits.forget_now();
        assert_eq!(held(), 0);
        assert_eq!(taken(&limits, "shop", "198.51.100.1", 5), 1);
    }

    #[test]
    fn the_client_is_who_the_proxy_says_and_a_proxy_is_no_client() {
        let (limits, _) = limits(1, MAX_HELD);
        let client = |values: &[&str], peer: &str| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-real-ip", HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            limits.client(&headers, from(peer)).map(|address| address.to_string())
        };
        let some = |address: &str| Some(address.to_owned());
        assert_eq!(client(&["203.0.113.7"], "127.0.0.1"), some("203.0.113.7"));
        // What came with the request says nothing.
        assert_eq!(client(&["1.1.1.1, 203.0.113.7"], "10.0.0.1"), some("203.0.113.7"));
        assert_eq!(client(&["1.1.1.1", "2.2.2.2,203.0.113.7 "], "10.0.0.1"), some("203.0.113.7"));
        assert_eq!(client(&["203.0.113.7:4711"], "10.0.0.1"), some("203.0.113.7"));
        assert_eq!(client(&["[2001:db8::7]:4711"], "10.0.0.1"), some("2001:db8::7"));
        assert_eq!(client(&["[2001:db8::7]"], "10.0.0.1"), some("2001:db8::7"));
        assert_eq!(client(&["1.1.1.1, [2001:db8::7]"], "10.0.0.1"), some("2001:db8::7"));
        assert_eq!(client(&["::ffff:203.0.113.7"], "10.0.0.1"), some("203.0.113.7"));
        assert_eq!(client(&["é, 203.0.113.7"], "10.0.0.1"), some("203.0.113.7"));
        assert_eq!(client(&["é", "203.0.113.7"], "10.0.0.1"), some("203.0.113.7"));
        // A visitor of the proxy's own network is told apart from others by it.
        assert_eq!(client(&["192.168.0.5"], "10.0.0.1"), some("192.168.0.5"));
        for none in [
            &["unknown"][..],
            &["203.0.113.7,"],
            &["203.0.113.7, é"],
            &["203.0.113.7:99999"],
            &["[2001:db8::7"],
            &["2001:db8::7]"],
            &["[]"],
            &[],
        ] {
            assert_eq!(client(none, "198.51.100.4"), some("198.51.100.4"), "{none:?}");
            for proxy in [
                "127.0.0.1",
                "10.1.2.3",
                "172.16.0.1",
                "192.168.1.1",
                "169.254.1.1",
                "100.64.0.1",
                "100.127.255.255",
                "::1",
                "fd00::1",
                "fe80::1",
                "::ffff:10.0.0.1",
            ] {
                assert_eq!(client(none, proxy), None, "{none:?} {proxy}");
            }
        }
        for visitor in ["100.63.0.1", "100.128.0.1", "172.32.0.1", "2001:db8::1"] {
            assert_eq!(client(&[], visitor), some(visitor));
        }
    }
}
