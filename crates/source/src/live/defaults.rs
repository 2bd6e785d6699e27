//! What the API server fills in, kind by kind.
//!
//! Sources: the defaulting functions of Kubernetes (`pkg/apis/*/v1/defaults.go`) and the strategies that
//! allocate addresses and ports.

use tree::{Node, Path, Value};

/// Why a place counts as the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// No owner can write it, or it means nothing outside the cluster it was read from.
    Bookkeeping,
    /// It has the value that is filled in where nothing is written.
    Default,
    /// The server or a controller chose it where the owner did not.
    Allocated,
}

/// Places of an object that may be the server's.
#[derive(Debug)]
pub(crate) struct Candidates<'a> {
    object: &'a Node,
    /// The places, in no order.
    pub(crate) places: Vec<(Path, Reason)>,
}

impl<'a> Candidates<'a> {
    /// Finds them.
    pub(crate) fn of(object: &'a Node) -> Self {
        let mut candidates = Self { object, places: Vec::new() };
        let root = Path::root();
        candidates.metadata(&root);
        candidates.take(&root, &["status"], Reason::Bookkeeping);
        let spec = root.key("spec");
        let group = object.str_at(&["apiVersion"]).and_then(|version| version.split_once('/'));
        match (group.map_or("", |(group, _)| group), object.str_at(&["kind"]).unwrap_or_default()) {
            ("", "Service") => candidates.service(&spec),
            ("", "Pod") => {
                candidates.bare_pod(&spec);
                candidates.pod(&spec);
            }
            ("", "PersistentVolumeClaim") => candidates.claim(&spec),
            ("", "PersistentVolume") => candidates.volume(&spec),
            ("", "Secret") => candidates.defaults(&root, &[(&["type"], "Opaque")]),
            ("", "ServiceAccount") => candidates.take(&root, &["secrets"], Reason::Allocated),
            ("", "Namespace") => candidates.namespace(&root),
            ("apps" | "extensions", kind) => candidates.workload(kind, &spec),
            ("batch", "Job") => candidates.job(&spec),
            ("batch", "CronJob") => candidates.cron_job(&spec),
            ("autoscaling", _) => candidates.defaults(&spec, &[(&["minReplicas"], "1")]),
            ("networking.k8s.io", "NetworkPolicy") => candidates.network_policy(&spec),
            ("storage.k8s.io", "StorageClass") => candidates
                .defaults(&root, &[(&["reclaimPolicy"], "Delete"), (&["volumeBindingMode"], "Immediate")]),
            _ => {}
        }
        candidates
    }

    fn at(&self, base: &Path, keys: &[&str]) -> Option<(Path, &'a Node)> {
        let path = keys.iter().fold(base.clone(), |path, key| path.key(*key));
        let node = self.object.at_path(&path)?;
        Some((path, node))
    }

    fn text(&self, base: &Path, keys: &[&str]) -> Option<String> {
        self.at(base, keys)?.1.as_text()
    }

    /// A place, if it is there.
    fn take(&mut self, base: &Path, keys: &[&str], reason: Reason) {
        if let Some((path, _)) = self.at(base, keys) {
            self.places.push((path, reason));
        }
    }

    /// Places that have their default, compared as text.
    fn defaults(&mut self, base: &Path, table: &[(&[&str], &str)]) {
        for (keys, value) in table {
            if self.text(base, keys).as_deref() == Some(*value) {
                self.take(base, keys, Reason::Default);
            }
        }
    }

    /// An empty mapping that is filled in.
    fn empty(&mut self, base: &Path, keys: &[&str]) {
        let is_empty = |node: &Node| node.as_mapping().is_some_and(tree::Mapping::is_empty);
        if self.at(base, keys).is_some_and(|(_, node)| is_empty(node)) {
            self.take(base, keys, Reason::Default);
        }
    }

    /// The paths of a list's elements.
    fn each(&self, base: &Path, keys: &[&str]) -> Vec<Path> {
        let Some((path, node)) = self.at(base, keys) else { return Vec::new() };
        (0..node.items().count()).map(|index| path.index(index)).collect()
    }

    fn metadata(&mut self, base: &Path) {
        const ALWAYS: [&str; 8] = [
            "managedFields",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "selfLink",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ];
        let metadata = base.key("metadata");
        for key in ALWAYS {
            self.take(&metadata, &[key], Reason::Bookkeeping);
        }
        let annotations = self.at(&metadata, &["annotations"]);
        let names =
            annotations.and_then(|(_, node)| node.as_mapping()).into_iter().flat_map(|all| all.keys());
        for name in names.filter(|name| is_servers_annotation(name)) {
            self.take(&metadata, &["annotations", name], Reason::Bookkeeping);
        }
        for finalizer in self.each(&metadata, &["finalizers"]) {
            if self.text(&finalizer, &[]).is_some_and(|name| is_servers_finalizer(&name)) {
                self.places.push((finalizer, Reason::Bookkeeping));
            }
        }
    }

