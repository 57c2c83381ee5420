//! What is too long, and what is an id or an address: for the TOML check, the check of answers and the widget.

/// The longest comment, in characters (Unicode scalar values).
pub const MAX_COMMENT_CHARS: usize = 5_000;
/// The longest answer of one's own to a choice, in characters.
pub const MAX_OTHER_CHARS: usize = 250;
/// The longest wording of a question or of an end of the scale, in characters.
pub const MAX_TEXT_CHARS: usize = 500;
/// The longest name of a place in the customer's journey, in characters.
pub const MAX_TOUCHPOINT_CHARS: usize = 64;
/// The longest address of a page, in characters.
pub const MAX_PAGE_CHARS: usize = 2_048;
/// The longest id of a respondent, in characters.
pub const MAX_RESPONDENT_CHARS: usize = 128;
/// The longest token by which a site signs who answers, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4_096;
/// The most entries of a map: a response's context, a respondent's attributes.
pub const MAX_ENTRIES: usize = 32;
/// The longest key of such an entry, in characters.
pub const MAX_KEY_CHARS: usize = 64;
/// The longest value of such an entry, in characters.
pub const MAX_VALUE_CHARS: usize = 256;
/// The longest id of a site, survey or question, in bytes.
pub const MAX_SLUG: usize = 64;

/// What [`is_slug`] accepts, to follow "expected".
pub const SLUG: &str = "1 to 64 of a–z, 0–9, - and _";

/// Whether a text may be the id of a site, survey or question.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether a text begins as an address of the web, or as a path on the page's own host. No `javascript:` becomes a link.
#[must_use]
pub fn is_web_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://") || text.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_slugs() {
        assert!(is_slug("checkout-csat_2") && is_slug(&"a".repeat(MAX_SLUG)));
        for id in ["", "Shop", "a b", "../x", "é", &"a".repeat(MAX_SLUG + 1)] {
            assert!(!is_slug(id), "{id}");
        }
        assert!(SLUG.contains(&format!("1 to {MAX_SLUG} ")), "the words say the limit");
    }

    #[test]
    fn a_script_is_no_web_address() {
        assert!(is_web_address("https://shop.example/privacy") && is_web_address("/privacy"));
        assert!(!is_web_address("javascript:alert(1)") && !is_web_address("data:text/html,x"));
    }
}
