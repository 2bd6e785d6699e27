//! Overlays that nobody thought of, against the real Kustomize.

use camino::{Utf8Path, Utf8PathBuf};
use kustomize::{build, build_with_gaps};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tree::Files;

mod real;

/// How many trees kubectl is asked about: it takes some fifty milliseconds for each.
const CASES: usize = 60;

const OBJECTS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      containers:
      - name: web
        image: example.org/web:1
        args: [serve, --port, \"3000\"]
        env:
        - {name: HOST, value: old}
        - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: KEY}}}
        envFrom: [{configMapRef: {name: settings}}]
        ports: [{containerPort: 3000, name: http}, {containerPort: 53, protocol: UDP}]
      volumes: [{name: v, configMap: {name: settings}}, {name: w, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, name: http}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: bind}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: role}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}, {kind: ServiceAccount, name: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role}
rules: [{apiGroups: [\"\"], resources: [configmaps], resourceNames: [settings], verbs: [get]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  tls: [{hosts: [example.org], secretName: tls}]
  rules:
  - host: example.org
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
";

/// Fields that fit any level.
const FIELDS: [&str; 24] = [
    "namePrefix: one-",
    "namePrefix: two-",
    "nameSuffix: -end",
    "namespace: here",
    "namespace: there",
    "commonLabels: {common: label}",
    "labels: [{pairs: {plain: label}}, {pairs: {deep: label}, includeTemplates: true}]",
    "labels: [{pairs: {sel: label}, includeSelectors: true}]",
    "commonAnnotations: {note: this}",
    "images: [{name: example.org/web, newTag: '2'}]",
    "images: [{name: example.org/web, newName: other, digest: 'sha256:1'}]",
    "replicas: [{name: web, count: 3}]",
    "configMapGenerator: [{name: settings, behavior: merge, literals: [B=2]}]",
    "configMapGenerator: [{name: settings, behavior: replace, literals: [ONLY=1]}]",
    "configMapGenerator: [{name: extra, literals: [E=1]}]",
    "secretGenerator: [{name: keys, behavior: merge, literals: [MORE=made-up]}]",
    "generatorOptions: {labels: {gen: opt}, disableNameSuffixHash: true}",
    "patches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'}]",
    "patches: [{patch: '{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\"}, \"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"side\", \"image\": \"s\"}, {\"name\": \"web\", \"env\": [{\"name\": \"NEW\", \"value\": \"1\"}, {\"name\": \"HOST\", \"$patch\": \"delete\"}]}]}}}}'}]",
    "patches: [{target: {kind: Service|Ingress}, patch: '{\"apiVersion\": \"v1\", \"kind\": \"X\", \"metadata\": {\"name\": \"x\", \"annotations\": {\"patched\": \"yes\"}}}'}]",
    "replacements: [{source: {kind: Service, fieldPath: metadata.name}, targets: [{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.[name=web].args.0']}]}]",
    "replacements: [{source: {kind: Deployment, name: web, fieldPath: spec.template.spec.containers.0.image}, targets: [{select: {kind: ConfigMap, name: settings}, fieldPaths: [data.IMAGE], options: {create: true}}]}]",
    "vars: [{name: NAME, objref: {kind: Service, name: web, apiVersion: v1}}]",
    "sortOptions: {order: fifo}",
];

/// One level's fields, each name once.
fn level() -> impl Strategy<Value = String> {
    proptest::sample::subsequence(FIELDS.to_vec(), 0..6).prop_map(|fields| {
        let mut seen = std::collections::HashSet::new();
        let once = fields.into_iter().filter(|field| seen.insert(field.split(':').next()));
        once.map(|field| format!("{field}\n")).collect()
    })
}

/// A tree: its files by their paths.
fn overlays() -> impl Strategy<Value = Vec<(String, String)>> {
    let part = (level(), any::<bool>());
    (level(), level(), level(), level(), part).prop_map(|(base, one, two, top, (part, shared))| {
        let generators = "configMapGenerator: [{name: settings, literals: [A=1, 'T=<&>']}]\nsecretGenerator: [{name: keys, literals: [KEY=made-up]}]\n";
        // The base's own generators take the place of those that would need something below them.
        let base: String = base.lines().filter(|line| !line.contains("Generator")).fold(
            String::new(),
            |text, line| text + line + "\n",
        );
        let kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
        // Of two copies of the base, one is called otherwise, and what is above names no single object.
        let two = if two.contains("namePrefix") { two } else { format!("namePrefix: second-\n{two}") };
        let alone = |line: &&str| {
            let ambiguous = ["vars", "replacements", "replicas"].iter().any(|field| line.starts_with(field));
            !(line.contains("behavior") || (shared && ambiguous))
        };
        let top: String = top.lines().filter(alone).map(|line| format!("{line}\n")).collect();
        let one: String =
            one.lines().filter(|line| !line.starts_with("vars")).map(|line| format!("{line}\n")).collect();
        let resources = if shared { "[../one, ../two]" } else { "[../one]" };
        let file = |path: &str, text: String| (path.to_owned(), text);
        vec![
            file("base/all.yaml", OBJECTS.to_owned()),
            file("base/kustomization.yaml", format!("resources: [all.yaml]\n{generators}{base}")),
            file("one/kustomization.yaml", format!("resources: [../base]\ncomponents: [../part]\n{one}")),
            file("two/kustomization.yaml", format!("resources: [../base]\n{two}")),
            file("part/kustomization.yaml", format!("{kind}{part}")),
            file("top/kustomization.yaml", format!("resources: {resources}\n{top}")),
        ]
    })
}

fn written(name: &str, tree: &[(String, String)]) -> Utf8PathBuf {
    let base = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("overlays").join(name);
    for (path, text) in tree {
        let path = base.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    base
}

#[test]
fn overlays_are_built_as_kustomize_builds_them() {
    let mut runner = TestRunner::deterministic();
    let strategy = overlays();
    let trees: Vec<Utf8PathBuf> = (0..CASES)
        .map(|number| {
            let tree = strategy.new_tree(&mut runner).expect("can be made").current();
            written(&format!("asked-{number}"), &tree).join("top")
        })
        .collect();
    let Some(answers) = real::answers(&trees) else { return };
    let mut wrong = Vec::new();
    for (directory, answer) in trees.iter().zip(&answers) {
        let how = match (build(directory, &mut Files::new()), answer) {
            (Ok(built), Ok(expected)) => real::difference(&built, expected),
            (Ok(_), Err(error)) => Some(format!("Kustomize refuses it: {error}")),
            (Err(error), Ok(_)) => Some(format!("refused: {error} {:?}", error.origin)),
            (Err(_), Err(_)) => None,
        };
        wrong.extend(how.map(|how| format!("{directory}: {how}")));
    }
    let built = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(wrong.is_empty(), "{} of {CASES}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(built * 3 > CASES, "Kustomize builds only {built} of {CASES}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_overlay_loses_an_origin_or_the_program(tree in overlays()) {
        let directory = written("own", &tree).join("top");
        let mut files = Files::new();
        let strict = build(&directory, &mut files);
        let (built, gaps) = build_with_gaps(&directory, &mut Files::new()).expect("something is there");
        prop_assert_eq!(strict.is_ok(), gaps.is_empty());
        for object in &built.objects {
            for leaf in object.leaves() {
                prop_assert!(leaf.node.origin.is_some(), "{} has no origin", leaf.path);
            }
        }
        if let Ok(strict) = strict {
            prop_assert_eq!(strict.objects.len(), built.objects.len());
        }
    }
}
