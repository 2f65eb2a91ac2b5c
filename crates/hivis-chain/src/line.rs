//! One connection to one node. Each call has a deadline, and the first fault closes the line for all who hold it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use subxt::rpcs::client::{
    JsonrpseeRpcClient, RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT, jsonrpsee_client,
};
use subxt::rpcs::{Error, UserError};
use tokio::time::timeout;

use crate::Fault;

/// Codes of a limit: jsonrpsee's "busy" and "too many subscriptions", Substrate's rate limit, and the common -32005.
const LIMITS: [i32; 5] = [-32005, -32006, -32009, -32029, -32999];
const METHOD_NOT_FOUND: i32 = -32601;

/// A connection that knows whether it can still be used.
pub(crate) struct Line {
    client: JsonrpseeRpcClient,
    deadline: Duration,
    fault: OnceLock<Fault>,
}

impl Line {
    /// Connects; `deadline` is for the connection, and then for each call.
    pub(crate) async fn open(url: &str, deadline: Duration) -> Result<Arc<Self>, Fault> {
        match timeout(deadline, jsonrpsee_client(url)).await {
            Err(_) => Err(Fault::Silent { what: "the connection".to_owned(), seconds: deadline.as_secs() }),
            Ok(Err(error)) => Err(of_connection(&error)),
            Ok(Ok(client)) => Ok(Arc::new(Self { client, deadline, fault: OnceLock::new() })),
        }
    }

    /// Why it cannot be used any more.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let broken = || Fault::Unreachable { reason: "the connection ended".to_owned() };
        self.fault.get().cloned().or_else(|| (!self.client.is_connected()).then(broken))
    }

    /// Gives it up; the first reason stays.
    pub(crate) fn blame(&self, fault: Fault) {
        let _ = self.fault.set(fault);
    }

    /// The answer in time, or a fault that closes the line. What only concerns this call goes through.
    async fn within<T>(&self, what: &str, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // A line given up for a lie must not be asked any more, though its socket is open.
        if let Some(fault) = self.fault.get() {
            return Err(Error::Client(Box::new(fault.clone())));
        }
        let fault = match timeout(self.deadline, call).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(Error::User(error))) => match of_answer(what, &error) {
                None => return Err(Error::User(error)),
                Some(fault) => fault,
            },
            Ok(Err(error)) => of_connection(&error),
            Err(_) => Fault::Silent { what: what.to_owned(), seconds: self.deadline.as_secs() },
        };
        self.blame(fault.clone());
        Err(Error::Client(Box::new(fault)))
    }
}

impl RpcClientT for Line {
    fn request_raw<'a>(&'a self, method: &'a str, params: Option<Box<RawValue>>) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(self.within(method, self.client.request_raw(method, params)))
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(self.within(sub, self.client.subscribe_raw(sub, params, unsub)))
    }
}

/// The fault in an error of the connection. Its causes hold the reason, its own text often does not.
fn of_connection(error: &Error) -> Fault {
    let (mut reason, mut cause) = match error {
        // Its own text only says that it is one.
        Error::Client(inner) => (inner.to_string(), inner.source()),
        other => (other.to_string(), std::error::Error::source(other)),
    };
    while let Some(next) = cause {
        let text = next.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = next.source();
    }
    let reason = short(&reason);
    if reason.contains("status code: 429") { Fault::TooManyRequests { reason } } else { Fault::Unreachable { reason } }
}

/// The fault of the endpoint in an error that the node answered; `None` where only the call is wrong.
fn of_answer(what: &str, error: &UserError) -> Option<Fault> {
    let text = error.message.to_ascii_lowercase();
    let limited = LIMITS.contains(&error.code) || text.contains("rate limit") || text.contains("too many requests");
    let reason = short(&format!("{} ({})", error.message, error.code));
    match error.code {
        _ if limited => Some(Fault::TooManyRequests { reason }),
        METHOD_NOT_FOUND => Some(Fault::Garbage { reason: format!("it does not know {what}") }),
        _ => None,
    }
}

/// Text of strangers, cut and without control characters.
pub(crate) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
