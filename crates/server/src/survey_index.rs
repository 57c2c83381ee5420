use crate::{
    config::DefaultSite,
    identity::Keys,
    problem::{Problem, short},
    refusals::Reason,
};
use axum::http::StatusCode;
use candor_store::{DEFAULT_WORKSPACE, Dimension, Scope};
use candor_survey::{
    Ability, AuthoredSurvey, DeclaredSegment, Definition, PRESETS, Response, RunningSurvey, Site, Survey,
    Words, defined_presets, options::DEFAULT_SITE, preset,
};
use std::collections::{BTreeMap, BTreeSet};

/// The sites and surveys of this server, read from the database at start and on SIGHUP.
#[derive(Debug)]
pub(crate) struct SurveyIndex {
    sites: BTreeMap<String, Listed>,
    /// By id, then by site: two sites may have surveys of one id.
    surveys: BTreeMap<String, BTreeMap<String, Versions>>,
    /// Those that have texts of their own with them.
    presets: Vec<(Survey, Option<Version>)>,
    workspaces: Vec<(String, Scope)>,
}

#[derive(Debug)]
struct Listed {
    scope: Scope,
    origins: Vec<String>,
    /// By which it signs who answers; of its file, and not kept.
    keys: Keys,
    /// What it has running, each with what it takes to be drawn in full; the most urgent first.
    running: Vec<(RunningSurvey, Vec<Ability>)>,
}

#[derive(Debug, Default)]
struct Versions {
    running: Option<u32>,
    all: BTreeMap<u32, Version>,
}

impl Versions {
    /// This version; without one the one that runs, else the newest.
    fn find(&self, version: Option<u32>) -> Option<&Version> {
        let newest = || self.all.keys().next_back().copied();
        version.or(self.running).or_else(newest).and_then(|version| self.all.get(&version))
    }
}

#[derive(Debug)]
struct Version {
    authored: AuthoredSurvey,
    /// Without texts.
    survey: Survey,
    /// The segments that it declares, each with its name in the store.
    declared: Vec<(String, DeclaredSegment)>,
}

impl Version {
    fn new(authored: AuthoredSurvey, survey: Survey) -> Self {
        let declared = authored.segments.iter().filter_map(|name| {
            let dimension = Dimension::Declared(name.clone()).name().into_owned();
            Some((dimension, DeclaredSegment::parse(name)?))
        });
        Self { declared: declared.collect(), survey, authored }
    }
}

/// A survey that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// Without texts.
    pub(crate) survey: &'a Survey,
    version: Option<&'a Version>,
    versions: Option<&'a Versions>,
}

/// A survey that is read.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) scope: Scope,
    pub(crate) found: Found<'a>,
    /// Whose it is, or whose answers alone are; `None` for those of every site.
    pub(crate) site: Option<String>,
}

impl Found<'_> {
    /// Whether it has texts in any language.
    pub(crate) fn is_translated(&self) -> bool {
        self.version.is_some_and(|version| !version.authored.languages().is_empty())
    }

    /// What a response has of the segments that this version declares.
    pub(crate) fn declared(&self, response: &Response) -> Vec<(String, String)> {
        let declared = self.version.into_iter().flat_map(|version| &version.declared);
        declared.filter_map(|(name, segment)| Some((name.clone(), segment.value(response)?))).collect()
    }

    /// The names of all segments that any of its versions declares.
    pub(crate) fn all_declared(&self) -> BTreeSet<&str> {
        let versions = self.versions.into_iter().flat_map(|versions| versions.all.values());
        versions.flat_map(|version| &version.authored.segments).map(String::as_str).collect()
    }

    /// Its definition in the language that serves the wanted ones best.
    pub(crate) fn definition<'b>(&self, wanted: impl IntoIterator<Item = &'b str>) -> Definition {
        match (self.version, &self.survey.site) {
            (Some(version), site) => {
                let definition = version.authored.definition("", wanted);
                Definition { survey: Survey { site: site.clone(), ..definition.survey }, ..definition }
            }
            (None, _) => Definition { survey: self.survey.clone(), words: Words::new() },
        }
    }

    /// All of its versions, ascending, without texts.
    pub(crate) fn versions(&self) -> Vec<&Survey> {
        match self.versions {
            Some(versions) => versions.all.values().map(|version| &version.survey).collect(),
            None => vec![self.survey],
        }
    }
}

