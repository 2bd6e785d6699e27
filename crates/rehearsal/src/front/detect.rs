//! Which front an installation has, by what its objects say.

use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use serde_json::Value;

use super::Profile;

/// A front, and what told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The front.
    pub profile: Profile,
    /// What says so, as it stands: `ingressClassName: nginx (Ingress/mastodon)`.
    pub by: String,
}

/// The annotation that classes had before there was a field for them.
const CLASS: &str = "kubernetes.io/ingress.class";

/// Controllers by the value that an IngressClass or a GatewayClass names them with, and the classes their charts and
/// distributions make.
const CLASSES: &[(&str, Profile)] = &[
    ("k8s.io/ingress-nginx", Profile::IngressNginx),
    ("nginx.org/ingress-controller", Profile::IngressNginx),
    ("webapprouting.kubernetes.azure.com/nginx", Profile::IngressNginx),
    ("webapprouting.kubernetes.azure.com", Profile::IngressNginx),
    ("traefik.io/ingress-controller", Profile::Traefik),
    ("haproxy.org/ingress-controller", Profile::HaProxy),
    ("haproxy-ingress.github.io/controller", Profile::HaProxy),
    ("ingress.k8s.aws/alb", Profile::Alb),
    ("k8s.io/ingress-gce", Profile::Gce),
    ("networking.gke.io/gateway", Profile::Gce),
    ("gce-internal", Profile::Gce),
    ("gce", Profile::Gce),
    ("alb", Profile::Alb),
];

/// What annotations of an Ingress begin with, by the front that reads them.
const ANNOTATIONS: &[(&str, Profile)] = &[
    ("networking.gke.io/", Profile::Gce),
    ("ingress.gcp.kubernetes.io/", Profile::Gce),
    ("kubernetes.io/ingress.global-static-ip-name", Profile::Gce),
    ("kubernetes.io/ingress.regional-static-ip-name", Profile::Gce),
    ("alb.ingress.kubernetes.io/", Profile::Alb),
    ("traefik.ingress.kubernetes.io/", Profile::Traefik),
    ("haproxy.org/", Profile::HaProxy),
    ("haproxy-ingress.github.io/", Profile::HaProxy),
    ("nginx.ingress.kubernetes.io/", Profile::IngressNginx),
    ("nginx.org/", Profile::IngressNginx),
];

/// The class of an Ingress, as its field or its annotation names it.
pub(super) fn class(ingress: &Ingress) -> Option<&str> {
    let field = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    field.or_else(|| ingress.annotations().get(CLASS).map(String::as_str))
}

/// The front that a class, or the controller it names, usually stands for.
pub(super) fn by_class(class: &str) -> Option<Profile> {
    let known = CLASSES.iter().find(|(name, _)| *name == class).map(|(_, profile)| *profile);
    let words = [
        ("nginx", Profile::IngressNginx),
        ("traefik", Profile::Traefik),
        ("haproxy", Profile::HaProxy),
        ("alb", Profile::Alb),
        ("gke-l7", Profile::Gce),
    ];
    let word = || words.into_iter().find(|(word, _)| class.contains(word)).map(|(_, profile)| profile);
    known.or_else(word)
}

impl Profile {
    /// The front that these objects tell of: by class, annotations, and what there is at all. None where they say
    /// nothing that is known; which front it is decides the cluster then, and only a person can tell.
    #[must_use]
    pub fn detect(objects: &[Value]) -> Option<Detected> {
        let kind = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
        kind("Ingress")
            .find_map(|ingress| by_its_class(ingress, objects))
            .or_else(|| kind("Ingress").find_map(by_annotations))
            .or_else(|| kind("Service").find_map(by_google).filter(|_| kind("Ingress").next().is_some()))
            .or_else(|| kind("Gateway").find_map(|gateway| by_gateway(gateway, objects)))
            .or_else(|| kind("HTTPRoute").next().map(|route| told(Profile::Gateway, "HTTPRoute", route)))
            .or_else(|| kind("IngressRoute").next().map(|it| told(Profile::Traefik, "IngressRoute", it)))
            .or_else(|| {
                let silent = kind("Ingress").next().is_none();
                kind("Service").filter(|_| silent).find_map(by_open_door)
            })
    }
}

fn told(profile: Profile, by: &str, object: &Value) -> Detected {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
    Detected { profile, by: format!("{by} ({kind}/{name})") }
}

fn by_its_class(ingress: &Value, objects: &[Value]) -> Option<Detected> {
    let field = ingress["spec"]["ingressClassName"].as_str().map(|class| ("ingressClassName", class));
    let (key, class) =
        field.or_else(|| ingress["metadata"]["annotations"][CLASS].as_str().map(|class| (CLASS, class)))?;
    let object = objects.iter().find(|object| {
        object["kind"] == "IngressClass" && object["metadata"]["name"].as_str() == Some(class)
    });
    let controller = object.and_then(|object| object["spec"]["controller"].as_str());
    let profile = controller.and_then(by_class).or_else(|| by_class(class))?;
    Some(told(profile, &format!("{key}: {class}"), ingress))
}

