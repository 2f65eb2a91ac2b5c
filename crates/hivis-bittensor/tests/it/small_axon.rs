//! The smallest axon: the functions of `wire` one after another, with a constant for a model.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hivis_bittensor::golden::Request;
use hivis_bittensor::wire::{self, Claim, Moment, NonceBook, Refusal, Voice};
use hivis_bittensor::{Keypair, golden};
use http::{HeaderMap, Method, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What every question gets.
pub(crate) const PREDICTION: f64 = 0.73;

pub(crate) struct SmallAxon {
    voice: Voice,
    book: NonceBook,
    /// Whether `//Alice` has a permit.
    pub(crate) permitted: bool,
}

impl SmallAxon {
    /// `//Bob`.
    pub(crate) fn new() -> Self {
        let bob = Keypair::from_uri("//Bob").unwrap();
        Self { voice: Voice::new(bob, 1_795_427_316_327_590_489), book: NonceBook::new(), permitted: true }
    }

    /// The whole path of one request.
    pub(crate) fn answer(&mut self, request: &Request, now_ns: u64) -> Response<Bytes> {
        let (method, uri, headers) = request.head();
        self.respond((&method, &uri, &headers), &request.body, now_ns)
    }

    fn respond(&mut self, head: (&Method, &Uri, &HeaderMap), body: &[u8], now_ns: u64) -> Response<Bytes> {
        let at = Moment { peer: SocketAddr::from(([127, 0, 0, 1], 5555)), now_ns, process_time_s: 0.000_1 };
        let claim = match wire::parse_headers(head.0, head.1, head.2) {
            Ok(claim) => claim,
            Err(refusal) => return self.voice.refusal_response(&refusal, None, &at),
        };
        match self.judge(&claim, head.2, body, now_ns) {
            Ok(synapse) => self.voice.success_response(&claim, &synapse, PREDICTION, &at),
            Err(refusal) => self.voice.refusal_response(&refusal, Some(&claim), &at),
        }
    }

    fn judge(
        &mut self,
        claim: &Claim,
        headers: &HeaderMap,
        body: &[u8],
        now_ns: u64,
    ) -> Result<wire::ImageSynapse, Refusal> {
        wire::precheck(claim, &self.voice.hotkey(), now_ns)?;
        if claim.hotkey().is_some() && !self.permitted {
            return Err(Refusal::not_permitted());
        }
        wire::verify(claim, &self.voice.hotkey(), now_ns, &mut self.book, Some(body))?;
        wire::parse_body(claim, headers, body)
    }
}

/// HTTP status and `bt_header_axon_status_code` of a response.
pub(crate) fn statuses(response: &Response<Bytes>) -> golden::Expected {
    let bt = response.headers().get("bt_header_axon_status_code");
    golden::Expected { http: response.status().as_u16(), bt: bt.map(|value| value.to_str().unwrap().parse().unwrap()) }
}

/// Serves a small axon on a port of the kernel's choice until the test's runtime ends.
pub(crate) async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let axon = Arc::new(Mutex::new(SmallAxon::new()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let axon = Arc::clone(&axon);
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let axon = Arc::clone(&axon);
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
                    let head = (&head.method, &head.uri, &head.headers);
                    Ok::<_, hyper::Error>(axon.lock().unwrap().respond(head, &body, now).map(Full::new))
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    address
}
