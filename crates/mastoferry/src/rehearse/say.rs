//! Words beside the result.

/// Progress goes to standard error, so that the result alone is on standard output.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    // Nobody reads progress that cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}