impl SurveyIndex {
    pub(crate) fn new(stored: candor_store::Catalog, default_site: DefaultSite) -> Self {
        let of_metrics = PRESETS.into_iter().filter_map(|id| Some((preset(id)?, None)));
        let defined = defined_presets().unwrap_or_default().into_iter().map(|authored| {
            let survey = Survey { site: None, ..authored.structure("") };
            (survey.clone(), Some(Version::new(authored, survey)))
        });
        let presets = of_metrics.chain(defined).collect();
        let workspaces = stored.workspaces;
        let mut index = Self { sites: BTreeMap::new(), surveys: BTreeMap::new(), presets, workspaces };
        // Open to every origin, on every server that doesn't close it.
        if default_site == DefaultSite::Open {
            let open = Listed {
                scope: Scope::DEFAULT,
                origins: vec!["*".to_owned()],
                keys: Keys::default(),
                running: Vec::new(),
            };
            index.sites.insert(DEFAULT_SITE.to_owned(), open);
        }
        for site in stored.sites {
            let mut running = Vec::new();
            for found in site.surveys {
                let authored = found.survey;
                let survey = authored.structure(&site.id);
                let of_id = index.surveys.entry(authored.id.clone()).or_default();
                let versions = of_id.entry(site.id.clone()).or_default();
                if found.rank.is_some() {
                    versions.running = Some(authored.version);
                    let listed = RunningSurvey {
                        id: authored.id.clone(),
                        version: authored.version,
                        options: authored.options.clone(),
                    };
                    running.push((listed, survey.needs()));
                }
                versions.all.insert(authored.version, Version::new(authored, survey));
            }
            let listed = Listed { scope: site.scope, origins: site.origins, keys: Keys::default(), running };
            index.sites.insert(site.id, listed);
        }
        index
    }

    /// Gives sites the keys of their files.
    pub(crate) fn set_keys(&mut self, keys: BTreeMap<String, Keys>) {
        for (site, keys) in keys {
            if let Some(listed) = self.sites.get_mut(&site) {
                listed.keys = keys;
            }
        }
    }

    /// Logs what is running now, and what became of that which was running before.
    pub(crate) fn log_changes(&self, before: &Self, message: &str) {
        let (now, before) = (self.running(), before.running());
        let without = |these: &BTreeMap<String, _>, those: &BTreeMap<String, _>| -> Vec<String> {
            these.keys().filter(|id| !those.contains_key(*id)).cloned().collect()
        };
        let (started, stopped) = (without(&now, &before), without(&before, &now));
        let changed = now.iter().filter(|(id, survey)| before.get(*id).is_some_and(|other| other != *survey));
        let changed: Vec<_> = changed.map(|(id, _)| id).collect();
        let sites = self.sites.keys().filter(|site| *site != DEFAULT_SITE).count();
        let surveys = now.len();
        tracing::info!(sites, surveys, ?started, ?stopped, ?changed, "{message}");
    }

    /// Warns of surveys that would say something in English in a language that Candor lacks.
    pub(crate) fn warn_of_missing_words(&self) {
        for (survey, authored) in self.running() {
            for (language, words) in authored.missing_words() {
                tracing::warn!(survey, language, ?words, "English stands for words that are missing");
            }
        }
    }

    /// The surveys whose responses lose what says whose they are, each with its workspace, site, id and after how many days: as
    /// the version that runs says, else the newest.
    pub(crate) fn retentions(&self) -> Vec<(Scope, String, String, u32)> {
        let mut found = Vec::new();
        for (id, of_id) in &self.surveys {
            for (site, versions) in of_id {
                let days = versions.find(None).and_then(|version| version.authored.retention_days);
                if let Some((days, listed)) = days.zip(self.sites.get(site)) {
                    found.push((listed.scope, site.clone(), id.clone(), days));
                }
            }
        }
        found
    }

    /// What runs, by site and id.
    fn running(&self) -> BTreeMap<String, &AuthoredSurvey> {
        let mut running = BTreeMap::new();
        for (id, of_id) in &self.surveys {
            for (site, versions) in of_id {
                if let Some(version) = versions.running.and_then(|version| versions.all.get(&version)) {
                    running.insert(format!("{site}/{id}"), &version.authored);
                }
            }
        }
        running
    }

    /// What a site has running, without what a widget with these abilities could not draw in full.
    pub(crate) fn site(&self, id: &str, can: &[Ability]) -> Result<Site, Problem> {
        let running = self.listed(id)?.running.iter();
        let drawn = running.filter(|(_, needs)| needs.iter().all(|need| can.contains(need)));
        Ok(Site { site: id.to_owned(), surveys: drawn.map(|(survey, _)| survey.clone()).collect() })
    }

    /// The origins that a site lets in.
    pub(crate) fn origins(&self, site: &str) -> Result<&[String], Problem> {
        self.listed(site).map(|listed| listed.origins.as_slice())
    }

    /// The workspace of a site, in which its answers are kept.
    pub(crate) fn scope(&self, site: &str) -> Result<Scope, Problem> {
        self.listed(site).map(|listed| listed.scope)
    }

