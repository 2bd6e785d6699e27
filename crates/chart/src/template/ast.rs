//! What a template is once it was read.

use std::rc::Rc;

use crate::function::Function;

/// A place in a template's text: bytes from its start.
pub(crate) type At = usize;

/// A part of a template.
#[derive(Debug)]
pub(crate) enum Part {
    Text(Rc<str>),
    Action(Pipe),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template { at: At, name: Rc<str>, pipe: Option<Box<Pipe>> },
    Break,
    Continue,
}

/// `if`, `with` and `range`, with what they choose between.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) then: Vec<Part>,
    pub(crate) otherwise: Vec<Part>,
}

/// Commands, each given the value of the one before it.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) at: At,
    /// The variables it sets; two only in a `range`.
    pub(crate) variables: Vec<Rc<str>>,
    /// Whether the variables are set (`=`) and not made (`:=`).
    pub(crate) is_assignment: bool,
    pub(crate) commands: Vec<Command>,
}

/// A function, field or value with what is given to it.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) operands: Vec<Operand>,
}

/// A part of a command and where it stands.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) at: At,
    pub(crate) term: Term,
}

/// What an operand is.
#[derive(Debug)]
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Rc<str>),
    /// `.a.b`
    Field(Vec<Rc<str>>),
    /// `$x.a.b`
    Variable(Rc<str>, Vec<Rc<str>>),
    Function(Rc<str>, Function),
    /// `(…).a.b`
    Chain(Box<Operand>, Vec<Rc<str>>),
    Pipe(Box<Pipe>),
}

/// A literal number. Go decides by its use whether it is whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    pub(crate) whole: Option<i64>,
    pub(crate) float: Option<f64>,
    /// Whether it was written with a point or an exponent.
    pub(crate) is_float: bool,
}

impl Operand {
    /// The operand as it would be written, where it names a value.
    pub(crate) fn name(&self) -> Option<String> {
        match &self.term {
            Term::Field(fields) => Some(format!(".{}", fields.join("."))),
            Term::Variable(name, fields) if fields.is_empty() => Some(name.to_string()),
            Term::Variable(name, fields) => Some(format!("{name}.{}", fields.join("."))),
            Term::Chain(inner, fields) => Some(format!("{}.{}", inner.name()?, fields.join("."))),
            Term::Pipe(pipe) => match pipe.commands.as_slice() {
                [command] => match command.operands.as_slice() {
                    [operand] => operand.name(),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
}
