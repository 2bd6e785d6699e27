//! Pods, and the pods within templates.

use serde_json::{Value, json};

use super::metadata;
use super::names::{KEY, LABEL, SUBDOMAIN};
use super::network::{port_name, port_or_name, protocol};
use super::rules::nonnegative;
use crate::api::object;
use crate::api::schema::Quantity;
use crate::api::status::Cause;

/// The rules of a Pod.
pub(super) fn pod(pod: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    spec(pod.get("spec").unwrap_or(&Value::Null), "spec", causes);
    if let Some(old) = old {
        unmoved(pod, old, causes);
    }
}

/// Of a pod that runs hardly anything may change.
fn unmoved(pod: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let bare = |pod: &Value| {
        let mut spec = pod.get("spec").cloned().unwrap_or_default();
        for list in ["containers", "initContainers"] {
            if !object::items(&spec, &[list]).is_empty() {
                let containers = object::place(&mut spec, &[list]).as_array_mut();
                containers.into_iter().flatten().for_each(|container| object::put(container, &["image"], ""));
            }
        }
        for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
            object::take(&mut spec, &[field]);
        }
        spec
    };
    if bare(pod) != bare(old) {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,\
                   `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
                   existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                   previously negative)";
        causes.push(Cause::forbidden("spec", why));
    }
}

/// The rules of a template of pods.
pub(super) fn template(template: &Value, at: &str, causes: &mut Vec<Cause>) {
    metadata::labels(object::labels(template), &format!("{at}.labels"), causes);
    spec(template.get("spec").unwrap_or(&Value::Null), &format!("{at}.spec"), causes);
}

fn spec(spec: &Value, at: &str, causes: &mut Vec<Cause>) {
    let volumes = volumes(spec, at, causes);
    let mut seen: Vec<&str> = Vec::new();
    let containers = object::items(spec, &["containers"]);
    if containers.is_empty() {
        causes.push(Cause::required(format!("{at}.containers")));
    }
    for (index, one) in containers.iter().enumerate() {
        container(one, &format!("{at}.containers[{index}]"), &volumes, &mut seen, causes);
        if one.get("restartPolicy").is_some() && object::items(one, &["restartPolicyRules"]).is_empty() {
            // Since 1.35 a container may say it too.
            let all = ["Always", "OnFailure", "Never"];
            let word = object::text(one, &["restartPolicy"]).unwrap_or_default();
            if !all.contains(&word) {
                let field = format!("{at}.containers[{index}].restartPolicy");
                causes.push(Cause::unsupported(field, &word.into(), &all));
            }
        }
    }
    for (index, one) in object::items(spec, &["initContainers"]).iter().enumerate() {
        let at = format!("{at}.initContainers[{index}]");
        container(one, &at, &volumes, &mut seen, causes);
        if object::text(one, &["restartPolicy"]) != Some("Always") {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if one.get(field).is_some() {
                    let why = "may not be set for init containers without restartPolicy=Always";
                    causes.push(Cause::forbidden(format!("{at}.{field}"), why));
                }
            }
        }
    }
    whole(spec, at, causes);
}

fn whole(spec: &Value, at: &str, causes: &mut Vec<Cause>) {
    let choices: [(&str, &[&str]); 2] = [
        ("restartPolicy", &["Always", "OnFailure", "Never"]),
        ("dnsPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    ];
    for (field, all) in choices {
        match object::text(spec, &[field]).unwrap_or_default() {
            "" => causes.push(Cause::required(format!("{at}.{field}"))),
            word if !all.contains(&word) => {
                causes.push(Cause::unsupported(format!("{at}.{field}"), &word.into(), all));
            }
            _ => {}
        }
    }
    for field in ["serviceAccountName", "nodeName", "priorityClassName"] {
        if let Some(name) = object::text(spec, &[field]).filter(|name| !name.is_empty()) {
            let wrongs = SUBDOMAIN.wrongs(name);
            causes
                .extend(wrongs.iter().map(|why| Cause::invalid(format!("{at}.{field}"), &name.into(), why)));
        }
    }
    for field in ["hostname", "subdomain"] {
        if let Some(name) = object::text(spec, &[field]).filter(|name| !name.is_empty()) {
            let wrongs = LABEL.wrongs(name);
            causes
                .extend(wrongs.iter().map(|why| Cause::invalid(format!("{at}.{field}"), &name.into(), why)));
        }
    }
    let selector = object::at(spec, &["nodeSelector"]).and_then(Value::as_object);
    metadata::labels(selector, &format!("{at}.nodeSelector"), causes);
    if let Some(seconds) = object::int(spec, &["activeDeadlineSeconds"]).filter(|seconds| *seconds < 1) {
        let why = "must be between 1 and 2147483647, inclusive";
        causes.push(Cause::invalid(format!("{at}.activeDeadlineSeconds"), &seconds.into(), why));
    }
}

/// The names of a pod's volumes.
fn volumes<'a>(spec: &'a Value, at: &str, causes: &mut Vec<Cause>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (index, volume) in object::items(spec, &["volumes"]).iter().enumerate() {
        let name = object::text(volume, &["name"]).unwrap_or_default();
        let field = format!("{at}.volumes[{index}].name");
        if name.is_empty() {
            causes.push(Cause::required(&*field));
        } else {
            causes.extend(LABEL.wrongs(name).iter().map(|why| Cause::invalid(&*field, &name.into(), why)));
        }
        if names.contains(&name) {
            causes.push(Cause::duplicate(&*field, &name.into()));
        }
        names.push(name);
        for (source, key) in
            [("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName")]
        {
            if volume.get(source).is_some_and(|found| object::text(found, &[key]).is_none_or(str::is_empty)) {
                causes.push(Cause::required(format!("{at}.volumes[{index}].{source}.{key}")));
            }
        }
        let sources = volume.as_object().map_or(0, |members| members.len().saturating_sub(1));
        if sources > 1 {
            let second =
                volume.as_object().and_then(|members| members.keys().filter(|key| *key != "name").nth(1));
            let field = format!("{at}.volumes[{index}].{}", second.map_or("", String::as_str));
            causes.push(Cause::forbidden(field, "may not specify more than 1 volume type"));
        }
    }
    names
}

fn container<'a>(
    container: &'a Value,
    at: &str,
    volumes: &[&str],
    seen: &mut Vec<&'a str>,
    causes: &mut Vec<Cause>,
) {
    let name = object::text(container, &["name"]).unwrap_or_default();
    let field = format!("{at}.name");
    if name.is_empty() {
        causes.push(Cause::required(&*field));
    } else {
        causes.extend(LABEL.wrongs(name).iter().map(|why| Cause::invalid(&*field, &name.into(), why)));
    }
    let image = object::text(container, &["image"]).unwrap_or_default();
    if image.is_empty() {
        causes.push(Cause::required(format!("{at}.image")));
    } else if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        causes.push(Cause::invalid(format!("{at}.image"), &image.into(), why));
    }
    ports(container, at, causes);
    environment(container, at, causes);
    mounts(container, at, volumes, causes);
    let all = ["Always", "IfNotPresent", "Never"];
    if let Some(policy) = object::text(container, &["imagePullPolicy"]).filter(|policy| !all.contains(policy))
    {
        causes.push(Cause::unsupported(format!("{at}.imagePullPolicy"), &policy.into(), &all));
    }
    resources(container, at, causes);
    if seen.contains(&name) {
        causes.push(Cause::duplicate(field, &name.into()));
    }
    seen.push(name);
    for hook in ["postStart", "preStop"] {
        if let Some(handler) = object::at(container, &["lifecycle", hook]) {
            act(handler, &format!("{at}.lifecycle.{hook}"), causes);
        }
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get(kind) {
            self::probe(probe, kind, &format!("{at}.{kind}"), causes);
        }
    }
}

fn ports(container: &Value, at: &str, causes: &mut Vec<Cause>) {
    let range = "must be between 1 and 65535, inclusive";
    let mut names: Vec<&str> = Vec::new();
    for (index, port) in object::items(container, &["ports"]).iter().enumerate() {
        let at = format!("{at}.ports[{index}]");
        if let Some(name) = object::text(port, &["name"]).filter(|name| !name.is_empty()) {
            let wrongs = port_name(name);
            causes.extend(wrongs.iter().map(|why| Cause::invalid(format!("{at}.name"), &name.into(), why)));
            if wrongs.is_empty() && names.contains(&name) {
                causes.push(Cause::duplicate(format!("{at}.name"), &name.into()));
            }
            names.push(name);
        }
        match object::int(port, &["containerPort"]).unwrap_or_default() {
            0 => causes.push(Cause::required(format!("{at}.containerPort"))),
            number if !(1..=65_535).contains(&number) => {
                causes.push(Cause::invalid(format!("{at}.containerPort"), &number.into(), range));
            }
            _ => {}
        }
        let host = object::int(port, &["hostPort"]).unwrap_or_default();
        if host != 0 && !(1..=65_535).contains(&host) {
            causes.push(Cause::invalid(format!("{at}.hostPort"), &host.into(), range));
        }
        protocol(port, &at, causes);
    }
}

fn environment(container: &Value, at: &str, causes: &mut Vec<Cause>) {
    let is_fine = |name: &str| name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=');
    for (index, variable) in object::items(container, &["env"]).iter().enumerate() {
        let at = format!("{at}.env[{index}]");
        let name = object::text(variable, &["name"]).unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name")));
        } else if !is_fine(name) {
            let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
            causes.push(Cause::invalid(format!("{at}.name"), &name.into(), why));
        }
        let Some(from) = variable.get("valueFrom") else { continue };
        let at = format!("{at}.valueFrom");
        let count = from.as_object().map_or(0, serde_json::Map::len);
        for source in ["configMapKeyRef", "secretKeyRef"] {
            if let Some(reference) = from.get(source) {
                key_reference(reference, &format!("{at}.{source}"), causes);
            }
        }
        let mut refuse = |why: &str| causes.push(Cause::invalid(&*at, &"".into(), why));
        if count == 0 {
            refuse(
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
            );
        } else if !object::text(variable, &["value"]).unwrap_or_default().is_empty() {
            refuse("may not be specified when `value` is not empty");
        } else if count > 1 {
            refuse("may not have more than one field specified at a time");
        }
    }
    for (index, source) in object::items(container, &["envFrom"]).iter().enumerate() {
        for kind in ["configMapRef", "secretRef"] {
            let nameless = |found: &Value| object::text(found, &["name"]).is_none_or(str::is_empty);
            if source.get(kind).is_some_and(nameless) {
                causes.push(Cause::required(format!("{at}.envFrom[{index}].{kind}.name")));
            }
        }
        let none = Value::String(String::new());
        match (source.get("configMapRef"), source.get("secretRef")) {
            (None, None) => {
                let why = "must specify one of: `configMapRef` or `secretRef`";
                causes.push(Cause::invalid(format!("{at}.envFrom[{index}]"), &none, why));
            }
            (Some(_), Some(_)) => {
                let why = "may not have more than one field specified at a time";
                causes.push(Cause::invalid(format!("{at}.envFrom[{index}]"), &none, why));
            }
            _ => {}
        }
    }
}

fn key_reference(reference: &Value, at: &str, causes: &mut Vec<Cause>) {
    if object::text(reference, &["name"]).is_none_or(str::is_empty) {
        causes.push(Cause::required(format!("{at}.name")));
    }
    match object::text(reference, &["key"]).unwrap_or_default() {
        "" => causes.push(Cause::required(format!("{at}.key"))),
        key => causes
            .extend(KEY.wrongs(key).iter().map(|why| Cause::invalid(format!("{at}.key"), &key.into(), why))),
    }
}

fn mounts(container: &Value, at: &str, volumes: &[&str], causes: &mut Vec<Cause>) {
    let mut paths: Vec<&str> = Vec::new();
    for (index, mount) in object::items(container, &["volumeMounts"]).iter().enumerate() {
        let at = format!("{at}.volumeMounts[{index}]");
        let name = object::text(mount, &["name"]).unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name")));
        }
        if !volumes.contains(&name) {
            causes.push(Cause::not_found(format!("{at}.name"), &name.into()));
        }
        let path = object::text(mount, &["mountPath"]).unwrap_or_default();
        if path.is_empty() {
            causes.push(Cause::required(format!("{at}.mountPath")));
        }
        if paths.contains(&path) {
            causes.push(Cause::invalid(format!("{at}.mountPath"), &path.into(), "must be unique"));
        }
        paths.push(path);
        let below = object::text(mount, &["subPath"]).unwrap_or_default();
        if below.starts_with('/') {
            causes.push(Cause::invalid(format!("{at}.subPath"), &below.into(), "must be a relative path"));
        } else if below.split('/').any(|step| step == "..") {
            causes.push(Cause::invalid(format!("{at}.subPath"), &below.into(), "must not contain '..'"));
        }
    }
}

fn resources(container: &Value, at: &str, causes: &mut Vec<Cause>) {
    let read =
        |list: &str, name: &str| object::text(container, &["resources", list, name]).and_then(Quantity::read);
    for list in ["limits", "requests"] {
        let members = object::at(container, &["resources", list]).and_then(Value::as_object);
        for (name, value) in members.into_iter().flatten() {
            let field = format!("{at}.resources.{list}[{name}]");
            if read(list, name).is_some_and(Quantity::is_negative) {
                causes.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
            } else if !name.contains('/') && !is_resource(name) {
                let why = "must be a standard resource for containers";
                causes.push(Cause::invalid(
                    format!("{at}.resources.{list}[{name}]"),
                    &name.as_str().into(),
                    why,
                ));
            }
        }
    }
    let requests = object::at(container, &["resources", "requests"]).and_then(Value::as_object);
    for (name, request) in requests.into_iter().flatten() {
        let (wanted, limit) = (read("requests", name), read("limits", name));
        if let (Some(wanted), Some(limit)) = (wanted, limit)
            && wanted.nanos() > limit.nanos()
        {
            let shown = object::text(container, &["resources", "limits", name]).unwrap_or_default();
            let why = format!("must be less than or equal to {name} limit of {shown}");
            causes.push(Cause::invalid(format!("{at}.resources.requests"), request, &why));
        }
    }
}

fn is_resource(name: &str) -> bool {
    ["cpu", "memory", "ephemeral-storage", "storage"].contains(&name) || name.starts_with("hugepages-")
}

fn probe(probe: &Value, kind: &str, at: &str, causes: &mut Vec<Cause>) {
    act(probe, at, causes);
    for field in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        nonnegative(probe, &[field], at, causes);
    }
    let successes = object::int(probe, &["successThreshold"]).unwrap_or(1);
    if kind != "readinessProbe" && successes != 1 {
        causes.push(Cause::invalid(format!("{at}.successThreshold"), &json!(successes), "must be 1"));
    }
    if let Some(grace) = object::int(probe, &["terminationGracePeriodSeconds"]) {
        let field = format!("{at}.terminationGracePeriodSeconds");
        if kind == "readinessProbe" {
            causes.push(Cause::invalid(field, &json!(grace), "must not be set for readinessProbes"));
        } else if grace <= 0 {
            causes.push(Cause::invalid(field, &json!(grace), "must be greater than 0"));
        }
    }
}

/// What a probe or a hook does: one thing.
fn act(handler: &Value, at: &str, causes: &mut Vec<Cause>) {
    let kinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    let found: Vec<&&str> = kinds.iter().filter(|kind| handler.get(**kind).is_some()).collect();
    match found.as_slice() {
        [] => causes.push(Cause::missing(at, "must specify a handler type")),
        [_] => {}
        [_, rest @ ..] => {
            let why = "may not specify more than 1 handler type";
            causes.extend(rest.iter().map(|kind| Cause::forbidden(format!("{at}.{kind}"), why)));
        }
    }
    if let Some(get) = handler.get("httpGet") {
        if object::text(get, &["path"]).is_none_or(str::is_empty) {
            causes.push(Cause::required(format!("{at}.httpGet.path")));
        }
        port_or_name(get.get("port"), &format!("{at}.httpGet.port"), causes);
        let all = ["HTTP", "HTTPS"];
        if let Some(scheme) = object::text(get, &["scheme"]).filter(|scheme| !all.contains(scheme)) {
            causes.push(Cause::unsupported(format!("{at}.httpGet.scheme"), &scheme.into(), &all));
        }
    }
    if let Some(socket) = handler.get("tcpSocket") {
        port_or_name(socket.get("port"), &format!("{at}.tcpSocket.port"), causes);
    }
    if handler.get("exec").is_some_and(|exec| object::items(exec, &["command"]).is_empty()) {
        causes.push(Cause::required(format!("{at}.exec.command")));
    }
}
