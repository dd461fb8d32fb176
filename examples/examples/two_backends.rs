//! Runs [`zoo_examples::two_backends`]: flex, and ndarray or the backend that is named.

use zoo_backend::Backend;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let other = if Backend::NdArray.is_compiled() { Backend::NdArray } else { Backend::Flex };
    zoo_examples::two_backends::run(Backend::Flex, zoo_examples::backend(other)?, &mut std::io::stdout())
}
