//! Where sources of labels contradict each other on the same picture, or on pictures that look alike.

use std::collections::BTreeMap;

use hivis_types::{Label, LabelSource};
use serde::{Deserialize, Serialize};

use super::plan::{Member, Plan};

/// Examples that are told of each pair of sources.
const EXAMPLES: usize = 5;

/// Who labelled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// How far it is trusted.
    pub trusted: LabelSource,
    /// Its name, such as a data set's.
    pub name: String,
}

/// What two sources both labelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Sets in which both have a word.
    pub both: usize,
    /// Sets in which a word of the one differs from a word of the other.
    pub differ: usize,
}

/// One contradiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// What it is found by in each source: name and key.
    pub pictures: [(String, String); 2],
    /// What each source says.
    pub labels: [Label; 2],
}

/// Two sources (or one, with itself) that labelled the same or like pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The sources, the more trusted first.
    pub sources: [Source; 2],
    /// One of them is the wanted label of a generated picture, which nobody checked: the generator may be what is wrong.
    pub unchecked: bool,
    /// By picture: the same bytes.
    pub identical: Shared,
    /// By set of pictures that look alike, directly or through others, the same bytes included. A set may honestly differ:
    /// one street before and during the work.
    pub alike: Shared,
    /// The first contradictions, in the order of names.
    pub examples: Vec<Example>,
}

/// Every pair of sources with something in common, those that contradict each other most often first.
pub(super) fn disagreements(rows: &[Member], plan: &Plan) -> Vec<Disagreement> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| rows[a].cmp(&rows[b]));
    let mut identical: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    let mut alike: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for row in order {
        identical.entry(&rows[row].key).or_default().push(&rows[row]);
        alike.entry(&rows[plan.alike[row]].key).or_default().push(&rows[row]);
    }
    let mut table: BTreeMap<[Source; 2], Disagreement> = BTreeMap::new();
    for set in identical.values().filter(|set| set.len() > 1) {
        count(set, &mut table, |entry| &mut entry.identical);
    }
    for set in alike.values().filter(|set| set.len() > 1) {
        count(set, &mut table, |entry| &mut entry.alike);
    }
    let mut all: Vec<Disagreement> = table.into_values().collect();
    all.sort_by_key(|entry| std::cmp::Reverse((entry.alike.differ, entry.identical.differ)));
    all
}

/// What one source says in a set: the first row of each label, clear and roadwork, and how many rows.
#[derive(Default)]
struct Said<'a> {
    first: [Option<&'a Member>; 2],
    rows: usize,
}

fn count(
    set: &[&Member],
    table: &mut BTreeMap<[Source; 2], Disagreement>,
    of: impl Fn(&mut Disagreement) -> &mut Shared,
) {
    let mut said: BTreeMap<Source, Said> = BTreeMap::new();
    for row in set {
        let here = said.entry(Source { trusted: row.trusted, name: row.source.clone() }).or_default();
        here.rows += 1;
        here.first[usize::from(row.label.as_u8())].get_or_insert(row);
    }
    let said: Vec<(Source, Said)> = said.into_iter().collect();
    for (place, (one, says)) in said.iter().enumerate() {
        for (other, answers) in &said[place..] {
            if one == other && says.rows < 2 {
                continue;
            }
            let sources = [one.clone(), other.clone()];
            let entry = table.entry(sources.clone()).or_insert_with(|| Disagreement {
                unchecked: sources.iter().any(|source| source.trusted == LabelSource::Wanted),
                sources,
                identical: Shared::default(),
                alike: Shared::default(),
                examples: Vec::new(),
            });
            let contradiction =
                [(0, 1), (1, 0)].into_iter().find_map(|(a, b)| Some([says.first[a]?, answers.first[b]?]));
            let shared = of(entry);
            shared.both += 1;
            shared.differ += usize::from(contradiction.is_some());
            if let Some(rows) = contradiction {
                let example = Example {
                    pictures: rows.map(|row| (row.name.clone(), row.key.clone())),
                    labels: rows.map(|row| row.label),
                };
                if entry.examples.len() < EXAMPLES && !entry.examples.contains(&example) {
                    entry.examples.push(example);
                }
            }
        }
    }
}
