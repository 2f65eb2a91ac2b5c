//! Which home, which configuration: what every verb begins with.

use std::path::PathBuf;

use anyhow::{Context, Result};
use hivis_store::{Home, Release};
use hivis_types::ReleaseId;

use crate::cli::{Global, ServeArgs, WalletArgs};
use crate::config::{self, Announced, Settings, WalletSettings};
use crate::failure::Hinted;

/// The folder that the flags, the environment or the default name.
pub(crate) fn path(global: &Global) -> Result<PathBuf> {
    if let Some(path) = &global.home {
        return Ok(path.clone());
    }
    let data = match (std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME")) {
        (Some(data), _) if !data.is_empty() => PathBuf::from(data),
        (_, Some(home)) => PathBuf::from(home).join(".local/share"),
        _ => return Err(Hinted::new("there is no home folder", "say where with --home FOLDER").into()),
    };
    Ok(data.join("hivis"))
}

/// Opens the home, making one when there is none.
pub(crate) fn open_or_create(global: &Global) -> Result<Home> {
    let path = path(global)?;
    Home::open_or_create(&path).with_context(|| format!("the home {} cannot be opened", path.display()))
}

/// Opens a home that must be there already.
pub(crate) fn open(global: &Global) -> Result<Home> {
    let path = path(global)?;
    if !path.exists() {
        return Err(Hinted::new(
            format!("there is no home at {}", path.display()),
            "`hivis serve` makes one; `hivis demo` makes one of its own and prints its --home",
        )
        .into());
    }
    Home::open(&path).with_context(|| format!("the home {} cannot be opened", path.display()))
}

/// The configuration of a home with the flags of `serve` on top.
pub(crate) fn settings(home: &Home, flags: &ServeArgs) -> Result<Settings> {
    let raw = config::load(&home.config_file(), std::env::vars())?;
    Settings::resolve(&raw, flags, home.path())
}

/// Which wallet is meant, where a home is of use and not needed: its configuration counts when it is there.
pub(crate) fn wallet(global: &Global, flags: &WalletArgs) -> Result<WalletSettings> {
    let home = path(global)?;
    let raw = config::load(&home.join("hivis.toml"), std::env::vars())?;
    let flags = ServeArgs { wallet: flags.clone(), ..ServeArgs::default() };
    Ok(Settings::resolve(&raw, &flags, &home)?.wallet)
}

/// What is announced on the chain, where the configuration says it.
pub(crate) fn announced(global: &Global) -> Result<Announced> {
    let home = path(global)?;
    let raw = config::load(&home.join("hivis.toml"), std::env::vars())?;
    Ok(Settings::resolve(&raw, &ServeArgs::default(), &home)?.serve.announced)
}

/// The release that the pointer names, its files checked.
pub(crate) fn current_release(home: &Home) -> Result<Option<Release>> {
    let releases = home.releases();
    let Some(id) = releases.current()? else { return Ok(None) };
    load_release(home, &id).map(Some)
}

/// A release by name, its files checked.
pub(crate) fn load_release(home: &Home, id: &ReleaseId) -> Result<Release> {
    home.releases().load(id).with_context(|| format!("release {id} cannot be used"))
}
