//! PyTorch's `print(model)`.

use super::Node;

impl Node {
    /// The module tree exactly as PyTorch's `print(model)` writes it, without a last newline.
    pub fn to_torch(&self) -> String {
        let mut text = String::new();
        self.write_torch(&mut text, 0);
        text
    }

    fn write_torch(&self, out: &mut String, indent: usize) {
        match self {
            Self::Leaf(op) => {
                *out += op.name();
                *out += "(";
                *out += &op.torch_args();
                *out += ")";
            }
            Self::Tree { kind, children, .. } => {
                *out += kind;
                *out += "(";
                for (name, child) in children {
                    *out += &format!("\n{:indent$}({name}): ", "", indent = indent + 2);
                    child.write_torch(out, indent + 2);
                }
                if !children.is_empty() {
                    *out += &format!("\n{:indent$}", "");
                }
                *out += ")";
            }
        }
    }
}
