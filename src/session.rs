//! One respondent's walk through one survey. Pure: no clock, no network, no DOM, no dice of its own.

use candor_scoring::{Band, Rating};
use candor_survey::{
    Answer, Choice, Kind, Question, State, Survey, Value, bit,
    limits::{MAX_COMMENT_CHARS, MAX_OTHER_CHARS},
};

/// A text that is longer than it may be: how many characters it has, and how many it may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong(pub(crate) usize, pub(crate) usize);

/// The respondent's answers so far. Every change is one revision: 1 is the impression.
///
/// A page is one question, with the text that follows it. Answers to questions that are not asked any more are remembered and
/// not sent.
pub(crate) struct Session {
    survey: Survey,
    /// What the page said of the respondent, as far as rules ask for it.
    attributes: Vec<(String, String)>,
    values: Vec<Option<Value>>,
    /// The first question of the page.
    page: usize,
    revision: u32,
    state: State,
    /// Whether something has changed since the revision was counted.
    is_changed: bool,
}

impl Session {
    /// The survey was shown. `random` gives numbers from 0 to below 1, by which options are shuffled.
    pub(crate) fn new(
        mut survey: Survey,
        attributes: Vec<(String, String)>,
        random: &mut dyn FnMut() -> f64,
    ) -> Self {
        let mut values = Vec::new();
        for question in &mut survey.questions {
            values.push(None);
            if let Kind::Choice { options, shuffle: true, .. } = &mut question.kind {
                // Fisher and Yates.
                for count in 1..=options.len() {
                    options.swap(count - 1, (random() * count as f64) as usize);
                }
            }
        }
        let mut session =
            Self { values, survey, attributes, page: 0, revision: 1, state: State::Shown, is_changed: false };
        // The first may be one that is not asked.
        session.page = session.pages().trailing_zeros().min(31) as usize;
        session
    }

