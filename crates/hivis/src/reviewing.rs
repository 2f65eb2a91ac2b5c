//! Filling the review queue, and what its decisions say: acceptance by generator and prompt, agreement of people.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_curate::review::{self, Agreement, Doubt, Judgement, Rate, Subject, Verdict, Week, Weekly};
use hivis_store::{Home, Ledger, NewReview, ReviewCandidate, ReviewDoubt, ReviewRoom, ReviewWhy, TwoLooks};
use hivis_types::Label;
use jiff::Timestamp;
use serde::Serialize;

use crate::config::{ReviewSettings, Settings};

/// What a filling of the queue did.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FillReport {
    /// The week that was filled.
    pub(crate) week: Week,
    /// Pictures that could have been queued.
    pub(crate) candidates: u64,
    /// Queued now, by why.
    pub(crate) queued: BTreeMap<&'static str, u64>,
    /// Of those, how many need two people.
    pub(crate) double: u64,
    /// What the week had room for before.
    pub(crate) room: ReviewRoom,
    /// Pictures that wait for somebody now.
    pub(crate) waiting: u64,
}

impl FillReport {
    /// One line for a person.
    pub(crate) fn said(&self) -> String {
        let queued: u64 = self.queued.values().sum();
        let kinds: Vec<_> = self.queued.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let full = if queued < self.candidates { format!(" of {} candidates", self.candidates) } else { String::new() };
        format!("{}: queued {queued}{full}{kinds} for review; {} wait", self.week, self.waiting)
    }
}

/// Queues the most urgent pictures, as many as the week's quota has room for. Repeated, it adds only what came since and
/// still has room; a picture is queued once, ever.
pub(crate) async fn fill(home: &Home, settings: &Settings, now: Timestamp) -> Result<FillReport> {
    let (ledger, settings) = (home.ledger().await?, &settings.review);
    ledger.writable()?;
    let week = Week::of(now);
    let room = ledger.review_room(settings.week, week.begins()).await?;
    let candidates = ledger.review_candidates().await?;
    let doubts: Vec<Doubt> = candidates.iter().map(|candidate| doubt(&candidate.doubt)).collect();
    let chosen = review::choose(&doubts, usize::try_from(room.room).unwrap_or(usize::MAX));
    let list: Vec<NewReview> =
        chosen.into_iter().map(|(at, priority)| new(&candidates[at], priority, settings)).collect();
    let (mut queued, mut double) = (BTreeMap::new(), 0);
    let numbers = ledger.queue_reviews(settings.week, week.begins(), now, &list).await?;
    for number in numbers {
        let review = ledger.review(&number.to_string()).await?;
        *queued.entry(review.why.as_str()).or_default() += 1;
        double += u64::from(review.wanted > 1);
    }
    let waiting = ledger.review_counts().await?.waiting();
    Ok(FillReport { week, candidates: candidates.len() as u64, queued, double, room, waiting })
}

fn new(candidate: &ReviewCandidate, priority: f64, settings: &ReviewSettings) -> NewReview {
    let why = match candidate.doubt {
        ReviewDoubt::Generated { .. } => ReviewWhy::Generated,
        ReviewDoubt::Hard { .. } => ReviewWhy::Hard,
        ReviewDoubt::Disagreement { .. } => ReviewWhy::Disagreement,
    };
    let wanted = if review::double(&candidate.id.0, settings.double) { 2 } else { 1 };
    NewReview { id: candidate.id, record: candidate.record, why, priority, wanted }
}

fn doubt(found: &ReviewDoubt) -> Doubt {
    match found {
        ReviewDoubt::Generated { generator, prompt, best, looked } => {
            Doubt::Generated { source: format!("{generator} {prompt}"), looked: *looked, best: *best }
        }
        ReviewDoubt::Hard { score } => Doubt::Hard { score: *score },
        ReviewDoubt::Disagreement { equals } => Doubt::Disagreement { equals: *equals },
    }
}

