//! The comparison as a whole.

use std::collections::{BTreeMap, HashSet};

use installation::{Installation, Object, SecretForm};
use tree::Path;

use super::flat::each_mapping;
use super::objects::REFERENCES;
use super::pairs::{Pairs, components};
use super::side::Side;
use super::workload::Workloads;
use super::{objects, queues, routes, services, strays};
use crate::difference::at;
use crate::{Code, Difference};

/// Every difference between two installations.
pub(crate) fn compare(before: &Installation, after: &Installation) -> Vec<Difference> {
    let (before, mut after) = (Side::new(before), Side::new(after));
    let pairs = components(&before, &after);
    after.call_as(&before, &pairs.both);
    let mut found = Vec::new();
    parts(&before, &after, pairs, &mut found);
    queues::compare(&before, &after, &mut found);
    routes::compare(&before, &after, &mut found);
    services::compare(&before, &after, &mut found);
    objects::compare(&before, &after, &mut found);
    strays::compare(&before, &after, &mut found);
    found
}

/// The parts of Mastodon, workload by workload.
fn parts(before: &Side<'_>, after: &Side<'_>, pairs: Pairs, found: &mut Vec<Difference>) {
    let mut workloads: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    for (old, new) in &pairs.both {
        let (old, new) = (&before.all.components[*old], &after.all.components[*new]);
        let main = workloads.entry((old.object, new.object)).or_default();
        if !main.contains(&(old.container, new.container)) {
            main.push((old.container, new.container));
        }
    }
    for ((old, new), main) in workloads {
        let name = before.components_in(old).first().map_or("", |index| &before.names[*index]);
        Workloads { name, old: (before, old), new: (after, new), main }.compare(found);
    }
    for index in pairs.lost {
        let workload = before.all.workload(&before.all.components[index]);
        let lost = at(&before.names[index]).differs(Code::ComponentLost, "", workload.id().to_string(), "");
        found.push(lost.from(workload.node.origin));
    }
    for index in pairs.added {
        let component = &after.all.components[index];
        // What runs in no pod is there because the chart cannot leave it out.
        if after.most_pods(component.object) == 0 {
            continue;
        }
        let workload = after.all.workload(component);
        found.push(at(&after.names[index]).differs(Code::ComponentAdded, "", "", workload.id().to_string()));
    }
}

/// What stays where it stands although the target does not hold it: Secrets and what makes them, which no target writes
/// down, and the ConfigMaps and claims that its pods go on referring to.
pub(crate) fn standing(before: &Installation, target: &[Object]) -> Vec<usize> {
    let present: HashSet<(&str, &str)> = target.iter().map(|object| (object.kind(), object.name())).collect();
    let mut referred: HashSet<(String, String)> = HashSet::new();
    for template in target.iter().filter_map(Object::template) {
        each_mapping(template, &Path::root(), &mut |node, _| {
            for (key, kind, name) in REFERENCES {
                if let Some(name) = node.get(key).and_then(|reference| reference.str_at(&[name])) {
                    referred.insert(((*kind).to_owned(), name.to_owned()));
                }
            }
        });
    }
    let secrets: HashSet<usize> = before
        .secrets
        .iter()
        .filter(|held| !matches!(held.form, SecretForm::InTheOpen | SecretForm::EnvFile))
        .filter_map(|held| held.object)
        .collect();
    let stays = |index: usize, object: &Object| {
        let id = (object.kind(), object.name());
        let is_referred = referred.contains(&(id.0.to_owned(), id.1.to_owned()));
        !present.contains(&id) && (is_referred || (secrets.contains(&index) && object.template().is_none()))
    };
    let objects = before.objects.iter().enumerate();
    objects.filter(|(index, object)| stays(*index, object)).map(|(index, _)| index).collect()
}
