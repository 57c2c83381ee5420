//! Whether an option's value makes sense. What the widget or the loader would not understand is refused where its author
//! sees it, and not in a visitor's browser.

use crate::{
    canonical,
    limits::{MAX_TEXT_CHARS, MAX_VALUE_CHARS, SLUG, is_slug, is_web_address},
    options::{
        CONDITIONS, Expected, MAX_QUIET_DAYS, OPTIONS, STARTS, STYLES, THEME, TriggerValue, TriggerWord,
        quiet_days,
    },
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use raffia::{
    Parser, Syntax,
    ast::{ComplexSelectorChild, SelectorList},
};

/// Says what was expected, to follow "expected".
type Checked = Result<(), String>;

/// Checks an option as a survey brings it in its site's file.
pub(crate) fn check_option(name: &str, value: &str) -> Checked {
    if let Some(style) = name.strip_prefix("--candor-").filter(|style| STYLES.contains(style)) {
        return check_style(style, value);
    }
    let known = || OPTIONS.iter().filter(|option| option.in_survey);
    match known().find(|option| option.name == name) {
        Some(option) => option.value.check(value),
        None => Err(format!("one of {}", known().map(|option| option.name).collect::<Vec<_>>().join(", "))),
    }
}

/// Checks a key of a theme.
pub(crate) fn check_style(name: &str, value: &str) -> Checked {
    match name {
        "scheme" => Expected::OneOf(THEME).check(value),
        "accent" => Expected::Colour.check(value),
        _ if !STYLES.contains(&name) => Err(format!("one of scheme, accent, {}", STYLES.join(", "))),
        _ => expect(Expected::Text(MAX_VALUE_CHARS).check(value).is_ok() && is_value(value), || {
            format!("a value of CSS of 1 to {MAX_VALUE_CHARS} characters")
        }),
    }
}

impl Expected {
    /// Checks a value as its author wrote it.
    ///
    /// # Errors
    /// What was expected, to follow "expected".
    pub fn check(&self, value: &str) -> Result<(), String> {
        let chars = |max| !value.trim().is_empty() && value.chars().count() <= max;
        let holds = match self {
            Self::Slug => is_slug(value),
            Self::OneOf(choice) => choice.words().any(|word| word == value),
            Self::Flag => matches!(value, "true" | "false"),
            Self::Text(max) => chars(*max),
            Self::Wording if chars(MAX_TEXT_CHARS) => return placeholders(value),
            Self::Wording => false,
            Self::Days => quiet_days(value).is_some(),
            Self::Address => is_address(value),
            Self::Language => canonical(value).is_some(),
            Self::Colour => is_colour(value),
            Self::Pixels => matches!(value.len(), 1..=3) && value.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Selector => is_selector(value),
            Self::Trigger => return trigger(value),
        };
        if holds { Ok(()) } else { Err(self.expected()) }
    }

    /// What is accepted, to follow "expected".
    #[must_use]
    pub fn expected(&self) -> String {
        let expected = match self {
            Self::Slug => SLUG,
            Self::OneOf(choice) => return choice.words().collect::<Vec<_>>().join(" or "),
            Self::Flag => "true or false",
            Self::Text(max) => return format!("a text of 1 to {max} characters"),
            Self::Wording => return Self::Text(MAX_TEXT_CHARS).expected(),
            Self::Days => {
                return format!(
                    "days, 0 to {MAX_QUIET_DAYS}, after an answer and after a dismissal, such as 90,30"
                );
            }
            Self::Address => "an address that begins with https://, http:// or /",
            Self::Language => "a language tag, such as zh-Hant",
            Self::Pixels => "pixels, 0 to 999",
            Self::Colour => "an opaque CSS colour, such as #2f5d46, or a var() of the page",
            Self::Selector => "a CSS selector, such as #pricing",
            Self::Trigger => "words of a trigger",
        };
        expected.to_owned()
    }
}

/// Whether a custom property can have the value: brackets and quotes come in pairs, and nothing in it ends it.
fn is_value(value: &str) -> bool {
    let mut open = Vec::new();
    for c in value.chars() {
        match (c, open.last()) {
            ('\'' | '"', Some(last)) if *last == c => _ = open.pop(),
            (_, Some('\'' | '"')) => {}
            ('\'' | '"', _) => open.push(c),
            ('(', _) => open.push(')'),
            ('[', _) => open.push(']'),
            (')' | ']', last) if last == Some(&c) => _ = open.pop(),
            (')' | ']' | ';' | '{' | '}' | '!', _) => return false,
            _ => {}
        }
    }
    open.is_empty() && !value.contains('\\') && !value.contains("/*") && !value.contains(char::is_control)
}

fn expect(holds: bool, expected: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(expected()) }
}

