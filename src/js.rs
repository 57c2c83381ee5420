//! Reading JavaScript values that may be anything, where a getter that throws reads as absent, and making them.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The page's window; `None` outside a page.
pub(crate) fn window() -> Option<web_sys::Window> {
    js_sys::global().dyn_into().ok()
}

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

/// The names of an object's own properties; none of a list, of what is not an object and of what does not tell.
pub(crate) fn keys(object: &JsValue) -> impl Iterator<Item = String> {
    let is_plain = object.is_object() && !Array::is_array(object);
    let keys = is_plain.then(|| Reflect::own_keys(object).ok()).flatten();
    keys.unwrap_or_default().into_iter().filter_map(|key| key.as_string())
}

/// An object that is being made.
pub(crate) struct Made(Object);

/// Makes an object, property by property.
pub(crate) fn object() -> Made {
    Made(Object::new())
}

impl Made {
    /// With this property, unless it is undefined.
    pub(crate) fn with(self, key: &str, value: impl Into<JsValue>) -> Self {
        let value = value.into();
        if !value.is_undefined() {
            let _ = Reflect::set(&self.0, &key.into(), &value);
        }
        self
    }

    pub(crate) fn done(self) -> Object {
        self.0
    }
}

impl From<Made> for JsValue {
    fn from(made: Made) -> Self {
        made.0.into()
    }
}

/// JSON text; `None` for what JSON cannot say.
pub(crate) fn stringify(value: &JsValue) -> Option<String> {
    // The result may be undefined, whatever its type says.
    JsValue::from(JSON::stringify(value).ok()?).as_string()
}
