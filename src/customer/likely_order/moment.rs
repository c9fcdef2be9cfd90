//! Weekday and part of the day, as people in the shop's own town would say it.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::base::UnixMillis;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub weekday: Weekday,
    /// `None` at midnight sharp: an order imported with a date alone.
    pub daypart: Option<Daypart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Daypart {
    Morning,
    Lunch,
    Afternoon,
    Evening,
    Night,
}

impl Moment {
    /// `None` for a time that no calendar holds.
    pub fn at(at: UnixMillis, tz: &TimeZone) -> Option<Moment> {
        let local = tz.to_datetime(Timestamp::from_millisecond(at.0).ok()?);
        let daypart = match local.hour() {
            _ if local.time() == Time::midnight() => return Some(Moment { weekday: local.weekday(), daypart: None }),
            DAY_STARTS..11 => Daypart::Morning,
            11..15 => Daypart::Lunch,
            15..17 => Daypart::Afternoon,
            17..23 => Daypart::Evening,
            _ => Daypart::Night,
        };
        // Half past midnight on a Saturday belongs to Friday night.
        let day = local.checked_sub(DAY_STARTS.hours()).ok()?;
        Some(Moment { weekday: day.weekday(), daypart: Some(daypart) })
    }
}

impl Moment {
    /// Nothing is held against an unknown hour.
    pub fn same_daypart(self, other: Moment) -> bool {
        self.daypart.zip(other.daypart).is_none_or(|(a, b)| a == b)
    }
}

impl Daypart {
    /// After a weekday: "Friday evening".
    pub fn after_weekday(self) -> &'static str {
        match self {
            Daypart::Morning => "morning",
            Daypart::Lunch => "lunchtime",
            Daypart::Afternoon => "afternoon",
            Daypart::Evening => "evening",
            Daypart::Night => "night",
        }
    }

    /// On its own: "mostly in the evening".
    pub fn alone(self) -> &'static str {
        match self {
            Daypart::Morning => "in the morning",
            Daypart::Lunch => "at lunchtime",
            Daypart::Afternoon => "in the afternoon",
            Daypart::Evening => "in the evening",
            Daypart::Night => "at night",
        }
    }
}

/// English names of the days.
pub(super) fn name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// Local hour at which a day begins for people who are still up.
const DAY_STARTS: i8 = 5;
