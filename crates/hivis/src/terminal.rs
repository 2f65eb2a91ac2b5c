//! Talking with the person at the terminal, past whatever standard output and input are joined to.

use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};

use anyhow::{Context, Result};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
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
        // Before the prompt: who types at once is not shown either.
        let _silence =
            Silence::new(self.tty.get_ref()).context("the terminal cannot be kept from showing what is typed")?;
        let typed = self.line(prompt)?;
        Ok(Zeroizing::new(typed.trim().to_owned()))
    }
}

/// A terminal that shows the ends of lines only, until this is dropped.
struct Silence {
    tty: File,
    before: Termios,
}

impl Silence {
    fn new(tty: &File) -> std::io::Result<Self> {
        let tty = tty.try_clone()?;
        let before = tcgetattr(&tty)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&tty, OptionalActions::Now, &silent)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }
}
