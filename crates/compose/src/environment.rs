//! What a container's environment and labels are in the end: env files below, the service's own words above.

use camino::Utf8Path;
use tree::env_file::Dialect;
use tree::{Mapping, Node, Value};

use crate::error::{ComposeError, ComposeErrorKind, MissingRole, Result};
use crate::extends::is_gap;
use crate::interpolation::Surroundings;
use crate::merge::note;
use crate::place::printed;
use crate::project::{Role, UnreadEnvFile};
use crate::reading::{EnvFile, Reader};

impl Reader<'_> {
    /// Reads the env files and label files of every service.
    pub(crate) fn resolve_environment(
        &mut self,
        project: &mut Node,
        around: &Surroundings<'_>,
    ) -> Result<()> {
        let services = project.get_mut("services").and_then(Node::as_mapping_mut);
        for (name, service) in services.into_iter().flatten() {
            self.environment(name, service, around)?;
            self.labels(service)?;
        }
        Ok(())
    }

    fn environment(
        &mut self,
        service_name: &str,
        service: &mut Node,
        around: &Surroundings<'_>,
    ) -> Result<()> {
        let own = service.get("environment").and_then(Node::as_mapping).cloned().unwrap_or_default();
        let known = |name: &str| around.get(name).or_else(|| own.get(name)?.as_str().map(str::to_owned));
        let mut all = Mapping::new();
        let mut unread: Vec<(Node, Mapping)> = Vec::new();
        for entry in take(service, "env_file") {
            let format = entry.str_at(&["format"]).unwrap_or_default();
            let dialect = match format {
                "" => Dialect::Compose,
                "raw" => Dialect::ComposeRaw,
                other => {
                    let kind = ComposeErrorKind::EnvFileFormat(other.to_owned());
                    self.problems.push(ComposeError::at(kind, entry.origin));
                    continue;
                }
            };
            let Some(named) = entry.get("path") else { continue };
            let path = Utf8Path::new(named.as_str().unwrap_or_default());
            let optional = entry.get("required").map(|required| &required.value) == Some(&Value::Bool(false));
            if optional && !path.exists() {
                continue;
            }
            let gaps = self.problems.len();
            self.add_file(path, named, dialect, around, &known, &mut all)?;
            if self.problems.len() > gaps {
                unread.push((named.clone(), all.clone()));
            }
        }
        for (name, value) in own {
            if let Some(below) = all.get(&name) {
                note(below, &value, &mut self.overridden);
            }
            all.insert(name, value);
        }
        for (path, before) in unread {
            let still = |(name, value): (String, Node)| {
                (all.get(&name).map(|own| own.origin) == Some(value.origin)).then_some(name)
            };
            let overrides = before.into_iter().filter_map(still).collect();
            self.unread_env_files.push(UnreadEnvFile { service: service_name.to_owned(), path, overrides });
        }
        set_or_leave_out(service, "environment", all);
        Ok(())
    }

    fn labels(&mut self, service: &mut Node) -> Result<()> {
        let files = take(service, "label_file");
        if files.is_empty() {
            return Ok(());
        }
        let nothing = |_: &str| None;
        let around = Surroundings::new(&nothing);
        let mut all = Mapping::new();
        for named in files {
            let path = named.as_str().unwrap_or_default().to_owned();
            // Here what earlier files say comes before what the file itself says.
            let before = all.clone();
            let known = |name: &str| before.get(name).and_then(printed);
            self.add_file(Utf8Path::new(&path), &named, Dialect::Compose, &around, &known, &mut all)?;
        }
        let own = service.get("labels").and_then(Node::as_mapping).cloned().unwrap_or_default();
        for (name, value) in own {
            if let Some(below) = all.get(&name) {
                note(below, &value, &mut self.overridden);
            }
            all.insert(name, value);
        }
        set_or_leave_out(service, "labels", all);
        Ok(())
    }

    /// Adds the variables of a file to those of the files before it.
    fn add_file(
        &mut self,
        path: &Utf8Path,
        named: &Node,
        dialect: Dialect,
        around: &Surroundings<'_>,
        known: &dyn Fn(&str) -> Option<String>,
        all: &mut Mapping,
    ) -> Result<()> {
        let earlier = |name: &str| all.get(name).and_then(printed);
        let read = self.env_file(&EnvFile {
            path,
            dialect,
            role: Role::EnvFile,
            missing: MissingRole::EnvFile,
            named,
            around,
            lookup: known,
            earlier: &earlier,
        });
        let variables = match read {
            Err(error) if is_gap(&error) => {
                self.problems.push(error);
                return Ok(());
            }
            read => read?,
        };
        for variable in variables {
            let value = Node::from(variable.value).at(Some(variable.origin));
            if let Some(below) = all.get(&variable.name) {
                note(below, &value, &mut self.overridden);
            }
            all.insert(variable.name, value);
        }
        Ok(())
    }
}

fn take(service: &mut Node, key: &str) -> Vec<Node> {
    let taken = service.as_mapping_mut().and_then(|mapping| mapping.shift_remove(key));
    taken.map(|node| node.items().cloned().collect()).unwrap_or_default()
}

fn set_or_leave_out(service: &mut Node, key: &str, all: Mapping) {
    if all.is_empty() {
        return;
    }
    let origin =
        service.get(key).and_then(|node| node.origin).or(all.values().find_map(|value| value.origin));
    service.set(key, Node::from(Value::Mapping(all)).at(origin));
}
