//! As much of HTTP/1.1 as the tests need, with every misbehaviour that they need.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// So many bytes of the body are sent before the connection ends.
    cut: Option<usize>,
    /// How long the connection stays open after them.
    hold: Duration,
    length: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![], body: body.into(), cut: None, hold: Duration::ZERO, length: true }
    }

    pub fn redirect(to: impl Into<String>) -> Self {
        Self::new(302, "").header("Location", to)
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Ends the connection after so many bytes of the body.
    pub fn cut(mut self, after: usize) -> Self {
        self.cut = Some(after);
        self
    }

    /// Keeps silent for a while before the connection ends.
    pub fn hold(mut self, time: Duration) -> Self {
        self.hold = time;
        self
    }

    /// Does not say how long the body is.
    pub fn without_length(mut self) -> Self {
        self.length = false;
        self
    }

    /// A file as a decent server sends it: whole, or the rest that was asked for if it is still the same file.
    pub fn file(request: &Request, body: &[u8], etag: &str) -> Self {
        let tag = format!("\"{etag}\"");
        let from = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let same = request.header("if-range").is_none_or(|wanted| wanted == tag);
        let reply = match from.filter(|_| same) {
            Some(from) if from >= body.len() => Self::new(416, "").header("Content-Range", format!("bytes */{}", body.len())),
            Some(from) => Self::new(206, &body[from..]).header("Content-Range", format!("bytes {from}-{}/{}", body.len() - 1, body.len())),
            None => Self::new(200, body),
        };
        reply.header("ETag", tag)
    }

    pub fn without_etag(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "ETag");
        self
    }

    fn send(&self, stream: &mut TcpStream, head: bool) -> std::io::Result<()> {
        let mut text = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", self.status);
        if self.length {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        stream.write_all((text + "\r\n").as_bytes())?;
        if !head {
            stream.write_all(&self.body[..self.cut.unwrap_or(self.body.len())])?;
        }
        stream.flush()?;
        std::thread::sleep(self.hold);
        Ok(())
    }
}

/// Answers on a port of its own until the tests end, and remembers what it was asked.
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// The answer may depend on how many requests came before.
    pub fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(vec![]));
        let (log, answer) = (requests.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let request = read(&stream);
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    // A client that goes away early is part of some tests.
                    let _ = answer(&request, before).send(&mut stream, request.method == "HEAD");
                });
            }
        });
        Self { address, requests }
    }

    /// One file under every path.
    pub fn of_file(body: &[u8]) -> Self {
        let body = body.to_vec();
        Self::start(move |request, _| Reply::file(request, &body, "v1"))
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The ranges that were asked for, in order.
    pub fn ranges(&self) -> Vec<Option<String>> {
        self.requests().iter().map(|request| request.header("range").map(str::to_owned)).collect()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut lines = BufReader::new(stream).lines().map(|line| line.unwrap_or_default());
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Request { method, path, headers: headers.collect() }
}