fn is_address(value: &str) -> bool {
    let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    is_web_address(value)
        && host.is_none_or(|host| !host.is_empty() && !host.starts_with('/'))
        && !value.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether the widget can take a colour for its accent: any opaque one. What a `var()` is, only the page knows.
fn is_colour(value: &str) -> bool {
    let value = value.trim();
    if value.starts_with("var(--") && value.ends_with(')') {
        return true;
    }
    let [.., alpha] = color::parse_color(value).map_or([0.0; 4], |colour| colour.components);
    alpha >= 1.0
}

/// Whether `querySelector` knows a text for a selector, as far as syntax tells: a pseudo-class of a later browser passes.
fn is_selector(value: &str) -> bool {
    let value = value.trim();
    let mut parser = Parser::new(value, Syntax::Css);
    let parsed: Result<SelectorList, _> = parser.parse();
    // The parser stops where a selector ends in a style sheet, and lets selectors begin with a combinator, as nested ones do.
    parsed.is_ok_and(|list| {
        list.span.end == value.len()
            && list.selectors.iter().all(|selector| {
                !matches!(selector.children.first(), Some(ComplexSelectorChild::Combinator(_)))
            })
    }) && parser.recoverable_errors().is_empty()
}

/// The names between braces, as they are written. Other braces are text.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    let between = text.split('{').skip(1).filter_map(|after| Some(after.split_once('}')?.0));
    between.filter(|name| name.trim().starts_with(char::is_alphabetic))
}

/// The widget fills in `{product}` and `{task}`; another name would be shown as it stands.
pub(crate) fn placeholders(text: &str) -> Checked {
    match names(text).find(|name| !["product", "task"].contains(&name.trim())) {
        Some(name) => Err(format!("no placeholders but {{product}} and {{task}} instead of {{{name}}}")),
        None => Ok(()),
    }
}

fn trigger(value: &str) -> Checked {
    let mut begins = None;
    let mut ends = None;
    for word in value.split_whitespace() {
        trigger_word(word)?;
        match word.split_once('=') {
            Some(("from", date)) => begins = begins.max(date_range(date).map(|(start, _)| start)),
            Some(("until", date)) => {
                let end = date_range(date).map(|(_, end)| end);
                ends = ends.or(end).min(end);
            }
            _ => {}
        }
    }
    let never = begins.zip(ends).is_some_and(|(begins, ends)| begins >= ends);
    expect(!never, || format!("an until= after its from= instead of {value}"))
}

