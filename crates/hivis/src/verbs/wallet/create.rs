//! `hivis wallet create`: new keys, whose words their owner has on paper before anything is written.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_bittensor::Scheme;
use hivis_bittensor::wallet::{self, Lock, Secret};
use zeroize::Zeroizing;

use super::{free, written};
use crate::cli::{Global, WalletCreateArgs};
use crate::entropy::fresh;
use crate::failure::Hinted;
use crate::home;
use crate::passwords::Asked;
use crate::terminal::Terminal;

/// How many words are asked back, and how often each.
const ASKED: usize = 3;
const TRIES: usize = 3;

/// Nothing is written before all words are confirmed, and nothing at all over what is there.
pub(super) fn run(global: &Global, args: &WalletCreateArgs) -> Result<ExitCode> {
    let place = home::wallet(global, &args.wallet)?;
    let (root, name, hotkey) = (&place.path, &place.name, &place.hotkey);
    let cold_path = wallet::coldkey_path(root, name)?;
    let hot_path = wallet::hotkey_path(root, name, hotkey)?;
    free(&hot_path)?;
    if !args.hotkey_only {
        free(&cold_path)?;
        let hint = "--hotkey-only adds a hotkey to it; another --wallet makes a new one";
        free(&wallet::coldkeypub_path(root, name)?)
            .context(Hinted::new(format!("the wallet {name} is there"), hint))?;
    }
    let mut terminal = Terminal::open().ok_or_else(|| {
        let hint = "run it in a terminal; a program writes words of its own with `hivis wallet import hotkey < FILE`";
        Hinted::new("nobody is there to write the words down", hint)
    })?;
    let asked = Asked::new(&args.password);
    let entropy = args.words.parse::<usize>().context("clap checked the number: this is a bug")? / 3 * 4;
    let cold = if args.hotkey_only {
        None
    } else {
        let password = asked.new_password(&cold_path)?;
        Some((new(&mut terminal, entropy, &format!("coldkey of the wallet {name}"))?, password))
    };
    let password = if args.use_password { Some(asked.new_password(&hot_path)?) } else { None };
    let hot = new(&mut terminal, entropy, &format!("hotkey {hotkey} of the wallet {name}"))?;
    if let Some((secret, password)) = cold {
        let nonce = nonce()?;
        let lock = Lock::Password { password: &password, nonce: &nonce };
        written(global, "coldkey", &wallet::write_coldkey(root, name, &secret, lock)?, secret.keypair());
    }
    let nonce = nonce()?;
    let lock = password.as_ref().map_or(Lock::Plain, |password| Lock::Password { password, nonce: &nonce });
    written(global, "hotkey", &wallet::write_hotkey(root, name, hotkey, &hot, lock)?, hot.keypair());
    Ok(ExitCode::SUCCESS)
}

/// 24 fresh bytes.
pub(super) fn nonce() -> Result<[u8; 24]> {
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&fresh(24)?);
    Ok(nonce)
}

/// A new key: its words are shown once, and three of them asked back.
fn new(terminal: &mut Terminal, entropy: usize, what: &str) -> Result<Secret> {
    let secret = Secret::generate(Scheme::Sr25519, &fresh(entropy)?)?;
    let phrase = secret.phrase().context("a generated key has words: this is a bug")?;
    let words: Vec<&str> = phrase.split(' ').collect();
    terminal.show_once(&page(&words, what)?)?;
    for place in drawn(words.len())? {
        let mut right = false;
        for _ in 0..TRIES {
            let typed = terminal.line(&format!("Word {} of the {what}: ", place + 1))?;
            right = typed.trim().eq_ignore_ascii_case(words[place]);
            if right {
                break;
            }
            terminal.say("That is not the word.\n")?;
        }
        if !right {
            let hint = "run it again and write the words down: it makes other words, these are gone";
            return Err(Hinted::new(format!("word {} was not confirmed; nothing was written", place + 1), hint).into());
        }
    }
    Ok(secret)
}

fn page(words: &[&str], what: &str) -> Result<Zeroizing<String>> {
    // Never grows, so that no copy is left behind.
    let mut page = Zeroizing::new(String::with_capacity(4096));
    write!(page, "These {} words are the {what}.\n\n", words.len())?;
    for (row, line) in words.chunks(4).enumerate() {
        for (column, word) in line.iter().enumerate() {
            write!(page, "{:>4} {word:<10}", 4 * row + column + 1)?;
        }
        page.push('\n');
    }
    page.push_str(
        "\nWrite them on paper, in this order. Who has them has the key; without them a lost file is lost for\n",
    );
    page.push_str("good. They are not shown again, and three of them are asked for now.\n");
    Ok(page)
}

/// Three different places below `count`, in their order.
fn drawn(count: usize) -> Result<BTreeSet<usize>> {
    let mut places = BTreeSet::new();
    while places.len() < ASKED {
        for &byte in fresh(16)?.iter() {
            // A byte of the last, incomplete round would favour the first places.
            let fair = usize::from(byte) < 256 / count * count;
            if fair && places.len() < ASKED {
                places.insert(usize::from(byte) % count);
            }
        }
    }
    Ok(places)
}
