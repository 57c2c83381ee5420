use crate::{StoreError, kept::damaged, varint};
use foldhash::HashSet;
use std::{cmp::Ordering, sync::Arc};

/// How many quarter hours a day has.
pub(crate) const QUARTERS: i64 = 96;

/// What can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    Shown = 0,
    Dismissed = 1,
    Rating = 2,
    /// Answered other than by a rating.
    Answered = 3,
    Chosen = 4,
    Skipped = 5,
}

impl Measure {
    const ALL: [Self; 6] =
        [Self::Shown, Self::Dismissed, Self::Rating, Self::Answered, Self::Chosen, Self::Skipped];
}

/// One thing that is counted. What does not apply is 0 or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counter<S> {
    pub(crate) measure: Measure,
    pub(crate) point: u8,
    pub(crate) question: S,
    pub(crate) choice: S,
}

/// A question's or an option's. Those of one [`Shared`] are equal if they are in the same place: to look at the names themselves, for every
/// row that an answer is counted in, took a quarter of the writer's time.
pub(crate) type Name = Arc<str>;

impl<'a> Counter<&'a str> {
    pub(crate) fn new(measure: Measure, question: &'a str, point: u8, choice: &'a str) -> Self {
        Self { measure, point, question, choice }
    }

    pub(crate) fn named(&self, names: &mut Shared) -> Counter<Name> {
        let Self { measure, point, question, choice } = *self;
        Counter { measure, point, question: names.name(question), choice: names.name(choice) }
    }
}

impl Counter<Name> {
    /// As [`Ord`], and faster where names are shared.
    fn order(&self, other: &Self) -> Ordering {
        let names = |a: &Name, b: &Name| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        (self.measure, self.point)
            .cmp(&(other.measure, other.point))
            .then_with(|| names(&self.question, &other.question))
            .then_with(|| names(&self.choice, &other.choice))
    }
}

/// Names, each in one place.
#[derive(Debug, Default)]
pub(crate) struct Shared(HashSet<Name>);

impl Shared {
    fn name(&mut self, name: &str) -> Name {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let new = Name::from(name);
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// One row of the rollup: what was counted of one version in one segment on one UTC day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Day(Vec<Series>);

/// How often one thing happened, by quarter hours, ascending; those without are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) counter: Counter<Name>,
    pub(crate) quarters: Vec<(u8, i64)>,
}

impl Day {
    /// Counts something `n` times more.
    pub(crate) fn add(&mut self, counter: &Counter<Name>, quarter: u8, n: i64) {
        let place = self.0.binary_search_by(|series| series.counter.order(counter));
        match place {
            Ok(at) => {
                let Some(series) = self.0.get_mut(at) else { return };
                series.add(quarter, n);
                if series.quarters.is_empty() {
                    self.0.remove(at);
                }
            }
            Err(at) if n != 0 => {
                self.0.insert(at, Series { counter: counter.clone(), quarters: vec![(quarter, n)] });
            }
            Err(_) => {}
        }
    }

    /// Puts its names where others have them.
    pub(crate) fn share(&mut self, names: &mut Shared) {
        for Series { counter, .. } in &mut self.0 {
            counter.question = names.name(&counter.question);
            counter.choice = names.name(&counter.choice);
        }
    }

    pub(crate) fn series(&self) -> &[Series] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was counted, with the day's sums: enough for whole days.
    ///
    /// How many names there are, each with its length; then for each series its measure, question, point, choice, sum.
    pub(crate) fn totals(&self) -> Vec<u8> {
        let mut names: Vec<&Name> = Vec::new();
        let mut packed = Vec::new();
        for Series { counter, quarters } in &self.0 {
            packed.push(counter.measure as u8);
            packed.push(counter.point);
            for name in [&counter.question, &counter.choice] {
                let is_same = |known: &&Name| Arc::ptr_eq(known, name) || *known == name;
                let at = names.iter().position(is_same).unwrap_or(names.len());
                if at == names.len() {
                    names.push(name);
                }
                varint::write(at as u64, &mut packed);
            }
            varint::write_signed(quarters.iter().map(|(_, n)| n).sum(), &mut packed);
        }
        let mut totals = Vec::new();
        varint::write(names.len() as u64, &mut totals);
        for name in names {
            varint::write(name.len() as u64, &mut totals);
            totals.extend_from_slice(name.as_bytes());
        }
        totals.extend(packed);
        totals
    }

    /// The same by quarter hours, in the order of the totals: for each series how many there are; each as what was passed
    /// over since the one before, and its count.
    pub(crate) fn quarters(&self) -> Vec<u8> {
        let mut packed = Vec::new();
        for Series { quarters, .. } in &self.0 {
            varint::write(quarters.len() as u64, &mut packed);
            let mut next = 0;
            for (quarter, n) in quarters {
                packed.push(quarter.saturating_sub(next));
                varint::write_signed(*n, &mut packed);
                next = quarter.saturating_add(1);
            }
        }
        packed
    }

