//! Published weights in a recipe, and their preprocessing as a transform.

use burn_zoo::{Interpolation, Preparation, PretrainedError, Published};
use zoo_datasets::{Filter, Resize, Transform};
use zoo_hub::{Hub, Progress};

use crate::Recipe;

/// The evaluation transform of published weights, for pictures of so many channels.
pub fn evaluation_transform(preparation: &Preparation, channels: usize) -> Transform {
    Transform {
        resize: Resize::ShortSide(preparation.resize),
        filter: filter(preparation.interpolation),
        crop: Some(preparation.crop),
        channels,
        mean: spread(&preparation.mean, channels),
        std: spread(&preparation.std, channels),
    }
}

fn filter(interpolation: Interpolation) -> Filter {
    match interpolation {
        Interpolation::Bilinear => Filter::Bilinear,
        Interpolation::Bicubic => Filter::Bicubic,
    }
}

/// For other channels than the weights', of each the average: a grey picture has it in every channel.
pub(crate) fn spread(values: &[f32], channels: usize) -> Vec<f32> {
    if values.len() == channels {
        return values.to_vec();
    }
    vec![values.iter().sum::<f32>() / values.len().max(1) as f32; channels]
}

impl Recipe {
    /// Whether weights are to be fetched before the run: a tag is given, or the model's name says which. A recipe that names a
    /// file as well, as that of a run folder does, has them.
    pub fn wants_published(&self) -> bool {
        self.pretrained_path.is_none() && (self.pretrained.is_some() || burn_zoo::says_weights(&self.model))
    }

    /// Finds or downloads the weights that the recipe names and writes what follows from them into it: the file, and the
    /// picture size, mean, deviation and interpolation where the recipe leaves them open.
    ///
    /// # Errors
    /// [`PretrainedError`].
    pub fn fetch(&mut self, hub: &Hub, progress: &mut dyn Progress) -> Result<Published, PretrainedError> {
        let published = burn_zoo::fetch(&self.model, self.pretrained.as_deref(), hub, progress)?;
        let preparation = &published.preparation;
        self.model = published.model.to_owned();
        self.pretrained = Some(published.origin.clone());
        self.pretrained_path = Some(published.path.clone());
        self.image_size = self.image_size.or(Some(preparation.crop[0]));
        self.interpolation = self.interpolation.or(Some(filter(preparation.interpolation)));
        self.mean.get_or_insert_with(|| preparation.mean.clone());
        self.std.get_or_insert_with(|| preparation.std.clone());
        Ok(published)
    }
}
