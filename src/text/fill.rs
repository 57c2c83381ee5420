//! Placeholders. What is filled in is isolated from the direction of the text around it.

/// First strong isolate: what follows finds its own direction.
pub(crate) const FSI: char = '\u{2068}';
/// Pop directional isolate: the end of what [`FSI`] began.
pub(crate) const PDI: char = '\u{2069}';

/// As slices, which are searched for by the same code as those elsewhere: each kind of pattern brings its own, half a kilobyte.
const OPEN: &[char] = &['{'];
const CLOSE: &[char] = &['}'];

/// Replaces each `{name}` by its value, isolated. `None` if a placeholder has no value.
pub(crate) fn fill(template: &str, values: &[(&str, Option<&str>)]) -> Option<String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once(OPEN) {
        filled.push_str(before);
        let named = after.split_once(CLOSE).and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name.trim_ascii())?;
            Some((value, after))
        });
        if let Some((value, after)) = named {
            filled.push(FSI);
            filled.push_str((*value)?);
            filled.push(PDI);
            rest = after;
        } else {
            // A brace that is no placeholder of ours is text.
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expect: Option<&str>) {
        assert_eq!(fill(template, &[("product", Some("Acme")), ("task", None)]).as_deref(), expect);
    }

    #[test]
    fn a_value_is_isolated() {
        check("Recommend {product}?", Some("Recommend \u{2068}Acme\u{2069}?"));
    }

    #[test]
    fn a_placeholder_without_a_value_fills_nothing() {
        check("How easy was it to {task}?", None);
    }

    #[test]
    fn other_braces_are_text() {
        check("{ {x} {", Some("{ {x} {"));
        check("{{product}}", Some("{\u{2068}Acme\u{2069}}"));
    }

    #[test]
    fn a_value_is_not_filled_again() {
        assert_eq!(
            fill("{product}", &[("product", Some("{product}"))]).as_deref(),
            Some("\u{2068}{product}\u{2069}")
        );
    }
}
