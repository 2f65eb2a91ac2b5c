//! The files that let systemd run the miner.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use askama::Template;

use crate::config::Settings;
use crate::failure::Hinted;

/// Open files for what is no connection: ledger, pictures, model, libraries.
const OTHER_FILES: usize = 1024;
/// Seconds after the drain until systemd loses patience.
const AFTER_DRAIN: u64 = 30;
/// Where `StateDirectory=hivis` is.
pub(crate) const STATE: &str = "/var/lib/hivis";

/// The account of the service.
const SYSUSERS: &str = "# Written by `hivis install-service`.\nu hivis - \"hivis miner\" /var/lib/hivis\n";

/// What the units are made from.
pub(crate) struct Order<'a> {
    /// For one account instead of the machine.
    pub(crate) user: bool,
    pub(crate) binary: &'a Path,
    pub(crate) home: &'a Path,
    pub(crate) wallets: &'a Path,
    pub(crate) settings: &'a Settings,
}

/// A file and where it goes, below the root or the account's home.
pub(crate) struct UnitFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

#[derive(Template)]
#[template(path = "hivis.service", escape = "none")]
#[expect(clippy::struct_excessive_bools, reason = "each is a branch of the template")]
struct Service<'a> {
    version: &'static str,
    user: bool,
    state: bool,
    gpu: bool,
    jit: bool,
    provider: &'a str,
    binary: String,
    home: String,
    wallets: String,
    stop: u64,
    files: usize,
    target: &'static str,
}

#[derive(Template)]
#[template(path = "hivis.socket", escape = "none")]
struct Socket {
    version: &'static str,
    axon: SocketAddr,
    page: SocketAddr,
}

/// The files of this order.
pub(crate) fn files(order: &Order<'_>) -> Result<Vec<UnitFile>> {
    let settings = order.settings;
    let provider = settings.model.provider.as_str();
    let onnxruntime = settings.model.engine == hivis_types::EngineKind::Onnxruntime;
    let service = Service {
        version: env!("CARGO_PKG_VERSION"),
        user: order.user,
        state: order.home == Path::new(STATE),
        gpu: onnxruntime && ["cuda", "tensorrt"].contains(&provider),
        // rten and ONNX Runtime's own kernels are compiled ahead; the other providers compile as they load.
        jit: onnxruntime && provider != "cpu",
        provider,
        binary: word(order.binary)?,
        home: word(order.home)?,
        wallets: word(order.wallets)?,
        stop: settings.serve.drain.as_secs() + AFTER_DRAIN,
        files: (settings.serve.connections + OTHER_FILES).next_power_of_two(),
        target: if order.user { "default.target" } else { "multi-user.target" },
    };
    let socket = Socket { version: service.version, axon: settings.serve.addr, page: settings.serve.page };
    let folder = Path::new(if order.user { ".config/systemd/user" } else { "etc/systemd/system" });
    let mut files = vec![
        UnitFile { path: folder.join("hivis.service"), text: service.render()? + "\n" },
        UnitFile { path: folder.join("hivis.socket"), text: socket.render()? + "\n" },
    ];
    if !order.user {
        files.push(UnitFile { path: "etc/sysusers.d/hivis.conf".into(), text: SYSUSERS.to_owned() });
    }
    Ok(files)
}

/// A path as a word of a unit file: absolute, `%` doubled. What would need quoting is refused.
fn word(path: &Path) -> Result<String> {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,=~%".contains(c);
    if !path.is_absolute() || !text.chars().all(plain) {
        let hint = "give an absolute path without spaces and quotes";
        return Err(Hinted::new(format!("`{text}` cannot stand in a systemd unit"), hint).into());
    }
    Ok(text.replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_absolute_paths_stand_in_a_unit() {
        assert_eq!(word(Path::new("/opt/50%/hivis-1.2")).expect("a plain path"), "/opt/50%%/hivis-1.2");
        for path in ["hivis", "/a b", "/a\nUser=root", "/a;b", "/a\"b", "/a\\b", "/a$b"] {
            assert!(word(Path::new(path)).is_err(), "{path}");
        }
    }
}
