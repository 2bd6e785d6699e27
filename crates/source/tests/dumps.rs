//! What `kubectl get -o yaml` writes: the server's part and the owner's told apart.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use source::{Form, NoteKind, Sourced, Unlisted, live};

fn served(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    let name = metadata["name"].as_str().unwrap_or_default().to_owned();
    metadata.insert("uid".into(), format!("uid-of-{name}").into());
    metadata.insert("resourceVersion".into(), "12".into());
    metadata.insert("creationTimestamp".into(), "2024-05-01T10:00:00Z".into());
    object
}

fn read(objects: Vec<Value>) -> Sourced {
    live("cluster:here/mastodon", objects, Vec::new())
}

/// The one object that is left, as plain JSON.
fn only(objects: Vec<Value>) -> Value {
    let sourced = read(objects);
    assert_eq!(sourced.objects.len(), 1);
    sourced.objects[0].node.to_json()
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "mastodon", "labels": {"app": "web"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [{
                        "name": "web", "image": "ghcr.io/mastodon/mastodon:v4.4.0",
                        "command": ["bundle", "exec", "puma"],
                        "ports": [{"containerPort": 3000}],
                        "readinessProbe": {"httpGet": {"port": 3000, "path": "/health"}},
                        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                    }],
                    "volumes": [{"name": "c", "configMap": {"name": "c"}}],
                },
            },
        },
    })
}

/// The same, as a server gives it out.
fn deployment_served() -> Value {
    let mut object = served(deployment());
    object["metadata"]["generation"] = 3.into();
    object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "3"});
    object["status"] = json!({"replicas": 2, "readyReplicas": 2});
    let spec = &mut object["spec"];
    spec["progressDeadlineSeconds"] = 600.into();
    spec["revisionHistoryLimit"] = 10.into();
    spec["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    spec["template"]["metadata"]["creationTimestamp"] = Value::Null;
    let pod = &mut spec["template"]["spec"];
    for (key, value) in [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        pod[key] = value;
    }
    pod["volumes"][0]["configMap"]["defaultMode"] = 420.into();
    let container = &mut pod["containers"][0];
    for (key, value) in [
        ("imagePullPolicy", json!("IfNotPresent")),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("resources", json!({})),
    ] {
        container[key] = value;
    }
    container["ports"][0]["protocol"] = "TCP".into();
    container["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] = "v1".into();
    for (key, value) in [
        ("timeoutSeconds", json!(1)),
        ("periodSeconds", json!(10)),
        ("successThreshold", json!(1)),
        ("failureThreshold", json!(3)),
    ] {
        container["readinessProbe"][key] = value;
    }
    container["readinessProbe"]["httpGet"]["scheme"] = "HTTP".into();
    object
}

#[test]
fn what_the_owner_wrote_is_left() {
    assert_eq!(only(vec![deployment_served()]), deployment());
}

#[test]
fn every_leaf_is_the_owners_or_the_servers_and_has_its_line() {
    let sourced = read(vec![deployment_served()]);
    let written: BTreeSet<_> = sourced
        .documents
        .iter()
        .flat_map(|document| document.node.leaves())
        .map(|leaf| leaf.node.origin)
        .collect();
    let kept = sourced.objects.iter().flat_map(|object| object.node.leaves()).map(|leaf| leaf.node.origin);
    let filled = sourced.server_filled.iter().map(|origin| Some(*origin));
    assert_eq!(kept.chain(filled).collect::<BTreeSet<_>>(), written);
    assert!(!written.contains(&None));
    assert_eq!(sourced.files.name(sourced.documents[0].file), "cluster:here/mastodon/Deployment/web");
}

#[test]
fn a_default_that_the_owner_wrote_stays() {
    let mut wrote = deployment();
    wrote["spec"]["revisionHistoryLimit"] = 10.into();
    wrote["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({});
    let mut object = deployment_served();
    object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        wrote.to_string().into();
    assert_eq!(only(vec![object]), wrote);

    // The same told by server-side apply, with the autoscaler's number of pods.
    let mut object = deployment_served();
    object["metadata"]["managedFields"] = json!([
        {"manager": "flux", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {
                "f:selector": {}, "f:revisionHistoryLimit": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:volumes": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:configMap": {"f:name": {}}}},
                        "f:containers": {"k:{\"name\":\"web\"}": {
                            ".": {}, "f:name": {}, "f:image": {}, "f:command": {}, "f:resources": {},
                            "f:ports": {"k:{\"containerPort\":3000,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                            "f:readinessProbe": {"f:httpGet": {"f:port": {}, "f:path": {}}},
                            "f:env": {"k:{\"name\":\"POD\"}": {".": {}, "f:name": {}, "f:valueFrom": {"f:fieldRef": {"f:fieldPath": {}}}}},
                        }},
                    },
                },
            },
        }},
        {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
         "fieldsType": "FieldsV1", "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
    ]);
    let mut wrote = wrote;
    wrote["spec"].as_object_mut().expect("a mapping").shift_remove("replicas");
    assert_eq!(only(vec![object]), wrote);
}

