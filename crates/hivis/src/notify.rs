//! Words to the service manager (`sd_notify`): a datagram to the socket that `NOTIFY_SOCKET` names, when it names one.

#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt as _;
#[cfg(target_os = "linux")]
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// It answers from now on.
pub(crate) fn ready() {
    tell("READY=1");
}

/// It drains, which is no failure.
pub(crate) fn stopping() {
    tell("STOPPING=1");
}

/// There is systemd on Linux only.
#[cfg(not(target_os = "linux"))]
fn tell(_word: &str) {}

#[cfg(target_os = "linux")]
fn tell(word: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let sent = address.and_then(|to| UnixDatagram::unbound()?.send_to_addr(word.as_bytes(), &to));
    if let Err(error) = sent {
        tracing::warn!(%error, word, "the service manager could not be told");
    }
}
