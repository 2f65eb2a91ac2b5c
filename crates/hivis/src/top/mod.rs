//! `hivis top`: where the glance comes from ([`source`]), how it is drawn ([`draw`]), what keys do ([`App`]).

pub(crate) mod draw;
pub(crate) mod source;

use hivis_console::system::TopView;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing beyond drawing anew.
    Draw,
    /// Another look at once.
    Look,
    /// The end.
    Quit,
}

/// What is on the screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct App {
    /// What the last look that worked saw.
    pub(crate) view: Option<TopView>,
    /// Why the last look did not work.
    pub(crate) trouble: Option<String>,
    /// Which answer is marked.
    pub(crate) marked: usize,
    /// Whether the keys are explained.
    pub(crate) help: bool,
}

impl App {
    /// Takes a look's result. What was seen before stays when a look fails.
    pub(crate) fn take(&mut self, looked: Result<TopView, String>) {
        match looked {
            Ok(view) => {
                self.marked = self.marked.min(view.answers.len().saturating_sub(1));
                (self.view, self.trouble) = (Some(view), None);
            }
            Err(why) => self.trouble = Some(why),
        }
    }

    /// What a key does.
    pub(crate) fn on(&mut self, event: &Event) -> Asked {
        let Event::Key(key) = event else { return Asked::Draw };
        if key.kind == KeyEventKind::Release {
            return Asked::Draw;
        }
        let last = self.view.as_ref().map_or(0, |view| view.answers.len().saturating_sub(1));
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Asked::Quit,
            KeyCode::Esc if self.help => self.help = false,
            KeyCode::Char('q') | KeyCode::Esc => return Asked::Quit,
            KeyCode::Char('?') => self.help = !self.help,
            KeyCode::Char('r') => return Asked::Look,
            KeyCode::Up | KeyCode::Char('k') => self.marked = self.marked.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.marked = (self.marked + 1).min(last),
            KeyCode::Home => self.marked = 0,
            KeyCode::End => self.marked = last,
            _ => {}
        }
        Asked::Draw
    }

    /// One frame as text: what a pipe gets, and what tests look at.
    pub(crate) fn text(&self, width: u16, height: u16) -> String {
        let drawn = Terminal::new(TestBackend::new(width, height)).and_then(|mut terminal| {
            terminal.draw(|frame| draw::draw(frame, self))?;
            Ok(terminal.backend().buffer().clone())
        });
        let Ok(buffer) = drawn;
        let mut out = String::new();
        for y in 0..height {
            let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests;
