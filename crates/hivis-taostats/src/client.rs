//! One question: the shelf, the key, statuses, and when to ask again.

use std::path::PathBuf;
use std::time::Duration;

use hivis_http::{Address, Broken, Retries, Trouble, printable, retry_after, whole};
use hivis_types::Hotkey;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer;
use crate::shelf::{Kept, Shelf};
use crate::{ApiKey, Neuron, Price, Subnet, TaoStatsError};

/// A subnet's neurons are about 300 kB.
const MOST: usize = 8 << 20;
/// Rows of a page; a subnet has at most 256 neurons, and the API gives 1,024.
const ROWS: u32 = 1024;
/// Pages of one question: a list that never ends is none.
const PAGES: u32 = 4;

/// How long to go on against trouble.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often one call is tried; each try counts as a call of the plan.
    pub retries: Retries,
    /// The whole time of one try.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let retries = Retries { tries: 3, first: Duration::from_secs(1), longest: Duration::from_secs(20) };
        Self { retries, whole: Duration::from_secs(30) }
    }
}

/// What is kept, for how long, and how often may be asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where answers are kept.
    pub folder: PathBuf,
    /// A younger answer is not asked for again.
    pub fresh: Duration,
    /// Calls that the plan allows in any minute.
    pub calls_per_minute: u32,
    /// What time it is, UTC.
    pub clock: fn() -> Timestamp,
}

impl Options {
    /// A quarter of an hour and the free plan's five calls; the clock stands still until another is named.
    pub fn within(folder: PathBuf) -> Self {
        let clock = || Timestamp::UNIX_EPOCH;
        Self { folder, fresh: Duration::from_mins(15), calls_per_minute: 5, clock }
    }
}

/// What the server said, and when.
#[derive(Debug)]
pub struct Seen<T> {
    /// What.
    pub value: T,
    /// When it was said, UTC.
    pub at: Timestamp,
    /// Why it is older than it should be.
    pub trouble: Option<TaoStatsError>,
}

impl<T> Seen<T> {
    /// The same with another value.
    fn map<U>(self, map: impl FnOnce(T) -> U) -> Seen<U> {
        Seen { value: map(self.value), at: self.at, trouble: self.trouble }
    }
}

/// The server, or what stands in for it, as one key sees it.
#[derive(Clone, Debug)]
pub struct TaoStats {
    http: Client,
    base: Url,
    key: ApiKey,
    patience: Patience,
    shelf: Shelf,
    fresh: Duration,
    clock: fn() -> Timestamp,
}

impl TaoStats {
    /// `base` is `http(s)://HOST[:PORT]`. Over plain http the key goes to this computer only.
    pub fn new(base: &str, key: ApiKey, patience: Patience, options: Options) -> Result<Self, TaoStatsError> {
        let wrong = || TaoStatsError::Base { base: printable(base) };
        let address = Address::parse(base).ok_or_else(wrong)?;
        if address.is_clear() {
            return Err(TaoStatsError::Clear { host: address.host().to_owned() });
        }
        let connect = Duration::from_secs(10).min(patience.whole);
        let http = address
            .client()
            .connect_timeout(connect)
            .timeout(patience.whole)
            .build()
            .map_err(TaoStatsError::Connection)?;
        let shelf = Shelf { folder: options.folder, calls: options.calls_per_minute };
        Ok(Self { http, base: address.url().clone(), key, patience, shelf, fresh: options.fresh, clock: options.clock })
    }

    /// All neurons of a subnet, by uid.
    pub async fn neurons(&self, netuid: u16) -> Result<Seen<Vec<Neuron>>, TaoStatsError> {
        let query = format!("netuid={netuid}&limit={ROWS}&order=uid_asc");
        let mut seen: Seen<Vec<Neuron>> = self.list("api/metagraph/latest/v1", &query).await?;
        seen.value.retain(|neuron| neuron.netuid == netuid);
        Ok(seen)
    }

