//! Commands written as one text, split into words as Compose does (mattn/go-shellwords).

/// The words of a command line; `None` if a quote or parenthesis in it does not close, or should not be there.
/// What follows an unquoted `;`, `&`, `|`, `<` or `>` is left out, as Compose leaves it out.
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut escaped, mut double, mut single, mut back, mut dollar) = (false, false, false, false, false);
    let mut got = false;
    for c in line.chars() {
        if escaped {
            word.push(c);
            (escaped, got) = (false, true);
            continue;
        }
        if c == '\\' {
            if single {
                word.push(c);
            } else {
                escaped = true;
            }
            continue;
        }
        if matches!(c, ' ' | '\t' | '\r' | '\n') {
            if single || double || back || dollar {
                word.push(c);
            } else if got {
                words.push(std::mem::take(&mut word));
                got = false;
            }
            continue;
        }
        match c {
            '`' if !single && !double && !dollar => back = !back,
            ')' if !single && !double && !back => dollar = !dollar,
            '(' if !single && !double && !back => {
                if dollar || !word.ends_with('$') {
                    return None;
                }
                dollar = true;
                word.push('(');
                continue;
            }
            '"' if !single && !dollar => {
                got |= double;
                double = !double;
                continue;
            }
            '\'' if !double && !dollar => {
                got |= single;
                single = !single;
                continue;
            }
            ';' | '&' | '|' | '<' | '>' if !single && !double && !back && !dollar => {
                if c == '>' && word.starts_with(|first: char| first.is_ascii_digit()) {
                    got = false;
                }
                break;
            }
            _ => {}
        }
        got = true;
        word.push(c);
    }
    if got {
        words.push(word);
    }
    (!escaped && !single && !double && !back && !dollar).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_compose_splits_them() {
        let table: [(&str, &[&str]); 8] = [
            ("bundle exec puma -C config/puma.rb", &["bundle", "exec", "puma", "-C", "config/puma.rb"]),
            ("bash -c \"rm -f /a; bundle exec 'x'\"", &["bash", "-c", "rm -f /a; bundle exec 'x'"]),
            ("a 'b c'd \"\" e\\ f", &["a", "b cd", "", "e f"]),
            ("a && b", &["a"]),
            ("a 2>b", &["a"]),
            ("a $(b c) `d e`", &["a", "$(b c)", "`d e`"]),
            ("", &[]),
            ("a\n  b", &["a", "b"]),
        ];
        for (line, expected) in table {
            assert_eq!(words(line).expect(line), expected, "{line}");
        }
        for line in ["'a", "\"a", "a\\", "a (b)", "$(a", "`a"] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
