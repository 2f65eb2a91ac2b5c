//! What to ask the generator for: variations of hard cases first, then scenes of the slices that fail.

use hivis_generate::{Abilities, Prompt, Prompts};
use hivis_store::{BatchKind, UnvariedPick};
use hivis_types::Label;

/// Pictures of one call for a slice: seeds of one prompt.
const TOGETHER: u32 = 4;
/// Between the seeds of two orders with one prompt; a prompt's own seeds lie below it.
pub(super) const SEEDS_APART: u64 = 100_000_000;

/// What a plan is drawn from.
pub(super) struct Source<'a> {
    pub(super) picks: &'a [UnvariedPick],
    pub(super) slices: &'a [String],
    pub(super) prompts: &'a Prompts,
    pub(super) abilities: Abilities,
}

/// One call of the generator.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Task {
    pub(super) prompt: Prompt,
    /// The tags that it is for.
    pub(super) slices: Vec<String>,
    pub(super) count: u32,
    /// Where the seeds of this call begin, above the prompt's.
    pub(super) seed: u64,
    pub(super) parent: Option<UnvariedPick>,
}

impl Task {
    pub(super) fn wanted(&self) -> Label {
        self.prompt.label
    }
}

/// All calls, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) tasks: Vec<Task>,
    /// The mining run whose picks are varied.
    pub(super) run: Option<i64>,
}

impl Plan {
    /// At most `count` pictures, at most `variations` of each hard case.
    pub(super) fn draw(kind: BatchKind, (count, variations): (u32, u32), source: &Source<'_>) -> Self {
        let mut plan = Self::default();
        let mut left = count;
        for pick in source.picks.iter().filter(|_| source.abilities.image_to_image) {
            // Who builds scenes knows only what it built: a picture without a label cannot be varied to one.
            if source.abilities.builds_slices && pick.label.is_none() {
                continue;
            }
            let each = variations.min(left);
            for i in 0..each {
                plan.vary(pick, i, source);
            }
            left -= each;
            plan.run = plan.run.or((each > 0).then_some(pick.run));
        }
        // An order for a night is for what was hard or fails; the others may be of anything.
        if !source.slices.is_empty() || kind != BatchKind::Night {
            plan.fill(kind, left, source);
        }
        plan
    }

    /// Pictures that are asked for.
    pub(super) fn pictures(&self) -> u64 {
        self.tasks.iter().map(|task| u64::from(task.count)).sum()
    }

    /// Variation `i` of a hard case: the first as the validator makes it, of the same street and nothing else; the others
    /// in the slices that fail. A case that nobody labelled is varied to each label in turn.
    fn vary(&mut self, pick: &UnvariedPick, i: u32, source: &Source<'_>) {
        let label = pick.label.unwrap_or(if i.is_multiple_of(2) { Label::Roadwork } else { Label::Clear });
        let plain = i == 0 || (i == 1 && pick.label.is_none());
        let found = source.prompts.pick(label, source.slices, plain.then_some("hard"));
        let at = pick.place as usize + i as usize;
        let Some(prompt) = found.get(at % found.len().max(1)) else { return };
        self.tasks.push(Task {
            prompt: (*prompt).clone(),
            slices: prompt.slices.clone(),
            count: 1,
            seed: self.tasks.len() as u64,
            parent: Some(pick.clone()),
        });
    }

