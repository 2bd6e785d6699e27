//! All templates of a rendering, by name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::Part;
use super::lex::SyntaxError;
use super::parse::{is_blank, parse};
use super::stack::Stack;

/// The text templates were read from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file, as Helm names it: `chart/templates/web.yaml`.
    pub(crate) name: Rc<str>,
    pub(crate) text: Arc<str>,
}

/// A template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) source: Rc<Source>,
    pub(crate) body: Vec<Part>,
}

/// Templates by name. `tpl` adds to a set of its own above the one it is called from.
#[derive(Debug)]
pub(crate) struct TemplateSet {
    below: Option<Rc<TemplateSet>>,
    own: RefCell<HashMap<Rc<str>, Rc<Template>>>,
}

impl TemplateSet {
    pub(crate) fn new(below: Option<Rc<TemplateSet>>) -> Rc<Self> {
        Rc::new(Self { below, own: RefCell::default() })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Rc<Template>> {
        let own = self.own.borrow().get(name).cloned();
        own.or_else(|| self.below.as_ref()?.get(name))
    }

    /// Reads a text and adds it under a name, with all it defines. What prints nothing does not replace what
    /// prints.
    ///
    /// # Errors
    /// If the text is no template.
    pub(crate) fn add(
        &self,
        name: Rc<str>,
        source: &Rc<Source>,
        stack: Stack,
    ) -> Result<Rc<Template>, SyntaxError> {
        let parsed = parse(&source.text, stack)?;
        for (name, body) in parsed.defined {
            self.insert(name, Rc::new(Template { source: Rc::clone(source), body }));
        }
        let main = Rc::new(Template { source: Rc::clone(source), body: parsed.body });
        self.insert(name, Rc::clone(&main));
        Ok(main)
    }

    fn insert(&self, name: Rc<str>, template: Rc<Template>) {
        let prints = |template: &Template| !is_blank(&template.body);
        if prints(&template) || !self.get(&name).is_some_and(|known| prints(&known)) {
            self.own.borrow_mut().insert(name, template);
        }
    }
}
