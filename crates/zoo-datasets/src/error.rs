//! What can go wrong between a path and a batch.

use std::io;
use std::path::PathBuf;

use crate::sample::ImageShapeError;

/// Why bytes are not a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The first bytes are not those of any known picture format.
    #[error("this is not a picture: neither JPEG, PNG, WebP nor BMP")]
    UnknownFormat,
    /// A picture format that is not read here, such as GIF or TIFF.
    #[error("{format} pictures are not supported; use JPEG, PNG, WebP or BMP")]
    UnsupportedFormat {
        /// Name of the format.
        format: String,
    },
    /// More pixels than [`MAX_PIXELS`](crate::MAX_PIXELS).
    #[error("{width}x{height} pixels are too many; at most {limit} are decoded")]
    TooLarge {
        /// Width in pixels, as the header says.
        width: u32,
        /// Height in pixels, as the header says.
        height: u32,
        /// Largest number of pixels.
        limit: u64,
    },
    /// A JPEG that stops before its end marker. Decoders would fill the missing part with grey.
    #[error("the JPEG is truncated: it has no end marker")]
    Truncated,
    /// The decoder gave up.
    #[error("the picture is damaged or of an unsupported kind")]
    Image(#[source] image::ImageError),
    /// The decoder met a case that it was not written for.
    #[error("the decoder failed: {message}")]
    Panicked {
        /// What its panic said.
        message: String,
    },
    /// The decoder's result is not a picture.
    #[error("the decoder gave no picture")]
    Shape(#[from] ImageShapeError),
}

/// Why a picture cannot be preprocessed, or a [`Transform`](crate::Transform) is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransformError {
    /// Channels other than 1 or 3.
    #[error("{channels} channels; a transform makes 1 (grey) or 3 (RGB)")]
    Channels {
        /// The channels asked for.
        channels: usize,
    },
    /// `mean` or `std` does not have one value per channel.
    #[error("`{field}` has {found} values for {channels} channels")]
    Statistics {
        /// `mean` or `std`.
        field: &'static str,
        /// Number of values.
        found: usize,
        /// Number of channels.
        channels: usize,
    },
    /// `mean` is not finite, or `std` is not positive and finite.
    #[error("`{field}` holds {value}, which is not a usable number")]
    Value {
        /// `mean`, `std`, `scale`, `ratio` or `flip`.
        field: &'static str,
        /// The value.
        value: f64,
    },
    /// A transform whose results have no fixed size.
    #[error("the size of the result is not fixed; crop, or resize to an exact size")]
    NoSize,
    /// A side of zero or of more than [`MAX_SIDE`](crate::MAX_SIDE) pixels.
    #[error("a picture of {height}x{width} pixels (height x width) cannot be made; sides must be in 1..={limit}")]
    Size {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
        /// Longest side.
        limit: usize,
    },
}

/// Why a picture's file cannot become a model's input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodedError {
    /// It is no usable picture.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The picture cannot be preprocessed.
    #[error(transparent)]
    Transform(#[from] TransformError),
}

