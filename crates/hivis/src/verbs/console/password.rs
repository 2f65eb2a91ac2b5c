//! A new password: from a file, from the person at the terminal, or from standard input; never from the command line.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use crate::cli::NewPasswordArgs;
use crate::failure::Hinted;
use crate::passwords;
use crate::terminal::Terminal;

pub(super) fn read(name: &str, args: &NewPasswordArgs) -> Result<Zeroizing<String>> {
    match &args.password_file {
        Some(file) if file == Path::new("-") => first_line(),
        Some(file) => Ok(Zeroizing::new(passwords::from_file(file)?.text().to_owned())),
        None if std::io::stdin().is_terminal() => match Terminal::open() {
            Some(terminal) => typed_twice(terminal, name),
            None => nobody(),
        },
        None => first_line(),
    }
}

fn typed_twice(mut terminal: Terminal, name: &str) -> Result<Zeroizing<String>> {
    let typed = terminal.hidden(&format!("New password of {name}: "))?;
    let again = terminal.hidden("The same again: ")?;
    if *typed != *again {
        return Err(Hinted::new("the two passwords differ", "nothing was written; run it again").into());
    }
    Ok(typed)
}

fn first_line() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(256));
    std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    if password.is_empty() { nobody() } else { Ok(password) }
}

fn nobody() -> Result<Zeroizing<String>> {
    let hint = "run it in a terminal, name a file with --password-file, or write it to standard input";
    Err(Hinted::new("nobody gives the password", hint).into())
}
