//! One page of run folders: `cargo run -p zoo-report --example page -- RUN... > page.html`.

use std::path::Path;

use zoo_report::{ReportError, Run, page};

fn main() -> Result<(), ReportError> {
    let runs = std::env::args().skip(1).map(|folder| Run::read(Path::new(&folder))).collect::<Result<Vec<_>, _>>()?;
    print!("{}", page(&runs));
    Ok(())
}
