//! What a name means, and what the environment says.

use std::ffi::OsString;
use std::path::Path;

use zoo_hub::{Hub, HubError, Repository, Settings, Source, SourceError};

#[test]
fn sources_are_read_and_written_alike() {
    for text in ["resnet50", "resnet50.IMAGENET1K_V2", "hf-hub:timm/resnet18.a1_in1k", "hf-hub:org/name@refs/pr/1", "local-dir:some/folder"]
    {
        assert_eq!(Source::parse(text).unwrap().to_string(), text);
    }
    let model = Source::Model { architecture: "resnet50".into(), tag: Some("a1_in1k".into()) };
    assert_eq!(Source::parse("resnet50.a1_in1k").unwrap(), model);
    // timm's older spelling, and a name without an organisation.
    assert_eq!(Source::parse("HF_hub:gpt2").unwrap().to_string(), "hf-hub:gpt2");
    assert_eq!(Source::parse("local-dir:C:\\a").unwrap(), Source::Folder("C:\\a".into()));
    assert_eq!(Repository::parse("a/b").unwrap().revision(), "main");
}

#[test]
fn a_bare_path_is_told_both_prefixes() {
    for text in ["timm/resnet18", "./folder", "/abs", "~x", "weights.pth", "m.safetensors", "C:\\folder", "..", "a\\b"] {
        let error = Source::parse(text).unwrap_err();
        assert!(matches!(error, SourceError::LooksLikePath { .. }), "{text}");
        let message = error.to_string();
        assert!(message.contains(&format!("hf-hub:{text}")) && message.contains(&format!("local-dir:{text}")), "{message}");
    }
}

#[test]
fn nonsense_is_refused() {
    assert_eq!(Source::parse("s3:bucket"), Err(SourceError::UnknownPrefix { prefix: "s3".into() }));
    let wrong = ["", "resnet50.", ".", "res net", "local-dir:", "hf-hub:", "hf-hub:../x", "hf-hub:/a/b", "hf-hub:a/b/c"];
    for text in wrong.into_iter().chain(["hf-hub:a/b@", "hf-hub:a/b@../x", "hf-hub:a/b@x@y", "hf-hub:a//b", "hf-hub:a b", "é"]) {
        let error = Source::parse(text).unwrap_err();
        assert!(!matches!(error, SourceError::UnknownPrefix { .. }), "{text}");
    }
}

fn settings(cache: Option<&str>, variables: &[(&str, &str)]) -> Result<Settings, HubError> {
    let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
    Settings::from_variables(cache.map(Path::new), &get)
}

#[test]
fn folders_come_from_the_environment() {
    assert!(matches!(settings(None, &[("HOME", "")]), Err(HubError::NoCacheFolder)));
    let home = settings(None, &[("HOME", "/h")]).unwrap();
    assert_eq!(home.cache, Path::new("/h/.cache/burn-zoo"));
    assert_eq!(home.torch_checkpoints.unwrap(), Path::new("/h/.cache/torch/hub/checkpoints"));
    assert_eq!(home.hugging_face_cache.unwrap(), Path::new("/h/.cache/huggingface/hub"));
    assert!(!home.offline && home.mirrors.is_empty() && home.token.is_none());

    let all = [("HOME", "/h"), ("XDG_CACHE_HOME", "/x"), ("TORCH_HOME", "/t"), ("HF_HOME", "/f"), ("BURN_ZOO_CACHE", "/b")];
    let xdg = settings(None, &all[..2]).unwrap();
    assert_eq!(xdg.cache, Path::new("/x/burn-zoo"));
    let set = settings(None, &all).unwrap();
    assert_eq!(set.cache, Path::new("/b"));
    assert_eq!(set.torch_checkpoints.unwrap(), Path::new("/t/hub/checkpoints"));
    assert_eq!(set.hugging_face_cache.unwrap(), Path::new("/f/hub"));
    assert_eq!(settings(Some("/flag"), &all).unwrap().cache, Path::new("/flag"));
    assert_eq!(settings(Some("/flag"), &[("HF_HUB_CACHE", "/c")]).unwrap().hugging_face_cache.unwrap(), Path::new("/c"));
}

#[test]
fn the_rest_comes_from_the_environment_too() {
    for (name, value, offline) in [("BURN_ZOO_OFFLINE", "1", true), ("HF_HUB_OFFLINE", "TRUE", true), ("BURN_ZOO_OFFLINE", "0", false)] {
        assert_eq!(settings(Some("c"), &[(name, value)]).unwrap().offline, offline, "{name}={value}");
    }
    let variables = [("BURN_ZOO_MIRROR", "http://a, http://b,"), ("HF_ENDPOINT", "https://hf.example"), ("HF_TOKEN", "hf_secret")];
    let settings = settings(Some("c"), &variables).unwrap();
    assert_eq!(
        (settings.mirrors.as_slice(), settings.endpoint.as_str()),
        (&["http://a".to_owned(), "http://b".into()][..], "https://hf.example")
    );
    let hub = Hub::new(settings);
    assert!(!format!("{hub:?}").contains("hf_secret"));
}
