//! What a user's name for weights means.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::name;

/// Where weights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A model of the zoo: `resnet50`, `resnet50.IMAGENET1K_V2`.
    Model {
        /// The model's name.
        architecture: String,
        /// Which of its published weights; none is the default ones.
        tag: Option<String>,
    },
    /// A repository of the Hugging Face hub: `hf-hub:org/name`, `hf-hub:org/name@revision`.
    HuggingFace(Repository),
    /// A folder with `config.json` and the weights: `local-dir:PATH`.
    Folder(PathBuf),
}

/// A repository of the Hugging Face hub, at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    name: String,
    revision: Option<String>,
}

/// Why a name means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It could be a repository or a folder.
    #[error("`{text}` looks like a path: write `hf-hub:{text}` for a repository of the Hugging Face hub, `local-dir:{text}` for a folder")]
    LooksLikePath {
        /// What was written.
        text: String,
    },
    /// The prefix is none of the known ones.
    #[error("`{prefix}:` is no source of weights: there are `hf-hub:org/name` and `local-dir:PATH`, and names of models without a prefix")]
    UnknownPrefix {
        /// What was written before the colon.
        prefix: String,
    },
    /// The name after the prefix is malformed.
    #[error("`{text}` is no {what}: {reason}")]
    Malformed {
        /// What was written.
        text: String,
        /// What it should have been.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// Endings of files that hold weights: a dot before one of them begins no tag.
const ENDINGS: [&str; 5] = ["pth", "pt", "bin", "safetensors", "tar"];

impl Source {
    /// Reads a name as a user writes it. It says nothing about whether such weights exist.
    ///
    /// # Errors
    /// [`SourceError`]: a bare path, an unknown prefix, a malformed name.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        // One letter before a colon is a drive of Windows.
        if let Some((prefix, rest)) = text.split_once(':').filter(|(prefix, _)| is_prefix(prefix)) {
            return match prefix.to_ascii_lowercase().as_str() {
                // timm's older spelling.
                "hf-hub" | "hf_hub" => Repository::parse(rest).map(Self::HuggingFace),
                "local-dir" if rest.is_empty() => Err(malformed(text, "folder", "the path is empty")),
                "local-dir" => Ok(Self::Folder(PathBuf::from(rest))),
                _ => Err(SourceError::UnknownPrefix { prefix: prefix.to_owned() }),
            };
        }
        let ending = text.rsplit('.').next().unwrap_or_default();
        if text.contains(['/', '\\', ':']) || text.starts_with(['.', '~']) || (text.contains('.') && ENDINGS.contains(&ending)) {
            return Err(SourceError::LooksLikePath { text: text.to_owned() });
        }
        let (architecture, tag) = match text.split_once('.') {
            Some((architecture, tag)) => (architecture, Some(tag)),
            None => (text, None),
        };
        for (part, what) in [(Some(architecture), "model"), (tag, "tag")] {
            match part {
                Some("") => return Err(malformed(text, "name of weights", &format!("the {what} is empty"))),
                Some(part) if !part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) => {
                    return Err(malformed(text, "name of weights", "it holds more than letters, digits, `_`, `-` and `.`"));
                }
                _ => {}
            }
        }
        Ok(Self::Model { architecture: architecture.to_owned(), tag: tag.map(str::to_owned) })
    }
}

impl Repository {
    /// Reads `org/name` or `org/name@revision`; a revision is a branch, a tag or a commit.
    ///
    /// # Errors
    /// [`SourceError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let wrong = |reason: &str| malformed(text, "repository of the Hugging Face hub", reason);
        let (id, revision) = match text.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (text, None),
        };
        // Both become parts of paths and of addresses.
        name::relative(id).map_err(wrong)?;
        if id.split('/').count() > 2 {
            return Err(wrong("it is written `org/name`"));
        }
        if let Some(revision) = revision {
            name::relative(revision).map_err(|reason| wrong(&format!("of the revision, {reason}")))?;
        }
        Ok(Self { name: id.to_owned(), revision: revision.map(str::to_owned) })
    }

    /// `org/name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The revision that was asked for; the hub calls the default one `main`.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.revision.as_ref().map_or(Ok(()), |revision| write!(f, "@{revision}"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model { architecture, tag: None } => f.write_str(architecture),
            Self::Model { architecture, tag: Some(tag) } => write!(f, "{architecture}.{tag}"),
            Self::HuggingFace(repository) => write!(f, "hf-hub:{repository}"),
            Self::Folder(path) => write!(f, "local-dir:{}", path.display()),
        }
    }
}

fn is_prefix(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-+".contains(c))
}

fn malformed(text: &str, what: &'static str, reason: &str) -> SourceError {
    SourceError::Malformed { text: text.to_owned(), what, reason: reason.to_owned() }
}
