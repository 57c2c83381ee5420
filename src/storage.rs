//! Browser storage, which may be refused, full or taken away at any moment. What it refuses is kept in memory, for
//! as long as the page lives.

use crate::clock::window;
use std::cell::RefCell;
use web_sys::Storage;

thread_local! {
    static MEMORY: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

fn local() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn take_from_memory(key: &str) {
    MEMORY.with_borrow_mut(|memory| memory.retain(|(known, _)| known != key));
}

/// The value under a key.
pub(crate) fn get(key: &str) -> Option<String> {
    let kept = MEMORY
        .with_borrow(|memory| memory.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone()));
    kept.or_else(|| local()?.get_item(key).ok()?)
}

/// Keeps a value before it returns. False if only memory would take it.
pub(crate) fn set(key: &str, value: &str) -> bool {
    take_from_memory(key);
    if local().is_some_and(|local| local.set_item(key, value).is_ok()) {
        return true;
    }
    MEMORY.with_borrow_mut(|memory| memory.push((key.into(), value.into())));
    false
}

/// Forgets a key.
pub(crate) fn remove(key: &str) {
    take_from_memory(key);
    if let Some(local) = local() {
        let _ = local.remove_item(key);
    }
}

/// Forgets all that browser storage refused.
pub(crate) fn clear_memory() {
    MEMORY.with_borrow_mut(Vec::clear);
}

/// Every key that begins with `prefix`, sorted.
pub(crate) fn keys(prefix: &str) -> Vec<String> {
    let mut sorted: Vec<String> = Vec::new();
    // By insertion, because the library's sort is 4 kB and there are hardly ever two.
    let mut add = |key: String| {
        let place = sorted.partition_point(|known| *known < key);
        if key.starts_with(prefix) && sorted.get(place) != Some(&key) {
            sorted.insert(place, key);
        }
    };
    MEMORY.with_borrow(|memory| memory.iter().for_each(|(key, _)| add(key.clone())));
    if let Some(local) = local() {
        (0..local.length().unwrap_or(0)).filter_map(|i| local.key(i).ok()?).for_each(add);
    }
    sorted
}
