//! What is to be seen at one moment, as data, and what can be done then. Pure: the views draw it and know nothing else.

use crate::{
    session::Session,
    text::{concat, decimal, fill},
    wording::{Place, Wording},
};
use candor_survey::{Kind, Look, Question, Value, satisfaction};

/// Where the respondent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// At the first question, and nothing is answered.
    Ask,
    /// At what comes after.
    FollowUp,
    /// Done.
    Thanks,
}

impl Step {
    /// As CSS reads it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::FollowUp => "follow-up",
            Self::Thanks => "thanks",
        }
    }
}

/// Why a survey closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By its close button.
    Close,
    /// By Escape.
    Escape,
    /// "Not now".
    NotNow,
    /// "Don't ask again".
    Never,
    /// By the page.
    Api,
    /// The page has taken it away, more than once.
    Removed,
}

impl Reason {
    /// As `candor:closed` tells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Escape => "escape",
            Self::NotNow => "not-now",
            Self::Never => "never",
            Self::Api => "api",
            Self::Removed => "removed",
        }
    }
}

/// What the respondent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Chooses a point; `browsing` on the way to another, with the arrow keys.
    Choose { point: u8, browsing: bool },
    /// Chooses an option, or no longer.
    Pick { option: String, on: bool, browsing: bool },
    /// Writes an answer of one's own to a choice; `browsing` while it is being typed.
    WriteOther { text: String, browsing: bool },
    /// Types in the text field, which holds this now.
    Edit(String),
    /// Wants to see all points again, of which the chosen one alone is shown.
    Unfold,
    /// Has settled on an answer.
    Settle,
    /// Leaves the page, perhaps for good.
    Leave,
    /// Goes on from this page, with what its text field holds; from the last page that sends.
    Next(String),
    /// Goes back a page, likewise.
    Back(String),
    /// Closes it.
    Close(Reason),
}

/// What a button does, as `data-act` names it to CSS and to `view/input.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Next,
    /// As `Next`, while nothing is written.
    Skip,
    Back,
    Change,
    Later,
    Never,
    Close,
}

impl Act {
    pub(crate) const ALL: [Self; 7] =
        [Self::Next, Self::Skip, Self::Back, Self::Change, Self::Later, Self::Never, Self::Close];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Skip => "skip",
            Self::Back => "back",
            Self::Change => "change",
            Self::Later => "later",
            Self::Never => "never",
            Self::Close => "close",
        }
    }
}

/// All that is seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) step: Step,
    /// How many pages were turned before, both ways.
    pub(crate) turns: u32,
    /// The language and direction of Candor's words.
    pub(crate) tag: String,
    pub(crate) dir: &'static str,
    /// The language of the questions.
    pub(crate) locale: String,
    pub(crate) region: String,
    pub(crate) close: String,
    pub(crate) choice: Option<Asked>,
    pub(crate) field: Option<Field>,
    /// What is only to be read, and a link's address and words.
    pub(crate) message: Option<(String, Option<(String, String)>)>,
    /// What is wrong with what is written here; empty if nothing is.
    pub(crate) error: String,
    /// The ways on.
    pub(crate) buttons: Vec<(Act, String)>,
    /// The ways out, below everything.
    pub(crate) outs: Vec<(Act, String)>,
    /// The address, and the words of a link.
    pub(crate) privacy: Option<(String, String)>,
    /// What else is heard of a link.
    pub(crate) new_tab: String,
    /// Whether of the points the chosen one alone need be seen.
    pub(crate) is_folded: bool,
    pub(crate) thanks: String,
    /// What assistive technology is told, and after the end everyone.
    pub(crate) status: String,
}

/// A question that is answered by choosing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) question: String,
    /// That several may be chosen, or that it must be answered.
    pub(crate) hint: Option<String>,
    /// The hint says what is wrong.
    pub(crate) is_wrong: bool,
    pub(crate) items: Vec<Item>,
    pub(crate) control: Control,
}

