//! When a schedule comes round: the five fields of cron, its `@` words and `@every`, as robfig/cron reads them.

use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How far ahead a time is looked for; a schedule such as the 30th of February never comes round.
const HORIZON: i16 = 5;

/// A schedule in the time of some place.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    rhythm: Rhythm,
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rhythm {
    Every(Duration),
    Fields(Fields),
}

/// The values each field allows, one bit for each.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day need only be of the month's or of the week's, because both were given.
    either: bool,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub(super) fn read(text: &str, zone: TimeZone) -> Result<Self, String> {
        let text = text.trim();
        let rhythm = match text {
            "@yearly" | "@annually" => fields("0 0 1 1 *")?,
            "@monthly" => fields("0 0 1 * *")?,
            "@weekly" => fields("0 0 * * 0")?,
            "@daily" | "@midnight" => fields("0 0 * * *")?,
            "@hourly" => fields("0 * * * *")?,
            _ => match text.strip_prefix("@every ") {
                Some(span) => Rhythm::Every(every(span)?),
                None if text.starts_with('@') => return Err(format!("unrecognized descriptor: {text}")),
                None => fields(text)?,
            },
        };
        Ok(Self { rhythm, zone })
    }

    /// The first time after the one given; none within the next years.
    pub(super) fn next(&self, after: SystemTime) -> Option<SystemTime> {
        match &self.rhythm {
            Rhythm::Every(span) => {
                let since = after.duration_since(SystemTime::UNIX_EPOCH).ok()?;
                Some(SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()) + *span)
            }
            Rhythm::Fields(fields) => self.next_of(fields, after),
        }
    }

    fn next_of(&self, fields: &Fields, after: SystemTime) -> Option<SystemTime> {
        let after = Timestamp::try_from(after).ok()?;
        let local = after.to_zoned(self.zone.clone()).datetime();
        let last = local.year().checked_add(HORIZON)?;
        let whole = local.with().second(0).subsec_nanosecond(0).build().ok()?;
        let mut time = whole.checked_add(Span::new().minutes(1)).ok()?;
        while time.year() <= last {
            time = match fields.ahead(time)? {
                Ahead::Here => {
                    let there = self.zone.to_ambiguous_timestamp(time);
                    // An hour that the change of the clocks leaves out does not come round.
                    if !there.is_ambiguous() || there.offset_is_fold() {
                        let found = there.compatible().ok()?;
                        if found > after {
                            return Some(found.into());
                        }
                    }
                    time.checked_add(Span::new().minutes(1)).ok()?
                }
                Ahead::Later(later) => later,
            };
        }
        None
    }
}

trait Fold {
    fn offset_is_fold(&self) -> bool;
}

impl Fold for jiff::tz::AmbiguousTimestamp {
    fn offset_is_fold(&self) -> bool {
        matches!(self.offset(), jiff::tz::AmbiguousOffset::Fold { .. })
    }
}

/// Where to look next.
enum Ahead {
    Here,
    Later(DateTime),
}

impl Fields {
    /// Whether a time is one of these, or the start of the next month, day, hour or minute to look at.
    fn ahead(&self, time: DateTime) -> Option<Ahead> {
        let has = |set: u64, value: i8| u32::try_from(value).is_ok_and(|value| set >> value & 1 == 1);
        let midnight = |time: DateTime| time.with().hour(0).minute(0).build().ok();
        if !has(self.months, time.month()) {
            let first = midnight(time)?.with().day(1).build().ok()?;
            return first.checked_add(Span::new().months(1)).ok().map(Ahead::Later);
        }
        let in_month = has(self.days, time.day());
        let in_week = has(self.weekdays, time.weekday().to_sunday_zero_offset());
        let is_day = if self.either { in_month || in_week } else { in_month && in_week };
        if !is_day {
            return midnight(time)?.checked_add(Span::new().days(1)).ok().map(Ahead::Later);
        }
        if !has(self.hours, time.hour()) {
            let start = time.with().minute(0).build().ok()?;
            return start.checked_add(Span::new().hours(1)).ok().map(Ahead::Later);
        }
        if !has(self.minutes, time.minute()) {
            return time.checked_add(Span::new().minutes(1)).ok().map(Ahead::Later);
        }
        Some(Ahead::Here)
    }
}

