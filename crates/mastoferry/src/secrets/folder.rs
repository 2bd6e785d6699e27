//! The folder of secrets: manifests, what `kubectl create secret` reads, and templates of what the source does not hold.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};
use installation::{Object, encode_base64};
use target::FileNames;
use target::helm::SecretKey;
use tree::env_file::{Dialect, parse};
use tree::{Files, Node};

use super::gather::{SecretToMake, gather};
use super::place::allowed;
use crate::cli::ConvertArgs;
use crate::commands::{headed, yaml};
use crate::prepare::Read;
use crate::private_file;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Writes the folder of secrets, where one was asked for, and then whatever else there is to write. Where that fails the
/// folder of secrets goes again. The result is a line that tells of it, or nothing.
pub(crate) fn beside(
    arguments: &ConvertArgs,
    read: &Read,
    keys: &[SecretKey],
    words: &Words,
    then: impl FnOnce() -> Result<(), Problem>,
) -> Result<String, Problem> {
    let Some(place) = &arguments.secrets else { return then().map(|()| String::new()) };
    allowed(place, arguments.out.as_deref(), words)?;
    let secrets = gather(read, keys, arguments.target.namespace.as_deref());
    let files = files(&secrets, words)?;
    let failed = |error: io::Error| {
        let reason = error.to_string();
        Problem::new(words, Exit::Failed, "write-file", &[("path", place.as_str()), ("reason", &reason)])
    };
    let folder = Folder::make(place).map_err(failed)?;
    let done = files.write(&folder).map_err(failed).and_then(|()| then());
    match done {
        Ok(()) => {
            let (whole, templates) = (files.whole.to_string(), files.templates.to_string());
            let arguments = [("path", place.as_str()), ("whole", &*whole), ("templates", &*templates)];
            Ok(words.tell("secrets-written", &arguments) + "\n")
        }
        Err(problem) => {
            folder.clear().map_err(failed)?;
            Err(problem)
        }
    }
}

/// A folder that only its owner can enter.
struct Folder {
    path: Utf8PathBuf,
    /// Whether it was not there before.
    is_new: bool,
}

impl Folder {
    fn make(path: &Utf8Path) -> io::Result<Self> {
        let is_new = !path.exists();
        if is_new {
            DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        } else {
            fs::set_permissions(path, Permissions::from_mode(0o700))?;
        }
        Ok(Self { path: path.to_owned(), is_new })
    }

    /// Takes away everything in it, and itself where it was not there before.
    fn clear(&self) -> io::Result<()> {
        if self.is_new {
            return fs::remove_dir_all(&self.path);
        }
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// A file with values in it; it is never printed.
struct SecretFile {
    /// Its path in the folder.
    path: String,
    bytes: Vec<u8>,
}

impl SecretFile {
    fn new(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), bytes: bytes.into() }
    }
}

/// The files, in the order in which they are written.
struct SecretFiles {
    files: Vec<SecretFile>,
    /// How many Secrets have all their values.
    whole: usize,
    /// How many are to be filled in.
    templates: usize,
}

impl SecretFiles {
    fn write(&self, folder: &Folder) -> io::Result<()> {
        for SecretFile { path, bytes } in &self.files {
            let file = folder.path.join(path);
            if let Some(parent) = file.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            private_file::write(&file, bytes)?;
        }
        Ok(())
    }
}

fn files(secrets: &[SecretToMake], words: &Words) -> Result<SecretFiles, Problem> {
    let mut files = Vec::new();
    let (mut whole, mut templates) = (0, 0);
    let mut names = FileNames::default();
    let mut commands = String::new();
    for secret in secrets {
        let manifest = manifest(secret);
        let file = names.of(&Object::new(manifest.clone()));
        let text = yaml(&manifest, words)?;
        if !secret.is_whole() {
            templates += 1;
            let text = headed(&words.tell("secrets-template", &[("secret", &secret.name)]), &text);
            files.push(SecretFile::new(&format!("{file}.template"), text));
            continue;
        }
        whole += 1;
        files.push(SecretFile::new(&file, text));
        if let Some((line, read)) = created(secret, file.trim_end_matches(".yaml")) {
            commands.push_str(&line);
            files.extend(read);
        }
    }
    if !commands.is_empty() {
        let head = headed(&words.tell("secrets-create", &[]), "");
        let script = format!("#!/bin/sh\n{head}set -eu\ncd \"$(dirname \"$0\")\"\n{commands}");
        files.push(SecretFile::new("create.sh", script));
    }
    Ok(SecretFiles { files, whole, templates })
}

