//! The kubeconfig that leads to an open door.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The text of a kubeconfig with one context. It holds the token, so that it is for its owner's eyes only.
pub(super) fn kubeconfig(address: SocketAddr, authority: &str, token: &str, namespace: &str) -> String {
    let authority = STANDARD.encode(authority);
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: mastoferry
  cluster:
    server: https://{address}
    certificate-authority-data: {authority}
users:
- name: mastoferry
  user:
    token: {token}
contexts:
- name: rehearsal
  context:
    cluster: mastoferry
    user: mastoferry
    namespace: \"{namespace}\"
current-context: rehearsal
"
    )
}