/// What a choice has beside its items.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// They are points of a scale.
    Points {
        look: Look,
        /// What the ends mean, as number and words, unless every point has a label.
        ends: Option<[(String, String); 2]>,
        /// The same as a sentence, for those who don't see it.
        description: String,
        /// The chosen point, and the words of the button that leads to the others.
        chosen: Option<[String; 2]>,
    },
    /// They are options.
    Options {
        /// Several may be chosen.
        is_many: bool,
        /// The name of the field for an answer of one's own.
        other: Option<String>,
    },
}

/// A point or an option.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// The point as it is sent, or the option's id.
    pub(crate) value: String,
    /// The point in the digits of the language.
    pub(crate) number: Option<String>,
    /// What it says, if it has words.
    pub(crate) label: Option<String>,
}

/// A question that is answered in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) question: String,
    pub(crate) hint: String,
    /// How many characters are written, and how many may be.
    pub(crate) count: Option<String>,
}

/// What neither session nor wording knows.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) is_done: bool,
    pub(crate) is_folded: bool,
    /// Whether the text field is empty.
    pub(crate) is_empty: bool,
    /// How many characters are in it, if they are counted.
    pub(crate) count: Option<usize>,
    pub(crate) turns: u32,
    pub(crate) status: &'a str,
    pub(crate) error: &'a str,
    /// The error is of what is chosen, not of what is written.
    pub(crate) choice_is_wrong: bool,
    pub(crate) privacy: Option<String>,
}

impl Screen {
    pub(crate) fn of(session: &Session, wording: &Wording, moment: Moment<'_>) -> Self {
        let texts = &wording.texts;
        let (head, _) = session.on_page();
        let mut choice = choice(session, wording, head);
        let mut error = moment.error;
        if let Some(choice) = choice.as_mut().filter(|_| moment.choice_is_wrong && !error.is_empty()) {
            choice.is_wrong = true;
            choice.hint = Some(error.into());
            error = "";
        }
        // Where nothing is to be chosen first, what comes after is there at once.
        let begun = !session.is_first() || !session.answers().is_empty() || choice.is_none();
        let step = match (moment.is_done, begun) {
            (true, _) => Step::Thanks,
            (false, true) => Step::FollowUp,
            (false, false) => Step::Ask,
        };
        let mut is_required = false;
        let field = session.text_on_page().and_then(|text| {
            let question = session.question(text)?;
            let max = max_chars(question);
            let count = |(count, max)| wording.count(count, usize::from(max));
            is_required = question.required;
            Some(Field {
                question: wording.question(question, place(session, text)),
                hint: texts.get(if is_required { "required" } else { "comment-hint" }),
                count: moment.count.zip(max).map(count),
            })
        });
        let control = choice.as_ref().map(|choice| &choice.control);
        let has_chosen = matches!(control, Some(Control::Points { chosen: Some(_), .. }));
        let is_blank = field.is_some() && moment.is_empty;
        let may_skip = is_blank && choice.is_some() && !is_required;
        let next = match (session.is_last(), is_blank) {
            (false, _) => "next",
            (true, true) => "done",
            (true, false) => "send",
        };
        let mut buttons = vec![(Act::Next, texts.get(next))];
        if may_skip {
            buttons.push((Act::Skip, texts.get("skip")));
        }
        if !session.is_first() {
            buttons.push((Act::Back, texts.get("back")));
        }
        let mut outs = Vec::new();
        if session.is_first() && session.answers().is_empty() {
            outs.push((Act::Later, texts.get("not-now")));
        }
        outs.push((Act::Never, texts.get("never")));
        Self {
            step,
            turns: moment.turns,
            tag: texts.tag.clone(),
            dir: texts.dir(),
            locale: wording.locale(session.survey()),
            region: texts.get("region"),
            close: texts.get("close"),
            choice,
            field,
            message: message(session, wording, head),
            error: error.into(),
            buttons,
            outs,
            privacy: moment.privacy.map(|address| (address, texts.get("privacy"))),
            new_tab: texts.get("new-tab"),
            is_folded: moment.is_folded && step == Step::FollowUp && has_chosen,
            thanks: wording.ending(session.survey(), session.band()),
            status: moment.status.into(),
        }
    }
}

