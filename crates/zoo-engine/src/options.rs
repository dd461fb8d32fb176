use zoo_graph::Caches;
use zoo_kernels::Threads;

/// Which of Winograd's algorithms may stand for a 3x3 convolution of stride 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Winograd {
    /// None: every product is computed.
    Off,
    /// F(2x2, 3x3): as exact as the direct sum.
    F2,
    /// F(4x4, 3x3) too: its rounding errors are about 6 times those of the direct sum, far within 1e-4 of the largest logit.
    #[default]
    F4,
}

/// How the algorithm of a convolution is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tuning {
    /// By a model of its cost: compiles fast.
    #[default]
    Model,
    /// By timing the candidates on the layer's own shape: compiles slowly. Where there is no clock (`wasm32-unknown-unknown`), as
    /// [`Tuning::Model`].
    Measure,
}

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Threads; 0 takes as many as the machine offers.
    pub threads: usize,
    /// Accuracy for speed.
    pub winograd: Winograd,
    /// How algorithms are chosen.
    pub tuning: Tuning,
    /// Whether inputs of other shapes than the compiled one get a plan of their own. The model is kept for that.
    pub replan: bool,
    /// What the caches hold, by default those of all of this machine's cores: layers whose maps do not fit are done for a few pictures of
    /// a batch at a time. `None` does every layer for the whole batch.
    pub caches: Option<Caches>,
    /// Only plain loops, no kernels: what the kernels are tested against.
    pub reference: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let caches = Some(Caches::of_cores(cores, zoo_kernels::second_cache()));
        Self { threads: 0, winograd: Winograd::F4, tuning: Tuning::Model, replan: true, caches, reference: false }
    }
}

impl EngineOptions {
    pub(crate) fn threads(&self) -> Threads {
        if self.threads == 0 { Threads::all() } else { Threads::new(self.threads) }
    }
}
