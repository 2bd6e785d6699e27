//! What `inspect` shows: a source as read, and the Mastodon made out in it.
//!
//! A [`View`] looks at both. Its facts become a [`Page`](page::Page) in the reader's words, which is written as text
//! for a terminal or as Markdown; JSON and diagrams are made from the facts themselves.

mod chapters;
mod coverage;
mod drawing;
mod json;
mod markdown;
mod names;
mod notes;
mod objects;
mod page;
mod release;
mod short;
mod surroundings;
mod text;
mod view;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use chapters::page;
pub(crate) use drawing::diagram;
pub(crate) use json::json;
pub(crate) use markdown::markdown;
pub(crate) use objects::objects;
pub(crate) use short::in_short;
pub(crate) use text::text;
pub(crate) use view::View;
