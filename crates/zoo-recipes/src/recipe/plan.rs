//! What a recipe means for its model.

use std::path::PathBuf;

use burn_zoo::BuildOptions;

use crate::Recipe;

impl Recipe {
    /// The model's options for a data set with so many classes and channels.
    pub(crate) fn options(&self, classes: usize, channels: usize) -> BuildOptions {
        BuildOptions {
            num_classes: Some(self.num_classes.unwrap_or(classes)),
            in_channels: Some(channels),
            dropout: self.dropout,
            drop_path: self.drop_path,
            image_size: self.image_size.map(|side| [side, side]),
            definition: self.definition.clone(),
            ..BuildOptions::default()
        }
    }

    /// The same recipe with everything said that was left to the model, the data or the place it was called from: a run
    /// folder's recipe means the same wherever and whenever it is read.
    pub(crate) fn explicit(&self, options: &BuildOptions, size: [usize; 2]) -> Self {
        // Defaults are square; a path that is not there any more stays as it was typed.
        let absolute = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        Self {
            image_size: Some(size[0]),
            num_classes: options.num_classes,
            data: self.data.as_ref().map(absolute),
            pretrained_path: self.pretrained_path.as_ref().map(absolute),
            teacher_weights: self.teacher_weights.as_ref().map(absolute),
            ..self.clone()
        }
    }
}
