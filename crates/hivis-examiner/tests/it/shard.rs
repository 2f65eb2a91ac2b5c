//! Parts of a report make the whole again, bit for bit, or are refused.

use hivis_examiner::interval::Shard;
use hivis_examiner::{ExamPlan, Paper, Part, merge};

use crate::world::{Miner, World, as_exam};

fn paper(seed: u64) -> Paper {
    let miners = [Miner { skill: 0.93, silent: 0.02 }, Miner { skill: 0.97, silent: 0.0 }];
    let (mut asked, answers) = World::new(seed).exam(240, 2, &miners);
    // Two pools.
    asked.iter_mut().skip(200).for_each(|a| a.trained_on = true);
    let (set, sittings) = as_exam(&asked, &answers);
    let plan = ExamPlan { questions: 240, replicates: 103, seed: 4, ..ExamPlan::default() };
    Paper::new(&plan, &set, &sittings)
}

fn parts(paper: &Paper, of: u32) -> Vec<Part> {
    let file = |index| {
        let part = paper.clone().part(Shard { index, of }).expect("a part");
        // As another machine reads it.
        let text = serde_json::to_string(&part).expect("JSON");
        serde_json::from_str::<Part>(&text).expect("ours")
    };
    (0..of).map(file).collect()
}

#[test]
fn all_parts_give_the_report_bit_for_bit() {
    let paper = paper(21);
    let whole = serde_json::to_string(&paper.report().expect("a report")).expect("JSON");
    assert!(whole.contains("trained-on") && whole.contains("p_better"), "two pools, and a comparison");
    for of in [1, 2, 4, 7, 120] {
        let mut parts = parts(&paper, of);
        parts.reverse();
        for _ in 0..2 {
            let merged = merge(parts.clone()).expect("a report");
            assert_eq!(serde_json::to_string(&merged).expect("JSON"), whole, "{of} parts");
        }
    }
    assert!(paper.part(Shard { index: 4, of: 4 }).is_err());
}

#[test]
fn parts_that_make_no_whole_are_refused() {
    let check = |parts: Vec<Part>, expect: &str| {
        let said = merge(parts).expect_err("it is refused").to_string();
        assert!(said.contains(expect), "{said}");
    };
    let four = || parts(&paper(21), 4);
    check(Vec::new(), "no part was given");
    check(four().into_iter().skip(1).collect(), "part 1 of 4 is missing");
    check(four().into_iter().chain(four().into_iter().take(1)).collect(), "part 1 of 4 was given 2 times");
    let with = |index: usize, change: &dyn Fn(&mut Part)| {
        let mut four = four();
        change(&mut four[index]);
        four
    };
    check(with(2, &|part| *part = parts(&paper(21), 3).remove(2)), "part 3 of 3 is none of the 4");
    check(with(2, &|part| *part = parts(&paper(22), 4).remove(2)), "part 3 of 4 asks other questions");
    check(with(1, &|part| part.paper.plan.seed += 1), "part 2 of 4 asks other questions");
    check(with(3, &|part| part.paper.sittings[1].answers[5].prediction = 0.25), "part 4 of 4 has other answers");
    check(with(1, &|part| drop(part.drawn[0].as_mut().expect("runs").pop())), "does not hold the replicates");
    check(with(1, &|part| drop(part.drawn.pop())), "does not hold the replicates");
    // Times of another sitting are no other exam.
    let mut late = four();
    late[2].paper.sittings[0].answers[5].latency_s = 9.0;
    merge(late).expect("a report");
}
