//! Mastoferry: the command line, progress and reports
fn main() {}
