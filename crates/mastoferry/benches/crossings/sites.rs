//! The deployments that are moved, and what is added to them so that they can stand behind an Ingress.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the deployment, a text in it, and what is put in its place; with no text, a file that is added.
type Change = (&'static str, &'static str, &'static str);

/// A deployment of the corpus.
pub(crate) struct Site {
    /// Its name in the corpus.
    pub(crate) name: &'static str,
    /// How it is written down.
    pub(crate) shape: &'static str,
    /// What of it is read.
    source: &'static str,
    /// What it becomes.
    pub(crate) to: &'static str,
    /// What the plan is told beside.
    pub(crate) more: &'static [&'static str],
    /// What is changed in a copy of it.
    changes: &'static [Change],
}

/// An Ingress with the paths that every Mastodon has.
macro_rules! ingress {
    ($host:literal, $web:literal, $streaming:literal) => {
        concat!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: front\nspec:\n  rules:\n  - host: ",
            $host,
            "\n    http:\n      paths:\n      - path: /api/v1/streaming\n        pathType: Prefix\n        backend:\n",
            "          service:\n            name: ",
            $streaming,
            "\n            port:\n              number: 4000\n      - path: /\n        pathType: Prefix\n",
            "        backend:\n          service:\n            name: ",
            $web,
            "\n            port:\n              number: 3000\n"
        )
    };
}

/// All of them.
pub(crate) const SITES: [Site; 6] = [
    Site {
        name: "k01-ykzts-infra",
        shape: "Kustomize, GKE, Manael beside",
        source: "k8s/overlays/production",
        to: "helm",
        more: &[],
        changes: &[],
    },
    Site {
        name: "h14-zuzak",
        shape: "old Helm chart, by Argo CD",
        source: "",
        to: "helm",
        more: &[],
        changes: &[],
    },
    Site {
        name: "h03-keller-io",
        shape: "values of the Helm chart",
        source: "apps/base/mastodon/values.yaml",
        to: "helm",
        more: &["--namespace", "mastodon"],
        changes: &[],
    },
    Site {
        name: "k15-stormcorgi-k3s",
        shape: "plain manifests, k3s, three kinds of workers",
        source: "",
        to: "manifests",
        more: &[],
        changes: &[
            ("mastodon/ingress.yaml", "", ingress!("k3s.example", "web", "streaming")),
            // The testbed has one node, whose port only one pod can have.
            ("mastodon/streaming.yaml", "hostPort: 4040", "# hostPort: 4040"),
        ],
    },
    Site {
        name: "k17-k8s-play",
        shape: "plain manifests, NodePorts, volumes",
        source: "",
        to: "helm",
        more: &[],
        changes: &[(
            "mastodon/ingress.yaml",
            "",
            ingress!("play.example", "mastodon-web", "mastodon-streaming"),
        )],
    },
    Site {
        name: "k08-yakumo-saki",
        shape: "Kustomize of 2019, Mastodon 2.9, one pod each",
        source: "myinstance",
        to: "helm",
        more: &[],
        // Kubernetes has served none of these objects since 1.16, and nobody publishes secrets.
        changes: &[
            ("base/ingress.yaml", "", ingress!("yaku.example", "web", "streaming")),
            ("base/kustomization.yaml", "resources:", "resources:\n  - ingress.yaml"),
            ("base/web-deployment.yaml", "\t\t\t\t", "        "),
            ("base/web-deployment.yaml", "extensions/v1beta1", "apps/v1"),
            (
                "base/web-deployment.yaml",
                "replicas: 1",
                "replicas: 1\n  selector: {matchLabels: {tier: web}}",
            ),
            ("base/streaming-deployment.yaml", "extensions/v1beta1", "apps/v1"),
            (
                "base/streaming-deployment.yaml",
                "replicas: 1",
                "replicas: 1\n  selector: {matchLabels: {tier: streaming}}",
            ),
            ("base/sidekiq-deployment.yaml", "extensions/v1beta1", "apps/v1"),
            (
                "base/sidekiq-deployment.yaml",
                "replicas: 1",
                "replicas: 1\n  selector: {matchLabels: {tier: sidekiq}}",
            ),
            ("base/redis-deployment.yaml", "extensions/v1beta1", "apps/v1"),
            (
                "base/redis-deployment.yaml",
                "replicas: 1",
                "replicas: 1\n  selector: {matchLabels: {tier: redis}}",
            ),
            ("myinstance/env.production", "SECRET_KEY_BASE=", "SECRET_KEY_BASE=made-up"),
            ("myinstance/env.production", "OTP_SECRET=", "OTP_SECRET=made-up"),
            ("myinstance/env.production", "VAPID_PRIVATE_KEY=", "VAPID_PRIVATE_KEY=made-up"),
            ("myinstance/env.production", "VAPID_PUBLIC_KEY=", "VAPID_PUBLIC_KEY=made-up"),
        ],
    },
];

impl Site {
    /// The source: the corpus's own, or a changed copy below `folder`.
    pub(crate) fn lay_out(&self, corpus: &Path, folder: &Path) -> PathBuf {
        let original = corpus.join(self.name);
        if self.changes.is_empty() {
            return original.join(self.source);
        }
        let copied = folder.join(self.name);
        copy(&original, &copied);
        for (file, old, new) in self.changes {
            let path = copied.join(file);
            let text = if old.is_empty() {
                (*new).to_owned()
            } else {
                let text = fs::read_to_string(&path).expect("a file of the corpus");
                assert!(text.contains(old), "{} {file}", self.name);
                text.replacen(old, new, 1)
            };
            fs::write(path, text).expect("written");
        }
        copied.join(self.source)
    }

    /// Whether something was added or mended.
    pub(crate) fn is_changed(&self) -> bool {
        !self.changes.is_empty()
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
            fs::write(target, fs::read(entry.path()).expect("read")).expect("written");
        }
    }
}
