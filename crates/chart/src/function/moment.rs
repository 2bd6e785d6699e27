//! Times and durations.

use std::rc::Rc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::{Answer, Call, Function};
use crate::date;
use crate::template::Fault;
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "now" => |call| {
            call.exactly(0)?;
            Ok(Value::Time(Rc::new(call.run.now().clone())))
        },
        "date" => |call| {
            call.exactly(2)?;
            let layout = call.text(0)?;
            formatted(call, &layout, 1, "Local")
        },
        "dateInZone" | "date_in_zone" => |call| {
            call.exactly(3)?;
            let (layout, zone) = (call.text(0)?, call.text(2)?);
            formatted(call, &layout, 1, &zone)
        },
        "htmlDate" => |call| {
            call.exactly(1)?;
            formatted(call, "2006-01-02", 0, "Local")
        },
        "htmlDateInZone" => |call| {
            call.exactly(2)?;
            let zone = call.text(1)?;
            formatted(call, "2006-01-02", 0, &zone)
        },
        "dateModify" | "date_modify" => |call| modified(call, false),
        "mustDateModify" | "must_date_modify" => |call| modified(call, true),
        "toDate" => |call| parsed(call, false),
        "mustToDate" => |call| parsed(call, true),
        "unixEpoch" => |call| {
            call.exactly(1)?;
            let seconds = time(call, 0)?.timestamp().as_second();
            call.made(seconds.to_string())
        },
        "ago" => |call| {
            call.exactly(1)?;
            let then = moment(call, 0).timestamp();
            let since = call.run.now().timestamp().duration_since(then);
            call.made(date::seconds(since.as_secs()))
        },
        "duration" => duration,
        "durationRound" => duration_round,
        _ => return None,
    })
}

fn zone(call: &mut Call<'_>, name: &str) -> TimeZone {
    match name {
        "Local" => call.run.now().time_zone().clone(),
        "" | "UTC" => TimeZone::UTC,
        name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
    }
}

fn time(call: &Call<'_>, index: usize) -> Result<Rc<Zoned>, Fault> {
    match call.any(index) {
        Value::Time(time) => Ok(time),
        other => call.fail(format!("wrong type for value; expected time.Time; got {}", other.type_name())),
    }
}

/// Sprig's idea of a moment: a time, or seconds since 1970, or now.
fn moment(call: &mut Call<'_>, index: usize) -> Zoned {
    match call.any(index) {
        Value::Time(time) => time.as_ref().clone(),
        Value::Int(seconds) | Value::Int64(seconds) => {
            let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
            moment.to_zoned(zone(call, "Local"))
        }
        _ => call.run.now().clone(),
    }
}

fn formatted(call: &mut Call<'_>, layout: &str, index: usize, zone_name: &str) -> Answer {
    let zone = zone(call, zone_name);
    let time = moment(call, index).with_time_zone(zone);
    call.made(date::format(&time, layout))
}

fn modified(call: &mut Call<'_>, must: bool) -> Answer {
    call.exactly(2)?;
    let (change, time) = (call.text(0)?, time(call, 1)?);
    let later = date::parse_duration(&change)
        .and_then(|nanoseconds| time.checked_add(SignedDuration::from_nanos(nanoseconds)).ok());
    match later {
        Some(later) => Ok(Value::Time(Rc::new(later))),
        None if must => call.fail("time: invalid duration"),
        None => Ok(Value::Time(time)),
    }
}

fn parsed(call: &mut Call<'_>, must: bool) -> Answer {
    call.exactly(2)?;
    let (layout, text) = (call.text(0)?, call.text(1)?);
    let local = zone(call, "Local");
    match date::parse(&layout, &text, &local) {
        Some(time) => Ok(Value::Time(Rc::new(time))),
        None if must => call.fail(format!("the text is no time of the layout {layout:?}")),
        None => {
            let zero = jiff::civil::date(1, 1, 1).to_zoned(TimeZone::UTC);
            zero.map_or_else(|_| Ok(Value::Nil), |zero| Ok(Value::Time(Rc::new(zero))))
        }
    }
}

fn duration(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let seconds = match call.any(0) {
        Value::Text(text) => text.parse().unwrap_or(0),
        Value::Int64(seconds) => seconds,
        _ => 0,
    };
    call.made(date::seconds(seconds))
}

fn duration_round(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let nanoseconds = match call.any(0) {
        Value::Text(text) => date::parse_duration(&text).unwrap_or(0),
        Value::Int64(nanoseconds) => nanoseconds,
        Value::Time(time) => {
            let since = call.run.now().timestamp().duration_since(time.timestamp());
            i64::try_from(since.as_nanos()).unwrap_or(0)
        }
        _ => 0,
    };
    const SECOND: u64 = 1_000_000_000;
    let units = [
        (SECOND * 3600 * 24 * 365, "y"),
        (SECOND * 3600 * 24 * 30, "mo"),
        (SECOND * 3600 * 24, "d"),
        (SECOND * 3600, "h"),
        (SECOND * 60, "m"),
        (SECOND, "s"),
    ];
    let all = nanoseconds.unsigned_abs();
    let found = units.iter().find(|(unit, _)| all > *unit);
    call.made(found.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", all / unit)))
}
