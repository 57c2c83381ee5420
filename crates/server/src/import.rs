//! The folder of TOML files, one for each site.

use crate::{
    config::SurveysConfig,
    identity::Keys,
    site_file::{SiteFile, is_within},
    survey_index::SurveyIndex,
};
use anyhow::{Context, anyhow};
use candor_store::{ImportError, Refusal, Store};
use candor_survey::{AuthoredSite, Warning};
use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

/// The index of a server, after the folder's surveys, if there is one, were brought into the database.
///
/// # Errors
/// [`Mistakes`] with all that is wrong in the folder; others if it can't be read or the database fails.
pub(crate) async fn load(store: &Store, config: &SurveysConfig) -> anyhow::Result<SurveyIndex> {
    let mut keys = BTreeMap::new();
    if let Some(folder) = config.surveys.clone() {
        let mut files = tokio::task::spawn_blocking(move || Files::read(&folder)).await??;
        let (of_sites, wrong) = files.keys();
        files.mistakes.extend(wrong);
        anyhow::ensure!(files.mistakes.is_empty(), Mistakes::new(files.mistakes));
        keys = of_sites;
        match store.import(files.sites()).await {
            Ok(()) => {}
            Err(ImportError::Refused(refusals)) => return Err(Mistakes::new(files.refused(&refusals)).into()),
            Err(error) => return Err(error.into()),
        }
    }
    let mut index = SurveyIndex::new(store.catalog().await?, config.default_site);
    index.set_keys(keys);
    index.warn_of_missing_words();
    Ok(index)
}

/// Every `*.toml` of a folder. The format is documented at [`AuthoredSite`].
#[derive(Debug)]
pub(crate) struct Files {
    files: Vec<SiteFile>,
    /// What is wrong in the files, but not what the database would refuse.
    pub(crate) mistakes: Vec<Mistake>,
}

