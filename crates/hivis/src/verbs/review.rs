//! `hivis review`: look at pictures and decide.

mod next;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Ledger, NewDecision, ReviewFilter, ReviewState, ReviewVerdict, Reviewer, StoreError, Undo};
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::{Global, ListReviewsArgs, ReviewVerb, ReviewerArgs, ServeArgs, UndoArgs, WhichReview};
use crate::config::Settings;
use crate::home;
use crate::reviewing;

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &ReviewVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let ledger = home.ledger().await?;
    match verb {
        ReviewVerb::List(args) => list(global, &ledger, args).await?,
        ReviewVerb::Next(args) => next::run(global, &home, &settings.review, args).await?,
        ReviewVerb::Accept(args) => {
            let word = Word { verdict: ReviewVerdict::Accept, label: args.label.map(Into::into), reason: None };
            decide(global, &ledger, &settings, (&args.which, word)).await?;
        }
        ReviewVerb::Reject(args) => {
            let word = Word { verdict: ReviewVerdict::Reject, label: None, reason: Some(args.reason.into()) };
            decide(global, &ledger, &settings, (&args.which, word)).await?;
        }
        ReviewVerb::Skip(args) => {
            let word = Word { verdict: ReviewVerdict::Skip, label: None, reason: None };
            decide(global, &ledger, &settings, (&args.which, word)).await?;
        }
        ReviewVerb::Undo(args) => undo(global, &ledger, &settings, args).await?,
        ReviewVerb::Show { id } => {
            let story = ledger.review_story(id).await?;
            say(global, &story, || show::told(&story))?;
        }
        ReviewVerb::Rates => {
            let rates = reviewing::rates(&ledger, &settings.review, Timestamp::now()).await?;
            say(global, &rates, || show::rates(&rates))?;
        }
        ReviewVerb::Agreement => {
            let rows = reviewing::agreement(&ledger).await?;
            say(global, &rows, || show::agreement(&rows))?;
        }
        ReviewVerb::Fill => {
            let report = reviewing::fill(&home, &settings, Timestamp::now()).await?;
            say(global, &report, || report.said() + "\n")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// JSON for programs, else the text.
fn say<T: Serialize>(global: &Global, value: &T, text: impl FnOnce() -> String) -> Result<()> {
    if global.json {
        println!("{}", serde_json::to_string(value)?);
    } else {
        print!("{}", text());
    }
    Ok(())
}

/// Who looks, by the flag or the configuration.
fn reviewer(settings: &Settings, args: &ReviewerArgs) -> Result<Reviewer, StoreError> {
    args.name.as_deref().map_or_else(|| Ok(settings.review.reviewer.clone()), |name| Ok(Reviewer::new(name)?))
}

async fn list(global: &Global, ledger: &Ledger, args: &ListReviewsArgs) -> Result<()> {
    let states = if args.all { ReviewState::ALL.to_vec() } else { Vec::new() };
    let filter = ReviewFilter { states, limit: args.limit, open_for: None };
    let (reviews, counts) = (ledger.reviews(&filter).await?, ledger.review_counts().await?);
    say(global, &serde_json::json!({ "reviews": reviews, "counts": counts }), || show::list(&reviews, counts))
}

/// What is decided.
struct Word {
    verdict: ReviewVerdict,
    label: Option<hivis_types::Label>,
    reason: Option<hivis_store::ReviewReason>,
}

async fn decide(
    global: &Global,
    ledger: &Ledger,
    settings: &Settings,
    (which, word): (&WhichReview, Word),
) -> Result<()> {
    let reviewer = reviewer(settings, &which.reviewer)?;
    let review = ledger.review(&which.id).await?;
    let Word { verdict, label, reason } = word;
    let new = NewDecision { reviewer, verdict, label, reason, note: which.note.clone(), at: Timestamp::now() };
    let settled = ledger.decide_review(review.number, &new).await?;
    say(global, &settled, || show::settled(&settled))
}

async fn undo(global: &Global, ledger: &Ledger, settings: &Settings, args: &UndoArgs) -> Result<()> {
    let reviewer = reviewer(settings, &args.reviewer)?;
    let review = match &args.id {
        Some(id) => Some(ledger.review(id).await?.number),
        None => None,
    };
    let undo = Undo { reviewer, review, force: args.force, at: Timestamp::now() };
    let settled = ledger.undo_review(&undo).await?;
    say(global, &settled, || show::undone(&settled))
}
