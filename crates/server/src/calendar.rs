//! Moments and periods, in a time zone.

use candor_store::SLOT_MS;
use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, Weekday},
    fmt::temporal::Pieces,
    tz::TimeZone,
};

/// The length of periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeriodLength {
    Hour,
    Day,
    /// From Monday, as ISO 8601 has it.
    Week,
    Month,
}

impl PeriodLength {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            _ => return None,
        })
    }

    /// The first boundary after a moment; `None` beyond the calendar's end.
    fn next(self, moment: &Zoned) -> Option<Zoned> {
        let date = moment.date();
        let next: Date = match self {
            // By the time that passes: a clock that was set back would lead to the same moment again. A clock that is set
            // within an hour begins another.
            Self::Hour => {
                let (now, zone) = (moment.timestamp(), moment.time_zone());
                let hour = now.as_second() + i64::from(zone.to_offset(now).seconds());
                let end = Timestamp::from_second(now.as_second() + 3_600 - hour.rem_euclid(3_600)).ok()?;
                let shift = zone.following(now).next().map_or(end, |shift| shift.timestamp());
                return Some(end.min(shift).to_zoned(zone.clone()));
            }
            Self::Day => date.tomorrow().ok()?,
            Self::Week => date.nth_weekday(1, Weekday::Monday).ok()?,
            Self::Month => date.first_of_month().checked_add(1.month()).ok()?,
        };
        next.to_zoned(moment.time_zone().clone()).ok()
    }
}

/// The last quarter hour that the calendar has, in every time zone.
const END_MS: i64 = 253_402_207_200_000;

const DAY_S: i32 = 86_400;

/// A moment in milliseconds since 1970: RFC 3339, or a date, which stands for its first moment in the time zone. `None` if
/// it is neither, or after 9999-12-30T22:00:00Z, where the calendar ends.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(date) = text.parse::<Date>()
        && !text.contains(['T', 't', ' '])
    {
        return before_end(date.to_zoned(zone.clone()).ok()?.timestamp());
    }
    // A plus sign that nobody encoded arrives as a space.
    let text = text.replace(' ', "+");
    // The library takes offsets of more than a day, too.
    let offset = Pieces::parse(&text).ok()?.to_numeric_offset()?;
    before_end(text.parse().ok().filter(|_| offset.seconds().abs() < DAY_S)?)
}

fn before_end(moment: Timestamp) -> Option<i64> {
    Some(moment.as_millisecond()).filter(|ms| *ms <= END_MS)
}

/// The beginning of the quarter hour of a moment.
pub(crate) fn quarter_hour(ms: i64) -> i64 {
    ms.div_euclid(SLOT_MS) * SLOT_MS
}

pub(crate) fn rfc3339(ms: i64, zone: &TimeZone) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.display_with_offset(zone.to_offset(moment)).to_string()
}

