use crate::{Catalog, CatalogSite, CatalogSurvey, ImportError, Refusal, StoreError};
use candor_survey::{AuthoredSite, AuthoredSurvey};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};

/// What an import would change.
#[derive(Debug, Default)]
struct Plan<'a> {
    sites: Vec<&'a AuthoredSite>,
    /// Each with its site and its place among the site's running surveys.
    surveys: Vec<(&'a AuthoredSurvey, &'a str, i64)>,
    /// Versions that stop running.
    stops: Vec<(String, u32)>,
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
    for (id, version) in plan.stops {
        transaction
            .execute("UPDATE surveys SET rank = NULL WHERE id = ?1 AND version = ?2", params![id, version])?;
    }
    for (survey, site, rank) in plan.surveys {
        transaction.execute(
            "INSERT INTO surveys (id, version, site, definition, rank) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id, version) DO UPDATE SET definition = excluded.definition, rank = excluded.rank",
            params![survey.id, survey.version, site, serde_json::to_string(survey)?, rank],
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
    site: String,
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
    let mut known_surveys = BTreeMap::<String, BTreeMap<u32, Known>>::new();
    let mut select = connection.prepare_cached("SELECT definition, site, rank FROM surveys")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let survey: AuthoredSurvey = serde_json::from_str(&row.get::<_, String>(0)?)?;
        let versions = known_surveys.entry(survey.id.clone()).or_default();
        versions.insert(survey.version, Known { survey, site: row.get(1)?, rank: row.get(2)? });
    }

    let mut plan = Plan::default();
    let mut running = BTreeSet::new();
    let mut owners = BTreeMap::new();
    for site in sites {
        if known_sites.get(&site.site) != Some(&site.origins) {
            plan.sites.push(site);
        }
        for (rank, survey) in (0..).zip(&site.surveys) {
            running.insert((survey.id.as_str(), survey.version));
            let versions = known_surveys.get(&survey.id);
            let owner =
                versions.and_then(|versions| versions.values().next()).map(|known| known.site.as_str());
            let owner = *owners.entry(&survey.id).or_insert(owner.unwrap_or(&site.site));
            if owner != site.site {
                plan.refusals.push(Refusal::OtherSite { survey: survey.id.clone(), site: owner.to_owned() });
                continue;
            }
            let others = versions.into_iter().flatten().filter(|(version, _)| **version != survey.version);
            if others.into_iter().any(|(_, other)| other.survey.metric != survey.metric) {
                plan.refusals.push(Refusal::OtherMetric { survey: survey.id.clone() });
            }
            let known = versions.and_then(|versions| versions.get(&survey.version));
            let edited = known.is_some_and(|known| known.survey != *survey);
            if edited && is_counted(connection, survey)? {
                let version = survey.version;
                plan.refusals.push(Refusal::Edited { survey: survey.id.clone(), version });
            }
            if edited || known.and_then(|known| known.rank) != Some(rank) {
                plan.surveys.push((survey, &site.site, rank));
            }
        }
    }
    for (id, versions) in &known_surveys {
        for (version, known) in versions {
            if known.rank.is_some() && !running.contains(&(id.as_str(), *version)) {
                plan.stops.push((id.clone(), *version));
            }
        }
    }
    Ok(plan)
}

/// Whether anyone has seen or answered this version; those who tried it out don't count.
fn is_counted(connection: &Connection, survey: &AuthoredSurvey) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT 1 FROM rollup WHERE survey = ?1 AND dimension = '' AND version = ?2 AND n > 0 LIMIT 1",
        )?
        .query_row(params![survey.id, survey.version], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
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
