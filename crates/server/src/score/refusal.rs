use candor_scoring::MoreThanAll;
use serde_json::{Value, json};

pub(super) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// Why a request got no number: a code for programs, a sentence for people, and the field at fault.
#[derive(Debug)]
pub(super) struct Refusal {
    code: &'static str,
    message: String,
    field: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl ToString, field: &str) -> Self {
        Self { code, message: message.to_string(), field: (!field.is_empty()).then(|| field.to_owned()) }
    }

    /// The same of a field that is part of another.
    pub(super) fn within(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    pub(super) fn json(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message, "field": self.field}})
    }
}

pub(super) fn unknown(field: &'static str, given: &str, expected: &str) -> Refusal {
    let code = if field == "kind" { "unknown_kind" } else { "unknown_metric" };
    Refusal::new(code, format!("`{field}` is {given:?}, expected {expected}"), field)
}

pub(super) fn more_than_all(field: &'static str) -> impl Fn(MoreThanAll) -> Refusal {
    move |error| Refusal::new("out_of_range", error, field)
}
