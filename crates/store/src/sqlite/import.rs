use super::{names::Table, read::is_counted};
use crate::{
    Catalog, CatalogSite, CatalogSurvey, DEFAULT_WORKSPACE, ImportError, Refusal, Scope, StoreError,
    names::Dictionary,
};
use candor_survey::{AuthoredSite, AuthoredSurvey, Question, Warning};
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};

/// What an import would change.
#[derive(Debug, Default)]
struct Plan<'a> {
    sites: Vec<&'a AuthoredSite>,
    /// Each with its site, and its place among the site's running surveys.
    surveys: Vec<(&'a AuthoredSurvey, &'a AuthoredSite, i64)>,
    /// Versions that stop running.
    stops: Vec<(Scope, i64, u32)>,
    refusals: Vec<Refusal>,
}

pub(super) fn import(connection: &mut Connection, sites: &[AuthoredSite]) -> Result<(), ImportError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let plan = plan(&transaction, sites)?;
    if plan.is_nothing()? {
        return Ok(());
    }
    for site in plan.sites {
        transaction.execute(
            "INSERT INTO sites (workspace, site, origins) VALUES (?1, ?2, ?3)
             ON CONFLICT (site) DO UPDATE SET origins = excluded.origins",
            params![make_workspace(&transaction, site)?.0, site.site, serde_json::to_string(&site.origins)?],
        )?;
    }
    for (scope, survey, version) in plan.stops {
        transaction.execute(
            "UPDATE versions SET rank = NULL WHERE workspace = ?1 AND survey = ?2 AND version = ?3",
            params![scope.0, survey, version],
        )?;
    }
    for (survey, site, rank) in plan.surveys {
        let scope = make_workspace(&transaction, site)?;
        let number = Table(&transaction).survey(scope, &survey.id, &site.site)?;
        transaction.execute(
            "INSERT INTO versions (workspace, survey, version, definition, rank) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace, survey, version)
             DO UPDATE SET definition = excluded.definition, rank = excluded.rank",
            params![scope.0, number, survey.version, serde_json::to_string(survey)?, rank],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

fn workspace_of(site: &AuthoredSite) -> &str {
    site.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE)
}

/// The workspace of a site, made if there is none.
fn make_workspace(connection: &Connection, site: &AuthoredSite) -> Result<Scope, StoreError> {
    let name = workspace_of(site);
    connection.execute("INSERT INTO workspaces (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", [name])?;
    Ok(Scope(
        connection.query_row("SELECT workspace FROM workspaces WHERE name = ?1", [name], |row| row.get(0))?,
    ))
}

/// Whether the database agrees with the files already.
pub(super) fn changes_nothing(connection: &Connection, sites: &[AuthoredSite]) -> Result<bool, ImportError> {
    plan(&*connection.unchecked_transaction()?, sites)?.is_nothing()
}

/// Everything that an import would refuse.
pub(super) fn refusals(connection: &Connection, sites: &[AuthoredSite]) -> Result<Vec<Refusal>, StoreError> {
    Ok(plan(&*connection.unchecked_transaction()?, sites)?.refusals)
}

/// The ratings that a version with answers asks on another scale, of each the newest such version.
pub(super) fn rescaled(
    connection: &Connection,
    sites: &[AuthoredSite],
) -> Result<Vec<(String, String, Warning)>, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let known = known_surveys(&transaction)?;
    let mut all = Vec::new();
    for site in sites {
        for survey in &site.surveys {
            let mut found = BTreeMap::new();
            if let Some(known) = known.get(&(site.site.clone(), survey.id.clone())) {
                for (version, other) in known.versions.iter().rev() {
                    if *version != survey.version
                        && is_counted(&transaction, known.scope, known.number, *version)?
                    {
                        for warning in survey.rescaled(&other.survey) {
                            found.entry(warning.field.clone()).or_insert(warning);
                        }
                    }
                }
            }
            all.extend(found.into_values().map(|warning| (site.site.clone(), survey.id.clone(), warning)));
        }
    }
    Ok(all)
}

impl Plan<'_> {
    fn is_nothing(&self) -> Result<bool, ImportError> {
        if !self.refusals.is_empty() {
            return Err(ImportError::Refused(self.refusals.clone()));
        }
        Ok(self.sites.is_empty() && self.surveys.is_empty() && self.stops.is_empty())
    }
}

/// A survey that the database has.
struct Known {
    scope: Scope,
    number: i64,
    versions: BTreeMap<u32, Version>,
}

struct Version {
    survey: AuthoredSurvey,
    rank: Option<i64>,
}

/// The surveys that the database has, by site and id.
fn known_surveys(connection: &Connection) -> Result<BTreeMap<(String, String), Known>, StoreError> {
    let mut known = BTreeMap::<(String, String), Known>::new();
    let mut select = connection.prepare_cached(
        "SELECT workspace, survey, site, id, definition, rank FROM versions JOIN surveys USING (workspace, survey)",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let survey: AuthoredSurvey = serde_json::from_str(&row.get::<_, String>(4)?)?;
        let (scope, number) = (Scope(row.get(0)?), row.get(1)?);
        let of_id = known.entry((row.get(2)?, row.get(3)?)).or_insert_with(|| Known {
            scope,
            number,
            versions: BTreeMap::new(),
        });
        of_id.versions.insert(survey.version, Version { survey, rank: row.get(5)? });
    }
    Ok(known)
}

