//! Placeholders. What is filled in is isolated from the direction of the text around it.

/// First strong isolate: what follows finds its own direction.
pub(crate) const FSI: char = '\u{2068}';
/// Pop directional isolate: the end of what [`FSI`] began.
pub(crate) const PDI: char = '\u{2069}';

/// As slices, which are searched for by the same code as those elsewhere: each kind of pattern brings its own, half a kilobyte.
const OPEN: &[char] = &['{'];
const CLOSE: &[char] = &['}'];

/// Replaces each `{name}` by its value, isolated. `None` if a placeholder has no value.
///
/// Between a letter of a script that sets no spaces and a Latin one or a digit of the value comes a space, as is usual there.
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
            let value = (*value)?;
            let meets = |text: Option<char>, value: Option<char>| {
                matches!(text, Some('\u{e00}'..='\u{e7f}' | '\u{3400}'..='\u{9fff}'))
                    && value.is_some_and(|value| value.is_ascii_alphanumeric())
            };
            if meets(before.chars().next_back(), value.chars().next()) {
                filled.push(' ');
            }
            filled.push(FSI);
            filled.push_str(value);
            filled.push(PDI);
            if meets(after.chars().next(), value.chars().next_back()) {
                filled.push(' ');
            }
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
    fn a_latin_name_stands_apart_from_letters_that_set_no_spaces() {
        let fill = |template, value| fill(template, &[("product", Some(value))]).unwrap();
        let check = |template, value, expected: &str| {
            assert_eq!(fill(template, value).replace([FSI, PDI], ""), expected);
        };
        check("您對{product}的", "Acme", "您對 Acme 的");
        check("您對{product}的", "配送服務", "您對配送服務的");
        check("您對{product}的", "Acme配送", "您對 Acme配送的");
        check("您對{product}？", "Acme 2", "您對 Acme 2？");
        check("พอใจกับ{product}มาก", "7-Eleven", "พอใจกับ 7-Eleven มาก");
        check("พอใจกับ{product}มาก", "การจัดส่ง", "พอใจกับการจัดส่งมาก");
        check("with {product}!", "Acme", "with Acme!");
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
