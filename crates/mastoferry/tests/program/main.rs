//! The program as its users run it.

mod example_chart;
mod helm;
mod hostile;
mod rehearsals;
mod repository;
mod trees;

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd").env("NO_COLOR", "1");
}
