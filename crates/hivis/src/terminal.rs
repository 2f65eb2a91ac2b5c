//! Talking with the person at the terminal, past whatever standard output and input are joined to.

use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};

use anyhow::{Context, Result};
use zeroize::Zeroizing;

/// The person's terminal. What is written to it goes into no pipe and no log.
pub(crate) struct Terminal {
    tty: BufReader<File>,
}

impl Terminal {
    /// `None` where nobody sits: without a terminal, or with messages that go elsewhere.
    pub(crate) fn open() -> Option<Self> {
        if !std::io::stderr().is_terminal() {
            return None;
        }
        let tty = File::options().read(true).write(true).open("/dev/tty").ok()?;
        Some(Self { tty: BufReader::new(tty) })
    }

    /// Prints a text as it is.
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        let tty = self.tty.get_mut();
        tty.write_all(text.as_bytes()).and_then(|()| tty.flush()).context("the terminal cannot be written to")
    }

    /// Prints a text on a screen of its own until Enter is pressed; afterwards it cannot be scrolled back to.
    pub(crate) fn show_once(&mut self, text: &str) -> Result<()> {
        self.say("\x1b[?1049h\x1b[H\x1b[2J")?;
        let shown = self.say(text).and_then(|()| self.line("\nPress Enter when that is done. "));
        self.say("\x1b[2J\x1b[?1049l")?;
        shown.map(drop)
    }

    /// One line, as it is typed.
    pub(crate) fn line(&mut self, prompt: &str) -> Result<Zeroizing<String>> {
        self.say(prompt)?;
        let mut line = Zeroizing::new(String::with_capacity(256));
        let read = self.tty.read_line(&mut line).context("the terminal cannot be read")?;
        anyhow::ensure!(read > 0, "the terminal was closed");
        Ok(line)
    }

    /// One line that is not shown while it is typed, without the spaces around it.
    pub(crate) fn hidden(&mut self, prompt: &str) -> Result<Zeroizing<String>> {
        self.say(prompt)?;
        let typed = Zeroizing::new(rpassword::read_password().context("the terminal cannot be read")?);
        Ok(Zeroizing::new(typed.trim().to_owned()))
    }
}
