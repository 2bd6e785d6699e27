//! From tokens to templates.

use std::rc::Rc;

use super::ast::{At, Branch, Command, Operand, Part, Pipe, Term};
use super::lex::{Kind, SyntaxError, Token, lex};
use super::stack::Stack;
use crate::function::{self, Function};

/// How deep actions and parentheses may nest.
const MAX_NESTING: usize = 400;

/// A template's own body and the templates it defines, in the order they end.
pub(crate) struct Parsed {
    pub(crate) body: Vec<Part>,
    pub(crate) defined: Vec<(Rc<str>, Vec<Part>)>,
}

/// Whether a body prints nothing but blanks, so that it does not replace one that does.
pub(crate) fn is_blank(body: &[Part]) -> bool {
    body.iter().all(|part| matches!(part, Part::Text(text) if text.trim().is_empty()))
}

/// Reads a template.
///
/// # Errors
/// The first thing that is no template: syntax, an unknown function, an undefined variable.
pub(crate) fn parse(text: &str, stack: Stack) -> Result<Parsed, SyntaxError> {
    let tokens = lex(text)?;
    let mut parser = Parser {
        tokens,
        next: 0,
        variables: vec![Rc::from("$")],
        ranges: 0,
        nesting: 0,
        stack,
        defined: Vec::new(),
        functions: Vec::new(),
    };
    let (body, end) = parser.list(true)?;
    match end {
        Ending::Text => Ok(Parsed { body, defined: parser.defined }),
        Ending::End(at) => {
            Err(SyntaxError { at, detail: "unexpected {{end}}".to_owned(), is_too_deep: false })
        }
        Ending::Else(at) => {
            Err(SyntaxError { at, detail: "unexpected {{else}}".to_owned(), is_too_deep: false })
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    variables: Vec<Rc<str>>,
    ranges: usize,
    nesting: usize,
    stack: Stack,
    defined: Vec<(Rc<str>, Vec<Part>)>,
    /// The functions met so far: a template uses few, and each of them often.
    functions: Vec<(&'a str, Rc<str>, Function)>,
}

/// What ended a list of parts.
enum Ending {
    Text,
    End(At),
    /// The tokens after `else` are still to be read.
    Else(At),
}

type Parsing<T> = Result<T, SyntaxError>;

fn fail<T>(at: At, detail: impl Into<String>) -> Parsing<T> {
    Err(SyntaxError { at, detail: detail.into(), is_too_deep: false })
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &Token<'a> {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    /// The next token. It is taken out of the list, but for the last one, which ends it for good.
    fn take(&mut self) -> Token<'a> {
        let place = self.next.min(self.tokens.len() - 1);
        self.next += 1;
        let token = &mut self.tokens[place];
        let kind = match token.kind {
            Kind::End => Kind::End,
            _ => std::mem::replace(&mut token.kind, Kind::Space),
        };
        Token { kind, at: token.at }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek().kind, Kind::Space) {
            self.next += 1;
        }
    }

    fn take_solid(&mut self) -> Token<'a> {
        self.skip_space();
        self.take()
    }

    fn unexpected<T>(&self, token: &Token<'a>, context: &str) -> Parsing<T> {
        let what = match &token.kind {
            Kind::End => "the end of the template".to_owned(),
            Kind::Close => "\"}}\"".to_owned(),
            Kind::Word(word) => format!("<{word}>"),
            Kind::Text(_) => "text".to_owned(),
            Kind::Quoted(_) => "a quoted text".to_owned(),
            Kind::Field(name) => format!(".{name}"),
            Kind::Variable(name) => name.to_string(),
            other => format!("{other:?}").to_lowercase(),
        };
        fail(token.at, format!("unexpected {what} in {context}"))
    }

    fn close(&mut self, context: &str) -> Parsing<()> {
        let token = self.take_solid();
        if token.kind == Kind::Close { Ok(()) } else { self.unexpected(&token, context) }
    }

    fn deeper(&mut self, at: At) -> Parsing<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING || self.stack.is_exhausted() {
            let detail = "actions are nested too deeply".to_owned();
            return Err(SyntaxError { at, detail, is_too_deep: true });
        }
        Ok(())
    }

    /// Parts up to the end of the text, an `end` or an `else`.
    fn list(&mut self, is_top: bool) -> Parsing<(Vec<Part>, Ending)> {
        self.deeper(self.peek().at)?;
        let mut parts = Vec::new();
        let ending = loop {
            let token = self.take();
            match token.kind {
                Kind::End if is_top => break Ending::Text,
                Kind::End => return fail(token.at, "unexpected EOF: an {{end}} is missing"),
                Kind::Text(text) => parts.push(Part::Text(Rc::from(text))),
                Kind::Open => {
                    self.skip_space();
                    let word = match &self.peek().kind {
                        Kind::Word(word) => *word,
                        _ => "",
                    };
                    match word {
                        "end" => {
                            self.next += 1;
                            self.close("end")?;
                            break Ending::End(token.at);
                        }
                        "else" => {
                            self.next += 1;
                            break Ending::Else(token.at);
                        }
                        "define" if is_top => self.define(token.at)?,
                        _ => parts.push(self.action(word)?),
                    }
                }
                _ => return self.unexpected(&token, "input"),
            }
        };
        self.nesting -= 1;
        parts.shrink_to_fit();
        Ok((parts, ending))
    }

    /// A body of its own: variables and ranges around do not reach it.
    fn own_body(&mut self, at: At) -> Parsing<Vec<Part>> {
        let variables = std::mem::replace(&mut self.variables, vec![Rc::from("$")]);
        let ranges = std::mem::take(&mut self.ranges);
        let (body, ending) = self.list(false)?;
        self.variables = variables;
        self.ranges = ranges;
        match ending {
            Ending::End(_) => Ok(body),
            _ => fail(at, "unexpected {{else}} in a template's body"),
        }
    }

    fn add(&mut self, at: At, name: Rc<str>, body: Vec<Part>) -> Parsing<()> {
        match self.defined.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if is_blank(known) => *known = body,
            Some(_) if is_blank(&body) => {}
            Some(_) => return fail(at, format!("multiple definition of template {name:?}")),
            None => self.defined.push((name, body)),
        }
        Ok(())
    }

    fn name(&mut self, context: &str) -> Parsing<Rc<str>> {
        let token = self.take_solid();
        match token.kind {
            Kind::Quoted(name) => Ok(Rc::from(name)),
            _ => self.unexpected(&token, context),
        }
    }

    fn define(&mut self, at: At) -> Parsing<()> {
        self.take();
        let name = self.name("define clause")?;
        self.close("define clause")?;
        let body = self.own_body(at)?;
        self.add(at, name, body)
    }

    fn action(&mut self, word: &str) -> Parsing<Part> {
        let at = self.peek().at;
        let is_keyword =
            matches!(word, "if" | "with" | "range" | "template" | "block" | "break" | "continue" | "define");
        if !is_keyword {
            let pipe = self.pipeline("command", &Kind::Close)?;
            return Ok(Part::Action(pipe));
        }
        self.take();
        match word {
            "if" | "with" | "range" => self.control(word),
            "template" => self.template_clause(at),
            "block" => self.block(at),
            "define" => fail(at, "unexpected {{define}} inside of another action"),
            _ => {
                self.close(word)?;
                if self.ranges == 0 {
                    return fail(at, format!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                Ok(if word == "break" { Part::Break } else { Part::Continue })
            }
        }
    }

    fn template_clause(&mut self, at: At) -> Parsing<Part> {
        let name = self.name("template clause")?;
        self.skip_space();
        let pipe = if matches!(self.peek().kind, Kind::Close) {
            self.take();
            None
        } else {
            Some(Box::new(self.pipeline("template clause", &Kind::Close)?))
        };
        Ok(Part::Template { at, name, pipe })
    }

    fn block(&mut self, at: At) -> Parsing<Part> {
        let name = self.name("block clause")?;
        let pipe = self.pipeline("block clause", &Kind::Close)?;
        let body = self.own_body(at)?;
        self.add(at, Rc::clone(&name), body)?;
        Ok(Part::Template { at, name, pipe: Some(Box::new(pipe)) })
    }

    fn control(&mut self, word: &str) -> Parsing<Part> {
        let mark = self.variables.len();
        let branch = Box::new(self.branch(word)?);
        self.variables.truncate(mark);
        Ok(match word {
            "if" => Part::If(branch),
            "with" => Part::With(branch),
            _ => Part::Range(branch),
        })
    }

    fn branch(&mut self, word: &str) -> Parsing<Branch> {
        let pipe = self.pipeline(word, &Kind::Close)?;
        self.ranges += usize::from(word == "range");
        let (then, ending) = self.list(false)?;
        self.ranges -= usize::from(word == "range");
        let otherwise = match ending {
            Ending::Else(at) => self.otherwise(word, at)?,
            _ => Vec::new(),
        };
        Ok(Branch { pipe, then, otherwise })
    }

    fn otherwise(&mut self, word: &str, at: At) -> Parsing<Vec<Part>> {
        self.skip_space();
        let chained = match &self.peek().kind {
            Kind::Word(next) if *next == word && matches!(word, "if" | "with") => true,
            Kind::Close => false,
            _ => {
                let token = self.peek().clone();
                return self.unexpected(&token, "else clause");
            }
        };
        self.take();
        if chained {
            self.deeper(at)?;
            let part = self.control(word)?;
            self.nesting -= 1;
            return Ok(vec![part]);
        }
        let (parts, ending) = self.list(false)?;
        match ending {
            Ending::End(_) => Ok(parts),
            Ending::Else(at) => fail(at, "expected end; found {{else}}"),
            Ending::Text => fail(at, "an {{end}} is missing"),
        }
    }

    fn pipeline(&mut self, context: &str, end: &Kind<'a>) -> Parsing<Pipe> {
        self.skip_space();
        let at = self.peek().at;
        self.deeper(at)?;
        let commands = Vec::with_capacity(1);
        let mut pipe = Pipe { at, variables: Vec::new(), is_assignment: false, commands };
        self.declarations(context, &mut pipe)?;
        loop {
            self.skip_space();
            if self.peek().kind == *end {
                self.take();
                break;
            }
            let command = self.command()?;
            pipe.commands.push(command);
        }
        if pipe.commands.is_empty() {
            return fail(at, format!("missing value for {context}"));
        }
        for (stage, command) in pipe.commands.iter().enumerate().skip(1) {
            let is_value = command.operands.first().is_some_and(|first| {
                matches!(first.term, Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(_))
            });
            if is_value {
                return fail(at, format!("non executable command in pipeline stage {}", stage + 1));
            }
        }
        self.nesting -= 1;
        Ok(pipe)
    }

    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Parsing<()> {
        loop {
            self.skip_space();
            let Kind::Variable(name) = self.peek().kind else { return Ok(()) };
            let at = self.peek().at;
            let mark = self.next;
            self.next += 1;
            self.skip_space();
            match self.peek().kind {
                Kind::Assign | Kind::Declare => {
                    pipe.is_assignment = self.take().kind == Kind::Assign;
                    self.declare(pipe, name, at)?;
                    return Ok(());
                }
                Kind::Comma if context == "range" && pipe.variables.is_empty() => {
                    self.take();
                    self.declare(pipe, name, at)?;
                    self.skip_space();
                    match self.peek().kind {
                        Kind::Variable(_) => {}
                        _ => return fail(at, "range can only initialize variables"),
                    }
                }
                Kind::Comma => return fail(at, format!("too many declarations in {context}")),
                _ => {
                    self.next = mark;
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, name: &str, at: At) -> Parsing<()> {
        let known = self.variables.iter().find(|known| ***known == *name);
        let name = match known {
            Some(known) => Rc::clone(known),
            None if pipe.is_assignment => return fail(at, format!("undefined variable {name:?}")),
            None => Rc::from(name),
        };
        if !pipe.is_assignment {
            self.variables.push(Rc::clone(&name));
        }
        pipe.variables.push(name);
        Ok(())
    }

    fn command(&mut self) -> Parsing<Command> {
        let mut operands = Vec::with_capacity(1);
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                operands.push(operand);
            }
            match self.peek().kind {
                Kind::Space => self.next += 1,
                Kind::Close | Kind::RightParen => break,
                Kind::Pipe => {
                    self.next += 1;
                    break;
                }
                _ => return self.unexpected(&self.peek().clone(), "operand"),
            }
        }
        if operands.is_empty() {
            return fail(self.peek().at, "empty command");
        }
        Ok(Command { operands })
    }

    fn operand(&mut self) -> Parsing<Option<Operand>> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        if let Term::Field(known) | Term::Variable(_, known) = &mut operand.term {
            self.fields(known);
            return Ok(Some(operand));
        }
        let mut fields = Vec::new();
        self.fields(&mut fields);
        if fields.is_empty() {
            return Ok(Some(operand));
        }
        let at = operand.at;
        let term = match operand.term {
            Term::Bool(_) | Term::Text(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                return fail(at, "unexpected . after a plain value");
            }
            _ => Term::Chain(Box::new(operand), fields),
        };
        Ok(Some(Operand { at, term }))
    }

    /// Takes the fields that are named here.
    fn fields(&mut self, fields: &mut Vec<Rc<str>>) {
        while let Kind::Field(name) = self.peek().kind {
            fields.push(Rc::from(name));
            self.next += 1;
        }
    }

    fn term(&mut self) -> Parsing<Option<Operand>> {
        let at = self.peek().at;
        let term = match &self.peek().kind {
            Kind::Word(word) => {
                let word = *word;
                self.word(at, word)?
            }
            Kind::Dot => Term::Dot,
            // Its first field is taken with the others.
            Kind::Field(_) => return Ok(Some(Operand { at, term: Term::Field(Vec::new()) })),
            Kind::Variable(name) => {
                let Some(known) = self.variables.iter().find(|known| ***known == **name) else {
                    return fail(at, format!("undefined variable {name:?}"));
                };
                Term::Variable(Rc::clone(known), Vec::new())
            }
            Kind::Number(number) => Term::Number(*number.0),
            Kind::Quoted(text) => Term::Text(Rc::from(text.as_ref())),
            Kind::LeftParen => {
                self.take();
                let pipe = self.pipeline("parenthesized pipeline", &Kind::RightParen)?;
                return Ok(Some(Operand { at, term: Term::Pipe(Box::new(pipe)) }));
            }
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(Operand { at, term }))
    }

    fn word(&mut self, at: At, word: &'a str) -> Parsing<Term> {
        match word {
            "true" => Ok(Term::Bool(true)),
            "false" => Ok(Term::Bool(false)),
            "nil" => Ok(Term::Nil),
            "if" | "else" | "end" | "with" | "range" | "define" | "template" | "block" => {
                fail(at, format!("unexpected <{word}> in operand"))
            }
            name => {
                if let Some((_, known, function)) = self.functions.iter().find(|(known, ..)| *known == name) {
                    return Ok(Term::Function(Rc::clone(known), *function));
                }
                let Some(function) = function::find(name) else {
                    return fail(at, format!("function {name:?} not defined"));
                };
                let own: Rc<str> = Rc::from(name);
                self.functions.push((name, Rc::clone(&own), function));
                Ok(Term::Function(own, function))
            }
        }
    }
}