/// What can go wrong with a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No data set has this name.
    #[error("unknown data set `{name}`{}; known: {}", hint(.nearest), crate::names().join(", "))]
    UnknownDataset {
        /// The name asked for.
        name: String,
        /// The most similar known name, where one is similar.
        nearest: Option<&'static str>,
    },
    /// An option has a value that cannot be used.
    #[error("data option `{option}` is {value}, but must be {expected}")]
    InvalidOption {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The data set needs a path.
    #[error("data set `{name}` needs a path")]
    PathRequired {
        /// Name of the data set.
        name: String,
    },
    /// The path is not an existing folder.
    #[error("{} is not an existing folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// There are splits for evaluation, but no training split.
    #[error("{} has a folder `{found}` but no folder `train`", path.display())]
    NoTrainFolder {
        /// The root.
        path: PathBuf,
        /// The split that is there.
        found: String,
    },
    /// Two folders for the same split.
    #[error("{} has both `{first}` and `{second}`; keep one", path.display())]
    AmbiguousSplit {
        /// The root.
        path: PathBuf,
        /// The one folder.
        first: String,
        /// The other folder.
        second: String,
    },
    /// No class folders.
    #[error("{} has no class folders; expected {}/CLASS/picture.jpg", path.display(), path.display())]
    NoClasses {
        /// The folder that should hold one folder per class.
        path: PathBuf,
    },
    /// Class folders, but no picture in them.
    #[error("{} has no pictures in its class folders (jpg, jpeg, png, webp, bmp)", path.display())]
    NoImages {
        /// The folder that holds the class folders.
        path: PathBuf,
    },
    /// No tar file for training.
    #[error("{} has no shards to train on; expected {}/train/000000.tar or {}/train-000000.tar", path.display(), path.display(), path.display())]
    NoShards {
        /// The folder that should hold them.
        path: PathBuf,
    },
    /// Too few pictures to cut the missing splits from them.
    #[error("{} has only {images} pictures, too few to cut a `{split}` split from them", path.display())]
    TooFewImages {
        /// The folder that holds the class folders.
        path: PathBuf,
        /// Pictures in it.
        images: usize,
        /// The split to be cut.
        split: &'static str,
    },
    /// A class that the training split does not have.
    #[error("class `{class}` in {} is not among the training classes", path.display())]
    ExtraClass {
        /// The split's folder.
        path: PathBuf,
        /// The class.
        class: String,
    },
    /// A class folder whose name is not Unicode.
    #[error("the name of class folder {} is not Unicode", path.display())]
    ClassName {
        /// The class folder.
        path: PathBuf,
    },
    /// Folders in folders without end.
    #[error("{} lies more than {limit} folders deep; does a link lead back?", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
        /// Deepest folder that is listed.
        limit: usize,
    },
    /// The names of all files together are longer than an index can be.
    #[error("the names of the pictures below {} are more than 4 GB; split the folder", path.display())]
    TooManyNames {
        /// The folder.
        path: PathBuf,
    },
    /// A list of classes that cannot be used.
    #[error("{} is no list of classes: {reason}", path.display())]
    ClassMap {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Files of a published data set that are not here.
    #[error("data set `{name}` is not here: put {files} from {address} into {}", folder.display())]
    NotHere {
        /// Name of the data set.
        name: String,
        /// The missing files.
        files: String,
        /// Where they are published.
        address: String,
        /// Where they are to be.
        folder: PathBuf,
    },
    /// A file of a published data set that is not what it should be.
    #[error("{} is not a file of data set `{name}`: {reason}", path.display())]
    Format {
        /// Name of the data set.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A download did not work.
    #[error(transparent)]
    Hub(#[from] zoo_hub::HubError),
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A file is no usable picture.
    #[error("cannot decode {}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: DecodeError,
    },
    /// The built-in digits cannot be read. Only a broken build can cause it.
    #[error("the built-in digits are damaged at line {line}")]
    Digits {
        /// Line in the table, from 1.
        line: usize,
    },
    /// A picture cannot be made.
    #[error("cannot make a picture")]
    Shape(#[from] ImageShapeError),
    /// A picture with an index that the data set does not have.
    #[error("no picture {index} in a data set of {len}")]
    OutOfRange {
        /// The index.
        index: usize,
        /// Pictures in the data set.
        len: usize,
    },
    /// A transform that cannot work for any picture.
    #[error("the preprocessing is not usable")]
    Preprocess {
        /// Cause.
        #[source]
        source: TransformError,
    },
    /// A picture cannot be preprocessed.
    #[error("cannot preprocess {item}")]
    Transform {
        /// The file, or the index where there is none.
        item: String,
        /// Cause.
        #[source]
        source: TransformError,
    },
    /// Pictures of different shapes in one batch. Crop, or resize to an exact size.
    #[error("{item} has shape {found:?} [channels, height, width], others in its batch have {expected:?}")]
    MixedShapes {
        /// The file, or the index where there is none.
        item: String,
        /// Its shape.
        found: [usize; 3],
        /// Shape of the first picture in the batch.
        expected: [usize; 3],
    },
    /// Every picture of a batch was to be skipped.
    #[error("none of the {pictures} pictures of batch {batch} can be used; the first: {first}")]
    NothingLeft {
        /// Number of the batch in its epoch.
        batch: usize,
        /// Pictures that it should have had.
        pictures: usize,
        /// The first of them, and what is wrong with it.
        first: String,
    },
    /// The data set or its preprocessing panicked.
    #[error("loading {item} panicked: {message}")]
    Panicked {
        /// The file, or the index where there is none.
        item: String,
        /// What the panic said.
        message: String,
    },
    /// The system gave no thread.
    #[error("cannot start a loader thread")]
    Thread {
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A loader thread ended without a result.
    #[error("a loader thread ended before batch {batch}")]
    WorkerLost {
        /// Number of the batch in its epoch.
        batch: usize,
    },
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
