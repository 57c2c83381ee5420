use super::{Counter, DAY_MS, Day, Measure, QUARTERS, Totals};
use crate::{Counts, SLOT_MS, StoreError, TallyQuery};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// Where periods begin and end.
#[derive(Debug)]
pub(crate) struct Boundaries {
    ms: Vec<i64>,
    /// The slots that they are in, ascending.
    slots: Vec<i64>,
    /// Those slots within which there is one, so that the rollup can't say what was on which side.
    split: BTreeSet<i64>,
}

impl Boundaries {
    pub(crate) fn new(ms: &[i64]) -> Self {
        let split = ms.iter().filter(|ms| ms.rem_euclid(SLOT_MS) != 0);
        Self {
            ms: ms.to_vec(),
            slots: ms.iter().map(|ms| ms.div_euclid(SLOT_MS)).collect(),
            split: split.map(|ms| ms.div_euclid(SLOT_MS)).collect(),
        }
    }

    /// Whether none is within a day, so that the days' sums are enough.
    pub(crate) fn are_whole_days(&self) -> bool {
        self.split.is_empty() && self.slots.iter().all(|slot| slot.rem_euclid(QUARTERS) == 0)
    }

    /// The first and last UTC day.
    pub(crate) fn days(&self) -> (i64, i64) {
        let (first, end) = (self.ms.first().copied().unwrap_or(0), self.ms.last().copied().unwrap_or(0));
        (first.div_euclid(DAY_MS), (end - 1).div_euclid(DAY_MS))
    }

    /// The stretches of quarter hours that boundaries split: first moment, and first after it.
    pub(crate) fn split(&self) -> impl Iterator<Item = (i64, i64)> {
        self.split.iter().map(|slot| (slot * SLOT_MS, (slot + 1) * SLOT_MS))
    }

    /// The period of a moment.
    pub(crate) fn period(&self, dated_ms: i64) -> Option<usize> {
        let period = self.ms.partition_point(|begin| *begin <= dated_ms).checked_sub(1)?;
        (period + 1 < self.ms.len()).then_some(period)
    }
}

/// The sums of the rollup's rows for one segment, period by period.
#[derive(Debug)]
pub(crate) struct Periods<'a> {
    query: &'a TallyQuery,
    boundaries: &'a Boundaries,
    sums: Vec<Sums>,
}

/// What was counted in one period.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sums {
    /// Ascending, as the rows have them.
    ratings: Vec<(u8, i64)>,
    choices: BTreeMap<String, i64>,
    answered: i64,
    shown: i64,
    dismissed: i64,
    skipped: i64,
}

impl<'a> Periods<'a> {
    pub(crate) fn new(query: &'a TallyQuery, boundaries: &'a Boundaries) -> Self {
        Self { query, boundaries, sums: vec![Sums::default(); boundaries.slots.len().saturating_sub(1)] }
    }

    /// Adds a row by its sums. For periods of whole days.
    pub(crate) fn add_totals(&mut self, day: i64, version: u32, totals: &[u8]) -> Result<(), StoreError> {
        let question = &*self.query.question;
        if self.is_wanted(version)
            && let Some(sums) = self.period(day * QUARTERS)
        {
            for total in Totals::new(totals)? {
                let (counter, n) = total?;
                sums.add(&counter, n, question);
            }
        }
        Ok(())
    }

    /// Adds a row. What is in no period is left out.
    pub(crate) fn add(&mut self, day: i64, version: u32, row: &Day) {
        if !self.is_wanted(version) {
            return;
        }
        let question = &*self.query.question;
        for series in row.series() {
            for (quarter, n) in &series.quarters {
                let slot = day * QUARTERS + i64::from(*quarter);
                if !self.boundaries.split.contains(&slot)
                    && let Some(sums) = self.period(slot)
                {
                    sums.add(&series.counter, *n, question);
                }
            }
        }
    }

    /// Adds what was counted in a period from quarter hours that boundaries split.
    pub(crate) fn add_split(&mut self, period: usize, version: u32, row: &Day) {
        if !self.is_wanted(version) {
            return;
        }
        let question = &*self.query.question;
        let Some(sums) = self.sums.get_mut(period) else { return };
        for series in row.series() {
            for (_, n) in &series.quarters {
                sums.add(&series.counter, *n, question);
            }
        }
    }

