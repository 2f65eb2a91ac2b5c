//! Where each key of the configuration got its value from.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::cli::{EngineName, PrecisionName, ServeArgs};

/// What gave a key its value; each gives way to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody wrote it: it is built in.
    Default,
    /// `hivis.toml`.
    File,
    /// A variable of the environment.
    Environment,
    /// A flag of the verb.
    Flag,
}

impl Origin {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// What somebody wrote for one key.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) origin: Origin,
    /// The file, the variable, or the flag.
    pub(crate) place: String,
    pub(crate) value: Value,
}

/// The keys that somebody wrote, as `section.key`, with what wins of each.
#[derive(Clone, Default)]
pub struct Origins {
    given: BTreeMap<String, Given>,
}

impl std::fmt::Debug for Origins {
    /// Only names: what stands where a reference to a secret belongs may be the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

impl Origins {
    /// Notes every key of a file.
    pub(super) fn file(&mut self, place: &str, table: &Table) {
        self.table(place, "", table);
    }

    fn table(&mut self, place: &str, before: &str, table: &Table) {
        for (name, value) in table {
            let key = format!("{before}{name}");
            match value {
                Value::Table(inner) => self.table(place, &format!("{key}."), inner),
                value => self.note(key, Origin::File, place.to_owned(), value.clone()),
            }
        }
    }

    /// Notes a variable.
    pub(super) fn variable(&mut self, section: &str, key: &str, value: Value) {
        let place = format!("HIVIS_{section}_{key}").to_ascii_uppercase();
        self.note(format!("{section}.{key}"), Origin::Environment, place, value);
    }

    /// Notes the flags of `serve` that were given.
    pub(super) fn flags(&mut self, flags: &ServeArgs) {
        let text = |value: &Option<String>| value.clone();
        let given = [
            ("serve.addr", "--addr", flags.addr.map(|addr| addr.to_string())),
            ("serve.page", "--page", flags.page.map(|addr| addr.to_string())),
            ("wallet.name", "--wallet", text(&flags.wallet.wallet)),
            ("wallet.hotkey", "--hotkey", text(&flags.wallet.hotkey)),
            ("wallet.path", "--wallet-path", flags.wallet.wallet_path.as_ref().map(|path| path.display().to_string())),
            ("model.engine", "--engine", flags.engine.map(engine)),
            ("model.precision", "--precision", flags.precision.map(precision)),
        ];
        for (key, flag, value) in given {
            if let Some(value) = value {
                self.note(key.to_owned(), Origin::Flag, flag.to_owned(), Value::String(value));
            }
        }
    }

    fn note(&mut self, key: String, origin: Origin, place: String, value: Value) {
        self.given.insert(key, Given { origin, place, value });
    }

    /// What was written for a key; `None` where nobody did.
    pub(crate) fn of(&self, key: &str) -> Option<&Given> {
        self.given.get(key)
    }
}

fn engine(name: EngineName) -> String {
    match name {
        EngineName::Rten => "rten",
        EngineName::Onnxruntime => "onnxruntime",
    }
    .to_owned()
}

fn precision(name: PrecisionName) -> String {
    match name {
        PrecisionName::Fp32 => "fp32",
        PrecisionName::Bf16 => "bf16",
        PrecisionName::Int8 => "int8",
    }
    .to_owned()
}