    /// One neuron of a subnet; `None` when its key is not registered there.
    pub async fn neuron(&self, netuid: u16, hotkey: &Hotkey) -> Result<Seen<Option<Neuron>>, TaoStatsError> {
        let query = format!("netuid={netuid}&hotkey={hotkey}");
        let seen: Seen<Vec<Neuron>> = self.list("api/metagraph/latest/v1", &query).await?;
        let ours = |neuron: &Neuron| neuron.netuid == netuid && neuron.hotkey.ss58 == hotkey.as_str();
        Ok(seen.map(|neurons| neurons.into_iter().find(ours)))
    }

    /// The neuron over time since the beginning of that UTC day, oldest first.
    pub async fn history(
        &self,
        netuid: u16,
        hotkey: &Hotkey,
        since: Timestamp,
    ) -> Result<Seen<Vec<Neuron>>, TaoStatsError> {
        // By the day, so that one question has one name all day long.
        let start = since.as_second() - since.as_second().rem_euclid(86_400);
        let query = format!("netuid={netuid}&hotkey={hotkey}&timestamp_start={start}&limit={ROWS}&order=timestamp_asc");
        let mut seen: Seen<Vec<Neuron>> = self.list("api/metagraph/history/v1", &query).await?;
        seen.value.retain(|neuron| neuron.netuid == netuid && neuron.hotkey.ss58 == hotkey.as_str());
        seen.value.sort_by_key(|neuron| (neuron.timestamp, neuron.block_number));
        Ok(seen)
    }

    /// A subnet; `None` when there is none of that number.
    pub async fn subnet(&self, netuid: u16) -> Result<Seen<Option<Subnet>>, TaoStatsError> {
        let seen: Seen<Vec<Subnet>> = self.list("api/subnet/latest/v1", &format!("netuid={netuid}")).await?;
        Ok(seen.map(|subnets| subnets.into_iter().find(|subnet| subnet.netuid == netuid)))
    }

    /// What TAO costs in US dollars.
    pub async fn price(&self) -> Result<Seen<Option<Price>>, TaoStatsError> {
        let seen: Seen<Vec<Price>> = self.list("api/price/latest/v1", "asset=tao").await?;
        Ok(seen.map(|prices| prices.into_iter().next()))
    }

    /// A list, from the shelf when that is young enough, else from the server, else from the shelf all the same.
    async fn list<T: DeserializeOwned>(&self, path: &str, query: &str) -> Result<Seen<Vec<T>>, TaoStatsError> {
        let question = format!("{path}?{query}");
        let kept = self.shelf.find(self.base.as_str(), &question);
        let now = (self.clock)();
        let young = |kept: &Kept| kept.at <= now && now.duration_since(kept.at).unsigned_abs() < self.fresh;
        if let Some(kept) = kept.as_ref().filter(|kept| young(kept)) {
            return read(path, kept, None);
        }
        match self.pages::<T>(path, query).await {
            Ok(rows) => read(path, &self.shelf.keep(self.base.as_str(), &question, (self.clock)(), rows)?, None),
            Err(trouble) => match kept {
                Some(kept) => read(path, &kept, Some(trouble)),
                None => Err(trouble),
            },
        }
    }

    /// All pages, each row checked before anything is kept.
    async fn pages<T: DeserializeOwned>(&self, path: &str, query: &str) -> Result<Vec<Value>, TaoStatsError> {
        let (mut rows, mut number) = (Vec::new(), 1);
        for _ in 0..PAGES {
            let body = self.ask(path, &format!("{query}&page={number}")).await?;
            answer::page::<T>(path, &body)?;
            let (some, next) = answer::page::<Value>(path, &body)?;
            rows.extend(some);
            match next {
                Some(next) if next > number => number = next,
                _ => return Ok(rows),
            }
        }
        tracing::warn!(path, "TaoStats has more pages than are read");
        Ok(rows)
    }

