//! Plain manifests: a file, or every `.yaml`, `.yml` and `.json` file of a folder and the folders in it, as
//! `kubectl apply -R -f` takes them. What cannot be read is named, and all beside it is read.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use installation::Object;
use tree::{FileId, Files, Node, Origin};

use crate::folder::{NoText, manifests_below, read_text};
use crate::objects::{Members, Sort, members, sort};
use crate::remarks::{charts_in_comments, first_template, is_chart_template, remarks};
use crate::{
    Document, Form, Note, NoteKind, Passed, Role, SourceError, SourceErrorKind, Sourced, Unread, live,
};

/// Reads a file or folder of manifests, or of what `kubectl get -o yaml` wrote.
pub(crate) fn read_manifests(path: &Utf8Path) -> Result<Sourced, SourceError> {
    let mut reader = Reader::over(Files::new());
    let listed = if path.is_dir() { manifests_below(path) } else { Ok(vec![path.to_owned()]) };
    match listed {
        Ok(paths) => paths.iter().for_each(|path| reader.file(path)),
        Err(kind) => return Err(SourceError { kind, origin: None, files: Files::new() }),
    }
    reader.finish(path)
}

/// Objects from texts that are no files: what was listed in a cluster, each under a name of its own.
pub(crate) fn read_texts(texts: impl IntoIterator<Item = (String, String)>) -> Sourced {
    let mut reader = Reader::over(Files::new());
    for (name, text) in texts {
        reader.text(&Utf8PathBuf::from(name), text);
    }
    reader.sourced
}

/// What has been read so far.
pub(crate) struct Reader {
    sourced: Sourced,
    /// Files that were read before, by name.
    known: HashMap<String, FileId>,
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
    /// Its index among the objects.
    index: usize,
}

impl Reader {
    /// Nothing yet but the texts of files that were read already.
    pub(crate) fn over(files: Files) -> Self {
        Self {
            known: files.ids().map(|id| (files.name(id).to_owned(), id)).collect(),
            sourced: Sourced::new(Form::Manifests, files),
            seen: HashMap::new(),
            no_object: None,
            charts: std::collections::BTreeSet::new(),
        }
    }

    /// Reads a file.
    pub(crate) fn file(&mut self, path: &Utf8Path) {
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
        let known = self.known.get(path.as_str()).copied();
        let id = known.unwrap_or_else(|| self.sourced.files.add(path.as_str(), text));
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

    /// Takes in one document. What holds an object is kept as written; a list is so many documents, and its own
    /// leaves only say that it is one.
    fn document(&mut self, path: &Utf8Path, file: FileId, node: Node) {
        let Members { wrappers, items } = members(node);
        let directives = wrappers.into_iter().map(|node| Document { file, role: Role::Directives, node });
        self.sourced.documents.extend(directives);
        for item in items {
            let origin = item.origin;
            match sort(item.clone(), path) {
                Sort::Object(object) => {
                    if self.object(object) {
                        self.sourced.documents.push(Document { file, role: Role::Object, node: item });
                    }
                }
                Sort::Other(what, kind) => {
                    self.no_object.get_or_insert(Unread { kind, origin });
                    self.pass_over(path, what, origin);
                }
            }
        }
    }

    /// Takes in an object, unless it is described before by another hand.
    fn object(&mut self, object: Object) -> bool {
        let place = object.node.origin;
        let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
        let key = format!("{}/{} {group}", object.namespace().unwrap_or_default(), object.id());
        let uid = object.node.str_at(&["metadata", "uid"]).map(str::to_owned);
        match self.seen.get(&key) {
            // Dumps overlap: `get all` and `get deployments` hold the same Deployment. So do folders with copies.
            Some(Seen { place: first, uid: known, index })
                if uid.is_some() && *known == uid || self.is_same(*index, &object) =>
            {
                let first = *first;
                let leaves = object.node.leaves();
                let twice = leaves.iter().filter_map(|leaf| Some((leaf.node.origin?, first?)));
                self.sourced.overridden.extend(twice);
                true
            }
            Some(Seen { place: first, .. }) => {
                let kind = SourceErrorKind::Twice { id: object.id().to_string(), first: *first };
                self.sourced.unread.push(Unread { kind, origin: place });
                false
            }
            None => {
                self.seen.insert(key, Seen { place, uid, index: self.sourced.objects.len() });
                self.sourced.objects.push(object);
                true
            }
        }
    }

    /// Whether an object says what one says that was read before.
    fn is_same(&self, index: usize, object: &Object) -> bool {
        self.sourced.objects.get(index).is_some_and(|first| first.node.to_json() == object.node.to_json())
    }

    fn pass_over(&mut self, path: &Utf8Path, what: Passed, origin: Option<Origin>) {
        let kind = NoteKind::PassedOver { file: path.to_string(), what };
        if !self.sourced.notes.iter().any(|note| note.kind == kind) {
            self.sourced.notes.push(Note { kind, origin });
        }
    }

    /// What was read, as a Kustomize tree's.
    pub(crate) fn into_sourced(self) -> Sourced {
        let mut sourced = self.sourced;
        sourced.notes.extend(remarks(&sourced.objects));
        live::tell_apart(&mut sourced);
        sourced.form = Form::Kustomize;
        sourced
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
