//! Browser storage, which may be refused, full or taken away at any moment. What it refuses is kept in memory, for
//! as long as the page lives: in an object of the loader's, which reads its marks there and clears it.

use crate::js::{self, window};
use js_sys::{Function, Object, Reflect};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Storage;

thread_local! {
    static MEMORY: RefCell<Object> = RefCell::new(Object::new());
    static MIRROR: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls this from now on with each key of [`keep`] and [`remove`].
#[cfg(not(feature = "reactive"))]
pub(crate) fn mirror(keep: Function) {
    MIRROR.set(Some(keep));
}

fn mirrored(key: &str) {
    if let Some(keep) = MIRROR.with_borrow(Clone::clone) {
        let _ = keep.call1(&JsValue::UNDEFINED, &key.into());
    }
}

/// Keeps what browser storage refuses in this object from now on, if it is one.
pub(crate) fn share(memory: Option<JsValue>) {
    if let Some(memory) = memory.filter(JsValue::is_object) {
        MEMORY.set(memory.unchecked_into());
    }
}

fn memory() -> Object {
    MEMORY.with_borrow(Clone::clone)
}

fn local() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// The value under a key.
pub(crate) fn get(key: &str) -> Option<String> {
    js::text(&memory(), key).or_else(|| local()?.get_item(key).ok()?)
}

/// The moment that is marked under a key, in whole milliseconds since 1970.
pub(crate) fn moment(key: &str) -> Option<f64> {
    get(key)?.parse::<u64>().ok().map(|moment| moment as f64)
}

/// Keeps a value before it returns. False if only memory would take it.
pub(crate) fn set(key: &str, value: &str) -> bool {
    // Some say yes and keep nothing, or less.
    let durable = local().is_some_and(|local| {
        local.set_item(key, value).is_ok() && local.get_item(key).ok().flatten().as_deref() == Some(value)
    });
    if durable {
        let _ = Reflect::delete_property(&memory(), &key.into());
    } else {
        let _ = Reflect::set(&memory(), &key.into(), &value.into());
    }
    durable
}

/// As [`set`], and in the mirror, which outlives the browser's death.
pub(crate) fn keep(key: &str, value: &str) -> bool {
    let durable = set(key, value);
    mirrored(key);
    durable
}

/// Forgets a key, in the mirror too.
pub(crate) fn remove(key: &str) {
    let _ = Reflect::delete_property(&memory(), &key.into());
    if let Some(local) = local() {
        let _ = local.remove_item(key);
    }
    mirrored(key);
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
    js::keys(&memory()).for_each(&mut add);
    if let Some(local) = local() {
        // Not its properties: a page may have put a storage of its own in its place.
        for i in 0..local.length().unwrap_or_default() {
            local.key(i).ok().flatten().into_iter().for_each(&mut add);
        }
    }
    sorted
}
