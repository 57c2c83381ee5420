//! The options of the script tag and the words of a trigger, once.
//!
//! What reads them: the check of a site's file, the widget (`src/config.rs`), `docs/embedding.md`, which
//! `cargo xtask options` writes, and tests that hold the loader (`www/candor.js`) and the playground (`index.html`) to
//! them. In the widget only the constants that it uses are a byte.

use crate::{
    Display,
    limits::{MAX_TOKEN_BYTES, MAX_TOUCHPOINT_CHARS, MAX_VALUE_CHARS},
};

/// An option whose value is one of a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneOf {
    /// The option's name.
    pub name: &'static str,
    /// The word that stands for an option left out.
    pub default: &'static str,
    /// The other words.
    pub others: &'static [&'static str],
}

impl OneOf {
    /// All words, the default first.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.default).chain(self.others.iter().copied())
    }
}

/// How the survey stands in the page.
pub const DISPLAY: OneOf = OneOf {
    name: "display",
    default: Display::Popover.name(),
    others: &[Display::Inline.name(), Display::Bar.name(), Display::Modal.name()],
};
/// The popover's corner, and the bar's edge.
pub const POSITION: OneOf =
    OneOf { name: "position", default: "end", others: &["start", "top-end", "top-start"] };
/// Light or dark.
pub const THEME: OneOf = OneOf { name: "theme", default: "auto", others: &["light", "dark"] };
/// The typeface.
pub const FONT: OneOf = OneOf { name: "font", default: "system", others: &["inherit"] };
/// Whether consent is waited for.
pub const CONSENT: OneOf = OneOf { name: "consent", default: "false", others: &["required"] };
/// When answers are posted.
pub const SEND: OneOf = OneOf { name: "send", default: "each", others: &["final"] };

/// What a page's CSS or a site's theme may set, as `--candor-NAME`.
pub const STYLES: [&str; 18] = [
    "button-weight",
    "control-radius",
    "error",
    "font",
    "hairline",
    "ink",
    "line",
    "muted",
    "offset",
    "padding",
    "question-size",
    "question-weight",
    "radius",
    "shadow",
    "surface",
    "text-size",
    "tint",
    "width",
];

/// The site of answers that name none: built into every server.
pub const DEFAULT_SITE: &str = "default";
/// The path below `api` that answers are posted to when no `endpoint` is named.
pub const DEFAULT_ENDPOINT_PATH: &str = "/v1/responses";
/// Days without any survey after an answer and after a dismissal. Practice is 60 to 90 after an answer; a dismissal costs
/// the site less.
pub const DEFAULT_QUIET_DAYS: (u16, u16) = (90, 30);
/// The most days of quiet.
pub const MAX_QUIET_DAYS: u16 = 36_500;

/// What the option `quiet` says: days without any survey after an answer and after a dismissal, 0 to 36,500 each; a
/// single number is for both.
#[must_use]
pub fn quiet_days(value: &str) -> Option<(u16, u16)> {
    let days = |text: &str| text.trim_ascii().parse().ok().filter(|&days: &u16| days <= MAX_QUIET_DAYS);
    let (answered, dismissed) = value.split_once([','].as_slice()).unwrap_or((value, value));
    Some((days(answered)?, days(dismissed)?))
}

/// What an option's value may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// The id of a site or survey, or a preset's name.
    Slug,
    /// One of a few words.
    OneOf(OneOf),
    /// `true` or `false`; an attribute without a value is `true`.
    Flag,
    /// A text of at most so many characters.
    Text(usize),
    /// The page's own words, in which `{product}` and `{task}` are filled in.
    Wording,
    /// Days of quiet, see [`quiet_days`].
    Days,
    /// An address of the web, or a path.
    Address,
    /// A language tag.
    Language,
    /// An opaque colour.
    Colour,
    /// A whole number of CSS pixels, of at most three digits.
    Pixels,
    /// A CSS selector.
    Selector,
    /// Words of [`STARTS`] and [`CONDITIONS`].
    Trigger,
}

