//! Running templates.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::Zoned;
use regex::Regex;

use super::ast::{At, Branch, Command, Number, Operand, Part, Pipe, Term};
use super::field::field;
use super::set::{Source, Template, TemplateSet};
use super::stack::Stack;
use crate::function::{Call, Function};
use crate::print;
use crate::value::Value;

/// What a rendering may use up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Parts, commands and items gone through.
    pub(crate) steps: u64,
    /// Bytes that may be written or made by functions, in all.
    pub(crate) bytes: u64,
}

/// Why a template stopped, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) place: Option<(Rc<Source>, At)>,
}

/// Why a template stopped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultKind {
    /// Go's reason, in its words.
    Message(String),
    /// `required` was given nothing; the key is how the template names the value.
    Required { message: String, key: Option<String> },
    /// The chart called `fail`.
    Fail(String),
    /// The function needs randomness or a network.
    Refused(String),
    /// A bound of this program.
    Bound(&'static str),
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Fault { kind, place: None }
    }
}

impl From<String> for FaultKind {
    fn from(message: String) -> Self {
        FaultKind::Message(message)
    }
}

impl From<&str> for FaultKind {
    fn from(message: &str) -> Self {
        FaultKind::Message(message.to_owned())
    }
}

/// One rendering: what it knows, and what it has used up.
#[derive(Debug)]
pub(crate) struct Run {
    limits: Limits,
    steps: u64,
    bytes: u64,
    stack: Stack,
    includes: HashMap<Rc<str>, u32>,
    now: Option<Zoned>,
    /// Regular expressions that were read already.
    pub(crate) patterns: HashMap<String, Rc<Regex>>,
    /// The functions that had to make something up, with the file that called them.
    pub(crate) invented: Vec<(String, String)>,
}

/// The templates and the source a command runs among.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) set: Rc<TemplateSet>,
    pub(crate) source: Rc<Source>,
}

/// How often one template may stand in its own way, as Helm counts.
const MAX_INCLUDES: u32 = 1000;

/// What the parts of a list came to.
enum Flow {
    Next,
    Break,
    Continue,
}

struct State<'r> {
    run: &'r mut Run,
    scope: Scope,
    variables: Vec<(Rc<str>, Value)>,
    output: String,
}

impl Run {
    pub(crate) fn new(limits: Limits, stack: Stack, now: Option<Zoned>) -> Self {
        let (includes, patterns) = (HashMap::new(), HashMap::new());
        Self { limits, steps: 0, bytes: 0, stack, includes, now, patterns, invented: Vec::new() }
    }

    /// What `now` says, the same each time.
    pub(crate) fn now(&mut self) -> &Zoned {
        self.now.get_or_insert_with(Zoned::now)
    }

