use super::refusal::{Refusal, Result, unknown};
use candor_scoring::{CombineError, Direction, Nps, Rating, Scale, Share, Tally};
use serde_json::{Map, Value};

/// The fields of a request, each checked as it is read. A field that is `null` counts as absent.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn need(&self, name: &str) -> Result<&'a Value> {
        self.get(name).ok_or_else(|| Refusal::new("missing_field", format!("`{name}` is missing"), name))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str> {
        self.need(name)?
            .as_str()
            .ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must be a text"), name))
    }

    pub(super) fn count(&self, name: &str) -> Result<u64> {
        count(self.need(name)?, name)
    }

    pub(super) fn count_if_given(&self, name: &str) -> Result<Option<u64>> {
        self.get(name).map(|value| count(value, name)).transpose()
    }

    pub(super) fn counts(&self, name: &str) -> Result<Vec<u64>> {
        list(self.need(name)?, name)?.iter().map(|value| count(value, name)).collect()
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        number(self.need(name)?, name)
    }

    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        list(self.need(name)?, name)?.iter().map(|value| number(value, name)).collect()
    }

    pub(super) fn matrix(&self, name: &str) -> Result<Vec<Vec<f64>>> {
        let row = |row| list(row, name)?.iter().map(|value| number(value, name)).collect();
        list(self.need(name)?, name)?.iter().map(row).collect()
    }

    /// A number within limits that the message names.
    pub(super) fn number_where(&self, name: &str, range: &str, within: impl Fn(f64) -> bool) -> Result<f64> {
        let value = self.number(name)?;
        if !within(value) {
            return Err(Refusal::new("out_of_range", format!("`{name}` must be {range}"), name));
        }
        Ok(value)
    }

    pub(super) fn positive(&self, name: &str) -> Result<f64> {
        self.number_where(name, "above 0", |x| x > 0.0)
    }

    pub(super) fn chance(&self, name: &str) -> Result<f64> {
        self.number_where(name, "above 0 and below 1", |x| x > 0.0 && x < 1.0)
    }

    pub(super) fn variance(&self, name: &str) -> Result<f64> {
        self.number_where(name, "0 or above", |x| x >= 0.0)
    }

    /// `[detractors, passives, promoters]`.
    pub(super) fn bands(&self, name: &str) -> Result<Nps> {
        bands(self.need(name)?, name)
    }

    pub(super) fn bands_list(&self, name: &str) -> Result<Vec<Nps>> {
        list(self.need(name)?, name)?.iter().map(|value| bands(value, name)).collect()
    }

    pub(super) fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>> {
        let object = |value: &'a Value| {
            let map = value.as_object();
            map.map(Fields)
                .ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must hold objects"), name))
        };
        list(self.need(name)?, name)?.iter().map(object).collect()
    }

    /// `[favourable, n]`.
    pub(super) fn share(&self, name: &str) -> Result<Share> {
        match self.counts(name)?[..] {
            [favourable, n] => Share::new(favourable, n).map_err(|e| Refusal::new("out_of_range", e, name)),
            _ => Err(Refusal::new("wrong_length", format!("`{name}` must be [favourable, n]"), name)),
        }
    }

    pub(super) fn direction(&self) -> Result<Option<Direction>> {
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
    pub(super) fn scale(&self, usual: Scale, direction: Direction) -> Result<Scale> {
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

    pub(super) fn nps_scale(&self) -> Result<Scale> {
        let scale = self.scale(Scale::NPS, self.direction()?.unwrap_or(Direction::HigherIsBetter))?;
        if scale.direction() == Direction::LowerIsBetter {
            return Err(Refusal::new("wrong_direction", "for NPS higher is better", "direction"));
        }
        if scale != Scale::NPS {
            return Err(Refusal::new("bad_scale", "NPS is asked on 0–10 only", "scale"));
        }
        Ok(scale)
    }

    /// A tally from `counts`, or from a list of ratings.
    pub(super) fn tally(&self, scale: Scale, counts: &str, ratings: Option<&str>) -> Result<Tally> {
        let ratings = ratings.filter(|name| self.has(name));
        if let Some(name) = ratings {
            if self.has(counts) {
                return Err(Refusal::new("ambiguous", format!("give either `{counts}` or `{name}`"), name));
            }
            let mut tally = Tally::new(scale);
            for rating in self.numbers(name)? {
                let off = || {
                    let (min, max) = (scale.min(), scale.max());
                    Refusal::new(
                        "off_scale",
                        format!("{rating} is not a point of the scale {min}–{max}"),
                        name,
                    )
                };
                let point = (rating.fract() == 0.0 && (0.0..=10.0).contains(&rating)).then_some(rating as u8);
                let rating = point.and_then(|point| Rating::new(point, scale).ok()).ok_or_else(off)?;
                tally.add(rating, 1).map_err(|e| Refusal::new("overflow", e, name))?;
            }
            return Ok(tally);
        }
        Tally::from_counts(scale, &self.counts(counts)?).map_err(|error| {
            let code = if error == CombineError::Length { "wrong_length" } else { "overflow" };
            Refusal::new(code, error, counts)
        })
    }

    /// The bands of a [`tally`](Self::tally) on the scale of the Net Promoter Score; `blamed` is the field of a wrong scale.
    pub(super) fn nps_tally(
        &self,
        scale: Scale,
        counts: &str,
        ratings: Option<&str>,
        blamed: &str,
    ) -> Result<Nps> {
        Nps::of(&self.tally(scale, counts, ratings)?).map_err(|e| Refusal::new("bad_scale", e, blamed))
    }

    /// The three bands by their names.
    pub(super) fn nps(&self) -> Result<Nps> {
        Nps::new(self.count("detractors")?, self.count("passives")?, self.count("promoters")?)
            .map_err(|e| Refusal::new("overflow", e, "promoters"))
    }

    /// Kinds that only know the Net Promoter Score say so.
    pub(super) fn only_nps(&self) -> Result<()> {
        match self.has("metric").then(|| self.text("metric")).transpose()? {
            None | Some("nps") => Ok(()),
            Some(other) => Err(unknown("metric", other, "nps")),
        }
    }
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>> {
    value.as_array().ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must be a list"), name))
}

/// A whole number from 0 to 2^64 − 1. Some programs write whole numbers with a point or an exponent, which is
/// exact below 2^53: what reads as 2^53 may have been 2^53 + 1.
fn count(value: &Value, name: &str) -> Result<u64> {
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

fn number(value: &Value, name: &str) -> Result<f64> {
    let finite = value.as_f64().filter(|x| x.is_finite());
    finite.ok_or_else(|| Refusal::new("wrong_type", format!("`{name}` must be a number"), name))
}

fn bands(value: &Value, name: &str) -> Result<Nps> {
    let counts: Vec<u64> =
        list(value, name)?.iter().map(|value| count(value, name)).collect::<Result<_>>()?;
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
