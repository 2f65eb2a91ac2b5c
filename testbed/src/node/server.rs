//! The websocket: one task a connection, and the chain behind one lock.

use soketto::handshake::Server;
use soketto::handshake::server::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::compat::TokioAsyncReadCompatExt as _;

use super::world::{Shared, lock};

/// Takes connections until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, world: Shared) {
    loop {
        if let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(connection(socket, world.clone()));
        }
    }
}

async fn connection(socket: TcpStream, world: Shared) {
    if lock(&world).faults.refuse {
        return;
    }
    let _ = socket.set_nodelay(true);
    let mut server = Server::new(socket.compat());
    let Ok(key) = server.receive_request().await.map(|request| request.key()) else { return };
    let limited = {
        let mut world = lock(&world);
        let limited = world.faults.upgrades_limited > 0;
        world.faults.upgrades_limited = world.faults.upgrades_limited.saturating_sub(1);
        limited
    };
    let response =
        if limited { Response::Reject { status_code: 429 } } else { Response::Accept { key, protocol: None } };
    if server.send_response(&response).await.is_err() || limited {
        return;
    }
    let (mut sender, mut receiver) = server.into_builder().finish();
    let (out, mut queue) = unbounded_channel::<String>();
    let id = lock(&world).connect(out);
    let reading = async {
        let mut message = Vec::new();
        while receiver.receive_data(&mut message).await.is_ok() {
            lock(&world).receive(id, &message);
            message.clear();
        }
    };
    // The queue closes when a fault cuts the connection; what was said before is still sent.
    let writing = async {
        while let Some(text) = queue.recv().await {
            if sender.send_text_owned(text).await.is_err() || sender.flush().await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
    lock(&world).disconnect(id);
}
