//! Downloads that were cut off.

use std::fs;
use std::time::Duration;

use tempfile::tempdir;
use zoo_hub::{HubError, Retry, Settings, Silent};

use crate::server::{Reply, Server};
use crate::support::{Heard, bytes, download, failure, hub, names, settings};

fn no_retry(cache: &std::path::Path) -> Settings {
    Settings { retry: Retry { count: 0, back_off: Duration::ZERO }, ..settings(cache) }
}

/// Leaves the first 100 000 bytes behind, of a file with this ETag.
fn leave_a_part(cache: &std::path::Path, bytes: &[u8], etag: &'static str) {
    let sent = bytes.to_vec();
    let server = Server::start(move |request, _| Reply::file(request, &sent, etag).cut(100_000));
    let (error, text) = failure(&hub(no_retry(cache)), &download(&server.address, bytes));
    assert!(matches!(error, HubError::Network { .. }), "{text}");
    assert_eq!(fs::metadata(cache.join("net.pth.part")).unwrap().len(), 100_000);
}

#[test]
fn dropped_connections_are_taken_up_where_they_broke() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    // More drops than retries: each brought bytes.
    let server = Server::start(move |request, before| {
        let reply = Reply::file(request, &sent, "v1");
        if before < 5 { reply.cut(50_000) } else { reply }
    });
    let mut heard = Heard::default();
    let path = hub(settings(folder.path())).fetch(&download(&server.address, &bytes), &mut heard).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    let expected = [0, 50_000, 100_000, 150_000, 200_000, 250_000];
    assert_eq!(heard.starts, expected.map(|already| (Some(300_000), already)));
    assert_eq!((heard.bytes, heard.notes.len(), heard.finished), (300_000, 5, 1));
    let ranges = server.ranges();
    assert_eq!((&ranges[0], ranges[3].as_deref(), ranges.len()), (&None, Some("bytes=150000-"), 6));
    assert_eq!(server.requests()[3].header("if-range"), Some("\"v1\""));
}

#[test]
fn a_connection_that_only_drops_is_given_up() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    let server = Server::start(move |request, _| Reply::file(request, &sent, "v1").cut(0));
    let (error, text) = failure(&hub(settings(folder.path())), &download(&server.address, &bytes));
    assert!(matches!(error, HubError::Network { .. }), "{text}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_next_run_goes_on() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    leave_a_part(folder.path(), &bytes, "v1");
    let server = Server::of_file(&bytes);
    let mut heard = Heard::default();
    let path = hub(no_retry(folder.path())).fetch(&download(&server.address, &bytes), &mut heard).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(server.ranges(), [Some("bytes=100000-".to_owned())]);
    assert_eq!((heard.starts, heard.bytes), (vec![(Some(300_000), 100_000)], 200_000));
    assert_eq!(names(folder.path()), ["net.pth", "net.pth.lock", "net.pth.verified"]);
}

#[test]
fn a_changed_file_is_begun_anew() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let old: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    leave_a_part(folder.path(), &old, "v0");
    let server = Server::of_file(&bytes);
    let path = hub(no_retry(folder.path())).fetch(&download(&server.address, &bytes), &mut Silent).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(server.ranges(), [Some("bytes=100000-".to_owned())]);
}

#[test]
fn servers_that_mistake_ranges() {
    type Answer = fn(&[u8]) -> Reply;
    let whole: Answer = |bytes| Reply::new(200, bytes);
    let other_place: Answer =
        |bytes| Reply::new(206, &bytes[5..]).header("Content-Range", "bytes 5-299999/300000").header("ETag", "\"v1\"");
    let other_length: Answer =
        |bytes| Reply::new(206, [&bytes[100_000..], b"x"].concat()).header("Content-Range", "bytes 100000-300000/300001");
    let other_file: Answer =
        |bytes| Reply::new(206, &bytes[100_000..]).header("Content-Range", "bytes 100000-299999/300000").header("ETag", "\"v2\"");
    let unnamed: Answer = |bytes| Reply::new(206, &bytes[100_000..]);
    let refused: Answer = |_| Reply::new(416, "").header("Content-Range", "bytes */5");
    for (answer, requests) in [(whole, 1), (other_place, 2), (other_length, 2), (other_file, 2), (unnamed, 2), (refused, 2)] {
        let (folder, bytes) = (tempdir().unwrap(), bytes());
        leave_a_part(folder.path(), &bytes, "v1");
        let sent = bytes.clone();
        let server =
            Server::start(move |request, _| if request.header("range").is_some() { answer(&sent) } else { Reply::new(200, &*sent) });
        let mut heard = Heard::default();
        let path = hub(no_retry(folder.path())).fetch(&download(&server.address, &bytes), &mut heard).unwrap();
        assert_eq!(fs::read(path).unwrap(), bytes);
        assert_eq!(server.requests().len(), requests);
        assert_eq!(heard.starts, [(Some(300_000), 0)]);
    }
}