/// Where periods from `from` to `to` begin and end, both included; the first and last may be cut short. `None` if there
/// are more than `most`, or the calendar does not get there.
pub(crate) fn boundaries(
    from: i64,
    to: i64,
    length: PeriodLength,
    zone: &TimeZone,
    most: usize,
) -> Option<Vec<i64>> {
    let mut boundaries = vec![from];
    let mut moment = Timestamp::from_millisecond(from).ok()?.to_zoned(zone.clone());
    loop {
        // Whatever a time zone does, the way leads forward and ends.
        moment = length.next(&moment).filter(|next| *next > moment)?;
        // Before standard time, zones were not on the quarter hour.
        let ms = quarter_hour(moment.timestamp().as_millisecond());
        if ms >= to {
            boundaries.push(to);
            return (boundaries.len() - 1 <= most).then_some(boundaries);
        }
        if boundaries.len() > most {
            return None;
        }
        if boundaries.last().is_some_and(|last| *last < ms) {
            boundaries.push(ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, length: PeriodLength, from: &str, to: &str, expect: &[&str]) {
        let zone = TimeZone::get(zone).unwrap();
        let (from, to) = (parse(from, &zone).unwrap(), parse(to, &zone).unwrap());
        let found = boundaries(from, to, length, &zone, 100).unwrap();
        assert_eq!(found.iter().map(|ms| rfc3339(*ms, &zone)).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn days_begin_at_midnight_in_the_time_zone_and_may_have_23_hours() {
        check(
            "Europe/Berlin",
            PeriodLength::Day,
            "2026-03-28T12:00:00Z",
            "2026-03-30",
            &["2026-03-28T13:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"],
        );
        check(
            "Asia/Kathmandu",
            PeriodLength::Day,
            "2026-11-01",
            "2026-11-03",
            &["2026-11-01T00:00:00+05:45", "2026-11-02T00:00:00+05:45", "2026-11-03T00:00:00+05:45"],
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_at_one() {
        check(
            "Africa/Cairo",
            PeriodLength::Day,
            "2026-04-23",
            "2026-04-25",
            &["2026-04-23T00:00:00+02:00", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"],
        );
    }

    #[test]
    fn hours_weeks_and_months_begin_where_the_calendar_says() {
        check(
            "Asia/Tehran",
            PeriodLength::Hour,
            "2026-11-01T00:15:00Z",
            "2026-11-01T01:45:00Z",
            &[
                "2026-11-01T03:45:00+03:30",
                "2026-11-01T04:00:00+03:30",
                "2026-11-01T05:00:00+03:30",
                "2026-11-01T05:15:00+03:30",
            ],
        );
        check(
            "UTC",
            PeriodLength::Week,
            "2026-11-20",
            "2026-12-01",
            &[
                "2026-11-20T00:00:00+00:00",
                "2026-11-23T00:00:00+00:00",
                "2026-11-30T00:00:00+00:00",
                "2026-12-01T00:00:00+00:00",
            ],
        );
        check(
            "UTC",
            PeriodLength::Month,
            "2026-01-31",
            "2026-03-01",
            &["2026-01-31T00:00:00+00:00", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"],
        );
    }

    #[test]
    fn hours_go_on_through_a_shift_of_less_than_an_hour() {
        // Half an hour back: the hour from one lasts 60 minutes and ends at half past one, once more.
        check(
            "Australia/Lord_Howe",
            PeriodLength::Hour,
            "2026-04-04T14:00:00Z",
            "2026-04-04T16:30:00Z",
            &[
                "2026-04-05T01:00:00+11:00",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T02:00:00+10:30",
                "2026-04-05T03:00:00+10:30",
            ],
        );
        // Half an hour forward, from two to half past.
        check(
            "Australia/Lord_Howe",
            PeriodLength::Hour,
            "2026-10-03T14:30:00Z",
            "2026-10-03T17:00:00Z",
            &[
                "2026-10-04T01:00:00+10:30",
                "2026-10-04T02:30:00+11:00",
                "2026-10-04T03:00:00+11:00",
                "2026-10-04T04:00:00+11:00",
            ],
        );
        check(
            "America/Caracas",
            PeriodLength::Hour,
            "2007-12-09T06:00:00Z",
            "2007-12-09T08:30:00Z",
            &[
                "2007-12-09T02:00:00-04:00",
                "2007-12-09T02:30:00-04:30",
                "2007-12-09T03:00:00-04:30",
                "2007-12-09T04:00:00-04:30",
            ],
        );
        check(
            "Asia/Pyongyang",
            PeriodLength::Hour,
            "2015-08-14T14:00:00Z",
            "2015-08-14T16:30:00Z",
            &[
                "2015-08-14T23:00:00+09:00",
                "2015-08-14T23:30:00+08:30",
                "2015-08-15T00:00:00+08:30",
                "2015-08-15T01:00:00+08:30",
            ],
        );
        // Forward within an hour: the new hour, here the new day, begins with the shift.
        check(
            "Asia/Pyongyang",
            PeriodLength::Hour,
            "2018-05-04T14:30:00Z",
            "2018-05-04T16:00:00Z",
            &["2018-05-04T23:00:00+08:30", "2018-05-05T00:00:00+09:00", "2018-05-05T01:00:00+09:00"],
        );
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_hours() {
        check(
            "Europe/Berlin",
            PeriodLength::Hour,
            "2026-10-24T23:00:00Z",
            "2026-10-25T02:00:00Z",
            &[
                "2026-10-25T01:00:00+02:00",
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ],
        );
    }

    #[test]
    fn every_time_zone_gets_through_each_of_its_shifts() {
        let since: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
        for name in jiff::tz::db().available() {
            let zone = TimeZone::get(name.as_str()).unwrap();
            for shift in zone.following(since).take(60) {
                let ms = shift.timestamp().as_millisecond();
                let (from, to) = (ms - 2 * 86_400_000, ms + 2 * 86_400_000);
                for (length, most) in [(PeriodLength::Hour, 4 * 24 + 2), (PeriodLength::Day, 6)] {
                    let found = boundaries(from, to, length, &zone, most);
                    let found = found.unwrap_or_else(|| panic!("{} at {}", name, shift.timestamp()));
                    assert!(found.is_sorted_by(|one, other| one < other), "{name}");
                }
            }
        }
    }

    #[test]
    fn too_many_periods_are_refused() {
        assert_eq!(boundaries(0, 101 * 3_600_000, PeriodLength::Hour, &TimeZone::UTC, 100), None);
        assert_eq!(
            boundaries(0, 100 * 3_600_000, PeriodLength::Hour, &TimeZone::UTC, 100).unwrap().len(),
            101
        );
        assert_eq!(boundaries(-10_000_000_000_000, i64::MAX, PeriodLength::Hour, &TimeZone::UTC, 100), None);
    }

    #[test]
    fn a_plus_sign_may_arrive_as_a_space() {
        let encoded = parse("2026-11-01T00:00:00+07:00", &TimeZone::UTC);
        assert!(encoded.is_some());
        assert_eq!(parse("2026-11-01T00:00:00 07:00", &TimeZone::UTC), encoded);
        assert_eq!(parse("yesterday", &TimeZone::UTC), None);
    }

    #[test]
    fn an_offset_is_less_than_a_day() {
        for (offset, is_one) in [
            ("+23:59", true),
            ("-23:59", true),
            ("+24:00", false),
            ("-24:00", false),
            (" 25:00", false),
            ("-25:59", false),
        ] {
            let moment = parse(&format!("2026-01-01T00:00:00{offset}"), &TimeZone::UTC);
            assert_eq!(moment.is_some(), is_one, "{offset}");
        }
    }
}