fn place(session: &Session, index: usize) -> Place {
    let questions = &session.survey().questions;
    let is_same = |earlier: &Question| match session.question(index).map(|question| &question.kind) {
        Some(Kind::Rating { .. }) => earlier.measure().is_some(),
        Some(Kind::Text { .. }) => matches!(earlier.kind, Kind::Text { .. }),
        _ => false,
    };
    Place { is_first: !questions.iter().take(index).any(is_same), band: session.band_before(index) }
}

/// The most characters of a text, if they are counted.
pub(crate) fn max_chars(question: &Question) -> Option<u16> {
    match question.kind {
        Kind::Text { max_chars, .. } => max_chars,
        _ => None,
    }
}

fn message(session: &Session, wording: &Wording, index: usize) -> Option<(String, Option<(String, String)>)> {
    let question = session.question(index)?;
    let Kind::Message { link } = &question.kind else { return None };
    let link = link.as_ref().map(|link| (link.href.clone(), link.label.clone()));
    Some((wording.question(question, place(session, index)), link))
}

fn choice(session: &Session, wording: &Wording, index: usize) -> Option<Asked> {
    let texts = &wording.texts;
    let question = session.question(index)?;
    let place = place(session, index);
    let mut items = Vec::new();
    let mut hint = question.required.then(|| texts.get("required"));
    let control = match &question.kind {
        Kind::Text { .. } | Kind::Message { .. } => return None,
        Kind::Rating { measure, look, low, high, labels } => {
            let (scale, words) = (measure.scale(), satisfaction(*measure));
            let ends = [low.as_ref().or(labels.first()), high.as_ref().or(labels.last())];
            let [low, high] = wording.ends(*measure, ends, place);
            let number = |point: u8| texts.number(point.into());
            let (min, max) = (number(scale.min()), number(scale.max()));
            let is_labelled = question.kind.is_labelled();
            // A face or a thumb says what it is.
            let is_numbered = matches!(look, Look::Numbers | Look::Stars);
            for (at, point) in scale.points().enumerate() {
                let label = match point {
                    p if p == scale.min() => Some(low.clone()),
                    p if p == scale.max() => Some(high.clone()),
                    _ => labels.get(at).cloned().or_else(|| Some(wording.satisfaction(*words.get(at)?))),
                };
                items.push(Item {
                    value: decimal(point.into()),
                    number: is_numbered.then(|| number(point)),
                    // Those of stars are heard.
                    label: label.filter(|_| is_labelled || !labels.is_empty()),
                });
            }
            let values =
                [("min", Some(&*min)), ("low", Some(&*low)), ("max", Some(&*max)), ("high", Some(&*high))];
            let description = if is_numbered {
                fill(&texts.get("ends"), &values).unwrap_or_default()
            } else {
                String::new()
            };
            let ends = (!is_labelled).then_some([(min, low), (max, high)]);
            let chosen = items.iter().find(|item| is_chosen(session, &item.value)).map(|item| {
                let [number, label] =
                    [&item.number, &item.label].map(|part| part.as_deref().unwrap_or_default());
                [concat(&[number, " ", label]).trim().to_owned(), texts.get("change")]
            });
            Control::Points { look: *look, ends, description, chosen }
        }
        Kind::Choice { options, many, other, .. } => {
            for option in options {
                items.push(Item { value: option.id.clone(), number: None, label: Some(option.text.clone()) });
            }
            if *many {
                hint = Some(texts.get("choose-many"));
            }
            Control::Options { is_many: *many, other: other.then(|| texts.get("other")) }
        }
    };
    let question = wording.question(question, place);
    Some(Asked { question, hint, is_wrong: false, items, control })
}