/// Checks one word of a trigger; www/candor.js reads it.
fn trigger_word(word: &str) -> Checked {
    let end = word.find(['=', ':']).unwrap_or(word.len());
    let (name, rest) = word.split_at(end);
    let Some(known) = STARTS.iter().chain(CONDITIONS).find(|known| known.name == name) else {
        let known = STARTS.iter().chain(CONDITIONS).map(TriggerWord::form).collect::<Vec<_>>().join(", ");
        return Err(format!("words of {known} instead of {word}"));
    };
    let value = rest.strip_prefix('=');
    let form = match known.value {
        TriggerValue::None => expect(rest.is_empty(), || "alone".to_owned()),
        TriggerValue::Name => {
            expect(value.is_some_and(|name| !name.is_empty()), || "followed by = and a name".to_owned())
        }
        TriggerValue::Number(min, max) => {
            let number = value.and_then(|number| number.parse::<f64>().ok());
            expect(number.is_some_and(|number| (min..=max).contains(&number)), || {
                format!("followed by = and a number from {min} to {max}")
            })
        }
        TriggerValue::Word(words) => expect(value.is_some_and(|word| words.contains(&word)), || {
            format!("followed by ={}", words.join(" or ="))
        }),
        TriggerValue::Selector => expect(value.is_some_and(is_selector), || {
            "followed by = and a CSS selector without spaces, such as #pricing".to_owned()
        }),
        TriggerValue::Path => expect(value.is_some_and(is_path), || {
            "followed by = and a path that begins with / or *, or a route that begins with #, without a query, such as /thanks*"
                .to_owned()
        }),
        TriggerValue::Date => expect(value.and_then(date_range).is_some(), || {
            "followed by = and a day such as 2026-11-30, or a moment such as 2026-11-30T18:00+01:00"
                .to_owned()
        }),
        TriggerValue::Attribute => {
            let pair = rest.strip_prefix(':').and_then(|pair| pair.split_once('='));
            expect(pair.is_some_and(|(key, _)| !key.is_empty()), || "as attr:KEY=VALUE".to_owned())
        }
    };
    form.map_err(|form| format!("{name} {form} instead of {word}"))
}

impl TriggerWord {
    /// The word as it is named among the others.
    fn form(&self) -> String {
        let after = match self.value {
            TriggerValue::None => "",
            TriggerValue::Attribute => ":…=",
            _ => "=",
        };
        format!("{}{after}", self.name)
    }
}

/// Whether `location.pathname` can fit a glob: it begins with a slash, has neither query nor fragment, and is ASCII.
fn is_path(glob: &str) -> bool {
    glob.starts_with(['/', '*', '#'])
        && !glob.contains(|c: char| c.is_whitespace() || c.is_control() || c == '?')
}

