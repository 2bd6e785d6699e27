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

/// Every function of the templates.
const FUNCTIONS: &str = "abbrev abbrevboth add add1 add1f addf adler32sum ago all and any append atoi b32dec b32enc b64dec \
    b64enc base bcrypt biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat \
    contains date dateInZone dateModify date_in_zone date_modify decryptAES deepCopy deepEqual default \
    derivePassword dict dig dir div divf duration durationRound empty encryptAES eq ext fail first \
    float64 floor fromJson fromJsonArray fromToml fromYaml fromYamlArray ge genCA genCAWithKey \
    genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get \
    getHostByName gt has hasKey hasPrefix hasSuffix hello html htmlDate htmlDateInZone htpasswd include \
    indent index initial initials int int64 isAbs join js kebabcase keys kindIs kindOf last le len list \
    lookup lower lt max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact \
    mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge \
    mustMergeOverwrite mustPrepend mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll \
    mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson \
    mustToPrettyJson mustToRawJson mustToYaml mustUniq mustWithout must_date_modify ne nindent nospace \
    not now omit or osBase osClean osDir osExt osIsAbs pick pluck plural prepend print printf println \
    push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric regexFind regexFindAll \
    regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace required \
    rest reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase \
    sortAlpha split splitList splitn squote sub subf substr swapcase ternary title toDate toDecimal \
    toJson toPrettyJson toRawJson toString toStrings toToml toYaml toYamlPretty tpl trim trimAll \
    trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until \
    untilStep untitle upper urlJoin urlParse urlquery uuidv4 values without wrap wrapWith";

/// Texts made of pieces of templates: most are none, some run.
fn template() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        "{{-",
        "-}}",
        "{{ ",
        " }}",
        "if ",
        "else",
        "end",
        "range ",
        "with ",
        "define \"x\"",
        "include \"x\" .",
        "template \"x\" .",
        "block \"y\" .",
        "$x",
        ":=",
        "=",
        ".",
        ".Values",
        ".a.b",
        "|",
        "(",
        ")",
        "\"",
        "`",
        "'a'",
        "1",
        "-1",
        "1.5",
        "9223372036854775807",
        "-9223372036854775808",
        "nil",
        "true",
        " ",
        "\n",
        "é",
        "x",
        "/*",
        "*/",
        ",",
        "printf \"%*.*f|%99999d|%q\" ",
        "trunc ",
        "substr ",
        "repeat ",
        "indent ",
        "nindent ",
        "until ",
        "untilStep ",
        "seq ",
        "splitn ",
        "index ",
        "slice ",
        "chunk ",
        "wrap ",
        "abbrevboth ",
        "round ",
        "div ",
        "mod ",
        "add ",
        "mul ",
        "list ",
        "dict ",
        "set ",
        "merge ",
        "toYaml ",
        "toJson ",
        "fromYaml ",
        "fromToml ",
        "tpl ",
        "regexFindAll ",
        "regexSplit ",
        "dateInZone ",
        "toDate ",
        "dateModify ",
        "durationRound ",
        "urlParse ",
        "semver ",
        "b64dec ",
        "first ",
        "dig ",
        "keys ",
        "sortAlpha ",
        "ternary ",
        "break",
        "continue",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Renders one template; a panic in the renderer comes back as this message.
fn assert_no_panic(template: &str) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("UTF-8");
    fs::create_dir_all(root.join("templates")).expect("makes folders");
    fs::write(root.join("Chart.yaml"), "apiVersion: v2\nname: x\nversion: 1.0.0\n").expect("writes");
    fs::write(root.join("templates/a.yaml"), template).expect("writes");
    if let Err(error) = oracle::ours(&root, &Values::new()) {
        let is_panic = error.to_string().contains("the renderer stopped");
        assert!(!is_panic, "{template:?}");
    }
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
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_template_makes_the_program_stop(pieces in template(), text in "\\PC{0,40}") {
        assert_no_panic(&pieces);
        assert_no_panic(&format!("{{{{ {text} }}}}"));
    }

    #[test]
    fn no_argument_makes_a_function_stop(
        function in prop::sample::select(FUNCTIONS.split_whitespace().collect::<Vec<_>>()),
        arguments in prop::collection::vec(prop::sample::select(vec![
            "\"\"", "\"a\"", "\"é日😀\"", "\"2006-01-02\"", "\"%\"", "\"[\"", "0", "1", "-1", "7", "1.5", "true", "nil",
            "9223372036854775807", "-9223372036854775808", "(list)", "(list 1 \"b\" nil)", "(dict \"a\" 1)", "(dict)",
            "now", ".Files", ".Capabilities", ".", "(until 3)", "(int64 5)",
        ]), 0..5),
    ) {
        assert_no_panic(&format!("{{{{ {function} {} | toJson }}}}", arguments.join(" ")));
        assert_no_panic(&format!("{{{{ {function} {} }}}}", arguments.join(" ")));
    }

    #[test]
    fn no_setting_and_no_text_makes_the_program_stop(text in "\\PC*", pieces in argument()) {
        for kind in [Set::Typed, Set::Text, Set::Json, Set::Literal] {
            let _ = Values::new().set(kind, &text);
            let _ = Values::new().set(kind, &pieces);
        }
    }
}
