//! Moments and periods, in a time zone.

use candor_store::SLOT_MS;
use jiff::{
    RoundMode, Timestamp, ToSpan, Unit, Zoned, ZonedRound,
    civil::{Date, Weekday},
    tz::TimeZone,
};

/// The length of periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    Hour,
    Day,
    /// From Monday, as ISO 8601 has it.
    Week,
    Month,
}

impl Interval {
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
            Self::Hour => {
                let truncate = ZonedRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc);
                return moment.round(truncate).ok()?.checked_add(1.hour()).ok();
            }
            Self::Day => date.tomorrow().ok()?,
            Self::Week => date.nth_weekday(1, Weekday::Monday).ok()?,
            Self::Month => date.first_of_month().checked_add(1.month()).ok()?,
        };
        next.to_zoned(moment.time_zone().clone()).ok()
    }
}

/// A moment in milliseconds since 1970: RFC 3339, or a date, which stands for its first moment in the time zone.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(date) = text.parse::<Date>()
        && !text.contains(['T', 't', ' '])
    {
        return Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
    }
    // A plus sign that nobody encoded arrives as a space.
    Some(text.replace(' ', "+").parse::<Timestamp>().ok()?.as_millisecond())
}

pub(crate) fn rfc3339(ms: i64, zone: &TimeZone) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.display_with_offset(zone.to_offset(moment)).to_string()
}

/// Where periods from `from` to `to` begin and end, both included; the first and last may be cut short. `None` if there
/// are more than `most`.
pub(crate) fn boundaries(
    from: i64,
    to: i64,
    interval: Interval,
    zone: &TimeZone,
    most: usize,
) -> Option<Vec<i64>> {
    let mut boundaries = vec![from];
    let mut moment = Timestamp::from_millisecond(from).ok()?.to_zoned(zone.clone());
    loop {
        moment = interval.next(&moment)?;
        // Before standard time, zones were not on the quarter hour.
        let ms = moment.timestamp().as_millisecond().div_euclid(SLOT_MS) * SLOT_MS;
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
    fn check(zone: &str, interval: Interval, from: &str, to: &str, expect: &[&str]) {
        let zone = TimeZone::get(zone).unwrap();
        let (from, to) = (parse(from, &zone).unwrap(), parse(to, &zone).unwrap());
        let found = boundaries(from, to, interval, &zone, 100).unwrap();
        assert_eq!(found.iter().map(|ms| rfc3339(*ms, &zone)).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn days_begin_at_midnight_in_the_time_zone_and_may_have_23_hours() {
        check(
            "Europe/Berlin",
            Interval::Day,
            "2026-03-28T12:00:00Z",
            "2026-03-30",
            &["2026-03-28T13:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"],
        );
        check(
            "Asia/Kathmandu",
            Interval::Day,
            "2026-11-01",
            "2026-11-03",
            &["2026-11-01T00:00:00+05:45", "2026-11-02T00:00:00+05:45", "2026-11-03T00:00:00+05:45"],
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_at_one() {
        check(
            "Africa/Cairo",
            Interval::Day,
            "2026-04-23",
            "2026-04-25",
            &["2026-04-23T00:00:00+02:00", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"],
        );
    }

    #[test]
    fn hours_weeks_and_months_begin_where_the_calendar_says() {
        check(
            "Asia/Tehran",
            Interval::Hour,
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
            Interval::Week,
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
            Interval::Month,
            "2026-01-31",
            "2026-03-01",
            &["2026-01-31T00:00:00+00:00", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"],
        );
    }

    #[test]
    fn too_many_periods_are_refused() {
        assert_eq!(boundaries(0, 101 * 3_600_000, Interval::Hour, &TimeZone::UTC, 100), None);
        assert_eq!(boundaries(0, 100 * 3_600_000, Interval::Hour, &TimeZone::UTC, 100).unwrap().len(), 101);
        assert_eq!(boundaries(-10_000_000_000_000, i64::MAX, Interval::Hour, &TimeZone::UTC, 100), None);
    }

    #[test]
    fn a_plus_sign_may_arrive_as_a_space() {
        let encoded = parse("2026-11-01T00:00:00+07:00", &TimeZone::UTC);
        assert!(encoded.is_some());
        assert_eq!(parse("2026-11-01T00:00:00 07:00", &TimeZone::UTC), encoded);
        assert_eq!(parse("yesterday", &TimeZone::UTC), None);
    }
}
