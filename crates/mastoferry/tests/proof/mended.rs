//! Deployments of the corpus that cannot be read as they lie there, with what their owners keep out of the repository put
//! back (made up), or the fault that every tool refuses mended. Copies, made anew for each run.

use std::fs;
use std::path::Path;

/// A deployment, its source in it, and what is done to a file: a text replaced by another, the file made (nothing replaced) or
/// taken away (nothing put).
pub(crate) type Mended = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

pub(crate) const MENDED: &[Mended] = &[
    (
        "k02-ykzts-infra-2022",
        "k8s/overlays/production",
        &[("k8s/overlays/production/kustomization.yaml", "patches:\n", "patchesStrategicMerge:\n")],
    ),
    (
        "k06-oculos",
        "",
        &[
            ("streaming-service.yaml", "", ""),
            ("web-service.yaml", "      protocol: TCP\n      name: http\n", "      protocol: TCP\n"),
        ],
    ),
    ("k08-yakumo-saki", "myinstance", &[("base/web-deployment.yaml", "\t\t\t\timage", "        image")]),
    (
        "k09-kreatoo",
        "mastodon",
        &[("mastodon/.env", "", "SECRET_KEY_BASE=made-up\nVAPID_PUBLIC_KEY=made-up\n")],
    ),
];

/// Copies a deployment below a folder and mends it.
pub(crate) fn mend(corpus: &Path, (name, _, changes): &Mended, folder: &Path) {
    copy(&corpus.join(name), &folder.join(name));
    for (file, old, new) in *changes {
        let path = folder.join(name).join(file);
        match (*old, *new) {
            ("", "") => fs::remove_file(path).expect("it was there"),
            ("", text) => fs::write(path, text).expect("written"),
            (old, new) => {
                let text = fs::read_to_string(&path).expect("text");
                assert!(text.contains(old), "{name} {file}");
                fs::write(path, text.replacen(old, new, 1)).expect("written");
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("read") {
        let entry = entry.expect("read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
