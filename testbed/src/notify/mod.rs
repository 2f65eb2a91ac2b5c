//! Where messages go, on loopback: Discord, a gateway for SMS in Twilio's form, any receiver of webhooks. Discord's and
//! Twilio's own clients are held against the first two (`crates/hivis-notify/tests`).

mod discord;
mod hook;
mod sms;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

pub use discord::{DiscordMessage, FakeDiscord};
pub use hook::{Delivery, FakeHook};
pub use sms::{FakeGateway, SentSms};

/// What goes wrong next.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status with these headers and this body; nothing is taken.
    Status(u16, Vec<(&'static str, String)>, String),
    /// It is taken, and the connection breaks before an answer.
    Cut,
    /// It is taken, and the answer comes after so long.
    Slow(Duration),
    /// It is taken, and the answer has so many bytes.
    Long(usize),
}

/// Faults in the order in which they come.
type Faults = Arc<Mutex<VecDeque<Fault>>>;

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves on a port of loopback, on a thread of its own, to the end of the process.
fn serve(app: Router, address: Option<SocketAddr>) -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
            let listener = tokio::net::TcpListener::bind(address).await.expect("a port");
            send.send(listener.local_addr().expect("an address")).expect("the test waits");
            axum::serve(listener, app).await.expect("it serves");
        });
    });
    receive.recv().expect("the server starts")
}

/// The answer to what was taken, as a fault has it.
async fn after(fault: Option<Fault>, answer: Response) -> Response {
    match fault {
        Some(Fault::Cut) => {
            let broken = futures_util::stream::once(async { Err::<&[u8], _>(std::io::Error::other("cut")) });
            // The connection breaks while the head is not sent yet: nothing is flushed before the first part.
            let mut response = Response::new(Body::from_stream(broken));
            response.headers_mut().insert("content-length", "1000".parse().expect("a number"));
            response
        }
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            answer
        }
        Some(Fault::Long(bytes)) => (StatusCode::OK, vec![b'x'; bytes]).into_response(),
        Some(Fault::Status(..)) | None => answer,
    }
}

/// The answer of a fault that takes nothing.
fn refusal(fault: &Fault) -> Option<Response> {
    let Fault::Status(status, headers, body) = fault else { return None };
    let mut response = (StatusCode::from_u16(*status).expect("a status"), body.clone()).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    Some(response)
}
