//! One site's TOML file: the site, or every mistake in it.

use crate::import::Mistake;
use candor_survey::{Algorithm, AuthoredSite};
use serde_path_to_error::{Path, Segment};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::Range,
};
use toml::{
    Table, Value,
    de::{DeTable, DeValue, Deserializer},
};

/// A site with the file that it came from.
#[derive(Debug)]
pub(crate) struct SiteFile {
    pub(crate) name: String,
    pub(crate) site: AuthoredSite,
    lines: Lines,
}

impl SiteFile {
    /// Reads a file's text. With mistakes there is a site too, if its keys could be told; what is wrong in it is then made
    /// up and must not be served.
    pub(crate) fn read(name: String, text: &str) -> (Option<Self>, Vec<Mistake>) {
        let mut file = Self { name, site: AuthoredSite::default(), lines: Lines::default() };
        let line = |span: Option<Range<usize>>| {
            span.map(|span| text.get(..span.start).unwrap_or("").split('\n').count())
        };
        let tree = match DeTable::parse(text) {
            Ok(tree) => tree,
            Err(e) => {
                let mistake = Mistake {
                    file: file.name,
                    line: line(e.span()),
                    key: "syntax".into(),
                    message: e.message().into(),
                };
                return (None, vec![mistake]);
            }
        };
        file.lines = Lines::of(text, tree.get_ref());
        let root: Table = match serde_path_to_error::deserialize(Deserializer::from(tree)) {
            Ok(root) => root,
            Err(e) => {
                let key = e.path().to_string();
                return (None, vec![file.mistake(&key, e.inner().message())]);
            }
        };

        let mut root = Value::Table(root);
        let mut mistakes = Vec::new();
        let mut mended = BTreeSet::new();
        for key in complete(&mut root) {
            mistakes.push(file.mistake(&key, "expected, but missing"));
            mended.insert(key);
        }
        // Each round stops at one mistake, which is then mended so that the next round gets to see the others.
        file.site = loop {
            let e = match serde_path_to_error::deserialize(root.clone()) {
                Ok(site) => break site,
                Err(e) => e,
            };
            let key = e.path().to_string();
            mistakes.push(file.mistake(&key, e.inner().message()));
            if mend(&mut root, e.path()).is_none() || !mended.insert(key) {
                return (None, mistakes);
            }
            complete(&mut root);
        };
        for invalid in file.site.check() {
            if !mended.iter().any(|key| is_made_up(&invalid.field, key)) {
                mistakes.push(file.mistake(&invalid.field, format_args!("expected {}", invalid.expected)));
            }
        }
        (Some(file), mistakes)
    }

    /// A mistake in this file.
    pub(crate) fn mistake(&self, key: &str, message: impl Display) -> Mistake {
        Mistake {
            file: self.name.clone(),
            line: self.lines.line(key),
            key: key.to_owned(),
            message: message.to_string(),
        }
    }
}

