#[cfg(feature = "authored")]
use crate::{AuthoredSurvey, Invalid};
use crate::{BandTexts, Ending, Kind, Look, Question, Survey};
use candor_scoring::{Measure, Metric};

/// The names of all presets, those of the metrics first.
pub const PRESETS: [&str; 8] =
    ["nps", "csat", "ces", "effort", "enps", "thumbs", "pmf", "start-stop-continue"];

/// Whether a preset has a definition of its own, a file beside the module. A site's own survey of the same id comes before it.
#[must_use]
pub fn is_defined_preset(id: &str) -> bool {
    PRESETS.iter().skip(Metric::ALL.len()).any(|known| *known == id)
}

/// The presets that have texts of their own, in all of Candor's languages.
///
/// # Errors
/// What is wrong with them.
#[cfg(feature = "authored")]
pub fn defined_presets() -> Result<Vec<AuthoredSurvey>, Invalid> {
    let mut presets: Vec<AuthoredSurvey> = serde_json::from_str(include_str!("presets.json"))
        .map_err(|error| Invalid::new("presets.json", error.to_string()))?;
    let mut mistakes = Vec::new();
    for (i, preset) in presets.iter_mut().enumerate() {
        preset.check(&format!("presets[{i}]"), &mut mistakes);
    }
    mistakes.pop().map_or(Ok(presets), Err)
}

/// What a preset asks, without texts.
#[cfg(feature = "authored")]
#[must_use]
pub fn preset_structure(id: &str) -> Option<Survey> {
    let defined = || defined_presets().ok()?.into_iter().find(|survey| survey.id == id);
    preset(id).or_else(|| Some(Survey { site: None, ..defined()?.structure("") }))
}

/// The built-in survey `nps`, `csat` or `ces`: one rating, one open follow-up `why`, in the widget's own words.
///
/// Browser and server share it, so that a page can ask before any server knows of it.
#[must_use]
pub fn preset(id: &str) -> Option<Survey> {
    let questions = questions(Metric::parse(id)?);
    Some(Survey { id: id.into(), version: 1, site: None, locale: None, questions, ending: Ending::default() })
}

/// What a survey asks that says nothing else: one rating under the metric's name, one open follow-up `why`.
pub(crate) fn questions(metric: Metric) -> Vec<Question> {
    let (measure, look) = (Measure::own(metric), Look::default());
    let rating = Kind::Rating { measure, look, low: None, high: None, labels: Vec::new() };
    let question = |id: &str, kind| Question { id: id.into(), text: None, when: None, required: false, kind };
    vec![
        question(metric.name(), rating),
        question("why", Kind::Text { by_band: BandTexts::default(), max_chars: None }),
    ]
}

#[cfg(all(test, feature = "authored"))]
mod tests {
    use super::*;
    use crate::LANGUAGES;

    #[test]
    fn every_preset_has_its_name_and_speaks_every_language() {
        let defined = defined_presets().unwrap();
        let ids: Vec<_> = defined.iter().map(|survey| survey.id.as_str()).collect();
        assert_eq!(ids, PRESETS[3..]);
        assert_eq!(Metric::ALL.map(Metric::name), PRESETS[..3]);
        for survey in &defined {
            assert!(is_defined_preset(&survey.id) && preset(&survey.id).is_none());
            let (mut languages, mut spoken) = (survey.languages(), LANGUAGES.to_vec());
            languages.sort_unstable();
            spoken.sort_unstable();
            assert_eq!(languages, spoken, "{}", survey.id);
        }
        for metric in PRESETS[..3].iter() {
            assert!(!is_defined_preset(metric) && preset(metric).is_some());
        }
    }
}
