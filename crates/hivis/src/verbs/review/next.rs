//! `hivis review next`: one picture after another.

use std::io::IsTerminal as _;

use anyhow::{Context, Result};
use hivis_store::{
    Home, Ledger, NewDecision, Review, ReviewFilter, ReviewReason, ReviewStory, ReviewVerdict, Reviewer, StoreError,
    Undo,
};
use hivis_types::Label;
use jiff::Timestamp;

use super::show;
use crate::cli::{Global, NextArgs};
use crate::config::ReviewSettings;
use crate::failure;
use crate::terminal::Terminal;

/// The keys, in the line that asks for one.
const KEYS: &str = "[a]ccept, as [ar] roadwork or [an] none, [r]eject, [s]kip, [u]ndo, [q]uit: ";

/// Shows the next picture, or a loop of them where a person sits.
pub(super) async fn run(global: &Global, home: &Home, settings: &ReviewSettings, args: &NextArgs) -> Result<()> {
    let name = args.reviewer.name.as_deref();
    let reviewer =
        name.map_or_else(|| Ok(settings.reviewer.clone()), |name| Reviewer::new(name).map_err(StoreError::from))?;
    let sitting = Sitting { home, ledger: home.ledger().await?, settings, args, reviewer };
    let here = !global.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    match here.then(Terminal::open).flatten() {
        Some(terminal) => sitting.sit(terminal).await,
        None => sitting.once(global).await,
    }
}

struct Sitting<'a> {
    home: &'a Home,
    ledger: Ledger,
    settings: &'a ReviewSettings,
    args: &'a NextArgs,
    reviewer: Reviewer,
}

/// What a person typed.
enum Typed {
    Decide(NewDecision),
    Undo,
    Quit,
    Again(String),
}

