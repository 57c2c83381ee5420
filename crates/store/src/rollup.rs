//! What responses add to the rollup, and what its rows sum up to. Pure: a database gives rows and takes rows.

mod day;
mod periods;

pub(crate) use day::{Counter, Day, Measure, Name, QUARTERS, Shared, Totals};
pub(crate) use periods::{Boundaries, Periods};

use crate::{
    Difference, SLOT_MS, StoreError,
    decide::{Change, Row, are_counted},
    kept::Given,
};
use candor_survey::State;
use foldhash::HashMap;
use std::collections::{BTreeMap, hash_map::Entry};

/// The segment of everyone.
pub(crate) const EVERYONE: u32 = 0;

/// Where a row of the rollup stands, in the order of its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) workspace: i64,
    pub(crate) survey: i64,
    pub(crate) segment: u32,
    pub(crate) day: i64,
    pub(crate) version: u32,
}

/// The length of a day, in milliseconds.
pub(crate) const DAY_MS: i64 = QUARTERS * SLOT_MS;

/// The UTC day of a moment, and the quarter hour of that day.
pub(crate) fn day_and_quarter(dated_ms: i64) -> (i64, u8) {
    let slot = dated_ms.div_euclid(SLOT_MS);
    (slot.div_euclid(QUARTERS), u8::try_from(slot.rem_euclid(QUARTERS)).unwrap_or_default())
}

/// How many rows are kept at hand at most from one batch to the next.
const MAX_ROWS: usize = 1_024;

/// Rows of the rollup at hand, and whether they have changed.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: HashMap<Key, (Day, bool)>,
    names: Shared,
}

impl Rows {
    /// Counts a change. `read` gives a row as the database has it.
    ///
    /// # Errors
    /// Those of `read`; then the rows at hand are of no use any more.
    pub(crate) fn count(
        &mut self,
        Change { old, new }: &Change<'_>,
        mut read: impl FnMut(&Key) -> Result<Day, StoreError>,
    ) -> Result<(), StoreError> {
        let counted = |row: &Row| are_counted(row.flags);
        let (old, new) = (old.as_ref().filter(|row| counted(row)), new.filter(|row| counted(row)));
        match (old, new) {
            // A revision mostly adds something to what stands.
            (Some(old), Some(new)) if old.version == new.version && old.segments == new.segments => {
                let mut net = counters(new, 1);
                for (counter, n) in counters(old, -1) {
                    match net.iter_mut().find(|(other, _)| *other == counter) {
                        Some((_, sum)) => *sum += n,
                        None => net.push((counter, n)),
                    }
                }
                net.retain(|(_, n)| *n != 0);
                self.add(new, &net, &mut read)
            }
            _ => [(old, -1), (new, 1)]
                .into_iter()
                .filter_map(|(row, n)| Some((row?, n)))
                .try_for_each(|(row, n)| self.add(row, &counters(row, n), &mut read)),
        }
    }

    fn add(
        &mut self,
        row: &Row,
        counters: &[(Counter<&str>, i64)],
        read: &mut impl FnMut(&Key) -> Result<Day, StoreError>,
    ) -> Result<(), StoreError> {
        let Row { workspace, survey, version, dated_ms, .. } = *row;
        let (day, quarter) = day_and_quarter(dated_ms);
        if counters.is_empty() {
            return Ok(());
        }
        let names = &mut self.names;
        let counters: Vec<_> = counters.iter().map(|(counter, n)| (counter.named(names), *n)).collect();
        for segment in std::iter::once(EVERYONE).chain(row.segments.iter().copied()) {
            let key = Key { workspace, survey, segment, day, version };
            let (day, is_changed) = match self.rows.entry(key) {
                Entry::Occupied(row) => row.into_mut(),
                Entry::Vacant(row) => {
                    let mut day = read(&key)?;
                    day.share(names);
                    row.insert((day, false))
                }
            };
            *is_changed = true;
            for (counter, n) in &counters {
                day.add(counter, quarter, *n);
            }
        }
        Ok(())
    }

    /// The rows that have changed since they were last asked for.
    pub(crate) fn changed(&mut self) -> impl Iterator<Item = (&Key, &Day)> {
        self.rows
            .iter_mut()
            .filter_map(|(key, (day, is_changed))| std::mem::take(is_changed).then_some((key, &*day)))
    }

    /// Keeps no more rows at hand than are worth it, once all of them are written.
    pub(crate) fn trim(&mut self) {
        if self.rows.len() > MAX_ROWS {
            *self = Self::default();
        }
    }
}

/// What one response is `n` more of. Every response was shown, whichever of its revisions came first.
pub(crate) fn counters(row: &Row, n: i64) -> Vec<(Counter<&str>, i64)> {
    let mut counters = Vec::with_capacity(4);
    let mut count = |measure, question, point, choice| {
        counters.push((Counter::new(measure, question, point, choice), n));
    };
    count(Measure::Shown, "", 0, "");
    if row.state == State::Dismissed {
        count(Measure::Dismissed, "", 0, "");
    }
    for (question, given) in &row.content.answers {
        match given {
            Given::Point(point, _) => count(Measure::Rating, question, *point, ""),
            Given::Text => count(Measure::Answered, question, 0, ""),
            Given::Chosen(options) => {
                count(Measure::Answered, question, 0, "");
                options.iter().for_each(|option| count(Measure::Chosen, question, 0, option));
            }
        }
    }
    for question in &row.content.skipped {
        count(Measure::Skipped, question, 0, "");
    }
    counters
}

/// Where rows of the rollup are not what was counted.
pub(crate) fn differences(counted: &BTreeMap<Key, Day>, rollup: &BTreeMap<Key, Day>) -> Vec<Difference> {
    let none = Day::default();
    let mut keys: Vec<&Key> = counted.keys().chain(rollup.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut differences = Vec::new();
    for key in keys {
        let [is, should] = [rollup, counted].map(|rows| sums(rows.get(key).unwrap_or(&none)));
        let mut cells: Vec<_> = is.keys().chain(should.keys()).collect();
        cells.sort_unstable();
        cells.dedup();
        for cell in cells {
            let [rollup, responses] = [&is, &should].map(|sums| sums.get(cell).copied().unwrap_or_default());
            if rollup != responses {
                differences.push(Difference::Count { key: format!("{key:?} {cell:?}"), rollup, responses });
            }
        }
    }
    differences
}

fn sums(day: &Day) -> BTreeMap<(&Counter<Name>, u8), i64> {
    let cells = day
        .series()
        .iter()
        .flat_map(|series| series.quarters.iter().map(move |(quarter, n)| ((&series.counter, *quarter), *n)));
    cells.collect()
}
