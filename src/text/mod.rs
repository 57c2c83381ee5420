//! Words, digits and direction.

mod digits;
mod fill;
mod language;
mod pack;

pub(crate) use digits::{decimal, digit_of, push_hex};
pub(crate) use fill::{FSI, PDI, fill};
pub(crate) use language::Language;
pub(crate) use pack::Messages;

/// Joins texts; `format!` would bring the formatting machinery, and `[&str]::concat` half a kilobyte.
pub(crate) fn concat(parts: &[&str]) -> String {
    let mut whole = String::new();
    for part in parts {
        whole.push_str(part);
    }
    whole
}