impl Sitting<'_> {
    /// One picture for a program or a pipe.
    async fn once(&self, global: &Global) -> Result<()> {
        let Some(story) = self.next().await? else {
            let nothing = self.nothing().await?;
            return super::say(global, &serde_json::Value::Null, || nothing);
        };
        // What others said before is not told: a second look is worth something only when it is one's own.
        let story = ReviewStory { decisions: Vec::new(), ..story };
        super::say(global, &story, || {
            let number = story.review.number;
            show::question(&story) + &format!("decide with `hivis review accept|reject|skip {number}`\n")
        })
    }

    /// Pictures until nothing is left or the person has enough.
    async fn sit(&self, mut terminal: Terminal) -> Result<()> {
        let mut done = 0;
        while let Some(story) = self.next().await? {
            let left = self.left().await?;
            terminal.say(&format!("\n{done} done, {left} to go\n{}", show::question(&story)))?;
            match self.typed(&mut terminal, &story)? {
                Typed::Quit => break,
                Typed::Again(why) => terminal.say(&why)?,
                Typed::Undo => match self.undo().await {
                    Ok(said) => {
                        done = i32::max(done - 1, 0);
                        terminal.say(&said)?;
                    }
                    Err(error) => terminal.say(&said(error)?)?,
                },
                Typed::Decide(new) => match self.ledger.decide_review(story.review.number, &new).await {
                    Ok(settled) => {
                        done += 1;
                        terminal.say(&show::settled(&settled))?;
                    }
                    // Somebody was faster, or the clock and the lease ran out: the next picture comes.
                    Err(error) => terminal.say(&said(error)?)?,
                },
            }
        }
        self.ledger.leave_reviews(&self.reviewer).await?;
        terminal.say(&format!("{done} done. {}", self.nothing().await?))
    }

    async fn next(&self) -> Result<Option<ReviewStory>> {
        let found = self.ledger.next_review(&self.reviewer, self.settings.lease, Timestamp::now()).await?;
        let Some(Review { number, id, md5, .. }) = found else { return Ok(None) };
        if let Some(file) = &self.args.picture {
            let bytes = self.home.objects().get(id, md5)?;
            fs_err::write(file, bytes).context("the picture cannot be written out")?;
        }
        Ok(Some(self.ledger.review_story(&number.to_string()).await?))
    }

    async fn left(&self) -> Result<usize> {
        let filter = ReviewFilter { open_for: Some(self.reviewer.clone()), ..ReviewFilter::default() };
        Ok(self.ledger.reviews(&filter).await?.len())
    }

    /// Why there is no picture, or how many there still are.
    async fn nothing(&self) -> Result<String> {
        let (mine, waiting) = (self.left().await?, self.ledger.review_counts().await?.waiting());
        Ok(match (mine, waiting) {
            (0, 0) => "Nothing waits for a look.\n".to_owned(),
            (0, n) => format!("Nothing waits for {}; {n} wait for another reviewer (--as NAME).\n", self.reviewer),
            (n, _) => format!("{n} wait for {}; others may be looking at them now.\n", self.reviewer),
        })
    }

    fn typed(&self, terminal: &mut Terminal, story: &ReviewStory) -> Result<Typed> {
        let line = terminal.line(KEYS)?.trim().to_lowercase();
        let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let rest = rest.trim();
        let new = |verdict, label, reason| {
            let (reviewer, at) = (self.reviewer.clone(), Timestamp::now());
            Typed::Decide(NewDecision { reviewer, verdict, label, reason, note: None, at })
        };
        Ok(match key {
            "a" if rest.is_empty() && story.review.asked.is_none() => match shows(terminal)? {
                Some(label) => new(ReviewVerdict::Accept, Some(label), None),
                None => Typed::Again("r or n, please\n".to_owned()),
            },
            "a" => new(ReviewVerdict::Accept, None, None),
            "ar" => new(ReviewVerdict::Accept, Some(Label::Roadwork), None),
            "an" => new(ReviewVerdict::Accept, Some(Label::Clear), None),
            "r" => match reason(terminal, rest)? {
                Some(reason) => new(ReviewVerdict::Reject, None, Some(reason)),
                None => Typed::Again("a number of the list, or the word, please\n".to_owned()),
            },
            "s" => new(ReviewVerdict::Skip, None, None),
            "u" => Typed::Undo,
            "q" => Typed::Quit,
            _ => Typed::Again("a, ar, an, r, s, u or q, please\n".to_owned()),
        })
    }

    /// Lets go of what is shown, so that the undone picture, which was more urgent, comes next.
    async fn undo(&self) -> Result<String, StoreError> {
        self.ledger.leave_reviews(&self.reviewer).await?;
        let undo = Undo { reviewer: self.reviewer.clone(), review: None, force: false, at: Timestamp::now() };
        Ok(show::undone(&self.ledger.undo_review(&undo).await?))
    }
}

/// A refusal is told and the sitting goes on; anything else ends it.
fn said(error: StoreError) -> Result<String> {
    if matches!(error, StoreError::Review(_)) { Ok(failure::text(&error.into())) } else { Err(error.into()) }
}

fn shows(terminal: &mut Terminal) -> Result<Option<Label>> {
    Ok(match terminal.line("It shows [r]oadwork or [n]one: ")?.trim().to_lowercase().as_str() {
        "r" | "roadwork" => Some(Label::Roadwork),
        "n" | "none" => Some(Label::Clear),
        _ => None,
    })
}

/// The reason behind the key, or asked for.
fn reason(terminal: &mut Terminal, given: &str) -> Result<Option<ReviewReason>> {
    let typed = if given.is_empty() {
        let numbered = ReviewReason::ALL.iter().zip(1..).map(|(reason, n)| format!("{n} {}", reason.as_str()));
        let asked = format!("Why? {}: ", numbered.collect::<Vec<_>>().join(", "));
        terminal.line(&asked)?.trim().to_lowercase()
    } else {
        given.to_owned()
    };
    let by_number = || typed.parse::<usize>().ok().and_then(|n| ReviewReason::ALL.get(n.checked_sub(1)?).copied());
    Ok(ReviewReason::named(&typed).or_else(by_number))
}
