//! What a person reads: sections of lines and a table, the same in both forms of the report.

use std::collections::BTreeMap;

use hivis_store::StepState;
use hivis_types::Usd;

use super::gather::{Counted, Morning};
use crate::night::facts::{Sat, Span};
use crate::night::{Kind, Step};

/// The share of the records that mining should find hard.
const EXPECTED: std::ops::RangeInclusive<f64> = 5.0..=10.0;
/// Slices of the data, and parts of the exam on each end, that are named.
const NAMED: usize = 12;
const ENDS: usize = 5;
/// What is in neither the ledger nor the files.
const UNKNOWN: &str = "not known";

/// One heading with what stands under it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) lines: Vec<String>,
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

fn lines(title: &'static str, lines: Vec<String>) -> Section {
    Section { title, lines, ..Section::default() }
}

/// The report's title.
pub(super) fn title(morning: &Morning) -> String {
    let day = morning.job.due.strftime("%A, %-d %B %Y");
    match Kind::named(&morning.job.kind) {
        Some(Kind::Nightly) | None => format!("The night of {day}"),
        Some(kind) => format!("The {} turn of {day}", kind.as_str()),
    }
}

/// What matters most, in a sentence or two.
pub(super) fn lead(morning: &Morning) -> String {
    let of = |step: Step| morning.steps.iter().find(|s| s.name == step.as_str());
    let failed = morning.steps.iter().find(|s| s.state == StepState::Failed);
    let failed = failed.map_or_else(String::new, |s| format!(" The step {} failed: {}.", s.name, full_stop(&s.said)));
    let gain = morning.exam.as_ref().and_then(|exam| exam.difference);
    let gain = gain.map_or_else(String::new, |d| format!(" The reward to expect differs by {}.", signed(d.reward)));
    let text = match (of(Step::Promote), &morning.exam, of(Step::Train)) {
        (Some(p), Some(exam), _) if p.state == StepState::Done => {
            format!("{} serves in place of {}.{gain}", exam.after.release, exam.before.release)
        }
        (Some(p), _, _) if p.state == StepState::Waits => format!("You are asked: {}.{gain}", full_stop(&p.said)),
        (Some(p), Some(exam), _) => format!("{} goes on serving: {}.{gain}", exam.before.release, full_stop(&p.said)),
        (_, _, Some(t)) if t.state == StepState::Skipped => {
            format!("Nothing new was trained: {}.", full_stop(&t.said))
        }
        _ => match &morning.serving {
            Some(serving) => format!("{serving} goes on serving."),
            None => "Nothing serves: every answer is -1.".to_owned(),
        },
    };
    text + &failed
}

fn full_stop(said: &str) -> &str {
    said.trim_end_matches('.')
}

/// All sections, what changes something for the reader first.
pub(super) fn sections(morning: &Morning) -> Vec<Section> {
    vec![
        waits(morning),
        reward(morning),
        parts(morning),
        data(morning.data.as_ref()),
        mined(morning),
        failing(morning),
        made(morning),
        spent(&morning.spent),
        reviewed(morning),
        health(morning),
        steps(morning),
    ]
}

fn waits(morning: &Morning) -> Section {
    let mut told: Vec<String> =
        morning.steps.iter().filter(|s| s.state == StepState::Waits).map(|s| s.said.clone()).collect();
    if morning.reviewed.open > 0 {
        told.push(format!("{} pictures wait for a decision: hivis review list", morning.reviewed.open));
    }
    told.extend(
        morning.steps.iter().filter(|s| s.state == StepState::Failed).map(|s| {
            format!("the step {} failed: {}; hivis night show {}", s.name, full_stop(&s.said), morning.job.id)
        }),
    );
    if told.is_empty() {
        told.push("nothing".to_owned());
    }
    lines("What waits for you", told)
}

