//! `hivis top`: the loop between the terminal and whoever knows.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::terminal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};

use crate::cli::{Global, TopArgs};
use crate::failure;
use crate::top::source::Source;
use crate::top::{App, Asked};

/// A frame for a pipe, where nobody says otherwise.
const FRAME: (u16, u16) = (100, 32);
/// How often the reader of keys looks whether it should end.
const KEYS_EVERY: Duration = Duration::from_millis(100);

/// Shows frames until somebody quits; one frame for `--once` and pipes, one object for `--json`.
pub(crate) async fn run(global: &Global, args: &TopArgs) -> Result<ExitCode> {
    let source = Source::open(global, args).await?;
    if global.json {
        println!("{}", serde_json::to_string(&source.look().await?)?);
        return Ok(ExitCode::SUCCESS);
    }
    let on_terminal = std::io::stdout().is_terminal();
    if args.once || !on_terminal {
        let (width, height) = size(on_terminal);
        let app = App { view: Some(source.look().await?), ..App::default() };
        print!("{}", app.text(width, height));
        return Ok(ExitCode::SUCCESS);
    }
    // Before the screen is taken: what is wrong from the beginning is an error as any other.
    let first = source.look().await?;
    let app = App { view: Some(first), ..App::default() };
    show(app, source, Duration::from_secs_f64(args.every)).await?;
    Ok(ExitCode::SUCCESS)
}

/// The terminal's size, else COLUMNS and LINES, else a usual one.
fn size(on_terminal: bool) -> (u16, u16) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u16>().ok().filter(|n| (20..=500).contains(n));
    let named = (number("COLUMNS"), number("LINES"));
    let (width, height) = if on_terminal { terminal::size().unwrap_or(FRAME) } else { FRAME };
    (named.0.unwrap_or(width), named.1.unwrap_or(height))
}

/// Gives the terminal back whatever happens; a panic does it by the hook that `ratatui::try_init` sets.
struct Screen;

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

async fn show(mut app: App, source: Source, every: Duration) -> Result<()> {
    let (looked, mut looks) = mpsc::channel(1);
    let now = Arc::new(Notify::new());
    let asked = Arc::clone(&now);
    // A task of its own: a slow server holds up no key.
    let looking = tokio::spawn(async move {
        loop {
            let _ = tokio::time::timeout(every, asked.notified()).await;
            let look = source.look().await.map_err(|error| failure::text(&error).replace('\n', " "));
            if looked.send(look).await.is_err() {
                return;
            }
        }
    });
    let (mut interrupt, mut end) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    let screen = Screen;
    let mut keys = Keys::read();
    loop {
        terminal.draw(|frame| crate::top::draw::draw(frame, &app)).context("the terminal cannot be drawn on")?;
        let wanted = tokio::select! {
            event = keys.events.recv() => match event {
                Some(event) => app.on(&event),
                None => Asked::Quit,
            },
            look = looks.recv() => {
                if let Some(look) = look {
                    app.take(look);
                }
                Asked::Draw
            }
            _ = interrupt.recv() => Asked::Quit,
            _ = end.recv() => Asked::Quit,
        };
        match wanted {
            Asked::Draw => {}
            Asked::Look => now.notify_one(),
            Asked::Quit => break,
        }
    }
    looking.abort();
    drop(screen);
    Ok(())
}

/// Keys as they are typed; the thread behind it ends with this.
struct Keys {
    events: mpsc::Receiver<Event>,
    over: Arc<AtomicBool>,
}

impl Keys {
    fn read() -> Self {
        let (send, events) = mpsc::channel(16);
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                // A terminal that is gone ends the verb: the channel closes.
                let Ok(typed) = event::poll(KEYS_EVERY) else { return };
                if typed && !event::read().is_ok_and(|event| send.blocking_send(event).is_ok()) {
                    return;
                }
            }
        });
        Self { events, over }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