/// A Secret as a manifest: with its values, or with places to fill in for those that are not known.
fn manifest(secret: &SecretToMake) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", "v1");
    node.set("kind", "Secret");
    node.ensure(&["metadata"]).set("name", secret.name.as_str());
    if let Some(namespace) = &secret.namespace {
        node.ensure(&["metadata"]).set("namespace", namespace.as_str());
    }
    if let Some(kind) = &secret.kind {
        node.set("type", kind.as_str());
    }
    for (key, value) in &secret.entries {
        match value {
            Some(bytes) => node.ensure(&["data"]).set(key, encode_base64(bytes)),
            None => node.ensure(&["stringData"]).set(key, "FILL-IN"),
        }
    }
    node
}

/// The line that makes a Secret, and the files that it reads: one env file where kubectl reads back just these values,
/// else one file for each key. None for names that kubectl would not take.
fn created(secret: &SecretToMake, stem: &str) -> Option<(String, Vec<SecretFile>)> {
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/'))
    };
    let is_key =
        |key: &str| !key.contains('/') && key.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let names = [Some(&secret.name), secret.namespace.as_ref(), secret.kind.as_ref()];
    if !names.into_iter().flatten().all(|name| plain(name)) || !secret.entries.keys().all(|key| is_key(key)) {
        return None;
    }
    let mut line = format!("kubectl create secret generic {}", secret.name);
    if let Some(namespace) = &secret.namespace {
        let _ = write!(line, " --namespace {namespace}");
    }
    if let Some(kind) = &secret.kind {
        let _ = write!(line, " --type {kind}");
    }
    let entries: Vec<(&String, &Vec<u8>)> =
        secret.entries.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))).collect();
    if let Some(text) = env_file(&entries) {
        let file = format!("{stem}.env");
        let _ = writeln!(line, " --from-env-file={file}");
        return Some((line, vec![SecretFile::new(&file, text)]));
    }
    let mut read = Vec::new();
    for (number, (key, bytes)) in entries.into_iter().enumerate() {
        // A key such as `..` is a key, but no name of a file.
        let file = format!("{stem}/{number}-{}", key.trim_start_matches('.'));
        let _ = write!(line, " \\\n  --from-file={key}={file}");
        read.push(SecretFile::new(&file, bytes.clone()));
    }
    line.push('\n');
    Some((line, read))
}

/// An env file of which kubectl makes just these values; none where there is no such file.
fn env_file(entries: &[(&String, &Vec<u8>)]) -> Option<String> {
    let mut text = String::new();
    for (key, bytes) in entries {
        let _ = writeln!(text, "{key}={}", std::str::from_utf8(bytes).ok()?);
    }
    let mut files = Files::new();
    let file = files.add("secret.env", text.clone());
    // A name alone takes its value from the environment: none is written, so that there is none to ask for.
    let read = parse(&files, file, Dialect::Kubectl, &|_| None).ok()?;
    let same = |(key, bytes): &(&String, &Vec<u8>)| {
        read.iter().any(|variable| variable.name == **key && variable.value.as_bytes() == bytes.as_slice())
    };
    (read.len() == entries.len() && entries.iter().all(same)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_is_written_only_where_kubectl_reads_the_same() {
        let table: [(&[u8], bool); 7] = [
            (b"made-up", true),
            (b" spaces around ", true),
            (b"'quoted' # and more", true),
            (b"", true),
            (b"two\nlines", false),
            (b"ends in a carriage return\r", false),
            (b"\xff", false),
        ];
        for (bytes, can) in table {
            let made = env_file(&[(&"MADE_UP".to_owned(), &bytes.to_vec())]);
            assert_eq!(made.is_some(), can, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
