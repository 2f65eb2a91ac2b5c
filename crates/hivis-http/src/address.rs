//! Where a server is, and a client for it.

use std::net::IpAddr;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

/// Who could read what is sent to a host in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody: it is this computer.
    Here,
    /// The neighbours: no router of the world passes its address on.
    Near,
    /// Anybody on the way.
    Far,
}

impl Reach {
    /// That of a host; an IPv6 address may stand in brackets. A name other than `localhost` is far, whatever it resolves to.
    pub fn of(host: &str) -> Self {
        let host = host.trim_matches(['[', ']']);
        match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(ip) if ip.is_loopback() => Self::Here,
            Ok(IpAddr::V4(ip)) if ip.is_private() || ip.is_link_local() => Self::Near,
            Ok(IpAddr::V6(ip)) if ip.is_unique_local() || ip.is_unicast_link_local() => Self::Near,
            Err(_) if host == "localhost" => Self::Here,
            _ => Self::Far,
        }
    }
}

/// The address of a server: http or https, a host, no name or password in it.
#[derive(Clone, Debug)]
pub struct Address {
    url: Url,
    reach: Reach,
}

impl Address {
    /// Reads `http(s)://HOST[:PORT][/PATH]`; `None` for anything else. The path is a folder: what is joined to it lies in it.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(&format!("{}/", text.trim().trim_end_matches('/'))).ok()?;
        let named = !url.username().is_empty() || url.password().is_some();
        let reach = Reach::of(url.host_str()?);
        (matches!(url.scheme(), "http" | "https") && !named).then_some(Self { url, reach })
    }

    /// The address, with a slash at its end.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its host, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Who could read what is sent in the clear.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// True when others could read what is sent: plain http to another computer.
    pub fn is_clear(&self) -> bool {
        self.url.scheme() == "http" && self.reach != Reach::Here
    }

    /// A client for it, as [`client`] makes it.
    pub fn client(&self) -> ClientBuilder {
        client(self.reach)
    }
}

/// A client that names hivis, follows no redirects, and asks this computer without a proxy. Its times are the caller's.
pub fn client(reach: Reach) -> ClientBuilder {
    prepare_tls();
    let client = Client::builder().user_agent(concat!("hivis/", env!("CARGO_PKG_VERSION"))).redirect(Policy::none());
    if reach == Reach::Here { client.no_proxy() } else { client }
}

/// Chooses ring for TLS, once a process. Every `reqwest` client of the program needs it, or it panics where it is made.
pub fn prepare_tls() {
    // The first one stays; which one it is does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::{Address, Reach};

    #[test]
    fn addresses_and_who_hears_what_goes_there() {
        for bad in ["", "host.example", "127.0.0.1:7860", "ftp://host", "http://user:pw@host", "file:///etc", "http://"]
        {
            assert!(Address::parse(bad).is_none(), "{bad}");
        }
        for (text, reach, clear) in [
            ("https://api.example/v1", Reach::Far, false),
            (" https://api.example/ ", Reach::Far, false),
            ("http://api.example", Reach::Far, true),
            ("http://8.8.8.8", Reach::Far, true),
            ("http://localhost.example", Reach::Far, true),
            ("http://192.168.1.20:7860", Reach::Near, true),
            ("http://[fd00::1]", Reach::Near, true),
            ("https://10.0.0.1", Reach::Near, false),
            ("http://localhost:1/", Reach::Here, false),
            ("http://127.0.0.1:1", Reach::Here, false),
            ("http://[::1]:1", Reach::Here, false),
            ("http://[::ffff:127.0.0.1]", Reach::Here, false),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!((address.reach(), address.is_clear()), (reach, clear), "{text}");
        }
    }

    #[test]
    fn a_path_is_a_folder() {
        for text in ["http://host/a/v1", "http://host/a/v1//"] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.url().join("chat").expect("a path").as_str(), "http://host/a/v1/chat");
        }
        assert_eq!(Address::parse("http://[::1]:80").expect("an address").host(), "::1");
    }
}
