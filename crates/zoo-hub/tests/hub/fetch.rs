//! Whole downloads, and those that cannot be.

use std::fs;

use tempfile::tempdir;
use zoo_hub::{Download, HubError, PYTORCH, Silent};

use crate::server::{Reply, Server};
use crate::support::{Heard, bytes, download, failure, hub, names, settings, sha256};

#[test]
fn a_file_comes_once() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let server = Server::of_file(&bytes);
    let hub = hub(settings(&folder.path().join("made/when/needed")));
    let wanted = download(&server.address, &bytes);
    assert_eq!(hub.find(&wanted).unwrap(), None);

    let mut heard = Heard::default();
    let path = hub.fetch(&wanted, &mut heard).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!((heard.starts, heard.bytes, heard.finished), (vec![(Some(300_000), 0)], 300_000, 1));
    assert_eq!(heard.notes, Vec::<String>::new());
    assert_eq!(names(path.parent().unwrap()), ["net.pth", "net.pth.lock", "net.pth.verified"]);

    assert_eq!(hub.fetch(&wanted, &mut Silent).unwrap(), path);
    assert_eq!(hub.find(&wanted).unwrap(), Some(path));
    assert_eq!(server.requests().len(), 1);
    // Else a server could send something that has another length and checksum.
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"));
}

#[test]
fn lengths_are_held_to_what_is_known() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let server = Server::of_file(&bytes);
    let hub = hub(settings(folder.path()));
    let wanted = Download { size: Some(299_999), ..download(&server.address, &bytes) };
    let (error, text) = failure(&hub, &wanted);
    assert!(matches!(error, HubError::Length { expected: 299_999, found: 300_000, .. }), "{text}");
    assert!(text.contains("300000 bytes long instead of 299999"), "{text}");
    assert_eq!(names(folder.path()), ["net.pth.lock"]);
}

#[test]
fn a_body_may_come_without_its_length() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    let server = Server::start(move |_, before| {
        let reply = Reply::new(200, sent.clone()).without_length();
        // Cut off without a length, it looks like an end.
        if before == 0 { reply.cut(1000) } else { reply }
    });
    let hub = hub(settings(folder.path()));
    let wanted = Download { size: Some(300_000), ..download(&server.address, &bytes) };
    assert_eq!(fs::read(hub.fetch(&wanted, &mut Silent).unwrap()).unwrap(), bytes);
    assert_eq!(server.requests().len(), 2);

    let too_long = Download { file: "other.pth".into(), size: Some(10), ..wanted };
    assert!(matches!(failure(&hub, &too_long).0, HubError::Length { expected: 10, .. }));
}