    /// One call that ends in a success; asks again by itself.
    async fn ask(&self, path: &str, query: &str) -> Result<Vec<u8>, TaoStatsError> {
        let mut url = self.base.join(path).map_err(|_| TaoStatsError::Base { base: printable(path) })?;
        url.set_query(Some(query));
        let mut tries = self.patience.retries.begin();
        loop {
            self.shelf.book((self.clock)())?;
            let trouble = match self.once(url.clone()).await {
                Ok(body) => return Ok(body),
                Err(trouble) => trouble,
            };
            if let Trouble::Passing(TaoStatsError::TooManyRequests { .. }, Some(wait)) = &trouble {
                self.shelf.hold((self.clock)(), *wait)?;
            }
            let (error, wait) = tries.after(trouble)?;
            tracing::info!(wait_s = wait.as_secs_f64(), "{error}: asking again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, url: Url) -> Result<Vec<u8>, Trouble<TaoStatsError>> {
        let mut key = HeaderValue::from_str(self.key.reveal()).expect("a key is plain ASCII: this is a bug");
        key.set_sensitive(true);
        let response = self.http.get(url).header(AUTHORIZATION, key).header("accept", "application/json").send().await;
        let response = response.map_err(connection)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return body(response).await;
        }
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).map(printable).unwrap_or_default();
            return Err(Trouble::Lasting(TaoStatsError::Redirected { status: status.as_u16(), to }));
        }
        let wait = retry_after(&headers);
        // Of an error only its beginning is of use, and a broken one is no other error.
        let said = body(response).await.map(|body| said(&body)).unwrap_or_default();
        let other = TaoStatsError::Status { status: status.as_u16(), said };
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Trouble::Lasting(TaoStatsError::Unauthorised { status: status.as_u16() })
            }
            StatusCode::TOO_MANY_REQUESTS => Trouble::Passing(TaoStatsError::TooManyRequests { wait }, wait),
            _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => Trouble::Passing(other, wait),
            _ => Trouble::Lasting(other),
        })
    }
}

/// What is kept, as the caller wants it.
fn read<T: DeserializeOwned>(
    path: &str,
    kept: &Kept,
    trouble: Option<TaoStatsError>,
) -> Result<Seen<Vec<T>>, TaoStatsError> {
    let odd = |error: serde_json::Error| TaoStatsError::Answer { what: path.to_owned(), why: error.to_string() };
    let value = kept.rows.iter().map(|row| T::deserialize(row).map_err(odd)).collect::<Result<_, _>>()?;
    Ok(Seen { value, at: kept.at, trouble })
}

async fn body(response: Response) -> Result<Vec<u8>, Trouble<TaoStatsError>> {
    let what = response.url().path().trim_start_matches('/').to_owned();
    whole(response, MOST).await.map_err(|broken| match broken {
        Broken::Connection(error) => connection(error),
        long @ Broken::TooLong { .. } => Trouble::Lasting(TaoStatsError::Answer { what, why: long.to_string() }),
    })
}

fn connection(error: reqwest::Error) -> Trouble<TaoStatsError> {
    Trouble::Passing(TaoStatsError::Connection(error.without_url()), None)
}

/// What an error's body says: its message, or its beginning.
fn said(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = ["/message", "/error", "/detail"].into_iter().find_map(|place| value.pointer(place)?.as_str());
    printable(message.unwrap_or(&String::from_utf8_lossy(&body[..body.len().min(1000)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_key_goes() {
        let site = |base: &str| {
            let key = ApiKey::new("secret-key").expect("a key");
            TaoStats::new(base, key, Patience::default(), Options::within("/nowhere".into()))
        };
        for bad in ["", "api.taostats.io", "ftp://api.taostats.io", "https://user:pw@api.taostats.io", "file:///etc"] {
            assert!(matches!(site(bad), Err(TaoStatsError::Base { .. })), "{bad}");
        }
        for (base, goes) in [
            ("https://api.taostats.io", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1/", true),
            ("http://api.taostats.io", false),
            ("http://192.168.1.2", false),
        ] {
            let made = site(base);
            assert_eq!(made.is_ok(), goes, "{base}");
            assert!(!format!("{made:?}").contains("secret-key"));
        }
        assert!(ApiKey::new(" \n").is_none() && ApiKey::new("a\nX-Evil: 1").is_none());
    }
}
