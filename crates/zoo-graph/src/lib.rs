//! From any Burn model to an optimised graph of operations, and from the graph to a plan of steps and buffers.
//!
//! [`capture`] runs a model's `forward` on Burn's recording device and gives a [`Graph`]: values with shapes, operations,
//! and the weights as constants. What depends on constants alone is computed at once. [`passes`] rewrite the graph, each a
//! small step that keeps its meaning: batch norm goes into the convolution before it, activations and residual sums into what makes
//! their operand. [`Plan`] gives every value a place in one block of memory: feature maps channels last, reshapes and
//! permutations as views, concatenations written in place.
//!
//! ```
//! use burn::nn::{Linear, LinearConfig};
//! use burn::tensor::{Device, Tensor};
//!
//! let model: Linear = LinearConfig::new(4, 2).init(&Device::flex());
//! let mut graph = zoo_graph::capture(&model, &[&[1, 4]], |model, inputs| vec![model.forward(inputs[0].tensor::<2>()).into()])?;
//! zoo_graph::passes::optimise(&mut graph);
//! assert_eq!(graph.nodes.len(), 1, "a single dense layer:\n{graph}");
//! # Ok::<(), zoo_graph::GraphError>(())
//! ```

mod capture;
mod error;
mod fold;
mod graph;
mod import;
mod op;
pub mod passes;
mod plan;
mod print;
mod summary;
mod view;

pub use capture::{Input, Output, capture, capture_owned};
pub use error::GraphError;
pub use fold::run_on_flex;
pub use graph::{Constant, Graph, Node, Value, ValueId};
pub use op::{Binary, Conv, Op, Pool, PoolKind, Prologue, ReduceKind, Unary};
pub use plan::{Buffer, Caches, Operand, Plan, Step};
pub use summary::{Summary, SummaryRow};
pub use view::View;
