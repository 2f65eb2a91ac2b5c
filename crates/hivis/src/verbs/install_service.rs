//! `hivis install-service`: the files for systemd, and what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use fs_err as fs;
use serde_json::json;
use similar::{ChangeTag, TextDiff};

use crate::cli::{Global, InstallServiceArgs, ServeArgs};
use crate::config::{self, Settings};
use crate::failure::Hinted;
use crate::home;
use crate::units::{self, Order, STATE, UnitFile};

/// Where a serving machine keeps its hotkey.
const WALLETS: &str = "/etc/hivis/wallets";
/// Folders that `ProtectHome=yes` and `PrivateTmp=yes` hide from the service.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Written,
    Unchanged,
    Differs,
}

/// 0 when all files are as they should be; 1 when one differs and stayed.
pub(crate) fn run(global: &Global, args: &InstallServiceArgs) -> Result<ExitCode> {
    let home = if args.user { absolute(&home::path(global)?)? } else { system_home(global)? };
    let file = args.root.as_deref().unwrap_or(Path::new("/")).join(home.strip_prefix("/").unwrap_or(&home));
    let raw = config::load(&file.join("hivis.toml"), std::env::vars())?;
    let settings = Settings::resolve(&raw, &ServeArgs::default(), &home)?;
    let wallets = match (&args.wallet_path, &raw.wallet.path) {
        (Some(path), _) => absolute(path)?,
        (None, Some(_)) => settings.wallet.path.clone(),
        (None, None) if args.user => settings.wallet.path.clone(),
        (None, None) => WALLETS.into(),
    };
    let binary = match &args.binary {
        Some(path) => absolute(path)?,
        None => std::env::current_exe().context("where this program lies is not known")?,
    };
    if !args.user {
        for path in [&binary, &home, &wallets] {
            visible(path)?;
        }
    }
    let order = Order { user: args.user, binary: &binary, home: &home, wallets: &wallets, settings: &settings };
    let files = units::files(&order)?;
    if args.print {
        print(global, &files);
        return Ok(ExitCode::SUCCESS);
    }
    let root = root(args)?;
    let states = files.iter().map(|file| install(global, &root, file, args.force)).collect::<Result<Vec<_>>>()?;
    let done = !states.contains(&State::Differs);
    let next = next(args.user, &order, &settings);
    if global.json {
        let rows: Vec<_> =
            files.iter().zip(&states).map(|(f, s)| json!({ "path": root.join(&f.path), "state": s })).collect();
        println!("{}", json!({ "installed": done, "files": rows, "next": next }));
    } else if done {
        println!("\nnext:");
        for line in next {
            println!("  {line}");
        }
    } else {
        println!("\nnothing was replaced; --force does it");
    }
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(global: &Global, files: &[UnitFile]) {
    if global.json {
        let rows: Vec<_> = files.iter().map(|f| json!({ "path": f.path, "text": f.text })).collect();
        println!("{}", json!({ "files": rows }));
        return;
    }
    for file in files {
        println!("# --- {}\n{}", file.path.display(), file.text);
    }
}

/// Writes a file unless it is as it should be; one that differs is shown, and replaced only by force.
fn install(global: &Global, root: &Path, file: &UnitFile, force: bool) -> Result<State> {
    let path = root.join(&file.path);
    let there = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context("a unit that is there cannot be read"),
    };
    let state = match &there {
        Some(text) if *text == file.text => State::Unchanged,
        Some(_) if !force => State::Differs,
        _ => State::Written,
    };
    if state == State::Written {
        let hint = "run it with sudo, or as a --user service";
        let failed = || Hinted::new(format!("{} cannot be written", path.display()), hint);
        fs::create_dir_all(path.parent().context("a unit has a folder")?).with_context(failed)?;
        fs::write(&path, &file.text).with_context(failed)?;
    }
    if !global.json {
        let word = match state {
            State::Written => "written",
            State::Unchanged => "unchanged",
            State::Differs => "differs",
        };
        println!("{word:<9}  {}", path.display());
        if let Some(text) = there.filter(|_| state != State::Unchanged) {
            show_difference(&text, &file.text);
        }
    }
    Ok(state)
}

fn show_difference(old: &str, new: &str) {
    for change in TextDiff::from_lines(old, new).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        println!("  {sign} {}", change.value().trim_end());
    }
}

fn next(user: bool, order: &Order<'_>, settings: &Settings) -> Vec<String> {
    let (home, wallets) = (order.home.display(), order.wallets.display());
    if user {
        return vec![
            "systemctl --user daemon-reload".to_owned(),
            "systemctl --user enable --now hivis.socket hivis.service".to_owned(),
            "loginctl enable-linger    # so that it starts at boot".to_owned(),
        ];
    }
    let (wallet, hotkey) = (&settings.wallet.name, &settings.wallet.hotkey);
    let keys = format!("{wallets}/{wallet}/hotkeys");
    let mut lines = vec!["systemd-sysusers".to_owned()];
    if order.home != Path::new(STATE) {
        lines.push(format!("install -d -m 700 -o hivis -g hivis {home}"));
    }
    lines.extend([
        format!("install -d -m 700 -o hivis -g hivis {wallets} {wallets}/{wallet} {keys}"),
        format!(
            "install -m 400 -o hivis -g hivis ~/.bittensor/wallets/{wallet}/hotkeys/{hotkey} {keys}/    # never the coldkey"
        ),
        "systemctl daemon-reload".to_owned(),
        "systemctl enable --now hivis.socket hivis.service".to_owned(),
        format!("sudo -u hivis {} --home {home} doctor --deploy", order.binary.display()),
    ]);
    lines
}

/// The home of the service, which is not this account's.
fn system_home(global: &Global) -> Result<PathBuf> {
    global.home.as_deref().map_or_else(|| Ok(STATE.into()), absolute)
}

/// Where the files go: below --root, below the account's home, or into the system as root.
fn root(args: &InstallServiceArgs) -> Result<PathBuf> {
    if let Some(root) = &args.root {
        return Ok(root.clone());
    }
    if args.user {
        return std::env::home_dir().context("there is no home folder");
    }
    if rustix::process::geteuid().is_root() {
        return Ok("/".into());
    }
    let hint = "run it with sudo; --print shows the files, --user installs for this account only";
    Err(Hinted::new("only root may install a service for the machine", hint).into())
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}

/// Refuses what the service would not see.
fn visible(path: &Path) -> Result<()> {
    let Some(hidden) = HIDDEN.iter().find(|folder| path.starts_with(folder)) else { return Ok(()) };
    let message = format!("{} lies in {hidden}, which the service does not see", path.display());
    let hint = "`install -m 755 hivis /usr/local/bin/` and --binary /usr/local/bin/hivis; home and wallets: /var/lib, /etc/hivis, a disk of its own; or --user";
    Err(Hinted::new(message, hint).into())
}
