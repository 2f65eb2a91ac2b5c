//! The two listeners: one for everybody, one for nobody else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hivis_console::Accounts;

use super::{Deployment, Finding};

/// `st` of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";

pub(super) fn check(of: &Deployment<'_>) -> Vec<Finding> {
    let serve = &of.settings.serve;
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| of.machine.read(table).unwrap_or_default());
    let listening: Vec<SocketAddr> = tables.iter().flat_map(|table| table.lines()).filter_map(listener).collect();
    vec![axon(serve.addr, &listening), outside(serve.addr.port()), page(of, &listening)]
}

fn axon(address: SocketAddr, listening: &[SocketAddr]) -> Finding {
    let what = "axon";
    if address.ip().is_loopback() {
        let mend = format!("serve.addr = \"0.0.0.0:{}\" in hivis.toml", address.port());
        return Finding::bad(what, format!("{address} is this computer only: no validator gets there"), mend);
    }
    if address.is_ipv6() {
        let mend = format!("serve.addr = \"0.0.0.0:{}\" in hivis.toml", address.port());
        return Finding::bad(what, format!("{address} is IPv6, which dendrites cannot ask"), mend);
    }
    let found = listening.iter().find(|found| found.port() == address.port());
    match found {
        Some(found) if found.ip().is_loopback() => {
            Finding::bad(what, format!("something listens on {found} only"), "stop it, or set another serve.addr")
        }
        Some(found) => Finding::good(what, format!("something listens on {found}")),
        None => Finding::good(what, format!("nothing listens on port {} yet", address.port())),
    }
}

/// Nobody can see one's own outside.
fn outside(port: u16) -> Finding {
    let look = format!("from another machine: `nc -vz ADDRESS {port}`, or `curl http://ADDRESS:{port}/` (404 is good)");
    Finding::note("outside", format!("whether validators reach port {port} cannot be seen from inside"), look)
}

fn page(of: &Deployment<'_>, listening: &[SocketAddr]) -> Finding {
    let (what, address) = ("page", of.settings.serve.page);
    let mend = format!("serve.page = \"127.0.0.1:{}\" in hivis.toml, then `ssh -L` to look at it", address.port());
    if !address.ip().is_loopback() {
        return elsewhere(of, &mend);
    }
    match listening.iter().find(|found| found.port() == address.port() && !found.ip().is_loopback()) {
        Some(found) => Finding::bad(what, format!("something listens on {found}, which others can reach"), mend),
        None => Finding::good(what, format!("{address} is for this computer only")),
    }
}

/// Others reach the page: who may log in, and what they send in the clear.
fn elsewhere(of: &Deployment<'_>, mend: &str) -> Finding {
    let (what, address) = ("page", of.settings.serve.page);
    match Accounts::read(of.home.path()) {
        Err(error) => Finding::failed(what, &error.into(), "mend users.toml in the home"),
        Ok(accounts) if accounts.users().is_empty() => {
            let text = format!("{address} can be reached by others, and there are no accounts");
            Finding::bad(what, text, format!("hivis console user add NAME --role operator; or {mend}"))
        }
        Ok(accounts) => {
            let count = accounts.users().len();
            let text =
                format!("{address} can be reached by others; {count} have accounts, and passwords come in the clear");
            Finding::note(
                what,
                text,
                format!("put a proxy with TLS before it (console.proxies, console.hosts); or {mend}"),
            )
        }
    }
}

/// The address of a line of `/proc/net/tcp` or `tcp6` whose socket listens. Numbers are as the machine has them in memory.
fn listener(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_whitespace().skip(1);
    let local = words.next()?;
    if words.nth(1)? != LISTENS {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    let bytes = hex::decode(address).ok()?;
    let swapped: Vec<u8> = bytes.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
    let ip = match swapped.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(swapped).ok()?)),
        _ => Ipv6Addr::from(<[u8; 16]>::try_from(swapped).ok()?).to_canonical(),
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_as_the_kernel_writes_them() {
        let cases = [
            ("   0: 0100007F:1F9C 00000000:0000 0A 00000000:00000000 00:00000000", Some("127.0.0.1:8092")),
            ("   1: 00000000:1F9B 00000000:0000 0A 00000000:00000000 00:00000000", Some("0.0.0.0:8091")),
            ("   2: 0100007F:1F9C 0100007F:D431 01 00000000:00000000 00:00000000", None),
            ("   0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A", Some("[::1]:22")),
            ("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt", None),
        ];
        for (line, wanted) in cases {
            assert_eq!(listener(line).map(|a| a.to_string()).as_deref(), wanted, "{line}");
        }
    }
}
