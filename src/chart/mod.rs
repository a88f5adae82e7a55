//! What administrators see of a workflow: its statechart as a picture (SVG, Mermaid, DOT). Pure, and deterministic: the same
//! workflow gives the same picture, to the byte.
//!
//! [`Graph`] is the statechart with the words of one language; [`Marks`] is what stands where; `layout` knows only sizes.

mod dot;
mod graph;
mod layout;
mod marks;
mod mermaid;
mod say;
mod svg;
mod text;

pub use dot::dot;
pub use graph::{Cause, Edge, Graph, Kind, Node, Tie, Way};
pub use marks::{Marks, Visit};
pub use mermaid::mermaid;
pub use say::phrases;
pub use svg::{Ink, Picture};