fn fields(text: &str) -> Result<Rhythm, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = parts[..] else {
        return Err(format!("expected exactly 5 fields, found {}: [{text}]", parts.len()));
    };
    let is_any = |field: &str| {
        field.split(',').any(|part| matches!(part.split('/').next(), Some("*" | "?")) && !part.contains('/'))
    };
    Ok(Rhythm::Fields(Fields {
        minutes: field(minutes, 0, 59, &[])?,
        hours: field(hours, 0, 23, &[])?,
        days: field(days, 1, 31, &[])?,
        months: field(months, 1, 12, &MONTHS)?,
        weekdays: field(weekdays, 0, 6, &WEEKDAYS)?,
        either: !is_any(days) && !is_any(weekdays),
    }))
}

fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Result<u64, String> {
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step, &[], 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (least, most),
            Some((from, to)) => (number(from, names, least)?, number(to, names, least)?),
            None => {
                let from = number(range, names, least)?;
                (from, if step.is_some() { most } else { from })
            }
        };
        let step = step.unwrap_or(1);
        if from < least || to > most || from > to || step == 0 {
            return Err(format!("{part} is not within {least} to {most}"));
        }
        (from..=to).step_by(usize::try_from(step).unwrap_or(1)).for_each(|value| set |= 1 << value);
    }
    Ok(set)
}

fn number(text: &str, names: &[&str], least: u32) -> Result<u32, String> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    if let Some(named) = named.and_then(|named| u32::try_from(named).ok()) {
        return Ok(named + least);
    }
    text.parse().map_err(|_| format!("failed to parse int from {text}"))
}

/// A span as Go writes it: `1h30m`, `90s`. Shorter than a second is a second.
fn every(text: &str) -> Result<Duration, String> {
    let wrong = || format!("failed to parse duration @every {text}");
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or_else(wrong)?;
        let (amount, after) = rest.split_at(digits);
        let end = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return Err(wrong()),
        };
        let amount: f64 = amount.parse().map_err(|_| wrong())?;
        sum += Duration::try_from_secs_f64(amount * seconds).map_err(|_| wrong())?;
        rest = after;
    }
    Ok(Duration::from_secs(sum.as_secs().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, zone: &str, after: &str) -> Option<String> {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let schedule = Schedule::read(schedule, zone).expect("a schedule");
        let after: Timestamp = after.parse().expect("a time");
        let next = schedule.next(after.into())?;
        Some(Timestamp::try_from(next).expect("a time").to_string())
    }

    #[test]
    fn a_schedule_comes_round_when_its_fields_say() {
        for (schedule, after, expected) in [
            ("*/15 * * * *", "2026-01-01T00:14:59Z", "2026-01-01T00:15:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"),
            ("30 3 * * *", "2026-01-31T04:00:00Z", "2026-02-01T03:30:00Z"),
            ("0 0 29 feb ?", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 6-16/4 * * 1-5", "2026-01-02T14:30:00Z", "2026-01-05T06:00:00Z"),
            // Both days given: either will do.
            ("0 12 13 * FRI", "2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z"),
            ("0 12 13 * FRI", "2026-01-09T12:00:00Z", "2026-01-13T12:00:00Z"),
            ("5/20 * * * *", "2026-01-01T00:25:00Z", "2026-01-01T00:45:00Z"),
            ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("@every 1h30m", "2026-01-01T00:00:10Z", "2026-01-01T01:30:10Z"),
        ] {
            assert_eq!(next(schedule, "UTC", after).as_deref(), Some(expected), "{schedule} after {after}");
        }
        assert_eq!(next("59 23 31 2 *", "UTC", "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn a_place_has_its_own_hours() {
        if TimeZone::get("Asia/Tokyo").is_err() {
            return;
        }
        let tokyo = next("0 4 * * *", "Asia/Tokyo", "2026-01-01T00:00:00Z");
        assert_eq!(tokyo.as_deref(), Some("2026-01-01T19:00:00Z"));
        // 02:30 does not exist on the day the clocks go forward.
        let berlin = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z");
        assert_eq!(berlin.as_deref(), Some("2026-03-30T00:30:00Z"));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in
            ["", "* * * *", "60 * * * *", "* * * * 7", "*/0 * * * *", "5-1 * * * *", "@often", "@every x"]
        {
            assert!(Schedule::read(wrong, TimeZone::UTC).is_err(), "{wrong}");
        }
    }
}
