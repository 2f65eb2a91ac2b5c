//! The captured wire for tests (feature `testing`): captures are read, the 34 raw requests are signed afresh.
//!
//! hivis-serve sends [`raw_cases`] to its real server over TCP; this room's own tests put them through the functions of
//! [`crate::wire`]. Requests come from `//Alice` and are meant for `//Bob`, the public development keys. These functions
//! panic on files that are not of the expected form, as tests do.

mod capture;
mod raw;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::wire::{BtauthClaim, Refusal};

pub use capture::{Answer, Capture, OddReply, odd_replies, raw_answers};
pub use raw::{Expected, RawCase, btauth_request, question, raw_cases};

/// A request as it stands on the wire, less `Host`, `Connection` and what frames the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method's name.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values in order; names may have capitals.
    pub headers: Vec<(String, String)>,
    /// The body, not yet framed.
    pub body: Vec<u8>,
    /// Whether the body goes out in chunks.
    pub chunked: bool,
}

impl Request {
    /// The bytes to send to `host` (`ip:port`) on a connection of their own.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if self.chunked {
            bytes.extend(b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
            for piece in self.body.chunks(self.body.len().div_ceil(2).max(1)) {
                bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                bytes.extend(piece);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(format!("Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len()).into_bytes());
            bytes.extend(&self.body);
        }
        bytes
    }

    /// What an HTTP server makes of its head; headers that are none are left out.
    pub fn head(&self) -> (Method, Uri, HeaderMap) {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.append(name, value);
            }
        }
        let method = self.method.parse().unwrap_or(Method::POST);
        (method, self.target.parse().unwrap_or_default(), headers)
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Writes a header in its place, or at the end.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.headers.push((name.to_owned(), value)),
        }
    }

    /// Takes a header out.
    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }
}

/// The bytes that a `btauth/1` request is signed over, and whether its signature holds, whatever its path.
pub fn btauth_payload(request: &Request) -> Result<(String, bool), Refusal> {
    let (method, uri, headers) = request.head();
    let claim = BtauthClaim::read(crate::wire::Target::Image, &method, &uri, &headers)?;
    let holds = crate::wire::btauth_holds(&claim, &request.body);
    Ok((crate::wire::btauth_payload(&claim, &request.body), holds))
}