#[test]
fn addresses_of_services_are_the_servers_but_headless_is_the_owners() {
    let service = |name: &str, spec: Value| {
        served(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}))
    };
    let web = service(
        "web",
        json!({
            "type": "ClusterIP", "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
            "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 3000, "protocol": "TCP"}],
        }),
    );
    let expected = json!({"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 3000}]});
    assert_eq!(only(vec![web])["spec"], expected);

    let headless = service(
        "db",
        json!({"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 5432, "targetPort": 5432}]}),
    );
    assert_eq!(only(vec![headless])["spec"], json!({"clusterIP": "None", "ports": [{"port": 5432}]}));

    // Nobody says who chose the port on the nodes; a proxy in front may have been told of it.
    let nodes = service("nodes", json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}));
    assert_eq!(only(vec![nodes.clone()])["spec"]["ports"][0]["nodePort"], 30080);
    let mut allocated = nodes;
    allocated["metadata"]["annotations"] = json!({
        "kubectl.kubernetes.io/last-applied-configuration":
            json!({"spec": {"type": "NodePort", "ports": [{"port": 80}]}}).to_string(),
    });
    assert_eq!(only(vec![allocated])["spec"], json!({"type": "NodePort", "ports": [{"port": 80}]}));
}

#[test]
fn what_others_make_is_set_apart() {
    let owned = |kind: &str, version: &str, name: &str, owner: (&str, &str)| {
        let mut object = served(json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}}));
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "x/v1", "kind": owner.0, "name": owner.1, "uid": "u", "controller": true}]);
        object
    };
    let plain = |kind: &str, name: &str| {
        served(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}))
    };
    let mut token = plain("Secret", "default-token-x");
    token["type"] = "kubernetes.io/service-account-token".into();
    let sourced = read(vec![
        deployment_served(),
        owned("ReplicaSet", "apps/v1", "web-1", ("Deployment", "web")),
        owned("Pod", "v1", "web-1-a", ("ReplicaSet", "web-1")),
        owned("Pod", "v1", "web-1-b", ("ReplicaSet", "web-1")),
        owned("StatefulSet", "apps/v1", "db", ("Cluster", "db")),
        plain("Pod", "by-hand"),
        plain("ConfigMap", "kube-root-ca.crt"),
        plain("ServiceAccount", "default"),
        plain("ServiceAccount", "mastodon"),
        token,
        plain("Secret", "sh.helm.release.v1.social.v9"),
        plain("Secret", "sh.helm.release.v1.social.v12"),
        served(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1"}})),
    ]);
    let left: Vec<String> = sourced.objects.iter().map(|object| object.id().to_string()).collect();
    // The StatefulSet stays: the operator's resource that makes it was not dumped.
    assert_eq!(left, ["Deployment/web", "StatefulSet/db", "Pod/by-hand", "ServiceAccount/mastodon"]);
    let kinds: Vec<&NoteKind> = sourced.notes.iter().map(|note| &note.kind).collect();
    let apart = |kind: &str, count| NoteKind::SetApart { kind: kind.to_owned(), count };
    assert_eq!(
        kinds,
        [
            &NoteKind::HelmRelease { release: "social".into(), revision: 12 },
            &apart("ConfigMap", 1),
            &apart("Event", 1),
            &apart("Pod", 2),
            &apart("ReplicaSet", 1),
            &apart("Secret", 1),
            &apart("ServiceAccount", 1),
        ]
    );
}

