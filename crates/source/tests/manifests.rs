//! Folders of manifests as people keep them, and as nobody should.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use source::{Form, NoteKind, Passed, SourceErrorKind, SourceRef, Sourced};
use tempfile::TempDir;

const CONFIG: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  LOCAL_DOMAIN: a.example\n";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.0.path().to_owned()).expect("UTF-8")
    }

    fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
        self
    }

    fn read(&self) -> Sourced {
        self.try_read().expect("readable")
    }

    fn try_read(&self) -> Result<Sourced, source::SourceError> {
        read(&self.path())
    }

    fn local(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.path()), "")
    }
}

fn read(path: &Utf8Path) -> Result<Sourced, source::SourceError> {
    source::read(&SourceRef { kind: None, path: path.to_owned() })
}

fn ids(sourced: &Sourced) -> Vec<String> {
    sourced.objects.iter().map(|object| object.id().to_string()).collect()
}

fn named(name: &str) -> String {
    CONFIG.replace("name: a", &format!("name: {name}"))
}

/// `file:line what`, for each thing that could not be read.
fn gaps(folder: &Folder, sourced: &Sourced) -> Vec<String> {
    let gap = |gap: &source::Unread| {
        let place = gap.origin.map(|origin| sourced.files.place(origin)).unwrap_or_default();
        folder.local(&format!("{place} {}", gap.kind))
    };
    sourced.unread.iter().map(gap).collect()
}

#[test]
fn folders_are_read_to_the_bottom_and_what_is_no_manifest_is_named() {
    let folder = Folder::new()
        .with("b.yaml", named("b"))
        .with("sub/deep/a.json", r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}"#)
        .with("sub/c.yml", named("c"))
        .with(".github/workflows/ci.yaml", "on: push\njobs: {}\n")
        .with(".hidden.yaml", "a: [")
        .with("values-production.yaml", "replicas: 2\n")
        .with("docker-compose.prod.yml", "services:\n  web:\n    image: x\n")
        .with("mkdocs.yml", "site_name: us\n")
        .with("skaffold.yaml", "apiVersion: skaffold/v4beta1\nkind: Config\n")
        .with("by-hand.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: migrate-\n")
        .with("README.md", "# us\n");
    let sourced = folder.read();
    assert_eq!(ids(&sourced), ["ConfigMap/b", "ConfigMap/c", "ConfigMap/a"]);
    let passed: Vec<(String, Passed)> = sourced
        .notes
        .iter()
        .filter_map(|note| match &note.kind {
            NoteKind::PassedOver { file, what } => Some((folder.local(file), *what)),
            _ => None,
        })
        .collect();
    let expected = [
        ("by-hand.yaml", Passed::RunByHand),
        ("docker-compose.prod.yml", Passed::Compose),
        ("mkdocs.yml", Passed::Tool),
        ("skaffold.yaml", Passed::Tool),
        ("values-production.yaml", Passed::Values),
    ];
    assert_eq!(passed, expected.map(|(file, what)| (file.to_owned(), what)));
    assert!(sourced.unread.is_empty());
}

#[test]
fn lists_are_taken_apart_and_their_members_know_their_kind() {
    let folder = Folder::new().with(
        "all.yaml",
        "# every one\n---\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n\
         ---\napiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: web}\n---\n\
         apiVersion: v1\nkind: ConfigMapList\nitems: []\n...\n",
    );
    let sourced = folder.read();
    assert_eq!(ids(&sourced), ["Secret/s", "Deployment/web"]);
    assert_eq!(sourced.objects[1].api_version(), "apps/v1");
    let kind = sourced.objects[1].node.get("kind").and_then(|kind| kind.origin).expect("the list's");
    assert_eq!(kind.line, 12);
}

