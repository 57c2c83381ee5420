//! What languages a request wants, best first.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};

/// From `?locale=`, which may list several, else from `Accept-Language`.
pub(crate) fn wanted<'a>(locale: Option<&'a str>, headers: &'a HeaderMap) -> Vec<&'a str> {
    if let Some(locale) = locale {
        return locale.split(',').map(str::trim).collect();
    }
    let mut ranges: Vec<(&str, u16)> = headers
        .get_all(ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(weighted)
        .filter(|(_, weight)| *weight > 0)
        .collect();
    // The sort is stable: equal weights keep their order.
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    ranges.into_iter().map(|(tag, _)| tag).collect()
}

/// A language range with its weight in thousandths; RFC 9110, section 12.4.2.
fn weighted(range: &str) -> (&str, u16) {
    let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
    let weight = match parameter.trim().strip_prefix("q=") {
        None => 1_000,
        // Between 0 and 1, so that the cast keeps it whole.
        Some(q) => q.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1_000.0) as u16),
    };
    (tag.trim(), weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_comes_first() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, "en;q=0.8, fa-IR, ar ; q=0.9, de;q=0, th;q=x".parse().unwrap());
        assert_eq!(wanted(None, &headers), ["fa-IR", "ar", "en"]);
    }

    #[test]
    fn the_address_goes_before_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, "en".parse().unwrap());
        assert_eq!(wanted(Some("zh-TW, vi"), &headers), ["zh-TW", "vi"]);
    }
}