fn reward(morning: &Morning) -> Section {
    let title = "Reward";
    let row = |what: &str, sat: &Sat| {
        let reward = sat.reward.map_or_else(|| UNKNOWN.to_owned(), span);
        vec![format!("{what}{}", sat.release), format!("{:.3}", sat.accuracy), reward, format!("{:.1}", sat.p50_ms)]
    };
    let head = vec!["release", "accuracy", "reward to expect", "p50, ms"];
    let Some(exam) = &morning.exam else {
        let Some(sat) = &morning.expected else {
            return lines(title, vec![format!("{UNKNOWN}: what serves has sat no exam; hivis exam current")]);
        };
        let line = "no exam this night; what serves, by the newest exam that it sat:".to_owned();
        return Section { title, lines: vec![line], head, rows: vec![row("", sat)] };
    };
    let mut told = vec![exam.difference.map_or_else(
        || "no comparison on scenes never seen".to_owned(),
        |d| {
            format!(
                "difference {} in 90% of deployments, lower bound at {:.2}% {:+.3}; exams/{}, {} challenges",
                signed(d.reward),
                100.0 * d.level,
                d.lower,
                exam.exam,
                exam.questions
            )
        },
    )];
    told.extend(morning.steps.iter().filter(|s| s.name == Step::Train.as_str()).map(|s| format!("why: {}", s.said)));
    Section { title, lines: told, head, rows: vec![row("before ", &exam.before), row("after ", &exam.after)] }
}

/// Which slices rose and which fell: the ends of the list, and all that are beyond chance.
fn parts(morning: &Morning) -> Section {
    let title = "What improved, what fell";
    let Some(exam) = &morning.exam else { return lines(title, vec![format!("{UNKNOWN}: no exam this night")]) };
    let count = exam.parts.len();
    let named = exam.parts.iter().enumerate().rev();
    let named = named.filter(|(at, part)| part.beyond.is_some() || *at < ENDS || *at + ENDS >= count);
    let rows: Vec<_> = named
        .map(|(_, part)| {
            vec![
                part.part.clone(),
                format!("{:+.1}", 100.0 * part.difference),
                part.scenes.to_string(),
                part.beyond.as_ref().map_or_else(String::new, |word| format!("{word} beyond chance")),
            ]
        })
        .collect();
    let left = count - rows.len();
    let more = if left > 0 { vec![format!("{left} parts between these are left out")] } else { Vec::new() };
    Section { title, lines: more, head: vec!["part of the exam", "accuracy, points", "scenes", ""], rows }
}

fn data(counted: Option<&Counted>) -> Section {
    let title = "Data";
    let Some(Counted { facts, before }) = counted else { return lines(title, vec![UNKNOWN.to_owned()]) };
    let added = |now: u64, then: Option<u64>| match (before, then.unwrap_or_default()) {
        (None, _) => UNKNOWN.to_owned(),
        (Some(_), then) => format!("{:+}", now as i64 - then as i64),
    };
    let mut rows = vec![vec![
        "all".to_owned(),
        facts.samples.to_string(),
        added(facts.samples, before.as_ref().map(|b| b.samples)),
    ]];
    let keys = |of: fn(&crate::night::facts::ReportFacts) -> &BTreeMap<String, u64>| {
        let mut keys: Vec<&String> = of(facts).keys().collect();
        keys.extend(before.iter().flat_map(|b| of(b).keys()).filter(|key| !of(facts).contains_key(*key)));
        let change = |key: &String| {
            let count = |facts: &crate::night::facts::ReportFacts| of(facts).get(key).copied().unwrap_or_default();
            (count(facts), before.as_ref().map(count))
        };
        let mut all: Vec<(String, u64, Option<u64>)> =
            keys.into_iter().map(|key| (key.clone(), change(key).0, change(key).1)).collect();
        // What moved most first; without a report before this one, what there is most of.
        all.sort_by_key(|(name, now, then)| (std::cmp::Reverse(now.abs_diff(then.unwrap_or_default())), name.clone()));
        all
    };
    for (name, now, then) in keys(|facts| &facts.by_source) {
        rows.push(vec![name, now.to_string(), added(now, then)]);
    }
    let slices = keys(|facts| &facts.by_slice);
    let left = slices.len().saturating_sub(NAMED);
    for (name, now, then) in slices.into_iter().take(NAMED) {
        rows.push(vec![name.replacen(':', " ", 1), now.to_string(), added(now, then)]);
    }
    let mut told = Vec::new();
    if before.is_none() {
        told.push("the first report: what was added is not known".to_owned());
    }
    if left > 0 {
        told.push(format!("{left} more slices moved less"));
    }
    Section { title, lines: told, head: vec!["samples", "now", "since the last report"], rows }
}

