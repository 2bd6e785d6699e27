//! Generated Kustomize trees of any size.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes a base and an overlay that come to `objects` objects: Deployments that refer to generated ConfigMaps and to
/// Services, under a name prefix, with labels and a patch, so that each costs what a real one does.
pub(crate) fn tree(folder: &Path, objects: usize) -> Result<(), String> {
    let (base, overlay) = (folder.join("base"), folder.join("overlay"));
    let write = |path: &Path, text: &str| {
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut kustomization = "resources:\n".to_owned();
    let mut generators = "configMapGenerator:\n".to_owned();
    let mut patches = "patches:\n".to_owned();
    for index in 0..objects / 3 {
        let _ = writeln!(kustomization, "- app-{index}.yaml");
        let _ = writeln!(
            generators,
            "- name: env-{index}\n  literals: [NUMBER={index}, LOCAL_DOMAIN=example.org]"
        );
        write(&base.join(format!("app-{index}.yaml")), &application(index))?;
        if index % 10 == 0 {
            let _ = writeln!(
                patches,
                "- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: app-{index}}}\n    spec: {{replicas: 3}}"
            );
        }
    }
    write(&base.join("kustomization.yaml"), &(kustomization + &generators))?;
    let overlay_text = format!(
        "resources: [../base]\nnamePrefix: site-\nnamespace: site\nlabels:\n- pairs: {{tier: front}}\n{patches}"
    );
    write(&overlay.join("kustomization.yaml"), &overlay_text)
}

fn application(index: usize) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{index}
spec:
  replicas: 1
  selector:
    matchLabels: {{app: app-{index}}}
  template:
    metadata:
      labels: {{app: app-{index}}}
    spec:
      containers:
      - name: main
        image: example/app:v1.{index}
        command: [bundle, exec, puma]
        envFrom:
        - configMapRef: {{name: env-{index}}}
        ports:
        - {{name: http, containerPort: 3000}}
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{index}
spec:
  selector: {{app: app-{index}}}
  ports:
  - {{name: http, port: 80, targetPort: http}}
"
    )
}
