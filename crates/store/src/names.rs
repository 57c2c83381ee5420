//! The numbers that stand for names inside of a database, and which values are counted by themselves.

use crate::{Dimension, MAX_VALUES, OTHER, Scope, StoreError};
use candor_survey::Response;
use foldhash::HashMap;

/// How many frames are kept at hand at most: pages may name any touchpoint.
const MAX_FRAMES: usize = 4_096;

/// Where the names are kept.
pub(crate) trait Dictionary {
    /// The number of a site's survey, which it is given if it has none.
    fn survey(&self, scope: Scope, id: &str, site: &str) -> Result<i64, StoreError>;

    /// All segments of a survey: number, dimension and value.
    fn segments(&self, scope: Scope, survey: i64) -> Result<Vec<(u32, String, String)>, StoreError>;

    fn add_segment(
        &self,
        scope: Scope,
        survey: i64,
        segment: u32,
        dimension: &str,
        value: &str,
    ) -> Result<(), StoreError>;

    /// The number of a frame, which it is given if it has none.
    fn frame(&self, scope: Scope, content: &str) -> Result<i64, StoreError>;

    /// The last place in the order of arrival that was ever given.
    fn last_seq(&self, scope: Scope) -> Result<i64, StoreError>;
}

/// Names at hand, read when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    workspaces: HashMap<Scope, Workspace>,
    /// How many surveys were read so far.
    read: usize,
}

#[derive(Debug, Default)]
struct Workspace {
    /// By id, then by site.
    surveys: HashMap<String, HashMap<String, Survey>>,
    frames: HashMap<String, i64>,
    seq: Option<i64>,
}

#[derive(Debug)]
struct Survey {
    number: i64,
    /// Each value's, by dimension.
    segments: HashMap<String, HashMap<String, u32>>,
    last: u32,
}

impl Survey {
    fn read(dictionary: &impl Dictionary, scope: Scope, number: i64) -> Result<Self, StoreError> {
        let mut survey = Self { number, segments: HashMap::default(), last: 0 };
        for (segment, dimension, value) in dictionary.segments(scope, number)? {
            survey.segments.entry(dimension).or_default().insert(value, segment);
            survey.last = survey.last.max(segment);
        }
        Ok(survey)
    }

    /// The number of the segment of a value of a dimension, or of that of all others. Of a dimension that is open browsers may bring any
    /// value.
    fn segment(
        &mut self,
        dictionary: &impl Dictionary,
        scope: Scope,
        (name, is_open): (&str, bool),
        value: &str,
    ) -> Result<u32, StoreError> {
        if let Some(segment) = self.segments.get(name).and_then(|values| values.get(value)) {
            return Ok(*segment);
        }
        let values = self.segments.entry(name.to_owned()).or_default();
        // What stands for all others takes no place among those counted by themselves.
        let named = values.len() - usize::from(values.contains_key(OTHER));
        let value = if !is_open || named < MAX_VALUES { value } else { OTHER };
        if let Some(segment) = values.get(value) {
            return Ok(*segment);
        }
        self.last += 1;
        dictionary.add_segment(scope, self.number, self.last, name, value)?;
        values.insert(value.to_owned(), self.last);
        Ok(self.last)
    }
}

impl Names {
    /// Another than before, once a survey was met that was not known.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// The number of a response's survey, and those of its segments, ascending.
    pub(crate) fn of(
        &mut self,
        dictionary: &impl Dictionary,
        scope: Scope,
        response: &Response,
        declared: &[(String, String)],
    ) -> Result<(i64, Vec<u32>), StoreError> {
        let Response { survey, site, test, .. } = response;
        let workspace = self.workspaces.entry(scope).or_default();
        let known = workspace.surveys.get_mut(survey).and_then(|sites| sites.get_mut(site));
        let survey = match known {
            Some(survey) => survey,
            None => {
                let number = dictionary.survey(scope, survey, site)?;
                self.read += 1;
                let read = Survey::read(dictionary, scope, number)?;
                workspace.surveys.entry(survey.clone()).or_default().entry(site.clone()).or_insert(read)
            }
        };
        let mut segments = Vec::new();
        // What is tried out must not take a place from what is counted.
        if !test {
            for dimension in Dimension::COUNTED {
                if let Some(value) = dimension.value(response) {
                    let dimension = (&*dimension.name(), dimension.is_open());
                    segments.push(survey.segment(dictionary, scope, dimension, value)?);
                }
            }
            for (name, value) in declared {
                segments.push(survey.segment(dictionary, scope, (name, true), value)?);
            }
        }
        segments.sort_unstable();
        Ok((survey.number, segments))
    }

    /// The number of a frame.
    pub(crate) fn frame(
        &mut self,
        dictionary: &impl Dictionary,
        scope: Scope,
        content: &str,
    ) -> Result<i64, StoreError> {
        let frames = &mut self.workspaces.entry(scope).or_default().frames;
        if let Some(number) = frames.get(content) {
            return Ok(*number);
        }
        let number = dictionary.frame(scope, content)?;
        if frames.len() >= MAX_FRAMES {
            frames.clear();
        }
        frames.insert(content.to_owned(), number);
        Ok(number)
    }

    /// The next place in the order of arrival.
    pub(crate) fn next_seq(&mut self, dictionary: &impl Dictionary, scope: Scope) -> Result<i64, StoreError> {
        let seq = &mut self.workspaces.entry(scope).or_default().seq;
        let last = match *seq {
            Some(last) => last,
            None => dictionary.last_seq(scope)?,
        };
        *seq = Some(last + 1);
        Ok(last + 1)
    }
}
