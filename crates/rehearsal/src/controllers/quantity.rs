//! Amounts as Kubernetes writes them: `500m`, `2`, `1.5Gi`, `1e3`.

/// An amount in its unit (cores, bytes); none where it cannot be read.
pub(super) fn read(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 14] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let found = SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
    let (digits, factor) = found.unwrap_or((text, 1.0));
    digits.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn amounts_are_read_with_their_suffixes() {
        for (text, amount) in [
            ("500m", 0.5),
            ("2", 2.0),
            ("128Mi", 134_217_728.0),
            ("1.5G", 1.5e9),
            ("1e3", 1000.0),
            ("2E", 2e18),
        ] {
            assert_eq!(read(text), Some(amount), "{text}");
        }
        for wrong in ["", "Mi", "5 Gi", "much"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
