//! The second listener's connections: few, with short heads that come soon.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// Connections at once: a page has a handful open.
const CONNECTIONS: usize = 512;
/// Longest head of a request, bytes: a page's own are below 2 KiB.
const HEAD: usize = 16 * 1024;
/// Lines in a head.
const LINES: usize = 64;
/// Longest time for a head, and between two requests.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// Pause after a failed accept: the process has no file handles left, most likely.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts and answers for ever.
pub(crate) async fn listen(listener: TcpListener, app: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Who comes too many waits in the kernel's queue.
        let place = Arc::clone(&places).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, peer)) => {
                let app = app.clone();
                tokio::spawn(async move {
                    connection(stream, peer, app).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection to the page could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, app: Router) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let app = app.clone();
        async move {
            let answer: Result<_, Infallible> = app.oneshot(request).await;
            answer
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_header_size(HEAD)
        .max_buf_size(4 * HEAD)
        .max_headers(LINES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, %peer, "a connection to the page broke off");
    }
}
