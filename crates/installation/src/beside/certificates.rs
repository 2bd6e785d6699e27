//! The certificates users are served with.

use tree::Node;

use crate::index::Index;
use crate::provided::annotation;
use crate::{Certificate, Object};

/// Annotations that name who makes an Ingress's certificate.
const ISSUERS: [&str; 4] = [
    "cert-manager.io/cluster-issuer",
    "cert-manager.io/issuer",
    "certmanager.k8s.io/cluster-issuer",
    "certmanager.k8s.io/issuer",
];

/// Certificates named by Ingresses, Gateways, IngressRoutes and Traefik's labels, and those that cert-manager or Google
/// make. One that an Ingress uses and a `Certificate` in the source makes is told once.
pub(crate) fn read_certificates(index: &Index<'_>) -> Vec<Certificate> {
    let mut certificates: Vec<Certificate> = Vec::new();
    for object in index.objects {
        for found in read(object) {
            let same = |own: &&mut Certificate| own.secret.is_some() && own.secret == found.secret;
            match certificates.iter_mut().find(same) {
                None => certificates.push(found),
                Some(own) => {
                    own.issuer = own.issuer.take().or(found.issuer);
                    let new = |host: &String| !own.hosts.contains(host);
                    let hosts: Vec<String> = found.hosts.into_iter().filter(new).collect();
                    own.hosts.extend(hosts);
                }
            }
        }
    }
    certificates
}

fn read(object: &Object) -> Vec<Certificate> {
    let node = &object.node;
    let list = |keys: &[&str]| -> Vec<String> {
        let items = node.at_keys(keys).into_iter().flat_map(Node::items);
        items.filter_map(Node::as_str).map(ToOwned::to_owned).collect()
    };
    let text = |keys: &[&str]| node.str_at(keys).map(ToOwned::to_owned);
    let one = |hosts, secret, issuer| vec![Certificate { hosts, secret, issuer, origin: node.origin }];
    match object.kind() {
        "Ingress" => of_ingress(object),
        "Certificate" => one(
            list(&["spec", "dnsNames"]),
            text(&["spec", "secretName"]),
            text(&["spec", "issuerRef", "name"]),
        ),
        "ManagedCertificate" => {
            one(list(&["spec", "domains"]), None, Some(format!("ManagedCertificate/{}", object.name())))
        }
        "IngressRoute" if node.at_keys(&["spec", "tls"]).is_some() => {
            let domains = node.at_keys(&["spec", "tls", "domains"]).into_iter().flat_map(Node::items);
            let hosts =
                domains.filter_map(|domain| domain.str_at(&["main"])).map(ToOwned::to_owned).collect();
            one(hosts, text(&["spec", "tls", "secretName"]), text(&["spec", "tls", "certResolver"]))
        }
        "Gateway" => of_gateway(object),
        _ if object.template().is_some() => of_labels(object),
        _ => Vec::new(),
    }
}

fn of_ingress(ingress: &Object) -> Vec<Certificate> {
    let node = &ingress.node;
    let issuer = ISSUERS.iter().find_map(|key| annotation(node, key)).map(ToOwned::to_owned);
    let acme = annotation(node, "kubernetes.io/tls-acme")
        .filter(|value| *value == "true")
        .map(|_| "acme".to_owned());
    let issuer = issuer.or(acme);
    let entries = node.at_keys(&["spec", "tls"]).into_iter().flat_map(Node::items);
    entries
        .map(|entry| {
            let hosts = entry.get("hosts").into_iter().flat_map(Node::items);
            Certificate {
                hosts: hosts.filter_map(Node::as_str).map(ToOwned::to_owned).collect(),
                secret: entry.str_at(&["secretName"]).map(ToOwned::to_owned),
                issuer: issuer.clone(),
                origin: entry.origin,
            }
        })
        .collect()
}

fn of_gateway(gateway: &Object) -> Vec<Certificate> {
    let issuer = ISSUERS.iter().find_map(|key| annotation(&gateway.node, key)).map(ToOwned::to_owned);
    let listeners = gateway.node.at_keys(&["spec", "listeners"]).into_iter().flat_map(Node::items);
    listeners
        .filter_map(|listener| {
            let mut references = listener.at_keys(&["tls", "certificateRefs"])?.items();
            let secret = references.find_map(|reference| reference.str_at(&["name"])).map(ToOwned::to_owned);
            let hosts = listener.str_at(&["hostname"]).map(ToOwned::to_owned).into_iter().collect();
            Some(Certificate { hosts, secret, issuer: issuer.clone(), origin: listener.origin })
        })
        .collect()
}

/// `traefik.http.routers.x.tls.certresolver`, on a workload or its pods.
fn of_labels(object: &Object) -> Vec<Certificate> {
    let mut resolvers: Vec<Certificate> = Vec::new();
    for node in std::iter::once(&object.node).chain(object.template()) {
        for field in ["labels", "annotations"] {
            let entries = node.at_keys(&["metadata", field]).and_then(Node::as_mapping).into_iter().flatten();
            for (key, value) in entries {
                let is_resolver =
                    key.starts_with("traefik.http.routers.") && key.ends_with(".tls.certresolver");
                let issuer = value.as_text().filter(|_| is_resolver);
                if issuer.is_some() && !resolvers.iter().any(|own| own.issuer == issuer) {
                    resolvers.push(Certificate {
                        hosts: Vec::new(),
                        secret: None,
                        issuer,
                        origin: value.origin,
                    });
                }
            }
        }
    }
    resolvers
}