fn plan<'a>(connection: &Connection, sites: &'a [AuthoredSite]) -> Result<Plan<'a>, StoreError> {
    let mut known_sites = BTreeMap::new();
    let mut select = connection
        .prepare_cached("SELECT site, name, origins FROM sites JOIN workspaces USING (workspace)")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let origins: Vec<String> = serde_json::from_str(&row.get::<_, String>(2)?)?;
        known_sites.insert(row.get::<_, String>(0)?, (row.get::<_, String>(1)?, origins));
    }
    let known_surveys = known_surveys(connection)?;

    let mut plan = Plan::default();
    let mut running = BTreeSet::new();
    for site in sites {
        match known_sites.get(&site.site) {
            Some((workspace, _)) if workspace != workspace_of(site) => {
                plan.refusals.push(Refusal::Moved { site: site.site.clone(), workspace: workspace.clone() });
                continue;
            }
            Some((_, origins)) if *origins == site.origins => {}
            _ => plan.sites.push(site),
        }
        for (rank, survey) in (0..).zip(&site.surveys) {
            let id = (site.site.clone(), survey.id.clone());
            let known = known_surveys.get(&id);
            running.insert((id, survey.version));
            let versions = known.map(|known| &known.versions);
            let others = versions.into_iter().flatten().filter(|(version, _)| **version != survey.version);
            let questions: BTreeSet<_> =
                others.flat_map(|(_, other)| remeasured(survey, &other.survey)).collect();
            plan.refusals.extend(questions.into_iter().map(|question| Refusal::OtherMetric {
                site: site.site.clone(),
                survey: survey.id.clone(),
                question,
            }));
            let version = known.and_then(|known| Some((known, known.versions.get(&survey.version)?)));
            let edited = version.filter(|(_, version)| version.survey != *survey);
            // For how long what identifies is kept is no part of what was asked.
            let is_other = |version: &Version| {
                AuthoredSurvey { retention_days: survey.retention_days, ..version.survey.clone() } != *survey
            };
            if let Some((known, _)) = edited.filter(|(_, version)| is_other(version))
                && is_counted(connection, known.scope, known.number, survey.version)?
            {
                plan.refusals.push(Refusal::Edited {
                    site: site.site.clone(),
                    survey: survey.id.clone(),
                    version: survey.version,
                });
            }
            if edited.is_some() || version.and_then(|(_, version)| version.rank) != Some(rank) {
                plan.surveys.push((survey, site, rank));
            }
        }
    }
    for (id, known) in known_surveys {
        for (version, Version { rank, .. }) in known.versions {
            if rank.is_some() && !running.contains(&(id.clone(), version)) {
                plan.stops.push((known.scope, known.number, version));
            }
        }
    }
    Ok(plan)
}

/// The ratings that two versions have in common and that measure something else in each.
fn remeasured(survey: &AuthoredSurvey, other: &AuthoredSurvey) -> Vec<String> {
    let other = other.structure("");
    let is_other = |question: &Question| {
        let before = other.question(&question.id).and_then(Question::metric);
        before.is_some() && question.metric().is_some() && question.metric() != before
    };
    let questions = survey.structure("").questions.into_iter();
    questions.filter(|question| is_other(question)).map(|question| question.id).collect()
}

pub(super) fn catalog(connection: &Connection) -> Result<Catalog, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let mut catalog = Catalog::default();
    let mut select =
        transaction.prepare_cached("SELECT name, workspace FROM workspaces ORDER BY workspace")?;
    let workspaces = select.query_map([], |row| Ok((row.get(0)?, Scope(row.get(1)?))))?;
    catalog.workspaces = workspaces.collect::<Result<_, _>>()?;
    let mut select_surveys = transaction.prepare_cached(
        "SELECT definition, rank FROM versions JOIN surveys USING (workspace, survey)
         WHERE workspace = ?1 AND site = ?2 ORDER BY rank NULLS LAST, id, version",
    )?;
    let mut select_sites =
        transaction.prepare_cached("SELECT workspace, site, origins FROM sites ORDER BY site")?;
    let mut rows = select_sites.query([])?;
    while let Some(row) = rows.next()? {
        let (scope, id) = (Scope(row.get(0)?), row.get::<_, String>(1)?);
        let origins = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let mut surveys = Vec::new();
        let mut rows = select_surveys.query(params![scope.0, id])?;
        while let Some(row) = rows.next()? {
            let survey = serde_json::from_str(&row.get::<_, String>(0)?)?;
            surveys.push(CatalogSurvey { survey, rank: row.get(1)? });
        }
        drop(rows);
        catalog.sites.push(CatalogSite { scope, id, origins, surveys });
    }
    Ok(catalog)
}
