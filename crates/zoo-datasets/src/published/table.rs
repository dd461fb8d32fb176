//! What is published, and where.
//!
//! File names, classes and mirrors as in torchvision's `datasets` (`mnist.py`, `cifar.py`); lengths and SHA-256 as in
//! TensorFlow Datasets' `url_checksums`, because torchvision has MD5 only. CIFAR is the binary version of the archive.

/// A data set with files of its own.
pub(super) struct Published {
    pub(super) name: &'static str,
    pub(super) format: Format,
    pub(super) files: &'static [PublishedFile],
    /// Where the files lie; the next is tried where one fails.
    pub(super) addresses: &'static [&'static str],
    /// The folder that torchvision keeps it in.
    pub(super) torchvision: &'static str,
    pub(super) classes: &'static [&'static str],
    /// `[height, width]`.
    pub(super) size: [usize; 2],
    /// Of each channel of the training pictures, for values in `[0, 1]`.
    pub(super) mean: &'static [f32],
    pub(super) std: &'static [f32],
}

/// What its files are.
pub(super) enum Format {
    /// Four files: training pictures, their labels, test pictures, their labels.
    Idx,
    /// One archive.
    Cifar(&'static CifarLayout),
}

/// What is in an archive of CIFAR.
pub(super) struct CifarLayout {
    pub(super) folder: &'static str,
    pub(super) train: &'static [&'static str],
    pub(super) test: &'static [&'static str],
    /// Before each picture; the last is the class.
    pub(super) label_bytes: usize,
}

/// A file as it is published.
pub(super) struct PublishedFile {
    pub(super) name: &'static str,
    /// Bytes.
    pub(super) size: u64,
    pub(super) sha256: &'static str,
}

/// The data set of this name.
pub(super) fn find(name: &str) -> Option<&'static Published> {
    TABLE.iter().find(|published| published.name == name)
}

const fn file(name: &'static str, size: u64, sha256: &'static str) -> PublishedFile {
    PublishedFile { name, size, sha256 }
}

const TABLE: &[Published] = &[
    Published {
        name: "mnist",
        format: Format::Idx,
        files: &[
            file("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            file("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            file("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            file("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ],
        addresses: &["https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"],
        torchvision: "MNIST",
        classes: DIGITS,
        size: [28, 28],
        mean: &[0.1307],
        std: &[0.3081],
    },
    Published {
        name: "fashion-mnist",
        format: Format::Idx,
        files: &[
            file("train-images-idx3-ubyte.gz", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            file("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            file("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            file("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ],
        addresses: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"],
        torchvision: "FashionMNIST",
        classes: GARMENTS,
        size: [28, 28],
        mean: &[0.2860],
        std: &[0.3530],
    },
    Published {
        name: "kmnist",
        format: Format::Idx,
        files: &[
            file("train-images-idx3-ubyte.gz", 18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
            file("train-labels-idx1-ubyte.gz", 29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
            file("t10k-images-idx3-ubyte.gz", 3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
            file("t10k-labels-idx1-ubyte.gz", 5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
        ],
        addresses: &["http://codh.rois.ac.jp/kmnist/dataset/kmnist"],
        torchvision: "KMNIST",
        classes: KUZUSHIJI,
        size: [28, 28],
        mean: &[0.1918],
        std: &[0.3483],
    },
    Published {
        name: "cifar10",
        format: Format::Cifar(&CIFAR10),
        files: &[file("cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")],
        addresses: &["https://www.cs.toronto.edu/~kriz"],
        torchvision: "cifar10",
        classes: OBJECTS,
        size: [32, 32],
        mean: &[0.4914, 0.4822, 0.4465],
        std: &[0.2470, 0.2435, 0.2616],
    },
    Published {
        name: "cifar100",
        format: Format::Cifar(&CIFAR100),
        files: &[file("cifar-100-binary.tar.gz", 168_513_733, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")],
        addresses: &["https://www.cs.toronto.edu/~kriz"],
        torchvision: "cifar100",
        classes: FINE,
        size: [32, 32],
        mean: &[0.5071, 0.4865, 0.4409],
        std: &[0.2673, 0.2564, 0.2762],
    },
];

const CIFAR10: CifarLayout = CifarLayout {
    folder: "cifar-10-batches-bin",
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: &["test_batch.bin"],
    label_bytes: 1,
};

const CIFAR100: CifarLayout = CifarLayout { folder: "cifar-100-binary", train: &["train.bin"], test: &["test.bin"], label_bytes: 2 };

#[rustfmt::skip]
const DIGITS: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
];

#[rustfmt::skip]
const GARMENTS: &[&str] = &[
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
];

#[rustfmt::skip]
const KUZUSHIJI: &[&str] = &[
    "o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo",
];

#[rustfmt::skip]
const OBJECTS: &[&str] = &[
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
];

#[rustfmt::skip]
const FINE: &[&str] = &[
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy", "bridge", "bus",
    "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab",
    "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
    "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine",
    "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail",
    "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger",
    "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        for row in TABLE {
            assert_eq!(row.mean.len(), row.std.len());
            assert!(row.mean.len() == if row.size == [28, 28] { 1 } else { 3 });
            assert!(row.files.iter().all(|file| file.sha256.len() == 64 && file.sha256.bytes().all(|c| c.is_ascii_hexdigit())));
            assert!(!row.addresses.is_empty() && crate::names().contains(&row.name));
        }
        assert_eq!(TABLE.iter().map(|row| row.classes.len()).collect::<Vec<_>>(), [10, 10, 10, 10, 100]);
        assert_eq!((FINE[0], FINE[49], FINE[99]), ("apple", "mountain", "worm"));
    }
}
