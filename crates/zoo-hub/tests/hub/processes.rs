//! Two processes that want the same file.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::tempdir;
use zoo_hub::{Progress, Silent};

use crate::server::{Reply, Server};
use crate::support::{bytes, download, hub, settings};

/// Not a test of its own: what the other process runs.
#[test]
fn other_process() {
    let (Ok(address), Ok(cache)) = (std::env::var("ZOO_HUB_TEST_ADDRESS"), std::env::var("ZOO_HUB_TEST_CACHE")) else { return };
    hub(settings(Path::new(&cache))).fetch(&download(&address, &bytes()), &mut Silent).unwrap();
}

fn start_other(server: &Server, cache: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "processes::other_process"]);
    command.env("ZOO_HUB_TEST_ADDRESS", &server.address).env("ZOO_HUB_TEST_CACHE", cache).spawn().unwrap()
}

/// Lets the server answer once this process is seen to wait.
struct Release(Box<dyn FnMut()>, Vec<String>);

impl Progress for Release {
    fn start(&mut self, _: &str, _: Option<u64>, _: u64) {
        panic!("this process downloads too");
    }
    fn advance(&mut self, _: u64) {}
    fn note(&mut self, text: &str) {
        self.1.push(text.to_owned());
        (self.0)();
    }
    fn finish(&mut self) {}
}

#[test]
fn the_second_waits_and_finds_what_the_first_downloaded() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let (asked, was_asked) = channel();
    let (release, released) = channel();
    let (asked, released, sent) = (Mutex::new(asked), Arc::new(Mutex::new(released)), bytes.clone());
    let server = Server::start(move |request, _| {
        asked.lock().unwrap().send(()).unwrap();
        released.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap();
        Reply::file(request, &sent, "v1")
    });
    let mut child = start_other(&server, folder.path());
    was_asked.recv_timeout(Duration::from_secs(60)).unwrap();

    let mut progress = Release(Box::new(move || release.send(()).unwrap()), vec![]);
    let path = hub(settings(folder.path())).fetch(&download(&server.address, &bytes), &mut progress).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(progress.1.len(), 1);
    assert!(progress.1[0].contains("waiting for another process"), "{:?}", progress.1);
}

/// A process that dies takes its lock with it and leaves a part.
#[test]
fn a_killed_process_leaves_what_it_had() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let sent = bytes.clone();
    let server = Server::start(move |request, before| {
        let reply = Reply::file(request, &sent, "v1");
        if before == 0 { reply.cut(120_000).hold(Duration::from_secs(60)) } else { reply }
    });
    let mut child = start_other(&server, folder.path());
    let part = folder.path().join("net.pth.part");
    for _ in 0..6000 {
        if std::fs::metadata(&part).is_ok_and(|metadata| metadata.len() == 120_000) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let path = hub(settings(folder.path())).fetch(&download(&server.address, &bytes), &mut Silent).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    assert_eq!(server.ranges(), [None, Some("bytes=120000-".to_owned())]);
}
