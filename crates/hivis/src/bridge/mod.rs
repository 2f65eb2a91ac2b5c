//! Pictures out to other tools and back: FiftyOne, Hugging Face, a plain folder.
//!
//! An export is written beside its folder and put in place by one rename. An import is read twice: first all of it is
//! checked and compared with the home, then it is written; what cannot be taken whole is refused whole. What a tool says
//! that the home has no place for is kept as it is written ([`kept`]) and goes out with the next export.

mod columns;
mod compare;
mod export;
mod fiftyone;
mod folder;
mod found;
mod imagefolder;
mod import;
mod kept;
mod relabelled;
mod rows;
mod staged;
mod table;
mod taking;

pub(crate) use export::{ExportOrder, export};
pub(crate) use import::{ImportOrder, import};
