//! Addresses: what replaces them, whom they belong to, where they lead.

use ureq::http::Uri;

/// The addresses to try in place of one: what lies under `base` is looked for at each mirror.
pub(crate) fn mirrored(address: &str, base: &str, mirrors: &[String]) -> Vec<String> {
    match address.strip_prefix(base).filter(|rest| rest.starts_with('/')) {
        Some(rest) if !mirrors.is_empty() => mirrors.iter().map(|mirror| format!("{}{rest}", mirror.trim_end_matches('/'))).collect(),
        _ => vec![address.to_owned()],
    }
}

/// Whether two addresses are of the same server: protocol, host and port, as browsers compare.
pub(crate) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    host(one).is_some() && host(one) == host(other) && one.scheme() == other.scheme() && port(one) == port(other)
}

fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or(match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

/// Where a `Location` header leads from `base`.
///
/// # Errors
/// One sentence: it is no address, or one that gives up encryption.
pub(crate) fn follow(base: &Uri, location: &str) -> Result<Uri, String> {
    let scheme = base.scheme_str().unwrap_or("https");
    let authority = base.authority().map_or("", |authority| authority.as_str());
    let text = if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", base.path())
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let uri: Uri = text.parse().map_err(|_| format!("it redirects to `{location}`, which is no address"))?;
    match (scheme, uri.scheme_str()) {
        ("https", Some("http")) => Err(format!("it redirects from https to plain http, at {}", uri.host().unwrap_or_default())),
        (_, Some("http" | "https")) => Ok(uri),
        _ => Err(format!("it redirects to `{location}`, which is no http address")),
    }
}

/// An address as it may be shown: a mirror's password stays out of messages.
pub(crate) fn shown(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((login, _)) => format!("{scheme}://{}", &rest[login.len() + 1..]),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn mirrors_replace_the_base_alone() {
        let mirrors = ["http://a/".to_owned(), "http://b/x".to_owned()];
        assert_eq!(mirrored("https://p/models/f.pth", "https://p/models", &mirrors), ["http://a/f.pth", "http://b/x/f.pth"]);
        assert_eq!(mirrored("https://p/models/f.pth", "https://p/models", &[]), ["https://p/models/f.pth"]);
        assert_eq!(mirrored("https://p/models2/f.pth", "https://p/models", &mirrors), ["https://p/models2/f.pth"]);
    }

    #[test]
    fn origins_are_compared_with_their_ports() {
        let same = |a: &str, b: &str| same_origin(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(same("https://Hub.co/a", "https://hub.co:443/b"));
        assert!(!same("https://hub.co", "http://hub.co"));
        assert!(!same("http://127.0.0.1:80", "http://127.0.0.1:81"));
        assert!(!same("https://hub.co", "https://hub.co.evil.com"));
    }

    #[test]
    fn locations_lead_as_in_a_browser() {
        let from = |base: &str, location: &str| follow(&base.parse().unwrap(), location).map(|uri| uri.to_string());
        assert_eq!(from("https://h:1/a/b?q", "/c").unwrap(), "https://h:1/c");
        assert_eq!(from("https://h/a/b", "c?x=1").unwrap(), "https://h/a/c?x=1");
        assert_eq!(from("https://h/a/b", "//g/c").unwrap(), "https://g/c");
        assert_eq!(from("http://h/a", "https://g/").unwrap(), "https://g/");
        assert!(from("https://h/a", "http://g/").unwrap_err().contains("plain http"));
        assert!(from("https://h/a", "file:///etc/passwd").is_err());
    }

    #[test]
    fn passwords_do_not_show() {
        assert_eq!(shown("https://me:pw@h/a@b"), "https://h/a@b");
        assert_eq!(shown("https://h/a@b"), "https://h/a@b");
    }
}