/// One option of the script tag: `data-NAME`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbedOption {
    /// Its name, without `data-`.
    pub name: &'static str,
    /// What it is about: the heading of its table in the documents.
    pub group: &'static str,
    /// What its value may be.
    pub value: Expected,
    /// What it is when it is left out, in Markdown; empty when there is nothing then. A [`OneOf`] says its own.
    pub default: &'static str,
    /// What it means, in Markdown.
    pub meaning: &'static str,
    /// Whether a survey may bring it in its site's file: all but those that say which survey it is.
    pub in_survey: bool,
    /// Whether the loader or the module's script uses it. The others they hand to the widget unseen.
    pub in_loader: bool,
}

const ASKED: &str = "What is asked";
const LOOKS: &str = "How it looks";
const SHOWN: &str = "When it is shown";
const SENT: &str = "Where answers go";

const fn option(
    group: &'static str,
    name: &'static str,
    value: Expected,
    meaning: &'static str,
) -> EmbedOption {
    EmbedOption { name, group, value, default: "", meaning, in_survey: true, in_loader: false }
}

const fn choice(group: &'static str, choice: OneOf, meaning: &'static str) -> EmbedOption {
    option(group, choice.name, Expected::OneOf(choice), meaning)
}

impl EmbedOption {
    const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn in_loader(self) -> Self {
        Self { in_loader: true, ..self }
    }

    const fn not_in_survey(self) -> Self {
        Self { in_survey: false, ..self }
    }
}