    pub(crate) fn survey(&self) -> &Survey {
        &self.survey
    }

    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    /// Counts all that has changed as one revision. False if nothing has.
    pub(crate) fn revise(&mut self) -> bool {
        let is_changed = std::mem::take(&mut self.is_changed);
        self.revision += u32::from(is_changed);
        is_changed
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Has the next [`revise`](Self::revise) count, if anything was answered. False if nothing was.
    pub(crate) fn touch(&mut self) -> bool {
        self.is_changed = self.state != State::Shown;
        self.is_changed
    }

    fn asked(&self) -> u32 {
        self.survey.asked(&self.values, &|key| {
            self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        })
    }

    fn is_text(&self, index: usize) -> bool {
        matches!(self.question(index), Some(Question { kind: Kind::Text { .. }, .. }))
    }

    fn is_message(&self, index: usize) -> bool {
        matches!(self.question(index), Some(Question { kind: Kind::Message { .. }, .. }))
    }

    /// The question of the page that must be answered and is not.
    pub(crate) fn unanswered(&self) -> Option<usize> {
        let (head, follows) = self.on_page();
        let must = |index: &usize| {
            self.question(*index).is_some_and(|question| question.required) && self.value(*index).is_none()
        };
        [Some(head), follows].into_iter().flatten().find(must)
    }

    /// The first question of every page, as far as can be known by now, a bit for each.
    fn pages(&self) -> u32 {
        let asked = self.asked();
        let mut pages = 0;
        // Whether a text that comes now stands with what is asked just before it.
        let mut is_open = false;
        for index in 0..self.values.len() {
            let (is_asked, is_text) = (asked & bit(index) > 0, self.is_text(index));
            if is_asked && !(is_text && is_open) {
                pages |= bit(index);
            }
            is_open = is_asked && !is_text && !self.is_message(index);
        }
        pages
    }

    /// Whether this respondent is asked anything at all.
    pub(crate) fn asks(&self) -> bool {
        self.asked() > 0
    }

    /// The question of the page, and the text that stands with it.
    pub(crate) fn on_page(&self) -> (usize, Option<usize>) {
        let next = self.page + 1;
        let follows = self.asked() & !self.pages() & bit(next) > 0;
        (self.page, follows.then_some(next))
    }

    /// The text that is asked on the page.
    pub(crate) fn text_on_page(&self) -> Option<usize> {
        let (head, follows) = self.on_page();
        if self.is_text(head) { Some(head) } else { follows }
    }

    /// The pages before this one.
    fn before(&self) -> u32 {
        self.pages() & bit(self.page).wrapping_sub(1)
    }

    /// The pages after this one.
    fn after(&self) -> u32 {
        self.pages() & !(bit(self.page) | bit(self.page).wrapping_sub(1))
    }

    pub(crate) fn is_first(&self) -> bool {
        self.before() == 0
    }

    pub(crate) fn is_last(&self) -> bool {
        self.after() == 0
    }

    /// Goes on by a page. False if there is none.
    pub(crate) fn next(&mut self) -> bool {
        let after = self.after();
        if after > 0 {
            self.page = after.trailing_zeros() as usize;
        }
        after > 0
    }

    /// Goes back by a page. False if there is none.
    pub(crate) fn back(&mut self) -> bool {
        let before = self.before();
        if before > 0 {
            self.page = before.ilog2() as usize;
        }
        before > 0
    }

    pub(crate) fn question(&self, index: usize) -> Option<&Question> {
        self.survey.questions.get(index)
    }

    pub(crate) fn value(&self, index: usize) -> Option<&Value> {
        self.values.get(index)?.as_ref()
    }

    /// Where the last rating of all stands.
    pub(crate) fn band(&self) -> Option<Band> {
        self.band_before(self.values.len())
    }

    /// Where the last rating before a question stands, once there is one.
    pub(crate) fn band_before(&self, index: usize) -> Option<Band> {
        let mut band = None;
        let asked = self.asked();
        for earlier in 0..index {
            if let (1.., Some(Value::Point(rating))) = (asked & bit(earlier), self.value(earlier)) {
                band = self.question(earlier)?.measure()?.band(*rating).ok();
            }
        }
        band
    }

    /// A point was chosen. True if that changes the response.
    pub(crate) fn choose(&mut self, index: usize, point: u8) -> bool {
        let scale = self.question(index).and_then(Question::measure).map(|measure| measure.scale());
        let rating = scale.and_then(|scale| Rating::new(point, scale).ok());
        rating.is_some_and(|rating| self.set(index, Some(Value::Point(rating))))
    }

    /// An option was chosen, or no longer. True if that changes the response.
    pub(crate) fn pick(&mut self, index: usize, option: &str, on: bool) -> bool {
        let Some((options, many)) = self.options(index) else { return false };
        if !options.iter().any(|known| known.id == option) {
            return false;
        }
        let (mut chosen, mut other) = self.chosen(index);
        if many {
            chosen.retain(|known| known != option);
        } else {
            chosen.clear();
            other = None;
        }
        if on {
            chosen.push(option.to_owned());
        }
        self.set_chosen(index, chosen, other)
    }

    /// An answer of one's own was written, or emptied. True if that changes the response.
    ///
    /// # Errors
    /// [`TooLong`]: nothing has changed.
    pub(crate) fn write_other(&mut self, index: usize, text: &str) -> Result<bool, TooLong> {
        let Some((_, many)) = self.options(index) else { return Ok(false) };
        let other = clean(text, MAX_OTHER_CHARS)?;
        let (mut chosen, _) = self.chosen(index);
        if other.is_some() && !many {
            chosen.clear();
        }
        Ok(self.set_chosen(index, chosen, other))
    }

    /// A text was written, or emptied. True if that changes the response.
    ///
    /// # Errors
    /// [`TooLong`]: nothing has changed.
    pub(crate) fn write(&mut self, index: usize, text: &str) -> Result<bool, TooLong> {
        let text = clean(text, MAX_COMMENT_CHARS)?;
        Ok(self.set(index, text.map(Value::Text)))
    }

    /// The respondent is done. True if that changes the response.
    pub(crate) fn complete(&mut self) -> bool {
        let changes = self.state == State::Partial;
        if changes {
            self.state = State::Complete;
            self.is_changed = true;
        }
        changes
    }

    /// The survey was closed. True if that was a dismissal: nothing had been answered.
    pub(crate) fn close(&mut self) -> bool {
        let dismissed = self.state == State::Shown;
        if dismissed {
            self.state = State::Dismissed;
            self.is_changed = true;
        }
        dismissed
    }

    /// The answers as they go on the wire: to what is asked by now.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        let asked = self.asked();
        for (index, question) in self.survey.questions.iter().enumerate() {
            if let (1.., Some(value)) = (asked & bit(index), self.value(index)) {
                answers.push(question.answer(value));
            }
        }
        answers
    }

