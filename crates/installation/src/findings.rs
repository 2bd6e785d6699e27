//! What a person should know before moving.

mod images;
mod media;
mod queues;
mod settings;
mod shape;

use tree::Origin;

pub use settings::required_secrets;

use crate::{Component, Finding, FindingKind, Installation, Object};

/// Every finding, those of one kind together in the order in which their objects were read.
pub(crate) fn find(installation: &Installation) -> Vec<Finding> {
    let mut findings = Vec::new();
    shape::find(installation, &mut findings);
    queues::find(installation, &mut findings);
    media::find(installation, &mut findings);
    settings::find(installation, &mut findings);
    images::find(installation, &mut findings);
    findings
}

/// A finding about a component's workload, at a place in it or at its beginning.
fn about(
    installation: &Installation,
    component: &Component,
    kind: FindingKind,
    place: Option<Origin>,
) -> Finding {
    about_object(installation.workload(component), kind, place)
}

fn about_object(object: &Object, kind: FindingKind, place: Option<Origin>) -> Finding {
    Finding {
        kind,
        object: object.id(),
        origin: place.or(object.node.origin),
        arguments: Vec::new(),
        objects: Vec::new(),
    }
}

impl Finding {
    fn naming(mut self, argument: &'static str, names: &[String]) -> Self {
        self.arguments.push((argument, names.join(", ")));
        self
    }
}
