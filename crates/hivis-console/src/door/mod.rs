//! Who comes in, and what each may do.
//!
//! On loopback without accounts whoever reaches the listener is the operator `local`; everywhere else there is a login,
//! or a bearer token for scripts. [`enter::enter`] looks at every request before a handler does; a handler says whom it
//! wants by its parameter: [`Who`] for anybody who is in, [`Reviewer`], [`Operator`]; others get 403.

pub(crate) mod accounts;
mod body;
mod book;
pub(crate) mod enter;
pub(crate) mod headers;
mod limit;
pub(crate) mod listen;
pub(crate) mod login;
pub(crate) mod origin;
pub(crate) mod password;
mod sessions;
mod target;
pub(crate) mod token;
mod who;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use accounts::{Accounts, DoorError};
use book::Book;
use limit::Limiter;
use sessions::Sessions;
use token::Digest;
pub use who::Role;
pub(crate) use who::{Operator, Reviewer, Way, Who, audit, outcome};

/// Whoever is in by the token that was made at start, while there are no accounts.
pub(crate) const BOOTSTRAP: &str = "console";
/// Whoever is in on loopback, while there are no accounts.
pub(crate) const LOCAL: &str = "local";
/// The file in the home that holds the operator's token, where a listener that others reach has no account yet.
pub const TOKEN_FILE: &str = "console.token";

/// Fills a slice with bytes that nobody can guess.
pub type Entropy = fn(&mut [u8]) -> io::Result<()>;

/// What the door goes by.
#[derive(Clone, Debug)]
pub struct DoorSettings {
    /// The home: `users.toml` and `console.token` lie there.
    pub folder: PathBuf,
    /// A session ends after this long without a request.
    pub idle: Duration,
    /// A session ends after this long in any case.
    pub lifetime: Duration,
    /// Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub proxies: Vec<IpAddr>,
    /// Names by which the page is reached, besides addresses and `localhost`; in lower case.
    pub hosts: Vec<String>,
    /// `/metrics` wants no token where others reach the listener.
    pub open_metrics: bool,
    /// Where randomness comes from.
    pub entropy: Entropy,
}

/// Everything that the door remembers: accounts, sessions, attempts. Cheap to copy.
#[derive(Clone)]
pub struct Door {
    inner: Arc<Inner>,
    /// Only this computer reaches the listener.
    loopback: bool,
}

struct Inner {
    settings: DoorSettings,
    book: Book,
    sessions: Sessions,
    /// Attempts by address, and by name.
    addresses: Limiter,
    names: Limiter,
    /// Passwords that are checked at once.
    checks: Arc<Semaphore>,
    /// What pages send back where there are no sessions.
    csrf: String,
    /// The digest of the token that was made at start, until it is used.
    bootstrap: Mutex<Option<Digest>>,
}

/// Passwords checked at once: each takes a core for some 30 ms and 19 MiB, and the cores are the axon's.
const CHECKS: usize = 2;

impl Door {
    /// Reads the accounts. The listener counts as one that only this computer reaches, see [`Door::beyond_loopback`].
    pub fn new(settings: DoorSettings) -> Result<Self, DoorError> {
        let book = Book::open(&settings.folder)?;
        let mut secret = [0; 32];
        (settings.entropy)(&mut secret).map_err(DoorError::Entropy)?;
        let inner = Inner {
            book,
            sessions: Sessions::new(settings.idle, settings.lifetime),
            addresses: Limiter::new(secret, 10, Duration::from_secs(10)),
            names: Limiter::new(secret, 15, Duration::from_secs(30)),
            checks: Arc::new(Semaphore::new(CHECKS)),
            csrf: token::make(settings.entropy)?,
            bootstrap: Mutex::new(None),
            settings,
        };
        Ok(Self { inner: Arc::new(inner), loopback: true })
    }

    /// The door of a listener that others reach. Without any account it makes a token for the operator, and leaves it
    /// in [`TOKEN_FILE`] for whoever may read the home.
    pub fn beyond_loopback(mut self) -> Result<Self, DoorError> {
        self.loopback = false;
        let file = self.inner.settings.folder.join(TOKEN_FILE);
        if self.inner.book.now().users().is_empty() {
            let token = token::make(self.inner.settings.entropy)?;
            accounts::write_private(&file, format!("{token}\n").as_bytes())?;
            *self.bootstrap() = Some(token::digest(&token));
            let file = file.display();
            tracing::warn!(
                "the page can be reached by others and has no accounts: log in with the token in {file}, then \
                 `hivis console user add NAME --role operator`"
            );
        } else {
            self.forget_token_file();
        }
        Ok(self)
    }

    /// What is in `users.toml` now.
    pub(crate) fn accounts(&self) -> Arc<Accounts> {
        self.inner.book.now()
    }

    /// Everybody who passes the origin check is in.
    pub(crate) fn is_open(&self, accounts: &Accounts) -> bool {
        self.loopback && accounts.users().is_empty()
    }

    /// `/metrics` asks for nobody.
    pub(crate) fn metrics_are_open(&self) -> bool {
        self.loopback || self.inner.settings.open_metrics
    }

    pub(crate) fn settings(&self) -> &DoorSettings {
        &self.inner.settings
    }

    fn bootstrap(&self) -> MutexGuard<'_, Option<Digest>> {
        self.inner.bootstrap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True while there are no accounts and nobody has used the token of the start.
    pub(crate) fn waits_for_token(&self, accounts: &Accounts) -> bool {
        !self.loopback && accounts.users().is_empty() && self.bootstrap().is_some()
    }

    /// Takes the token of the start, once.
    pub(crate) fn use_token(&self, accounts: &Accounts, sent: &str) -> bool {
        if !self.waits_for_token(accounts) {
            return false;
        }
        let sent = token::digest(sent.trim());
        let used = self.bootstrap().take_if(|kept| bool::from(kept.ct_eq(&sent))).is_some();
        if used {
            self.forget_token_file();
        }
        used
    }

    fn forget_token_file(&self) {
        let file = self.inner.settings.folder.join(TOKEN_FILE);
        match fs_err::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the used token could not be removed");
            }
            _ => {}
        }
    }
}

/// Where `users.toml` lies in a home.
pub fn users_file(home: &Path) -> PathBuf {
    home.join(accounts::FILE)
}