#[test]
fn a_wrong_checksum_is_said_in_full_and_leaves_nothing() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let server = Server::of_file(&bytes);
    let wanted = Download { sha256: Some("0badc0de".into()), ..download(&server.address, &bytes) };
    let (error, text) = failure(&hub(settings(folder.path())), &wanted);
    assert!(matches!(error, HubError::Checksum { .. }), "{text}");
    for part in [format!("{}/net.pth", server.address), sha256(&bytes), "0badc0de".into()] {
        assert!(text.contains(&part), "{text}");
    }
    assert_eq!(names(folder.path()), ["net.pth.lock"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_status_is_said_with_its_address() {
    let folder = tempdir().unwrap();
    let server = Server::start(|_, _| Reply::new(404, "no"));
    let (error, text) = failure(&hub(settings(folder.path())), &download(&server.address, b""));
    assert!(matches!(error, HubError::Status { status: 404, .. }), "{text}");
    assert_eq!(text, format!("the server answered 404 (Not Found) for {}/net.pth", server.address));
    // It will not pass, so it is not tried again.
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_servers_bad_moment_is_waited_out() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    let server = Server::start(move |request, before| match before {
        0 => Reply::new(500, "oops"),
        1 => Reply::new(503, "busy"),
        _ => Reply::file(request, &sent, "v1"),
    });
    let mut heard = Heard::default();
    let path = hub(settings(folder.path())).fetch(&download(&server.address, &bytes), &mut heard).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(heard.notes.len(), 2);
    assert!(heard.notes[0].contains("500 (Internal Server Error)") && heard.notes[0].contains("trying again"), "{heard:?}");

    let broken = Server::start(|_, _| Reply::new(500, ""));
    let (error, text) = failure(&hub(settings(&folder.path().join("b"))), &download(&broken.address, b""));
    assert!(matches!(error, HubError::Status { status: 500, .. }), "{text}");
    assert_eq!(broken.requests().len(), 3);
}

#[test]
fn nobody_there() {
    let folder = tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (error, text) = failure(&hub(settings(folder.path())), &download(&format!("http://{port}"), b""));
    assert!(matches!(error, HubError::Network { .. }), "{text}");
    assert!(text.contains(&port.to_string()) && text.contains("refused"), "{text}");
}

#[test]
fn the_next_address_is_tried() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let (gone, wrong, good) = (Server::start(|_, _| Reply::new(404, "")), Server::of_file(b"wrong"), Server::of_file(&bytes));
    let mirrors = [&gone, &wrong, &good].map(|server| format!("{}/m/", server.address)).to_vec();
    let mut settings = settings(folder.path());
    settings.mirrors = mirrors;
    let mut wanted = Download::from_address(&format!("{PYTORCH}/quantized/net-{}.pth", &sha256(&bytes)[..8])).unwrap();
    let mut heard = Heard::default();
    let path = hub(settings.clone()).fetch(&wanted, &mut heard).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(good.requests()[0].path, format!("/m/quantized/{}", wanted.file));
    assert_eq!(heard.notes.iter().filter(|note| note.ends_with("trying the next address")).count(), 2, "{heard:?}");

    settings.mirrors.pop();
    wanted.file = "other.pth".into();
    let (error, text) = failure(&hub(settings), &wanted);
    assert!(matches!(&error, HubError::Addresses { errors, .. } if errors.len() == 2), "{text}");
    assert!(text.contains("404") && text.contains("SHA-256"), "{text}");
}

#[test]
fn no_name_leaves_the_cache() {
    let folder = tempdir().unwrap();
    let hub = hub(settings(folder.path()));
    for name in ["../x", "/etc/passwd", "a/b", "..", "", "a\\b", "C:x", "a\0b", "a b"] {
        let wanted = Download { file: name.into(), ..download("http://127.0.0.1:9", b"") };
        assert!(matches!(failure(&hub, &wanted).0, HubError::Name { .. }), "{name:?}");
    }
    assert!(Download::from_address("https://example.org/").is_err());
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_checksum_is_read_off_a_file_name() {
    let sha256 = |address: &str| Download::from_address(address).unwrap().sha256;
    assert_eq!(sha256("https://h/m/resnet50-11ad3fa6.pth?x=1").as_deref(), Some("11ad3fa6"));
    assert_eq!(sha256("https://h/a-b-0123456789ab.pth.tar").as_deref(), Some("0123456789ab"));
    for none in ["https://h/net.pth", "https://h/net-b0.pth", "https://h/net-finetuned.pth"] {
        assert_eq!(sha256(none), None, "{none}");
    }
}

#[test]
fn certificates_are_read_when_they_are_needed() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let server = Server::of_file(&bytes);
    let file = folder.path().join("ca.pem");
    let mut settings = settings(&folder.path().join("cache"));
    settings.certificates = Some(file.clone());
    let wanted = download(&server.address, &bytes);
    for content in [None, Some("not a certificate")] {
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let (error, text) = failure(&hub(settings.clone()), &wanted);
        assert!(matches!(error, HubError::Io { .. }) && text.contains("ca.pem"), "{text}");
    }
    fs::write(folder.path().join("cache/net.pth"), &bytes).unwrap();
    hub(settings).fetch(&wanted, &mut Silent).unwrap();
}