    fn namespace(&mut self, root: &Path) {
        self.take(root, &["spec", "finalizers"], Reason::Bookkeeping);
        self.take(root, &["metadata", "labels", "kubernetes.io/metadata.name"], Reason::Bookkeeping);
    }

    fn service(&mut self, spec: &Path) {
        // `None` is the owner's word for a headless Service; every address is the server's.
        if self.text(spec, &["clusterIP"]).is_some_and(|address| address != "None") {
            self.take(spec, &["clusterIP"], Reason::Allocated);
        }
        for key in ["clusterIPs", "ipFamilies", "healthCheckNodePort"] {
            self.take(spec, &[key], Reason::Allocated);
        }
        self.defaults(
            spec,
            &[
                (&["type"], "ClusterIP"),
                (&["sessionAffinity"], "None"),
                (&["sessionAffinityConfig", "clientIP", "timeoutSeconds"], "10800"),
                (&["internalTrafficPolicy"], "Cluster"),
                (&["externalTrafficPolicy"], "Cluster"),
                (&["ipFamilyPolicy"], "SingleStack"),
                (&["allocateLoadBalancerNodePorts"], "true"),
            ],
        );
        for port in self.each(spec, &["ports"]) {
            self.defaults(&port, &[(&["protocol"], "TCP")]);
            self.take(&port, &["nodePort"], Reason::Allocated);
            if self.text(&port, &["targetPort"]) == self.text(&port, &["port"]) {
                self.take(&port, &["targetPort"], Reason::Default);
            }
        }
    }

    fn claim(&mut self, spec: &Path) {
        self.defaults(spec, &[(&["volumeMode"], "Filesystem")]);
        let bound = ["metadata", "annotations", "pv.kubernetes.io/bound-by-controller"];
        if self.object.at_keys(&bound).is_some() {
            self.take(spec, &["volumeName"], Reason::Allocated);
        }
    }

    fn volume(&mut self, spec: &Path) {
        let table: [(&[&str], &str); 3] = [
            (&["volumeMode"], "Filesystem"),
            (&["persistentVolumeReclaimPolicy"], "Retain"),
            (&["hostPath", "type"], ""),
        ];
        self.defaults(spec, &table);
        for key in ["uid", "resourceVersion"] {
            self.take(spec, &["claimRef", key], Reason::Bookkeeping);
        }
    }

    fn network_policy(&mut self, spec: &Path) {
        if self.at(spec, &["egress"]).is_none() && self.each(spec, &["policyTypes"]).len() == 1 {
            self.take(spec, &["policyTypes"], Reason::Default);
        }
        for direction in ["ingress", "egress"] {
            for rule in self.each(spec, &[direction]) {
                for port in self.each(&rule, &["ports"]) {
                    self.defaults(&port, &[(&["protocol"], "TCP")]);
                }
            }
        }
    }

