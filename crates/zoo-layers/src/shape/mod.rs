//! Shape arithmetic as pure functions: output sizes of convolution and pooling, padding that keeps a size, receptive
//! fields. Sizes are in pixels; every function that can be given nonsense returns a typed error.

mod receptive;
mod window;

pub use receptive::ReceptiveField;
pub use window::{ShapeError, Window};
