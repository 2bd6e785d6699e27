//! What the writers made, completed: nothing of it stands in a cluster yet.

use installation::Object;

use super::gateway::http_routes;
use super::model::Raised;
use super::route::ingress;
use crate::helm::{HelmTarget, SecretToday, Why};
use crate::{GreenObject, Naming, Stage, Target};

impl Raised {
    /// Completes native manifests: claims, the way to stores, and the Ingress are made; nothing is kept or removed.
    pub fn settle(&self, target: &mut Target) {
        target.removed.clear();
        let kept = std::mem::take(&mut target.kept);
        target.green.extend(kept.into_iter().map(|index| self.made(index)));
        let ways = self.ways_in(&target.naming, target.green.iter().map(|made| &made.object));
        target.green.extend(ways);
        target.notes.splice(0..0, self.notes.iter().cloned());
    }

    /// Completes what is written for Helm in the same way.
    pub fn settle_helm(&self, target: &mut HelmTarget) {
        target.removed.clear();
        let kept = std::mem::take(&mut target.kept);
        target.supplements.extend(kept.into_iter().map(|index| self.made(index)));
        target.supplements.extend(self.ways_in(&target.naming, target.rendered.iter()));
        target.notes.splice(0..0, self.notes.iter().cloned());
        for comment in &mut target.comments {
            if comment.why == Why::RoutesStay {
                comment.why = Why::RoutedBeside;
            }
        }
        for key in &mut target.secrets {
            let own = self.secrets.iter().find(|own| own.secret == key.secret && own.key == key.key);
            if let Some(own) = own {
                key.today = own.today.clone();
            }
        }
        for own in &self.secrets {
            if !target.secrets.iter().any(|key| key.secret == own.secret && key.key == own.key) {
                target.secrets.push(own.clone());
            }
        }
        debug_assert!(target.secrets.iter().all(|key| {
            key.today != SecretToday::There || !self.secrets.iter().any(|own| own.secret == key.secret)
        }));
    }

    fn made(&self, index: usize) -> GreenObject {
        GreenObject {
            object: self.installation.objects[index].clone(),
            stage: Stage::Dark,
            supplement: true,
            from: Some(index),
            component: String::new(),
        }
    }

    /// The Ingress, or the HTTPRoutes. `written` has the Services that they lead to.
    fn ways_in<'a>(&self, naming: &Naming, written: impl Iterator<Item = &'a Object>) -> Vec<GreenObject> {
        let nodes = match &self.parents {
            None => vec![ingress(&self.routes, naming)],
            Some(parents) => {
                let services = written.filter(|object| object.kind() == "Service").collect::<Vec<_>>();
                http_routes(&self.routes, parents, naming, &services)
            }
        };
        let made = nodes.into_iter().map(|node| GreenObject {
            object: Object::new(node),
            stage: Stage::Dark,
            supplement: true,
            from: None,
            component: "web".to_owned(),
        });
        made.collect()
    }
}