    /// `count` pictures, spread evenly over the slices and half of each label; without slices over all prompts.
    fn fill(&mut self, kind: BatchKind, count: u32, source: &Source<'_>) {
        let only = (kind == BatchKind::Adversarial).then_some("adversarial");
        let wishes = source.slices.len().max(1);
        // Few pictures are spread over slices and labels all the same.
        let most = TOGETHER.min(source.abilities.most).min((count / (2 * wishes as u32)).max(1));
        let (mut left, mut turn) = (count, 0);
        while left > 0 {
            let slice = source.slices.get(turn % wishes);
            let round = turn / wishes;
            let label = if (round + turn % wishes).is_multiple_of(2) { Label::Roadwork } else { Label::Clear };
            let found = source.prompts.pick(label, slice.map_or(&[][..], std::slice::from_ref), only);
            turn += 1;
            let Some(prompt) = found.get(round / 2 % found.len().max(1)) else { return };
            let mut slices = prompt.slices.clone();
            // Who builds scenes can be asked for a tag that no prompt has words for.
            if let Some(slice) = slice.filter(|slice| source.abilities.builds_slices && !slices.contains(slice)) {
                slices.push(slice.clone());
            }
            let together = most.min(left);
            self.tasks.push(Task {
                prompt: (*prompt).clone(),
                slices,
                count: together,
                seed: self.pictures(),
                parent: None,
            });
            left -= together;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hivis_generate::{Generator as _, Procedural};
    use hivis_store::{Md5, ObjectId};

    use super::*;

    fn pick(place: i64, label: Option<Label>) -> UnvariedPick {
        UnvariedPick {
            run: 3,
            place,
            record: format!("record-{place}"),
            id: ObjectId([place as u8; 32]),
            md5: Md5([place as u8; 16]),
            path: std::path::PathBuf::new(),
            label,
            scene: format!("record-{place}"),
            reasons: Vec::new(),
            score: 0.5,
        }
    }

    fn drawn(kind: BatchKind, count: u32, picks: &[UnvariedPick], slices: &[&str], abilities: Abilities) -> Plan {
        let slices: Vec<String> = slices.iter().map(|&slice| slice.to_owned()).collect();
        let prompts = Prompts::shipped();
        let source = Source { picks, slices: &slices, prompts: &prompts, abilities };
        Plan::draw(kind, (count, 5), &source)
    }

    fn diffusion() -> Abilities {
        Abilities { builds_slices: false, negative: true, ..Procedural.abilities() }
    }

    #[test]
    fn hard_cases_come_first_and_the_rest_goes_to_the_slices() {
        let picks = [pick(0, Some(Label::Clear)), pick(1, None)];
        let plan = drawn(BatchKind::Night, 30, &picks, &["time:night", "weather:fog"], diffusion());
        assert_eq!((plan.pictures(), plan.run), (30, Some(3)));
        let of = |place: i64| {
            let mine = plan.tasks.iter().filter(|task| task.parent.as_ref().is_some_and(|p| p.place == place));
            mine.map(|task| (task.prompt.id.split('/').next().unwrap_or_default().to_owned(), task.wanted()))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(0).len(), 5);
        assert_eq!(of(0)[0], ("hard".to_owned(), Label::Clear));
        assert!(of(0).iter().all(|(_, label)| *label == Label::Clear), "what is known stays: {:?}", of(0));
        assert_eq!(of(1).iter().filter(|(_, label)| *label == Label::Roadwork).count(), 3, "{:?}", of(1));
        assert_eq!(of(1).iter().filter(|(file, _)| file == "hard").count(), 2);
        let rest: Vec<&Task> = plan.tasks.iter().filter(|task| task.parent.is_none()).collect();
        assert!(rest.iter().all(|task| task.slices.iter().any(|s| s == "time:night" || s == "weather:fog")));
        let roadwork: u32 = rest.iter().filter(|t| t.wanted() == Label::Roadwork).map(|t| t.count).sum();
        assert_eq!(roadwork, 12, "half of 20, by calls of four");
        // No two calls of one prompt share a seed.
        let mut seeds = BTreeSet::new();
        for task in &plan.tasks {
            assert!((0..u64::from(task.count)).all(|i| seeds.insert(task.prompt.seed + task.seed + i)), "{task:?}");
        }
    }

    #[test]
    fn what_cannot_be_made_is_not_planned() {
        let picks = [pick(0, None), pick(1, Some(Label::Roadwork))];
        let plan = drawn(BatchKind::Night, 100, &picks, &[], Procedural.abilities());
        assert_eq!(plan.pictures(), 5, "a scene builder varies only what has a label");
        assert_eq!(drawn(BatchKind::Night, 100, &[], &[], diffusion()), Plan::default());
        let words = Abilities { image_to_image: false, ..diffusion() };
        assert_eq!(drawn(BatchKind::Night, 100, &picks, &[], words), Plan::default());
        assert_eq!(
            drawn(BatchKind::Hand, 3, &picks, &["moon:full"], diffusion()).pictures(),
            3,
            "the count is the most"
        );
        assert_eq!(drawn(BatchKind::Long, 2000, &[], &[], diffusion()).pictures(), 2000);
        let hostile = drawn(BatchKind::Adversarial, 50, &[], &[], diffusion());
        assert!(hostile.tasks.iter().all(|task| task.prompt.id.starts_with("adversarial/")));
    }

    #[test]
    fn a_builder_is_asked_for_tags_that_no_prompt_has() {
        let plan = drawn(BatchKind::Hand, 8, &[], &["angle:tilted"], Procedural.abilities());
        assert!(plan.tasks.iter().all(|task| task.slices.iter().any(|slice| slice == "angle:tilted")), "{plan:?}");
    }
}
