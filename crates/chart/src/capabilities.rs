//! What templates see of the cluster they are rendered for.

use crate::error::{ChartError, ChartErrorKind};

/// The Kubernetes a chart is rendered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Its version, `v1.35.0`.
    pub kube_version: String,
    /// The API versions it serves, `apps/v1`, and kinds of them (`apps/v1/Deployment`) where the caller names such.
    pub api_versions: Vec<String>,
    /// The version of Helm that is played.
    pub helm_version: String,
}

/// The API versions Helm 4.1 knows without a cluster.
const KNOWN: &str = "v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 \
    admissionregistration.k8s.io/v1beta1 internal.apiserver.k8s.io/v1alpha1 apps/v1 apps/v1beta1 apps/v1beta2 \
    authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 authorization.k8s.io/v1 \
    authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 autoscaling/v2beta1 autoscaling/v2beta2 batch/v1 \
    batch/v1beta1 certificates.k8s.io/v1 certificates.k8s.io/v1beta1 certificates.k8s.io/v1alpha1 \
    coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1 coordination.k8s.io/v1 discovery.k8s.io/v1 \
    discovery.k8s.io/v1beta1 events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 \
    flowcontrol.apiserver.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 \
    flowcontrol.apiserver.k8s.io/v1beta3 networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 \
    node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 policy/v1beta1 rbac.authorization.k8s.io/v1 \
    rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1alpha1 resource.k8s.io/v1 \
    resource.k8s.io/v1beta2 resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3 scheduling.k8s.io/v1alpha1 \
    scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 storage.k8s.io/v1beta1 storage.k8s.io/v1 \
    storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1beta1 apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1";

impl Default for Capabilities {
    /// What `helm template` of Helm 4.1.4 assumes.
    fn default() -> Self {
        Self {
            kube_version: "v1.35.0".to_owned(),
            api_versions: KNOWN.split_whitespace().map(str::to_owned).collect(),
            helm_version: "v4.1.4".to_owned(),
        }
    }
}

impl Capabilities {
    /// Those of another version of Kubernetes (`--kube-version`): `1.33`, `v1.33.4-gke.1245000`.
    ///
    /// # Errors
    /// If it does not begin with two numbers.
    pub fn with_kube_version(mut self, version: &str) -> Result<Self, ChartError> {
        let digits = version.strip_prefix('v').unwrap_or(version);
        let end =
            digits.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(digits.len());
        let parts: Vec<&str> = digits[..end].trim_end_matches('.').split('.').collect();
        let is_number =
            |part: &&str| part.parse::<u32>().is_ok() && (part.len() == 1 || !part.starts_with('0'));
        if parts.len() < 2 || !parts.iter().all(is_number) {
            return Err(ChartError::of(ChartErrorKind::BadKubeVersion(version.to_owned()), version));
        }
        self.kube_version = format!("v{digits}");
        Ok(self)
    }

    /// The version without what follows its three numbers: what constraints are held against.
    pub(crate) fn normal_version(&self) -> String {
        let (major, minor, patch) = self.numbers();
        format!("v{major}.{minor}.{patch}")
    }

    /// Major, minor and patch, as texts of digits.
    pub(crate) fn numbers(&self) -> (String, String, String) {
        let text = self.kube_version.trim_start_matches('v');
        let mut parts = text.splitn(3, '.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            if digits.is_empty() { "0".to_owned() } else { digits }
        });
        let mut next = || parts.next().unwrap_or_else(|| "0".to_owned());
        (next(), next(), next())
    }

    /// The version with its `v`.
    pub(crate) fn full_version(&self) -> String {
        format!("v{}", self.kube_version.trim_start_matches('v'))
    }
}
