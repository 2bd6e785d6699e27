//! The program as its users run it.

mod audit;
mod bad_charts;
mod compose;
mod data_media;
mod data_postgres;
mod data_redis;
mod delivery;
mod env_files;
mod example_chart;
mod faults;
mod helm;
mod hostile;
mod kustomize;
mod moving_stores;
mod old_chart;
mod rehearsals;
mod releases;
mod repository;
mod restore;
mod secrets;
mod serve;
mod stores;
mod strategies;
mod trees;

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd").env("NO_COLOR", "1");
}