/// Whether the radio or checkbox of this value is chosen on the page.
pub(crate) fn is_chosen(session: &Session, value: &str) -> bool {
    match session.value(session.on_page().0) {
        Some(Value::Point(rating)) => decimal(rating.point().into()) == value,
        Some(Value::Chosen { options, .. }) => options.iter().any(|option| option == value),
        _ => false,
    }
}

/// What is written on the page: as an answer of one's own to a choice, and in its text field.
pub(crate) fn written(session: &Session) -> [String; 2] {
    let other = match session.value(session.on_page().0) {
        Some(Value::Chosen { other, .. }) => other.clone(),
        _ => None,
    };
    let text = match session.text_on_page().and_then(|index| session.value(index)) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    [other.unwrap_or_default(), text.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text::Messages, wording::Own};
    use candor_survey::{Survey, preset};

    fn screen(session: &Session, own: Own, rtl: bool) -> Screen {
        let wording = Wording { own, texts: Messages::keys(rtl) };
        let is_empty = written(session).iter().all(String::is_empty);
        let moment = Moment {
            is_done: false,
            is_folded: true,
            is_empty,
            count: Some(3),
            turns: 0,
            status: "",
            error: "",
            choice_is_wrong: false,
            privacy: None,
        };
        Screen::of(session, &wording, moment)
    }

    fn session(survey: Survey) -> Session {
        Session::new(survey, Vec::new(), &mut || 0.0)
    }

    fn words(screen: &Screen) -> Vec<&str> {
        screen.buttons.iter().chain(&screen.outs).map(|(_, words)| words.as_str()).collect()
    }

    fn points(screen: &Screen) -> (usize, Option<[(String, String); 2]>, String) {
        let Some(Asked { items, control: Control::Points { ends, description, .. }, .. }) = &screen.choice
        else {
            panic!("{screen:?}")
        };
        (items.len(), ends.clone(), description.replace(['\u{2068}', '\u{2069}'], ""))
    }

    #[test]
    fn a_preset_asks_in_candors_words_until_the_page_has_its_own() {
        let mut session = session(preset("nps").unwrap());
        let asked = screen(&session, Own::default(), true);
        assert_eq!((asked.step, asked.dir, asked.locale.as_str()), (Step::Ask, "rtl", "en"));
        assert_eq!(asked.choice.as_ref().unwrap().question, "nps-question");
        let ends = [("0", "nps-low"), ("10", "nps-high")].map(|(n, end)| (n.to_owned(), end.to_owned()));
        assert_eq!(points(&asked), (11, Some(ends), "0=nps-low 10=nps-high".into()));
        assert_eq!(words(&asked), ["done", "skip", "not-now", "never"]);
        assert!(!asked.is_folded);

        session.choose(0, 3);
        let own = Own { question: Some("How was it?".into()), low: Some("Bad".into()), ..Own::default() };
        let followed = screen(&session, own, false);
        assert_eq!((followed.step, followed.is_folded), (Step::FollowUp, true));
        assert_eq!(words(&followed), ["done", "skip", "never"], "not now is for who has not answered");
        let Control::Points { chosen, .. } = &followed.choice.as_ref().unwrap().control else { panic!() };
        assert_eq!(chosen.as_ref().unwrap(), &["3".to_owned(), "change".to_owned()]);
        assert_eq!(followed.choice.as_ref().unwrap().question, "How was it?");
        assert_eq!(points(&followed).2, "0=Bad 10=nps-high");
        assert_eq!(followed.field.unwrap().question, "followup-unfavourable");

        session.write(1, "Late").unwrap();
        let written = screen(&session, Own::default(), false);
        assert_eq!(words(&written), ["send", "never"], "what is written can be sent, and is not skipped");
    }

    #[test]
    fn five_points_of_satisfaction_have_labels_and_seven_have_ends() {
        let five = screen(&session(preset("csat").unwrap()), Own::default(), false);
        assert_eq!(points(&five), (5, None, "1=csat-1 5=csat-5".into()));
        let labels: Vec<_> = five.choice.unwrap().items.into_iter().filter_map(|point| point.label).collect();
        assert_eq!(labels, ["csat-1", "csat-2", "csat-3", "csat-4", "csat-5"]);

        let seven = r#"{"id": "s", "version": 1, "metric": "csat", "questions":
            [{"id": "q", "kind": "rating", "scale": "1-7", "favourable_points": 2}]}"#;
        let seven = screen(&session(serde_json::from_str(seven).unwrap()), Own::default(), false);
        assert_eq!(points(&seven).2, "1=csat-1 7=csat-5");
        assert_eq!((points(&seven).0, points(&seven).1.is_some(), seven.field), (7, true, None));
    }

    #[test]
    fn points_say_what_the_survey_says_of_them_and_else_candors_words() {
        let of = |question: &str| {
            let json = format!(
                r#"{{"id": "s", "version": 1, "metric": "csat",
                    "questions": [{{"id": "q", "kind": "rating", {question}}}]}}"#
            );
            let choice = screen(&session(serde_json::from_str(&json).unwrap()), Own::default(), false).choice;
            let Some(Asked { items, control: Control::Points { look, ends, description, .. }, .. }) = choice
            else {
                panic!()
            };
            let words = |item: Item| {
                concat(&[&item.number.unwrap_or_default(), " ", &item.label.unwrap_or_default()])
                    .trim()
                    .to_owned()
            };
            let items: Vec<_> = items.into_iter().map(words).collect();
            (look, items.join(", "), ends.is_some(), description.replace(['\u{2068}', '\u{2069}'], ""))
        };
        let check = |question: &str, look, items: &str, has_ends, description: &str| {
            assert_eq!(of(question), (look, items.into(), has_ends, description.into()), "{question}");
        };
        let numbers = Look::Numbers;
        check(
            r#""scale": "1-3", "favourable_points": 1"#,
            numbers,
            "1 csat-2, 2 csat-3, 3 csat-4",
            false,
            "1=csat-2 3=csat-4",
        );
        check(
            r#""scale": "1-4", "favourable_points": 1, "labels": ["A", "B", "C", "D"]"#,
            numbers,
            "1 A, 2 B, 3 C, 4 D",
            false,
            "1=A 4=D",
        );
        check(r#""look": "stars""#, Look::Stars, "1, 2, 3, 4, 5", true, "1=csat-1 5=csat-5");
        check(r#""look": "stars", "low": "Bad""#, Look::Stars, "1, 2, 3, 4, 5", true, "1=Bad 5=csat-5");
        let faces = "csat-1, csat-2, csat-3, csat-4, csat-5";
        check(r#""look": "smileys""#, Look::Smileys, faces, false, "");
        let thumbs = r#""look": "thumbs", "scale": "1-2", "favourable_points": 1"#;
        check(thumbs, Look::Thumbs, "csat-2, csat-4", false, "");
        check(&format!(r#"{thumbs}, "labels": ["No", "Yes"]"#), Look::Thumbs, "No, Yes", false, "");
    }

    #[test]
    fn what_is_required_says_so_and_can_not_be_skipped() {
        let survey = r#"{"id": "s", "version": 1, "metric": "nps", "questions": [
            {"id": "r", "kind": "rating", "required": true},
            {"id": "w", "kind": "text", "required": true, "max_chars": 280}]}"#;
        let mut session = session(serde_json::from_str(survey).unwrap());
        let asked = screen(&session, Own::default(), false);
        assert_eq!(asked.choice.unwrap().hint.as_deref(), Some("required"));
        session.choose(0, 9);
        let followed = screen(&session, Own::default(), false);
        assert_eq!(words(&followed), ["done", "never"]);
        let field = followed.field.unwrap();
        assert_eq!((field.hint.as_str(), field.count.as_deref()), ("required", Some("3\u{a0}/\u{a0}280")));
        assert_eq!(session.unanswered(), Some(1));
        session.write(1, "x").unwrap();
        assert_eq!(session.unanswered(), None);
    }

    #[test]
    fn a_message_is_read_and_a_link_leads_out_and_the_ending_is_by_band() {
        let survey = r#"{"id": "s", "version": 1, "metric": "nps", "questions": [
            {"id": "m", "kind": "message", "text": "Hello {product}"}, {"id": "r", "kind": "rating"},
            {"id": "l", "kind": "link", "text": "More?", "href": "https://a.example", "label": "Here"},
            {"id": "w", "kind": "text", "text": "W"}],
            "ending": {"text": "Bye", "by_band": {"favourable": "Bye, friend"}}}"#;
        let mut session = session(serde_json::from_str(survey).unwrap());
        let own = || Own { product: Some("Acme".into()), ..Own::default() };
        let first = screen(&session, own(), false);
        assert_eq!((first.step, words(&first)), (Step::FollowUp, vec!["next", "not-now", "never"]));
        let message = first.message.unwrap();
        assert_eq!((message.0.replace(['\u{2068}', '\u{2069}'], ""), message.1), ("Hello Acme".into(), None));
        assert!(session.next());
        assert_eq!(screen(&session, own(), false).message, None);
        session.choose(1, 10);
        assert_eq!(screen(&session, own(), false).thanks, "Bye, friend");
        session.choose(1, 3);
        assert_eq!(screen(&session, own(), false).thanks, "Bye");
        assert!(session.next());
        let link = screen(&session, own(), false);
        let expected = ("More?".to_owned(), Some(("https://a.example".to_owned(), "Here".to_owned())));
        assert_eq!(
            (link.message, &link.field),
            (Some(expected), &None),
            "a text after it has a page of its own"
        );
        assert!(session.next());
        assert_eq!(screen(&session, own(), false).field.unwrap().question, "W");
    }

    #[test]
    fn where_low_is_good_the_ends_change_places() {
        let effort = r#"{"id": "s", "version": 1, "metric": "ces", "questions":
            [{"id": "q", "kind": "rating", "scale": "5-1"}]}"#;
        let effort = screen(&session(serde_json::from_str(effort).unwrap()), Own::default(), false);
        assert_eq!(points(&effort).2, "1=ces-high 5=ces-low");
    }

    #[test]
    fn a_later_page_can_be_gone_back_from_and_only_the_last_sends() {
        let survey = r#"{"id": "s", "version": 1, "locale": "fa", "questions": [
            {"id": "a", "kind": "choice", "text": "A {product}?", "many": true, "other": true,
             "options": [{"id": "x", "text": "X"}, {"id": "y", "text": "Y"}]},
            {"id": "b", "kind": "rating", "metric": "ces", "text": "B"}, {"id": "c", "kind": "text", "text": "C"},
            {"id": "d", "kind": "text", "text": "D"}]}"#;
        let mut session = session(serde_json::from_str(survey).unwrap());
        let own = || Own { question: Some("Own".into()), followup: Some("Why?".into()), ..Own::default() };
        let first = screen(&session, own(), false);
        assert_eq!((first.step, first.locale.as_str()), (Step::Ask, "fa"));
        assert_eq!(words(&first), ["next", "not-now", "never"]);
        let choice = first.choice.unwrap();
        assert_eq!(
            choice.question, "A {product}?",
            "the page's words are for the rating, and it named no product"
        );
        let Control::Options { other, .. } = choice.control else { panic!() };
        assert_eq!(
            (choice.items.len(), choice.hint.as_deref(), other.as_deref()),
            (2, Some("choose-many"), Some("other"))
        );

        assert!(session.next());
        let second = screen(&session, own(), false);
        assert_eq!((second.step, words(&second)), (Step::FollowUp, vec!["next", "skip", "back", "never"]));
        assert_eq!(second.choice.unwrap().question, "Own");
        assert_eq!(second.field.unwrap().question, "Why?");

        assert!(session.next());
        let last = screen(&session, own(), false);
        assert_eq!((&last.choice, words(&last)), (&None, vec!["done", "back", "never"]));
        assert_eq!(last.field.unwrap().question, "D", "the page's words are for the first text");
    }
}