/// Where a day in UTC or a moment begins and ends. A moment without an offset is none: each browser would read it by its own
/// clock.
fn date_range(value: &str) -> Option<(Timestamp, Timestamp)> {
    // The library reads more than `Date.parse` does.
    let shape: String = value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape == "0000-00-00" {
        let day: Date = value.parse().ok()?;
        let start = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
        return Some((start(day)?, start(day.tomorrow().ok()?)?));
    }
    let time = ["Z", "+00:00", "-00:00"].iter().find_map(|offset| shape.strip_suffix(offset))?;
    let time = time.strip_prefix("0000-00-00T00:00")?;
    if !matches!(time, "" | ":00" | ":00.0" | ":00.00" | ":00.000") {
        return None;
    }
    let moment: Timestamp = value.parse().ok()?;
    Some((moment, moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn passes(option: &str, values: &[&str]) {
        for value in values {
            assert_eq!(check_option(option, value), Ok(()), "{option}: {value:?}");
        }
    }

    #[track_caller]
    fn refused(option: &str, values: &[&str], expected: &str) {
        for value in values {
            let Err(said) = check_option(option, value) else { panic!("{option}: {value:?} passes") };
            assert!(said.contains(expected), "{option}: {value:?}: expected {said}");
        }
    }

    #[test]
    fn an_option_that_is_none_is_named_with_those_that_are() {
        refused("triger", &["load"], "one of product, task, question");
        // What says which survey it is, the survey itself can't say.
        refused("survey", &["nps"], "one of product");
        refused("site", &["shop"], "one of product");
    }

    #[test]
    fn a_word_that_is_none_of_the_words_is_refused() {
        for (option, words, wrong) in [
            ("display", "popover or inline", "Inline"),
            ("position", "end or start", "left"),
            ("theme", "auto or light or dark", "night"),
            ("send", "each or final", "once"),
            ("consent", "false or required", "true"),
            ("test", "true or false", "flase"),
        ] {
            passes(option, &words.split(" or ").collect::<Vec<_>>());
            refused(option, &[wrong, "", " "], words);
        }
    }

    #[test]
    fn quiet_is_a_number_of_days() {
        passes("quiet", &["0", "90", "90,30", "90, 0", "36500"]);
        refused("quiet", &["x", "", "90,", "-1", "1.5", "1,2,3", "36501"], "days, 0 to 36500");
    }

    #[test]
    fn an_address_is_one_of_the_web_or_a_path() {
        passes("endpoint", &["https://collect.example/r?k=1", "http://127.0.0.1:8080", "/collect"]);
        passes("api", &["https://surveys.example", "/"]);
        let wrong = [
            "collect",
            "",
            "https://",
            "https:///x",
            "ftp://a.example/",
            "https://a b.example",
            "javascript:alert(1)",
        ];
        for option in ["endpoint", "api", "privacy"] {
            refused(option, &wrong, "an address that begins with https://");
        }
    }

    #[test]
    fn a_language_is_a_tag() {
        passes("lang", &["fa", "zh-Hant"]);
        refused("lang", &["Persian", "", "!"], "a language tag");
    }

    #[test]
    fn a_text_says_something_and_is_not_too_long() {
        for (option, max) in
            [("touchpoint", 64), ("product", 256), ("task", 256), ("once", 256), ("low", 500)]
        {
            passes(option, &["checkout", &"ü".repeat(max)]);
            refused(option, &["", " \t", &"x".repeat(max + 1)], &format!("a text of 1 to {max} characters"));
        }
    }

    #[test]
    fn own_words_have_only_placeholders_that_are_filled_in() {
        passes("question", &["How was {product}?", "{ task } {} { 5 }"]);
        refused("question", &["How was {Product}?"], "{product} and {task}");
        refused("followup", &["{name}, why?"], "instead of {name}");
    }

    #[test]
    fn an_accent_is_a_colour_that_browsers_compute_to_rgb() {
        passes("accent", &["#2f5d46", "#2F5", "#2f5d46ff", "RebeccaPurple", " red "]);
        passes(
            "accent",
            &["rgb(47, 93, 70)", "rgb(47 93 70 / 100%)", "hsl(150deg 33% 27%)", "hwb(150 18% 64%)"],
        );
        passes("accent", &["var(--brand)", "var(--brand, #2f5d46)"]);
        for nonsense in ["reddish", "", "2f5d46", "#2f5d4", "rgb(47)", "red;", "url(x)", "var(brand)"] {
            refused("accent", &[nonsense], "an opaque CSS colour");
        }
        passes(
            "accent",
            &["oklch(0.7 0.1 200)", "color(srgb 1 0 0)", "COLOR(display-p3 1 0 0)", "lab(50 40 59)"],
        );
        // Browsers know these, but the widget would go by none.
        refused("accent", &["transparent", "rgb(0 0 0 / 50%)", "#2f5d4680"], "an opaque CSS colour");
    }

    #[test]
    fn a_target_is_a_selector() {
        passes(
            "target",
            &["#place", "main > #pricing", "a:not(.x, #y)", "[data-x='1' i], svg|a", "li:nth-child(2n+1)"],
        );
        passes("target", &[":has(> img)", "#\\31 23", ".ü-x::part(y)", "a:from-the-future", " .a + .b ~ c "]);
        for nonsense in
            ["#[", "#", "#1", "..x", "a,", "a,,b", "a >", "> a", "a, > b", "a[x=]", "a[x", ":is()", ""]
        {
            refused("target", &[nonsense], "a CSS selector");
        }
        // As in a style sheet, where a selector ends there.
        refused("target", &["a {", "a;", "a)", "a//b", "a\"b\""], "a CSS selector");
    }

    #[test]
    fn a_mistyped_selector_never_panics() {
        for text in [
            "$-]",
            "@- ",
            ".-!",
            ".-#.",
            "&@-*/slotted",
            "#a.-<!--nth-child",
            "a[b='",
            "\\",
            "a:nth-child(",
            "/*",
        ] {
            let _ = is_selector(text);
        }
    }

    #[test]
    fn a_trigger_has_only_words_of_its_grammar() {
        passes(
            "trigger",
            &["", "load", "exit", "manual  device=mobile", "load attr:plan=pro attr:name= attr:a:b=c=d"],
        );
        passes("trigger", &["event=checkout_completed delay=2 sample=0.25"]);
        passes(
            "trigger",
            &[
                "url=/thanks* url=*/x url=/%C3%A9 url=/é url=#/thanks url=/a#b",
                "selector=#x click=a[href=\"/x\"]",
                "click=.a>.b,.c",
            ],
        );
        refused("trigger", &["load evnt=x", "event=x evnt=x"], "instead of evnt=x");
        refused("trigger", &["evnt"], "words of load, event=, scroll=, exit, idle=");
        refused("trigger", &["evnt"], "url=, device=, attr:…=, from=");
        refused("trigger", &["event", "event=", "event:x"], "event followed by = and a name");
        refused("trigger", &["load=1", "load:1"], "load alone");
        refused("trigger", &["exit="], "exit alone");
        refused("trigger", &["device=phone", "device"], "device followed by =mobile or =desktop");
        refused(
            "trigger",
            &["attr=pro", "attr", "attr:", "attr:plan", "attr:=pro"],
            "attr as attr:KEY=VALUE",
        );
        refused(
            "trigger",
            &["selector=#[", "selector=", "selector", "selector=>x"],
            "selector followed by = and a CSS",
        );
        refused("trigger", &["click=#["], "click followed by = and a CSS selector");
        refused(
            "trigger",
            &["url=thanks", "url=", "url", "url=/a?b=c", "url=https://a.example/"],
            "url followed by = and a path",
        );
    }

    #[test]
    fn a_number_of_a_trigger_is_within_its_range() {
        for (word, max) in [("scroll", "100"), ("sample", "1"), ("delay", "86400"), ("idle", "86400")] {
            let of = |value: &str| format!("{word}={value}");
            passes("trigger", &[&of("0"), &of("0.5"), &of(max)]);
            let expected = format!("{word} followed by = and a number from 0 to {max} instead of");
            for wrong in ["86401", "-1", "inf", "nan", "", "50%", "x", "1,5"] {
                refused("trigger", &[&of(wrong)], &expected);
            }
            refused("trigger", &[word, &format!("{word}:1"), &of(&format!("{max}.1"))], &expected);
        }
    }

    #[test]
    fn a_date_of_a_trigger_is_a_day_or_a_moment() {
        for word in ["from", "until"] {
            let of = |value: &str| format!("{word}={value}");
            for right in [
                "2026-11-01",
                "2028-02-29",
                "2026-11-30T18:00+01:00",
                "2026-11-30T18:00:59-08:30",
                "2026-11-30T18:00Z",
                "2026-11-30T18:00:00.5Z",
                "2026-11-30T18:00:00.123Z",
            ] {
                passes("trigger", &[&of(right)]);
            }
            for wrong in [
                "yesterday",
                "soon",
                "",
                "2026",
                "2026-11",
                "2026-02-29",
                "2026-13-01",
                "20261101",
                "2026-11-30T25:00Z",
                "2026-11-30T18:00",
                "2026-11-30T18:00+01",
                "2026-11-30T18Z",
                "2026-11-30T18:00+01:00[Europe/Berlin]",
                "1793491200000",
            ] {
                refused("trigger", &[&of(wrong)], &format!("{word} followed by = and a day such as"));
            }
        }
    }

    #[test]
    fn a_survey_ends_after_it_begins() {
        passes(
            "trigger",
            &[
                "from=2026-11-30 until=2026-11-30",
                "until=2026-12-01 load from=2026-11-30",
                "from=2026-11-30T18:00+01:00 until=2026-11-30T17:01Z",
                "from=2026-11-30T23:59Z until=2026-11-30",
            ],
        );
        refused(
            "trigger",
            &[
                "from=2026-11-30 until=2026-11-29",
                "until=2026-11-29 load from=2026-11-30",
                "from=2026-11-30T18:00+01:00 until=2026-11-30T17:00Z",
                "from=2026-12-01T00:00Z until=2026-11-30",
                "from=2026-01-01 from=2026-12-01 until=2026-12-31 until=2026-11-30",
            ],
            "an until= after its from= instead of",
        );
    }

    #[test]
    fn the_documents_examples_make_sense() {
        for word in STARTS.iter().chain(CONDITIONS) {
            passes("trigger", &[&format!("{}{}", word.name, word.example)]);
        }
    }
}
