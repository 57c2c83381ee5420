//! Reading JavaScript values that may be anything: a getter that throws reads as absent.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::JsValue;

/// A property, unless it is absent, null or cannot be read.
pub(crate) fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    // What is no object would throw, and wasm-bindgen 0.2.130 never frees the place of what a call that throws returns.
    if !object.is_object() {
        return None;
    }
    let value = Reflect::get(object, &key.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A property as text, so that `{order_id: 1042}` is what its writer meant. Objects and functions have none.
pub(crate) fn text(object: &JsValue, key: &str) -> Option<String> {
    as_text(&get(object, key)?)
}

/// A string as it is; a number or boolean as JavaScript writes it.
pub(crate) fn as_text(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| (!value.is_object()).then(|| stringify(value)).flatten())
}

/// The names of an object's own properties; none of a list, of what is no object and of what does not tell.
pub(crate) fn keys(object: &JsValue) -> impl Iterator<Item = String> {
    let is_plain = object.is_object() && !Array::is_array(object);
    let keys = is_plain.then(|| Reflect::own_keys(object).ok()).flatten();
    keys.unwrap_or_default().into_iter().filter_map(|key| key.as_string())
}

/// An object of these properties, without those that are undefined.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    set_all(&object, properties);
    object
}

/// Sets these properties, but for those that are undefined.
pub(crate) fn set_all(object: &JsValue, properties: &[(&str, JsValue)]) {
    for (key, value) in properties.iter().filter(|(_, value)| !value.is_undefined()) {
        let _ = Reflect::set(object, &(*key).into(), value);
    }
}

/// JSON text; `None` for what JSON cannot say.
pub(crate) fn stringify(value: &JsValue) -> Option<String> {
    // The result may be undefined, whatever its type says.
    JsValue::from(JSON::stringify(value).ok()?).as_string()
}