/// Whether a key is the other, or stands in the other's table.
pub(crate) fn is_within(key: &str, other: &str) -> bool {
    key.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether what is wrong in this field comes of a key that was mended, and so is not its author's mistake: the key is within it
/// or it within the key, or it is about the points of a rating whose metric, or about a key whose algorithm is not known.
fn is_made_up(field: &str, mended: &str) -> bool {
    let of_metric = || {
        let table = mended.strip_suffix("metric")?;
        let key = field.strip_prefix(table)?.rsplit('.').next()?;
        Some(["metric", "scale", "favourable_points", "when"].contains(&key))
    };
    let of_algorithm = || Some(is_within(field, mended.strip_suffix(".algorithm")?));
    is_within(field, mended)
        || is_within(mended, field)
        || of_metric().unwrap_or(false)
        || of_algorithm().unwrap_or(false)
}

/// Gives every table the keys that it must have, and says which were missing. Empty names are no names: whoever compares
/// sites ignores them.
fn complete(root: &mut Value) -> Vec<String> {
    let mut missing = Vec::new();
    let mut require = |table: &mut Table, path: &str, key: &str, value: Value| {
        if !table.contains_key(key) {
            table.insert(key.to_owned(), value);
            missing.push(format!("{path}{key}"));
        }
    };
    let Some(site) = root.as_table_mut() else { return missing };
    require(site, "", "site", "".into());
    require(site, "", "origins", vec!["*"].into());
    for (i, key) in tables(site, "identity") {
        let path = format!("identity[{i}].");
        require(key, &path, "kid", "".into());
        require(key, &path, "algorithm", Algorithm::Hs256.name().into());
    }
    for (i, survey) in tables(site, "survey") {
        let path = format!("survey[{i}].");
        require(survey, &path, "id", "".into());
        require(survey, &path, "version", 1.into());
        for (i, question) in tables(survey, "question") {
            let path = format!("{path}question[{i}].");
            require(question, &path, "id", "".into());
            require(question, &path, "kind", if i == 0 { "rating" } else { "text" }.into());
            for (i, option) in tables(question, "option") {
                let path = format!("{path}option[{i}].");
                require(option, &path, "id", "".into());
                require(option, &path, "text", Table::new().into());
            }
        }
    }
    missing
}

fn tables<'a>(table: &'a mut Table, key: &str) -> impl Iterator<Item = (usize, &'a mut Table)> {
    let array = table.get_mut(key).and_then(Value::as_array_mut);
    array.into_iter().flatten().enumerate().filter_map(|(i, value)| Some((i, value.as_table_mut()?)))
}

/// Takes a wrong value out; in a list, whose other places must stay, something else takes its place.
fn mend(root: &mut Value, path: &Path) -> Option<()> {
    let segments: Vec<_> = path.iter().filter(|s| !matches!(s, Segment::Enum { .. })).collect();
    let (last, parents) = segments.split_last()?;
    let mut at = root;
    for segment in parents {
        at = match segment {
            Segment::Map { key } => at.get_mut(key.as_str())?,
            Segment::Seq { index } => at.get_mut(*index)?,
            _ => return None,
        };
    }
    match last {
        Segment::Map { key } => _ = at.as_table_mut()?.remove(key)?,
        Segment::Seq { index } => {
            let of_origins = matches!(parents, [Segment::Map { key }] if key == "origins");
            *at.get_mut(*index)? = if of_origins { "".into() } else { Table::new().into() };
        }
        _ => return None,
    }
    Some(())
}

/// Where each key stands, by its path: `survey[0].options.quiet`.
#[derive(Debug, Default)]
struct Lines(BTreeMap<String, usize>);

impl Lines {
    fn of(text: &str, root: &DeTable<'_>) -> Self {
        let ends: Vec<usize> = text.match_indices('\n').map(|(i, _)| i).collect();
        let line = |span: Range<usize>| ends.partition_point(|end| *end < span.start) + 1;
        let mut lines = Self::default();
        lines.add_table("", root, &line);
        lines
    }

    fn add_table(&mut self, path: &str, table: &DeTable<'_>, line: &impl Fn(Range<usize>) -> usize) {
        for (key, value) in table {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", key.get_ref());
            self.add(path, key.span(), value.get_ref(), line);
        }
    }

    fn add(
        &mut self,
        path: String,
        span: Range<usize>,
        value: &DeValue<'_>,
        line: &impl Fn(Range<usize>) -> usize,
    ) {
        match value {
            DeValue::Table(table) => self.add_table(&path, table, line),
            DeValue::Array(array) => {
                for (i, value) in array.iter().enumerate() {
                    self.add(format!("{path}[{i}]"), value.span(), value.get_ref(), line);
                }
            }
            _ => {}
        }
        self.0.insert(path, line(span));
    }

    /// The line of a key, or of the table that it should stand in.
    fn line(&self, key: &str) -> Option<usize> {
        let mut path = key;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }
}
