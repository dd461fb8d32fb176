//! Models with published weights: torchvision's and timm's by name and tag, repositories of the Hugging Face hub, folders.

use std::path::PathBuf;

use burn::tensor::Device;
use thiserror::Error;
use zoo_core::{BuildError, BuildOptions, Interpolation, Origin, Weights};
use zoo_hub::{Checkpoint, Download, Hub, HubError, PYTORCH, Progress, Repository, Settings, Silent, Source, SourceError, TimmConfig};
use zoo_weights::{LoadReport, WeightsError, WeightsFile};

use crate::{AnyClassifier, build, info, near_names, weights};

/// How pictures are made into inputs of published weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Preparation {
    /// Length of the picture's short side after resizing.
    pub resize: usize,
    /// Height and width of what is cut from its centre: the model's input.
    pub crop: [usize; 2],
    /// How it is resized.
    pub interpolation: Interpolation,
    /// Mean of each channel, of values from 0 to 1.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel.
    pub std: Vec<f32>,
}

/// Published weights that are on this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The model's name in the zoo.
    pub model: &'static str,
    /// Which weights: a tag, a repository, a folder.
    pub origin: String,
    /// The options for which the file was made.
    pub options: BuildOptions,
    /// The file.
    pub path: PathBuf,
    /// What the pictures must go through.
    pub preparation: Preparation,
    /// The classes' names where the file's origin gives them; none for ImageNet's.
    pub classes: Option<Vec<String>>,
    /// The licence, by its SPDX identifier, where it is known.
    pub license: Option<String>,
}

/// Why there is no model with published weights.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PretrainedError {
    /// The name means nothing.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The model cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The file cannot be had.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The file does not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Nobody published weights for the model that the zoo knows of.
    #[error("no published weights are known for `{model}`; `zoo list --pretrained` shows which models have some")]
    NoWeights {
        /// The model.
        model: String,
    },
    /// There are weights, but none with this tag.
    #[error("`{model}` has no weights `{tag}`; it has {known}")]
    UnknownTag {
        /// The model.
        model: String,
        /// What was asked for.
        tag: String,
        /// The tags that it has.
        known: String,
    },
    /// A tag was given twice, or to a source that has one already.
    #[error("`{source_name}` says already which weights; leave the tag `{tag}` out")]
    TwoTags {
        /// The source.
        source_name: String,
        /// The second tag.
        tag: String,
    },
    /// The repository's description says something that is not supported.
    #[error("`{origin}`: its `{key}` is `{value}`, which is not supported; {remedy}")]
    Description {
        /// The repository or folder.
        origin: String,
        /// The key of `config.json`.
        key: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        remedy: String,
    },
}