    fn is_wanted(&self, version: u32) -> bool {
        self.query.versions.as_ref().is_none_or(|versions| versions.contains(&version))
    }

    fn period(&mut self, slot: i64) -> Option<&mut Sums> {
        let begun = self.boundaries.slots.partition_point(|begin| *begin <= slot);
        begun.checked_sub(1).and_then(|period| self.sums.get_mut(period))
    }

    /// Whether nothing was counted in any period.
    pub(crate) fn are_empty(&self) -> bool {
        self.sums.iter().all(|sums| *sums == Sums::default())
    }

    /// The sums as counts of a segment.
    pub(crate) fn counts(self, value: Option<String>) -> impl Iterator<Item = Counts> {
        fn counted<T>((what, n): (T, i64)) -> Option<(T, u64)> {
            u64::try_from(n).ok().filter(|n| *n > 0).map(|n| (what, n))
        }
        let n = |n: i64| u64::try_from(n).unwrap_or(0);
        self.sums.into_iter().enumerate().map(move |(period, sums)| Counts {
            value: value.clone(),
            period,
            ratings: sums.ratings.into_iter().filter_map(counted).collect(),
            choices: sums.choices.into_iter().filter_map(counted).collect(),
            answered: n(sums.answered),
            shown: n(sums.shown),
            dismissed: n(sums.dismissed),
            skipped: n(sums.skipped),
        })
    }
}