impl Files {
    /// # Errors
    /// If the folder can't be read or holds no such file. What is wrong in a file is one of the `mistakes`.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let (mut files, mut mistakes) = (Vec::new(), Vec::new());
        for path in toml_files(folder)? {
            let name = path.display().to_string();
            match fs::read_to_string(&path) {
                Ok(text) => {
                    let (file, wrong) = SiteFile::read(name, &text);
                    files.extend(file);
                    mistakes.extend(wrong);
                }
                Err(error) => mistakes.push(Mistake {
                    file: name,
                    line: None,
                    key: "file".into(),
                    message: format!("expected a text in UTF-8 that can be read: {error}"),
                }),
            }
        }
        mistakes.extend(shared_sites(&files));
        Ok(Self { files, mistakes })
    }

    /// The keys of each site, and what is wrong with them that their tables don't show: what is in them, and in the environment of
    /// this process.
    pub(crate) fn keys(&self) -> (BTreeMap<String, Keys>, Vec<Mistake>) {
        let (mut all, mut mistakes) = (BTreeMap::new(), Vec::new());
        for file in &self.files {
            match Keys::of(&file.site.identity, |name| std::env::var(name).ok()) {
                Ok(keys) => _ = all.insert(file.site.site.clone(), keys),
                Err(wrong) => {
                    for (key, expected) in wrong {
                        let table = key.rsplit_once('.').map_or(&*key, |(table, _)| table);
                        // A table that is wrong anyway may be made up.
                        if !self.is_wrong(file, table) {
                            mistakes.push(file.mistake(&key, format_args!("expected {expected}")));
                        }
                    }
                }
            }
        }
        (all, mistakes)
    }

    /// Whether there is a mistake in this table of a file.
    fn is_wrong(&self, file: &SiteFile, table: &str) -> bool {
        self.mistakes.iter().any(|mistake| mistake.file == file.name && is_within(&mistake.key, table))
    }

    /// How many sites and surveys there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.files.len(), self.files.iter().map(|file| file.site.surveys.len()).sum())
    }

    /// Where a language that Candor lacks is not complete, a line for each survey and language.
    pub(crate) fn missing_words(&self) -> impl Iterator<Item = String> {
        let surveys =
            self.files.iter().flat_map(|file| file.site.surveys.iter().map(move |survey| (file, survey)));
        surveys.flat_map(|(file, survey)| {
            survey.missing_words().into_iter().map(move |(language, names)| {
                format!("{}: {}: English stands in {language} for {}", file.name, survey.id, names.join(", "))
            })
        })
    }

    fn sites(&self) -> Vec<AuthoredSite> {
        self.files.iter().map(|file| file.site.clone()).collect()
    }

    /// The sites without the surveys that have a mistake: what the database says of those may be untrue once it is mended.
    pub(crate) fn sound(&self) -> Vec<AuthoredSite> {
        let files = self.files.iter().filter(|file| !self.is_wrong(file, "site"));
        files
            .map(|file| {
                let mut site = file.site.clone();
                let mut indices = 0..;
                site.surveys.retain(|_| {
                    indices.next().is_none_or(|i: usize| !self.is_wrong(file, &format!("survey[{i}]")))
                });
                site
            })
            .collect()
    }

    /// What the field advises against, and what is `rescaled` of the database's surveys, but for surveys that have a mistake: what they
    /// say may be made up.
    pub(crate) fn warnings(&self, rescaled: &[(String, String, Warning)]) -> Vec<Mistake> {
        let mut warnings = Vec::new();
        for file in &self.files {
            let site = &file.site;
            let mut found = site.warnings();
            for (of_site, survey, warning) in rescaled {
                let i = site.surveys.iter().position(|other| *of_site == site.site && other.id == *survey);
                found.extend(i.map(|i| Warning {
                    field: format!("survey[{i}].{}", warning.field),
                    reason: warning.reason.clone(),
                }));
            }
            for Warning { field, reason } in found {
                let survey = field.split_inclusive(']').next().unwrap_or(&field);
                if !self.is_wrong(file, survey) {
                    warnings.push(file.mistake(&field, format_args!("warning: {reason}")));
                }
            }
        }
        sort(&mut warnings);
        warnings
    }

    /// Finds the files and keys again from which the refused surveys came.
    pub(crate) fn refused(&self, refusals: &[Refusal]) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for refusal in refusals {
            let (site, survey, key) = refusal.at();
            for file in self.files.iter().filter(|file| file.site.site == site) {
                let Some(survey) = survey else {
                    mistakes.push(file.mistake(key, refusal));
                    continue;
                };
                let i = file.site.surveys.iter().position(|other| other.id == survey);
                mistakes.extend(i.map(|i| file.mistake(&format!("survey[{i}].{key}"), refusal)));
            }
        }
        mistakes
    }
}

fn toml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the surveys folder {} can't be read", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    // Otherwise a volume that is not mounted would stop all surveys.
    if paths.is_empty() {
        return Err(anyhow!("the surveys folder {} holds no file that ends in .toml", folder.display()));
    }
    paths.sort();
    Ok(paths)
}

/// Sites that two files have.
fn shared_sites(files: &[SiteFile]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut sites = BTreeMap::new();
    for file in files.iter().filter(|file| !file.site.site.is_empty()) {
        let site = file.site.site.as_str();
        let owner = *sites.entry(site).or_insert(&file.name);
        if *owner != file.name {
            let message = format_args!("expected another name, because {owner} has the site {site}");
            mistakes.push(file.mistake("site", message));
        }
    }
    mistakes
}

/// What is wrong in a file, on one line: `shop.toml: line 5: survey[0].version: expected an integer from 1`.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) key: String,
    pub(crate) message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, key, message } = self;
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        for c in format!("{file}: {line}{key}: {message}").chars() {
            // A key may hold a line's end, and would look like a mistake of its own.
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

/// Every mistake, each on a line, in the order of files and lines, and their number.
#[derive(Debug)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(crate) fn new(mut mistakes: Vec<Mistake>) -> Self {
        sort(&mut mistakes);
        Self(mistakes)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}")?;
        }
        let count = self.0.len();
        write!(f, "{count} mistake{}", plural(count))
    }
}

impl std::error::Error for Mistakes {}

fn sort(mistakes: &mut [Mistake]) {
    mistakes.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
}

pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
