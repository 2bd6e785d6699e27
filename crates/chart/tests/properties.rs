//! Arbitrary values and arbitrary `--set` arguments, against the real `helm`.

mod oracle;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use chart::{ChartError, Set, Values};
use proptest::prelude::*;
use serde_json::Value as Json;

fn chart(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts").join(name).join("chart")
}

fn assert_same(name: &str, arguments: &[&str], values: Result<Values, ChartError>, context: &str) {
    let expected = oracle::helm(&chart(name), arguments);
    let found = values.and_then(|values| oracle::ours(&chart(name), &values));
    match (expected, found) {
        (Ok(expected), Ok(found)) => oracle::assert_same(&expected, &found.to_text(), context),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => panic!("helm renders; {}: {context}", oracle::place(&error)),
        (Err(reason), Ok(_)) => panic!("helm refuses: {reason}: {context}"),
    }
}

/// Values of the keys the chart of the tests has, with tables, texts and nulls where they do not belong.
fn values() -> impl Strategy<Value = Json> {
    let key = prop::sample::select(vec![
        "child",
        "twin",
        "grown",
        "global",
        "tags",
        "taken",
        "over",
        "colour",
        "deep",
        "inner",
        "settings",
        "exports",
        "data",
        "enabled",
        "grandchild",
        "a",
        "b",
    ]);
    let leaf = prop_oneof![
        2 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::Bool),
        1 => (0_i64..3_000_000).prop_map(Json::from),
        1 => prop::sample::select(vec!["", "text", "null", "1"]).prop_map(Json::from),
    ];
    let tree = leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            4 => prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner.clone(), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
            1 => prop::collection::vec(inner, 0..3).prop_map(Json::Array),
        ]
    });
    tree.prop_filter("values are a mapping", Json::is_object)
}

fn argument() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b", "table", "list", "text", "x", "y", "z", ".", ".", "=", "=", ",", "[0]", "[1]", "[", "]",
        "{", "}", "\\", "0", "7", "01", "-1", "null", "true", "1.5", " ", "é", "\"",
    ]);
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_merged_as_helm_merges_them(first in values(), second in values()) {
        if !oracle::has_helm() {
            return Ok(());
        }
        let directory = tempfile::tempdir().expect("a temporary folder");
        let mut given = Ok(Values::new());
        let mut arguments = Vec::new();
        for (index, values) in [&first, &second].into_iter().enumerate() {
            let file = Utf8PathBuf::from_path_buf(directory.path().join(format!("{index}.yaml"))).expect("UTF-8");
            fs::write(&file, values.to_string()).expect("writes");
            given = given.and_then(|below| Ok(below.under(Values::read("values", &values.to_string())?)));
            arguments.extend(["-f".to_owned(), file.to_string()]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert_same("family", &arguments, given, &format!("{first} under {second}"));
    }

    #[test]
    fn settings_are_read_as_helm_reads_them(argument in argument(), is_text in any::<bool>()) {
        if !oracle::has_helm() {
            return Ok(());
        }
        let kind = if is_text { Set::Text } else { Set::Typed };
        let mut values = Values::new();
        let given = values.set(kind, &argument).map(|()| values);
        assert_same("values", &[kind.option(), &argument], given, &format!("{} {argument}", kind.option()));
    }

    #[test]
    fn no_setting_and_no_text_makes_the_program_stop(text in "\\PC*", pieces in argument()) {
        for kind in [Set::Typed, Set::Text, Set::Json, Set::Literal] {
            let _ = Values::new().set(kind, &text);
            let _ = Values::new().set(kind, &pieces);
        }
    }
}
