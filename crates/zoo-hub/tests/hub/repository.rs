//! Repositories of the Hugging Face hub, from a server that answers as that one does.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::tempdir;
use zoo_hub::{HubError, Repository, Settings, Silent, Token};

use crate::server::{Reply, Request, Server};
use crate::support::{Heard, bytes, hub, names, settings, sha256};

const CONFIG: &str = r#"{"architecture": "resnet18", "num_classes": 10, "pretrained_cfg": {"tag": "a1"}}"#;

fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn repository(text: &str) -> Repository {
    Repository::parse(text).unwrap()
}

fn with_endpoint(cache: &Path, server: &Server) -> Settings {
    Settings { endpoint: format!("{}/", server.address), ..settings(cache) }
}

/// `org/net`: a branch `main`, and weights, under the name that is given, in a store elsewhere.
fn hugging_face(weights: &'static str, store: String, weights_sha256: String) -> Server {
    Server::start(move |request, _| answer(request, weights, &store, &weights_sha256))
}

fn answer(request: &Request, weights: &str, store: &str, weights_sha256: &str) -> Reply {
    let Some(rest) = request.path.strip_prefix("/org/net/resolve/") else { return Reply::new(401, "Repository not found") };
    let (revision, file) = rest.split_once('/').unwrap();
    let commit = if ["main", "refs%2Fpr%2F1"].contains(&revision) { commit('a') } else { revision.to_owned() };
    let reply = match file {
        "config.json" => Reply::new(200, CONFIG).header("ETag", format!("\"{}\"", commit_of_git())),
        file if file == weights => {
            Reply::redirect(store).header("X-Linked-ETag", format!("\"{weights_sha256}\"")).header("X-Linked-Size", "300000")
        }
        _ => Reply::new(404, "Entry not found"),
    };
    reply.header("X-Repo-Commit", commit)
}

/// What git, not SHA-256, calls a small file.
fn commit_of_git() -> String {
    commit('9')
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn a_model_is_a_description_and_weights_of_one_commit() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let store = Server::of_file(&bytes);
    let server = hugging_face("model.safetensors", format!("{}/blob?signed", store.address), sha256(&bytes));
    let hub = hub(with_endpoint(folder.path(), &server));
    let found = hub.repository(&repository("org/net"), &mut Silent).unwrap();
    assert_eq!(found.config.architecture, "resnet18");
    assert_eq!(found.commit, Some(commit('a')));
    let snapshot = folder.path().join("models--org--net/snapshots").join(commit('a'));
    assert_eq!(found.weights, snapshot.join("model.safetensors"));
    assert_eq!(fs::read(&found.weights).unwrap(), bytes);
    let a = commit('a');
    let expected = [
        "HEAD /org/net/resolve/main/config.json".to_owned(),
        format!("GET /org/net/resolve/{a}/config.json"),
        format!("GET /org/net/resolve/{a}/model.safetensors"),
    ];
    assert_eq!(paths(&server), expected);

    // Later, only the branch is looked up, and a commit not even that.
    assert_eq!(hub.repository(&repository("org/net"), &mut Silent).unwrap(), found);
    hub.repository(&repository(&format!("org/net@{a}")), &mut Silent).unwrap();
    assert_eq!((server.requests().len(), store.requests().len()), (4, 1));

    // The checksum is known from the download on.
    let mut damaged = bytes.clone();
    damaged.push(0);
    fs::write(&found.weights, damaged).unwrap();
    hub.repository(&repository("org/net"), &mut Silent).unwrap();
    assert_eq!((fs::read(&found.weights).unwrap(), store.requests().len()), (bytes, 2));
}

#[test]
fn a_linked_checksum_is_held_to() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let store = Server::of_file(&bytes);
    let server = hugging_face("model.safetensors", store.address.clone(), sha256(b"other"));
    let error = hub(with_endpoint(folder.path(), &server)).repository(&repository("org/net"), &mut Silent).unwrap_err();
    assert!(matches!(&error, HubError::Checksum { expected, .. } if *expected == sha256(b"other")), "{error}");
}

#[test]
fn older_repositories_have_pickled_weights() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let store = Server::of_file(&bytes);
    let server = hugging_face("pytorch_model.bin", store.address.clone(), sha256(&bytes));
    let hub = hub(with_endpoint(folder.path(), &server));
    let revision = repository("org/net@refs/pr/1");
    for requests in [4, 5] {
        let found = hub.repository(&revision, &mut Silent).unwrap();
        assert!(found.weights.ends_with("pytorch_model.bin"));
        assert_eq!(server.requests().len(), requests);
    }
    let none = hugging_face("something.else", store.address.clone(), String::new());
    let other = tempdir().unwrap();
    let error = crate::support::hub(with_endpoint(other.path(), &none)).repository(&revision, &mut Silent).unwrap_err();
    assert!(error.to_string().ends_with("pytorch_model.bin") && error.to_string().contains("404"), "{error}");
}

#[test]
fn a_repository_that_does_not_exist() {
    let folder = tempdir().unwrap();
    let server = hugging_face("model.safetensors", String::new(), String::new());
    let error = hub(with_endpoint(folder.path(), &server)).repository(&repository("org/nit"), &mut Silent).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("401") && text.contains("/org/nit/") && text.contains("HF_TOKEN"), "{text}");
}