fn mined(morning: &Morning) -> Section {
    let title = "Mined";
    let Some(mined) = &morning.mined else { return lines(title, vec![format!("{UNKNOWN}: nothing was mined")]) };
    if mined.looked == 0 {
        return lines(title, vec!["no judged record to look at".to_owned()]);
    }
    let share = 100.0 * mined.hard as f64 / mined.looked as f64;
    let verdict = if EXPECTED.contains(&share) {
        "as expected"
    } else if share < *EXPECTED.start() {
        "less than the expected 5-10%: the thresholds of [mine] may be too narrow, or the traffic easy"
    } else {
        "more than the expected 5-10%: streets changed, or what serves does not fit them"
    };
    let line = format!("{} of {} judged records were hard: {share:.1}%, {verdict}", mined.hard, mined.looked);
    lines(title, vec![line, format!("{} were picked", mined.picked)])
}

fn failing(morning: &Morning) -> Section {
    let title = "Failing slices";
    let head = vec!["slice", "accuracy", "pictures"];
    let row = |f: &super::gather::Failing| vec![f.slice.clone(), format!("{:.3}", f.accuracy), f.pictures.to_string()];
    let rows: Vec<_> = morning.failing.iter().map(row).collect();
    match (rows.is_empty(), &morning.expected) {
        (true, None) => lines(title, vec![format!("{UNKNOWN}: what serves has sat no exam")]),
        (true, Some(_)) => lines(title, vec!["none is worse than the whole exam".to_owned()]),
        _ => Section { title, lines: Vec::new(), head, rows },
    }
}

fn made(morning: &Morning) -> Section {
    let title = "Generated pictures";
    if morning.made.is_empty() {
        return lines(title, vec!["none".to_owned()]);
    }
    let row = |made: &hivis_store::Made| {
        let reasons: Vec<String> = made.reasons.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        vec![
            made.generator.clone(),
            made.asked.to_string(),
            made.made.to_string(),
            made.passed.to_string(),
            made.refused.to_string(),
            reasons.join(", "),
        ]
    };
    let stopped = morning.made.iter().flat_map(|made| made.stopped.iter().map(move |why| (made, why)));
    Section {
        title,
        lines: stopped.map(|(made, why)| format!("{} stopped early: {why}", made.generator)).collect(),
        head: vec!["generator", "asked", "came", "passed", "refused", "why"],
        rows: morning.made.iter().map(row).collect(),
    }
}

fn spent([job, week, month]: &[BTreeMap<String, Usd>; 3]) -> Section {
    let title = "Spend";
    if month.is_empty() {
        return lines(title, vec!["nothing in 30 days".to_owned()]);
    }
    let of = |all: &BTreeMap<String, Usd>, what: &str| all.get(what).copied().unwrap_or_default().to_string();
    let rows = month.keys().map(|what| vec![what.clone(), of(job, what), of(week, what), of(month, what)]).collect();
    Section { title, lines: Vec::new(), head: vec!["what", "this turn", "7 days", "30 days"], rows }
}

fn reviewed(morning: &Morning) -> Section {
    let (title, reviewed) = ("Reviews of the last 7 days", &morning.reviewed);
    let row = |who: &str, [accepted, rejected, skipped]: [u64; 3]| {
        let judged = accepted + rejected;
        let rate = (100 * accepted + judged / 2).checked_div(judged);
        let rate = rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate}%"));
        vec![who.to_owned(), accepted.to_string(), rejected.to_string(), skipped.to_string(), rate]
    };
    let mut rows: Vec<_> = reviewed.generated.iter().map(|(who, counts)| row(who, *counts)).collect();
    if reviewed.others != [0; 3] {
        rows.push(row("recorded and imported", reviewed.others));
    }
    let line = format!("{} pictures wait for a decision", reviewed.open);
    if rows.is_empty() {
        return lines(title, vec!["no decision".to_owned(), line]);
    }
    Section { title, lines: vec![line], head: vec!["pictures of", "accepted", "rejected", "skipped", "rate"], rows }
}

