//! Small files in the true formats, from a folder and from a server on this machine.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zoo_hub::{Hub, Retry, Settings, Silent};

use super::server::{Reply, Server};
use super::table::{Format, Published, PublishedFile, find};
use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Pictures of one grey level, which is ten times the label plus the number within the class.
fn mnist_like(count: u8) -> [Vec<u8>; 2] {
    let pixels: Vec<u8> = (0..count).flat_map(|n| [n % 10 * 10 + n / 10; 784]).collect();
    let labels: Vec<u8> = (0..count).map(|n| n % 10).collect();
    [idx(&[u32::from(count), 28, 28], &pixels), idx(&[u32::from(count)], &labels)]
}

/// The four files of a data set of 40 and 20 pictures, under their published names.
fn mnist_files() -> Vec<(String, Vec<u8>)> {
    let contents = [mnist_like(40), mnist_like(20)].concat();
    find("mnist").unwrap().files.iter().map(|file| file.name.to_owned()).zip(contents.iter().map(|bytes| gzip(bytes))).collect()
}

fn write(folder: &Path, files: &[(String, Vec<u8>)]) {
    files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
}

fn options(folder: &Path) -> DataOptions {
    DataOptions { path: Some(folder.to_owned()), ..DataOptions::default() }
}

/// A row of the table with the checksums of other files.
fn row(name: &str, files: &[(String, Vec<u8>)]) -> &'static Published {
    let published = find(name).unwrap();
    let file = |(name, bytes): &(String, Vec<u8>)| PublishedFile {
        name: String::leak(name.clone()),
        size: bytes.len() as u64,
        sha256: String::leak(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()),
    };
    let format = match &published.format {
        Format::Idx => Format::Idx,
        Format::Cifar(layout) => Format::Cifar(layout),
    };
    let files = Vec::leak(files.iter().map(file).collect());
    // The published address would leave this machine.
    Box::leak(Box::new(Published { files, format, addresses: &["http://127.0.0.1:9"], ..*published }))
}

fn hub(cache: &Path, mirror: &str, offline: bool) -> Hub {
    let retry = Retry { count: 2, back_off: Duration::from_millis(1) };
    Hub::new(Settings { mirrors: vec![mirror.to_owned()], offline, retry, ..Settings::new(cache) })
}

fn check_mnist(splits: &Splits) {
    assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [36, 4, 20]);
    assert_eq!((splits.channels, splits.native_size, splits.classes.len()), (1, Some([28, 28]), 10));
    let mut seen = std::collections::HashSet::new();
    for data in [&splits.train, &splits.valid] {
        for index in 0..data.len() {
            let sample = data.get(index).unwrap();
            let level = sample.image.pixels()[0];
            assert_eq!(usize::from(level / 10), sample.label);
            assert!(sample.image.pixels().iter().all(|&pixel| pixel == level) && seen.insert(level));
        }
    }
    assert_eq!(splits.statistics, Some((vec![0.1307], vec![0.3081])));
    assert_eq!(splits.notes, ["4 validation pictures were cut from the training pictures, by seed 0"]);
}

#[test]
fn idx_files_compressed_plain_and_where_torchvision_puts_them() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &mnist_files());
    for name in ["mnist", "fashion-mnist", "kmnist"] {
        assert_eq!(crate::open(name, &options(folder.path())).unwrap().train.len(), 36);
    }
    check_mnist(&crate::open("mnist", &options(folder.path())).unwrap());

    let root = TempDir::new().unwrap();
    let raw = root.path().join("MNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    let contents = [mnist_like(40), mnist_like(20)].concat();
    for ((name, _), bytes) in mnist_files().iter().zip(contents) {
        fs::write(raw.join(name.strip_suffix(".gz").unwrap()), bytes).unwrap();
    }
    check_mnist(&crate::open("mnist", &options(root.path())).unwrap());
    let limited = crate::open("mnist", &DataOptions { limit: Some(10), ..options(root.path()) }).unwrap();
    let labels: std::collections::HashSet<usize> = (0..10).map(|index| limited.train.get(index).unwrap().label).collect();
    assert_eq!((limited.train.len(), labels.len()), (10, 10));
}

#[test]
fn files_that_are_not_here_are_named_with_where_to_put_them() {
    let folder = TempDir::new().unwrap();
    let here = folder.path().display().to_string();
    let message = |name: &str| crate::open(name, &options(folder.path())).unwrap_err().to_string();
    assert_eq!(
        message("cifar10"),
        format!("data set `cifar10` is not here: put cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz into {here}")
    );
    fs::write(folder.path().join("train-labels-idx1-ubyte.gz"), "x").unwrap();
    assert_eq!(
        message("kmnist"),
        format!(
            "data set `kmnist` is not here: put train-images-idx3-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz \
             from http://codh.rois.ac.jp/kmnist/dataset/kmnist into {here}"
        )
    );
    let cache = TempDir::new().unwrap();
    let error = fetch("mnist", &hub(cache.path(), "http://127.0.0.1:9", true), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("put train-images-idx3-ubyte.gz, ") && error.contains("from https://ossci-datasets"), "{error}");
    assert!(error.ends_with(&format!("into {}", cache.path().join("datasets").join("mnist").display())), "{error}");
    assert_eq!(fetch("digits", &hub(cache.path(), "", true), &mut Silent).unwrap(), None);
    let error = fetch("minst", &hub(cache.path(), "", true), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("did you mean `mnist`?"), "{error}");
}