#[test]
fn one_broken_file_costs_itself_alone() {
    let folder = Folder::new()
        .with("a.yaml", named("a"))
        .with("b-tab.yaml", "kind: ConfigMap\nmetadata:\n\tname: b\n")
        .with("c-copy.yaml", named("a"))
        .with("c-twice.yaml", named("a").replace("a.example", "other.example"))
        .with("d-half.yaml", "apiVersion: v1\nkind: \"Conf")
        .with(
            "e-latin1.yaml",
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\ndata: {a: \"\xe9t\xe9\"}\n",
        )
        .with("f.yaml", named("f"));
    let sourced = folder.read();
    assert_eq!(ids(&sourced), ["ConfigMap/a", "ConfigMap/f"]);
    assert_eq!(
        gaps(&folder, &sourced),
        [
            "b-tab.yaml:3 a tab is used for indentation",
            "c-twice.yaml:1 ConfigMap/a is described twice",
            "d-half.yaml:2 the text ends too early: unclosed quote",
            "e-latin1.yaml:4 e-latin1.yaml is not text",
        ]
    );
}

#[test]
fn where_nothing_is_readable_the_first_reason_is_the_error() {
    let folder = Folder::new().with("a.yaml", "a: [\n").with("b.yaml", "\tb: 1\n");
    let error = folder.try_read().expect_err("nothing to read");
    assert!(matches!(error.kind, SourceErrorKind::Parse(_)), "{error}");
    assert_eq!(folder.local(&error.files.place(error.origin.expect("a place"))), "a.yaml:1");

    let error = Folder::new().with("notes.yaml", "hello: there\n").try_read().expect_err("no object");
    assert!(matches!(error.kind, SourceErrorKind::NotAnObject { missing: "apiVersion" }));
    assert!(matches!(Folder::new().try_read().expect_err("empty").kind, SourceErrorKind::NothingToRead(_)));
}

#[test]
fn encrypted_files_are_named_as_such() {
    let folder = Folder::new().with("a.yaml", CONFIG).with("secret.yaml", b"\0GITCRYPT\0\x01\x02\xff\xfe");
    let sourced = folder.read();
    let file = folder.path().join("secret.yaml").to_string();
    let kind = NoteKind::PassedOver { file, what: Passed::GitCrypt };
    assert!(sourced.notes.iter().any(|note| note.kind == kind));
    assert!(sourced.unread.is_empty());
    let alone = read(&folder.path().join("secret.yaml")).expect_err("nothing else");
    assert!(matches!(alone.kind, SourceErrorKind::GitCrypt(_)));
}

#[test]
fn every_encoding_that_yaml_has_is_read() {
    let utf16 = |order: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(order).collect()
    };
    let folder = Folder::new()
        .with("bom.yaml", format!("\u{feff}{}", named("bom")))
        .with("crlf.yaml", named("crlf").replace('\n', "\r\n"))
        .with("utf16be.yaml", utf16(u16::to_be_bytes, &named("be")))
        .with("utf16le.yaml", utf16(u16::to_le_bytes, &named("le")));
    let sourced = folder.read();
    assert_eq!(ids(&sourced), ["ConfigMap/bom", "ConfigMap/crlf", "ConfigMap/be", "ConfigMap/le"]);
    for object in &sourced.objects {
        assert_eq!(object.node.str_at(&["data", "LOCAL_DOMAIN"]), Some("a.example"), "{}", object.id());
    }
}

#[test]
fn templates_and_placeholders_are_told_with_their_line() {
    let folder = Folder::new()
        .with("a.yaml", CONFIG)
        .with("chart/Chart.yaml", "apiVersion: v2\nname: c\n")
        .with("chart/templates/web.yaml", "{{- if .Values.web }}\nkind: Deployment\n{{- end }}\n")
        .with("loose.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-web\n  {{- x }}\n")
        .with(
            "flux.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules:\n  - host: ${DOMAIN:-x}\n\
             ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: nginx}\ndata:\n  nginx.conf: 'set $x ${uri};'\n",
        );
    let sourced = folder.read();
    assert_eq!(ids(&sourced), ["ConfigMap/a", "Ingress/i", "ConfigMap/nginx"]);
    assert_eq!(gaps(&folder, &sourced), ["loose.yaml:4 loose.yaml is a template"]);
    let told: Vec<String> = sourced
        .notes
        .iter()
        .filter_map(|note| {
            let place = folder.local(&note.origin.map(|origin| sourced.files.place(origin))?);
            match &note.kind {
                NoteKind::Placeholder { text } => Some(format!("{place} {text}")),
                NoteKind::PassedOver { what: Passed::ChartTemplate, .. } => Some(format!("{place} template")),
                _ => None,
            }
        })
        .collect();
    assert_eq!(told, ["chart/templates/web.yaml:1 template", "flux.yaml:6 ${DOMAIN:-x}"]);
}