/// All options, in the order of the documents.
pub const OPTIONS: &[EmbedOption] = &[
    option(ASKED, "survey", Expected::Slug, "a [preset](#presets) such as `nps`, which needs no server, or the id of a survey")
        .in_loader()
        .not_in_survey(),
    option(
        ASKED,
        "site",
        Expected::Slug,
        "without `data-survey`: all surveys that the site has running, from `{api}/v1/sites/{site}`; with it: whose survey it is, and the site that answers to a preset belong to",
    )
    .or("`default`")
    .in_loader()
    .not_in_survey(),
    option(
        ASKED,
        "product",
        Expected::Text(MAX_VALUE_CHARS),
        "what is rated: fills `{product}` in questions and goes with the answer",
    ),
    option(
        ASKED,
        "task",
        Expected::Text(MAX_VALUE_CHARS),
        "what was to be easy (`ces`), as in \"return a parcel\": fills `{task}` in questions and goes with the answer",
    ),
    option(ASKED, "question", Expected::Wording, "your own words for the rating question; never the scale")
        .or("the survey's, else Candor's")
        .in_loader(),
    option(ASKED, "low", Expected::Wording, "the meaning of the lowest point").or("the survey's, else Candor's").in_loader(),
    option(ASKED, "high", Expected::Wording, "the meaning of the highest point").or("the survey's, else Candor's").in_loader(),
    option(ASKED, "followup", Expected::Wording, "your own words for the open question")
        .or("the survey's, else Candor's")
        .in_loader(),
    option(ASKED, "touchpoint", Expected::Text(MAX_TOUCHPOINT_CHARS), "where in the customer's journey"),
    option(ASKED, "lang", Expected::Language, "the language; one that neither Candor nor your [words](#words) speak is ignored")
        .or("the nearest `lang` above the tag, then the page's, then the browser's languages")
        .in_loader(),
    choice(
        LOOKS,
        DISPLAY,
        "`popover`: in a corner; `inline`: in the page, after the tag or in `data-target`; `bar`: along an edge of the window; `modal`: before all \
         else, with the focus, until it is answered or closed, so for what the visitor asked for",
    )
    .in_loader(),
    option(
        LOOKS,
        "target",
        Expected::Selector,
        "with `inline`: the first match gets the survey as its last child. Needed when the tag is in `<head>`",
    )
    .in_loader(),
    choice(LOOKS, POSITION, "the popover's corner, in reading direction: at the bottom unless it says `top-`. With either `top-` a bar stands at the upper edge"),
    choice(LOOKS, THEME, "`auto`: the page's `color-scheme`, then the system's"),
    option(LOOKS, "accent", Expected::Colour, "your own colour: buttons and what is chosen have it as it is, with black or white on it and an edge where it is pale; of a grey there is a pair for light and dark"),
    choice(LOOKS, FONT, "`inherit`: the typeface of the place where the survey stands").in_loader(),
    option(LOOKS, "radius", Expected::Pixels, "how round the card's corners are, in pixels; see also [Styles](#styles)").or("`12`").in_loader(),
    option(
        LOOKS,
        "offset",
        Expected::Pixels,
        "how far above the window's edge the popover stands, in pixels, where something else stands in the same corner. On phones it is a sheet at the edge",
    )
    .or("`24`")
    .in_loader(),
    option(LOOKS, "privacy", Expected::Address, "where your privacy notice is").or("no link"),
    option(SHOWN, "trigger", Expected::Trigger, "see [Triggers](#triggers)").or("`load`").in_loader(),
    option(
        SHOWN,
        "quiet",
        Expected::Days,
        "how long no survey at all is shown; `0`: may ask again at once",
    )
    .or("`90,30`")
    .in_loader(),
    option(
        SHOWN,
        "once",
        Expected::Text(MAX_VALUE_CHARS),
        "a key, such as an order's number, for which the survey is shown once",
    )
    .in_loader(),
    choice(
        SHOWN,
        CONSENT,
        "`required`, or whatever else a tag says that is not `false`: nothing is stored, sent, shown or asked of the server before `candor(\"consent\", true)`",
    )
    .in_loader(),
    option(
        SHOWN,
        "debug",
        Expected::Flag,
        "writes to the console what becomes of the survey and why it is not shown. The attribute alone is `true`",
    )
    .in_loader()
    .not_in_survey(),
    option(SENT, "api", Expected::Address, "where definitions come from").or("the script's origin").in_loader(),
    option(
        SENT,
        "endpoint",
        Expected::Address,
        "where answers are posted; anything that takes [this POST](api.md#what-a-post-carries)",
    )
    .or("`{api}/v1/responses`")
    .in_loader(),
    option(
        SENT,
        "identity",
        Expected::Text(MAX_TOKEN_BYTES),
        "a token by which your server signs [who answers](#who-answers)",
    )
    .not_in_survey(),
    choice(SENT, SEND, "`each`: every step at once; `final`: [one post](#one-post) at the end or on leaving"),
    option(SENT, "test", Expected::Flag, "marks answers as tests: kept, never counted. The attribute alone is `true`"),
];

/// What follows a trigger word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TriggerValue {
    /// Nothing.
    None,
    /// `=` and a name.
    Name,
    /// `=` and a number in this range.
    Number(f64, f64),
    /// `=` and one of these words.
    Word(&'static [&'static str]),
    /// `=` and a CSS selector.
    Selector,
    /// `=` and a path of the page, in which `*` is any text.
    Path,
    /// `=` and a day or a moment.
    Date,
    /// `:KEY=VALUE`.
    Attribute,
}

/// One word of a trigger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TriggerWord {
    /// The word, up to its value.
    pub name: &'static str,
    /// What follows it.
    pub value: TriggerValue,
    /// What follows it in the documents' example.
    pub example: &'static str,
    /// When it starts the survey, or when it holds, in Markdown.
    pub meaning: &'static str,
}

const fn word(
    name: &'static str,
    example: &'static str,
    value: TriggerValue,
    meaning: &'static str,
) -> TriggerWord {
    TriggerWord { name, value, example, meaning }
}

/// The longest wait: a browser's timer overflows at 24 days and would then be over at once, and no visit lasts that long.
const DAY_SECONDS: f64 = 86_400.0;