    /// Counts work done.
    pub(crate) fn step(&mut self, steps: u64) -> Result<(), FaultKind> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps {
            return Err(FaultKind::Bound("steps"));
        }
        if self.stack.is_exhausted() {
            return Err(FaultKind::Bound("depth"));
        }
        Ok(())
    }

    /// Counts text made.
    pub(crate) fn made(&mut self, bytes: usize) -> Result<(), FaultKind> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > self.limits.bytes { Err(FaultKind::Bound("size")) } else { Ok(()) }
    }

    /// Runs a template with a value as its root.
    pub(crate) fn execute(
        &mut self,
        template: &Template,
        set: &Rc<TemplateSet>,
        dot: &Value,
    ) -> Result<String, Fault> {
        let scope = Scope { set: Rc::clone(set), source: Rc::clone(&template.source) };
        let dot = dot.clone().dug();
        let variables = vec![(Rc::from("$"), dot.clone())];
        let mut state = State { run: self, scope, variables, output: String::new() };
        state.list(&template.body, &dot)?;
        Ok(state.output)
    }

    /// `include`.
    pub(crate) fn include(&mut self, scope: &Scope, name: &Rc<str>, dot: &Value) -> Result<String, Fault> {
        let bare = |kind: FaultKind| Fault { kind, place: None };
        let Some(template) = scope.set.get(name) else {
            return Err(bare(format!("no template {name:?} associated with template \"gotpl\"").into()));
        };
        let count = self.includes.entry(Rc::clone(name)).or_insert(0);
        if *count > MAX_INCLUDES {
            return Err(bare(FaultKind::Bound("depth")));
        }
        *count += 1;
        let text = self.execute(&template, &scope.set, dot);
        if let Some(count) = self.includes.get_mut(name) {
            *count -= 1;
        }
        text
    }

    /// `tpl`: runs a text as a template that sees all others.
    pub(crate) fn inline(&mut self, scope: &Scope, text: &str, dot: &Value) -> Result<String, Fault> {
        if !text.contains("{{") {
            return Ok(text.replace("<no value>", ""));
        }
        let name: Rc<str> = match scope.source.name.strip_suffix(" (tpl)") {
            Some(_) => Rc::clone(&scope.source.name),
            None => Rc::from(format!("{} (tpl)", scope.source.name)),
        };
        let source = Rc::new(Source { name, text: Rc::from(text) });
        let set = TemplateSet::new(Some(Rc::clone(&scope.set)));
        let template = set.add(Rc::from("gotpl"), &source, self.stack).map_err(|error| Fault {
            kind: match error.is_too_deep {
                true => FaultKind::Bound("depth"),
                false => FaultKind::Message(format!("cannot parse template: {}", error.detail)),
            },
            place: Some((Rc::clone(&source), error.at)),
        })?;
        let rendered = self.execute(&template, &set, dot)?;
        Ok(rendered.replace("<no value>", ""))
    }
}

type Running<T> = Result<T, Fault>;

