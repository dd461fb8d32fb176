//! The network as data: what its modules' branches are, and in which order the modules come.

use zoo_core::{ModelInfo, Variant};

use crate::branch::BranchSpec::{self, One, Row};
use crate::branch::StepSpec::{AvgPool, MaxPool};
use crate::branch::{StepSpec, same, valid};

/// A module of the body.
#[derive(Debug)]
pub enum ModuleSpec {
    /// One step.
    One(StepSpec),
    /// Branches side by side, joined; the type name is timm's.
    Joined(&'static str, &'static [BranchSpec]),
    /// The module whose branches fork: [`InceptionC`](crate::InceptionC).
    InceptionC,
}

/// What distinguishes the variants; so far there is one.
#[derive(Debug)]
pub struct InceptionV4Spec {
    /// Modules, and how many of each come in a row.
    pub body: &'static [(usize, ModuleSpec)],
}

/// The stem's three forks (figure 3), from 149x149 to 35x35 pixels.
const MIXED_3A: &[BranchSpec] = &[One("maxpool", MaxPool), One("conv", valid(96, 2))];
const MIXED_4A: &[BranchSpec] =
    &[Row("branch0", &[same(64, 1, 1), valid(96, 1)]), Row("branch1", &[same(64, 1, 1), same(64, 1, 7), same(64, 7, 1), valid(96, 1)])];
const MIXED_5A: &[BranchSpec] = &[One("conv", valid(192, 2)), One("maxpool", MaxPool)];

/// On 35x35 pixels (figure 4).
const INCEPTION_A: &[BranchSpec] = &[
    One("branch0", same(96, 1, 1)),
    Row("branch1", &[same(64, 1, 1), same(96, 3, 3)]),
    Row("branch2", &[same(64, 1, 1), same(96, 3, 3), same(96, 3, 3)]),
    Row("branch3", &[AvgPool, same(96, 1, 1)]),
];

/// To 17x17 pixels (figure 7, with table 1's k = 192, l = 224, m = 256, n = 384).
const REDUCTION_A: &[BranchSpec] =
    &[One("branch0", valid(384, 2)), Row("branch1", &[same(192, 1, 1), same(224, 3, 3), valid(256, 2)]), One("branch2", MaxPool)];

/// On 17x17 pixels (figure 5).
const INCEPTION_B: &[BranchSpec] = &[
    One("branch0", same(384, 1, 1)),
    Row("branch1", &[same(192, 1, 1), same(224, 1, 7), same(256, 7, 1)]),
    Row("branch2", &[same(192, 1, 1), same(192, 7, 1), same(224, 1, 7), same(224, 7, 1), same(256, 1, 7)]),
    Row("branch3", &[AvgPool, same(128, 1, 1)]),
];

/// To 8x8 pixels (figure 8).
const REDUCTION_B: &[BranchSpec] = &[
    Row("branch0", &[same(192, 1, 1), valid(192, 2)]),
    Row("branch1", &[same(256, 1, 1), same(256, 1, 7), same(320, 7, 1), valid(320, 2)]),
    One("branch2", MaxPool),
];

/// Figure 9.
const BODY: &[(usize, ModuleSpec)] = &[
    (1, ModuleSpec::One(valid(32, 2))),
    (1, ModuleSpec::One(valid(32, 1))),
    (1, ModuleSpec::One(same(64, 3, 3))),
    (1, ModuleSpec::Joined("Mixed3a", MIXED_3A)),
    (1, ModuleSpec::Joined("Mixed4a", MIXED_4A)),
    (1, ModuleSpec::Joined("Mixed5a", MIXED_5A)),
    (4, ModuleSpec::Joined("InceptionA", INCEPTION_A)),
    (1, ModuleSpec::Joined("ReductionA", REDUCTION_A)),
    (7, ModuleSpec::Joined("InceptionB", INCEPTION_B)),
    (1, ModuleSpec::Joined("ReductionB", REDUCTION_B)),
    (3, ModuleSpec::InceptionC),
];

pub(crate) const VARIANTS: &[Variant<InceptionV4Spec>] = &[Variant {
    info: ModelInfo {
        name: "inception_v4",
        params: 42_679_816,
        input: [3, 299, 299],
        num_classes: 1000,
        source: "arXiv 1602.07261, figures 3 to 9",
    },
    spec: InceptionV4Spec { body: BODY },
}];