/// What starts a survey; whichever comes first.
pub const STARTS: &[TriggerWord] = &[
    word("load", "", TriggerValue::None, "the page is read. Also when no other start is named"),
    word(
        "event",
        "=NAME",
        TriggerValue::Name,
        "`candor(\"event\", \"NAME\")`, before or after the script is there",
    ),
    word(
        "scroll",
        "=50",
        TriggerValue::Number(0.0, 100.0),
        "the visitor has scrolled half-way down whatever scrolls in the middle of the window. Never on a page that does not scroll",
    ),
    word(
        "exit",
        "",
        TriggerValue::None,
        "the mouse leaves the window at its upper edge. Never on touch screens",
    ),
    word(
        "idle",
        "=30",
        TriggerValue::Number(0.0, DAY_SECONDS),
        "30 seconds without pointer, key and scrolling, while the page is seen; at most a day",
    ),
    word(
        "selector",
        "=#x",
        TriggerValue::Selector,
        "such an element is in view, be it in an open shadow root",
    ),
    word("click", "=#x", TriggerValue::Selector, "a click on such an element, be it in an open shadow root"),
    word("manual", "", TriggerValue::None, "only `candor(\"show\", …)`"),
];

/// What must hold when it has started; all of them.
pub const CONDITIONS: &[TriggerWord] = &[
    word(
        "url",
        "=/thanks*",
        TriggerValue::Path,
        "the path, without a slash at its end, matches, or the route behind a `#`; `*` is any text. As people read it: `url=/ขอบคุณ`",
    ),
    word(
        "device",
        "=mobile",
        TriggerValue::Word(&["mobile", "desktop"]),
        "the main pointer is a finger, or is not",
    ),
    word("attr", ":plan=pro", TriggerValue::Attribute, "an attribute given by `identify` or `set`"),
    word(
        "from",
        "=2026-11-01",
        TriggerValue::Date,
        "from the beginning of the day, in UTC; or from a moment, `2026-11-01T09:00+01:00`",
    ),
    word(
        "until",
        "=2026-11-30",
        TriggerValue::Date,
        "to the end of the day, in UTC; or to a moment, `2026-11-30T18:00+01:00`",
    ),
    word(
        "sample",
        "=0.25",
        TriggerValue::Number(0.0, 1.0),
        "for a quarter of browsers, the same ones each time",
    ),
    word(
        "delay",
        "=2",
        TriggerValue::Number(0.0, DAY_SECONDS),
        "two seconds after the start, while the page is seen; at most a day",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_in_words_are_those_that_the_widget_goes_by() {
        let default =
            |name| OPTIONS.iter().find(|option| option.name == name).unwrap().default.trim_matches('`');
        assert_eq!(default("site"), DEFAULT_SITE);
        assert_eq!(quiet_days(default("quiet")), Some(DEFAULT_QUIET_DAYS));
        assert_eq!(default("endpoint"), format!("{{api}}{DEFAULT_ENDPOINT_PATH}"));
    }

    #[test]
    fn every_display_is_a_word_of_its_option() {
        // A new one does not compile until it is named here.
        let next = |display: &Display| match display {
            Display::Popover => Some(Display::Inline),
            Display::Inline => Some(Display::Bar),
            Display::Bar => Some(Display::Modal),
            Display::Modal => None,
        };
        assert_eq!(std::iter::successors(Some(Display::default()), next).collect::<Vec<_>>(), Display::ALL);
        assert_eq!(DISPLAY.words().collect::<Vec<_>>(), Display::ALL.map(Display::name));
    }

    #[test]
    fn quiet_is_days_for_both_or_for_each() {
        assert_eq!(quiet_days("60, 7"), Some((60, 7)));
        assert_eq!(quiet_days("36500"), Some((36_500, 36_500)));
        for text in ["", "x", "-1", "1,2,3", "1.5", "90,", "36501"] {
            assert_eq!(quiet_days(text), None, "{text}");
        }
    }
}
