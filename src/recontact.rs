//! When this respondent may be asked again. Pure: takes `now`, returns the marks to write; the loader compares them.

use crate::text::concat;
use candor_survey::options::{DEFAULT_QUIET_DAYS, quiet_days};

/// A quiet period without end: the last moment of ECMAScript's clock.
pub(crate) const FOREVER: f64 = 8_640_000_000_000_000.0;
const DAY: f64 = 86_400_000.0;

/// Days without any survey after an answer and after a dismissal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quiet {
    pub(crate) answered: f64,
    pub(crate) dismissed: f64,
}

impl Quiet {
    pub(crate) const DEFAULT: Self =
        Self { answered: DEFAULT_QUIET_DAYS.0 as f64, dismissed: DEFAULT_QUIET_DAYS.1 as f64 };

    /// Reads `90,30`; a single number is for both. `None` if it is no number of days from 0 to 36,500.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (answered, dismissed) = quiet_days(text)?;
        Some(Self { answered: answered.into(), dismissed: dismissed.into() })
    }

    fn days(self, ending: Ending) -> f64 {
        match ending {
            Ending::Answered => self.answered,
            Ending::Dismissed => self.dismissed,
            Ending::Never => f64::INFINITY,
        }
    }
}

/// What the respondent did that calls for quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered,
    Dismissed,
    /// "Don't ask again".
    Never,
}

/// The keys of the marks: until when no survey is shown, and until when not this one.
pub(crate) fn quiet_keys(survey: &str) -> [String; 2] {
    ["candor:quiet".into(), concat(&["candor:quiet:", survey])]
}

/// The key of the mark that a survey was shown for this key of the page's.
pub(crate) fn once_key(survey: &str, once: &str) -> String {
    concat(&["candor:once:", survey, ":", once])
}

/// Until when to be quiet (milliseconds since 1970), if at all and if it is longer than what is marked already.
pub(crate) fn quiet_until(quiet: Quiet, ending: Ending, marked: Option<f64>, now: f64) -> Option<f64> {
    let days = quiet.days(ending);
    let until = (now + days * DAY).min(FOREVER);
    (days > 0.0 && marked.is_none_or(|marked| marked < until)).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_lasts_longer_after_an_answer_than_after_a_dismissal() {
        let until = |ending| quiet_until(Quiet::DEFAULT, ending, None, 1.0);
        assert_eq!(until(Ending::Answered), Some(90.0 * DAY + 1.0));
        assert_eq!(until(Ending::Dismissed), Some(30.0 * DAY + 1.0));
        assert_eq!(until(Ending::Never), Some(FOREVER));
    }

    #[test]
    fn a_mark_is_never_shortened() {
        let until = |marked| quiet_until(Quiet::DEFAULT, Ending::Dismissed, Some(marked), 0.0);
        assert_eq!(until(FOREVER), None);
        assert_eq!(until(40.0 * DAY), None);
        assert_eq!(until(20.0 * DAY), Some(30.0 * DAY));
    }

    #[test]
    fn zero_days_leave_no_mark_but_never_is_kept() {
        let quiet = Quiet::parse("0").unwrap();
        assert_eq!(quiet_until(quiet, Ending::Answered, None, 0.0), None);
        assert_eq!(quiet_until(quiet, Ending::Never, None, 0.0), Some(FOREVER));
    }

    #[test]
    fn what_is_no_number_of_days_is_no_quiet() {
        assert_eq!(Quiet::parse("60, 7"), Some(Quiet { answered: 60.0, dismissed: 7.0 }));
        assert_eq!(Quiet::parse("7"), Some(Quiet { answered: 7.0, dismissed: 7.0 }));
        for text in ["", "x", "-1", "1,2,3", "1.5", "99999"] {
            assert_eq!(Quiet::parse(text), None, "{text}");
        }
    }
}
