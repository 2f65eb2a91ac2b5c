//! Pages of runs and spans of history.

use hivis_testbed::wandb_log::{FakeWandb, LoggedRun};
use serde_json::json;

use crate::world::{PROJECT, good, map, project, run};

#[tokio::test]
async fn runs_come_page_by_page_and_a_strange_one_is_no_trouble() {
    let server = FakeWandb::start();
    for n in 0..7 {
        server.put(PROJECT, run(&format!("run-{n}"), 1));
    }
    server.put(PROJECT, LoggedRun { id: "bare".to_owned(), state: "finished".to_owned(), ..LoggedRun::default() });
    server.page(3);
    let (wandb, mut ids, mut after, mut pages) = (good(&server), Vec::new(), None, 0);
    loop {
        let page = wandb.runs(&project(), after.as_deref()).await.unwrap();
        pages += 1;
        for run in &page.runs {
            assert_eq!(run.running, run.id != "bare");
            assert_eq!(run.text("hotkey"), (run.id != "bare").then_some("5Fvalidator"));
            assert_eq!(run.text("uid"), None, "a number is no text");
        }
        ids.extend(page.runs.into_iter().map(|run| run.id));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!((pages, ids.len(), ids[7].as_str()), (3, 8, "bare"));
    assert_eq!(wandb.last_step(&project(), "bare").await.unwrap(), None);
    assert_eq!(wandb.last_step(&project(), "run-0").await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_span_holds_each_step_once_and_only_rows_with_all_keys() {
    let server = FakeWandb::start();
    let mut long = run("long", 2500);
    long.rows[6].insert("reward".to_owned(), "NaN".into());
    long.rows[9].insert("reward".to_owned(), json!(0.25));
    long.rows[12].insert("reward".to_owned(), json!(null));
    long.rows.push(map(json!({ "_step": 9000, "miner_predictions/uid_7": 0.5 })));
    server.put(PROJECT, long);
    let wandb = good(&server);
    let (ours, reward) = (["miner_predictions/uid_7"], ["miner_predictions/uid_7", "reward"]);
    let mut seen = Vec::new();
    let last = wandb.last_step(&project(), "long").await.unwrap().unwrap();
    assert_eq!(last, 9000);
    for from in (0..=last).step_by(1000) {
        let rows = wandb.history(&project(), "long", from..from + 1000, &[&ours, &reward]).await.unwrap();
        assert_eq!(rows.len(), 2);
        seen.extend(rows[0].iter().map(|row| row["_step"].as_u64().unwrap()));
        if from == 0 {
            let rewards: Vec<_> = rows[1].iter().map(|row| (row["_step"].clone(), row["reward"].clone())).collect();
            assert_eq!(rewards, [(json!(6), json!("NaN")), (json!(9), json!(0.25))]);
        }
    }
    let expected: Vec<u64> = (0..2500).filter(|step| step % 3 == 0).chain([9000]).collect();
    assert_eq!(seen, expected);
    // No row of another miner came over the wire.
    let asked = server.asked();
    assert!(
        asked.iter().all(|asked| !asked.query.contains("history(") && !asked.variables.to_string().contains("uid_8"))
    );
}