/// How much of one generator's or one prompt's work is accepted.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RateRow {
    /// Generator or prompt.
    pub(crate) subject: Subject,
    /// The generator.
    pub(crate) generator: String,
    /// The prompt: file with version, and name in it.
    pub(crate) prompt: Option<String>,
    /// Accepted, but as something else than was asked for: counted as not accepted.
    pub(crate) relabelled: u64,
    /// Week by week, the oldest first.
    pub(crate) weeks: Vec<Weekly>,
    /// What follows.
    #[serde(flatten)]
    pub(crate) judgement: Judgement,
}

/// Acceptance by generator and by prompt over the last weeks.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rates {
    /// From this week on.
    pub(crate) since: Week,
    /// This week.
    pub(crate) until: Week,
    /// Generators first, each followed by its prompts.
    pub(crate) rows: Vec<RateRow>,
}

impl Rates {
    /// The rows whose rule asks somebody to do something.
    pub(crate) fn alarms(&self) -> impl Iterator<Item = &RateRow> {
        self.rows.iter().filter(|row| row.judgement.verdict >= Verdict::Alert)
    }
}

/// What is counted of one generator or prompt.
#[derive(Default)]
struct Tally {
    weeks: BTreeMap<Week, Rate>,
    relabelled: u64,
}

/// Acceptance by generator and prompt. A picture counts as accepted when it was accepted with the label that was asked for.
pub(crate) async fn rates(ledger: &Ledger, settings: &ReviewSettings, now: Timestamp) -> Result<Rates> {
    let until = Week::of(now);
    let since = until.before(settings.weeks - 1);
    let mut tallies: BTreeMap<(String, Option<String>), Tally> = BTreeMap::new();
    for judged in ledger.judged_pictures(since.begins()).await? {
        for prompt in [None, Some(judged.prompt.clone())] {
            let tally = tallies.entry((judged.generator.clone(), prompt)).or_default();
            tally.weeks.entry(Week::of(judged.settled)).or_default().add(judged.accepted && judged.as_asked);
            tally.relabelled += u64::from(judged.accepted && !judged.as_asked);
        }
    }
    let row = |((generator, prompt), tally): ((String, Option<String>), Tally)| {
        let subject = if prompt.is_some() { Subject::Prompt } else { Subject::Generator };
        let weeks: Vec<Weekly> = tally.weeks.into_iter().map(|(week, rate)| Weekly { week, rate }).collect();
        let judgement = review::judge(subject, &weeks, until, &settings.rules);
        RateRow { subject, generator, prompt, relabelled: tally.relabelled, weeks, judgement }
    };
    Ok(Rates { since, until, rows: tallies.into_iter().map(row).collect() })
}

/// How far two people agree.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AgreementRow {
    /// Both names in alphabetical order; `None` for everybody: who looked first against who looked second.
    pub(crate) people: Option<(String, String)>,
    /// The figures.
    #[serde(flatten)]
    pub(crate) agreement: Agreement,
}

/// What two people said of one picture; `None` is a reject.
type Said = (Option<Label>, Option<Label>);

/// Agreement of each two people, after that of everybody. The words are roadwork, none and reject.
pub(crate) async fn agreement(ledger: &Ledger) -> Result<Vec<AgreementRow>> {
    let looks = ledger.two_looks().await?;
    let all: Vec<_> = looks.iter().map(|look| (look.one_said, look.other_said)).collect();
    let mut pairs: BTreeMap<(String, String), Vec<Said>> = BTreeMap::new();
    for TwoLooks { one, one_said, other, other_said, .. } in looks {
        let (names, said) =
            if one <= other { ((one, other), (one_said, other_said)) } else { ((other, one), (other_said, one_said)) };
        pairs.entry(names).or_default().push(said);
    }
    let everybody = AgreementRow { people: None, agreement: review::agreement(&all) };
    let each = |(people, said): (_, Vec<_>)| AgreementRow { people: Some(people), agreement: review::agreement(&said) };
    Ok(std::iter::once(everybody).chain(pairs.into_iter().map(each)).collect())
}