#[test]
fn damaged_idx_files_are_named_and_never_fill_the_memory() {
    let [pictures, _] = mnist_like(40);
    let cases: [(usize, Vec<u8>, &str); 10] = [
        (0, vec![], "it ends too early"),
        (0, b"<html>404</html>".to_vec(), "not as an IDX file of bytes in 3 dimensions"),
        (0, idx(&[40], &[0; 40]), "not as an IDX file of bytes in 3 dimensions"),
        (0, pictures[..3000].to_vec(), "it ends after 2984 of 31360 bytes"),
        (0, [&pictures[..], b"x"].concat(), "there is more in it than its sizes say"),
        // A bomb: 4 billion pictures are promised, and a gigabyte would follow.
        (0, idx(&[u32::MAX, 28, 28], &[]), "bytes together"),
        (0, idx(&[40, 14, 56], &[0; 31360]), "its pictures are 14x56 pixels"),
        (1, idx(&[39], &[0; 39]), "it has 39 labels for 40 pictures"),
        (1, idx(&[40], &[10; 40]), "it has label 10 for 10 classes"),
        (1, [0, 0, 0x0D, 1].to_vec(), "not as an IDX file of bytes in 1 dimensions"),
    ];
    for (at, bytes, reason) in cases {
        let folder = TempDir::new().unwrap();
        let mut files = mnist_files();
        files[at].1 = gzip(&bytes);
        write(folder.path(), &files);
        let error = crate::open("mnist", &options(folder.path())).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains(&files[at].0), "{error}");
    }
    let folder = TempDir::new().unwrap();
    let mut files = mnist_files();
    files[2].1.truncate(100);
    write(folder.path(), &files);
    let error = crate::open("mnist", &options(folder.path())).unwrap_err().to_string();
    assert!(error.contains("t10k-images-idx3-ubyte.gz") && error.contains("is not a file of data set `mnist`"), "{error}");
}

/// Records with the label bytes in front; red is the label, green the number, blue the column.
fn cifar(label_bytes: usize, labels: &[u8]) -> Vec<u8> {
    let record = |(number, &label): (usize, &u8)| {
        let head = if label_bytes == 2 { vec![99, label] } else { vec![label] };
        let columns: Vec<u8> = (0..1024).map(|pixel| (pixel % 32) as u8).collect();
        [head, vec![label; 1024], vec![number as u8; 1024], columns].concat()
    };
    labels.iter().enumerate().flat_map(record).collect()
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        // `set_path` refuses what a hostile archive may have.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

fn cifar10_archive() -> Vec<u8> {
    let labels: Vec<u8> = (0..10).collect();
    let batch = cifar(1, &labels);
    let names: Vec<String> = (1..=5).map(|number| format!("cifar-10-batches-bin/data_batch_{number}.bin")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), batch.as_slice())).collect();
    files.push(("cifar-10-batches-bin/readme.html", b"<html>"));
    files.push(("cifar-10-batches-bin/test_batch.bin", &batch[..3 * 3073]));
    archive(&files)
}

fn check_cifar10(splits: &Splits) {
    assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [45, 5, 3]);
    let sample = splits.test.get(2).unwrap();
    assert_eq!((sample.label, splits.classes[2].as_str(), splits.channels), (2, "bird", 3));
    assert_eq!((sample.image.height(), sample.image.width()), (32, 32));
    // The planes became pixels: label, number, column.
    assert_eq!(sample.image.pixels()[..9], [2, 2, 0, 2, 2, 1, 2, 2, 2]);
    assert_eq!(sample.image.pixels()[32 * 3..][..3], [2, 2, 0]);
}

#[test]
fn cifar_from_the_archive_and_unpacked() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("cifar-10-binary.tar.gz"), cifar10_archive()).unwrap();
    check_cifar10(&crate::open("cifar10", &options(folder.path())).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is unpacked to the disk");

    let unpacked = TempDir::new().unwrap();
    let place = unpacked.path().join("cifar-100-binary");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("train.bin"), cifar(2, &[98, 7, 7, 98])).unwrap();
    fs::write(place.join("test.bin"), cifar(2, &[49])).unwrap();
    for path in [unpacked.path(), &place] {
        let splits = crate::open("cifar100", &options(path)).unwrap();
        assert_eq!((splits.train.len(), splits.classes.len()), (3, 100));
        assert_eq!(splits.classes[splits.test.get(0).unwrap().label], "mountain");
    }
}