    /// A row as it was packed.
    ///
    /// # Errors
    /// If it is not what was packed.
    pub(crate) fn unpack(totals: &[u8], quarters: &[u8]) -> Result<Self, StoreError> {
        let (mut day, mut names) = (Vec::new(), Shared::default());
        let mut reader = varint::Reader::new(quarters);
        for total in Totals::new(totals)? {
            let (counter, _) = total?;
            let mut series = Series { counter: counter.named(&mut names), quarters: Vec::new() };
            let mut next = 0_u8;
            for _ in 0..reader.small::<u8>()? {
                let passed = reader.small::<u8>()?;
                let quarter = next.checked_add(passed).filter(|quarter| i64::from(*quarter) < QUARTERS);
                let quarter = quarter.ok_or_else(|| damaged("a quarter hour"))?;
                series.quarters.push((quarter, reader.signed()?));
                next = quarter + 1;
            }
            day.push(series);
        }
        if reader.is_at_end() { Ok(Self(day)) } else { Err(damaged("more than its totals")) }
    }
}

impl Series {
    fn add(&mut self, quarter: u8, n: i64) {
        // Answers come in the order of time, mostly.
        let after = self.quarters.iter().rposition(|(other, _)| *other <= quarter).map_or(0, |at| at + 1);
        match after.checked_sub(1).and_then(|at| self.quarters.get_mut(at)) {
            Some((same, sum)) if *same == quarter => {
                *sum += n;
                if *sum == 0 {
                    self.quarters.remove(after - 1);
                }
            }
            _ => self.quarters.insert(after, (quarter, n)),
        }
    }
}

/// The sums of a row, read one after the other.
#[derive(Debug)]
pub(crate) struct Totals<'a> {
    names: Vec<&'a str>,
    reader: varint::Reader<'a>,
}

impl<'a> Totals<'a> {
    pub(crate) fn new(totals: &'a [u8]) -> Result<Self, StoreError> {
        let mut reader = varint::Reader::new(totals);
        let mut names = Vec::new();
        for _ in 0..reader.number()? {
            let length = reader.small()?;
            names.push(std::str::from_utf8(reader.bytes(length)?).map_err(|_| damaged("a name"))?);
        }
        Ok(Self { names, reader })
    }

    fn read(&mut self) -> Result<(Counter<&'a str>, i64), StoreError> {
        let measure: usize = self.reader.small()?;
        let measure = Measure::ALL.get(measure).ok_or_else(|| damaged("a measure"))?;
        let point = self.reader.bytes(1)?.first().copied().unwrap_or_default();
        let mut name = || -> Result<&'a str, StoreError> {
            let at: usize = self.reader.small()?;
            self.names.get(at).copied().ok_or_else(|| damaged("the number of a name"))
        };
        let counter = Counter::new(*measure, name()?, point, name()?);
        Ok((counter, self.reader.signed()?))
    }
}

impl<'a> Iterator for Totals<'a> {
    type Item = Result<(Counter<&'a str>, i64), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.reader.is_at_end()).then(|| self.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(measure: Measure, question: &str, point: u8, choice: &str) -> Counter<Name> {
        // Not shared: that only makes it faster.
        Counter::new(measure, question, point, choice).named(&mut Shared::default())
    }

    fn day() -> Day {
        let mut day = Day::default();
        for (quarter, n) in [(95, 1), (0, 300), (7, -2), (7, 1)] {
            day.add(&counter(Measure::Shown, "", 0, ""), quarter, n);
        }
        for point in [9, 0, 10, 9] {
            day.add(&counter(Measure::Rating, "nps", point, ""), 40, 1);
        }
        day.add(&counter(Measure::Chosen, "why", 0, "other"), 40, 1);
        day
    }

    #[test]
    fn a_day_comes_back_from_its_row_with_its_sums() {
        let day = day();
        let (totals, quarters) = (day.totals(), day.quarters());
        assert_eq!(Day::unpack(&totals, &quarters).unwrap(), day);
        let sums: Vec<_> = Totals::new(&totals).unwrap().map(|total| total.unwrap()).collect();
        let sum = |measure, question, point, choice| {
            let counter = Counter::new(measure, question, point, choice);
            sums.iter().find(|(other, _)| *other == counter).map(|(_, n)| *n)
        };
        assert_eq!(sums.len(), 5);
        assert_eq!(sum(Measure::Shown, "", 0, ""), Some(300));
        assert_eq!(sum(Measure::Rating, "nps", 9, ""), Some(2));
        assert_eq!(sum(Measure::Rating, "nps", 10, ""), Some(1));
        assert_eq!(sum(Measure::Chosen, "why", 0, "other"), Some(1));
        assert_eq!(Day::unpack(&[0], &[]).unwrap(), Day::default());
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut day = day();
        for series in day.series().to_vec() {
            for (quarter, n) in series.quarters {
                day.add(&series.counter, quarter, -n);
            }
        }
        assert!(day.is_empty());
        day.add(&counter(Measure::Shown, "", 0, ""), 1, 0);
        assert!(day.is_empty());
    }

    #[test]
    fn a_damaged_row_is_an_error_and_no_panic() {
        let (totals, quarters) = (day().totals(), day().quarters());
        for cut in 0..totals.len() {
            let _ = Day::unpack(&totals[..cut], &quarters);
        }
        for cut in 0..quarters.len() {
            assert!(Day::unpack(&totals, &quarters[..cut]).is_err(), "{cut}");
        }
        assert!(Day::unpack(&totals, &[&*quarters, &[0]].concat()).is_err());
        for at in 0..totals.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut totals = totals.clone();
                totals[at] = byte;
                let _ = Day::unpack(&totals, &quarters);
            }
        }
    }
}
