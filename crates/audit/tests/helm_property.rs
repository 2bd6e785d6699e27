//! Random installations: whatever stands in them, everything is accounted for and nothing differs unexplained.

mod sites;

use audit::{Verdict, Written, WrittenAs, account_helm, compare_helm, verdict};
use installation::chart::OfficialChart;
use installation::{Installation, Object};
use proptest::prelude::*;
use target::helm::{Options, write_helm};
use tree::Files;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_whatever_is_set_where(text in sites::random_site()) {
        let mut files = Files::new();
        let file = files.add("site.yaml", text.clone());
        let documents = tree::parse(&files, file).expect("YAML");
        let objects = documents.iter().cloned().map(Object::new).collect();
        let installation = Installation::understand(objects, None).expect("a Mastodon");
        for chart in OfficialChart::ALL {
            let target = write_helm(&installation, Options { chart, release: None }).expect("written");
            let written: Vec<_> =
                documents.iter().map(|node| Written { role: WrittenAs::Object, node }).collect();
            let ledger = account_helm(&written, &[], &[], &installation, &target);
            let lost: Vec<_> = ledger.unaccounted().map(|item| (&item.path, item.reason)).collect();
            prop_assert!(lost.is_empty(), "{chart:?} {lost:?}\n{text}");
            let differences = compare_helm(&installation, &target, &target.rendered);
            let unexplained: Vec<_> = differences.iter().filter(|one| one.explained_by.is_none()).collect();
            prop_assert!(unexplained.is_empty(), "{chart:?} {unexplained:?}\n{text}");
            prop_assert_eq!(verdict(&ledger, &differences), Verdict::Equivalent);
        }
    }
}
