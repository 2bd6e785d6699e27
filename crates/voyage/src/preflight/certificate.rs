//! When a certificate ends: as much of X.509 as that needs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Tags of DER (X.690) and of the two forms of time (RFC 5280, 4.1.2.5).
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the first certificate of a PEM file, in seconds since 1970; nothing where it cannot be read.
pub(super) fn ends(pem: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, after) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = after.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let (SEQUENCE, certificate, _) = element(&der)? else { return None };
    let (SEQUENCE, mut fields, _) = element(certificate)? else { return None };
    // A version may stand before; then serial number, algorithm, issuer, and what is wanted.
    let first = element(fields)?;
    if first.0 == VERSION {
        fields = first.2;
    }
    let (INTEGER, _, rest) = element(fields)? else { return None };
    let (_, _, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?;
    let (SEQUENCE, validity, _) = element(rest)? else { return None };
    let (_, _, not_after) = element(validity)?;
    let (tag, time, _) = element(not_after)?;
    moment(tag, std::str::from_utf8(time).ok()?)
}

/// An element's tag and content, and what comes after it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        short if *short < 0x80 => (usize::from(*short), rest),
        long => {
            let count = usize::from(*long & 0x7f);
            let (digits, rest) = rest.split_at_checked(count).filter(|_| (1..=4).contains(&count))?;
            (digits.iter().fold(0, |all, digit| (all << 8) | usize::from(*digit)), rest)
        }
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn moment(tag: u8, text: &str) -> Option<i64> {
    let text = match tag {
        UTC_TIME => {
            let year = text.get(..2)?.parse::<u32>().ok()?;
            format!("{}{text}", if year < 50 { "20" } else { "19" })
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let digits = text.strip_suffix('Z').filter(|digits| digits.len() == 14)?;
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i64>().ok();
    let days = days(number(0, 4)?, number(4, 6)?, number(6, 8)?);
    Some(((days * 24 + number(8, 10)?) * 60 + number(10, 12)?) * 60 + number(12, 14)?)
}

/// Days since 1970 of a date of the Gregorian calendar; years are counted from March, so that a leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Made by `openssl req -x509`, which says that it ends on Nov 18 20:38:19 2036 GMT.
    pub(in crate::preflight) const PEM: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBfjCCASOgAwIBAgIUG4ktTsI5icx44f8njqeKTILbfkowCgYIKoZIzj0EAwIw\n\
FDESMBAGA1UEAwwJbS5leGFtcGxlMB4XDTI2MTEyMTIwMzgxOVoXDTM2MTExODIw\n\
MzgxOVowFDESMBAGA1UEAwwJbS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n\
AQcDQgAEJM7vi0Kj6xGqc2Lk/fgvt8oRn10kCI7GGCj4ec9HYjXg0fjaQnhcLgYP\n\
tGvUY/N2Xs7UCraWRyVugaIFfoEymqNTMFEwHQYDVR0OBBYEFB+C8SZ+SS2Y4816\n\
r8hfHFf2bSmkMB8GA1UdIwQYMBaAFB+C8SZ+SS2Y4816r8hfHFf2bSmkMA8GA1Ud\n\
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhANfl1d7nDHvp7e3y00/NXU+d\n\
EyguM1rnWQIAlWvAKTuXAiEAxFds80tuhdO4OLYbMuaQBD3SLq6xyECRKISRsyt9\n\
b64=\n\
-----END CERTIFICATE-----\n";
    pub(in crate::preflight) const ENDS: i64 = 2_110_653_499;

    #[test]
    fn the_end_is_read_as_openssl_reads_it() {
        assert_eq!(ends(PEM.as_bytes()), Some(ENDS));
    }

    #[test]
    fn both_forms_of_time_are_read() {
        assert_eq!(moment(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(moment(GENERALIZED_TIME, "20000229235959Z"), Some(951_868_799));
        assert_eq!(moment(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(moment(UTC_TIME, "garbage"), None);
    }

    #[test]
    fn whatever_is_cut_short_or_damaged_is_not_read_and_breaks_nothing() {
        for end in 0..PEM.len() {
            let _ = ends(&PEM.as_bytes()[..end]);
        }
        let der =
            STANDARD.decode(PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        for end in 0..der.len() {
            let cut = format!(
                "-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE-----",
                STANDARD.encode(&der[..end])
            );
            assert_eq!(ends(cut.as_bytes()), None, "{end}");
        }
    }
}