fn health(morning: &Morning) -> Section {
    let health = &morning.health;
    let day = &health.day;
    let counts = |all: &BTreeMap<String, u64>| {
        let all: Vec<String> = all.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        all.join(", ")
    };
    let missed = day.records - day.answered;
    let why = if missed == 0 { String::new() } else { format!(" ({})", counts(&day.by_silence)) };
    let latency = day.latency.map_or_else(
        || UNKNOWN.to_owned(),
        |l| {
            let ms = |us: u64| us as f64 / 1000.0;
            format!("p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", ms(l.p50_us), ms(l.p95_us), ms(l.p99_us))
        },
    );
    let gb = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let disk = health.free.map_or_else(
        || UNKNOWN.to_owned(),
        |free| format!("{} free; recording stops below {}", gb(free), gb(health.least_free)),
    );
    let dropped = health
        .dropped
        .map_or_else(|| format!("{UNKNOWN}: no server answers"), |n| format!("{n} since the server began"));
    let lost: u64 = health.lost.values().sum();
    let lost = if lost == 0 { "none".to_owned() } else { format!("{lost} ({})", counts(&health.lost)) };
    let alarms = match &health.alarms {
        None => format!("{UNKNOWN}: no server answers"),
        Some(alarms) if alarms.is_empty() => "none".to_owned(),
        Some(alarms) => alarms.join("; "),
    };
    let row = |what: &str, text: String| vec![what.to_owned(), text];
    Section {
        title: "Health of the last 24 hours",
        lines: Vec::new(),
        head: vec!["what", ""],
        rows: vec![
            row("challenges", format!("{}, {} answered, {missed} missed{why}", day.records, day.answered)),
            row("time of an answer", latency),
            row("who may ask", health.permits.clone().unwrap_or_else(|| UNKNOWN.to_owned())),
            row("disk", disk),
            row("dropped records", dropped),
            row("pictures not stored", lost),
            row("alarms", alarms),
        ],
    }
}

fn steps(morning: &Morning) -> Section {
    let row = |step: &super::gather::StepLine| {
        let time = step.seconds.map_or_else(String::new, |s| format!("{s:.0} s"));
        vec![step.name.clone(), step.state.as_str().to_owned(), time, step.said.clone()]
    };
    let job = &morning.job;
    let at = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let begun = job.begun.map_or_else(|| UNKNOWN.to_owned(), at);
    let line = format!("job {}, due {}, begun {begun}, told {}", job.id, at(job.due), at(job.told));
    Section {
        title: "The steps",
        lines: vec![line],
        head: vec!["step", "", "took", "what it says"],
        rows: morning.steps.iter().map(row).collect(),
    }
}

fn span(span: Span) -> String {
    format!("{:.3} ({:.3} to {:.3})", span.point, span.low, span.high)
}

fn signed(span: Span) -> String {
    format!("{:+.3} ({:+.3} to {:+.3})", span.point, span.low, span.high)
}

impl Section {
    /// Which columns hold numbers, and so stand to the right: those whose every cell begins like one.
    pub(super) fn numbers(&self) -> Vec<bool> {
        let number = |cell: &str| {
            cell == "-"
                || cell == UNKNOWN
                || cell.trim_start_matches(['+', '-', '$']).starts_with(|c: char| c.is_ascii_digit())
        };
        let column = |at: usize| {
            at > 0
                && !self.head[at].is_empty()
                && self.rows.iter().all(|row| row.get(at).is_some_and(|cell| number(cell) || cell.is_empty()))
                && self.rows.iter().any(|row| row.get(at).is_some_and(|cell| number(cell)))
        };
        (0..self.head.len()).map(|at| column(at) && self.head[at] != "why").collect()
    }
}
