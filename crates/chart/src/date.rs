//! Times in Go's layouts (`2006-01-02T15:04:05Z07:00`) and Go's durations.

use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The parts of a layout, longest first where one begins like another.
const PARTS: [&str; 33] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "-07:00:00",
    "-07:00",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z07:00",
    "Z0700",
    "Z07",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "002",
    "15",
    "PM",
    "pm",
    "__2",
    "_2",
    "1",
    "2",
    "3",
    "4",
    "5",
    ".000000000",
    ".000",
];

/// A part of a layout.
enum Part<'a> {
    Letter(char),
    Known(&'a str),
    /// `.000` (always so many digits) or `.999` (as many as needed).
    Fraction {
        digits: usize,
        is_fixed: bool,
    },
}

fn parts(layout: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = layout;
    while let Some(letter) = rest.chars().next() {
        if matches!(letter, '.' | ',') {
            let after = &rest[1..];
            let zeros = after.len() - after.trim_start_matches('0').len();
            let nines = after.len() - after.trim_start_matches('9').len();
            let digits = zeros.max(nines);
            let ends = after[digits..].chars().next().is_none_or(|next| !next.is_ascii_digit());
            if digits > 0 && ends {
                parts.push(Part::Fraction { digits: digits.min(9), is_fixed: zeros > 0 });
                rest = &after[digits..];
                continue;
            }
        }
        if let Some(known) = PARTS.iter().find(|part| !part.starts_with('.') && rest.starts_with(**part)) {
            let known = if *known == "02" && rest.starts_with("002") { "002" } else { known };
            parts.push(Part::Known(&rest[..known.len()]));
            rest = &rest[known.len()..];
            continue;
        }
        if rest.starts_with("002") {
            parts.push(Part::Known("002"));
            rest = &rest[3..];
            continue;
        }
        parts.push(Part::Letter(letter));
        rest = &rest[letter.len_utf8()..];
    }
    parts
}

/// A time in a layout.
pub(crate) fn format(time: &Zoned, layout: &str) -> String {
    let mut text = String::new();
    for part in parts(layout) {
        match part {
            Part::Letter(letter) => text.push(letter),
            Part::Fraction { digits, is_fixed } => {
                let all = format!("{:09}", time.subsec_nanosecond());
                let cut = &all[..digits];
                let cut = if is_fixed { cut } else { cut.trim_end_matches('0') };
                if !cut.is_empty() {
                    text.push('.');
                    text.push_str(cut);
                }
            }
            Part::Known(part) => text.push_str(&known(time, part)),
        }
    }
    text
}

fn known(time: &Zoned, part: &str) -> String {
    let month = MONTHS[usize::from(time.month().unsigned_abs().clamp(1, 12)) - 1];
    let day = DAYS[usize::from(time.weekday().to_monday_zero_offset().unsigned_abs()).min(6)];
    let hour12 = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    match part {
        "January" => month.to_owned(),
        "Jan" => month[..3].to_owned(),
        "Monday" => day.to_owned(),
        "Mon" => day[..3].to_owned(),
        "MST" => zone_name(time),
        "2006" => format!("{:04}", time.year()),
        "06" => format!("{:02}", time.year().rem_euclid(100)),
        "01" => format!("{:02}", time.month()),
        "1" => time.month().to_string(),
        "02" => format!("{:02}", time.day()),
        "_2" => format!("{:>2}", time.day()),
        "2" => time.day().to_string(),
        "002" => format!("{:03}", time.day_of_year()),
        "__2" => format!("{:>3}", time.day_of_year()),
        "15" => format!("{:02}", time.hour()),
        "03" => format!("{hour12:02}"),
        "3" => hour12.to_string(),
        "04" => format!("{:02}", time.minute()),
        "4" => time.minute().to_string(),
        "05" => format!("{:02}", time.second()),
        "5" => time.second().to_string(),
        "PM" => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "pm" => if time.hour() < 12 { "am" } else { "pm" }.to_owned(),
        zone => offset(time.offset().seconds(), zone),
    }
}

fn zone_name(time: &Zoned) -> String {
    let name = time.strftime("%Z").to_string();
    if time.offset() == Offset::UTC { "UTC".to_owned() } else { name }
}

fn offset(seconds: i32, part: &str) -> String {
    if part.starts_with('Z') && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match &part[1..] {
        "07:00" => format!("{sign}{hours:02}:{minutes:02}"),
        "0700" => format!("{sign}{hours:02}{minutes:02}"),
        "07" => format!("{sign}{hours:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}:{:02}", seconds % 60),
    }
}

/// `time.RFC3339Nano`.
pub(crate) fn rfc3339(time: &Zoned) -> String {
    format(time, "2006-01-02T15:04:05.999999999Z07:00")
}