fn by_annotations(ingress: &Value) -> Option<Detected> {
    let annotations = ingress["metadata"]["annotations"].as_object()?;
    annotations.keys().find_map(|key| {
        let (_, profile) = ANNOTATIONS.iter().find(|(start, _)| key.starts_with(start))?;
        Some(told(*profile, key, ingress))
    })
}

/// GKE's controller is told of Services, too.
fn by_google(service: &Value) -> Option<Detected> {
    let annotations = service["metadata"]["annotations"].as_object()?;
    let key = annotations.keys().find(|key| {
        key.starts_with("cloud.google.com/neg") || key.ends_with("cloud.google.com/backend-config")
    })?;
    Some(told(Profile::Gce, key, service))
}

fn by_gateway(gateway: &Value, objects: &[Value]) -> Option<Detected> {
    let class = gateway["spec"]["gatewayClassName"].as_str()?;
    let object = objects.iter().find(|object| {
        object["kind"] == "GatewayClass" && object["metadata"]["name"].as_str() == Some(class)
    });
    let controller = object.and_then(|object| object["spec"]["controllerName"].as_str()).unwrap_or(class);
    // Software that also reads Ingresses is a Gateway here: its routes are what differs.
    let google =
        [controller, class].into_iter().filter_map(by_class).find(|profile| *profile == Profile::Gce);
    Some(told(google.unwrap_or(Profile::Gateway), &format!("gatewayClassName: {class}"), gateway))
}

/// Ports of what users never come in by, though its Service may be open: PostgreSQL, PgBouncer, Redis, Elasticsearch.
const STORES: [u64; 5] = [5432, 6432, 6379, 9200, 9300];

fn by_open_door(service: &Value) -> Option<Detected> {
    let door =
        service["spec"]["type"].as_str().filter(|door| matches!(*door, "NodePort" | "LoadBalancer"))?;
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let is_stores = |port: &Value| port["port"].as_u64().is_some_and(|port| STORES.contains(&port));
    if ports.clone().next().is_some() && ports.clone().all(is_stores) {
        return None;
    }
    Some(told(Profile::OutsideNginx, &format!("type: {door}"), service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(objects: &[Value]) -> Option<(Profile, String)> {
        Profile::detect(objects).map(|found| (found.profile, found.by))
    }

    fn ingress(class: Option<&str>, annotations: &Value) -> Value {
        json!({"kind": "Ingress", "metadata": {"name": "m", "annotations": annotations},
               "spec": {"ingressClassName": class}})
    }

    #[test]
    fn classes_tell_and_an_ingress_class_object_tells_better() {
        for (class, profile) in [
            ("nginx", Profile::IngressNginx),
            ("nginx-public", Profile::IngressNginx),
            ("traefik", Profile::Traefik),
            ("haproxy", Profile::HaProxy),
            ("alb", Profile::Alb),
            ("gce", Profile::Gce),
        ] {
            let by = format!("ingressClassName: {class} (Ingress/m)");
            assert_eq!(found(&[ingress(Some(class), &json!({}))]), Some((profile, by)), "{class}");
        }
        let object = json!({"kind": "IngressClass", "metadata": {"name": "public"},
                            "spec": {"controller": "traefik.io/ingress-controller"}});
        let profile = found(&[ingress(Some("public"), &json!({})), object]).unwrap().0;
        assert_eq!(profile, Profile::Traefik);
        let old = ingress(None, &json!({"kubernetes.io/ingress.class": "nginx"}));
        assert_eq!(found(&[old]).unwrap().0, Profile::IngressNginx);
    }

    #[test]
    fn annotations_tell_where_no_class_does() {
        let annotations = json!({"networking.gke.io/managed-certificates": "m"});
        let google = found(&[ingress(None, &annotations)]);
        let by = "networking.gke.io/managed-certificates (Ingress/m)".to_owned();
        assert_eq!(google, Some((Profile::Gce, by)));
        let service = json!({"kind": "Service", "metadata": {"name": "web",
                             "annotations": {"cloud.google.com/neg": "{\"ingress\": true}"}}});
        assert_eq!(found(&[service, ingress(None, &json!({}))]).unwrap().0, Profile::Gce);
    }

    #[test]
    fn without_an_ingress_routes_and_doors_tell_and_silence_is_no_answer() {
        let route = json!({"kind": "HTTPRoute", "metadata": {"name": "m"}});
        assert_eq!(found(std::slice::from_ref(&route)).unwrap().0, Profile::Gateway);
        let gateway = json!({"kind": "Gateway", "metadata": {"name": "g"},
                             "spec": {"gatewayClassName": "gke-l7-global-external-managed"}});
        assert_eq!(found(&[gateway, route]).unwrap().0, Profile::Gce);
        let store = json!({"kind": "Service", "metadata": {"name": "postgres"},
                           "spec": {"type": "NodePort", "ports": [{"port": 5432}]}});
        assert_eq!(found(std::slice::from_ref(&store)), None, "a database is no front");
        let door = json!({"kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "NodePort"}});
        assert_eq!(found(std::slice::from_ref(&door)).unwrap().0, Profile::OutsideNginx);
        // Behind an Ingress, a node port is how a load balancer reaches pods.
        assert_eq!(found(&[door, ingress(None, &json!({}))]), None);
        assert_eq!(found(&[ingress(Some("mine"), &json!({}))]), None);
        assert_eq!(found(&[]), None);
    }
}