impl Sums {
    /// Adds what was counted, if it is of the question or of the whole survey.
    fn add<S: Deref<Target = str>>(&mut self, counter: &Counter<S>, n: i64, question: &str) {
        let Counter { measure, point, question: of, choice } = counter;
        if !of.is_empty() && **of != *question {
            return;
        }
        match measure {
            Measure::Shown => self.shown += n,
            Measure::Dismissed => self.dismissed += n,
            Measure::Rating => {
                match self.ratings.binary_search_by_key(point, |(point, _)| *point) {
                    Ok(at) => self.ratings.get_mut(at).into_iter().for_each(|(_, sum)| *sum += n),
                    Err(at) => self.ratings.insert(at, (*point, n)),
                }
                self.answered += n;
            }
            Measure::Chosen => match self.choices.get_mut(&**choice) {
                Some(sum) => *sum += n,
                None => _ = self.choices.insert((**choice).to_owned(), n),
            },
            Measure::Answered => self.answered += n,
            Measure::Skipped => self.skipped += n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scope, Segment, rollup::Shared};

    fn query(question: &str, versions: Option<Vec<u32>>) -> TallyQuery {
        TallyQuery {
            scope: Scope::DEFAULT,
            site: None,
            survey: "s".into(),
            question: question.into(),
            versions,
            segment: Segment::All,
            boundaries_ms: Vec::new(),
            most: 1,
        }
    }

    fn at<const N: usize>(slots: [i64; N]) -> Boundaries {
        Boundaries::new(&slots.map(|slot| slot * SLOT_MS))
    }

    #[test]
    fn a_quarter_hour_that_a_boundary_splits_is_left_to_its_responses() {
        let boundaries = Boundaries::new(&[SLOT_MS + 7, SLOT_MS + 9, 3 * SLOT_MS]);
        assert_eq!(boundaries.split().collect::<Vec<_>>(), [(SLOT_MS, 2 * SLOT_MS)]);
        assert_eq!((boundaries.days(), Boundaries::new(&[-1, DAY_MS + 1]).days()), ((0, 0), (-1, 1)));
        for (ms, period) in [(6, None), (7, Some(0)), (8, Some(0)), (9, Some(1)), (2 * SLOT_MS, None)] {
            assert_eq!(boundaries.period(SLOT_MS + ms), period, "{ms}");
        }
        let (query, shown) = (query("nps", None), Counter::new(Measure::Shown, "", 0, ""));
        let mut periods = Periods::new(&query, &boundaries);
        periods.add(0, 1, &row(&[(shown, 1, 100), (shown, 2, 5), (shown, 3, 1_000)]));
        periods.add_split(0, 1, &row(&[(shown, 0, 2)]));
        periods.add_split(1, 1, &row(&[(shown, 0, 30)]));
        assert_eq!(periods.counts(None).map(|counts| counts.shown).collect::<Vec<_>>(), [2, 35]);
    }

    fn row(cells: &[(Counter<&str>, u8, i64)]) -> Day {
        let mut day = Day::default();
        cells
            .iter()
            .for_each(|(counter, quarter, n)| day.add(&counter.named(&mut Shared::default()), *quarter, *n));
        day
    }

    #[test]
    fn rows_are_summed_in_their_periods_and_those_in_none_are_left_out() {
        let shown = Counter::new(Measure::Shown, "", 0, "");
        let rating = |point| Counter::new(Measure::Rating, "nps", point, "");
        let cells = [(9, 100), (10, 1), (11, 2), (14, 4), (12, 8), (15, 200)];
        let mut cells: Vec<_> = cells.into_iter().map(|(quarter, n)| (shown, quarter, n)).collect();
        cells.extend([(9, 3), (9, -3), (8, 1), (200, 2)].map(|(point, n)| (rating(point), 14, n)));
        let query = query("nps", None);
        for day in [0, 2, -1] {
            let boundaries = at([10, 12, 15].map(|slot| slot + day * QUARTERS));
            let mut periods = Periods::new(&query, &boundaries);
            assert!(periods.are_empty());
            periods.add(day, 1, &row(&cells));
            assert!(!periods.are_empty());
            let counts: Vec<_> = periods.counts(None).collect();
            assert_eq!(counts.iter().map(|c| (c.period, c.shown)).collect::<Vec<_>>(), [(0, 3), (1, 12)]);
            assert_eq!((&*counts[0].ratings, &*counts[1].ratings), (&[][..], &[(8, 1), (200, 2)][..]));
        }
        assert_eq!(Periods::new(&query, &Boundaries::new(&[])).counts(None).count(), 0);
    }

    #[test]
    fn whole_days_are_summed_without_their_quarters_and_to_the_same() {
        let query = query("nps", None);
        let boundaries = at([0, 2 * QUARTERS, 3 * QUARTERS]);
        assert!(boundaries.are_whole_days() && !at([0, 1]).are_whole_days());
        assert!(!Boundaries::new(&[0, DAY_MS + 1]).are_whole_days());
        let (mut by_totals, mut by_quarters) =
            (Periods::new(&query, &boundaries), Periods::new(&query, &boundaries));
        for day in -1..4 {
            let row = row(&[
                (Counter::new(Measure::Shown, "", 0, ""), 0, 10 + day),
                (Counter::new(Measure::Shown, "", 0, ""), 95, 1),
                (Counter::new(Measure::Chosen, "nps", 0, "a"), 50, 2),
            ]);
            by_totals.add_totals(day, 1, &row.totals()).unwrap();
            by_quarters.add(day, 1, &row);
        }
        let counts: Vec<_> = by_totals.counts(None).collect();
        assert_eq!(counts, by_quarters.counts(None).collect::<Vec<_>>());
        assert_eq!(counts.iter().map(|counts| counts.shown).collect::<Vec<_>>(), [23, 13]);
    }

    #[test]
    fn only_one_questions_rows_of_the_versions_asked_for_are_summed() {
        let rating = |question, n| (Counter::new(Measure::Rating, question, 5, ""), 0, n);
        let skipped = |question, n| (Counter::new(Measure::Skipped, question, 0, ""), 0, n);
        let shown = |n| (Counter::new(Measure::Shown, "", 0, ""), 0, n);
        let first = row(&[rating("a", 1), rating("b", 100), skipped("a", 2), skipped("b", 200), shown(5)]);
        let second = row(&[rating("a", 10), shown(50)]);
        let sum = |question, versions| {
            let query = query(question, versions);
            let boundaries = at([0, 1]);
            let mut periods = Periods::new(&query, &boundaries);
            periods.add(0, 1, &first);
            periods.add(0, 2, &second);
            let counts = periods.counts(None).next().unwrap();
            (counts.ratings.first().map_or(0, |(_, n)| *n), counts.answered, counts.skipped, counts.shown)
        };
        assert_eq!(sum("a", None), (11, 11, 2, 55));
        assert_eq!(sum("a", Some(vec![1])), (1, 1, 2, 5));
        assert_eq!(sum("a", Some(vec![2, 3])), (10, 10, 0, 50));
        assert_eq!(sum("a", Some(vec![])), (0, 0, 0, 0));
        assert_eq!(sum("b", None), (100, 100, 200, 55));
    }
}
