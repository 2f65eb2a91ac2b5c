//! Connections: how many, how slow they may be, and how they end.
//!
//! hyper speaks HTTP/1.1; what it leaves open is limited here. A connection is idle, in the head of a request, or busy
//! with one; each phase but the last has its limit (a busy one is limited by the body's time and the deadline).

use std::{
    collections::HashMap,
    convert::Infallible,
    future::{Future, poll_fn},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{Id, JoinSet},
    time::Instant,
};

use crate::{Limits, event, request::Floor};

/// How long a closed connection is listened to, so that a refusal is read before the system resets the line.
const LINGER: Duration = Duration::from_secs(1);

/// Accepts until `shutdown`, then lets what is in flight finish until the drain's end.
pub(crate) async fn serve(listener: TcpListener, floor: Arc<Floor>, shutdown: impl Future<Output = ()>) {
    let limits = floor.desk().settings.limits.clone();
    let (drain, draining) = watch::channel(false);
    let mut open = Open::default();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = open.closed() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if let Some(why) = open.refuses(peer, &limits) {
                        event::connection_refused(peer, why);
                    } else {
                        open.add(peer, connection(stream, peer, Arc::clone(&floor), draining.clone()));
                    }
                }
                Err(error) => {
                    // Out of descriptors, or the caller was gone already: others may do better in a moment.
                    event::accept_failed(&error);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
        floor.desk().pulse.set_connections(open.tasks.len());
        event::connections(open.tasks.len());
    }
    drop(listener);
    // What has its answer by then gets the margin to write it.
    let until = floor.desk().start_draining() + floor.desk().settings.margin;
    // Nobody listens when no connection is open.
    let _ = drain.send(true);
    let in_time = tokio::time::timeout_at(until, async { while open.tasks.join_next().await.is_some() {} }).await;
    event::drained(in_time.is_ok(), open.tasks.len());
    open.tasks.shutdown().await;
    floor.desk().pulse.set_connections(0);
}

/// The open connections and where they come from.
#[derive(Default)]
struct Open {
    tasks: JoinSet<()>,
    origins: HashMap<Id, IpAddr>,
    by_origin: HashMap<IpAddr, usize>,
}

impl Open {
    fn refuses(&self, peer: SocketAddr, limits: &Limits) -> Option<&'static str> {
        let mine = self.by_origin.get(&origin(peer.ip())).copied().unwrap_or(0);
        if self.tasks.len() >= limits.connections.max(1) {
            Some("connections")
        } else if mine >= limits.connections_per_ip.max(1) {
            Some("connections_per_ip")
        } else {
            None
        }
    }

    fn add(&mut self, peer: SocketAddr, connection: impl Future<Output = ()> + Send + 'static) {
        let origin = origin(peer.ip());
        let id = self.tasks.spawn(connection).id();
        self.origins.insert(id, origin);
        *self.by_origin.entry(origin).or_default() += 1;
    }

    /// Waits for a connection to end and forgets it; for ever while there is none.
    async fn closed(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return std::future::pending().await,
        };
        let Some(origin) = self.origins.remove(&id) else { return };
        if let Some(count) = self.by_origin.get_mut(&origin) {
            *count -= 1;
            if *count == 0 {
                self.by_origin.remove(&origin);
            }
        }
    }
}

/// What counts as one address: an IPv4 address, or an IPv6 /64, which is what one customer gets.
fn origin(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, floor: Arc<Floor>, mut draining: watch::Receiver<bool>) {
    // Answers are one small write; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let limits = floor.desk().settings.limits.clone();
    let pace = Arc::new(Pace::default());
    let service = service_fn({
        let pace = Arc::clone(&pace);
        move |request| {
            pace.set(Phase::Busy);
            let (floor, pace) = (Arc::clone(&floor), Arc::clone(&pace));
            Box::pin(async move {
                let response = floor.answer(request, peer).await;
                pace.set(Phase::Idle(Instant::now()));
                Ok::<_, Infallible>(response)
            })
        }
    });
    let mut connection = http1::Builder::new()
        // A caller that has closed its writing side may still read its answer.
        .half_close(true)
        .header_read_timeout(None)
        .max_header_size(limits.head_bytes.max(8 << 10))
        .max_buf_size(limits.head_bytes.max(64 << 10))
        .serve_connection(TokioIo::new(Paced { stream, pace: Arc::clone(&pace) }), service);
    let mut timer = pin!(tokio::time::sleep(limits.idle_time));
    let mut closing = false;
    loop {
        let end = poll_fn(|cx| {
            if connection.poll_without_shutdown(cx).is_ready() {
                return Poll::Ready(End::Done);
            }
            let Some(due) = pace.due(&limits) else { return Poll::Pending };
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            ready!(timer.as_mut().poll(cx));
            Poll::Ready(End::TooSlow)
        });
        tokio::select! {
            biased;
            end = end => match end {
                End::Done => break,
                End::TooSlow => return event::connection_too_slow(peer),
            },
            () = told(&mut draining), if !closing => {
                closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    linger(connection.into_parts().io.into_inner().stream).await;
}

/// Until the drain begins.
async fn told(draining: &mut watch::Receiver<bool>) {
    // The sender lives longer than any connection.
    let _ = draining.wait_for(|draining| *draining).await;
}

enum End {
    Done,
    TooSlow,
}

/// Says that nothing more will come and reads what is still on the way, so that a caller in the middle of a body that was
/// refused gets to read the refusal.
async fn linger(mut stream: TcpStream) {
    let drain = async {
        stream.shutdown().await?;
        let mut scrap = vec![0; 16 << 10];
        while stream.read(&mut scrap).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    // Either it closed, or it had its second: the line is dropped now.
    let _ = tokio::time::timeout(LINGER, drain).await;
}

#[derive(Clone, Copy)]
enum Phase {
    /// Nothing of the next request has come.
    Idle(Instant),
    /// The first byte of a head has come, the last has not.
    Head(Instant),
    /// A request is being answered.
    Busy,
}

/// The phase of one connection. Only that connection's task touches it; the lock is there because hyper wants `Send`.
struct Pace(Mutex<Phase>);

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(Phase::Idle(Instant::now())))
    }
}

impl Pace {
    fn set(&self, phase: Phase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    fn byte_came(&self) {
        let mut phase = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Phase::Idle(_) = *phase {
            *phase = Phase::Head(Instant::now());
        }
    }

    fn due(&self, limits: &Limits) -> Option<Instant> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Phase::Idle(since) => Some(since + limits.idle_time),
            Phase::Head(since) => Some(since + limits.head_time),
            Phase::Busy => None,
        }
    }
}

/// A socket that tells when bytes come.
struct Paced {
    stream: TcpStream,
    pace: Arc<Pace>,
}

impl AsyncRead for Paced {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if buf.filled().len() > before {
            self.pace.byte_came();
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
