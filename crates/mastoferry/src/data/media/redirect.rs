//! Old addresses that go on working: what the front has to be told.

use url::Url;

/// Rules for nginx and for the Gateway API that lead from old addresses to new ones; nothing where the new ones are none.
/// Ports stand in both, where there are any.
pub(super) fn rules(old: &str, new: &str) -> Option<(String, String)> {
    let (old, new) = (Url::parse(old).ok()?, Url::parse(new).ok()?);
    let host = new.host_str()?;
    let from = old.path().trim_end_matches('/');
    let to = new.path().trim_end_matches('/');
    let base = new.as_str().trim_end_matches('/');
    let nginx = format!("location ^~ {from}/ {{\n  rewrite ^{from}/(.*)$ {base}/$1 permanent;\n}}\n");
    let port = new.port().map_or(String::new(), |port| format!("\n          port: {port}"));
    let gateway = format!(
        "- matches:\n  - path:\n      type: PathPrefix\n      value: {from}/\n  filters:\n  - type: RequestRedirect\n    \
         requestRedirect:\n      scheme: {}\n      hostname: {host}{}\n      path:\n        type: ReplacePrefixMatch\n        \
         replacePrefixMatch: {to}/\n      statusCode: 301\n",
        new.scheme(),
        port.replace("          ", "      "),
    );
    Some((nginx, gateway))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_addresses_lead_to_the_new_ones() {
        let (nginx, gateway) =
            rules("https://example.com/system", "https://files.example.com/media").expect("addresses");
        assert!(
            nginx.contains("rewrite ^/system/(.*)$ https://files.example.com/media/$1 permanent;"),
            "{nginx}"
        );
        assert!(gateway.contains("      hostname: files.example.com\n      path:\n"), "{gateway}");
        assert!(gateway.contains("replacePrefixMatch: /media/\n"), "{gateway}");
        assert!(rules("https://example.com", "nowhere").is_none());
    }
}
