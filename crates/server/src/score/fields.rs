use candor_scoring::{Direction, Nps, Scale, Share};
use serde_json::{Map, Value, json};

/// Why a request got no number: a code for programs, a sentence for people, and the field at fault.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
    field: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl ToString, field: &str) -> Self {
        Self { code, message: message.to_string(), field: (!field.is_empty()).then(|| field.to_owned()) }
    }

    /// The same of a field that is part of another.
    fn within(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    pub(crate) fn json(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message, "field": self.field}})
    }
}

pub(crate) type Answer<T = Value> = Result<T, Refusal>;

/// The fields of a request, each checked as it is read. A field that is `null` counts as absent.
pub(crate) struct Fields<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn need(&self, name: &str) -> Answer<&'a Value> {
        self.get(name).ok_or_else(|| Refusal::new("missing_field", format!("`{name}` is missing"), name))
    }

    pub(crate) fn text(&self, name: &str) -> Answer<&'a str> {
        self.need(name)?
            .as_str()
            .ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must be a text"), name))
    }

    pub(crate) fn count(&self, name: &str) -> Answer<u64> {
        count(self.need(name)?, name)
    }

    pub(crate) fn count_if_given(&self, name: &str) -> Answer<Option<u64>> {
        self.get(name).map(|value| count(value, name)).transpose()
    }

    pub(crate) fn counts(&self, name: &str) -> Answer<Vec<u64>> {
        list(self.need(name)?, name)?.iter().map(|value| count(value, name)).collect()
    }

    pub(crate) fn number(&self, name: &str) -> Answer<f64> {
        number(self.need(name)?, name)
    }

    pub(crate) fn numbers(&self, name: &str) -> Answer<Vec<f64>> {
        list(self.need(name)?, name)?.iter().map(|value| number(value, name)).collect()
    }

    pub(crate) fn matrix(&self, name: &str) -> Answer<Vec<Vec<f64>>> {
        let row = |row| list(row, name)?.iter().map(|value| number(value, name)).collect();
        list(self.need(name)?, name)?.iter().map(row).collect()
    }

    /// A number within limits that the message names.
    pub(crate) fn number_where(&self, name: &str, range: &str, within: impl Fn(f64) -> bool) -> Answer<f64> {
        let value = self.number(name)?;
        if !within(value) {
            return Err(Refusal::new("out_of_range", format!("`{name}` must be {range}"), name));
        }
        Ok(value)
    }

    pub(crate) fn positive(&self, name: &str) -> Answer<f64> {
        self.number_where(name, "above 0", |x| x > 0.0)
    }

    pub(crate) fn chance(&self, name: &str) -> Answer<f64> {
        self.number_where(name, "above 0 and below 1", |x| x > 0.0 && x < 1.0)
    }

    pub(crate) fn variance(&self, name: &str) -> Answer<f64> {
        self.number_where(name, "0 or above", |x| x >= 0.0)
    }

    /// `[detractors, passives, promoters]`.
    pub(crate) fn bands(&self, name: &str) -> Answer<Nps> {
        bands(self.need(name)?, name)
    }

    pub(crate) fn bands_list(&self, name: &str) -> Answer<Vec<Nps>> {
        list(self.need(name)?, name)?.iter().map(|value| bands(value, name)).collect()
    }

    pub(crate) fn objects(&self, name: &str) -> Answer<Vec<Fields<'a>>> {
        let object = |value: &'a Value| {
            let map = value.as_object();
            map.map(Fields)
                .ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must hold objects"), name))
        };
        list(self.need(name)?, name)?.iter().map(object).collect()
    }

    /// `[favourable, n]`.
    pub(crate) fn share(&self, name: &str) -> Answer<Share> {
        match self.counts(name)?[..] {
            [favourable, n] => Share::new(favourable, n).map_err(|e| Refusal::new("out_of_range", e, name)),
            _ => Err(Refusal::new("wrong_length", format!("`{name}` must be [favourable, n]"), name)),
        }
    }

    pub(crate) fn direction(&self) -> Answer<Option<Direction>> {
        if !self.has("direction") {
            return Ok(None);
        }
        match self.text("direction")? {
            "higher_is_better" => Ok(Some(Direction::HigherIsBetter)),
            "lower_is_better" => Ok(Some(Direction::LowerIsBetter)),
            _ => Err(Refusal::new(
                "unknown_direction",
                "`direction` must be higher_is_better or lower_is_better",
                "direction",
            )),
        }
    }

    /// The scale as given (`{"min": 1, "max": 5}`), or the usual one, in a direction.
    pub(crate) fn scale(&self, usual: Scale, direction: Direction) -> Answer<Scale> {
        let (min, max) = match self.get("scale") {
            None => (usual.min(), usual.max()),
            Some(Value::Object(map)) => {
                let end = |name| {
                    u8::try_from(Fields(map).count(name).map_err(|refusal| refusal.within("scale"))?)
                        .map_err(|_| Refusal::new("bad_scale", "a scale ends at 10 at most", "scale"))
                };
                (end("min")?, end("max")?)
            }
            Some(_) => {
                return Err(Refusal::new("wrong_type", "`scale` must be {\"min\": …, \"max\": …}", "scale"));
            }
        };
        Scale::new(min, max, direction).map_err(|e| Refusal::new("bad_scale", e, "scale"))
    }
}

fn list<'a>(value: &'a Value, name: &str) -> Answer<&'a Vec<Value>> {
    value.as_array().ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must be a list"), name))
}

/// A whole number from 0 to 2^64 − 1. Some programs write whole numbers with a point or an exponent, which is
/// exact below 2^53: what reads as 2^53 may have been 2^53 + 1.
fn count(value: &Value, name: &str) -> Answer<u64> {
    const INEXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(count) = value.as_u64() {
        return Ok(count);
    }
    match value.as_f64() {
        Some(x) if x < 0.0 => {
            Err(Refusal::new("out_of_range", format!("`{name}` must not be negative"), name))
        }
        Some(x) if x < INEXACT && x.fract() == 0.0 => Ok(x as u64),
        Some(x) if x >= INEXACT => {
            Err(Refusal::new("overflow", format!("`{name}` is beyond the whole numbers counted here"), name))
        }
        _ => Err(Refusal::new("wrong_type", format!("`{name}` must be a whole number"), name)),
    }
}

fn number(value: &Value, name: &str) -> Answer<f64> {
    let finite = value.as_f64().filter(|x| x.is_finite());
    finite.ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must be a number"), name))
}

fn bands(value: &Value, name: &str) -> Answer<Nps> {
    let counts: Vec<u64> =
        list(value, name)?.iter().map(|value| count(value, name)).collect::<Answer<_>>()?;
    match counts[..] {
        [detractors, passives, promoters] => {
            Nps::new(detractors, passives, promoters).map_err(|e| Refusal::new("overflow", e, name))
        }
        _ => Err(Refusal::new(
            "wrong_length",
            format!("`{name}` must be [detractors, passives, promoters]"),
            name,
        )),
    }
}
