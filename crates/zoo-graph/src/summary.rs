//! A model operation by operation: shapes, parameters and multiply-accumulates, of any model that can be captured.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use crate::graph::Graph;
use crate::op::Op;

/// One operation of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The operation: `conv`.
    pub name: &'static str,
    /// What it is set to: `stride 2x2`.
    pub settings: String,
    /// The shape of its result, the batch included.
    pub output: Vec<usize>,
    /// Parameters that no operation before has used.
    pub params: usize,
    /// Multiply-accumulates of convolutions, dense layers and matrix products.
    pub macs: u64,
}

/// What a captured graph consists of. Reshapes and other views are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The operations, in the order in which they run.
    pub rows: Vec<SummaryRow>,
    /// Parameters. Batch norm's running statistics are none.
    pub params: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Numbers that convolutions, dense layers and matrix products make.
    pub activations: usize,
}

impl Graph {
    /// The graph operation by operation. Passes fold parameters into others: as captured, before any pass, the numbers are the model's.
    ///
    /// ```
    /// use burn::nn::{Linear, LinearConfig};
    /// use burn::tensor::Device;
    ///
    /// let model: Linear = LinearConfig::new(4, 2).init(&Device::flex());
    /// let graph = zoo_graph::capture(&model, &[&[3, 4]], |model, inputs| vec![model.forward(inputs[0].tensor::<2>()).into()])?;
    /// let summary = graph.summary();
    /// assert_eq!((summary.params, summary.macs), (10, 24));
    /// println!("{summary}");
    /// # Ok::<(), zoo_graph::GraphError>(())
    /// ```
    pub fn summary(&self) -> Summary {
        let mut seen = HashSet::new();
        let mut summary = Summary { rows: Vec::new(), params: 0, macs: 0, activations: 0 };
        for node in &self.nodes {
            let params: usize = node.inputs.iter().filter(|id| seen.insert(**id)).map(|id| self.values[id.0].params).sum();
            let (output, macs) = (self.shape(node.output()).to_vec(), node.macs(self));
            summary.params += params;
            summary.macs += macs;
            if matches!(node.op, Op::Conv(_) | Op::Dense { .. } | Op::Matmul) {
                summary.activations += output.iter().product::<usize>();
            }
            if !node.op.is_view() || params > 0 {
                summary.rows.push(SummaryRow { name: node.op.name(), settings: node.settings(), output, params, macs });
            }
        }
        summary
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cells = |row: &SummaryRow| {
            let sizes: Vec<String> = row.output.iter().map(usize::to_string).collect();
            [row.name.to_owned(), row.settings.clone(), sizes.join("x"), row.params.to_string(), row.macs.to_string()]
        };
        let head = ["operation", "settings", "output", "parameters", "MACs"].map(str::to_owned);
        let last = ["".to_owned(), "".to_owned(), "".to_owned(), self.params.to_string(), self.macs.to_string()];
        let rows: Vec<[String; 5]> = [head].into_iter().chain(self.rows.iter().map(cells)).chain([last]).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(width);
        for [name, settings, output, params, macs] in &rows {
            writeln!(f, "{name:<a$}  {settings:<b$}  {output:<c$}  {params:>d$}  {macs:>e$}")?;
        }
        Ok(())
    }
}
