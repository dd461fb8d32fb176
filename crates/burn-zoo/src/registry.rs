//! One line a family becomes the enum of all models, the list and the entry point.
//!
//! An enum, because Burn's `Module` cannot be a trait object, and because training code is then compiled once.

use zoo_core::ModelInfo;

/// A model in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The family's name: `vgg`.
    pub family: &'static str,
    /// The variant's facts.
    pub info: ModelInfo,
}

/// Expands the table of families.
macro_rules! families {
    ($($variant:ident($family:ty)),+ $(,)?) => {
        /// Any model of the zoo.
        #[derive(burn::module::Module, Debug)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum AnyClassifier { $($variant($family)),+ }

        impl Classifier for AnyClassifier {
            fn forward(&self, images: burn::tensor::Tensor<4>) -> burn::tensor::Tensor<2> {
                match self { $(Self::$variant(model) => model.forward(images)),+ }
            }
            fn forward_features(&self, images: burn::tensor::Tensor<4>) -> Features {
                match self { $(Self::$variant(model) => model.forward_features(images)),+ }
            }
            fn forward_head(&self, features: Features, pre_logits: bool) -> burn::tensor::Tensor<2> {
                match self { $(Self::$variant(model) => model.forward_head(features, pre_logits)),+ }
            }
            fn forward_intermediates(&self, images: burn::tensor::Tensor<4>) -> Vec<Intermediate> {
                match self { $(Self::$variant(model) => model.forward_intermediates(images)),+ }
            }
            fn forward_train(&self, images: burn::tensor::Tensor<4>) -> (burn::tensor::Tensor<2>, Vec<(f64, burn::tensor::Tensor<2>)>) {
                match self { $(Self::$variant(model) => model.forward_train(images)),+ }
            }
            fn classifier_names(&self) -> Vec<String> {
                match self { $(Self::$variant(model) => model.classifier_names()),+ }
            }
            fn stage_names(&self) -> Vec<String> {
                match self { $(Self::$variant(model) => model.stage_names()),+ }
            }
            fn reset_classifier(&mut self, num_classes: usize, device: &burn::tensor::Device) {
                match self { $(Self::$variant(model) => model.reset_classifier(num_classes, device)),+ }
            }
            fn num_features(&self) -> usize {
                match self { $(Self::$variant(model) => model.num_features()),+ }
            }
            fn rename_key(&self, published: &str) -> Option<String> {
                match self { $(Self::$variant(model) => model.rename_key(published)),+ }
            }
            fn adapt_weight(&self, name: &str, shape: &[usize], file_shape: &[usize], values: &[f32]) -> Option<Vec<f32>> {
                match self { $(Self::$variant(model) => model.adapt_weight(name, shape, file_shape, values)),+ }
            }
            fn index_buffers(&self) -> Vec<(String, Vec<usize>, Vec<i64>)> {
                match self { $(Self::$variant(model) => model.index_buffers()),+ }
            }
            fn in_channels(&self) -> usize {
                match self { $(Self::$variant(model) => model.in_channels()),+ }
            }
            fn num_classes(&self) -> usize {
                match self { $(Self::$variant(model) => model.num_classes()),+ }
            }
        }

        impl Describe for AnyClassifier {
            fn describe(&self) -> Node {
                match self { $(Self::$variant(model) => model.describe()),+ }
            }
        }

        /// All models, family by family.
        pub fn models() -> Vec<Listed> {
            let mut all = vec![];
            $(all.extend(<$family as Family>::VARIANTS.iter().map(|v| Listed { family: <$family as Family>::NAME, info: v.info }));)+
            all
        }

        /// Builds a model by its name. Its weights are drawn lazily, at first use.
        ///
        /// # Errors
        /// [`BuildError`]: an unknown name (with near ones), an option out of range, an input too small.
        pub fn build(name: &str, options: &BuildOptions, device: &burn::tensor::Device) -> Result<AnyClassifier, BuildError> {
            $(if <$family as Family>::variant(name).is_some() {
                return <$family as Family>::build(name, options, device).map(AnyClassifier::$variant);
            })+
            Err(BuildError::UnknownModel { name: name.to_owned(), nearest: near_names(name) })
        }

        /// Names near to one that is not known, nearest first.
        pub fn near_names(name: &str) -> Vec<String> {
            let models = models();
            let aliases = aliases();
            let known = models.iter().map(|m| m.info.name).chain(aliases.iter().map(|(alias, _)| *alias));
            nearest(name, known).into_iter().map(str::to_owned).collect()
        }

        /// All published weights, family by family, each model's default before its others.
        pub fn weights() -> Vec<&'static Weights> {
            let mut all = vec![];
            $(all.extend(<$family as Family>::WEIGHTS);)+
            all
        }

        /// Other names of models (timm's), each with the name here.
        pub fn aliases() -> Vec<(&'static str, &'static str)> {
            let mut all = vec![];
            $(all.extend(<$family as Family>::ALIASES);)+
            all
        }

        /// The facts of the model with this name or alias.
        pub fn info(name: &str) -> Option<ModelInfo> {
            $(if let Some(variant) = <$family as Family>::variant(name) {
                return Some(variant.info);
            })+
            None
        }
    };
}
