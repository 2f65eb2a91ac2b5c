//! What wallets a folder holds and what is wrong with them, seen without any password.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use hivis_types::Hotkey;

use super::fields::Fields;
use super::{Form, PUBLIC, disk, public_path};
use crate::{Scheme, WalletError, ss58};

/// One wallet's folder.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The wallet's name.
    pub name: String,
    /// The coldkey, private or public, whichever is there.
    pub coldkey: Option<KeyFile>,
    /// The hotkeys by name.
    pub hotkeys: Vec<KeyFile>,
}

/// One key and what can be seen of it.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// `coldkey`, or the hotkey's name.
    pub name: String,
    /// The private file, or the public one where there is no other.
    pub path: PathBuf,
    /// What lies there.
    pub kept: Kept,
    /// Its address, where a file says it unencrypted.
    pub address: Option<Hotkey>,
    /// Its scheme, where a file says it unencrypted.
    pub scheme: Option<Scheme>,
    /// What a person should mend, a sentence each.
    pub problems: Vec<String>,
}

/// What of a key lies on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The secret, in that form.
    Private(Form),
    /// The public half only.
    Public,
    /// A file that is no wallet file.
    Unknown,
}

impl Kept {
    /// For tables and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Private(form) => form.name(),
            Self::Public => "public only",
            Self::Unknown => "unreadable",
        }
    }
}

/// The wallets under `root` by name; none when there is no such folder.
pub fn scan(root: &Path) -> Result<Vec<Listed>, WalletError> {
    let mut wallets = Vec::new();
    for (name, path) in entries(root)? {
        if path.is_dir() && !name.starts_with('.') {
            let coldkey = coldkey(&path)?;
            let hotkeys = hotkeys(&path, coldkey.as_ref().and_then(|key| key.address.as_ref()))?;
            if coldkey.is_some() || !hotkeys.is_empty() {
                wallets.push(Listed { name, coldkey, hotkeys });
            }
        }
    }
    Ok(wallets)
}

/// The files under `root` that hold a private coldkey: `coldkey` of any wallet, copies beside it whose names begin the
/// same, and hotkeys' files that hold their wallet's coldkey. A serving machine should have none.
pub fn coldkeys(root: &Path) -> Result<Vec<PathBuf>, WalletError> {
    let mut found = Vec::new();
    for (wallet, path) in entries(root)? {
        if !path.is_dir() || wallet.starts_with('.') {
            continue;
        }
        let files = entries(&path)?;
        let cold = files.values().filter(|file| file.is_file());
        found.extend(cold.filter(|file| is_coldkey(file)).cloned());
        let address = coldkey(&path)?.and_then(|key| key.address);
        for hotkey in hotkeys(&path, None)? {
            if address.is_some() && hotkey.address == address && hotkey.kept != Kept::Public {
                found.push(hotkey.path);
            }
        }
    }
    Ok(found)
}

/// A private file by its name; what cannot be read is counted, since nobody can say that it holds none.
fn is_coldkey(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_start_matches('.');
    let seen = || Seen::of(file).is_none_or(|seen| seen.kept != Kept::Public);
    name.starts_with("coldkey") && !name.ends_with(PUBLIC) && seen()
}

fn coldkey(wallet: &Path) -> Result<Option<KeyFile>, WalletError> {
    let (private, public) = (wallet.join("coldkey"), wallet.join("coldkeypub.txt"));
    let Some(mut key) = key_file("coldkey", &private, &public)? else { return Ok(None) };
    if key.kept == Kept::Private(Form::Plain) {
        key.problems.push("it is not encrypted: whoever reads the file owns the funds".to_owned());
    }
    if key.kept != Kept::Public && !public.exists() {
        key.problems.push("coldkeypub.txt is missing: `hivis wallet import coldkeypub --ss58 ADDRESS`".to_owned());
    }
    Ok(Some(key))
}

fn hotkeys(wallet: &Path, cold: Option<&Hotkey>) -> Result<Vec<KeyFile>, WalletError> {
    let folder = wallet.join("hotkeys");
    let files = entries(&folder)?;
    let names: BTreeSet<&str> = files.keys().map(|name| name.strip_suffix(PUBLIC).unwrap_or(name)).collect();
    let mut hotkeys = Vec::new();
    for name in names.into_iter().filter(|name| !name.is_empty() && !name.starts_with('.')) {
        let private = folder.join(name);
        let Some(mut key) = key_file(name, &private, &public_path(&private))? else { continue };
        if key.address.is_some() && key.address.as_ref() == cold {
            key.problems.push("it is the wallet's coldkey, not a hotkey: remove it".to_owned());
        }
        hotkeys.push(key);
    }
    Ok(hotkeys)
}

/// `None` when there is neither file.
fn key_file(name: &str, private: &Path, public: &Path) -> Result<Option<KeyFile>, WalletError> {
    let (own, beside) = (private.is_file(), public.is_file());
    let path = match (own, beside) {
        (true, _) => private,
        (false, true) => public,
        (false, false) => return Ok(None),
    };
    let mut key = KeyFile {
        name: name.to_owned(),
        path: path.to_owned(),
        kept: if own { Kept::Unknown } else { Kept::Public },
        address: None,
        scheme: None,
        problems: Vec::new(),
    };
    if own {
        let mode = fs::metadata(private).map_err(WalletError::File)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            key.problems.push(format!("others may read it (mode {mode:04o}): chmod 600 {}", private.display()));
        }
        match Seen::of(private) {
            Some(seen) => key.take(&seen),
            None => key.problems.push(format!("{} is no wallet file", private.display())),
        }
        if key.kept == Kept::Private(Form::Fernet) {
            key.problems.push("no tool decrypts this form: make it anew from its secret phrase".to_owned());
        }
    }
    if beside {
        match Seen::of(public) {
            Some(seen) if key.address.is_none() => key.take_public(&seen),
            Some(seen) if seen.address != key.address => {
                key.problems.push(format!("{} belongs to another key", public.display()));
            }
            Some(_) => {}
            None => key.problems.push(format!("{} is no wallet file", public.display())),
        }
    }
    Ok(Some(key))
}

impl KeyFile {
    fn take(&mut self, seen: &Seen) {
        self.kept = seen.kept;
        self.take_public(seen);
    }

    fn take_public(&mut self, seen: &Seen) {
        self.address.clone_from(&seen.address);
        self.scheme = seen.scheme;
    }
}

/// What a file says without a password.
struct Seen {
    kept: Kept,
    address: Option<Hotkey>,
    scheme: Option<Scheme>,
}

impl Seen {
    fn of(path: &Path) -> Option<Self> {
        let content = disk::read(path).ok()?;
        let form = Form::of(&content);
        if form != Form::Plain {
            return Some(Self { kept: Kept::Private(form), address: None, scheme: None });
        }
        let fields = Fields::parse(&content, path).ok()?;
        let kept = if fields.is_private() { Kept::Private(form) } else { Kept::Public };
        let address = fields.public(path).ok()?.map(|key| ss58::encode(&key));
        Some(Self { kept, address, scheme: fields.scheme(path).ok() })
    }
}

/// By name; none when there is no such folder.
fn entries(folder: &Path) -> Result<BTreeMap<String, PathBuf>, WalletError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(WalletError::File(error)),
    };
    let named = listed.map(|entry| entry.map(|e| (e.file_name().to_string_lossy().into_owned(), e.path())));
    named.collect::<Result<_, _>>().map_err(WalletError::File)
}