    /// What is read: the survey of this id, in its workspace.
    pub(crate) fn wanted(
        &self,
        workspace: Option<&str>,
        site: Option<&str>,
        id: &str,
    ) -> Result<Wanted<'_>, Problem> {
        let scope = self.wanted_scope(workspace, site)?;
        let found = self.survey(Some(scope), site, id, None)?;
        let site = found.survey.site.clone().or_else(|| site.map(str::to_owned));
        Ok(Wanted { scope, found, site })
    }

    /// The workspace that is read: that of the site that is asked for, else the one of this name.
    fn wanted_scope(&self, workspace: Option<&str>, site: Option<&str>) -> Result<Scope, Problem> {
        let scope = match (workspace, site) {
            (None, Some(site)) => {
                self.sites.get(site).map_or_else(|| self.named(DEFAULT_WORKSPACE), |listed| Ok(listed.scope))
            }
            (name, _) => self.named(name.unwrap_or(DEFAULT_WORKSPACE)),
        }?;
        site.map_or(Ok(()), |site| self.check_wanted_site("site", scope, site))?;
        Ok(scope)
    }

    fn named(&self, workspace: &str) -> Result<Scope, Problem> {
        let known = self.workspaces.iter().find(|(name, _)| name == workspace);
        known.map(|(_, scope)| *scope).ok_or_else(|| {
            let names: Vec<_> = self.workspaces.iter().map(|(name, _)| name.as_str()).collect();
            let detail = format!("there is no workspace {} here", quoted(workspace));
            let expected = format!("one of {}", names.join(", "));
            Problem::new(StatusCode::NOT_FOUND, detail).field("workspace").expected(expected)
        })
    }

    /// The keys by which a site signs who answers.
    pub(crate) fn keys(&self, site: &str) -> Result<&Keys, Problem> {
        self.listed(site).map(|listed| &listed.keys)
    }

    /// Refuses a site that no answer can be of: a reader's typing error would look like no data. Answers to the built-in site
    /// can be read after it was closed, too.
    pub(crate) fn check_wanted_site(
        &self,
        field: &'static str,
        scope: Scope,
        id: &str,
    ) -> Result<(), Problem> {
        let of_scope = |site: &&String| self.sites.get(*site).is_some_and(|listed| listed.scope == scope);
        let others = self.sites.keys().filter(of_scope).map(String::as_str).filter(|id| *id != DEFAULT_SITE);
        let built_in = Some(DEFAULT_SITE).filter(|_| scope == Scope::DEFAULT);
        let sites: Vec<_> = built_in.into_iter().chain(others).collect();
        if sites.contains(&id) {
            return Ok(());
        }
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

    /// The sites that have a survey of this id.
    pub(crate) fn sites_with(&self, id: &str) -> impl Iterator<Item = &str> {
        self.surveys.get(id).into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// A survey of a site, else a preset: one that is new in this version never takes the place of a site's own survey. Without
    /// a site it is the survey of the only site that has one of this id, in the workspace or at all. Without a version it is the
    /// one that is running, else the newest.
    ///
    /// A version that isn't here is 404 and not 422, as is another site's survey: it may be deployed later, and until then
    /// browsers keep trying.
    pub(crate) fn survey(
        &self,
        scope: Option<Scope>,
        site: Option<&str>,
        id: &str,
        version: Option<u32>,
    ) -> Result<Found<'_>, Problem> {
        let is_visible =
            |site: &str| scope.is_none_or(|scope| self.sites.get(site).is_some_and(|s| s.scope == scope));
        let all = self.surveys.get(id);
        let of_sites = || all.into_iter().flatten().filter(|(site, _)| is_visible(site));
        let names = || of_sites().map(|(site, _)| site.as_str()).collect::<Vec<_>>();
        let preset = self.presets.iter().find(|(preset, _)| preset.id == id);
        let versions = match site {
            Some(site) => all.and_then(|of_id| of_id.get(site)).filter(|_| is_visible(site)),
            None if of_sites().nth(1).is_some() => {
                let detail = format!("several sites have a survey {}", quoted(id));
                return Err(Problem::new(StatusCode::NOT_FOUND, detail)
                    .reason(Reason::UnknownSurvey)
                    .field("site")
                    .expected(names().join(" or ")));
            }
            None => of_sites().next().map(|(_, versions)| versions),
        };
        if let Some(versions) = versions {
            let found = versions.find(version).ok_or_else(|| unknown_version(id))?;
            return Ok(Found { survey: &found.survey, version: Some(found), versions: Some(versions) });
        }
        if let Some((survey, found)) = preset {
            if version.is_some_and(|version| version != survey.version) {
                return Err(unknown_version(id));
            }
            return Ok(Found { survey, version: found.as_ref(), versions: None });
        }
        let others = names();
        if !others.is_empty() {
            let detail =
                format!("the site {} has no survey {}", quoted(site.unwrap_or_default()), quoted(id));
            return Err(Problem::new(StatusCode::NOT_FOUND, detail)
                .reason(Reason::UnknownSurvey)
                .field("site")
                .expected(format!("{}, whose survey this is", others.join(" or "))));
        }
        let detail = format!("there is no survey {} here", quoted(id));
        let expected = format!("the id of a survey on this server, or one of {}", PRESETS.join(", "));
        Err(Problem::new(StatusCode::NOT_FOUND, detail)
            .reason(Reason::UnknownSurvey)
            .field("survey")
            .expected(expected))
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
