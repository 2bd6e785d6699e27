//! Diagrams as text: what is drawn, and the two languages it is written in.

mod d2;
mod graph;
mod identifiers;
mod mermaid;
#[cfg(test)]
mod tests;

pub use graph::{Arrow, Diagram, End, Group, Look, Shape};
