//! PostgreSQL made anew: a `Cluster` of CloudNativePG (its documentation: bootstrap, service management, container images).

use tree::{Node, Origin, Value};

use super::assemble::{Workload, beside, made_at, start, text};
use super::model::DatabaseSecret;

/// The longest name that leaves room for what CloudNativePG appends (its webhook: 50 characters for a `Cluster`).
const LONGEST: usize = 50;
/// The superuser, whom CloudNativePG keeps for itself unless told otherwise.
const SUPERUSER: &str = "postgres";
/// What the official image makes a database with (its Dockerfile, `LANG`); CloudNativePG's own default is `C`, in which
/// `lower()` leaves letters outside ASCII as they are.
const LOCALE: &str = "en_US.utf8";

/// The database that Mastodon is to have.
pub(super) struct Database {
    /// The `Cluster`.
    pub(super) cluster: String,
    /// The database in it.
    pub(super) name: String,
    /// Who owns it.
    pub(super) owner: String,
    /// Who Mastodon connects as.
    user: String,
    /// The Secret with that user's name and password.
    secret: String,
}

impl Database {
    /// What the settings at hand say, or Mastodon's defaults (`config/database.yml`).
    pub(super) fn read(name: &str, workloads: &[Workload<'_>]) -> Self {
        let setting = |name: &str, default: &str| {
            let texts = workloads.iter().filter_map(|workload| workload.component.environment.text(name));
            let mut texts = texts.filter(|text| !text.is_empty());
            texts.next().unwrap_or(default).to_owned()
        };
        let (database, user) = (setting("DB_NAME", "mastodon_production"), setting("DB_USER", "mastodon"));
        let owner = if user == SUPERUSER { "mastodon".to_owned() } else { user.clone() };
        Self { cluster: cluster_name(name), name: database, owner, user, secret: format!("{name}-owner") }
    }

    /// The Secret that must be there before.
    pub(super) fn secret(&self) -> DatabaseSecret {
        DatabaseSecret { secret: self.secret.clone(), username: self.user.clone() }
    }

    /// The `Cluster`: one instance of the release that runs today, empty. Where a setting that cannot be changed names the
    /// database, a Service of that name leads to it (CloudNativePG 1.24).
    pub(super) fn cluster(
        &self,
        container: &Node,
        concealed_as: Option<&str>,
        size: &str,
        place: Option<Origin>,
    ) -> Node {
        let mut cluster = start("postgresql.cnpg.io/v1", "Cluster", &self.cluster, place);
        let spec = cluster.ensure(&["spec"]);
        spec.set("instances", 1);
        let image = container.get("image");
        if let Some(major) = image.and_then(Node::as_str).and_then(major) {
            let name = format!("ghcr.io/cloudnative-pg/postgresql:{major}");
            spec.set("imageName", text(name, image.and_then(|image| beside(image.origin))));
        }
        *spec.ensure(&["storage", "size"]) = size.into();
        if self.user == SUPERUSER {
            spec.set("enableSuperuserAccess", true);
            *spec.ensure(&["superuserSecret", "name"]) = self.secret.as_str().into();
        }
        let initdb = spec.ensure(&["bootstrap", "initdb"]);
        // The database `postgres` is there already.
        if self.name != SUPERUSER {
            initdb.set("database", self.name.as_str());
            initdb.set("owner", self.owner.as_str());
            if self.user != SUPERUSER {
                *initdb.ensure(&["secret", "name"]) = self.secret.as_str().into();
            }
        }
        initdb.set("encoding", "UTF8");
        initdb.set("localeCollate", LOCALE);
        initdb.set("localeCType", LOCALE);
        if let Some(name) = concealed_as {
            let mut service = Node::mapping();
            service.set("selectorType", "rw");
            *service.ensure(&["serviceTemplate", "metadata", "name"]) = name.into();
            *spec.ensure(&["managed", "services", "additional"]) = Value::Sequence(vec![service]).into();
        }
        made_at(cluster, place)
    }
}

/// What the `Cluster` of a store is called.
fn cluster_name(name: &str) -> String {
    let end = "-postgres";
    let kept = name.get(..LONGEST - end.len()).unwrap_or(name).trim_end_matches('-');
    format!("{kept}{end}")
}

/// The Service that leads to the instance that takes writes.
pub(super) fn service_name(name: &str) -> String {
    format!("{}-rw", cluster_name(name))
}

/// The major release that an image's tag says.
fn major(image: &str) -> Option<&str> {
    let (_, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    let end = tag.find(|c: char| !c.is_ascii_digit()).unwrap_or(tag.len());
    Some(&tag[..end]).filter(|major| !major.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_release_of_postgresql_is_in_its_tag() {
        assert_eq!(major("postgres:14-alpine"), Some("14"));
        assert_eq!(major("host:5000/postgres"), None);
        assert_eq!(major("postgres:alpine"), None);
    }

    #[test]
    fn names_stay_within_what_the_operator_takes() {
        assert_eq!(service_name("db"), "db-postgres-rw");
        assert_eq!(cluster_name(&"a".repeat(50)).len(), 50);
    }
}
