//! The values of Secrets under `data`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Decodes base64 as Kubernetes writes it; line breaks are passed over. `None` where the text is none.
#[must_use]
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|letter| !letter.is_ascii_whitespace()).collect();
    STANDARD.decode(letters).ok()
}

/// Encodes bytes as Kubernetes keeps them under `data`.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        assert_eq!(decode_base64("YS5leGFt\ncGxl\n").as_deref(), Some(&b"a.example"[..]));
        assert_eq!(decode_base64("YQ==").as_deref(), Some(&b"a"[..]));
        assert_eq!(decode_base64(""), Some(Vec::new()));
        assert_eq!(decode_base64("ENC[AES256]"), None);
    }
}