    fn workload(&mut self, kind: &str, spec: &Path) {
        self.defaults(spec, &[(&["revisionHistoryLimit"], "10")]);
        match kind {
            "Deployment" => self.defaults(
                spec,
                &[
                    (&["replicas"], "1"),
                    (&["progressDeadlineSeconds"], "600"),
                    (&["strategy", "type"], "RollingUpdate"),
                    (&["strategy", "rollingUpdate", "maxSurge"], "25%"),
                    (&["strategy", "rollingUpdate", "maxUnavailable"], "25%"),
                ],
            ),
            "StatefulSet" => {
                self.defaults(
                    spec,
                    &[
                        (&["replicas"], "1"),
                        (&["podManagementPolicy"], "OrderedReady"),
                        (&["updateStrategy", "type"], "RollingUpdate"),
                        (&["updateStrategy", "rollingUpdate", "partition"], "0"),
                        (&["persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain"),
                        (&["persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain"),
                    ],
                );
                self.claim_templates(spec);
            }
            "DaemonSet" => self.defaults(
                spec,
                &[
                    (&["updateStrategy", "type"], "RollingUpdate"),
                    (&["updateStrategy", "rollingUpdate", "maxUnavailable"], "1"),
                    (&["updateStrategy", "rollingUpdate", "maxSurge"], "0"),
                ],
            ),
            "ReplicaSet" => self.defaults(spec, &[(&["replicas"], "1")]),
            _ => {}
        }
        self.template(&spec.key("template"));
    }

    fn claim_templates(&mut self, spec: &Path) {
        for claim in self.each(spec, &["volumeClaimTemplates"]) {
            self.take(&claim, &["status"], Reason::Bookkeeping);
            self.take(&claim, &["metadata", "creationTimestamp"], Reason::Bookkeeping);
            self.defaults(
                &claim,
                &[
                    (&["apiVersion"], "v1"),
                    (&["kind"], "PersistentVolumeClaim"),
                    (&["spec", "volumeMode"], "Filesystem"),
                ],
            );
        }
    }

    fn job(&mut self, spec: &Path) {
        self.defaults(
            spec,
            &[
                (&["backoffLimit"], "6"),
                (&["completions"], "1"),
                (&["parallelism"], "1"),
                (&["completionMode"], "NonIndexed"),
                (&["suspend"], "false"),
                (&["podReplacementPolicy"], "TerminatingOrFailed"),
                (&["manualSelector"], "false"),
            ],
        );
        if self.text(spec, &["manualSelector"]).as_deref() != Some("true") {
            self.take(spec, &["selector"], Reason::Allocated);
        }
        const LABELS: [&str; 4] = [
            "batch.kubernetes.io/controller-uid",
            "batch.kubernetes.io/job-name",
            "controller-uid",
            "job-name",
        ];
        for labels in
            [Path::keys(&["metadata", "labels"]), spec.key("template").key("metadata").key("labels")]
        {
            for label in LABELS {
                self.take(&labels, &[label], Reason::Allocated);
            }
        }
        self.template(&spec.key("template"));
    }

    fn cron_job(&mut self, spec: &Path) {
        self.defaults(
            spec,
            &[
                (&["concurrencyPolicy"], "Allow"),
                (&["suspend"], "false"),
                (&["successfulJobsHistoryLimit"], "3"),
                (&["failedJobsHistoryLimit"], "1"),
            ],
        );
        let job = spec.key("jobTemplate");
        self.take(&job, &["metadata", "creationTimestamp"], Reason::Bookkeeping);
        self.template(&job.key("spec").key("template"));
    }

    fn template(&mut self, template: &Path) {
        self.take(template, &["metadata", "creationTimestamp"], Reason::Bookkeeping);
        self.pod(&template.key("spec"));
    }

    /// What admission and the scheduler write into a Pod that no controller made.
    fn bare_pod(&mut self, spec: &Path) {
        for key in ["nodeName", "tolerations"] {
            self.take(spec, &[key], Reason::Allocated);
        }
        self.defaults(
            spec,
            &[
                (&["enableServiceLinks"], "true"),
                (&["preemptionPolicy"], "PreemptLowerPriority"),
                (&["priority"], "0"),
                (&["serviceAccountName"], "default"),
            ],
        );
        let is_token = |candidates: &Self, path: &Path| {
            candidates.text(path, &["name"]).is_some_and(|name| name.starts_with("kube-api-access-"))
        };
        let mut tokens = self.each(spec, &["volumes"]);
        for list in ["initContainers", "containers"] {
            for container in self.each(spec, &[list]) {
                tokens.extend(self.each(&container, &["volumeMounts"]));
            }
        }
        tokens.retain(|path| is_token(self, path));
        self.places.extend(tokens.into_iter().map(|path| (path, Reason::Allocated)));
    }

    fn pod(&mut self, spec: &Path) {
        self.defaults(
            spec,
            &[
                (&["restartPolicy"], "Always"),
                (&["terminationGracePeriodSeconds"], "30"),
                (&["dnsPolicy"], "ClusterFirst"),
                (&["schedulerName"], "default-scheduler"),
            ],
        );
        self.empty(spec, &["securityContext"]);
        let account = self.text(spec, &["serviceAccountName"]);
        if account.is_some() && self.text(spec, &["serviceAccount"]) == account {
            self.take(spec, &["serviceAccount"], Reason::Default);
        }
        for volume in self.each(spec, &["volumes"]) {
            self.defaults(
                &volume,
                &[
                    (&["configMap", "defaultMode"], "420"),
                    (&["secret", "defaultMode"], "420"),
                    (&["projected", "defaultMode"], "420"),
                    (&["downwardAPI", "defaultMode"], "420"),
                    (&["hostPath", "type"], ""),
                    (&["ephemeral", "volumeClaimTemplate", "spec", "volumeMode"], "Filesystem"),
                ],
            );
        }
        for list in ["initContainers", "containers"] {
            for container in self.each(spec, &[list]) {
                self.container(&container);
            }
        }
    }

    fn container(&mut self, container: &Path) {
        let image = self.text(container, &["image"]).unwrap_or_default();
        let policy = if is_floating(&image) { "Always" } else { "IfNotPresent" };
        self.defaults(
            container,
            &[
                (&["imagePullPolicy"], policy),
                (&["terminationMessagePath"], "/dev/termination-log"),
                (&["terminationMessagePolicy"], "File"),
            ],
        );
        self.empty(container, &["resources"]);
        for port in self.each(container, &["ports"]) {
            self.defaults(&port, &[(&["protocol"], "TCP")]);
        }
        for variable in self.each(container, &["env"]) {
            self.defaults(
                &variable,
                &[
                    (&["valueFrom", "fieldRef", "apiVersion"], "v1"),
                    (&["valueFrom", "resourceFieldRef", "divisor"], "0"),
                ],
            );
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            self.defaults(
                &container.key(probe),
                &[
                    (&["timeoutSeconds"], "1"),
                    (&["periodSeconds"], "10"),
                    (&["successThreshold"], "1"),
                    (&["failureThreshold"], "3"),
                    (&["grpc", "service"], ""),
                ],
            );
            self.http_get(&container.key(probe).key("httpGet"));
        }
        for hook in ["postStart", "preStop"] {
            self.http_get(&container.key("lifecycle").key(hook).key("httpGet"));
        }
    }

    fn http_get(&mut self, request: &Path) {
        self.defaults(request, &[(&["path"], "/"), (&["scheme"], "HTTP")]);
    }
}

/// Whether an image's pulls are by default repeated: no tag, or `latest`, and no digest.
fn is_floating(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

fn is_servers_annotation(name: &str) -> bool {
    const WHOLE: [&str; 13] = [
        super::ownership::LAST_APPLIED,
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
        "volume.beta.kubernetes.io/storage-provisioner",
        "volume.kubernetes.io/storage-provisioner",
        "volume.kubernetes.io/selected-node",
        "control-plane.alpha.kubernetes.io/leader",
        "endpoints.kubernetes.io/last-change-trigger-time",
        "batch.kubernetes.io/job-tracking",
        "cloud.google.com/neg-status",
        "field.cattle.io/publicEndpoints",
        "kubernetes.io/service-account.uid",
        "networking.gke.io/last-reconciled-from-annotation",
    ];
    const BEGINNINGS: [&str; 4] = [
        "pv.kubernetes.io/",
        "autoscaling.alpha.kubernetes.io/",
        "kubectl.kubernetes.io/last-applied",
        "objectset.rio.cattle.io/",
    ];
    // The Google load balancer controller writes the names of what it made; `ingress.gcp.kubernetes.io/` is the
    // owner's.
    const BALANCER: [&str; 9] = [
        "ingress.kubernetes.io/backends",
        "ingress.kubernetes.io/forwarding-rule",
        "ingress.kubernetes.io/https-forwarding-rule",
        "ingress.kubernetes.io/https-target-proxy",
        "ingress.kubernetes.io/redirect-url-map",
        "ingress.kubernetes.io/ssl-cert",
        "ingress.kubernetes.io/target-proxy",
        "ingress.kubernetes.io/url-map",
        "ingress.kubernetes.io/static-ip",
    ];
    WHOLE.contains(&name)
        || BALANCER.contains(&name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

fn is_servers_finalizer(name: &str) -> bool {
    const WHOLE: [&str; 7] = [
        "service.kubernetes.io/load-balancer-cleanup",
        "kubernetes.io/pvc-protection",
        "kubernetes.io/pv-protection",
        "networking.gke.io/ingress-finalizer-V2",
        "foregroundDeletion",
        "orphan",
        "kubernetes",
    ];
    WHOLE.contains(&name)
}

/// Whether an object comes from an API server: it carries what only a server writes.
pub(crate) fn is_served(object: &Node) -> bool {
    let metadata = |key: &str| object.at_keys(&["metadata", key]);
    let has_text = |key: &str| metadata(key).and_then(Node::as_text).is_some_and(|text| !text.is_empty());
    has_text("uid")
        || has_text("resourceVersion")
        || has_text("creationTimestamp")
            && metadata("creationTimestamp").is_some_and(|node| node.value != Value::Null)
        || metadata("managedFields").is_some_and(|fields| fields.items().next().is_some())
        || object.get("status").is_some_and(says_something)
}

fn says_something(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(mapping) => mapping.values().any(says_something),
        Value::Sequence(items) => !items.is_empty(),
        Value::Null => false,
        _ => true,
    }
}
