use candor_scoring::{Exclusions, Formula, Interval, Level, Method, Ratio, Receipt, Scale};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The answer to a request: its numbers, how they came about, and why there are none if there are none.
#[derive(Debug)]
pub(super) struct Reply(Map<String, Value>);

impl Reply {
    pub(super) fn new(receipt: Receipt) -> Self {
        Self(Map::new()).with("receipt", receipt_json(&receipt))
    }

    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut value = value.into();
        unsign_zero(&mut value);
        self.0.insert(name.into(), value);
        self
    }

    /// Why a number is not there, or not to be trusted.
    pub(super) fn reason(self, reason: Option<&str>) -> Self {
        match reason {
            Some(reason) => self.with("reason", reason),
            None => self,
        }
    }

    /// Nobody answered.
    pub(super) fn no_data_if(self, no_data: bool) -> Self {
        self.reason(no_data.then_some("no_data"))
    }

    pub(super) fn json(self) -> Value {
        Value::Object(self.0)
    }
}

/// Zero has no sign, whatever it was multiplied with.
fn unsign_zero(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() && number.as_f64() == Some(0.0) => *value = json!(0.0),
        Value::Array(list) => list.iter_mut().for_each(unsign_zero),
        Value::Object(object) => object.values_mut().for_each(unsign_zero),
        _ => {}
    }
}

/// How a number came about, as it is told.
#[derive(Debug, Serialize)]
struct ReceiptJson {
    #[serde(flatten)]
    rule: RuleJson,
    #[serde(flatten)]
    counted: CountedJson,
}

/// What of a receipt is the same for all numbers that are made alike.
#[derive(Debug, Serialize)]
pub(crate) struct RuleJson {
    formula: &'static str,
    definition: &'static str,
    unit: &'static str,
    scale: Option<ScaleJson>,
    direction: Option<&'static str>,
    favourable_points: Option<u8>,
    method: Option<&'static str>,
    version: &'static str,
}

/// What of a receipt comes from what was counted.
#[derive(Debug, Serialize)]
pub(crate) struct CountedJson {
    exact: Option<String>,
    exclusions: ExclusionsJson,
}

#[derive(Debug, Serialize)]
struct ScaleJson {
    min: u8,
    max: u8,
}

#[derive(Debug, Serialize)]
struct ExclusionsJson {
    dismissed: Option<u64>,
    skipped: Option<u64>,
}

impl From<&Receipt> for RuleJson {
    fn from(receipt: &Receipt) -> Self {
        Self {
            formula: receipt.formula.id,
            definition: receipt.formula.definition,
            unit: receipt.formula.unit,
            scale: receipt.scale.map(|scale| ScaleJson { min: scale.min(), max: scale.max() }),
            direction: receipt.scale.map(|scale| scale.direction().name()),
            favourable_points: receipt.favourable_points,
            method: receipt.method.map(Method::name),
            version: receipt.version,
        }
    }
}

impl CountedJson {
    pub(crate) fn new(ratio: Option<Ratio>, Exclusions { dismissed, skipped }: Exclusions) -> Self {
        Self { exact: exact(ratio), exclusions: ExclusionsJson { dismissed, skipped } }
    }
}

fn receipt_json(receipt: &Receipt) -> Value {
    json!(ReceiptJson { rule: receipt.into(), counted: CountedJson::new(receipt.exact, receipt.exclusions) })
}

/// The receipt of a number that is made of promoters and detractors.
pub(super) fn nps_receipt(formula: Formula) -> Receipt {
    Receipt::new(formula).scale(Scale::NPS)
}

pub(super) fn ends(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |interval| json!([interval.low, interval.high]))
}

pub(super) fn by_level(interval: impl Fn(Level) -> Option<Interval>) -> Value {
    Value::Object(levels(interval).collect())
}

/// The interval that is recommended, with its name.
pub(super) fn default_interval(method: Method, interval: impl Fn(Level) -> Option<Interval>) -> Value {
    let method = ("method".to_owned(), method.name().into());
    Value::Object(levels(interval).chain([method]).collect())
}

fn levels(interval: impl Fn(Level) -> Option<Interval>) -> impl Iterator<Item = (String, Value)> {
    Level::ALL.into_iter().map(move |level| (level.name().to_owned(), ends(interval(level))))
}

pub(super) fn value(ratio: Option<Ratio>) -> Option<f64> {
    ratio.map(Ratio::value)
}

pub(super) fn exact(ratio: Option<Ratio>) -> Option<String> {
    ratio.map(|ratio| ratio.to_string())
}
