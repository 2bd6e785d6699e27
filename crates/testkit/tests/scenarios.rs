//! Every scenario on the cluster inside; and scenarios that cannot be read.

use std::path::Path;

use testkit::{Differences, Ground, Scenario, ScenarioErrorKind, play_all, read_all};

/// One test for all: they share the machine, and pace themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_comes_out_inside_as_on_a_real_control_plane() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = read_all(&root.join("scenarios")).unwrap();
    assert!(read.len() >= 60, "only {} scenarios", read.len());
    let page = std::fs::read_to_string(root.join("docs/differences/scenarios.md")).unwrap();
    let scenarios = read.into_iter().map(|(_, scenario)| scenario).collect();
    let played = play_all(scenarios, &Ground::Inside, &Differences::read(&page)).await.unwrap();
    let wrong: Vec<String> =
        played.into_iter().filter_map(|played| Some(format!("{}\n{}", played.name, played.wrong?))).collect();
    assert!(wrong.is_empty(), "{} scenarios\n{}", wrong.len(), wrong.join("\n"));
}

fn refused(text: &str) -> (usize, ScenarioErrorKind) {
    let error = Scenario::parse("bad.scenario", text).expect_err("a bad scenario");
    assert!(error.to_string().starts_with(&format!("bad.scenario:{}: ", error.line)), "{error}");
    (error.line, error.kind)
}

#[test]
fn what_is_not_understood_is_told_with_its_line() {
    let begun = "Title\n\ngiven\n  deployment web of 1 server\n\nwhen\n";
    for (text, line) in [
        ("Title\n".to_owned(), 1),
        ("Title\n\nwhen\n  scale deployment/web to 2\nafterwards\n".to_owned(), 5),
        ("Title\n\ngiven\n  castle web\nwhen\n  sail\n".to_owned(), 4),
        ("Title\n\nthen\n  nothing\n".to_owned(), 3),
        (format!("{begun}  juggle deployment/web\n"), 7),
        (format!("{begun}  scale castle/web to 2\n"), 7),
        (format!("{begun}  scale deployment/web to many\n"), 7),
        (format!("{begun}  scale deployment/web to 2, by magic\n"), 7),
        (format!("{begun}  apply\n"), 7),
        (format!("{begun}  scale deployment/web to 2:\n    spec: {{}}\n"), 7),
        (format!("{begun}  create:\n    a: [\n"), 7),
        (format!("{begun}  expect 404 NotFound\n"), 7),
        (format!("{begun}  sail\ngiven\n  deployment web of 1 server\n"), 8),
        (format!("{begun}  wait until the cows come home\n"), 7),
    ] {
        assert_eq!(refused(&text).0, line, "{text}");
    }
    let (_, kind) = refused(&format!("{begun}  scale castle/web to 2\n"));
    assert_eq!(kind, ScenarioErrorKind::UnknownKind("castle".to_owned()));
}
