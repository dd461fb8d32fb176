//! What a recipe means for its model and its data.

use std::sync::Arc;

use burn::tensor::Device;
use burn_zoo::{AnyClassifier, BuildOptions, Classifier};
use zoo_datasets::{DataOptions, Loader, LoaderOptions, Preprocess, SharedDataset, Splits, Transform};
use zoo_weights::WeightsMeta;

use crate::run::NARROW;
use crate::{Recipe, RecipeError};

/// Under this name a checkpoint says with which [`Recipe::data_seed`] its data was cut, in [`WeightsMeta::extra`].
pub const DATA_SEED: &str = "data_seed";

/// A recipe with its data opened and its model's options settled. Everything that can be wrong with them is found here.
pub(crate) struct Plan<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) splits: Splits,
    pub(crate) options: BuildOptions,
    /// `[height, width]` of the model's input.
    pub(crate) size: [usize; 2],
    pub(crate) transform: Transform,
    /// The same for pictures that are trained on, before augmentation.
    pub(crate) train_transform: Transform,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(recipe: &'a Recipe, device: &Device) -> Result<Self, RecipeError> {
        Self::of(recipe, device, |image_size| {
            let (path, seed, limit) = (recipe.data.clone(), recipe.data_seed, recipe.limit);
            let options = DataOptions { path, image_size, seed, limit, ..DataOptions::default() };
            Ok(zoo_datasets::open(&recipe.dataset, &options)?)
        })
    }

    /// The plan with the data that `open` has for a model of this input `[height, width]`.
    pub(crate) fn of(
        recipe: &'a Recipe,
        device: &Device,
        open: impl FnOnce([usize; 2]) -> Result<Splits, RecipeError>,
    ) -> Result<Self, RecipeError> {
        if recipe.amp && !device.supports_dtype(NARROW) {
            return Err(RecipeError::NoBfloat16 { backend: recipe.backend.clone() });
        }
        // An unknown model is told before the data is looked at.
        let Some(info) = burn_zoo::info(&recipe.model) else {
            burn_zoo::build(&recipe.model, &BuildOptions::default(), device)?;
            return Err(RecipeError::Device(format!("model `{}` is not in the list", recipe.model)));
        };
        let size = recipe.image_size.map_or([info.input[1], info.input[2]], |side| [side, side]);
        let splits = open(size)?;
        // Said even where it is the model's own: a resumed run, whose recipe says it, writes the same checkpoints.
        let options = BuildOptions { image_size: Some(size), ..recipe.options(splits.classes.len(), splits.channels) };
        if options.num_classes.is_some_and(|n| n < splits.classes.len()) {
            let value = options.num_classes.unwrap_or(0).to_string();
            return Err(RecipeError::Value { key: "num_classes", value, must_be: "at least the data set's number of classes" });
        }
        let model = burn_zoo::build(&recipe.model, &options, device)?;
        let train_size = recipe.train_image_size.map_or(size, |side| [side, side]);
        for [height, width] in [size, train_size] {
            model.check_input([splits.channels, height, width])?;
        }
        let (transform, train_transform) = (recipe.transform(size, &splits), recipe.transform(train_size, &splits));
        transform.validate()?;
        Ok(Self { recipe, splits, options, size, transform, train_transform })
    }

    /// Whether a teacher's answers are about the same classes and pictures.
    pub(crate) fn check_teacher(&self, teacher: &AnyClassifier) -> Result<(), RecipeError> {
        let side = self.train_transform.output_size().unwrap_or(self.size);
        teacher.check_input([self.splits.channels, side[0], side[1]])?;
        let classes = self.options.num_classes.unwrap_or(0);
        if teacher.num_classes() != classes {
            let value = format!("a model of {} classes", teacher.num_classes());
            return Err(RecipeError::Value { key: "teacher", value, must_be: "one of as many classes as the model" });
        }
        Ok(())
    }

    pub(crate) fn build(&self, device: &Device) -> Result<AnyClassifier, RecipeError> {
        Ok(burn_zoo::build(&self.recipe.model, &self.options, device)?)
    }

    pub(crate) fn loader(&self, dataset: &SharedDataset, training: bool) -> Result<Loader, RecipeError> {
        let augment = &self.recipe.augment;
        let preprocess: Arc<dyn Preprocess> =
            if training { augment.preprocess(self.train_transform.clone())? } else { Arc::new(self.transform.clone()) };
        let options = LoaderOptions {
            batch_size: self.recipe.batch_size,
            shuffle: training.then_some(self.recipe.seed),
            workers: self.recipe.workers,
            mixup: if training { augment.mixup() } else { None },
            aug_repeats: if training { augment.aug_repeats } else { 0 },
            ..LoaderOptions::default()
        };
        Ok(Loader::new(Arc::clone(dataset), preprocess, options)?)
    }

    /// The name of a class. A model may have more classes than the data.
    pub(crate) fn class(&self, index: usize) -> &str {
        self.splits.classes.get(index).map_or("?", String::as_str)
    }

    pub(crate) fn meta(&self, epoch: usize) -> Result<WeightsMeta, RecipeError> {
        let transform = serde_json::to_value(&self.transform).map_err(|e| RecipeError::Device(e.to_string()))?;
        let extra = [(DATA_SEED.to_owned(), self.recipe.data_seed.into())].into();
        Ok(WeightsMeta {
            model: Some(self.recipe.model.clone()),
            options: Some(self.options.clone()),
            classes: Some(self.splits.classes.clone()),
            transform: Some(transform),
            epoch: Some(epoch),
            extra,
        })
    }
}
