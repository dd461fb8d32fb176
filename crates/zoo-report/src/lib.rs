//! A training run as charts and pages. Pure functions from data to SVG, PNG and HTML; no tensors here.
//!
//! ```no_run
//! use std::path::Path;
//!
//! # fn example() -> Result<(), zoo_report::ReportError> {
//! // What a run folder has becomes curves, a confusion matrix, and a page that needs nothing but itself.
//! let runs = [zoo_report::Run::read(Path::new("a"))?, zoo_report::Run::read(Path::new("b"))?];
//! let files = zoo_report::files(&runs[0])?;
//! let comparison: String = zoo_report::page(&runs);
//! # Ok(())
//! # }
//! ```

mod chart;
mod compare;
mod confusion;
mod curves;
mod error;
mod evaluation;
mod events;
mod files;
mod groups;
mod page;
mod raster;
mod run;
mod sheet;
mod svg;
mod ticks;

pub use confusion::confusion_svg;
pub use curves::curves_svg;
pub use error::ReportError;
pub use evaluation::{ClassScore, Evaluation, Mistake, per_class};
pub use events::{scalars_record, version_record};
pub use files::files;
pub use page::page;
pub use raster::{png_of_rgb, png_of_svg};
pub use run::{EpochRow, LrFinder, LrPoint, Outcome, Run, Step};
pub use sheet::{Tile, contact_sheet};
