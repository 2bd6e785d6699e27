//! Plain manifests: a file, or every `.yaml`, `.yml` and `.json` file of a folder and the folders in it, as
//! `kubectl apply -R -f` takes them. What cannot be read is named, and all beside it is read.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use installation::Object;
use tree::{FileId, Files, Node, Origin};

use crate::folder::{NoText, manifests_below, read_text};
use crate::objects::{Sort, members, sort};
use crate::remarks::{charts_in_comments, first_template, is_chart_template, remarks};
use crate::{
    Document, Form, Note, NoteKind, Passed, Role, SourceError, SourceErrorKind, Sourced, Unread, live,
};

/// Reads a file or folder of manifests, or of what `kubectl get -o yaml` wrote.
pub(crate) fn read_manifests(path: &Utf8Path) -> Result<Sourced, SourceError> {
    let mut reader = Reader::new();
    let listed = if path.is_dir() { manifests_below(path) } else { Ok(vec![path.to_owned()]) };
    match listed {
        Ok(paths) => paths.iter().for_each(|path| reader.file(path)),
        Err(kind) => return Err(SourceError { kind, origin: None, files: Files::new() }),
    }
    reader.finish(path)
}

/// Objects from texts that are no files: what was listed in a cluster, each under a name of its own.
pub(crate) fn read_texts(texts: impl IntoIterator<Item = (String, String)>) -> Sourced {
    let mut reader = Reader::new();
    for (name, text) in texts {
        reader.text(&Utf8PathBuf::from(name), text);
    }
    reader.sourced
}

/// What has been read so far.
struct Reader {
    sourced: Sourced,
    /// Where each object stands, by namespace, kind, name and group.
    seen: HashMap<String, Seen>,
    /// The first document that is no object: the reason to give where nothing else is found.
    no_object: Option<Unread>,
    /// Charts that comments name.
    charts: std::collections::BTreeSet<String>,
}

struct Seen {
    place: Option<Origin>,
    uid: Option<String>,
}

impl Reader {
    fn new() -> Self {
        Self {
            sourced: Sourced::new(Form::Manifests, Files::new()),
            seen: HashMap::new(),
            no_object: None,
            charts: std::collections::BTreeSet::new(),
        }
    }

    fn file(&mut self, path: &Utf8Path) {
        match read_text(path) {
            Ok(file) => self.text(&file.path, file.text),
            Err(NoText { kind: SourceErrorKind::GitCrypt(path), .. }) => {
                self.no_object
                    .get_or_insert(Unread { kind: SourceErrorKind::GitCrypt(path.clone()), origin: None });
                self.pass_over(&path, Passed::GitCrypt, None);
            }
            Err(NoText { kind, until }) => {
                let origin = until.map(|text| {
                    let (line, offset) = (text.matches('\n').count() + 1, text.len());
                    let file = self.sourced.files.add(path.as_str(), text);
                    place(file, line, 1, offset)
                });
                self.sourced.unread.push(Unread { kind, origin });
            }
        }
    }

    fn text(&mut self, path: &Utf8Path, text: String) {
        let template = first_template(&text);
        self.charts.extend(charts_in_comments(&text));
        let id = self.sourced.files.add(path.as_str(), text);
        let origin =
            template.map(|(line, column, offset)| Origin { column, ..place(id, line as usize, 1, offset) });
        if origin.is_some() && is_chart_template(path) {
            let kind = SourceErrorKind::Template(path.to_owned());
            self.no_object.get_or_insert(Unread { kind, origin });
            self.pass_over(path, Passed::ChartTemplate, origin);
            return;
        }
        let nodes = match tree::parse(&self.sourced.files, id) {
            Ok(nodes) => nodes,
            Err(_) if origin.is_some() => {
                let kind = SourceErrorKind::Template(path.to_owned());
                self.sourced.unread.push(Unread { kind, origin });
                return;
            }
            Err(error) => {
                let origin = Some(error.origin);
                self.sourced.unread.push(Unread { kind: SourceErrorKind::Parse(Box::new(error)), origin });
                return;
            }
        };
        for node in nodes {
            self.document(path, id, node);
        }
    }

    /// Takes in one document. It is kept as written if it holds an object.
    fn document(&mut self, path: &Utf8Path, file: FileId, node: Node) {
        let before = self.seen.len() + self.sourced.overridden.len();
        let document = Document { file, role: Role::Object, node: node.clone() };
        for member in members(node) {
            let origin = member.origin;
            match sort(member, path) {
                Sort::Object(object) => self.object(object),
                Sort::Other(what, kind) => {
                    self.no_object.get_or_insert(Unread { kind, origin });
                    self.pass_over(path, what, origin);
                }
            }
        }
        if self.seen.len() + self.sourced.overridden.len() > before {
            self.sourced.documents.push(document);
        }
    }

    fn object(&mut self, object: Object) {
        let place = object.node.origin;
        let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
        let key = format!("{}/{} {group}", object.namespace().unwrap_or_default(), object.id());
        let uid = object.node.str_at(&["metadata", "uid"]).map(str::to_owned);
        match self.seen.get(&key) {
            // Dumps overlap: `get all` and `get deployments` hold the same Deployment.
            Some(Seen { place: first, uid: known }) if uid.is_some() && *known == uid => {
                let Some(first) = *first else { return };
                let leaves = object.node.leaves();
                let twice = leaves.iter().filter_map(|leaf| Some((leaf.node.origin?, first)));
                self.sourced.overridden.extend(twice);
            }
            Some(Seen { place: first, .. }) => {
                let kind = SourceErrorKind::Twice { id: object.id().to_string(), first: *first };
                self.sourced.unread.push(Unread { kind, origin: place });
            }
            None => {
                self.seen.insert(key, Seen { place, uid });
                self.sourced.objects.push(object);
            }
        }
    }

    fn pass_over(&mut self, path: &Utf8Path, what: Passed, origin: Option<Origin>) {
        let kind = NoteKind::PassedOver { file: path.to_string(), what };
        if !self.sourced.notes.iter().any(|note| note.kind == kind) {
            self.sourced.notes.push(Note { kind, origin });
        }
    }

    fn finish(self, path: &Utf8Path) -> Result<Sourced, SourceError> {
        let Self { mut sourced, no_object, charts, .. } = self;
        if sourced.objects.is_empty() {
            let first = sourced.unread.into_iter().next().or(no_object);
            let nothing = || Unread { kind: SourceErrorKind::NothingToRead(path.to_owned()), origin: None };
            let Unread { kind, origin } = first.unwrap_or_else(nothing);
            return Err(SourceError { kind, origin, files: sourced.files });
        }
        sourced.notes.extend(remarks(&sourced.objects));
        let is_marked = |note: &Note| matches!(note.kind, NoteKind::RenderedChart { .. });
        if !charts.is_empty() && !sourced.notes.iter().any(is_marked) {
            let (objects, charts) = (sourced.objects.len(), charts.into_iter().collect());
            let kind = NoteKind::RenderedChart { release: None, charts, objects, hooks: 0 };
            sourced.notes.push(Note { kind, origin: None });
        }
        live::tell_apart(&mut sourced);
        Ok(sourced)
    }
}

fn place(file: FileId, line: usize, column: u32, offset: usize) -> Origin {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Origin { file, line: number(line), column, offset: number(offset), length: 0 }
}
