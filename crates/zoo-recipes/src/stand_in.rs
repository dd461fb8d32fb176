//! Generated pictures of the shape that a data set's have, for when it is not there.

use std::sync::Arc;

use burn_dataset::Dataset;
use zoo_core::splitmix64;
use zoo_datasets::{DataError, DataOptions, Image, PictureSet, Sample, SharedDataset, Splits};

use crate::{Recipe, RecipeError};

/// Classes, channels and size `[height, width]` of the published data sets, as their papers say.
const PUBLISHED: [(&str, usize, usize, [usize; 2]); 5] = [
    ("mnist", 10, 1, [28, 28]),
    ("fashion-mnist", 10, 1, [28, 28]),
    ("kmnist", 10, 1, [28, 28]),
    ("cifar10", 10, 3, [32, 32]),
    ("cifar100", 100, 3, [32, 32]),
];

/// Classes of a folder of which nothing is known: ImageNet's.
const IMAGENET: usize = 1000;

struct Generated {
    length: usize,
    channels: usize,
    size: [usize; 2],
    classes: usize,
}

impl Dataset<Sample, DataError> for Generated {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let [height, width] = self.size;
        let value = |at: usize| splitmix64((index * 1_000_003 + at) as u64) as u8;
        let pixels = (0..height * width * self.channels).map(value).collect();
        let image = Image::new(height, width, self.channels, pixels);
        let image = image.map_err(|e| DataError::InvalidOption { option: "image_size", value: e.to_string(), expected: "at least 1" })?;
        Ok(Sample::new(image, index % self.classes))
    }

    fn len(&self) -> usize {
        self.length
    }
}

impl PictureSet for Generated {}

/// So many pictures in place of the data set of a recipe, whose model takes `size`; the built-in sets as they are.
pub(crate) fn stand_in(recipe: &Recipe, size: [usize; 2], length: usize) -> Result<Splits, RecipeError> {
    let published = PUBLISHED.iter().find(|(name, ..)| *name == recipe.dataset);
    if published.is_none() && !matches!(recipe.dataset.as_str(), "folder" | "shards") {
        let options = DataOptions { image_size: size, seed: recipe.data_seed, limit: Some(length), ..DataOptions::default() };
        return Ok(zoo_datasets::open(&recipe.dataset, &options)?);
    }
    // Photographs are larger than what is cut out of them, and no squares.
    let photograph = [size[0] + size[0] / 7, size[1] + size[1] / 3];
    let (classes, channels, native) = published
        .map_or((recipe.num_classes.unwrap_or(IMAGENET), 3, photograph), |(_, classes, channels, size)| (*classes, *channels, *size));
    let set: SharedDataset = Arc::new(Generated { length, channels, size: native, classes });
    Ok(Splits {
        name: recipe.dataset.clone(),
        train: Arc::clone(&set),
        valid: Arc::clone(&set),
        test: set,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        channels,
        native_size: published.map(|_| native),
        statistics: None,
        notes: vec!["these are generated pictures".to_owned()],
    })
}
