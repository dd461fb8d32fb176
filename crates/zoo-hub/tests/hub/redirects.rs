//! Where an address leads.

use std::fs;

use tempfile::tempdir;
use zoo_hub::{Download, HubError, Silent};

use crate::server::{Reply, Server};
use crate::support::{bytes, download, failure, hub, settings};

#[test]
fn redirects_are_followed_and_each_is_asked_for_the_rest() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    let there = Server::start(move |request, before| {
        let reply = Reply::file(request, &sent, "v1");
        if before == 0 { reply.cut(10_000) } else { reply }
    });
    let target = there.address.clone();
    let here = Server::start(move |request, _| match request.path.as_str() {
        "/net.pth" => Reply::redirect("/moved/net.pth?a=b"),
        "/moved/net.pth?a=b" => Reply::redirect("next"),
        "/moved/next" => Reply::redirect(format!("{target}/cdn")),
        _ => Reply::new(404, ""),
    });
    let path = hub(settings(folder.path())).fetch(&download(&here.address, &bytes), &mut Silent).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(there.ranges(), [None, Some("bytes=10000-".to_owned())]);
    assert_eq!(here.requests().len(), 6);
}

#[test]
fn a_circle_ends() {
    let folder = tempdir().unwrap();
    let server = Server::start(|_, _| Reply::redirect("/round"));
    let (error, text) = failure(&hub(settings(folder.path())), &download(&server.address, b""));
    assert!(matches!(error, HubError::Answer { .. }), "{text}");
    assert!(text.contains("redirects more than 10 times") && text.contains("/net.pth"), "{text}");
    assert_eq!(server.requests().len(), 11);
}

#[test]
fn redirects_to_nowhere() {
    for location in [None, Some("file:///etc/passwd"), Some("http://"), Some("http://[/")] {
        let folder = tempdir().unwrap();
        let server = Server::start(move |_, _| match location {
            Some(location) => Reply::redirect(location),
            None => Reply::new(302, ""),
        });
        let (error, text) = failure(&hub(settings(folder.path())), &download(&server.address, b""));
        assert!(matches!(error, HubError::Answer { .. }), "{location:?}: {text}");
    }
}

#[test]
fn a_failure_behind_a_redirect_names_the_address_that_was_asked_for() {
    let folder = tempdir().unwrap();
    let server = Server::start(|request, _| match request.path.as_str() {
        "/net.pth" => Reply::redirect("/signed?secret=1"),
        _ => Reply::new(403, ""),
    });
    let (_, text) = failure(&hub(settings(folder.path())), &download(&server.address, b""));
    assert_eq!(text, format!("the server answered 403 (Forbidden) for {}/net.pth", server.address));
}

#[test]
fn nonsense_is_no_panic() {
    let folder = tempdir().unwrap();
    let hub = hub(settings(folder.path()));
    for address in ["", "net.pth", "http://", "ftp://example.org/net.pth", "http://a b/"] {
        let wanted = Download { addresses: vec![address.into()], ..download("", b"") };
        assert!(matches!(failure(&hub, &wanted).0, HubError::Answer { .. }), "{address}");
    }
    let nowhere = Download { addresses: vec![], ..download("", b"") };
    assert!(failure(&hub, &nowhere).1.ends_with("none is known"));
}
