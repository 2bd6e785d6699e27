//! Kubernetes as this program needs it: apply, wait, scale, select, lease
