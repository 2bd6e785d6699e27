//! Reading, converting and accounting for a production tree: `cargo xtask bench convert`.
//!
//! The k01 tree of the corpus where it is at hand (`MASTOFERRY_SHARED`, or `../shared` beside the checkout), and
//! the example tree always.

use audit::{Written, WrittenAs};
use camino::{Utf8Path, Utf8PathBuf};
use installation::Installation;
use source::{Role, SourceRef};

fn main() {
    divan::main();
}

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn trees() -> Vec<Utf8PathBuf> {
    let shared =
        std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root().join("../shared"), Utf8PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    [root().join("examples/kustomize-production"), k01].into_iter().filter(|path| path.is_dir()).collect()
}

#[divan::bench(args = [0, 1])]
fn read_convert_account(bencher: divan::Bencher<'_, '_>, tree: usize) {
    let Some(path) = trees().into_iter().nth(tree) else { return };
    let source: SourceRef = path.as_str().parse().expect("a path");
    bencher.bench(|| {
        let sourced = source::read(&source).expect("readable");
        let installation = Installation::understand(sourced.objects, None).expect("a Mastodon");
        let target = target::write_manifests(&installation, None).expect("a free name");
        let written: Vec<Written<'_>> = sourced
            .documents
            .iter()
            .map(|document| Written {
                role: match document.role {
                    Role::Directives | Role::Values => WrittenAs::Directives,
                    Role::Settings => WrittenAs::Settings,
                    Role::Object => WrittenAs::Object,
                    Role::Patch => WrittenAs::Patch,
                },
                node: &document.node,
            })
            .collect();
        let ledger =
            audit::account(&written, &sourced.overridden, &sourced.server_filled, &installation, &target);
        let differences = audit::compare(&installation, &target);
        assert_eq!(ledger.unaccounted().count(), 0);
        (ledger, differences)
    });
}
