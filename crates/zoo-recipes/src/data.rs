//! The data set of a recipe.

use zoo_datasets::{DataError, Resize, Splits, Transform};
use zoo_hub::{Hub, Progress};

use crate::Recipe;
use crate::pretrained::spread;

impl Recipe {
    /// Whether the data set has to be fetched before the run.
    pub fn wants_data(&self) -> bool {
        self.data.is_none() && zoo_datasets::is_published(&self.dataset)
    }

    /// Finds or downloads a published data set where no folder is given, and writes into the recipe where it is.
    ///
    /// # Errors
    /// Those of [`zoo_datasets::fetch`].
    pub fn fetch_data(&mut self, hub: &Hub, progress: &mut dyn Progress) -> Result<(), DataError> {
        if self.wants_data() {
            self.data = zoo_datasets::fetch(&self.dataset, hub, progress)?;
        }
        Ok(())
    }

    /// The preprocessing of this recipe. Where it leaves mean and deviation open they are the data set's own, else 0.5.
    ///
    /// Without a resize of its own the whole picture becomes the input; else its middle does.
    pub(crate) fn transform(&self, size: [usize; 2], splits: &Splits) -> Transform {
        let by_share = self.crop_pct.map(|share| (size[0].min(size[1]) as f64 / share).floor() as usize);
        let short = self.val_resize_size.or(by_share);
        let channels = splits.channels;
        let simple = Transform::simple(size, channels);
        let (mean, std) = splits.statistics.clone().unwrap_or((simple.mean, simple.std));
        Transform {
            filter: self.interpolation.unwrap_or(simple.filter),
            mean: self.mean.as_ref().map_or(mean, |mean| spread(mean, channels)),
            std: self.std.as_ref().map_or(std, |std| spread(std, channels)),
            resize: short.map_or(simple.resize, Resize::ShortSide),
            crop: short.map_or(simple.crop, |_| Some(size)),
            channels,
        }
    }
}
