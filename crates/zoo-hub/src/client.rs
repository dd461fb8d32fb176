//! One request, followed through its redirects.

use std::path::Path;
use std::sync::Arc;

use ureq::http::header::{AUTHORIZATION, IF_RANGE, LOCATION, RANGE};
use ureq::http::{HeaderMap, Method, Request, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::address::{follow, same_origin, shown};
use crate::{HubError, Settings, Token, name};

const MAX_REDIRECTS: usize = 10;

/// Makes requests under the settings.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    /// The server that may see the token, and the token.
    login: Option<(Uri, Token)>,
    /// For messages.
    stall: std::time::Duration,
}

/// The rest of a file, of which the server is to check that it is still the same file.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    pub(crate) from: u64,
    pub(crate) validator: String,
}

/// An answer that is no redirect.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// What Hugging Face says only in its first answer, before it redirects to where the bytes are.
    pub(crate) linked: Linked,
}

/// What Hugging Face says about a file.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    /// The file's SHA-256.
    pub(crate) sha256: Option<String>,
    /// Bytes.
    pub(crate) size: Option<u64>,
    /// The commit that a revision stands for.
    pub(crate) commit: Option<String>,
}

impl Client {
    /// # Errors
    /// The endpoint is no address, or the certificates cannot be read.
    pub(crate) fn new(settings: &Settings) -> Result<Self, HubError> {
        let endpoint: Uri = settings.endpoint.parse().map_err(|error: ureq::http::uri::InvalidUri| HubError::Name {
            name: settings.endpoint.clone(),
            what: "address of the Hugging Face hub",
            reason: error.to_string(),
        })?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // Followed here: every answer on the way counts, and the token depends on the host.
            .max_redirects(0)
            // Lengths, ranges and checksums are those of the file, not of a compressed form.
            .accept_encoding("identity")
            .user_agent(concat!("burn-zoo/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.connect_timeout))
            .timeout_resolve(Some(settings.connect_timeout))
            .timeout_per_read(Some(settings.stall_timeout))
            .timeout_per_write(Some(settings.stall_timeout));
        if !settings.proxy {
            config = config.proxy(None);
        }
        if let Some(path) = &settings.certificates {
            config = config.tls_config(TlsConfig::builder().root_certs(root_certificates(path)?).build());
        }
        let login = settings.token.as_ref().map(|token| (endpoint, token.clone()));
        Ok(Self { agent: config.build().new_agent(), login, stall: settings.stall_timeout })
    }

    /// Asks for a file, or for the rest of it.
    ///
    /// # Errors
    /// [`HubError::Network`], [`HubError::Answer`]; a status that is no success is none.
    pub(crate) fn get(&self, address: &str, rest: Option<&Rest>) -> Result<Reply, HubError> {
        self.request(&Method::GET, address, rest)
    }

    /// Asks for what the headers say.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(crate) fn head(&self, address: &str) -> Result<Reply, HubError> {
        self.request(&Method::HEAD, address, None)
    }

    fn request(&self, method: &Method, address: &str, rest: Option<&Rest>) -> Result<Reply, HubError> {
        let answer = |reason: String| HubError::Answer { address: shown(address), reason };
        let mut uri: Uri = address.parse().map_err(|_| answer("it is no address".to_owned()))?;
        let mut linked = Linked::default();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.once(method, &uri, rest).map_err(|error| self.failure(address, error))?;
            linked.read(response.headers());
            let status = response.status().as_u16();
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                let (parts, body) = response.into_parts();
                return Ok(Reply { status, headers: parts.headers, body, linked });
            }
            let location = header(response.headers(), LOCATION.as_str()).ok_or_else(|| answer("it redirects to nowhere".to_owned()))?;
            uri = follow(&uri, location).map_err(answer)?;
        }
        Err(answer(format!("it redirects more than {MAX_REDIRECTS} times")))
    }

    fn once(&self, method: &Method, uri: &Uri, rest: Option<&Rest>) -> Result<Response<Body>, ureq::Error> {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some((_, token)) = self.login.as_ref().filter(|(endpoint, _)| same_origin(endpoint, uri)) {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.secret()));
        }
        if let Some(Rest { from, validator }) = rest {
            request = request.header(RANGE, format!("bytes={from}-")).header(IF_RANGE, validator);
        }
        self.agent.run(request.body(())?)
    }

    /// The error of a request or of reading its body.
    pub(crate) fn failure(&self, address: &str, error: ureq::Error) -> HubError {
        let address = shown(address);
        let reason = match &error {
            ureq::Error::Timeout(ureq::Timeout::PerRead | ureq::Timeout::PerWrite) => {
                format!("nothing came for {} s", self.stall.as_secs_f32())
            }
            ureq::Error::Timeout(_) => "no connection could be made in time".to_owned(),
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        let passing = match &error {
            // rustls reports what it refuses, such as a certificate, as invalid data.
            ureq::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
            ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::BodyStalled => true,
            _ => false,
        };
        if passing { HubError::Network { address, reason } } else { HubError::Answer { address, reason } }
    }
}

impl Linked {
    /// Takes what an answer says; the first to say it counts.
    fn read(&mut self, headers: &HeaderMap) {
        let text = |name| header(headers, name);
        let etag = text("x-linked-etag").map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_ascii_lowercase());
        self.sha256 = self.sha256.take().or(etag.filter(|etag| name::is_sha256(etag)));
        self.size = self.size.or_else(|| text("x-linked-size")?.parse().ok());
        // It becomes the name of a folder, so it has to be what it says.
        self.commit = self.commit.take().or(text("x-repo-commit").filter(|commit| name::is_commit(commit)).map(str::to_owned));
    }
}

/// A header as text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn root_certificates(path: &Path) -> Result<RootCerts, HubError> {
    let text = std::fs::read(path).map_err(HubError::io("read", path))?;
    let certificates = parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() {
        return Err(HubError::io("read", path)(std::io::Error::other("it holds no certificates")));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}
