//! What a page has downloaded, from the driver's log of the DevTools protocol's events.

use anyhow::Result;
use serde_json::Value;
use std::collections::HashMap;

#[derive(Default)]
pub(crate) struct Traffic {
    /// When the page itself was asked for, in seconds of the browser's clock.
    start: f64,
    /// By the browser's own number: when a download ended, and its size.
    downloads: HashMap<String, Option<(f64, f64)>>,
}

impl Traffic {
    /// Reads the entries since the page was asked for; the page itself and its icon are left out.
    pub(crate) fn of(entries: &[Value]) -> Result<Self> {
        let mut traffic = Self::default();
        for entry in entries {
            let message = entry.get("message").and_then(Value::as_str).unwrap_or_default();
            traffic.read(&serde_json::from_str(message)?);
        }
        Ok(traffic)
    }

    fn read(&mut self, event: &Value) {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let number = |pointer: &str| event.pointer(pointer).and_then(Value::as_f64).unwrap_or_default();
        let (id, time) = (text("/message/params/requestId"), number("/message/params/timestamp"));
        match text("/message/method") {
            "Network.requestWillBeSent" if text("/message/params/type") == "Document" => self.start = time,
            "Network.requestWillBeSent" if text("/message/params/request/url").ends_with("/favicon.ico") => {}
            "Network.requestWillBeSent" => {
                self.downloads.insert(id.to_owned(), None);
            }
            "Network.loadingFinished" => {
                if let Some(download) = self.downloads.get_mut(id) {
                    *download = Some((time, number("/message/params/encodedDataLength")));
                }
            }
            _ => {}
        }
    }

    /// Bytes that had come when the page was this old, in milliseconds.
    pub(crate) fn until(&self, age: f64) -> f64 {
        let done = self.downloads.values().flatten();
        done.filter(|(end, _)| (end - self.start) * 1_000.0 <= age).map(|(_, bytes)| bytes).sum()
    }

    pub(crate) fn requests(&self) -> f64 {
        self.downloads.len() as f64
    }
}