    /// A choice's options, and whether several may be chosen.
    fn options(&self, index: usize) -> Option<(&[Choice], bool)> {
        match &self.question(index)?.kind {
            Kind::Choice { options, many, .. } => Some((options, *many)),
            _ => None,
        }
    }

    fn chosen(&self, index: usize) -> (Vec<String>, Option<String>) {
        match self.value(index) {
            Some(Value::Chosen { options, other }) => (options.clone(), other.clone()),
            _ => (Vec::new(), None),
        }
    }

    fn set_chosen(&mut self, index: usize, options: Vec<String>, other: Option<String>) -> bool {
        let is_empty = options.is_empty() && other.is_none();
        self.set(index, (!is_empty).then_some(Value::Chosen { options, other }))
    }

    fn set(&mut self, index: usize, value: Option<Value>) -> bool {
        let is_over = matches!(self.state, State::Dismissed | State::Complete);
        let Some(place) = self.values.get_mut(index).filter(|place| !is_over && **place != value) else {
            return false;
        };
        *place = value;
        self.state = if self.answers().is_empty() { State::Shown } else { State::Partial };
        self.is_changed = true;
        true
    }
}

/// A text without what is around it; `None` if nothing is left.
fn clean(text: &str, max: usize) -> Result<Option<String>, TooLong> {
    // A NUL is no text, and databases refuse it.
    let text = text.replace(['\0'].as_slice(), "");
    let count = text.bytes().filter(|byte| !(0x80..0xc0).contains(byte)).count();
    if count > max {
        return Err(TooLong(count, max));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(survey: Survey) -> Session {
        Session::new(survey, Vec::new(), &mut || 0.5)
    }

    fn nps() -> Session {
        session(candor_survey::preset("nps").unwrap())
    }

    /// A rating, its reason, what was bought (several, or something else), and a last word for those who bought cheese.
    fn shop() -> Session {
        let json = r#"{"id": "s", "version": 1, "metric": "nps", "questions": [
            {"id": "nps", "kind": "rating"}, {"id": "why", "kind": "text"},
            {"id": "bought", "kind": "choice", "options": [{"id": "bread", "text": "Bread"}, {"id": "cheese", "text": "Cheese"}],
             "many": true, "other": true, "shuffle": true},
            {"id": "ripe", "kind": "rating", "metric": "csat", "when": {"all": [{"question": "bought", "chosen": "cheese"}]}},
            {"id": "end", "kind": "text"}]}"#;
        session(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_changes_at_once_is_one_revision() {
        let mut session = nps();
        assert!(!session.revise());
        assert_eq!((session.revision(), session.state()), (1, State::Shown));
        assert!(session.choose(0, 9) && session.revise());
        assert_eq!((session.revision(), session.state()), (2, State::Partial));
        assert!(!session.choose(0, 9) && !session.revise());
        assert!(session.choose(0, 6) && session.revise());
        assert_eq!((session.revision(), session.band_before(1)), (3, Some(Band::Unfavourable)));
        assert_eq!(session.write(1, " too slow "), Ok(true));
        assert!(session.complete() && !session.complete() && session.revise());
        assert_eq!((session.revision(), session.state()), (4, State::Complete));
        let answer = |question: &str| Answer { question: question.into(), ..Answer::default() };
        let rating = Answer { rating: Some(6), ..answer("nps") };
        let why = Answer { text: Some("too slow".into()), ..answer("why") };
        assert_eq!(session.answers(), [rating, why]);
        assert!(!session.choose(0, 1), "it is over");
    }

    #[test]
    fn closing_is_a_dismissal_only_when_nothing_was_answered() {
        let mut session = nps();
        assert!(session.close());
        assert_eq!(session.state(), State::Dismissed);
        assert!(!session.close());
        assert!(!session.choose(0, 9));

        let mut session = nps();
        session.choose(0, 0);
        assert!(!session.close());
        assert_eq!(session.state(), State::Partial);
    }

    #[test]
    fn a_point_off_the_scale_changes_nothing() {
        let mut session = nps();
        assert!(!session.choose(0, 11) && !session.choose(1, 1) && !session.choose(9, 1));
        assert!(!session.revise());
        assert!(session.answers().is_empty());
    }

    #[test]
    fn a_comment_may_have_5000_characters_whatever_their_bytes() {
        let mut session = nps();
        session.choose(0, 3);
        assert_eq!(session.write(1, &"快".repeat(5_001)), Err(TooLong(5_001, 5_000)));
        assert_eq!(session.write(1, &"快".repeat(5_000)), Ok(true));
    }

    #[test]
    fn an_empty_comment_is_no_answer() {
        let mut session = nps();
        session.choose(0, 3);
        assert_eq!(session.write(1, " \n\0"), Ok(false));
        assert!(session.complete());
        assert_eq!(session.answers().len(), 1);
    }

    #[test]
    fn what_is_asked_depends_on_what_was_answered_before() {
        let mut session = shop();
        assert_eq!(session.on_page(), (0, Some(1)));
        session.choose(0, 9);
        assert!(session.next() && !session.is_first());
        assert_eq!(session.on_page(), (2, None));
        assert!(session.is_first() || session.next());
        assert_eq!(session.on_page(), (4, None), "nobody asks for the cheese of those who bought none");
        assert!(session.is_last() && session.back());
        assert!(session.pick(2, "cheese", true));
        assert!(session.next());
        assert_eq!(session.on_page(), (3, Some(4)));
        assert!(session.choose(3, 2));
        let ids = |session: &Session| -> Vec<_> {
            session.answers().into_iter().map(|answer| answer.question).collect()
        };
        assert_eq!(ids(&session), ["nps", "bought", "ripe"]);
        session.pick(2, "cheese", false);
        session.pick(2, "bread", true);
        assert_eq!(ids(&session), ["nps", "bought"], "what is asked no longer is not sent");
    }

    #[test]
    fn of_one_choice_the_last_counts_and_of_many_each() {
        let chosen = |session: &Session, index| match session.value(index) {
            Some(Value::Chosen { options, other }) => (options.join(" "), other.clone()),
            _ => (String::new(), None),
        };
        let mut session = shop();
        assert!(session.pick(2, "cheese", true) && session.pick(2, "bread", true));
        assert!(!session.pick(2, "milk", true));
        assert_eq!(session.write_other(2, " milk "), Ok(true));
        assert_eq!(chosen(&session, 2), ("cheese bread".into(), Some("milk".into())));
        assert!(session.pick(2, "cheese", false));
        assert_eq!(chosen(&session, 2), ("bread".into(), Some("milk".into())));

        if let Some(Question { kind: Kind::Choice { many, .. }, .. }) = session.survey.questions.get_mut(2) {
            *many = false;
        }
        assert!(session.pick(2, "cheese", true));
        assert_eq!(chosen(&session, 2), ("cheese".into(), None));
        assert_eq!(session.write_other(2, "milk"), Ok(true));
        assert_eq!(chosen(&session, 2), (String::new(), Some("milk".into())));
    }

    #[test]
    fn an_answer_that_is_taken_back_leaves_an_impression() {
        let mut session = shop();
        assert!(session.pick(2, "bread", true) && session.pick(2, "bread", false));
        assert!(session.state() == State::Shown && session.revise());
        assert!(!session.complete() && session.close());
    }

    #[test]
    fn shuffled_options_stand_in_an_order_of_chance() {
        let survey = shop().survey;
        let order = |random: f64| {
            let session = Session::new(survey.clone(), Vec::new(), &mut || random);
            let (options, _) = session.options(2).unwrap();
            options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((order(0.0), order(0.999)), ("cheese bread".into(), "bread cheese".into()));
    }

    /// Marsaglia's generator, so that a failure can be seen again.
    struct Xorshift(u64);

    impl Xorshift {
        fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % n as u64).unwrap()
        }
    }

    /// Of up to eight questions of every kind, many of them asked only after some answers.
    fn any_survey(random: &mut Xorshift) -> Survey {
        let mut questions = Vec::new();
        for n in 0..=random.below(8) {
            let kind = if n == 0 { 2 * random.below(2) } else { random.below(3) };
            let mut question = match kind {
                0 => {
                    serde_json::json!({"kind": "rating", "metric": (["nps", "csat", "ces"][random.below(3)])})
                }
                1 => serde_json::json!({"kind": "text"}),
                _ => {
                    serde_json::json!({"kind": "choice", "many": (random.below(2) == 0), "other": (random.below(2) == 0),
                    "shuffle": true, "options": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "c", "text": "C"}]})
                }
            };
            question["id"] = format!("q{n}").into();
            if n > 0 && random.below(2) == 0 {
                let tests: Vec<_> = (0..=random.below(2))
                    .map(|_| {
                        let earlier = format!("q{}", random.below(n));
                        match random.below(4) {
                            0 => serde_json::json!({"question": earlier, "band": (["unfavourable", "neutral", "favourable"][random.below(3)])}),
                            1 => serde_json::json!({"question": earlier, "points": [1, 2, 3]}),
                            2 => serde_json::json!({"question": earlier, "chosen": (["a", "b", "other"][random.below(3)])}),
                            _ => serde_json::json!({"question": earlier, "answered": (random.below(2) == 0)}),
                        }
                    })
                    .collect();
                question["when"] = serde_json::json!({(["all", "any"][random.below(2)]): tests});
            }
            questions.push(question);
        }
        serde_json::from_value(serde_json::json!({"id": "s", "version": 1, "questions": questions})).unwrap()
    }

    /// Does something on the page.
    fn do_anything(session: &mut Session, random: &mut Xorshift) {
        let (head, _) = session.on_page();
        match random.below(6) {
            0 | 1 => drop(session.choose(head, u8::try_from(random.below(11)).unwrap())),
            2 => drop(session.pick(head, ["a", "b", "c"][random.below(3)], random.below(3) > 0)),
            3 => drop(session.write_other(head, ["", "mine"][random.below(2)])),
            _ => {
                let text = session.text_on_page();
                text.into_iter().for_each(|text| drop(session.write(text, ["", "words"][random.below(2)])));
            }
        }
    }

    /// What can be seen of it.
    fn seen(session: &Session) -> (usize, Option<usize>, Vec<Answer>, bool, bool) {
        let (head, text) = session.on_page();
        (head, text, session.answers(), session.is_first(), session.is_last())
    }

    #[test]
    fn any_walk_ends_back_undoes_and_hidden_answers_are_not_sent() {
        for seed in 1..=2_000_u64 {
            let mut random = Xorshift(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
            let survey = any_survey(&mut random);
            let mut dice = Xorshift(seed);
            let mut session =
                Session::new(survey.clone(), Vec::new(), &mut || dice.below(1_000) as f64 / 1_000.0);
            for _ in 0..random.below(40) {
                match random.below(5) {
                    0 => {
                        let before = seen(&session);
                        if session.next() {
                            assert!(session.back(), "seed {seed}");
                            assert_eq!(seen(&session), before, "seed {seed}: back undoes what next did");
                            session.next();
                        }
                    }
                    1 => drop(session.back()),
                    _ => do_anything(&mut session, &mut random),
                }
                // The page is one that is asked, and what is sent was asked.
                let asked = session.asked();
                assert!(asked & bit(session.on_page().0) > 0, "seed {seed}");
                for answer in session.answers() {
                    let index = survey.questions.iter().position(|q| q.id == answer.question).unwrap();
                    assert!(asked & bit(index) > 0, "seed {seed}: {answer:?} was not asked");
                }
                assert_eq!(session.state() == State::Shown, session.answers().is_empty(), "seed {seed}");
            }
            // Whoever only goes on arrives, having seen every question that is asked once.
            while session.back() {}
            let mut seen = Vec::new();
            loop {
                let (head, text) = session.on_page();
                seen.extend([Some(head), text].into_iter().flatten());
                assert!(seen.len() <= survey.questions.len(), "seed {seed}: it goes round in circles");
                if !session.next() {
                    break;
                }
            }
            let asked = session.asked();
            let all: Vec<_> = (0..32).filter(|index| asked & bit(*index) > 0).collect();
            assert_eq!(seen, all, "seed {seed}");
        }
    }
}

