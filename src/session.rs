//! One respondent's walk through one survey. Pure: no clock, no network, no DOM.

use candor_scoring::{Band, Rating};
use candor_survey::{Answer, Kind, MAX_COMMENT_CHARS, Question, State, Survey};

/// A comment that is longer than [`MAX_COMMENT_CHARS`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The respondent's answers so far. Every change is one revision: 1 is the impression.
pub(crate) struct Session {
    survey: Survey,
    revision: u32,
    state: State,
    rating: Option<Rating>,
    comment: String,
}

impl Session {
    /// The survey was shown.
    pub(crate) fn new(survey: Survey) -> Self {
        Self { survey, revision: 1, state: State::Shown, rating: None, comment: String::new() }
    }

    pub(crate) fn survey(&self) -> &Survey {
        &self.survey
    }

    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// The first question of this kind.
    pub(crate) fn question(&self, kind: Kind) -> Option<&Question> {
        self.survey.questions.iter().find(|question| question.kind == kind)
    }

    /// Where the rating stands, once there is one.
    pub(crate) fn band(&self) -> Option<Band> {
        self.rating.and_then(|rating| self.survey.metric.band(rating).ok())
    }

    /// A point was chosen. True if that changes the response.
    pub(crate) fn choose(&mut self, point: u8) -> bool {
        let Ok(rating) = Rating::new(point, self.survey.metric.scale()) else { return false };
        let changes = self.rating != Some(rating) && self.state != State::Dismissed;
        if changes {
            self.rating = Some(rating);
            if self.state == State::Shown {
                self.state = State::Partial;
            }
            self.revision += 1;
        }
        changes
    }

    /// The respondent is done, with a comment or an empty one.
    ///
    /// # Errors
    /// [`TooLong`]: nothing has changed.
    pub(crate) fn complete(&mut self, comment: &str) -> Result<(), TooLong> {
        // A NUL is no text, and databases refuse it.
        let comment = comment.replace('\0', "");
        if comment.bytes().filter(|byte| !(0x80..0xc0).contains(byte)).count() > MAX_COMMENT_CHARS {
            return Err(TooLong);
        }
        comment.trim().clone_into(&mut self.comment);
        if self.state == State::Partial {
            self.state = State::Complete;
            self.revision += 1;
        }
        Ok(())
    }

    /// The survey was closed. True if that was a dismissal: nothing had been answered.
    pub(crate) fn close(&mut self) -> bool {
        let dismissed = self.state == State::Shown;
        if dismissed {
            self.state = State::Dismissed;
            self.revision += 1;
        }
        dismissed
    }

    /// The answers as they go on the wire.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        if let (Some(rating), Some(question)) = (self.rating, self.question(Kind::Rating)) {
            answers.push(Answer {
                question: question.id.clone(),
                rating: Some(rating.point()),
                ..Answer::default()
            });
        }
        if let (false, Some(question)) = (self.comment.is_empty(), self.question(Kind::Text)) {
            answers.push(Answer {
                question: question.id.clone(),
                text: Some(self.comment.clone()),
                ..Answer::default()
            });
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nps() -> Session {
        Session::new(candor_survey::preset("nps").unwrap())
    }

    #[test]
    fn a_walk_counts_one_revision_for_each_change() {
        let mut session = nps();
        assert_eq!((session.revision(), session.state()), (1, State::Shown));
        assert!(session.choose(9));
        assert_eq!((session.revision(), session.state()), (2, State::Partial));
        assert!(!session.choose(9));
        assert!(session.choose(6));
        assert_eq!((session.revision(), session.band()), (3, Some(Band::Unfavourable)));
        assert_eq!(session.complete(" too slow "), Ok(()));
        assert_eq!((session.revision(), session.state()), (4, State::Complete));
        let rating = Answer { question: "nps".into(), rating: Some(6), ..Answer::default() };
        let why = Answer { question: "why".into(), text: Some("too slow".into()), ..Answer::default() };
        assert_eq!(session.answers(), [rating, why]);
    }

    #[test]
    fn closing_is_a_dismissal_only_when_nothing_was_answered() {
        let mut session = nps();
        assert!(session.close());
        assert_eq!((session.revision(), session.state()), (2, State::Dismissed));
        assert!(!session.close());
        assert!(!session.choose(9));

        let mut session = nps();
        session.choose(0);
        assert!(!session.close());
        assert_eq!((session.revision(), session.state()), (2, State::Partial));
    }

    #[test]
    fn a_point_off_the_scale_changes_nothing() {
        let mut session = nps();
        assert!(!session.choose(11));
        assert_eq!(session.revision(), 1);
        assert!(session.answers().is_empty());
    }

    #[test]
    fn a_comment_may_have_5000_characters_whatever_their_bytes() {
        let mut session = nps();
        session.choose(3);
        assert_eq!(session.complete(&"快".repeat(5_001)), Err(TooLong));
        assert_eq!(session.state(), State::Partial);
        assert_eq!(session.complete(&"快".repeat(5_000)), Ok(()));
    }

    #[test]
    fn an_empty_comment_is_no_answer() {
        let mut session = nps();
        session.choose(3);
        assert_eq!(session.complete(" \n\0"), Ok(()));
        assert_eq!(session.state(), State::Complete);
        assert_eq!(session.answers().len(), 1);
    }
}
