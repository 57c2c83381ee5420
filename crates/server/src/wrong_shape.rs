//! What serde says of a value that doesn't fit, in words for people who don't write Rust. Nothing else reads serde's words.

use crate::problem::Problem;

/// How what was sent is spoken of.
#[derive(Clone, Copy)]
pub(crate) struct Wording {
    /// The whole of it, where none of its parts is to blame.
    pub(crate) whole: &'static str,
    /// One of its parts.
    pub(crate) part: &'static str,
    /// The numbers that a part may be, by its path: serde knows the integer that holds them and not their limits.
    pub(crate) number: fn(path: &str) -> Option<&'static str>,
}

impl Wording {
    /// `path` leads to the value, as in `answers[0].rating`; it is empty, or a dot, for the whole.
    pub(crate) fn problem(self, path: &str, message: &str) -> Problem {
        let path = if path.is_empty() || path == "." { self.whole } else { path };
        let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
        // The path is then that of the object around it.
        let inner = |what: &str| {
            let name = message.strip_prefix(what)?.strip_prefix(" `")?.strip_suffix('`')?;
            Some(if path == self.whole { name.to_owned() } else { format!("{path}.{name}") })
        };
        let number = || (self.number)(path).unwrap_or("a number within range");
        if let Some(field) = inner("missing field") {
            return Problem::invalid(field, format!("a value: the {} is missing", self.part));
        }
        if let Some(field) = inner("duplicate field") {
            return Problem::invalid(field, format!("the {} once", self.part));
        }
        let expected = match message.rsplit_once("expected ").map_or("", |(_, expected)| expected) {
            "u8" | "u32" => number().to_owned(),
            "" if is_out_of_range(message) => number().to_owned(),
            "" if message.ends_with("`true` or `false`") => "true or false".to_owned(),
            "" => "another value".to_owned(),
            "a map" => "a JSON object".to_owned(),
            "a sequence" => "a list".to_owned(),
            structure if structure.starts_with("struct ") => "a JSON object".to_owned(),
            other => other.replace('`', ""),
        };
        Problem::invalid(path, expected)
    }
}

/// A number like 1e400 is JSON, though the parser has no room for it.
pub(crate) fn is_out_of_range(message: &str) -> bool {
    message.starts_with("number out of range")
}
