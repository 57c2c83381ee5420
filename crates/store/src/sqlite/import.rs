use crate::{Catalog, CatalogSite, CatalogSurvey, ImportError, StoreError};
use candor_survey::{AuthoredSite, AuthoredSurvey};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

pub(super) fn import(connection: &mut Connection, sites: &[AuthoredSite]) -> Result<(), ImportError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE surveys SET rank = NULL", [])?;
    for site in sites {
        transaction.execute(
            "INSERT INTO sites (id, origins) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET origins = excluded.origins",
            params![site.site, serde_json::to_string(&site.origins)?],
        )?;
        for (rank, survey) in site.surveys.iter().enumerate() {
            import_survey(&transaction, &site.site, rank, survey)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn import_survey(
    transaction: &Transaction<'_>,
    site: &str,
    rank: usize,
    survey: &AuthoredSurvey,
) -> Result<(), ImportError> {
    let mut select =
        transaction.prepare_cached("SELECT site, version, definition FROM surveys WHERE id = ?1")?;
    let mut rows = select.query([&survey.id])?;
    while let Some(row) = rows.next()? {
        let known: AuthoredSurvey = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let other: String = row.get(0)?;
        if other != site {
            return Err(ImportError::OtherSite { survey: survey.id.clone(), site: other });
        }
        if known.version != survey.version {
            if known.metric != survey.metric {
                return Err(ImportError::OtherMetric { survey: survey.id.clone() });
            }
        } else if known != *survey && is_counted(transaction, survey)? {
            return Err(ImportError::Edited { survey: survey.id.clone(), version: survey.version });
        }
    }
    transaction
        .prepare_cached(
            "INSERT INTO surveys (id, version, site, definition, rank) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id, version) DO UPDATE SET definition = excluded.definition, rank = excluded.rank",
        )?
        .execute(params![
            survey.id,
            survey.version,
            site,
            serde_json::to_string(survey)?,
            i64::try_from(rank).unwrap_or(i64::MAX)
        ])?;
    Ok(())
}

/// Whether anyone has seen or answered this version; those who tried it out don't count.
fn is_counted(transaction: &Transaction<'_>, survey: &AuthoredSurvey) -> Result<bool, ImportError> {
    let found = transaction
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
