use crate::{
    config::DefaultSite,
    problem::{Problem, short},
    refusals::Reason,
};
use axum::http::StatusCode;
use candor_survey::{AuthoredSurvey, Kind, RunningSurvey, Site, Survey, preset};
use std::collections::{BTreeMap, BTreeSet};

/// The site that every server has unless it is closed, open to every origin.
const DEFAULT_SITE: &str = "default";

/// The sites and surveys of this server, read from the database at start and on SIGHUP.
#[derive(Debug, Default)]
pub(crate) struct SurveyIndex {
    sites: BTreeMap<String, Listed>,
    surveys: BTreeMap<String, Versions>,
}

#[derive(Debug)]
struct Listed {
    origins: Vec<String>,
    list: Site,
}

#[derive(Debug)]
struct Versions {
    site: String,
    running: Option<u32>,
    all: BTreeMap<u32, AuthoredSurvey>,
}

/// A survey that was found, in the language asked for.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) survey: Survey,
    /// Whether it has other languages.
    pub(crate) translated: bool,
}

impl SurveyIndex {
    pub(crate) fn new(stored: candor_store::Catalog, default_site: DefaultSite) -> Self {
        let mut index = Self::default();
        if default_site == DefaultSite::Open {
            index.list(DEFAULT_SITE.to_owned(), vec!["*".to_owned()], Vec::new());
        }
        for site in stored.sites {
            let mut running = Vec::new();
            for found in site.surveys {
                let survey = found.survey;
                let versions = index.surveys.entry(survey.id.clone()).or_insert_with(|| Versions {
                    site: site.id.clone(),
                    running: None,
                    all: BTreeMap::new(),
                });
                if found.rank.is_some() {
                    versions.running = Some(survey.version);
                    running.push(RunningSurvey {
                        id: survey.id.clone(),
                        version: survey.version,
                        options: survey.options.clone(),
                    });
                }
                versions.all.insert(survey.version, survey);
            }
            index.list(site.id, site.origins, running);
        }
        index
    }

    fn list(&mut self, site: String, origins: Vec<String>, surveys: Vec<RunningSurvey>) {
        self.sites.insert(site.clone(), Listed { origins, list: Site { site, surveys } });
    }

    /// Logs what is running now, and what became of that which was running before.
    pub(crate) fn log_changes(&self, before: &Self, message: &str) {
        let (now, before) = (self.running(), before.running());
        let without = |these: &BTreeMap<&str, _>, those: &BTreeMap<&str, _>| -> Vec<String> {
            these.keys().filter(|id| !those.contains_key(*id)).map(ToString::to_string).collect()
        };
        let (started, stopped) = (without(&now, &before), without(&before, &now));
        let changed = now.iter().filter(|(id, survey)| before.get(*id).is_some_and(|other| other != *survey));
        let changed: Vec<_> = changed.map(|(id, _)| id).collect();
        let sites = self.sites.keys().filter(|site| *site != DEFAULT_SITE).count();
        let surveys = now.len();
        tracing::info!(sites, surveys, ?started, ?stopped, ?changed, "{message}");
    }

    fn running<'a>(&'a self) -> BTreeMap<&'a str, &'a AuthoredSurvey> {
        let survey = |versions: &'a Versions| versions.all.get(&versions.running?);
        self.surveys.iter().filter_map(|(id, versions)| Some((id.as_str(), survey(versions)?))).collect()
    }

    /// What a site has running.
    pub(crate) fn site(&self, id: &str) -> Result<&Site, Problem> {
        self.listed(id).map(|listed| &listed.list)
    }

    /// The origins that a site lets in.
    pub(crate) fn origins(&self, site: &str) -> Result<&[String], Problem> {
        self.listed(site).map(|listed| listed.origins.as_slice())
    }

    /// Refuses a site that no answer can be of: a reader's typing error would look like no data. Answers to the built-in site
    /// can be read after it was closed, too.
    pub(crate) fn check_wanted_site(&self, field: &'static str, id: &str) -> Result<(), Problem> {
        if id == DEFAULT_SITE || self.sites.contains_key(id) {
            return Ok(());
        }
        let others = self.sites.keys().map(String::as_str).filter(|site| *site != DEFAULT_SITE);
        let sites: Vec<_> = std::iter::once(DEFAULT_SITE).chain(others).collect();
        let detail = format!("there is no site {} here", quoted(id));
        let expected = format!("one of {}", sites.join(", "));
        Err(Problem::new(StatusCode::NOT_FOUND, detail).field(field).expected(expected))
    }

    fn listed(&self, id: &str) -> Result<&Listed, Problem> {
        self.sites.get(id).ok_or_else(|| {
            let detail = format!("there is no site {} here", quoted(id));
            Problem::new(StatusCode::NOT_FOUND, detail)
                .reason(Reason::UnknownSite)
                .field("site")
                .expected("the name of a site on this server")
        })
    }

    /// A survey in the language that serves the wanted ones best; without a version, the one that is running, else the
    /// newest.
    ///
    /// A version that isn't here is 404 and not 422: it may be deployed later, and until then browsers keep trying.
    pub(crate) fn survey<'a>(
        &self,
        id: &str,
        version: Option<u32>,
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> Result<Found, Problem> {
        if let Some(survey) = preset(id) {
            if version.is_some_and(|version| version != survey.version) {
                return Err(unknown_version(id));
            }
            return Ok(Found { survey, translated: false });
        }
        let versions = self.surveys.get(id).ok_or_else(|| {
            let detail = format!("there is no survey {} here", quoted(id));
            let expected = "the id of a survey on this server, or nps, csat or ces";
            Problem::new(StatusCode::NOT_FOUND, detail)
                .reason(Reason::UnknownSurvey)
                .field("survey")
                .expected(expected)
        })?;
        let newest = || versions.all.keys().next_back().copied();
        let authored = version
            .or(versions.running)
            .or_else(newest)
            .and_then(|version| versions.all.get(&version))
            .ok_or_else(|| unknown_version(id))?;
        let translated = !authored.languages().is_empty();
        Ok(Found { survey: authored.localized(&versions.site, wanted), translated })
    }

    /// The ids of the survey's rating questions, in all of its versions.
    pub(crate) fn rating_questions(&self, id: &str) -> BTreeSet<String> {
        let authored = self.surveys.get(id).into_iter().flat_map(|versions| versions.all.values());
        let surveys = authored.map(|authored| authored.localized("", []));
        let ratings = preset(id).into_iter().chain(surveys).flat_map(|survey| survey.questions);
        ratings.filter(|question| question.kind == Kind::Rating).map(|question| question.id).collect()
    }
}

fn unknown_version(survey: &str) -> Problem {
    let detail = format!("there is no such version of {survey} here");
    Problem::new(StatusCode::NOT_FOUND, detail)
        .reason(Reason::UnknownSurvey)
        .field("survey_version")
        .expected("a version that was imported on this server")
}

/// What someone sent, short enough to be sent back.
fn quoted(text: &str) -> String {
    format!("{:?}", short(text, 64))
}
