//! From a directory, and those it names, to objects.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use tree::patch::Losses;
use tree::{FileId, Node, Origin, Value};

use crate::config::Config;
use crate::crds;
use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::generator::{self, Behavior};
use crate::identity::{Object, check};
use crate::kustomization::Kustomization;
use crate::place::{Place, file_below, is_remote, normal};
use crate::reading::{Reading, Role};
use crate::trail::Step;
use crate::variables::Variable;

/// The most directories that may lie between the one that is built and one that it needs.
const DEEPEST: usize = 64;
/// The most objects one build may make: far above any real deployment, far below what bases that are
/// named twice on every level ask for.
const MOST_OBJECTS: usize = 100_000;

/// A build under way.
pub(crate) struct Building<'a> {
    pub(crate) reading: Reading<'a>,
    pub(crate) losses: Losses,
    /// What could not be read or obeyed; `None` where the first such thing ends the build.
    pub(crate) gaps: Option<Vec<KustomizeError>>,
    /// `buildMetadata` wants to know what objects come from.
    pub(crate) tracking: bool,
    /// How many objects were added to anything.
    pub(crate) added: usize,
    /// A patch deleted some object, which is still to be left out.
    pub(crate) deleted: bool,
    /// Files of generators that are accounted for, and whether as secrets.
    pub(crate) noted: HashSet<(FileId, bool)>,
}

/// A kustomization and where it stands.
pub(crate) struct Here {
    pub(crate) place: Place,
    pub(crate) says: Kustomization,
    pub(crate) file: FileId,
    /// The file, as its user would write it.
    pub(crate) name: Utf8PathBuf,
    /// The way from the directory that is built.
    pub(crate) trail: Utf8PathBuf,
    /// The directories that are being built, this one last.
    above: Vec<Utf8PathBuf>,
}

/// What was gathered so far.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) objects: Vec<Object>,
    /// The keys of the objects, while nothing changes them.
    keys: Option<HashSet<String>>,
    /// Their places by all names they have or had, likewise.
    named: Option<Named>,
    pub(crate) config: Rc<Config>,
    pub(crate) variables: BTreeMap<String, Variable>,
}

impl Gathered {
    /// The objects, to change.
    pub(crate) fn change(&mut self) -> &mut Vec<Object> {
        self.keys = None;
        self.named = None;
        &mut self.objects
    }

    /// The places of the objects that have or had a name.
    fn named(&mut self, name: &str) -> Vec<usize> {
        let named = self.named.get_or_insert_with(|| by_name(&self.objects));
        named.get(name).cloned().unwrap_or_default()
    }
}

