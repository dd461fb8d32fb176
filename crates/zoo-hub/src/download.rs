//! One file from one address: resumed where it was cut off, checked, and there whole or not at all.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;

use ureq::http::HeaderMap;

use crate::address::shown;
use crate::client::{Client, Reply, Rest, header};
use crate::part::{Part, State};
use crate::{HubError, Progress, Retry, verified};

/// The file that is to be.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    /// For progress and messages.
    pub(crate) name: String,
    /// The SHA-256, or its first digits.
    pub(crate) sha256: Option<String>,
    /// Bytes.
    pub(crate) size: Option<u64>,
}

/// A file on its way from an address.
pub(crate) struct Transfer<'a> {
    client: &'a Client,
    address: &'a str,
    target: &'a Target,
    part: Part,
}

impl<'a> Transfer<'a> {
    /// The caller holds the lock on the target.
    pub(crate) fn new(client: &'a Client, address: &'a str, target: &'a Target) -> Self {
        Self { client, address, target, part: Part::of(&target.path) }
    }

    /// Downloads the file. Gives its SHA-256.
    ///
    /// # Errors
    /// [`HubError`]; the part stays for the next time unless its checksum was wrong.
    pub(crate) fn run(&self, retry: Retry, progress: &mut dyn Progress) -> Result<String, HubError> {
        let mut resumed = self.part.len() > 0;
        loop {
            let expected = self.persist(retry, progress)?;
            let found = verified::sha256(self.part.path()).map_err(HubError::io("read", self.part.path()))?;
            match expected {
                Some(expected) if !verified::matches(&found, &expected) => {
                    self.part.clear()?;
                    // What an earlier run left may be what is wrong; the server gets one chance of its own.
                    if !std::mem::take(&mut resumed) {
                        return Err(HubError::Checksum { address: shown(self.address), expected, found });
                    }
                    progress.note(&format!("the part of `{}` that was here was damaged; it is downloaded anew", self.target.name));
                }
                _ => {
                    self.part.complete(&self.target.path)?;
                    progress.finish();
                    return Ok(found);
                }
            }
        }
    }

    /// Brings the whole part, waiting out failures that may pass. Gives the checksum that it should have.
    fn persist(&self, retry: Retry, progress: &mut dyn Progress) -> Result<Option<String>, HubError> {
        let mut furthest = self.part.len();
        let mut failures = 0;
        loop {
            match self.attempt(progress) {
                Err(error) if error.is_transient() => {
                    // A bad line that still brings bytes is worth patience; one that brings none is not.
                    if self.part.len() > furthest {
                        (furthest, failures) = (self.part.len(), 0);
                    }
                    if failures == retry.count {
                        return Err(error);
                    }
                    retry.wait(failures, &error, progress);
                    failures += 1;
                }
                other => return other,
            }
        }
    }

    /// One request for what is still missing, and its body.
    fn attempt(&self, progress: &mut dyn Progress) -> Result<Option<String>, HubError> {
        let Self { client, address, target, part } = self;
        let state = part.state();
        let here = part.len();
        if here > 0 && (target.size == Some(here) || state.total == Some(here)) {
            // Only the checksum was missing when it was left.
            return Ok(target.sha256.clone().or(state.sha256));
        }
        let rest = state.validator.clone().filter(|_| here > 0).map(|validator| Rest { from: here, validator });
        let mut reply = client.get(address, rest.as_ref())?;
        let goes_on = reply.status == 206 && rest.as_ref().is_some_and(|rest| fits(&reply, rest, &state));
        if rest.is_some() && !goes_on && matches!(reply.status, 206 | 416) {
            reply = client.get(address, None)?;
        }
        let (from, length) = match reply.status {
            200 => (0, number(&reply.headers, "content-length")),
            206 if goes_on => (here, state.total),
            206 => return Err(HubError::Answer { address: shown(address), reason: "it is a part that was not asked for".to_owned() }),
            status => return Err(HubError::Status { status, address: shown(address) }),
        };
        let size = target.size.or(reply.linked.size);
        if let (Some(expected), Some(found)) = (size, length)
            && expected != found
        {
            return Err(HubError::Length { address: shown(address), expected, found });
        }
        let sha256 = target.sha256.clone().or(reply.linked.sha256.take()).or(state.sha256.filter(|_| goes_on));
        let total = length.or(size);
        let validator = validator(&reply.headers).or(state.validator.filter(|_| goes_on));
        let file = part.open(from, &State { validator, total, sha256: sha256.clone() })?;
        progress.start(&target.name, total, from);
        self.receive(reply, file, from, total, progress)?;
        Ok(sha256)
    }

    /// Writes a body to the end of the part, which has `from` of `total` bytes, and brings it to the disk.
    fn receive(&self, reply: Reply, mut file: File, from: u64, total: Option<u64>, progress: &mut dyn Progress) -> Result<(), HubError> {
        let mut body = reply.body.into_reader();
        let mut buffer = vec![0; 1 << 17];
        let mut length = from;
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.client.failure(self.address, error.into())),
            };
            file.write_all(&buffer[..read]).map_err(HubError::writing(self.part.path()))?;
            length += read as u64;
            progress.advance(read as u64);
            if total.is_some_and(|total| length > total) {
                break;
            }
        }
        file.sync_all().map_err(HubError::writing(self.part.path()))?;
        let address = shown(self.address);
        match total {
            Some(total) if length < total => {
                Err(HubError::Network { address, reason: format!("the connection ended after {length} of {total} bytes") })
            }
            Some(expected) if length > expected => {
                self.part.clear()?;
                Err(HubError::Length { address, expected, found: length })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a partial answer is the rest of the file whose part is here. Not every server looks at `If-Range`.
fn fits(reply: &Reply, rest: &Rest, state: &State) -> bool {
    let same = validator(&reply.headers).is_none_or(|validator| validator == rest.validator);
    let range = header(&reply.headers, "content-range").and_then(content_range);
    same && range.is_some_and(|(from, to, total)| from == rest.from && to + 1 == total && state.total == Some(total))
}

/// `bytes 5-9/10`.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (from, to) = range.split_once('-')?;
    let (from, to, total) = (from.trim().parse().ok()?, to.trim().parse().ok()?, total.trim().parse().ok()?);
    (from <= to && to < total).then_some((from, to, total))
}

/// What `If-Range` may hold: an ETag that stands for the very bytes, or a date.
fn validator(headers: &HeaderMap) -> Option<String> {
    let etag = header(headers, "etag").filter(|etag| etag.starts_with('"'));
    etag.or(header(headers, "last-modified")).map(str::to_owned)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    header(headers, name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, 9, 10)));
        for wrong in ["bytes 5-9/*", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "5-9/10", "bytes 0-18446744073709551615/3", ""] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }
}
