use super::edit::exclude_of_all;
use crate::{Scope, StoreError, names::Dictionary};
use rusqlite::{Connection, OptionalExtension, params};

/// The names in a database.
pub(super) struct Table<'a>(pub(super) &'a Connection);

impl Table<'_> {
    /// The number of a site's survey, if it has one.
    pub(super) fn find(&self, scope: Scope, id: &str, site: &str) -> Result<Option<i64>, StoreError> {
        let mut select = self
            .0
            .prepare_cached("SELECT survey FROM surveys WHERE workspace = ?1 AND id = ?2 AND site = ?3")?;
        Ok(select.query_row(params![scope.0, id, site], |row| row.get(0)).optional()?)
    }

    /// The numbers of the surveys of an id, each with its site; of one site, or of all.
    pub(super) fn of_id(
        &self,
        scope: Scope,
        id: &str,
        site: Option<&str>,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let mut select = self.0.prepare_cached(
            "SELECT survey, site FROM surveys WHERE workspace = ?1 AND id = ?2 AND (?3 IS NULL OR site = ?3) ORDER BY site",
        )?;
        let rows = select.query_map(params![scope.0, id, site], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Dictionary for Table<'_> {
    fn survey(&self, scope: Scope, id: &str, site: &str) -> Result<i64, StoreError> {
        if let Some(number) = self.find(scope, id, site)? {
            return Ok(number);
        }
        let mut add = self.0.prepare_cached(
            "INSERT INTO surveys (workspace, survey, id, site)
             SELECT ?1, COALESCE(MAX(survey), 0) + 1, ?2, ?3 FROM surveys WHERE workspace = ?1 RETURNING survey",
        )?;
        let survey = add.query_row(params![scope.0, id, site], |row| row.get(0))?;
        exclude_of_all(self.0, scope, survey, id)?;
        Ok(survey)
    }

    fn segments(&self, scope: Scope, survey: i64) -> Result<Vec<(u32, String, String)>, StoreError> {
        let mut select = self.0.prepare_cached(
            "SELECT segment, dimension, value FROM segments WHERE workspace = ?1 AND survey = ?2",
        )?;
        let rows =
            select.query_map(params![scope.0, survey], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn add_segment(
        &self,
        scope: Scope,
        survey: i64,
        segment: u32,
        dimension: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        let mut add = self.0.prepare_cached(
            "INSERT INTO segments (workspace, survey, segment, dimension, value) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        add.execute(params![scope.0, survey, segment, dimension, value])?;
        Ok(())
    }

    fn frame(&self, scope: Scope, content: &str) -> Result<i64, StoreError> {
        let mut select =
            self.0.prepare_cached("SELECT frame FROM frames WHERE workspace = ?1 AND content = ?2")?;
        let known = select.query_row(params![scope.0, content], |row| row.get(0)).optional()?;
        if let Some(number) = known {
            return Ok(number);
        }
        let mut add = self.0.prepare_cached(
            "INSERT INTO frames (workspace, frame, content)
             SELECT ?1, COALESCE(MAX(frame), 0) + 1, ?2 FROM frames WHERE workspace = ?1 RETURNING frame",
        )?;
        Ok(add.query_row(params![scope.0, content], |row| row.get(0))?)
    }

    fn last_seq(&self, scope: Scope) -> Result<i64, StoreError> {
        let mut select = self.0.prepare_cached(
            "SELECT MAX(seq, (SELECT COALESCE(MAX(seq), 0) FROM responses WHERE workspace = ?1)) FROM workspaces
             WHERE workspace = ?1",
        )?;
        Ok(select.query_row([scope.0], |row| row.get(0))?)
    }
}
