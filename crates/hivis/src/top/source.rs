//! Where the glance comes from: a running server's control room, else the ledger.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_console::system::TopView;
use hivis_http::{Address, Reach};
use hivis_store::{Home, Ledger};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::cli::{Global, ServeArgs, TopArgs};
use crate::config::Settings;
use crate::control::releases::exams::Exams;
use crate::control::system::top::{Seen, glance};
use crate::failure::Hinted;
use crate::home;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask.
pub(crate) struct Source {
    client: Client,
    token: Option<String>,
    /// The page that was named, and nothing else.
    page: Option<String>,
    here: Option<Here>,
}

/// The home on this computer.
struct Here {
    home: Home,
    ledger: Ledger,
    settings: Settings,
    exams: Arc<Exams>,
}

impl Source {
    /// Reads the token and, where no page is named, opens the home.
    pub(crate) async fn open(global: &Global, args: &TopArgs) -> Result<Self> {
        let token = args.token_file.as_deref().map(token).transpose()?;
        let page = args.page.as_deref().map(address).transpose()?;
        // The home's own page is on this computer, whatever its address.
        let reach = page.as_ref().map_or(Reach::Here, Address::reach);
        let page = page.map(|page| page.url().as_str().trim_end_matches('/').to_owned());
        let here = if page.is_none() { Some(Here::open(global).await?) } else { None };
        let client = hivis_http::client(reach)
            .redirect(Policy::default())
            .timeout(PATIENCE)
            .build()
            .context("no client for HTTP")?;
        Ok(Self { client, token, page, here })
    }

    /// One look. A page that was named must answer; the home's own server may be away, and then the ledger is read.
    pub(crate) async fn look(&self) -> Result<TopView> {
        let Some(here) = &self.here else {
            let page = self.page.as_deref().unwrap_or_default();
            return self.ask(page).await?.map_err(|error| {
                let hint = "name a running server's page, such as --page http://127.0.0.1:8092; without --page the home is read";
                anyhow::Error::new(error).context(Hinted::new(format!("{page} does not answer"), hint))
            });
        };
        let Some(pid) = here.home.server()? else { return here.glance().await };
        let page = format!("http://{}", reachable(here.settings.serve.page));
        if let Ok(view) = self.ask(&page).await? {
            return Ok(view);
        }
        let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        let mut view = here.glance().await?;
        view.state = format!("a server runs{process}, but not with its page on {page}: name it with --page");
        Ok(view)
    }

    /// Asks a page. Who is there and says no, or is no hivis, is an error; who is not there, the inner one.
    async fn ask(&self, page: &str) -> Result<Result<TopView, reqwest::Error>> {
        let mut request = self.client.get(format!("{page}/api/top"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.without_url())),
        };
        match answer.status() {
            StatusCode::OK => {
                let view = answer.json().await;
                let wrong =
                    || Hinted::new(format!("{page} does not answer as this hivis does"), "update the older one");
                Ok(Ok(view.map_err(|error| anyhow::Error::new(error.without_url()).context(wrong()))?))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let hint = "give a token of one of its accounts with --token-file FILE";
                Err(Hinted::new(format!("{page} lets nobody in without an account"), hint).into())
            }
            status => {
                let hint = "look into the server's log, or read the home with --home and without --page";
                Err(Hinted::new(format!("{page}/api/top answers {status}"), hint).into())
            }
        }
    }
}

impl Here {
    async fn open(global: &Global) -> Result<Self> {
        let home = home::open(global)?;
        let settings = home::settings(&home, &ServeArgs::default())?;
        let (ledger, exams) = (home.ledger().await?, Arc::new(Exams::new(&home)));
        Ok(Self { home, ledger, settings, exams })
    }

    async fn glance(&self) -> Result<TopView> {
        let seen = Seen { home: &self.home, ledger: &self.ledger, exams: &self.exams };
        glance(seen, &self.settings, Timestamp::now()).await
    }
}

fn token(path: &Path) -> Result<String> {
    let text = fs_err::read_to_string(path).context("the token cannot be read")?;
    let token = text.trim();
    // A header takes nothing else; what is in the file is not shown.
    if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
        let hint = "the file holds one token and nothing else";
        return Err(Hinted::new(format!("{} holds no token", path.display()), hint).into());
    }
    Ok(token.to_owned())
}

/// `host:port` is a page over http.
fn address(text: &str) -> Result<Address> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    // Not shown: there may be a password in it.
    let wrong = || Hinted::new("--page is no address", "such as http://127.0.0.1:8092, without a name or a password");
    Ok(Address::parse(&whole).ok_or_else(wrong)?)
}

/// A listener on every address is found on this computer's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_with_and_without_a_scheme() {
        let whole = |text: &str| address(text).expect("an address").url().to_string();
        assert_eq!(whole("127.0.0.1:8092"), "http://127.0.0.1:8092/");
        assert_eq!(whole("https://miner.example"), "https://miner.example/");
        for wrong in ["ftp://x", "http://", "a b"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        let every: SocketAddr = "0.0.0.0:9".parse().expect("an address");
        assert_eq!(reachable(every).to_string(), "127.0.0.1:9");
    }

    #[test]
    fn a_file_without_a_token_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, " abc.def \n").expect("a file");
        assert_eq!(token(&path).expect("a token"), "abc.def");
        std::fs::write(&path, "hunter2 and more").expect("a file");
        let error = token(&path).expect_err("no token");
        assert!(!crate::failure::text(&error).contains("hunter2"), "{error:?}");
    }
}