/// The row of the published weights that a model's name and a tag mean; without a tag, or with `DEFAULT`, the model's
/// default.
///
/// # Errors
/// [`PretrainedError::Build`] for an unknown model, [`PretrainedError::NoWeights`], [`PretrainedError::UnknownTag`].
pub fn find_weights(model: &str, tag: Option<&str>) -> Result<&'static Weights, PretrainedError> {
    let Some(info) = info(model) else {
        return Err(BuildError::UnknownModel { name: model.to_owned(), nearest: near_names(model) }.into());
    };
    let rows: Vec<&'static Weights> = weights().into_iter().filter(|row| row.model == info.name).collect();
    let Some(default) = rows.first() else { return Err(PretrainedError::NoWeights { model: model.to_owned() }) };
    match tag.filter(|tag| !is_default(tag)) {
        None => Ok(default),
        Some(tag) => rows.iter().copied().find(|row| row.has_tag(tag)).ok_or_else(|| PretrainedError::UnknownTag {
            model: model.to_owned(),
            tag: tag.to_owned(),
            known: rows.iter().map(|row| row.tag).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// Whether a name says which weights are meant: a repository, a folder, a model with a tag.
pub fn says_weights(name: &str) -> bool {
    match Source::parse(name) {
        Ok(Source::HuggingFace(_) | Source::Folder(_)) => true,
        Ok(Source::Model { architecture, tag }) => tag.is_some() && info(&architecture).is_some(),
        Err(_) => false,
    }
}

/// Finds or downloads published weights. `name` is a model's (`resnet50`, `resnet50.IMAGENET1K_V2`), `hf-hub:org/name` or
/// `local-dir:PATH`; `tag` says which weights, where the name does not.
///
/// # Errors
/// Any [`PretrainedError`] but [`PretrainedError::Weights`].
pub fn fetch(name: &str, tag: Option<&str>, hub: &Hub, progress: &mut dyn Progress) -> Result<Published, PretrainedError> {
    let source = Source::parse(name)?;
    // The default tag asks for no others than those that the name says.
    let tag = tag.filter(|tag| !is_default(tag));
    if let Some(tag) = tag.filter(|_| !matches!(source, Source::Model { tag: None, .. })) {
        return Err(PretrainedError::TwoTags { source_name: name.to_owned(), tag: tag.to_owned() });
    }
    match &source {
        Source::Model { architecture, tag: own } => {
            let row = find_weights(architecture, own.as_deref().or(tag))?;
            let mut download = |address: String| hub.fetch(&Download::from_address(&address)?, progress);
            let path = match row.origin {
                Origin::TorchVision => download(format!("{PYTORCH}/{}", row.file))?,
                Origin::Address(folder) => download(format!("{folder}{}", row.file))?,
                Origin::HuggingFace(repository) => hub.repository(&Repository::parse(repository)?, progress)?.weights,
            };
            Ok(of_row(row, path))
        }
        Source::HuggingFace(repository) => of_checkpoint(&source.to_string(), hub.repository(repository, progress)?),
        Source::Folder(folder) => of_checkpoint(&source.to_string(), Checkpoint::from_folder(folder)?),
    }
}

/// Whether a tag means the model's default weights, as torchvision writes it.
fn is_default(tag: &str) -> bool {
    tag.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("DEFAULT"))
}

/// A model with published weights, downloaded where they are not here yet. The environment's settings hold:
/// `docs/weights.md` names them.
///
/// ```no_run
/// # fn example(device: &burn::tensor::Device) -> Result<(), burn_zoo::PretrainedError> {
/// let model = burn_zoo::pretrained("resnet50", Some("IMAGENET1K_V2"), device)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Any [`PretrainedError`].
pub fn pretrained(name: &str, tag: Option<&str>, device: &Device) -> Result<AnyClassifier, PretrainedError> {
    let published = fetch(name, tag, &Hub::new(Settings::from_env(None)?), &mut Silent)?;
    Ok(published.load(BuildOptions::default(), device)?.0)
}

impl Published {
    /// Builds the model and loads the file. Where `options` are set they win: other classes get a fresh last layer, other
    /// channels an adapted stem, another picture size adapted embeddings.
    ///
    /// # Errors
    /// [`PretrainedError::Build`], [`PretrainedError::Weights`].
    pub fn load(&self, options: BuildOptions, device: &Device) -> Result<(AnyClassifier, LoadReport), PretrainedError> {
        let options = BuildOptions {
            num_classes: options.num_classes.or(self.options.num_classes),
            in_channels: options.in_channels.or(self.options.in_channels),
            image_size: options.image_size.or(self.options.image_size),
            ..options
        };
        let mut model = build(self.model, &options, device)?;
        let report = zoo_weights::load(&mut model, &WeightsFile::read(&self.path)?)?;
        Ok((model, report))
    }
}

fn of_row(row: &'static Weights, path: PathBuf) -> Published {
    Published {
        model: row.model,
        origin: format!("{}.{}", row.model, row.tag),
        options: BuildOptions { image_size: Some([row.crop, row.crop]), ..BuildOptions::default().with_num_classes(row.num_classes) },
        path,
        preparation: Preparation {
            resize: row.resize,
            crop: [row.crop, row.crop],
            interpolation: row.interpolation,
            mean: row.mean.to_vec(),
            std: row.std.to_vec(),
        },
        classes: None,
        license: Some(row.license.to_owned()),
    }
}

fn of_checkpoint(origin: &str, checkpoint: Checkpoint) -> Result<Published, PretrainedError> {
    let Checkpoint { config, weights, .. } = checkpoint;
    let wrong = |key, value: &str, remedy: &str| PretrainedError::Description {
        origin: origin.to_owned(),
        key,
        value: value.to_owned(),
        remedy: remedy.to_owned(),
    };
    let Some(info) = info(&config.architecture) else {
        let near = near_names(&config.architecture).join(", ");
        let remedy = if near.is_empty() { "`zoo list` shows the models".to_owned() } else { format!("the zoo has {near}") };
        return Err(wrong("architecture", &config.architecture, &remedy));
    };
    if let Some(key) = config.model_args.keys().find(|key| !matches!(key.as_str(), "num_classes" | "in_chans" | "img_size")) {
        return Err(wrong("model_args", key, "only num_classes, in_chans and img_size are"));
    }
    let preparation = prepare(&config, info.input).map_err(|(key, value)| wrong(key, &value, "resize and crop by hand"))?;
    let channels = config.pretrained_cfg.input_size.map(|[channels, ..]| channels);
    Ok(Published {
        model: info.name,
        origin: origin.to_owned(),
        options: BuildOptions {
            num_classes: config.num_classes,
            in_channels: channels,
            image_size: Some(preparation.crop),
            ..BuildOptions::default()
        },
        path: weights,
        preparation,
        classes: config.class_names().map(|names| names.into_iter().map(str::to_owned).collect()),
        license: config.pretrained_cfg.license.clone(),
    })
}

/// timm's evaluation transform at the training size.
fn prepare(config: &TimmConfig, designed: [usize; 3]) -> Result<Preparation, (&'static str, String)> {
    let cfg = &config.pretrained_cfg;
    let [channels, height, width] = cfg.input_size.unwrap_or(designed);
    let interpolation = match cfg.interpolation.as_deref() {
        None | Some("bicubic") => Interpolation::Bicubic,
        Some("bilinear") => Interpolation::Bilinear,
        Some(other) => return Err(("interpolation", other.to_owned())),
    };
    if let Some(mode) = cfg.crop_mode.as_deref().filter(|mode| *mode != "center") {
        return Err(("crop_mode", mode.to_owned()));
    }
    if height != width {
        return Err(("input_size", format!("{height}x{width}")));
    }
    let share = cfg.crop_pct.unwrap_or(0.875);
    if !(share > 0.0 && share <= 1.0) {
        return Err(("crop_pct", share.to_string()));
    }
    let values = |given: &Option<Vec<f64>>, key, default: f32| match given {
        None => Ok(vec![default; channels]),
        Some(values) if values.len() == channels => Ok(values.iter().map(|value| *value as f32).collect()),
        Some(values) => Err((key, format!("{values:?}"))),
    };
    Ok(Preparation {
        // As timm counts: rounded down.
        resize: (height as f64 / share).floor() as usize,
        crop: [height, width],
        interpolation,
        mean: values(&cfg.mean, "mean", 0.5)?,
        std: values(&cfg.std, "std", 0.5)?,
    })
}
