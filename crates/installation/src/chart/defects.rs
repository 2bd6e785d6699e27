//! What is known to be wrong with each version of the official charts, and which defaults surprise.
//!
//! The table was made by looking in the charts' own histories (mastodon/helm-charts up to f6905d5, mastodon/chart up to
//! 3c8d76d) for the version in which each came; none is repaired yet.

use std::sync::LazyLock;

use tree::Node;

use super::table::OfficialChart;
use crate::{Installation, Role};

const TABLE: &str = include_str!("../../data/chart-defects.tsv");

/// A defect, or a default that surprises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The chart.
    pub chart: OfficialChart,
    /// Its stable name, part of the message id.
    pub id: &'static str,
    /// The first version that has it.
    pub since: &'static str,
    /// The first version without it; none where it is not repaired.
    pub until: Option<&'static str>,
    /// Whom it concerns.
    pub concerns: Concern,
}

/// Whom a defect concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// Everybody.
    Everybody,
    /// Who sets one of these variables.
    Settings(Vec<&'static str>),
    /// Who mounts claims.
    Claims,
    /// Who mounts volumes of any kind.
    Volumes,
    /// Who runs the schedule in more than one pod.
    Schedulers,
}

impl OfficialChart {
    /// The defects of a version, such as `1.0.2`. A version that nobody knows has those that the versions around it have.
    pub fn defects(self, version: &str) -> impl Iterator<Item = &'static Defect> {
        static DEFECTS: LazyLock<Vec<Defect>> =
            LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());
        let version = numbers(version);
        DEFECTS.iter().filter(move |defect| {
            let ended = defect.until.is_some_and(|until| numbers(until) <= version);
            defect.chart == self && numbers(defect.since) <= version && !ended
        })
    }
}

impl Defect {
    /// Whether the installation would meet it.
    #[must_use]
    pub fn concerns(&self, installation: &Installation) -> bool {
        let mut components = installation.components.iter().filter(|component| component.role.is_lasting());
        let volumes = |node: &Node, claims: bool| {
            let mut volumes = node.get("volumes").into_iter().flat_map(Node::items);
            volumes.any(|volume| !claims || volume.get("persistentVolumeClaim").is_some())
        };
        match &self.concerns {
            Concern::Everybody => true,
            Concern::Settings(names) => components
                .any(|component| names.iter().any(|name| component.environment.settings.contains_key(*name))),
            Concern::Claims | Concern::Volumes => components.any(|component| {
                let pod =
                    installation.workload(component).template().and_then(|template| template.get("spec"));
                pod.is_some_and(|pod| volumes(pod, self.concerns == Concern::Claims))
            }),
            Concern::Schedulers => components.any(|component| match &component.role {
                Role::Sidekiq(command) => {
                    command.schedules() && installation.workload(component).replicas() > 1
                }
                _ => false,
            }),
        }
    }
}

/// The numbers of a version; what stands behind a dash is left out.
fn numbers(version: &str) -> Vec<u64> {
    let release = version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    release.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn row(line: &'static str) -> Option<Defect> {
    let mut cells = line.split('\t');
    let chart = match cells.next()? {
        "helm-charts" => OfficialChart::HelmCharts,
        "chart" => OfficialChart::Chart,
        _ => return None,
    };
    let (id, since, until) = (cells.next()?, cells.next()?, cells.next()?);
    let concerns = match cells.next()? {
        "" => Concern::Everybody,
        "claims" => Concern::Claims,
        "volumes" => Concern::Volumes,
        "schedulers" => Concern::Schedulers,
        names => Concern::Settings(names.split(',').collect()),
    };
    let until = Some(until).filter(|until| !until.is_empty());
    cells.next().is_none().then_some(Defect { chart, id, since, until, concerns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood_and_names_variables_that_exist() {
        for line in TABLE.lines().skip(1) {
            let defect = row(line).expect(line);
            assert!(numbers(defect.since).len() == 3, "{line}");
            if let Concern::Settings(names) = defect.concerns {
                assert!(names.iter().all(|name| crate::known_setting(name).is_some()), "{line}");
            }
        }
    }

    #[test]
    fn a_version_has_the_defects_that_came_before_it() {
        let ids = |chart: OfficialChart, version| -> Vec<&str> {
            chart.defects(version).map(|defect| defect.id).collect()
        };
        let old = ids(OfficialChart::Chart, "4.0.0");
        assert!(old.contains(&"pam-refused") && !old.contains(&"stray-variable"), "{old:?}");
        // Ten comes after nine.
        assert!(ids(OfficialChart::Chart, "6.10.0").contains(&"ldap-reference"));
        assert!(ids(OfficialChart::HelmCharts, "2.0.0-rc1").contains(&"route-on"));
        assert!(!ids(OfficialChart::HelmCharts, "0.2.6").contains(&"route-on"));
    }
}
