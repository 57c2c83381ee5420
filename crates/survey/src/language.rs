/// The languages that Candor speaks, English first.
pub const LANGUAGES: [&str; 6] = ["en", "th", "zh-Hant", "vi", "fa", "ar"];

/// A language chosen for a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {}