/// Reads a time in a layout, in a zone where the text names none. `None` where it does not fit.
pub(crate) fn parse(layout: &str, text: &str, zone: &TimeZone) -> Option<Zoned> {
    let (mut year, mut month, mut day, mut hour, mut minute, mut second) =
        (1_i16, 1_i8, 1_i8, 0_i8, 0_i8, 0_i8);
    let (mut nanosecond, mut is_afternoon, mut named) = (0_i32, None, None);
    let mut rest = text;
    for part in parts(layout) {
        match part {
            Part::Letter(letter) => rest = rest.strip_prefix(letter)?,
            Part::Fraction { .. } => {
                if let Some(after) = rest.strip_prefix(['.', ',']) {
                    let length = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                    nanosecond = format!("{:0<9}", &after[..length]).get(..9)?.parse().ok()?;
                    rest = &after[length..];
                }
            }
            Part::Known("January") => (month, rest) = name(rest, &MONTHS, usize::MAX)?,
            Part::Known("Jan") => (month, rest) = name(rest, &MONTHS, 3)?,
            Part::Known("Monday") => (_, rest) = name(rest, &DAYS, usize::MAX)?,
            Part::Known("Mon") => (_, rest) = name(rest, &DAYS, 3)?,
            Part::Known("MST") => {
                let length = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
                (length >= 3).then_some(())?;
                if &rest[..length] == "UTC" {
                    named = Some(Offset::UTC);
                }
                rest = &rest[length..];
            }
            Part::Known("2006") => {
                year = rest.get(..4)?.parse().ok()?;
                rest = &rest[4..];
            }
            Part::Known("06") => {
                let short: i16;
                (short, rest) = digits(rest, 2, 2)?;
                year = if short >= 69 { 1900 + short } else { 2000 + short };
            }
            Part::Known("01") => (month, rest) = digits(rest, 2, 2)?,
            Part::Known("1") => (month, rest) = digits(rest, 1, 2)?,
            Part::Known("02") => (day, rest) = digits(rest, 2, 2)?,
            Part::Known("2") => (day, rest) = digits(rest, 1, 2)?,
            Part::Known("_2") => (day, rest) = digits(rest.trim_start_matches(' '), 1, 2)?,
            Part::Known("15") => (hour, rest) = digits(rest, 2, 2)?,
            Part::Known("03") => (hour, rest) = digits(rest, 2, 2)?,
            Part::Known("3") => (hour, rest) = digits(rest, 1, 2)?,
            Part::Known("04") => (minute, rest) = digits(rest, 2, 2)?,
            Part::Known("4") => (minute, rest) = digits(rest, 1, 2)?,
            Part::Known("05") => (second, rest) = digits(rest, 2, 2)?,
            Part::Known("5") => (second, rest) = digits(rest, 1, 2)?,
            Part::Known("PM" | "pm") => {
                let half = rest.get(..2)?.to_ascii_uppercase();
                is_afternoon = Some(half == "PM");
                rest = &rest[2..];
            }
            Part::Known(zone) => {
                let found;
                (found, rest) = read_offset(rest, zone)?;
                named = Some(found);
            }
        }
    }
    rest.is_empty().then_some(())?;
    match is_afternoon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let time = DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    match named {
        Some(offset) => time.to_zoned(TimeZone::fixed(offset)).ok(),
        None => time.to_zoned(zone.clone()).ok(),
    }
}

fn digits<T: std::str::FromStr>(text: &str, least: usize, most: usize) -> Option<(T, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (length >= least).then_some(())?;
    Some((text[..length].parse().ok()?, &text[length..]))
}

fn name<'a>(text: &'a str, names: &[&str], cut: usize) -> Option<(i8, &'a str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = &name[..cut.min(name.len())];
        let found = text.get(..name.len())?.eq_ignore_ascii_case(name);
        found.then_some(())?;
        Some((i8::try_from(index + 1).ok()?, &text[name.len()..]))
    })
}

fn read_offset<'a>(text: &'a str, part: &str) -> Option<(Offset, &'a str)> {
    if part.starts_with('Z')
        && let Some(rest) = text.strip_prefix('Z')
    {
        return Some((Offset::UTC, rest));
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, rest): (i32, &str) = digits(&text[1..], 2, 2)?;
    let (minutes, rest) = match &part[1..] {
        "07" => (0, rest),
        "0700" => digits(rest, 2, 2)?,
        _ => digits(rest.strip_prefix(':')?, 2, 2)?,
    };
    Some((Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?, rest))
}

/// Go's `time.ParseDuration`, in nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    (!rest.is_empty()).then_some(())?;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let length = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let number: f64 = rest[..length].parse().ok()?;
        rest = &rest[length..];
        let units =
            [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("h", 3.6e12), ("m", 6e10), ("s", 1e9)];
        let (unit, factor) = units.iter().find(|(unit, _)| rest.starts_with(unit))?;
        total += number * factor;
        rest = &rest[unit.len()..];
    }
    (total < 9.2e18).then_some(())?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded just above; Go keeps whole nanoseconds")]
    let total = total as i64;
    Some(if negative { -total } else { total })
}

/// Go's `Duration.String` for whole seconds.
pub(crate) fn seconds(seconds: i64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let sign = if seconds < 0 { "-" } else { "" };
    let all = seconds.unsigned_abs();
    let (hours, minutes, rest) = (all / 3600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}
