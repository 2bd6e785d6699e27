//! Mastoferry: the command line, progress and reports
mod progress;
mod report;
mod summary;
mod words;

fn main() {}