#[test]
fn dumps_on_disk_are_recognised_and_may_overlap() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
        "items": [deployment_served()]});
    for name in ["all.yaml", "deployments.json"] {
        std::fs::write(folder.path().join(name), format!("{list:#}")).expect("written");
    }
    let path = folder.path().to_str().expect("UTF-8");
    let sourced = source::read(&path.parse().expect("a source")).expect("readable");
    assert_eq!((sourced.form, sourced.objects.len()), (Form::Live, 1));
    assert!(sourced.unread.is_empty());
    assert_eq!(sourced.objects[0].node.to_json(), deployment());
}

#[test]
fn what_a_release_made_is_not_made_again_beside_it() {
    let release = served(json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "mastodon"},
        "spec": {
            "chart": {"spec": {"chart": "mastodon", "version": "6.9.3",
                "sourceRef": {"kind": "HelmRepository", "name": "mastodon"}}},
            "values": {"mastodon": {"local_domain": "a.example"}},
        },
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [release, deployment_served()]});
    std::fs::write(folder.path().join("all.yaml"), list.to_string()).expect("written");
    let path = folder.path().to_str().expect("UTF-8");
    let sourced = source::read(&path.parse().expect("a source")).expect("readable");
    let left: Vec<String> = sourced.objects.iter().map(|object| object.id().to_string()).collect();
    assert_eq!(left, ["HelmRelease/mastodon", "Deployment/web"]);
}

#[test]
fn secrets_are_never_shown_and_gaps_are_told() {
    let secret = served(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"DB_PASS\":\"aHVudGVyMg==\"}}"}},
        "type": "Opaque", "data": {"DB_PASS": "aHVudGVyMg=="},
    }));
    let unlisted = Unlisted { resource: "certificates.cert-manager.io".into(), reason: "forbidden".into() };
    let sourced = live("cluster:here/mastodon", vec![secret], vec![unlisted]);
    assert!(!format!("{sourced:?}").contains("aHVudGVyMg"));
    let data = sourced.objects[0].node.at_keys(&["data", "DB_PASS"]).expect("the key is seen");
    assert_eq!(data.as_secret().expect("sealed").reveal(), "aHVudGVyMg==");
    let kind =
        NoteKind::NotListed { kind: "certificates.cert-manager.io".into(), reason: "forbidden".into() };
    assert!(sourced.notes.iter().any(|note| note.kind == kind));
}

/// Asking each field's owner anew for each leaf would take hours here.
#[test]
fn an_endless_list_with_endless_owners_comes_to_an_end() {
    let count = 4_000;
    let ports: Vec<Value> = (0..count).map(|port| json!({"port": port, "protocol": "TCP"})).collect();
    let owned = (0..count).map(|port| {
        (
            format!("k:{{\"port\":{port},\"protocol\":\"TCP\"}}"),
            json!({".": {}, "f:port": {}, "f:protocol": {}}),
        )
    });
    let owned: serde_json::Map<String, Value> = owned.collect();
    let mut service = served(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": ports},
    }));
    service["metadata"]["managedFields"] = json!([{
        "manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:ports": owned}},
    }]);
    assert_eq!(only(vec![service])["spec"]["ports"], Value::Array(ports));
}
