//! What is here already, ours and others'.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::tempdir;
use zoo_hub::{Download, HubError, Settings, Silent};

use crate::server::{Reply, Server};
use crate::support::{Heard, bytes, download, failure, hub, names, settings};

fn offline(cache: &Path) -> Settings {
    Settings { offline: true, ..settings(cache) }
}

#[test]
fn offline_says_which_file_to_put_where() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let cache = folder.path().join("cache");
    let hub = hub(offline(&cache));
    let wanted = download("https://example.org/models", &bytes);
    let (error, text) = failure(&hub, &wanted);
    assert!(matches!(error, HubError::Offline { .. }), "{text}");
    let place = cache.join("net.pth");
    for part in ["https://example.org/models/net.pth", place.to_str().unwrap(), "switched off"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!cache.exists());
    // Which then is true.
    fs::create_dir(&cache).unwrap();
    fs::write(&place, &bytes).unwrap();
    assert_eq!(hub.fetch(&wanted, &mut Silent).unwrap(), place);
}

#[test]
fn a_damaged_file_is_found_out_and_replaced() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let server = Server::of_file(&bytes);
    let wanted = download(&server.address, &bytes);
    let path = hub(settings(folder.path())).fetch(&wanted, &mut Silent).unwrap();
    let mut damaged = bytes.clone();
    damaged[200_000] ^= 1;
    fs::write(&path, &damaged).unwrap();
    // Coarse clocks could give both the same time.
    fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap();

    let (error, _) = failure(&hub(offline(folder.path())), &wanted);
    assert!(matches!(error, HubError::Offline { .. }));
    let mut heard = Heard::default();
    assert_eq!(hub(settings(folder.path())).fetch(&wanted, &mut heard).unwrap(), path);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!((server.requests().len(), heard.notes.len()), (2, 1));
    assert!(heard.notes[0].contains("is damaged"), "{heard:?}");

    fs::write(&path, &bytes[..10]).unwrap();
    hub(settings(folder.path())).fetch(&wanted, &mut Silent).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_verified_file_is_not_hashed_again() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let hub = hub(offline(folder.path()));
    let path = folder.path().join("net.pth");
    fs::write(&path, &bytes).unwrap();
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    hub.fetch(&download("http://x", &bytes), &mut Silent).unwrap();
    // Same length and time: only hashing would tell.
    fs::write(&path, vec![0; bytes.len()]).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    hub.fetch(&download("http://x", &bytes), &mut Silent).unwrap();
    // Another expectation is still compared, and a broken record is no record.
    let other = Download { sha256: Some("00000000".into()), ..download("http://x", &bytes) };
    assert!(hub.fetch(&other, &mut Silent).is_err());
    fs::write(folder.path().join("net.pth.verified"), "{").unwrap();
    assert!(hub.fetch(&download("http://x", &bytes), &mut Silent).is_err());
}

#[test]
fn the_cache_of_torch_hub_is_only_read() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let (cache, torch) = (folder.path().join("cache"), folder.path().join("torch"));
    fs::create_dir(&torch).unwrap();
    fs::write(torch.join("net.pth"), &bytes).unwrap();
    let server = Server::of_file(&bytes);
    let wanted = download(&server.address, &bytes);
    let hub = hub(Settings { torch_checkpoints: Some(torch.clone()), ..settings(&cache) });
    for _ in 0..2 {
        assert_eq!(hub.fetch(&wanted, &mut Silent).unwrap(), torch.join("net.pth"));
    }
    assert_eq!((server.requests().len(), names(&torch)), (0, vec!["net.pth".to_owned()]));

    // A damaged one is left alone and not used.
    fs::write(torch.join("net.pth"), &bytes[1..]).unwrap();
    let mut heard = Heard::default();
    assert_eq!(hub.fetch(&wanted, &mut heard).unwrap(), cache.join("net.pth"));
    assert_eq!((server.requests().len(), names(&torch)), (1, vec!["net.pth".to_owned()]));
    assert_eq!(fs::read(torch.join("net.pth")).unwrap(), &bytes[1..]);
    assert!(heard.notes[0].contains("is not used: its SHA-256 is"), "{heard:?}");
}

#[test]
fn a_cache_that_cannot_be_is_said() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let server = Server::of_file(&bytes);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (error, text) = failure(&hub(settings(&file.join("cache"))), &download(&server.address, &bytes));
    assert!(matches!(error, HubError::Io { action: "create", .. }), "{text}");
    assert!(text.contains(file.to_str().unwrap()), "{text}");
    assert_eq!(server.requests().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_read_only_cache_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(cache.join("probe"), "").is_ok() {
        return; // The superuser may write everywhere.
    }
    let server = Server::start(|_, _| Reply::new(500, ""));
    let (error, text) = failure(&hub(settings(&cache)), &download(&server.address, &bytes));
    assert!(matches!(error, HubError::Io { .. }), "{text}");
    assert_eq!(server.requests().len(), 0);
}
