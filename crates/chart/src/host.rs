//! What templates find at the root that has methods: `.Files`, `.Capabilities`, and the versions in them.

use std::collections::BTreeMap;
use std::rc::Rc;

use data_encoding::BASE64;

use crate::glob::Glob;
use crate::value::{Map, MapKind, Value};
use crate::version::Version;
use crate::yaml;

/// The files of a chart that are neither templates nor values, by path.
pub(crate) type FileTexts = BTreeMap<Rc<str>, Rc<[u8]>>;

/// A value with methods.
#[derive(Debug)]
pub(crate) enum Host {
    Files(FileTexts),
    Capabilities { kube: Value, apis: Value, helm: Value },
    ApiVersions(Vec<String>),
    KubeVersion { version: String, normal: String, major: String, minor: String },
    HelmVersion(String),
    SemanticVersion(Version),
}

impl Host {
    pub(crate) fn truth(&self) -> bool {
        match self {
            Host::Files(files) => !files.is_empty(),
            Host::ApiVersions(versions) => !versions.is_empty(),
            _ => true,
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Host::Files(_) => "engine.files",
            Host::Capabilities { .. } => "*common.Capabilities",
            Host::ApiVersions(_) => "common.VersionSet",
            Host::KubeVersion { .. } => "common.KubeVersion",
            Host::HelmVersion(_) => "version.BuildInfo",
            Host::SemanticVersion(_) => "*semver.Version",
        }
    }

    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Host::Files(_) => "map",
            Host::ApiVersions(_) => "slice",
            Host::Capabilities { .. } | Host::SemanticVersion(_) => "ptr",
            Host::KubeVersion { .. } | Host::HelmVersion(_) => "struct",
        }
    }

    /// `%v`.
    pub(crate) fn plain(&self) -> String {
        match self {
            Host::Files(files) => {
                let names: Vec<&str> = files.keys().map(AsRef::as_ref).collect();
                format!("map[{}]", names.join(" "))
            }
            Host::Capabilities { .. } => "capabilities".to_owned(),
            Host::ApiVersions(versions) => format!("[{}]", versions.join(" ")),
            Host::KubeVersion { version, normal, major, minor } => {
                format!("{{{version} {normal} {major} {minor}}}")
            }
            Host::HelmVersion(version) => format!("{{{version}    }}"),
            Host::SemanticVersion(version) => version.to_string(),
        }
    }

    /// The fields of a structure, in the order Go has them.
    pub(crate) fn fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(match self {
            Host::Capabilities { kube, apis, helm } => vec![
                ("KubeVersion", kube.clone()),
                ("APIVersions", apis.clone()),
                ("HelmVersion", helm.clone()),
            ],
            Host::KubeVersion { version, major, minor, .. } => vec![
                ("Version", Value::from(version.as_str())),
                ("Major", Value::from(major.as_str())),
                ("Minor", Value::from(minor.as_str())),
            ],
            Host::HelmVersion(version) => vec![("version", Value::from(version.as_str()))],
            Host::Files(_) | Host::ApiVersions(_) | Host::SemanticVersion(_) => return None,
        })
    }

    /// What goes into YAML and JSON: a map, a list or a text.
    pub(crate) fn plain_value(&self) -> Value {
        let map = Map::of(BTreeMap::new());
        match self {
            Host::ApiVersions(versions) => return Value::texts(versions.iter().map(String::as_str)),
            Host::SemanticVersion(version) => return Value::from(version.to_string()),
            Host::Files(files) => {
                for (name, bytes) in files {
                    map.insert(name, Value::from(BASE64.encode(bytes)));
                }
            }
            Host::Capabilities { .. } | Host::KubeVersion { .. } | Host::HelmVersion(_) => {
                for (name, value) in self.fields().unwrap_or_default() {
                    map.insert(name, value);
                }
            }
        }
        Value::Map(map)
    }

    /// What `range` goes over, if it can.
    pub(crate) fn items(&self) -> Option<Vec<(Value, Value)>> {
        match self {
            Host::Files(files) => Some(
                files
                    .iter()
                    .map(|(path, bytes)| {
                        (
                            Value::Text(Rc::clone(path)),
                            Value::from(String::from_utf8_lossy(bytes).into_owned()),
                        )
                    })
                    .collect(),
            ),
            Host::ApiVersions(versions) => Some(
                (0_i64..)
                    .map(Value::Int)
                    .zip(versions.iter().map(|version| Value::from(version.as_str())))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// A field or method. `Ok(None)` where there is none of that name.
    ///
    /// # Errors
    /// In words, where the arguments do not fit.
    pub(crate) fn field(&self, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        let text = |index: usize| match arguments.get(index) {
            Some(Value::Text(text)) => Ok(Rc::clone(text)),
            Some(other) => Err(format!("wrong type for value; expected string; got {}", other.type_name())),
            None => Err(format!("wrong number of args for {name}: want 1 got {}", arguments.len())),
        };
        match self {
            Host::Files(files) => files_field(files, name, text),
            Host::ApiVersions(versions) => match name {
                "Has" => {
                    let wanted = text(0)?;
                    Ok(Some(Value::Bool(versions.iter().any(|version| **version == *wanted))))
                }
                _ => Ok(None),
            },
            Host::Capabilities { kube, apis, helm } => Ok(match name {
                "KubeVersion" => Some(kube.clone()),
                "APIVersions" => Some(apis.clone()),
                "HelmVersion" => Some(helm.clone()),
                _ => None,
            }),
            Host::KubeVersion { version, normal, major, minor } => Ok(match name {
                "Version" | "GitVersion" => Some(Value::from(version.as_str())),
                "String" => Some(Value::from(normal.as_str())),
                "Major" => Some(Value::from(major.as_str())),
                "Minor" => Some(Value::from(minor.as_str())),
                _ => None,
            }),
            Host::HelmVersion(version) => Ok(match name {
                "Version" => Some(Value::from(version.as_str())),
                "GitCommit" | "GitTreeState" | "GoVersion" | "KubeClientVersion" => Some(Value::from("")),
                _ => None,
            }),
            Host::SemanticVersion(version) => version_field(version, name, arguments),
        }
    }
}

fn files_field(
    files: &FileTexts,
    name: &str,
    text: impl Fn(usize) -> Result<Rc<str>, String>,
) -> Result<Option<Value>, String> {
    let content = |path: &str| {
        let bytes: &[u8] = files.get(path).map_or(&[], AsRef::as_ref);
        String::from_utf8_lossy(bytes).into_owned()
    };
    let by_name = |encode: &dyn Fn(&[u8]) -> String| {
        let map = Map::of(BTreeMap::new()).with_kind(MapKind::Texts);
        for (path, bytes) in files {
            let base = path.rsplit('/').next().unwrap_or(path);
            map.insert(base, Value::from(encode(bytes)));
        }
        Value::from(yaml::write(&Value::Map(map)).unwrap_or_default())
    };
    Ok(Some(match name {
        "Get" | "GetBytes" => Value::from(content(&text(0)?)),
        "Glob" => {
            let pattern = text(0)?;
            let glob = Glob::new(&pattern).or_else(|| Glob::new("**"));
            let found = files
                .iter()
                .filter(|(path, _)| glob.as_ref().is_some_and(|glob| glob.matches(path)))
                .map(|(path, bytes)| (Rc::clone(path), Rc::clone(bytes)))
                .collect();
            Value::Host(Rc::new(Host::Files(found)))
        }
        "AsConfig" => by_name(&|bytes| String::from_utf8_lossy(bytes).into_owned()),
        "AsSecrets" => by_name(&|bytes| BASE64.encode(bytes)),
        "Lines" => {
            let content = content(&text(0)?);
            let content = content.strip_suffix('\n').unwrap_or(&content);
            if content.is_empty() {
                Value::texts(Vec::<String>::new())
            } else {
                Value::texts(content.split('\n'))
            }
        }
        path => match files.get(path) {
            Some(bytes) => Value::from(String::from_utf8_lossy(bytes).into_owned()),
            None => Value::Nil,
        },
    }))
}

fn version_field(version: &Version, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    let whole = |number: u64| Value::Int64(i64::try_from(number).unwrap_or(i64::MAX));
    Ok(Some(match name {
        "Major" => whole(version.major),
        "Minor" => whole(version.minor),
        "Patch" => whole(version.patch),
        "Prerelease" => Value::from(version.prerelease.as_str()),
        "Metadata" => Value::from(version.metadata.as_str()),
        "Original" => Value::from(version.original.as_str()),
        "String" => Value::from(version.to_string()),
        "Compare" | "Equal" | "LessThan" | "GreaterThan" => {
            let Some(Value::Host(other)) = arguments.first() else {
                return Err("wrong type for value; expected *semver.Version".to_owned());
            };
            let Host::SemanticVersion(other) = other.as_ref() else {
                return Err("wrong type for value; expected *semver.Version".to_owned());
            };
            let order = version.cmp(other);
            match name {
                "Compare" => Value::Int(order as i64),
                "Equal" => Value::Bool(order.is_eq()),
                "LessThan" => Value::Bool(order.is_lt()),
                _ => Value::Bool(order.is_gt()),
            }
        }
        _ => return Ok(None),
    }))
}
