//! By what the answers to a survey are told apart: what its file declares.

use crate::{Response, limits::MAX_KEY_CHARS};

/// The most segments that a survey may declare.
pub const MAX_SEGMENTS: usize = 20;
/// Joins two names, and two values.
const TIMES: char = '×';

/// A segment that a survey declares, `plan` or `plan×country`: what each response has of it is a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredSegment {
    name: String,
    first: Part,
    second: Option<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Page,
    Locale,
    Touchpoint,
    Display,
    Attribute(String),
}

impl DeclaredSegment {
    /// What [`parse`](Self::parse) accepts, to follow "expected".
    pub const EXPECTED: &'static str = "page, locale, touchpoint, display or the name of an attribute, without a colon; or two of \
         them, as in plan×country";

    /// Reads its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split(TIMES).map(Part::parse);
        let (first, second) = (parts.next()??, parts.next());
        if parts.next().is_some() || second == Some(Some(first.clone())) {
            return None;
        }
        let second = match second {
            None => None,
            Some(part) => Some(part?),
        };
        Some(Self { name: name.to_owned(), first, second })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value for a response, which has none without each of its parts.
    #[must_use]
    pub fn value(&self, response: &Response) -> Option<String> {
        let first = self.first.value(response)?;
        match &self.second {
            None => Some(first.to_owned()),
            // Else two pairs could look like one.
            Some(second) => {
                let escaped = |value: &str| value.replace('\\', "\\\\").replace(TIMES, "\\×");
                Some(format!("{}{TIMES}{}", escaped(first), escaped(second.value(response)?)))
            }
        }
    }
}

impl Part {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "page" => Self::Page,
            "locale" => Self::Locale,
            "touchpoint" => Self::Touchpoint,
            "display" => Self::Display,
            // A site of its own is asked for by `site=`.
            "site" => return None,
            name => {
                let is_name = (1..=MAX_KEY_CHARS).contains(&name.chars().count())
                    && !name.contains(|c: char| c == ':' || c.is_control())
                    && name.trim() == name;
                is_name.then(|| Self::Attribute(name.to_owned()))?
            }
        })
    }

    fn value<'a>(&self, response: &'a Response) -> Option<&'a str> {
        let value = match self {
            Self::Page => response.page.as_deref(),
            Self::Locale => Some(&*response.locale),
            Self::Touchpoint => response.touchpoint.as_deref(),
            Self::Display => Some(&*response.presentation.display),
            Self::Attribute(key) => {
                let known = response.respondent.as_ref().and_then(|known| known.attributes.get(key));
                known.or_else(|| response.context.get(key)).map(String::as_str)
            }
        };
        value.filter(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn response(attributes: Value, context: Value) -> Response {
        serde_json::from_value(json!({
            "state": "shown", "site": "shop", "survey": "s", "survey_version": 1, "locale": "fa", "page": "/cart",
            "presentation": {"display": "popover", "scale": "numbers", "direction": "rtl"},
            "respondent": {"attributes": attributes}, "context": context,
        }))
        .unwrap()
    }

    #[test]
    fn a_response_has_the_values_of_what_it_has_all_parts_of() {
        let attributes = json!({"plan": "pro", "a": "b×c", "d": "e\\f", "blank": " "});
        let response = response(attributes, json!({"plan": "free", "shop": "7"}));
        for (name, value) in [
            ("plan", Some("pro")),
            ("shop", Some("7")),
            ("page", Some("/cart")),
            ("locale", Some("fa")),
            ("display", Some("popover")),
            ("touchpoint", None),
            ("country", None),
            ("blank", None),
            ("plan×locale", Some("pro×fa")),
            ("a×plan", Some("b\\×c×pro")),
            ("d×plan", Some("e\\\\f×pro")),
            ("d", Some("e\\f")),
            ("plan×country", None),
            ("country×plan", None),
        ] {
            let segment = DeclaredSegment::parse(name).unwrap();
            assert_eq!((segment.name(), segment.value(&response).as_deref()), (name, value));
        }
    }

    #[test]
    fn no_two_pairs_of_values_look_like_one() {
        let longer = |texts: &[String]| -> Vec<String> {
            texts.iter().flat_map(|text| ["\\", "×", "x"].map(|end| format!("{text}{end}"))).collect()
        };
        let one = longer(&[String::new()]);
        let two = longer(&one);
        let texts = [one, longer(&two), two].concat();
        let segment = DeclaredSegment::parse("a×b").unwrap();
        let mut values = std::collections::BTreeSet::new();
        let mut response = response(json!({}), json!({}));
        for a in &texts {
            for b in &texts {
                response.context = [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())].into();
                let value = segment.value(&response).unwrap();
                assert!(values.insert(value.clone()), "{a} and {b}: {value}");
            }
        }
    }

    #[test]
    fn what_is_no_name_is_no_segment() {
        let long = "x".repeat(MAX_KEY_CHARS + 1);
        for name in ["", "a:b", "a×", "×a", "a×b×c", "a×a", "site", "site×plan", " plan", "a\nb", &long]
        {
            assert_eq!(DeclaredSegment::parse(name), None, "{name}");
        }
        assert!(DeclaredSegment::parse(&long[1..]).is_some());
    }
}