#[test]
fn the_token_stays_with_its_server() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let store = Server::of_file(&bytes);
    let (away, weights_sha256) = (store.address.clone(), sha256(&bytes));
    let server = Server::start(move |request, _| match request.path.strip_prefix("/renamed") {
        None => Reply::new(307, "").header("Location", format!("/renamed{}", request.path)),
        Some(path) => answer(&Request { path: path.to_owned(), ..request.clone() }, "model.safetensors", &away, &weights_sha256),
    });
    let settings = Settings { token: Some(Token::new("hf_x")), ..with_endpoint(folder.path(), &server) };
    let hub = hub(settings);
    hub.repository(&repository("org/net"), &mut Silent).unwrap();
    assert_eq!(server.requests().len(), 6);
    assert!(server.requests().iter().all(|request| request.header("authorization") == Some("Bearer hf_x")));
    assert!(store.requests().iter().all(|request| request.header("authorization").is_none()));
    // Nor is it anyone else's who publishes files.
    hub.fetch(&crate::support::download(&store.address, &bytes), &mut Silent).unwrap();
    assert_eq!(store.requests().len(), 2);
    assert!(store.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn without_a_server_the_last_commit_counts() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let down = Arc::new(AtomicBool::new(false));
    let (is_down, sent) = (down.clone(), bytes.clone());
    let server = Server::start(move |request, _| match request.path.as_str() {
        _ if is_down.load(Ordering::SeqCst) => Reply::new(503, ""),
        "/store" => Reply::file(request, &sent, "v1"),
        _ => answer(request, "model.safetensors", "/store", &sha256(&sent)),
    });
    let settings = with_endpoint(folder.path(), &server);
    let found = hub(settings.clone()).repository(&repository("org/net"), &mut Silent).unwrap();
    down.store(true, Ordering::SeqCst);
    let before = server.requests().len();
    let mut heard = Heard::default();
    assert_eq!(hub(settings.clone()).repository(&repository("org/net"), &mut heard).unwrap(), found);
    assert_eq!(server.requests().len(), before + 1);
    assert!(heard.notes[0].contains("503") && heard.notes[0].contains(&commit('a')), "{heard:?}");
    let offline = hub(Settings { offline: true, ..settings });
    assert_eq!(offline.repository(&repository("org/net"), &mut Silent).unwrap(), found);
    assert_eq!(server.requests().len(), before + 1);
}

#[test]
fn offline_files_can_be_put_under_the_branchs_name() {
    let folder = tempdir().unwrap();
    let hub = hub(Settings { offline: true, ..settings(folder.path()) });
    let snapshot = folder.path().join("models--org--net/snapshots/main");
    for file in ["config.json", "model.safetensors"] {
        let error = hub.repository(&repository("org/net"), &mut Silent).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, HubError::Offline { .. }), "{text}");
        assert!(text.contains(snapshot.join(file).to_str().unwrap()), "{text}");
        assert!(text.contains(&format!("https://huggingface.co/org/net/resolve/main/{file}")), "{text}");
        fs::create_dir_all(&snapshot).unwrap();
        fs::write(snapshot.join(file), CONFIG).unwrap();
    }
    assert_eq!(hub.repository(&repository("org/net"), &mut Silent).unwrap().commit, None);
}

#[cfg(unix)]
#[test]
fn the_cache_of_huggingface_hub_is_only_read() {
    let (folder, bytes) = (tempdir().unwrap(), bytes());
    let (cache, theirs) = (folder.path().join("cache"), folder.path().join("theirs"));
    let model = theirs.join("models--org--net");
    let (blobs, snapshot) = (model.join("blobs"), model.join("snapshots").join(commit('b')));
    for made in [&blobs, &snapshot, &model.join("refs")] {
        fs::create_dir_all(made).unwrap();
    }
    fs::write(model.join("refs/main"), commit('b')).unwrap();
    for (name, blob, content) in [("config.json", commit_of_git(), CONFIG.as_bytes()), ("model.safetensors", sha256(&bytes), &bytes)] {
        fs::write(blobs.join(&blob), content).unwrap();
        std::os::unix::fs::symlink(Path::new("../../blobs").join(blob), snapshot.join(name)).unwrap();
    }
    let listing = || [names(&model), names(&blobs), names(&snapshot), names(&model.join("refs"))];
    let before = listing();
    let settings = Settings { offline: true, hugging_face_cache: Some(theirs), ..settings(&cache) };
    let found = hub(settings.clone()).repository(&repository("org/net"), &mut Silent).unwrap();
    assert_eq!((found.weights, found.commit), (snapshot.join("model.safetensors"), Some(commit('b'))));
    assert_eq!(listing(), before);

    // Damaged, it is not used.
    fs::write(blobs.join(sha256(&bytes)), &bytes[1..]).unwrap();
    let mut heard = Heard::default();
    let error = hub(settings).repository(&repository("org/net"), &mut heard).unwrap_err();
    assert!(matches!(error, HubError::Offline { .. }), "{error}");
    assert!(heard.notes[0].contains("is not used"), "{heard:?}");
}
