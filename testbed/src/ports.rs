//! Ports for programs that must be told one, and ports where nobody is.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A port of the loopback from the kernel that is held while this lives, without listening.
///
/// Whoever is told its number and sets `SO_REUSEADDR`, as servers do, can listen there; until then a connection is refused.
/// The kernel gives it to nobody else. A port that is only found free and let go can be another test's a moment later.
#[derive(Debug)]
pub struct Port {
    held: Socket,
}

impl Port {
    /// Takes one.
    pub fn reserve() -> Self {
        let held = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        held.set_reuse_address(true).expect("an option that every system has");
        held.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port");
        Self { held }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.held.local_addr().ok().and_then(|address| address.as_socket()).expect("a bound socket has an address")
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.address().port()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::Port;

    #[test]
    fn a_held_port_is_refused_until_its_server_listens() {
        let port = Port::reserve();
        assert!(TcpStream::connect(port.address()).is_err());
        let server = TcpListener::bind(port.address()).expect("a server may listen there");
        assert!(TcpStream::connect(port.address()).is_ok());
        drop(server);
        assert!(TcpStream::connect(port.address()).is_err());
    }
}