impl Building<'_> {
    /// Ends the build, or notes what is wrong and goes on without it.
    pub(crate) fn tolerate<T>(
        &mut self,
        result: Result<T, KustomizeError>,
    ) -> Result<Option<T>, KustomizeError> {
        match (result, &mut self.gaps) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(error), Some(gaps)) if !matches!(error.kind, KustomizeErrorKind::TooLarge(_)) => {
                gaps.push(error);
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Reads a directory's kustomization.
    pub(crate) fn enter(
        &mut self,
        place: Place,
        asked: Option<Origin>,
        trail: &Utf8Path,
        above: &[Utf8PathBuf],
    ) -> Result<Here, KustomizeError> {
        if above.len() >= DEEPEST {
            let kind = KustomizeErrorKind::TooLarge("more than 64 directories that need each other");
            return Err(self.reading.error(kind, asked, &place.name));
        }
        let file_place = self.kustomization_file(&place, asked)?;
        let documents = self.reading.file(&file_place, Role::Kustomization, asked)?;
        let found = documents.first().and_then(|first| self.reading.documents.get(*first));
        let Some(document) = found.filter(|_| documents.len() == 1) else {
            let kind = KustomizeErrorKind::NotKustomization("it must have one document".to_owned());
            return Err(self.reading.error(kind, None, &file_place.name));
        };
        let (file, node) = (document.file, document.node.clone());
        let mut faults = Vec::new();
        let read = Kustomization::read(&node, &mut faults);
        let name = file_place.name;
        let says = read.map_err(|(kind, origin)| self.reading.error(kind, origin, &name))?;
        for (kind, origin) in faults {
            let error = self.reading.error(kind, origin, &name);
            self.tolerate(Err::<(), _>(error))?;
        }
        let mut above = above.to_vec();
        above.push(place.real.clone());
        Ok(Here { place, says, file, name, trail: trail.to_owned(), above })
    }

    fn kustomization_file(&self, place: &Place, asked: Option<Origin>) -> Result<Place, KustomizeError> {
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let mut found = names.iter().map(|name| place.resolve(name)).filter(|file| file.real.is_file());
        let path = place.name.clone();
        match (found.next(), found.next()) {
            (Some(file), None) => {
                let name = file.real.file_name().unwrap_or_default().to_owned();
                file_below(place, &name).map_err(|kind| self.reading.error(kind, asked, &place.name))
            }
            (None, _) => {
                Err(self.reading.error(KustomizeErrorKind::NoKustomization { path }, asked, &place.name))
            }
            (Some(_), Some(_)) => Err(self.reading.error(
                KustomizeErrorKind::SeveralKustomizations { path },
                asked,
                &place.name,
            )),
        }
    }

    /// Obeys a kustomization. A component changes what its parent has gathered.
    pub(crate) fn accumulate(
        &mut self,
        here: &Here,
        mut gathered: Gathered,
    ) -> Result<Gathered, KustomizeError> {
        for field in ["resources", "bases"] {
            for entry in here.says.list(field) {
                let added = self.resource(&mut gathered, entry, here);
                self.tolerate(added)?;
            }
        }
        self.configure(&mut gathered, here)?;
        self.generate(&mut gathered, here)?;
        for entry in here.says.list("components") {
            gathered = self.component(gathered, entry, here)?;
        }
        self.transform(&mut gathered, here)?;
        for entry in here.says.list("vars") {
            let variable = Variable::read(entry);
            let mut declared = variable.mark(gathered.change());
            if gathered.variables.contains_key(&variable.name) {
                declared = Err(KustomizeErrorKind::TwiceVariable { name: variable.name.clone() });
            }
            let declared = declared.map_err(|kind| self.reading.error(kind, variable.origin, &here.name));
            if self.tolerate(declared)?.is_some() {
                gathered.variables.insert(variable.name.clone(), variable);
            }
        }
        Ok(gathered)
    }

    /// An entry of `resources`: a file, or a directory to build.
    pub(crate) fn resource(
        &mut self,
        gathered: &mut Gathered,
        entry: &Node,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        let path = entry.as_str().unwrap_or_default();
        let found = here.place.resolve(path);
        if !found.real.is_dir() {
            let found = file_below(&here.place, path)
                .map_err(|kind| self.reading.error(kind, entry.origin, &here.name))?;
            let documents = self.reading.file(&found, Role::Resource, entry.origin)?;
            return self.add(gathered, &documents, &found.name, Step::Read(normal(&here.trail.join(path))));
        }
        let nested = self.nested(entry, here)?;
        if nested.says.is_component {
            let kind = KustomizeErrorKind::NotKustomization("it is a Component".to_owned());
            return Err(self.reading.error(kind, entry.origin, &here.name));
        }
        let inner = self.accumulate(&nested, Gathered::default())?;
        self.join(gathered, inner, &nested.place.name, entry.origin)
    }

    /// A directory named in an entry.
    fn nested(&mut self, entry: &Node, here: &Here) -> Result<Here, KustomizeError> {
        let path = entry.as_str().unwrap_or_default();
        let found = here.place.resolve(path);
        let fail = |reading: &Reading<'_>, kind| Err(reading.error(kind, entry.origin, &here.name));
        if !found.real.is_dir() && is_remote(path) {
            return fail(&self.reading, KustomizeErrorKind::Remote { url: path.to_owned() });
        }
        if Utf8Path::new(path).is_absolute() || path.is_empty() {
            return fail(&self.reading, KustomizeErrorKind::OutsideRoot { path: found.name });
        }
        let Ok(real) = found.real.canonicalize_utf8() else {
            return fail(&self.reading, KustomizeErrorKind::MissingFile { path: found.name });
        };
        if here.above.iter().any(|root| root.starts_with(&real)) {
            return fail(&self.reading, KustomizeErrorKind::Cycle { path: found.name });
        }
        let trail = normal(&here.trail.join(path));
        self.enter(Place { real, name: found.name }, entry.origin, &trail, &here.above)
    }

    fn component(
        &mut self,
        gathered: Gathered,
        entry: &Node,
        here: &Here,
    ) -> Result<Gathered, KustomizeError> {
        let nested = self.nested(entry, here).and_then(|nested| {
            if nested.says.is_component {
                return Ok(nested);
            }
            let kind = KustomizeErrorKind::NotKustomization("it is no Component".to_owned());
            Err(self.reading.error(kind, entry.origin, &here.name))
        });
        match self.tolerate(nested)? {
            Some(nested) => self.accumulate(&nested, gathered),
            None => Ok(gathered),
        }
    }

    /// Adds all that a base made.
    fn join(
        &mut self,
        gathered: &mut Gathered,
        inner: Gathered,
        name: &Utf8Path,
        asked: Option<Origin>,
    ) -> Result<(), KustomizeError> {
        for object in inner.objects {
            let added = self.append(gathered, object, name);
            self.tolerate(added)?;
        }
        gathered.config = self.merged(&gathered.config, &inner.config, name, asked)?;
        for (key, variable) in inner.variables {
            let (origin, name_of) = (variable.origin, key.clone());
            if gathered.variables.insert(key, variable).is_some() {
                let kind = KustomizeErrorKind::TwiceVariable { name: name_of };
                let error = self.reading.error(kind, origin, name);
                self.tolerate(Err::<(), _>(error))?;
            }
        }
        Ok(())
    }

    fn merged(
        &mut self,
        one: &Rc<Config>,
        other: &Rc<Config>,
        name: &Utf8Path,
        asked: Option<Origin>,
    ) -> Result<Rc<Config>, KustomizeError> {
        let merged = one.merge(other).map_err(|kind| self.reading.error(kind, asked, name));
        Ok(self.tolerate(merged)?.unwrap_or_else(|| Rc::clone(one)))
    }

    /// Adds the objects of a file.
    fn add(
        &mut self,
        gathered: &mut Gathered,
        documents: &[usize],
        file: &Utf8Path,
        source: Step,
    ) -> Result<(), KustomizeError> {
        let nodes = documents.iter().filter_map(|document| self.reading.documents.get(*document));
        let nodes = nodes.map(|document| document.node.clone()).collect();
        for node in inlined(nodes, &mut self.losses) {
            let checked = check(&node).map_err(|kind| self.reading.error(kind, node.origin, file));
            let added = checked.and_then(|()| {
                let mut object = Object::new(node);
                object.source = self.tracking.then(|| source.clone());
                self.append(gathered, object, file)
            });
            self.tolerate(added)?;
        }
        Ok(())
    }

    /// Adds an object that must not be there yet.
    pub(crate) fn append(
        &mut self,
        gathered: &mut Gathered,
        object: Object,
        file: &Utf8Path,
    ) -> Result<(), KustomizeError> {
        let keys = gathered
            .keys
            .get_or_insert_with(|| gathered.objects.iter().map(|object| object.id().key()).collect());
        if !keys.insert(object.id().key()) {
            let kind = KustomizeErrorKind::Duplicate { id: object.id().to_string() };
            return Err(self.reading.error(kind, object.origin(), file));
        }
        self.added += 1;
        if self.added > MOST_OBJECTS {
            let kind = KustomizeErrorKind::TooLarge("more than 100,000 objects");
            return Err(self.reading.error(kind, object.origin(), file));
        }
        if let Some(named) = &mut gathered.named {
            note_names(named, &object, gathered.objects.len());
        }
        gathered.objects.push(object);
        Ok(())
    }

    /// Adds what a generator made, or merges it into what is there.
    pub(crate) fn absorb(
        &mut self,
        gathered: &mut Gathered,
        mut new: Object,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        let id = new.id().clone();
        let mut fitting = gathered.named(&id.name);
        fitting.retain(|place| gathered.objects.get(*place).is_some_and(|object| object.answers_to(&id)));
        let (found, other) = (fitting.first().copied(), fitting.len() > 1);
        let fail =
            |reading: &Reading<'_>, kind, node: &Object| Err(reading.error(kind, node.origin(), &here.name));
        match (found, new.behavior) {
            (Some(_), _) if other => {
                fail(&self.reading, KustomizeErrorKind::SeveralMatches { id: id.to_string() }, &new)
            }
            (None, Behavior::Create) => self.append(gathered, new, &here.name),
            (None, _) => fail(&self.reading, KustomizeErrorKind::NoMatch { id: id.to_string() }, &new),
            (Some(_), Behavior::Create) => {
                fail(&self.reading, KustomizeErrorKind::Duplicate { id: id.to_string() }, &new)
            }
            (Some(place), _) => {
                if let Some(slot) = gathered.objects.get_mut(place) {
                    let old = std::mem::replace(slot, Object::new(Value::Null.into()));
                    generator::absorb(old, &mut new, &mut self.losses);
                    *slot = new;
                }
                Ok(())
            }
        }
    }

    /// Adds what `configurations` and `crds` say to the fields that transformers change.
    fn configure(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let mut config = Config::own();
        for entry in here.says.list("configurations") {
            for node in self.settings_file(entry, here)? {
                let read = Config::read(&node)
                    .map_err(|(kind, origin)| self.reading.error(kind, origin, &here.name));
                if let Some(read) = self.tolerate(read)? {
                    config = self.merged(&config, &Rc::new(read), &here.name, entry.origin)?;
                }
            }
        }
        gathered.config = self.merged(&gathered.config, &config, &here.name, None)?;
        for entry in here.says.list("crds") {
            for node in self.settings_file(entry, here)? {
                let read =
                    crds::read(&node).map_err(|kind| self.reading.error(kind, entry.origin, &here.name));
                if let Some(read) = self.tolerate(read)? {
                    gathered.config =
                        self.merged(&gathered.config, &Rc::new(read), &here.name, entry.origin)?;
                }
            }
        }
        Ok(())
    }

    /// The documents of a file that says more about the build.
    pub(crate) fn settings_file(&mut self, entry: &Node, here: &Here) -> Result<Vec<Node>, KustomizeError> {
        let path = entry.as_str().unwrap_or_default();
        let documents = file_below(&here.place, path)
            .map_err(|kind| self.reading.error(kind, entry.origin, &here.name))
            .and_then(|place| self.reading.file(&place, Role::Kustomization, entry.origin));
        let documents = self.tolerate(documents)?.unwrap_or_default();
        let nodes = documents.iter().filter_map(|document| self.reading.documents.get(*document));
        Ok(nodes.map(|document| document.node.clone()).collect())
    }
}

