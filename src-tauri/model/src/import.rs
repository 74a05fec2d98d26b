//! Environment files made from what others wrote: the manifest of an Aspire
//! application, or a Compose project of several files.
//!
//! An import is a start, not a translation that is kept: it writes what a person
//! goes on with, says what it left out and why, and never touches the source.

mod aspire;
mod expression;
mod name;
pub(crate) mod write;

pub use crate::file::flatten;
pub use aspire::manifest;

use crate::problem::Problem;

/// What an import made.
#[derive(Debug)]
pub struct Imported {
    /// The environment file; nothing where the source cannot be used.
    pub text: Option<String>,
    /// What has no meaning here or needs a look, with its place in the source.
    pub notes: Vec<Problem>,
}
