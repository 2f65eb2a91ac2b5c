//! Where a miner says it can be reached.

use std::net::{IpAddr, Ipv4Addr};

/// An address for the chain. Dendrites reach IPv4 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axon {
    /// The address that strangers reach.
    pub ip: Ipv4Addr,
    /// The port that strangers reach.
    pub port: u16,
    /// The protocol's version as the SDK counts it: 10005000 is 10.5.0.
    pub version: u32,
}

/// Why validators could not reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IpProblem {
    /// The SDK's dendrite writes the address without brackets.
    #[error("validators cannot reach an IPv6 axon")]
    V6,
    /// Only this machine reaches it.
    #[error("it is this machine's own address, which nobody else reaches")]
    Loopback,
    /// Only this house reaches it.
    #[error("it is an address of a private network, which validators cannot reach")]
    Private,
    /// Nobody reaches it.
    #[error("it is an address that no machine on the internet has")]
    Reserved,
    /// A port of zero is no port.
    #[error("port 0 is no port")]
    Port,
}

impl IpProblem {
    /// What to do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::V6 => {
                "give the machine's IPv4 address; without one rent a machine that has it, or forward a port from one"
            }
            Self::Loopback | Self::Private => {
                "give the address that the internet sees: your provider's console or your router's status page names it; \
                 behind a router forward the port to this machine"
            }
            Self::Reserved => "give the address that your provider's console or your router's status page names",
            Self::Port => "give the port that validators reach, such as 8091",
        }
    }
}

impl Axon {
    /// With an address that validators can reach; `anywhere` (a chain of one's own) takes any IPv4 address but 0.0.0.0.
    pub fn new(ip: IpAddr, port: u16, version: u32, anywhere: bool) -> Result<Self, IpProblem> {
        let IpAddr::V4(ip) = ip else { return Err(IpProblem::V6) };
        if port == 0 {
            return Err(IpProblem::Port);
        }
        match problem(ip) {
            Some(IpProblem::Loopback | IpProblem::Private) if anywhere => {}
            Some(problem) => return Err(problem),
            None => {}
        }
        Ok(Self { ip, port, version })
    }
}

/// The blocks of RFC 6890 that are not for the internet.
fn problem(ip: Ipv4Addr) -> Option<IpProblem> {
    let [a, b, c, _] = ip.octets();
    if ip.is_loopback() {
        return Some(IpProblem::Loopback);
    }
    let shared = a == 100 && (64..128).contains(&b);
    if ip.is_private() || ip.is_link_local() || shared {
        return Some(IpProblem::Private);
    }
    let benchmark = a == 198 && (b == 18 || b == 19);
    let protocol = a == 192 && b == 0 && c == 0;
    let reserved = a == 0 || a >= 224 || ip.is_documentation() || benchmark || protocol;
    reserved.then_some(IpProblem::Reserved)
}

#[cfg(test)]
mod tests {
    use super::{Axon, IpProblem};

    #[test]
    fn only_reachable_addresses_are_announced() {
        use IpProblem::{Loopback, Port, Private, Reserved, V6};
        let check = |ip: &str, port| Axon::new(ip.parse().expect("an address"), port, 1, false).err();
        for good in ["8.8.8.8", "1.1.1.1", "198.20.0.1", "100.128.0.1", "172.32.0.1", "223.255.255.1"] {
            assert_eq!(check(good, 8091), None, "{good}");
        }
        for (bad, why) in [
            ("2001:db8::1", V6),
            ("::1", V6),
            ("127.0.0.1", Loopback),
            ("10.1.2.3", Private),
            ("172.31.0.1", Private),
            ("192.168.1.1", Private),
            ("169.254.0.1", Private),
            ("100.64.0.1", Private),
            ("0.0.0.0", Reserved),
            ("203.0.113.7", Reserved),
            ("198.18.0.1", Reserved),
            ("224.0.0.1", Reserved),
            ("255.255.255.255", Reserved),
        ] {
            assert_eq!(check(bad, 8091), Some(why), "{bad}");
        }
        assert_eq!(check("8.8.8.8", 0), Some(Port));
        let anywhere = |ip: &str| Axon::new(ip.parse().expect("an address"), 8091, 1, true).err();
        assert_eq!((anywhere("127.0.0.1"), anywhere("10.0.0.1")), (None, None));
        assert_eq!((anywhere("0.0.0.0"), anywhere("::1")), (Some(Reserved), Some(V6)));
    }
}