#[test]
fn hostile_archives_write_nothing_and_are_refused() {
    let batch = cifar(1, &[1]);
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("inner");
    fs::create_dir(&folder).unwrap();
    let wrong_label = cifar(1, &[10]);
    let cases: [(Vec<u8>, &str); 6] = [
        (archive(&[("../evil.bin", &batch), ("/tmp/evil.bin", &batch)]), "there is no data_batch_1.bin in it"),
        (archive(&[("a/data_batch_1.bin", &batch), ("../../data_batch_1.bin", &batch)]), "more than one data_batch_1.bin"),
        (archive(&[("x/data_batch_1.bin", &batch[1..])]), "there is no data_batch_2.bin in it"),
        (cifar10_archive()[..900].to_vec(), "is not a file of data set `cifar10`"),
        (b"not an archive".to_vec(), "is not a file of data set `cifar10`"),
        (
            archive(
                &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"]
                    .map(|name| (name, wrong_label.as_slice())),
            ),
            "it has label 10 for 10 classes",
        ),
    ];
    for (bytes, reason) in cases {
        fs::write(folder.join("cifar-10-binary.tar.gz"), bytes).unwrap();
        let error = crate::open("cifar10", &options(&folder)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_bomb_of_an_archive_stops_at_a_limit() {
    // A file of 300 MB of zeros, three hundred kilobytes compressed.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("a/data_batch_1.bin").unwrap();
    header.set_size(300 << 20);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..300).for_each(|_| encoder.write_all(&zeros).unwrap());
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("cifar-10-binary.tar.gz"), encoder.finish().unwrap()).unwrap();
    let error = crate::open("cifar10", &options(folder.path())).unwrap_err().to_string();
    assert!(error.contains("it is longer than 268435456 bytes"), "{error}");
}

#[test]
fn downloads_from_a_mirror_once_and_checks() {
    let files = mnist_files();
    let published = row("mnist", &files);
    let served = files.clone();
    let server = Server::start(move |request, _| {
        let file = request.path.strip_prefix("/data/mnist/").and_then(|name| served.iter().find(|(known, _)| known == name));
        file.map_or_else(|| Reply::new(404, ""), |(_, bytes)| Reply::file(request, bytes, "v1"))
    });
    let cache = TempDir::new().unwrap();
    let hub = hub(cache.path(), &format!("{}/data/", server.address), false);
    let folder = fetch::bring(published, &hub, &mut Silent).unwrap();
    assert_eq!(folder, cache.path().join("datasets/mnist"));
    check_mnist(&read(published, &options(&folder)).unwrap());
    assert_eq!(server.requests().len(), 4);
    // A library's user needs no path afterwards, and a second run no network.
    let from_cache = DataOptions { cache: Some(cache.path().to_owned()), ..DataOptions::default() };
    check_mnist(&crate::open("mnist", &from_cache).unwrap());
    fetch::bring(published, &hub, &mut Silent).unwrap();
    let offline = Hub::new(Settings { offline: true, ..hub.settings().clone() });
    fetch::bring(published, &offline, &mut Silent).unwrap();
    assert_eq!(server.requests().len(), 4);
    // A file that was damaged since is found out.
    fs::write(folder.join(&files[1].0), "damaged").unwrap();
    let error = fetch::bring(published, &offline, &mut Silent).unwrap_err().to_string();
    assert!(error.contains("put train-labels-idx1-ubyte.gz from"), "{error}");
    fetch::bring(published, &hub, &mut Silent).unwrap();
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_download_that_was_cut_off_goes_on_and_a_wrong_one_is_refused() {
    let files = vec![("cifar-10-binary.tar.gz".to_owned(), cifar10_archive())];
    let published = row("cifar10", &files);
    let body = files[0].1.clone();
    let server = Server::start(move |request, before| match before {
        0 => Reply::file(request, &body, "v1").cut(body.len() / 2),
        _ => Reply::file(request, &body, "v1"),
    });
    let cache = TempDir::new().unwrap();
    let folder = fetch::bring(published, &hub(cache.path(), &server.address, false), &mut Silent).unwrap();
    assert_eq!(server.ranges(), [None, Some(format!("bytes={}-", files[0].1.len() / 2))]);
    check_cifar10(&read(published, &options(&folder)).unwrap());

    let mut wrong = files[0].1.clone();
    wrong[40] ^= 1;
    let server = Server::of_file(&wrong);
    let cache = TempDir::new().unwrap();
    let error = fetch::bring(published, &hub(cache.path(), &server.address, false), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");
    assert!(!cache.path().join("datasets/cifar10/cifar-10-binary.tar.gz").exists());
}
