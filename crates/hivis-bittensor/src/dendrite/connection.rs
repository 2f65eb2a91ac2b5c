//! Connections to axons: kept alive, one request at a time, and the response's head watched as it comes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::dendrite::AxonAddress;

/// Largest body of a reply that is read.
const REPLY_BYTES: usize = 16 << 20;
/// Bytes of a response's head that are watched.
const WATCHED: usize = 64 << 10;
/// Idle connections that are kept.
const IDLE: usize = 64;

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody listens there.
    Unavailable,
    /// The other side hung up before it answered.
    Disconnected,
    /// The other side hung up, or broke the framing, within the body.
    Payload(String),
    /// Anything else.
    Unforeseen(String),
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) authority: String,
    pub(crate) target: Uri,
    host: String,
    port: u16,
}

impl Place {
    /// The SDK writes `http://{ip}:{port}/{class}` whatever the ip is, so a bare IPv6 address makes no URL.
    pub(crate) fn of(axon: &AxonAddress) -> Result<Self, Failure> {
        let authority = format!("{}:{}", axon.host, axon.port);
        Self::at(&authority, Uri::from_static("/ImageSynapse"))
            .ok_or_else(|| Failure::Unforeseen(format!("http://{authority}/ImageSynapse")))
    }

    fn at(authority: &str, target: Uri) -> Option<Self> {
        let parsed: Authority = authority.parse().ok()?;
        let host = parsed.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let fits = !bare.is_empty() && (host.starts_with('[') || authority.matches(':').count() <= 1);
        fits.then(|| Self {
            authority: authority.to_owned(),
            target,
            host: bare.to_owned(),
            port: parsed.port_u16().unwrap_or(80),
        })
    }

    /// Where a redirect that keeps the method leads; `None` when there is nothing to follow.
    pub(crate) fn after(&self, received: &Received) -> Result<Option<Self>, Failure> {
        let location = received.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let Some(location) = location.filter(|_| matches!(received.status, 301..=303 | 307 | 308)) else {
            return Ok(None);
        };
        let next = || {
            // The others turn the question into a GET without its body: no axon is asked in that way.
            if received.status < 307 {
                return None;
            }
            let uri: Uri = location.parse().ok()?;
            let target: Uri = uri.path_and_query()?.as_str().parse().ok()?;
            match (uri.scheme_str(), uri.authority()) {
                (None, None) => Self::at(&self.authority, target),
                (Some("http"), Some(authority)) => Self::at(authority.as_str(), target),
                _ => None,
            }
        };
        next().map(Some).ok_or_else(|| Failure::Unforeseen("a redirect that cannot be followed".to_owned()))
    }
}

/// A whole response. Headers whose names the other side wrote with capitals and that the SDK looks up case-sensitively
/// are already gone.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Idle connections, newest last. The lock is held for a push or a search, never over an await.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Connection>>,
}

#[derive(Debug)]
struct Connection {
    authority: String,
    sender: SendRequest<Full<Bytes>>,
    head: Head,
}

/// The first bytes of the response under way.
type Head = Arc<Mutex<Vec<u8>>>;

impl Pool {
    /// Sends what `request` makes; makes it anew (with a fresh nonce) when a kept connection turns out to be closed
    /// before anything was sent.
    pub(crate) async fn send(
        &self,
        place: &Place,
        request: impl Fn() -> Request<Full<Bytes>>,
    ) -> Result<Received, Failure> {
        while let Some(mut kept) = self.take(&place.authority) {
            if kept.sender.ready().await.is_err() {
                continue;
            }
            lock(&kept.head).clear();
            match kept.sender.try_send_request(request()).await {
                Ok(response) => return self.receive(kept, response).await,
                Err(mut error) => {
                    // The request came back: nothing of it was sent.
                    if error.take_message().is_none() {
                        return Err(failure(error.error()));
                    }
                }
            }
        }
        let mut fresh = connect(place).await?;
        let response = fresh.sender.send_request(request()).await.map_err(|error| failure(&error))?;
        self.receive(fresh, response).await
    }

    async fn receive(
        &self,
        connection: Connection,
        response: http::Response<hyper::body::Incoming>,
    ) -> Result<Received, Failure> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, REPLY_BYTES).collect().await.map_err(|e| Failure::Payload(e.to_string()))?;
        let mut headers = parts.headers;
        forget_shouted(&lock(&connection.head), &mut headers);
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE && !connection.sender.is_closed() {
            idle.push(connection);
        }
        Ok(Received { status: parts.status.as_u16(), headers, body: body.to_bytes() })
    }

    fn take(&self, authority: &str) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        idle.retain(|connection| !connection.sender.is_closed());
        let at = idle.iter().rposition(|connection| connection.authority == authority)?;
        Some(idle.remove(at))
    }
}

async fn connect(place: &Place) -> Result<Connection, Failure> {
    let stream = TcpStream::connect((place.host.as_str(), place.port)).await.map_err(|_| Failure::Unavailable)?;
    // Without it small requests may wait for an acknowledgement; where it fails they are only slower.
    let _ = stream.set_nodelay(true);
    let head = Head::default();
    let watched = Watched { stream, head: Arc::clone(&head) };
    let (sender, driver) = http1::handshake(TokioIo::new(watched)).await.map_err(|error| failure(&error))?;
    // It ends when the sender is dropped or the other side hangs up; its errors come out of the sender too.
    tokio::spawn(async move { drop(driver.await) });
    Ok(Connection { authority: place.authority.clone(), sender, head })
}

fn failure(error: &hyper::Error) -> Failure {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        Failure::Disconnected
    } else {
        Failure::Unforeseen(error.to_string())
    }
}

/// The SDK finds `bt_header_*` in lowercase only, while hyper folds case: what came with capitals is taken out again.
fn forget_shouted(head: &[u8], headers: &mut HeaderMap) {
    for line in head.split(|byte| *byte == b'\n').skip(1).take_while(|line| !line.is_empty() && *line != b"\r") {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let shouted = name.iter().any(u8::is_ascii_uppercase);
        if shouted && name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"bt_header_")) {
            headers.remove(String::from_utf8_lossy(name).to_ascii_lowercase());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream that remembers the first bytes of what it reads.
struct Watched {
    stream: TcpStream,
    head: Head,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Some(fresh) = buf.filled().get(before..) {
            let mut head = lock(&self.head);
            let room = WATCHED.saturating_sub(head.len()).min(fresh.len());
            head.extend_from_slice(&fresh[..room]);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
