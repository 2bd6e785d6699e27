//! The Kustomize build with the provenance of every leaf kept