impl State<'_> {
    fn fail<T>(&self, at: At, kind: impl Into<FaultKind>) -> Running<T> {
        Err(self.fault(at, kind.into()))
    }

    fn fault(&self, at: At, kind: FaultKind) -> Fault {
        Fault { kind, place: Some((Rc::clone(&self.scope.source), at)) }
    }

    fn step(&mut self, at: At) -> Running<()> {
        self.run.step(1).map_err(|kind| self.fault(at, kind))
    }

    fn write(&mut self, at: At, text: &str) -> Running<()> {
        self.run.made(text.len()).map_err(|kind| self.fault(at, kind))?;
        self.output.push_str(text);
        Ok(())
    }

    fn list(&mut self, parts: &[Part], dot: &Value) -> Running<Flow> {
        for part in parts {
            match self.part(part, dot)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn part(&mut self, part: &Part, dot: &Value) -> Running<Flow> {
        match part {
            Part::Text(text) => self.write(0, text)?,
            Part::Action(pipe) => {
                let value = self.pipeline(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.write(pipe.at, &print::printed(&value))?;
                }
            }
            Part::If(branch) | Part::With(branch) => {
                let mark = self.variables.len();
                let value = self.pipeline(&branch.pipe, dot)?;
                let inner = if matches!(part, Part::With(_)) { value.clone() } else { dot.clone() };
                let flow = if value.truth() {
                    self.list(&branch.then, &inner)
                } else {
                    self.list(&branch.otherwise, dot)
                };
                self.variables.truncate(mark);
                return flow;
            }
            Part::Range(branch) => {
                let mark = self.variables.len();
                let flow = self.range(branch, dot);
                self.variables.truncate(mark);
                return flow;
            }
            Part::Template { at, name, pipe } => self.template(*at, name, pipe.as_ref(), dot)?,
            Part::Break => return Ok(Flow::Break),
            Part::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn template(&mut self, at: At, name: &Rc<str>, pipe: Option<&Pipe>, dot: &Value) -> Running<()> {
        self.step(at)?;
        let Some(template) = self.scope.set.get(name) else {
            return self.fail(at, format!("template {name:?} not defined"));
        };
        let inner = match pipe {
            Some(pipe) => self.pipeline(pipe, dot)?,
            None => Value::Absent,
        };
        let text = self.run.execute(&template, &self.scope.set, &inner)?;
        self.output.push_str(&text);
        Ok(())
    }

    fn range(&mut self, branch: &Branch, dot: &Value) -> Running<Flow> {
        let value = self.pipeline(&branch.pipe, dot)?;
        let at = branch.pipe.at;
        let items: Vec<(Value, Value)> = match &value {
            Value::Absent | Value::Nil => Vec::new(),
            Value::List(list) => {
                let numbers = (0_i64..).map(Value::Int);
                numbers.zip(list.items.iter().cloned()).collect()
            }
            Value::Map(map) => {
                map.snapshot().into_iter().map(|(key, value)| (Value::Text(key), value)).collect()
            }
            Value::Int(count) | Value::Int64(count) if branch.pipe.variables.len() > 1 => {
                return self.fail(at, format!("can't use {count} to iterate over more than one variable"));
            }
            Value::Int(count) | Value::Int64(count) => {
                self.run.step(count.unsigned_abs()).map_err(|kind| self.fault(at, kind))?;
                (0..*count).map(|index| (Value::Int(index), Value::Int(index))).collect()
            }
            Value::Host(host) if host.items().is_some() => host.items().unwrap_or_default(),
            // Go names the value; it may be a secret.
            other => {
                return self
                    .fail(at, format!("range can't iterate over a value of type {}", other.type_name()));
            }
        };
        if items.is_empty() {
            return self.list(&branch.otherwise, dot);
        }
        let mark = self.variables.len();
        for (index, item) in items {
            self.step(at)?;
            self.set_range_variables(&branch.pipe, index, &item)?;
            match self.list(&branch.then, &item)? {
                Flow::Break => break,
                Flow::Next | Flow::Continue => {}
            }
            self.variables.truncate(mark);
        }
        Ok(Flow::Next)
    }

    fn set_range_variables(&mut self, pipe: &Pipe, index: Value, item: &Value) -> Running<()> {
        let values = match pipe.variables.len() {
            0 => return Ok(()),
            1 => vec![item.clone()],
            _ => vec![index, item.clone()],
        };
        if pipe.is_assignment {
            for (name, value) in pipe.variables.iter().zip(values) {
                self.assign(pipe.at, name, value)?;
            }
        } else {
            let first = self.variables.len() - values.len();
            for (slot, value) in self.variables[first..].iter_mut().zip(values) {
                slot.1 = value;
            }
        }
        Ok(())
    }

    fn assign(&mut self, at: At, name: &Rc<str>, value: Value) -> Running<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            Some(slot) => {
                slot.1 = value;
                Ok(())
            }
            None => self.fail(at, format!("undefined variable: {name}")),
        }
    }

    fn pipeline(&mut self, pipe: &Pipe, dot: &Value) -> Running<Value> {
        self.step(pipe.at)?;
        let mut value: Option<Value> = None;
        let mut name = None;
        for command in &pipe.commands {
            value = Some(self.command(command, value, name.take(), dot)?.dug());
            name = match command.operands.as_slice() {
                [operand] => operand.name(),
                _ => None,
            };
        }
        let value = value.unwrap_or(Value::Absent);
        for variable in &pipe.variables {
            if pipe.is_assignment {
                self.assign(pipe.at, variable, value.clone())?;
            } else {
                self.variables.push((Rc::clone(variable), value.clone()));
            }
        }
        Ok(value)
    }

    /// Runs a command. `last` is the value of the command before it, `named` how the template names that value.
    fn command(
        &mut self,
        command: &Command,
        last: Option<Value>,
        named: Option<String>,
        dot: &Value,
    ) -> Running<Value> {
        let Some((first, rest)) = command.operands.split_first() else { return Ok(Value::Absent) };
        match &first.term {
            Term::Function(name, function) => self.call(first.at, (name, *function), rest, last, named, dot),
            Term::Field(fields) => self.chain(first.at, dot.clone(), fields, rest, last, dot),
            Term::Variable(name, fields) if !fields.is_empty() => {
                let value = self.variable(first.at, name)?;
                self.chain(first.at, value, fields, rest, last, dot)
            }
            Term::Chain(inner, fields) => {
                let value = self.operand(inner, dot)?;
                self.chain(first.at, value, fields, rest, last, dot)
            }
            _ if !rest.is_empty() || last.is_some() => {
                let name = first.name().unwrap_or_else(|| "value".to_owned());
                self.fail(first.at, format!("can't give argument to non-function {name}"))
            }
            Term::Nil => self.fail(first.at, "nil is not a command"),
            _ => self.operand(first, dot),
        }
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Running<Value> {
        match &operand.term {
            Term::Dot => Ok(dot.clone()),
            Term::Nil => Ok(Value::Nil),
            Term::Bool(truth) => Ok(Value::Bool(*truth)),
            Term::Number(number) => Ok(literal(*number)),
            Term::Text(text) => Ok(Value::Text(Rc::clone(text))),
            Term::Field(fields) => self.chain(operand.at, dot.clone(), fields, &[], None, dot),
            Term::Variable(name, fields) => {
                let value = self.variable(operand.at, name)?;
                self.chain(operand.at, value, fields, &[], None, dot)
            }
            Term::Function(name, function) => self.call(operand.at, (name, *function), &[], None, None, dot),
            Term::Chain(inner, fields) => {
                let value = self.operand(inner, dot)?;
                self.chain(operand.at, value, fields, &[], None, dot)
            }
            Term::Pipe(pipe) => self.pipeline(pipe, dot),
        }
    }

    fn variable(&self, at: At, name: &str) -> Running<Value> {
        match self.variables.iter().rev().find(|(known, _)| **known == *name) {
            Some((_, value)) => Ok(value.clone()),
            None => self.fail(at, format!("undefined variable: {name}")),
        }
    }

    fn chain(
        &mut self,
        at: At,
        mut value: Value,
        fields: &[Rc<str>],
        arguments: &[Operand],
        last: Option<Value>,
        dot: &Value,
    ) -> Running<Value> {
        let Some((end, way)) = fields.split_last() else { return Ok(value) };
        for name in way {
            value = field(&value, name, &[]).map_err(|kind| self.fault(at, kind))?;
        }
        let arguments = self.arguments(arguments, last, dot)?;
        field(&value, end, &arguments).map_err(|kind| self.fault(at, kind))
    }

    fn arguments(&mut self, operands: &[Operand], last: Option<Value>, dot: &Value) -> Running<Vec<Value>> {
        let mut arguments = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            arguments.push(self.operand(operand, dot)?.settled());
        }
        arguments.extend(last.map(Value::settled));
        Ok(arguments)
    }

    fn call(
        &mut self,
        at: At,
        (name, function): (&Rc<str>, Function),
        operands: &[Operand],
        last: Option<Value>,
        named: Option<String>,
        dot: &Value,
    ) -> Running<Value> {
        self.step(at)?;
        if matches!(name.as_ref(), "and" | "or") {
            return self.short_circuit(at, name, operands, last, dot);
        }
        let key = match name.as_ref() {
            "required" if last.is_some() => named,
            "required" => operands.last().and_then(Operand::name),
            _ => None,
        };
        let arguments = self.arguments(operands, last, dot)?;
        let mut call = Call { run: self.run, scope: &self.scope, name, arguments, key };
        match function(&mut call) {
            Ok(value) => Ok(value),
            Err(mut fault) => {
                fault.place = fault.place.or_else(|| Some((Rc::clone(&self.scope.source), at)));
                Err(fault)
            }
        }
    }

    fn short_circuit(
        &mut self,
        at: At,
        name: &str,
        operands: &[Operand],
        last: Option<Value>,
        dot: &Value,
    ) -> Running<Value> {
        if operands.is_empty() && last.is_none() {
            return self.fail(at, format!("wrong number of args for {name}: want at least 1 got 0"));
        }
        let mut value = Value::Absent;
        for operand in operands {
            value = self.operand(operand, dot)?;
            if value.truth() == (name == "or") {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

fn literal(number: Number) -> Value {
    match (number.is_float, number.float, number.whole) {
        (true, Some(float), _) => Value::Float(float),
        (_, _, Some(whole)) => Value::Int(whole),
        (_, float, None) => Value::Float(float.unwrap_or_default()),
    }
}