/// Any survey, walked through in any way: it ends, going back undoes going on, and what is sent is what the server takes and would have asked.
#[cfg(test)]
mod walks {
    use super::*;
    use candor_scoring::{Direction, Measure, Metric, Scale};
    use candor_survey::{
        BandTexts, Ending, Look, NewResponse, Presentation, Respondent, Response, Rule, Test,
    };

    /// Numbers that look random, the same for each seed (Steele, Lea and Flood's SplitMix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ z >> 31) % n as u64) as usize
        }

        fn flips(&mut self) -> bool {
            self.below(2) == 0
        }
    }

    fn kind(dice: &mut Dice) -> Kind {
        let scale = |min, max, direction| Scale::new(min, max, direction).unwrap();
        match dice.below(9) {
            0 | 1 => {
                let measure = match dice.below(3) {
                    0 => Measure::own(Metric::ALL[dice.below(3)]),
                    1 => {
                        Measure::new(Metric::Csat, scale(1, 10, Direction::HigherIsBetter), Some(3)).unwrap()
                    }
                    _ => Measure::new(Metric::Ces, scale(1, 5, Direction::LowerIsBetter), None).unwrap(),
                };
                let look = if Look::Stars.suits(measure.scale()) { Look::Stars } else { Look::Numbers };
                Kind::Rating { measure, look, low: None, high: None, labels: Vec::new() }
            }
            2..=4 => Kind::Text { by_band: BandTexts::default(), max_chars: dice.flips().then_some(20) },
            5..=7 => {
                let option = |id: usize| Choice { id: format!("o{id}"), text: format!("O{id}") };
                let options = (0..2 + dice.below(3)).map(option).collect();
                Kind::Choice { options, many: dice.flips(), other: dice.flips(), shuffle: dice.flips() }
            }
            _ => Kind::Message { link: None },
        }
    }

    fn test(dice: &mut Dice, before: &[Question]) -> Test {
        let earlier = &before[dice.below(before.len())];
        let id = earlier.id.clone();
        match (&earlier.kind, dice.below(3)) {
            (Kind::Rating { .. }, 0) => Test::Band(id, Band::ALL[dice.below(3)]),
            (Kind::Rating { .. }, 1) => Test::Points(id, vec![dice.below(6) as u8, 9]),
            (Kind::Choice { options, .. }, 0 | 1) => {
                Test::Chosen(id, options[dice.below(options.len())].id.clone())
            }
            (_, 2) => Test::Attribute("plan".into(), if dice.flips() { "pro" } else { "free" }.into()),
            _ => Test::Answered(id, dice.flips()),
        }
    }

    fn survey(dice: &mut Dice) -> Survey {
        let mut questions: Vec<Question> = Vec::new();
        for n in 0..1 + dice.below(12) {
            let kind = kind(dice);
            let when = (n > 0 && dice.flips()).then(|| {
                let tests = (0..=dice.below(2)).map(|_| test(dice, &questions)).collect();
                if dice.flips() { Rule::All(tests) } else { Rule::Any(tests) }
            });
            let required = dice.below(4) == 0 && !matches!(kind, Kind::Message { .. });
            questions.push(Question { id: format!("q{n}"), text: None, when, required, kind });
        }
        let (id, site) = ("s".into(), Some("shop".into()));
        Survey { id, version: 1, site, locale: None, questions, ending: Ending::default() }
    }

    /// What is seen of a session: the page, what stands on it, and all that would be sent.
    fn seen(session: &Session) -> (usize, Option<usize>, Vec<Answer>) {
        let (head, follows) = session.on_page();
        (head, follows, session.answers())
    }

    fn answer(session: &mut Session, dice: &mut Dice) {
        let (head, _) = session.on_page();
        match session.question(head).map(|question| question.kind.clone()) {
            Some(Kind::Rating { measure, .. }) => {
                let scale = measure.scale();
                session.choose(head, scale.min() + dice.below(scale.len()) as u8);
            }
            Some(Kind::Choice { options, other, .. }) => {
                if other && dice.below(4) == 0 {
                    session.write_other(head, ["", " ", "more"][dice.below(3)]).unwrap();
                } else {
                    session.pick(head, &options[dice.below(options.len())].id, dice.below(3) > 0);
                }
            }
            _ => {}
        }
        if let Some(text) = session.text_on_page().filter(|_| dice.flips()) {
            session.write(text, ["", "a", "b "][dice.below(3)]).unwrap();
        }
    }

    /// The response as the server gets it.
    fn sent(session: &Session, plan: &str) -> NewResponse {
        let attributes = [("plan".to_owned(), plan.to_owned())].into();
        let response = Response {
            state: session.state(),
            site: "shop".into(),
            survey: "s".into(),
            survey_version: 1,
            locale: "en".into(),
            touchpoint: None,
            answers: session.answers(),
            presentation: Presentation {
                display: "popover".into(),
                scale: "numbers".into(),
                direction: "ltr".into(),
                order: Default::default(),
            },
            page: None,
            respondent: Some(Respondent { attributes, ..Respondent::default() }),
            context: Default::default(),
            test: false,
        };
        let id = "0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a11".into();
        NewResponse { v: 1, id, revision: session.revision(), response, age_ms: 0 }
    }

    #[test]
    fn any_survey_ends_is_gone_back_through_and_sends_what_the_server_takes() {
        let (mut ended, mut hidden, mut unanswered) = (0, 0, 0);
        for seed in 0..4_000 {
            let mut dice = Dice(seed);
            let survey = survey(&mut dice);
            let plan = if dice.flips() { "pro" } else { "free" };
            let attributes = vec![("plan".to_owned(), plan.to_owned())];
            let mut session = Session::new(survey.clone(), attributes, &mut || 0.5);
            if !session.asks() {
                continue;
            }
            for _ in 0..40 {
                let before = seen(&session);
                match dice.below(5) {
                    0 => {
                        if session.next() {
                            assert!(session.on_page().0 > before.0, "{seed}: on is forward");
                            assert!(session.back());
                            assert_eq!(seen(&session), before, "{seed}: back undoes it");
                            session.next();
                        }
                    }
                    1 => {
                        let moved = session.back();
                        assert_eq!(moved, session.on_page().0 < before.0, "{seed}");
                    }
                    _ => answer(&mut session, &mut dice),
                }
                let (head, follows) = session.on_page();
                let asked = session.asked();
                for on_page in std::iter::once(head).chain(follows) {
                    assert!(asked & bit(on_page) > 0, "{seed}: what is on the page is asked");
                }
                for answer in session.answers() {
                    let of =
                        survey.questions.iter().position(|question| question.id == answer.question).unwrap();
                    assert!(asked & bit(of) > 0, "{seed}: what is not asked is not sent");
                }
                unanswered += usize::from(session.unanswered().is_some());
                hidden += session.values.iter().flatten().count() - session.answers().len();
                session.revise();
                let checked = sent(&session, plan).check(&survey);
                let checked = checked.unwrap_or_else(|error| panic!("{seed}: {error}"));
                assert_eq!(checked.response().answers.len(), session.answers().len(), "{seed}");
            }
            // However it was walked, so many steps lead to its end.
            while session.back() {}
            let (mut steps, mut met) = (0, 0);
            loop {
                let (head, follows) = session.on_page();
                met |= bit(head) | follows.map_or(0, bit);
                if !session.next() {
                    break;
                }
                steps += 1;
                assert!(steps < survey.questions.len(), "{seed}: it ends");
            }
            assert!(session.is_last(), "{seed}");
            assert_eq!(met, session.asked(), "{seed}: all that is asked is met");
            if session.complete() {
                ended += 1;
                let asked = session.asked();
                let checked =
                    sent(&session, plan).check(&survey).unwrap_or_else(|error| panic!("{seed}: {error}"));
                let open = |(index, question): &(usize, &Question)| {
                    asked & bit(*index) > 0
                        && session.value(*index).is_none()
                        && !matches!(question.kind, Kind::Message { .. })
                };
                let open: Vec<_> = survey
                    .questions
                    .iter()
                    .enumerate()
                    .filter(open)
                    .map(|(_, question)| question.id.clone())
                    .collect();
                assert_eq!(checked.skipped(), open, "{seed}: both know what was asked");
            }
        }
        assert!(ended > 3_000 && hidden > 1_000 && unanswered > 5_000, "{ended} {hidden} {unanswered}");
    }
}
