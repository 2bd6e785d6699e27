//! Mastoferry: the command line, progress and reports
mod report;
mod summary;
mod words;

fn main() {}