#[test]
fn old_apis_and_helm_are_recognised() {
    let helm = "metadata:\n  name: web\n  labels: {helm.sh/chart: mastodon-6.9.3, app.kubernetes.io/instance: social}\n";
    let hook = "metadata:\n  name: migrate\n  annotations: {helm.sh/hook: pre-upgrade}\n  \
                labels: {helm.sh/chart: mastodon-6.9.3, app.kubernetes.io/instance: social}\n";
    let folder = Folder::new().with(
        "out.yaml",
        format!(
            "---\n# Source: mastodon/templates/web.yaml\napiVersion: apps/v1\nkind: Deployment\n{helm}\
             ---\napiVersion: batch/v1\nkind: Job\n{hook}\
             ---\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {{name: i}}\n"
        ),
    );
    let sourced = folder.read();
    let kinds: Vec<&NoteKind> = sourced.notes.iter().map(|note| &note.kind).collect();
    assert_eq!(
        kinds,
        [
            &NoteKind::OldApi {
                api_version: "extensions/v1beta1".into(),
                kind: "Ingress".into(),
                today: Some("networking.k8s.io/v1"),
                gone_since: "1.22",
            },
            &NoteKind::RenderedChart {
                release: Some("social".into()),
                charts: vec!["mastodon-6.9.3".into()],
                objects: 2,
                hooks: 1,
            },
        ]
    );
}

#[test]
fn hostile_folders_end_in_a_clear_word() {
    let folder = Folder::new().with("a.yaml", CONFIG).with("big.yaml", "");
    let big = folder.path().join("big.yaml");
    fs::File::options().write(true).open(&big).expect("opens").set_len(50 << 20).expect("sparse");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let folder = folder.with("bomb.yaml", bomb);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).expect("linked");
        std::os::unix::fs::symlink("nowhere.yaml", folder.path().join("dangling.yaml")).expect("linked");
        std::os::unix::fs::symlink("self.yaml", folder.path().join("self.yaml")).expect("linked");
    }
    let sourced = folder.read();
    assert_eq!(ids(&sourced), ["ConfigMap/a"]);
    let kinds: Vec<&SourceErrorKind> = sourced.unread.iter().map(|gap| &gap.kind).collect();
    assert!(matches!(kinds[0], SourceErrorKind::TooLarge { bytes: 52_428_800, .. }), "{kinds:?}");
    assert!(matches!(kinds[1], SourceErrorKind::Parse(_)), "{kinds:?}");
    assert!(kinds[2..].iter().all(|kind| matches!(kind, SourceErrorKind::Unreadable { .. })), "{kinds:?}");
}

#[test]
fn too_many_files_are_refused_before_any_is_read() {
    let folder = Folder::new();
    for number in 0..=10_000 {
        fs::write(folder.path().join(format!("{number}.yaml")), "").expect("written");
    }
    let error = folder.try_read().expect_err("too many");
    assert!(matches!(error.kind, SourceErrorKind::TooManyFiles { limit: 10_000, .. }), "{error}");
}

#[test]
fn a_repository_with_several_trees_must_be_told_which() {
    let folder = Folder::new()
        .with("base/kustomization.yaml", "resources: [a.yaml]\n")
        .with("base/a.yaml", CONFIG)
        .with("overlays/production/kustomization.yaml", "resources: [../../base]\n");
    let error = folder.try_read().expect_err("not one tree");
    let SourceErrorKind::SeveralTrees { choices, .. } = &error.kind else { panic!("{error}") };
    let choices: Vec<String> = choices.iter().map(|choice| folder.local(choice)).collect();
    assert_eq!(choices, ["base", "overlays/production"]);
    let forced = source::read(&format!("manifests:{}", folder.path()).parse().expect("a source"));
    assert_eq!(ids(&forced.expect("readable")), ["ConfigMap/a"]);
}

#[test]
fn what_else_a_folder_holds_is_told() {
    let folder = Folder::new()
        .with("kustomization.yaml", "resources: [a.yaml]\n")
        .with("a.yaml", CONFIG)
        .with("docker-compose.yml", "services: {}\n")
        .with("compose.yaml", "services: {}\n");
    let sourced = folder.read();
    assert_eq!(sourced.form, Form::Kustomize);
    let path = folder.path().join("compose.yaml").to_string();
    let kinds: Vec<&NoteKind> = sourced.notes.iter().map(|note| &note.kind).collect();
    assert_eq!(kinds, [&NoteKind::AlsoHere { path, form: "compose" }]);
}

#[test]
fn beside_a_tree_that_cannot_be_built_its_objects_are_read() {
    let folder = Folder::new()
        .with("kustomization.yaml", "resources:\n- base\n- gone.yaml\n- tab.yaml\n")
        .with("tab.yaml", "metadata:\n\tname: x\n")
        .with("base/kustomization.yaml", "resources: [a.yaml, ../base]\n")
        .with("base/a.yaml", CONFIG);
    let sourced = folder.read();
    assert_eq!((sourced.form, ids(&sourced)), (Form::Kustomize, vec!["ConfigMap/a".to_owned()]));
    assert!(matches!(sourced.unread[0].kind, SourceErrorKind::Kustomize(_)));
    assert!(gaps(&folder, &sourced).contains(&"tab.yaml:2 a tab is used for indentation".to_owned()));
}
