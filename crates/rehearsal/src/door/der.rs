//! As much of DER as a certificate needs.

/// An element: its tag, its length, its content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => encoded.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            // A usize has at most sixteen bytes, and that fits beside the flag.
            encoded.push(0x80 | u8::try_from(length.len()).unwrap_or(0x7f));
            encoded.extend(length);
        }
    }
    encoded.extend_from_slice(content);
    encoded
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub(super) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// An object identifier, given in its encoded form.
pub(super) fn identifier(encoded: &[u8]) -> Vec<u8> {
    element(0x06, encoded)
}

/// A number that is not negative, from its bytes, most significant first.
pub(super) fn number(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

pub(super) fn yes() -> Vec<u8> {
    element(0x01, &[0xff])
}

pub(super) fn text(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// An instant as `GeneralizedTime` (after 2049) or `UTCTime`, as X.509 wants it.
pub(super) fn time(time: jiff::Timestamp) -> Vec<u8> {
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    if time.year() < 2050 {
        element(0x17, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        element(0x18, time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
    }
}

pub(super) fn bytes(content: &[u8]) -> Vec<u8> {
    element(0x04, content)
}

/// Bits, as many as whole bytes hold, or fewer by those `unused` at the end.
pub(super) fn bits(content: &[u8], unused: u8) -> Vec<u8> {
    element(0x03, &[&[unused], content].concat())
}

/// An element that is told by its place: `[tag]` around others.
pub(super) fn explicit(tag: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | tag, content)
}

/// `[tag]` instead of the type that stands there by the rules.
pub(super) fn implicit(tag: u8, content: &[u8]) -> Vec<u8> {
    element(0x80 | tag, content)
}