/// The places of objects by their names.
pub(crate) type Named = HashMap<String, Vec<usize>>;

/// The places of objects by all names they have or had.
pub(crate) fn by_name(objects: &[Object]) -> Named {
    let mut named = Named::new();
    for (place, object) in objects.iter().enumerate() {
        note_names(&mut named, object, place);
    }
    named
}

fn note_names(named: &mut Named, object: &Object, place: usize) {
    for name in object.former.iter().map(|former| &former.name).chain([&object.id().name]) {
        let places = named.entry(name.clone()).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
}

/// Replaces lists of objects by their items, which come after all else of the file.
fn inlined(nodes: Vec<Node>, losses: &mut Losses) -> Vec<Node> {
    let mut queue = VecDeque::from(nodes);
    let mut objects = Vec::new();
    while let Some(mut node) = queue.pop_front() {
        let list = node.str_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
        let members = node.as_mapping_mut().filter(|_| list);
        let Some(items) = members.and_then(|members| members.shift_remove("items")) else {
            objects.push(node);
            continue;
        };
        // What only says that it is a list goes with it.
        losses.extend(node.leaves().iter().filter_map(|leaf| leaf.node.origin).map(|at| (at, at)));
        match items.value {
            Value::Sequence(items) => queue.extend(items),
            _ => losses.extend(items.origin.map(|at| (at, at))),
        }
    }
    objects
}