#[test]
fn a_part_of_unknown_origin_is_not_trusted() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    fs::write(folder.path().join("net.pth.part"), &bytes[..7]).unwrap();
    let server = Server::of_file(&bytes);
    let path = hub(no_retry(folder.path())).fetch(&download(&server.address, &bytes), &mut Silent).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn a_weak_etag_cannot_be_gone_by_but_a_date_can() {
    for (headers, range) in [(vec![("ETag", "W/\"v1\"")], None), (vec![("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")], Some(()))] {
        let (folder, bytes) = (tempdir().unwrap(), bytes());
        let sent = bytes.clone();
        let server = Server::start(move |request, before| {
            let mut plain = request.clone();
            plain.headers.remove("if-range");
            let mut reply = Reply::file(&plain, &sent, "v1").without_etag();
            for (name, value) in &headers {
                reply = reply.header(name, *value);
            }
            if before == 0 { reply.cut(1000) } else { reply }
        });
        let path = hub(settings(folder.path())).fetch(&download(&server.address, &bytes), &mut Silent).unwrap();
        assert_eq!(fs::read(path).unwrap(), bytes);
        assert_eq!(server.ranges(), [None, range.map(|()| "bytes=1000-".to_owned())]);
    }
}

#[test]
fn a_damaged_part_costs_one_more_download() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    leave_a_part(folder.path(), &bytes, "v1");
    let part = folder.path().join("net.pth.part");
    fs::write(&part, vec![0; 100_000]).unwrap();
    let server = Server::of_file(&bytes);
    let mut heard = Heard::default();
    let path = hub(no_retry(folder.path())).fetch(&download(&server.address, &bytes), &mut heard).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(server.ranges(), [Some("bytes=100000-".to_owned()), None]);
    assert!(heard.notes[0].contains("damaged"), "{heard:?}");
}

#[test]
fn a_whole_part_needs_no_server() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    leave_a_part(folder.path(), &bytes, "v1");
    fs::write(folder.path().join("net.pth.part"), &bytes).unwrap();
    let server = Server::of_file(&bytes);
    let path = hub(no_retry(folder.path())).fetch(&download(&server.address, &bytes), &mut Silent).unwrap();
    assert_eq!((fs::read(path).unwrap(), server.requests().len()), (bytes, 0));
}

#[test]
fn silence_is_taken_for_a_drop() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    let server = Server::start(move |request, before| {
        let reply = Reply::file(request, &sent, "v1");
        if before == 0 { reply.cut(1000).hold(Duration::from_secs(30)) } else { reply }
    });
    let settings = Settings { stall_timeout: Duration::from_millis(300), ..settings(folder.path()) };
    let mut heard = Heard::default();
    let path = hub(settings).fetch(&download(&server.address, &bytes), &mut heard).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert!(heard.notes[0].contains("nothing came for 0.3 s"), "{heard:?}");
    assert_eq!(server.ranges()[1].as_deref(), Some("bytes=1000-"));
}

/// A device that is always full, in the place of the part.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_part() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let part = folder.path().join("net.pth.part");
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let server = Server::of_file(&bytes);
    let (error, text) = failure(&hub(settings(folder.path())), &download(&server.address, &bytes));
    assert!(matches!(error, HubError::DiskFull { .. }), "{text}");
    assert!(text.contains("net.pth.part"), "{text}");
    assert!(fs::symlink_metadata(part).is_ok());
    assert_eq!(server.requests().len(), 1);
}
