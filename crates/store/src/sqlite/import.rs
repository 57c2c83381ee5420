use super::read::is_counted;
use crate::{Catalog, CatalogSite, CatalogSurvey, ImportError, Refusal, StoreError};
use candor_survey::{AuthoredSite, AuthoredSurvey, Question};
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};

/// What an import would change.
#[derive(Debug, Default)]
struct Plan<'a> {
    sites: Vec<&'a AuthoredSite>,
    /// Each with its site and its place among the site's running surveys.
    surveys: Vec<(&'a AuthoredSurvey, &'a str, i64)>,
    /// Versions that stop running, by site and survey.
    stops: Vec<(String, String, u32)>,
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
            "INSERT INTO sites (id, origins) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET origins = excluded.origins",
            params![site.site, serde_json::to_string(&site.origins)?],
        )?;
    }
    for (site, id, version) in plan.stops {
        transaction.execute(
            "UPDATE surveys SET rank = NULL WHERE site = ?1 AND id = ?2 AND version = ?3",
            params![site, id, version],
        )?;
    }
    for (survey, site, rank) in plan.surveys {
        transaction.execute(
            "INSERT INTO surveys (site, id, version, definition, rank) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (site, id, version) DO UPDATE SET definition = excluded.definition, rank = excluded.rank",
            params![site, survey.id, survey.version, serde_json::to_string(survey)?, rank],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Whether the database agrees with the files already.
pub(super) fn changes_nothing(connection: &Connection, sites: &[AuthoredSite]) -> Result<bool, ImportError> {
    plan(&*connection.unchecked_transaction()?, sites)?.is_nothing()
}

/// Everything that an import would refuse.
pub(super) fn refusals(connection: &Connection, sites: &[AuthoredSite]) -> Result<Vec<Refusal>, StoreError> {
    Ok(plan(&*connection.unchecked_transaction()?, sites)?.refusals)
}

impl Plan<'_> {
    fn is_nothing(&self) -> Result<bool, ImportError> {
        if !self.refusals.is_empty() {
            return Err(ImportError::Refused(self.refusals.clone()));
        }
        Ok(self.sites.is_empty() && self.surveys.is_empty() && self.stops.is_empty())
    }
}

/// A version that the database has.
struct Known {
    survey: AuthoredSurvey,
    rank: Option<i64>,
}

fn plan<'a>(connection: &Connection, sites: &'a [AuthoredSite]) -> Result<Plan<'a>, StoreError> {
    let mut known_sites = BTreeMap::new();
    let mut select = connection.prepare_cached("SELECT id, origins FROM sites")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let origins: Vec<String> = serde_json::from_str(&row.get::<_, String>(1)?)?;
        known_sites.insert(row.get::<_, String>(0)?, origins);
    }
    let mut known_surveys = BTreeMap::<(String, String), BTreeMap<u32, Known>>::new();
    let mut select = connection.prepare_cached("SELECT site, definition, rank FROM surveys")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let survey: AuthoredSurvey = serde_json::from_str(&row.get::<_, String>(1)?)?;
        let versions = known_surveys.entry((row.get(0)?, survey.id.clone())).or_default();
        versions.insert(survey.version, Known { survey, rank: row.get(2)? });
    }

    let mut plan = Plan::default();
    let mut running = BTreeSet::new();
    for site in sites {
        if known_sites.get(&site.site) != Some(&site.origins) {
            plan.sites.push(site);
        }
        for (rank, survey) in (0..).zip(&site.surveys) {
            let id = (site.site.clone(), survey.id.clone());
            let versions = known_surveys.get(&id);
            running.insert((id, survey.version));
            let others = versions.into_iter().flatten().filter(|(version, _)| **version != survey.version);
            let questions: BTreeSet<_> =
                others.flat_map(|(_, other)| remeasured(survey, &other.survey)).collect();
            plan.refusals.extend(questions.into_iter().map(|question| Refusal::OtherMetric {
                site: site.site.clone(),
                survey: survey.id.clone(),
                question,
            }));
            let known = versions.and_then(|versions| versions.get(&survey.version));
            let edited = known.is_some_and(|known| known.survey != *survey);
            if edited && is_counted(connection, &site.site, &survey.id, survey.version)? {
                plan.refusals.push(Refusal::Edited {
                    site: site.site.clone(),
                    survey: survey.id.clone(),
                    version: survey.version,
                });
            }
            if edited || known.and_then(|known| known.rank) != Some(rank) {
                plan.surveys.push((survey, &site.site, rank));
            }
        }
    }
    for (id, versions) in known_surveys {
        for (version, known) in versions {
            if known.rank.is_some() && !running.contains(&(id.clone(), version)) {
                plan.stops.push((id.0.clone(), id.1.clone(), version));
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
    let mut select_surveys = transaction.prepare_cached(
        "SELECT definition, rank FROM surveys WHERE site = ?1 ORDER BY rank NULLS LAST, id, version",
    )?;
    let mut select_sites = transaction.prepare_cached("SELECT id, origins FROM sites ORDER BY id")?;
    let mut rows = select_sites.query([])?;
    let mut catalog = Catalog::default();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let origins = serde_json::from_str(&row.get::<_, String>(1)?)?;
        let mut surveys = Vec::new();
        let mut rows = select_surveys.query([&id])?;
        while let Some(row) = rows.next()? {
            let survey = serde_json::from_str(&row.get::<_, String>(0)?)?;
            surveys.push(CatalogSurvey { survey, rank: row.get(1)? });
        }
        drop(rows);
        catalog.sites.push(CatalogSite { id, origins, surveys });
    }
    Ok(catalog)
}
