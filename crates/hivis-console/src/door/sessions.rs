//! Who is logged in. Sessions live in memory: a restart ends them all.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::accounts::Accounts;
use super::token::{self, Digest};
use super::{BOOTSTRAP, Role};

/// Sessions at once, and of one account; the oldest makes room.
const MOST: usize = 1_000;
const MOST_EACH: usize = 20;

/// One login.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) csrf: String,
    /// The hash of the password that was good at login; none for the token of the start.
    password: Option<String>,
    begun: Instant,
    used: Instant,
}

/// All logins, by the digest of the cookie: what lies in memory opens nothing.
pub(crate) struct Sessions {
    idle: Duration,
    lifetime: Duration,
    /// One small lock, held for one look-up, as that of the nonce book.
    open: Mutex<HashMap<Digest, Session>>,
}

impl Sessions {
    pub(crate) fn new(idle: Duration, lifetime: Duration) -> Self {
        Self { idle, lifetime, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session for whoever has this cookie; `password` is the hash that it holds with.
    pub(crate) fn begin(&self, cookie: &str, name: &str, role: Role, proof: (String, Option<String>)) {
        let (csrf, password) = proof;
        let now = Instant::now();
        let mut open = self.open();
        open.retain(|_, session| self.holds(session, now));
        let mine = open.values().filter(|session| session.name == name).count();
        if mine >= MOST_EACH {
            drop_oldest(&mut open, |session| session.name == name);
        } else if open.len() >= MOST {
            drop_oldest(&mut open, |_| true);
        }
        let session = Session { name: name.to_owned(), role, csrf, password, begun: now, used: now };
        open.insert(token::digest(cookie), session);
    }

    /// The session, where it holds and its account is as it was. `used` keeps it from growing idle.
    pub(crate) fn find(&self, digest: &Digest, accounts: &Accounts, used: bool) -> Option<Session> {
        let now = Instant::now();
        let mut open = self.open();
        let session = open.get_mut(digest)?;
        if !self.holds(session, now) || !is_as_it_was(session, accounts) {
            open.remove(digest);
            return None;
        }
        if used {
            session.used = now;
        }
        Some(session.clone())
    }

    pub(crate) fn end(&self, digest: &Digest) {
        self.open().remove(digest);
    }

    fn holds(&self, session: &Session, now: Instant) -> bool {
        now.duration_since(session.used) < self.idle && now.duration_since(session.begun) < self.lifetime
    }
}

/// An account that is gone, has another password or another role has no sessions. Whoever came by the token of the
/// start is in until there are accounts.
fn is_as_it_was(session: &Session, accounts: &Accounts) -> bool {
    match &session.password {
        Some(password) => {
            accounts.user(&session.name).is_some_and(|user| user.role == session.role && user.password == *password)
        }
        None => session.name == BOOTSTRAP && accounts.users().is_empty(),
    }
}

fn drop_oldest(open: &mut HashMap<Digest, Session>, of: impl Fn(&Session) -> bool) {
    let oldest = open.iter().filter(|(_, session)| of(session)).min_by_key(|(_, session)| session.begun);
    if let Some(digest) = oldest.map(|(digest, _)| *digest) {
        open.remove(&digest);
    }
}
