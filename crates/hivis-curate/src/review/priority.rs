//! Which pictures a person should see first.

/// What is not known of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Made by a generator, and let through by the gate.
    Generated {
        /// Generator and prompt: pictures with the same source tell of the same thing.
        source: String,
        /// How many of that source were decided before.
        looked: u64,
        /// One of the best fifth.
        best: bool,
    },
    /// Hard for the release, and without a label.
    Hard {
        /// How hard, in [0, 1].
        score: f64,
    },
    /// Sources of labels contradict each other.
    Disagreement {
        /// The contradiction is among the most trusted ones, so that no label counts.
        equals: bool,
    },
}

impl Doubt {
    fn kind(&self) -> usize {
        match self {
            Self::Generated { .. } => 0,
            Self::Hard { .. } => 1,
            Self::Disagreement { .. } => 2,
        }
    }
}

/// How urgent a picture is, in [0, 1]; the higher the sooner.
///
/// | doubt | priority | why |
/// |---|---|---|
/// | sources of equal trust contradict each other | 1.0 | the picture is left out of training until somebody decides |
/// | a less trusted source contradicts | 0.8 | one word of a person mends a label that may be wrong |
/// | hard and unlabelled | 0.4 + 0.4 score | a label there teaches most, the harder the more |
/// | generated | 0.3 + 0.3 / sqrt(1 + looked) + 0.1 if best | it has a label; the first ones of a prompt tell whether the prompt works |
pub fn priority(doubt: &Doubt) -> f64 {
    match doubt {
        Doubt::Disagreement { equals: true } => 1.0,
        Doubt::Disagreement { equals: false } => 0.8,
        Doubt::Hard { score } => 0.4 + 0.4 * if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 },
        Doubt::Generated { looked, best, .. } => {
            0.3 + 0.3 / (1.0 + *looked as f64).sqrt() + if *best { 0.1 } else { 0.0 }
        }
    }
}

/// The `room` most urgent of the pictures as (place in the list, priority), most urgent first. Each of the three kinds has a
/// third of the room for itself as far as it has pictures, so that a flood of one leaves the others their share; and a
/// source's second picture counts as if its first was decided, so that prompts take turns. Equal ones keep their order.
pub fn choose(doubts: &[Doubt], room: usize) -> Vec<(usize, f64)> {
    let mut turns: std::collections::HashMap<&str, u64> = std::collections::HashMap::new();
    let mut order: Vec<usize> = (0..doubts.len()).collect();
    // A source's best pictures take its first turns.
    order.sort_by_key(|at| !matches!(doubts[*at], Doubt::Generated { best: true, .. }));
    let mut urgent: Vec<(usize, f64)> = Vec::with_capacity(doubts.len());
    for at in order {
        urgent.push((
            at,
            match &doubts[at] {
                Doubt::Generated { source, looked, best } => {
                    let turn = turns.entry(source).or_default();
                    let looked = looked + *turn;
                    *turn += 1;
                    priority(&Doubt::Generated { source: String::new(), looked, best: *best })
                }
                other => priority(other),
            },
        ));
    }
    urgent.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut own = [room / 3; 3];
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    for one in urgent {
        let own = &mut own[doubts[one.0].kind()];
        if *own > 0 {
            *own -= 1;
            chosen.push(one);
        } else {
            rest.push(one);
        }
    }
    rest.truncate(room.saturating_sub(chosen.len()));
    chosen.extend(rest);
    chosen.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    chosen
}

/// Whether a picture is among the `share` (in [0, 1]) that two people look at: decided by its SHA-256, so that it is the
/// same whenever it is asked and nobody chooses.
pub fn double(sha256: &[u8; 32], share: f64) -> bool {
    let mut first = [0; 8];
    first.copy_from_slice(&sha256[..8]);
    // The largest hashes round up to 2^64.
    share >= 1.0 || (u64::from_be_bytes(first) as f64) < share * 2f64.powi(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(source: &str, looked: u64, best: bool) -> Doubt {
        Doubt::Generated { source: source.to_owned(), looked, best }
    }

    #[test]
    fn priorities_are_those_of_the_table() {
        let table = [
            (Doubt::Disagreement { equals: true }, 1.0),
            (Doubt::Disagreement { equals: false }, 0.8),
            (Doubt::Hard { score: 1.0 }, 0.8),
            (Doubt::Hard { score: 0.25 }, 0.5),
            (Doubt::Hard { score: f64::NAN }, 0.4),
            (generated("a", 0, true), 0.7),
            (generated("a", 0, false), 0.6),
            (generated("a", 8, false), 0.4),
        ];
        for (doubt, expected) in table {
            assert!((priority(&doubt) - expected).abs() < 1e-12, "{doubt:?}: {}", priority(&doubt));
        }
    }

    #[test]
    fn no_kind_starves_and_prompts_take_turns() {
        let mut doubts = vec![Doubt::Disagreement { equals: true }; 100];
        doubts.extend(vec![generated("worn", 0, false); 10]);
        doubts.push(generated("fresh", 0, false));
        doubts.push(generated("fresh", 0, true));
        let chosen: Vec<usize> = choose(&doubts, 9).into_iter().map(|(at, _)| at).collect();
        // A third is the generated ones': the best, then the first of the other source, then the next turn of both, of
        // which the earlier wins. The unused third of hard ones goes to the most urgent.
        assert_eq!(chosen, [0, 1, 2, 3, 4, 5, 111, 100, 101]);
        assert_eq!(choose(&doubts, 1).len(), 1);
        assert_eq!(choose(&doubts, 0), []);
        assert_eq!(choose(&doubts, 1000).len(), doubts.len());
    }

    #[test]
    fn a_share_is_looked_at_twice() {
        let mut id = [0u8; 32];
        let twice = (0..=255).filter(|first| {
            id[0] = *first;
            double(&id, 0.1)
        });
        assert_eq!(twice.count(), 26, "the first bytes up to 25 of 256 lie below a tenth");
        assert!(!double(&[0; 32], 0.0) && double(&[255; 32], 1.0));
    }
}
