//! A file of weights becomes a model that is ready to run, with its preprocessing and its labels.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::{AnyClassifier, BuildOptions, Classifier, Interpolation, Preparation};
use zoo_datasets::Transform;
use zoo_weights::WeightsFile;

use crate::cli::Trained;
use crate::resolve::{Named, named};
use zoo_cli::{DownloadReport, Failure};

/// A trained model, or what is known of it when the model itself is gone.
#[derive(Debug)]
pub(crate) struct Checkpoint<M = AnyClassifier> {
    /// The model's name in the zoo.
    pub(crate) name: String,
    pub(crate) model: M,
    num_classes: usize,
    /// What it was built with.
    pub(crate) options: BuildOptions,
    pub(crate) transform: Transform,
    /// The file's own class names, where it has them.
    pub(crate) classes: Option<Vec<String>>,
    /// With which seed the data was cut that it was trained on, where the file says so.
    pub(crate) data_seed: Option<u64>,
}

/// A file of weights, read, and what its model is.
#[derive(Debug)]
pub(crate) struct Opened {
    file: WeightsFile,
    path: String,
}

/// Where a trained model comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    File(Box<Opened>),
    /// Published weights of the model that is named; `DEFAULT` for its default ones.
    Published(String),
}

impl Trained {
    /// Looks at the flags, and reads the file that they name. `model` is what may be the model's name.
    pub(crate) fn origin(&self, model: Option<&str>) -> Result<Origin, Failure> {
        match (&self.weights, &self.pretrained) {
            (Some(path), _) => Ok(Origin::File(Box::new(Opened::read(path)?))),
            (None, Some(tag)) => Ok(Origin::Published(tag.clone())),
            // The name itself says that there are weights, and which.
            (None, None) if model.is_some_and(burn_zoo::says_weights) => Ok(Origin::Published("DEFAULT".to_owned())),
            (None, None) => Err(Failure::Usage("say which weights: --weights FILE, or --pretrained for published ones".to_owned())),
        }
    }

    /// The model with its weights, on a device.
    pub(crate) fn load(&self, origin: Origin, model: Option<&str>, device: &Device) -> Result<Checkpoint, Failure> {
        match origin {
            Origin::File(file) => file.load(model, device),
            Origin::Published(tag) => {
                let name = model.ok_or_else(|| Failure::Usage("name the model whose published weights are meant".to_owned()))?;
                let published = burn_zoo::fetch(name, Some(&tag), &self.hub.open()?, &mut DownloadReport::default())?;
                let (model, _) = published.load(BuildOptions::default(), device)?;
                let transform = zoo_recipes::evaluation_transform(&published.preparation, model.in_channels());
                transform.validate().map_err(|e| Failure::failed(&e))?;
                let (name, options, num_classes) = (published.model.to_owned(), published.options, model.num_classes());
                Ok(Checkpoint { name, model, num_classes, options, transform, classes: published.classes, data_seed: None })
            }
        }
    }
}

impl Opened {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let file = WeightsFile::read(path)?;
        Ok(Self { file, path: path.display().to_string() })
    }

    /// The model's name that the file gives.
    pub(crate) fn model(&self) -> Option<&str> {
        self.file.meta().model.as_deref()
    }

    /// Builds the model (the one typed, or the file's own) on a device and loads the weights.
    pub(crate) fn load(self, typed: Option<&str>, device: &Device) -> Result<Checkpoint, Failure> {
        let meta = self.file.meta();
        let own = || meta.model.clone().map(|name| Named { name, definition: None });
        let named = match typed {
            Some(typed) => named(typed)?,
            None => own().ok_or_else(|| {
                Failure::Usage(format!("`{}` does not say which model its weights are for; name the model on the command line", self.path))
            })?,
        };
        // The options are those of the file's model; another model that the user insists on has its own defaults.
        let mut options = match &meta.options {
            Some(options) if meta.model.as_deref() == Some(&named.name) => options.clone(),
            _ => BuildOptions::default(),
        };
        let mut model = named.build(options.clone(), device)?;
        if let Some(classes) = self.head_classes(&model)
            && classes != model.num_classes()
        {
            options = options.with_num_classes(classes);
            model = named.build(options.clone(), device)?;
        }
        let report = zoo_weights::load(&mut model, &self.file)?;
        if let Some(layer) = report.reinitialised.first() {
            let classes = model.num_classes();
            return Err(Failure::Failed(format!("`{}` holds no `{layer}` for {classes} classes", self.path)));
        }
        let transform = match &meta.transform {
            Some(value) => serde_json::from_value::<Transform>(value.clone())
                .map_err(|e| Failure::Failed(format!("the preprocessing in `{}` is not understood: {e}", self.path)))?,
            None => default_transform(&named, &options, &model)?,
        };
        let classes = meta.classes.clone().filter(|classes| classes.len() == model.num_classes());
        let data_seed = meta.extra.get(zoo_recipes::DATA_SEED).and_then(serde_json::Value::as_u64);
        options.definition = named.definition.or(options.definition);
        let num_classes = model.num_classes();
        Ok(Checkpoint { name: named.name, model, num_classes, options, transform, classes, data_seed })
    }

    /// The number of classes of the file's last layer.
    fn head_classes(&self, model: &AnyClassifier) -> Option<usize> {
        let head = model.classifier_names().into_iter().next()?;
        let shape = self.file.shape(&format!("{head}.weight"))?;
        shape.first().copied().filter(|classes| *classes > 0)
    }
}

/// ImageNet's preprocessing at the size for which the model is made: 256 to 224, or in the same proportion.
fn default_transform(named: &Named, options: &BuildOptions, model: &AnyClassifier) -> Result<Transform, Failure> {
    let info = burn_zoo::info(&named.name).ok_or_else(|| Failure::Failed(format!("model `{}` is not in the list", named.name)))?;
    let crop = options.image_size.unwrap_or([info.input[1], info.input[2]]);
    let short = crop[0].min(crop[1]);
    let preparation = Preparation {
        resize: (short * 256).div_ceil(224),
        crop,
        interpolation: Interpolation::Bilinear,
        mean: Transform::IMAGENET_MEAN.to_vec(),
        std: Transform::IMAGENET_STD.to_vec(),
    };
    let transform = zoo_recipes::evaluation_transform(&preparation, model.in_channels());
    transform.validate().map_err(|e| Failure::failed(&e))?;
    Ok(transform)
}

impl Checkpoint {
    /// The model, and the rest.
    pub(crate) fn take_model(self) -> (AnyClassifier, Checkpoint<()>) {
        let Self { name, model, num_classes, options, transform, classes, data_seed } = self;
        (model, Checkpoint { name, model: (), num_classes, options, transform, classes, data_seed })
    }
}

impl<M> Checkpoint<M> {
    /// The name of a class: the file's, ImageNet's for a thousand classes, or its number.
    pub(crate) fn label(&self, index: usize) -> String {
        match &self.classes {
            Some(classes) => classes.get(index).cloned(),
            None if self.num_classes == 1000 => burn_zoo::imagenet_categories().get(index).map(|name| (*name).to_owned()),
            None => None,
        }
        .unwrap_or_else(|| index.to_string())
    }
}
