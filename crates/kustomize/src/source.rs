//! What generators read: env files, literals and files.

use std::rc::Rc;

use tree::{FileId, Mapping, Node, Origin, Value};

use crate::accumulate::{Building, Gathered, Here};
use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::generator::{Generated, Pair, env_lines, file_source, literal};
use crate::place::file_below;
use crate::reading::Role;
use crate::trail::Step;

impl Building<'_> {
    /// Obeys `configMapGenerator`, `secretGenerator`, and the generators that are named in files.
    pub(crate) fn generate(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let shared = here.says.get("generatorOptions");
        for (what, kind) in
            [(Generated::ConfigMap, "ConfigMapGenerator"), (Generated::Secret, "SecretGenerator")]
        {
            for entry in here.says.list(what.field()) {
                let source = Step::built_in(&here.trail, here.name.file_name().unwrap_or_default(), kind);
                let made = self.generated(gathered, what, entry, shared, here, source);
                self.tolerate(made)?;
            }
        }
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            if let Some(first) = here.says.list(field).first() {
                let kind = KustomizeErrorKind::Chart { field: field.to_owned() };
                let error = self.reading.error(kind, first.origin, &here.name);
                self.tolerate(Err::<(), _>(error))?;
            }
        }
        if let Some(openapi) = here.says.get("openapi").filter(|node| node.get("path").is_some()) {
            let kind = KustomizeErrorKind::Unsupported { field: "openapi.path".to_owned() };
            let error = self.reading.error(kind, openapi.origin, &here.name);
            self.tolerate(Err::<(), _>(error))?;
        }
        self.plugged_generators(gathered, here)
    }

    /// Makes what an entry describes and adds it.
    pub(crate) fn generated(
        &mut self,
        gathered: &mut Gathered,
        what: Generated,
        entry: &Node,
        shared: Option<&Node>,
        here: &Here,
        source: Step,
    ) -> Result<(), KustomizeError> {
        let pairs = self.pairs(what, entry, here)?;
        let mut object = what
            .object(entry, shared, pairs)
            .map_err(|kind| self.reading.error(kind, entry.origin, &here.name))?;
        object.source = self.tracking.then_some(source);
        self.absorb(gathered, object, here)
    }

    fn pairs(&mut self, what: Generated, entry: &Node, here: &Here) -> Result<Vec<Pair>, KustomizeError> {
        let mut pairs = Vec::new();
        let env = entry.get("env").filter(|env| env.as_str().is_some_and(|text| !text.is_empty()));
        for path in entry.get("envs").into_iter().flat_map(Node::items).chain(env) {
            let read = self.env_file(what, path, here);
            pairs.extend(self.tolerate(read)?.into_iter().flatten());
        }
        for node in entry.get("literals").into_iter().flat_map(Node::items) {
            let read = literal(node.as_str().unwrap_or_default());
            let read = read.ok_or_else(|| self.bad(what, "literals", "name=value", node, here));
            if let Some((key, value)) = self.tolerate(read)? {
                let (key, value) = (key.to_owned(), value.as_bytes().to_vec());
                pairs.push(Pair { key, value, origin: node.origin });
            }
        }
        for node in entry.get("files").into_iter().flat_map(Node::items) {
            let read = self.whole_file(what, node, here);
            pairs.extend(self.tolerate(read)?);
        }
        Ok(pairs)
    }

    fn bad(
        &self,
        what: Generated,
        member: &str,
        wanted: &'static str,
        node: &Node,
        here: &Here,
    ) -> KustomizeError {
        let field = format!("{}.{member}", what.field());
        self.reading.error(KustomizeErrorKind::BadField { field, wanted }, node.origin, &here.name)
    }

    fn bytes(&mut self, path: &str, node: &Node, here: &Here) -> Result<(FileId, Rc<[u8]>), KustomizeError> {
        let place = file_below(&here.place, path)
            .map_err(|kind| self.reading.error(kind, node.origin, &here.name))?;
        self.reading.raw(&place, node.origin)
    }

    fn env_file(&mut self, what: Generated, node: &Node, here: &Here) -> Result<Vec<Pair>, KustomizeError> {
        let (file, bytes) = self.bytes(node.as_str().unwrap_or_default(), node, here)?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let name = self.reading.name(file);
            return Err(self.reading.error(KustomizeErrorKind::NotText, None, &name));
        };
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let mut settings = Mapping::new();
        let mut pairs = Vec::new();
        for line in env_lines(text) {
            let origin = Some(Origin {
                file,
                line: line.line,
                column: number(line.column + 1),
                offset: number(line.offset),
                length: number(line.value.len()),
            });
            settings.insert(line.key.to_owned(), Node::from(line.value).at(origin));
            pairs.push(Pair { key: line.key.to_owned(), value: line.value.as_bytes().to_vec(), origin });
        }
        let start = Origin { file, line: 1, column: 1, offset: 0, length: number(text.len()) };
        self.account(what, file, Role::Settings, Node::from(Value::Mapping(settings)).at(Some(start)));
        Ok(pairs)
    }

    fn whole_file(&mut self, what: Generated, node: &Node, here: &Here) -> Result<Pair, KustomizeError> {
        let Some((key, path)) = file_source(node.as_str().unwrap_or_default()) else {
            return Err(self.bad(what, "files", "a path, or key=path", node, here));
        };
        let (key, path) = (key.to_owned(), path.to_owned());
        let (file, bytes) = self.bytes(&path, node, here)?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let origin = Some(Origin { file, line: 1, column: 1, offset: 0, length });
        let value = std::str::from_utf8(&bytes).map_or(Value::Null, |text| Value::String(text.to_owned()));
        self.account(what, file, Role::File, Node::from(value).at(origin));
        Ok(Pair { key, value: bytes.to_vec(), origin })
    }

    /// Keeps account of a file once; what becomes a Secret's is sealed.
    fn account(&mut self, what: Generated, file: FileId, role: Role, mut node: Node) {
        let secret = what == Generated::Secret;
        if self.noted.insert((file, secret)) {
            if secret {
                node.seal();
            }
            self.reading.note(file, role, node);
        }
    }
}
